/**
 * Texts that are not the YAML a policy is written in, each with its findings.
 * Long because: one table of cases, each of which is read by itself.
 */
export interface BrokenText {
  readonly what: string;
  readonly text: string;
  readonly found: readonly string[];
}

export const BROKEN_TEXTS: readonly BrokenText[] = [
  { what: "nothing", text: "", found: ["1:1 parse/empty: the file is empty -> run `gatehouse init` to write one"] },
  {
    what: "a comment alone",
    text: "# later\n",
    found: ["1:1 parse/empty: the file is empty -> run `gatehouse init` to write one"],
  },
  {
    what: "a list as root",
    text: "- gatehouse: 1\n",
    found: [
      "1:1 parse/expected-mapping: the policy is a list instead of a mapping -> write a mapping with `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "a text as root",
    text: "gatehouse\n",
    found: [
      "1:1 parse/expected-mapping: the policy is a text instead of a mapping -> write a mapping with `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "a byte order mark and an unknown key",
    text: "\ufeffgatehouse: 2\r\n",
    found: ["1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`"],
  },
  {
    what: "carriage returns before line feeds",
    text: "gatehouse: 1\r\nnam: shop\r\n",
    found: ["2:1 parse/unknown-key: the policy has no key `nam` -> did you mean `name`?"],
  },
  {
    what: "carriage returns alone",
    text: "gatehouse: 1\rname: shop\r",
    found: [
      "1:13 parse/not-text: the file holds the invisible character U+000D -> save the file with line feeds at line ends",
    ],
  },
  {
    what: "a tab as indentation",
    text: "gatehouse: 1\nidentity:\n\taudience: a\n",
    found: ["3:1 parse/tab: the line is indented with a tab -> indent with spaces"],
  },
  {
    what: "a NUL",
    text: "gatehouse: 1\nname: sh\u0000op\n",
    found: ["2:9 parse/not-text: the file holds the invisible character U+0000 -> remove it"],
  },
  {
    what: "an escape character",
    text: "gatehouse: 1\nname: \u001b[31mshop\n",
    found: ["2:7 parse/not-text: the file holds the invisible character U+001B -> remove it"],
  },
  {
    what: "bytes that are not UTF-8",
    text: "gatehouse: 1\nname: sh\ufffdop\n",
    found: ["2:9 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8"],
  },
  {
    what: "half of a pair",
    text: "gatehouse: 1\nname: \ud800\n",
    found: ["2:7 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8"],
  },
  {
    what: "text that changes its direction",
    text: "gatehouse: 1\nname: shop # \u202egnihton\n",
    found: ["2:14 parse/not-text: the file holds the character U+202E, which turns the direction of text -> remove it"],
  },
  {
    what: "a bracket that is not closed",
    text: "gatehouse: 1\nroles: { a: [b\nname: x\n",
    found: [
      "2:13 parse/syntax: `[` is not closed -> write `]`; what stands between brackets is indented further than the key before them",
    ],
  },
  {
    what: "a key without space after the colon",
    text: "gatehouse: 1\nname:shop\nidentity: {}\n",
    found: ["2:1 parse/syntax: a space is missing after the colon -> write `key: value` with one space"],
  },
  {
    what: "a value that goes back in indentation",
    text: "gatehouse: 1\nidentity:\n    audience: a\n  issuer: b\n",
    found: [
      "4:3 parse/syntax: the indentation is that of nothing above -> give all keys of one mapping, and all dashes of one list, the same indentation",
    ],
  },
  {
    what: "a quote that is not closed",
    text: 'gatehouse: 1\nname: "shop\n',
    found: ['2:7 parse/syntax: the quote is not closed -> write `"` at its end'],
  },
  {
    what: "two problems of syntax",
    text: "gatehouse: 1\nname: ]\nidentity: }\n",
    found: ["2:7 parse/syntax: `]` has no place here -> remove it, or put the value in quotes"],
  },
  {
    what: "a second document",
    text: "gatehouse: 1\n---\ngatehouse: 1\n",
    found: ["2:1 parse/multiple-documents: a second document begins here -> remove the line `---`"],
  },
  {
    what: "a directive",
    text: "%YAML 1.1\n---\ngatehouse: 2\n",
    found: [
      "1:1 parse/directive: directives are not taken -> remove the line",
      "3:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
    ],
  },
  {
    what: "a tag",
    text: "gatehouse: 2\nname: !!str shop\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/tag: tags are not taken, found `!!str` -> remove it; a text that begins with `!` goes in quotes",
    ],
  },
  {
    what: "a tag without a name",
    text: "gatehouse: 1\nname: !<> shop\n",
    found: ["2:7 parse/tag: tags are not taken, found `!<>` -> remove it; a text that begins with `!` goes in quotes"],
  },
  {
    what: "a tag for code",
    text: "gatehouse: 2\nname: !!js/function 'x'\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/tag: tags are not taken, found `!!js/function` -> remove it; a text that begins with `!` goes in quotes",
    ],
  },
  {
    what: "an anchor and an alias",
    text: "gatehouse: 2\nname: &n shop\nidentity: *n\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/anchor: anchors are not taken, found `&n` -> remove it; a text that begins with `&` goes in quotes",
      "3:11 parse/alias: aliases are not taken, found `*n` -> write the value out; a text that begins with `*` goes in quotes",
    ],
  },
  {
    what: "an alias to nothing",
    text: "gatehouse: 2\nname: *n\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/alias: aliases are not taken, found `*n` -> write the value out; a text that begins with `*` goes in quotes",
    ],
  },
  {
    what: "a merge key",
    text: "gatehouse: 2\nidentity: { <<: { audience: a } }\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:13 parse/merge-key: merge keys are not taken -> write the keys out",
    ],
  },
  {
    what: "an anchor on a key",
    text: "gatehouse: 2\n&a name: shop\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/anchor: anchors are not taken, found `&a` -> remove it; a text that begins with `&` goes in quotes",
    ],
  },
  {
    what: "a tag on a list",
    text: "gatehouse: 2\nname: !!set [a]\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/tag: tags are not taken, found `!!set` -> remove it; a text that begins with `!` goes in quotes",
    ],
  },
  {
    what: "an anchor on an entry",
    text: "gatehouse: 2\nname: [&a x]\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:8 parse/anchor: anchors are not taken, found `&a` -> remove it; a text that begins with `&` goes in quotes",
    ],
  },
  {
    what: "an anchor on nothing",
    text: "gatehouse: 2\nname: &a\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/anchor: anchors are not taken, found `&a` -> remove it; a text that begins with `&` goes in quotes",
    ],
  },
  {
    what: "an alias as a key",
    text: "gatehouse: 2\na: &a x\n*a : b\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/unknown-key: the policy has no key `a` -> known are `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
      "2:4 parse/anchor: anchors are not taken, found `&a` -> remove it; a text that begins with `&` goes in quotes",
      "3:1 parse/key-not-text: the key is not a text -> keys are names; a number goes in quotes",
    ],
  },
  {
    what: "too many levels",
    text: `gatehouse: 2\nname: ${"[".repeat(17)}${"]".repeat(17)}\n`,
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:23 parse/too-deep: more than 16 levels stand inside each other -> check brackets and indentation",
    ],
  },
  {
    what: "a key twice",
    text: "gatehouse: 2\nname: a\nname: b\nname: c\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "3:1 parse/duplicate-key: `name` stands here a second time -> keep one of the two; see 2:1 (first here)",
      "4:1 parse/duplicate-key: `name` stands here a second time -> keep one of the two; see 2:1 (first here)",
    ],
  },
  {
    what: "a number as a key",
    text: "gatehouse: 2\n404: a\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/key-not-text: the key is not a text -> keys are names; a number goes in quotes",
    ],
  },
  {
    what: "a list as a key",
    text: "gatehouse: 2\n? [a]\n: b\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:3 parse/key-not-text: the key is not a text -> keys are names; a number goes in quotes",
    ],
  },
  {
    what: "a control character in an escape",
    text: 'gatehouse: 1\nname: "sh\\0op"\n',
    found: [
      "2:7 parse/text: `name` holds the invisible character U+0000 -> remove it; between double quotes a `\\` is written `\\\\`",
    ],
  },
  {
    what: "a very long text",
    text: `gatehouse: 1\nname: ${"x".repeat(2000)}\n`,
    found: ["2:7 parse/text: `name` has more than 1024 characters -> write a shorter text"],
  },
  {
    what: "a text over several lines",
    text: "gatehouse: 1\nname: |\n  shop\n  two\n",
    found: ["2:7 parse/text: `name` goes over several lines -> write one line of plain text"],
  },
  {
    what: "a name in Hebrew letters",
    text: "gatehouse: 1\nname: שופ\n",
    found: [
      "2:7 parse/name: `שופ` is not a name for a policy -> lower-case letters, digits and single hyphens, at most 48",
    ],
  },
  {
    what: "a mark of right to left in a name",
    text: "gatehouse: 1\nname: shop\u200f\n",
    found: ["2:11 parse/not-text: the file holds the character U+200F, which turns the direction of text -> remove it"],
  },
  {
    what: "an Arabic letter mark in a comment",
    text: "gatehouse: 1\nname: shop # \u061c\n",
    found: ["2:14 parse/not-text: the file holds the character U+061C, which turns the direction of text -> remove it"],
  },
  {
    what: "an isolate that is not ended",
    text: "gatehouse: 1\nname: shop # \u2067\n",
    found: ["2:14 parse/not-text: the file holds the character U+2067, which turns the direction of text -> remove it"],
  },
  {
    what: "a direction that is turned by an escape",
    text: 'gatehouse: 1\nname: "shop\\u202e"\n',
    found: ["2:7 parse/text: `name` holds the character U+202E, which turns the direction of text -> remove it"],
  },
  {
    what: "a space without width",
    text: "gatehouse: 1\nna\u200bme: shop\n",
    found: ["2:3 parse/not-text: the file holds the invisible character U+200B -> remove it"],
  },
  {
    what: "a soft hyphen",
    text: "gatehouse: 1\nname: sh\u00adop\n",
    found: ["2:9 parse/not-text: the file holds the invisible character U+00AD -> remove it"],
  },
  {
    what: "a filler that looks like a blank",
    text: "gatehouse: 1\nname: shop\u3164\n",
    found: ["2:11 parse/not-text: the file holds the invisible character U+3164 -> remove it"],
  },
  {
    what: "a tag character",
    text: "gatehouse: 1\nname: shop \u{e0041}\n",
    found: ["2:12 parse/not-text: the file holds the invisible character U+E0041 -> remove it"],
  },
  {
    what: "a line separator",
    text: "gatehouse: 1\nname: shop # x\u2028roles: {}\n",
    found: ["2:15 parse/not-text: the file holds the invisible character U+2028 -> remove it"],
  },
  {
    what: "a next-line character",
    text: "gatehouse: 1\nname: shop\u0085\n",
    found: ["2:11 parse/not-text: the file holds the invisible character U+0085 -> remove it"],
  },
  {
    what: "a byte order mark in the middle",
    text: "gatehouse: 1\nname: \ufeffshop\n",
    found: ["2:7 parse/not-text: the file holds the invisible character U+FEFF -> remove it"],
  },
  {
    what: "a character that is none",
    text: "gatehouse: 1\nname: shop\uffff\n",
    found: ["2:11 parse/not-text: the file holds the invisible character U+FFFF -> remove it"],
  },
  {
    what: "text in UTF-16",
    text: "\ufffd\ufffdg\0a\0t\0e\0",
    found: ["1:1 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8"],
  },
  {
    what: "the control characters of a terminal",
    text: "gatehouse: 1\nname: shop\u009b31m\n",
    found: ["2:11 parse/not-text: the file holds the invisible character U+009B -> remove it"],
  },
  {
    what: "a tab before the first key",
    text: "\tgatehouse: 1\n",
    found: ["1:1 parse/tab: the line is indented with a tab -> indent with spaces"],
  },
  {
    what: "a tab before a dash",
    text: "gatehouse: 1\ninclude:\n\t- a.yaml\n",
    found: ["3:1 parse/tab: the line is indented with a tab -> indent with spaces"],
  },
  {
    what: "a tab inside brackets",
    text: "gatehouse: 1\ninclude: [\n\ta.yaml\n]\n",
    found: ["3:1 parse/tab: the line is indented with a tab -> indent with spaces"],
  },
  {
    what: "a tab in a value",
    text: "gatehouse: 1\nname: a\tb\n",
    found: ["2:7 parse/text: `name` holds a tab -> write one line of plain text"],
  },
  {
    what: "a directive that YAML does not know",
    text: "%LANGUAGE shop\n---\ngatehouse: 2\n",
    found: [
      "1:1 parse/directive: directives are not taken -> remove the line",
      "3:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
    ],
  },
  {
    what: "a directive without document",
    text: "%YAML 1.2\ngatehouse: 2\n",
    found: ["1:1 parse/directive: directives are not taken -> remove the line"],
  },
  {
    what: "a namespace of tags",
    text: "%TAG ! tag:shop.example,2026:\n---\ngatehouse: 2\n",
    found: [
      "1:1 parse/directive: directives are not taken -> remove the line",
      "3:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
    ],
  },
  {
    what: "a merge that git left",
    text: "gatehouse: 1\n<<<<<<< HEAD\nname: shop\n=======\nname: store\n>>>>>>> other\n",
    found: [
      "2:1 parse/syntax: a merge conflict was left here -> keep one of the two sides and remove the marked lines",
    ],
  },
  {
    what: "a mapping that is not closed",
    text: "gatehouse: 1\nthrottle: { default: 5/second\nname: shop\n",
    found: [
      "2:11 parse/syntax: `{` is not closed -> write `}`; what stands between brackets is indented further than the key before them",
    ],
  },
  {
    what: "an inner bracket that is not closed",
    text: "gatehouse: 1\nroles: { a: { can: [b, c }, d: e }\n",
    found: [
      "2:20 parse/syntax: `[` is not closed -> write `]`; what stands between brackets is indented further than the key before them",
    ],
  },
  {
    what: "a bracket too many",
    text: "gatehouse: 1\ninclude: [a.yaml]]\n",
    found: ["2:18 parse/syntax: `]` has no place here -> remove it, or put the value in quotes"],
  },
  {
    what: "a brace too many",
    text: "gatehouse: 1\nthrottle: { default: 5/second }}\n",
    found: ["2:32 parse/syntax: `}` has no place here -> remove it, or put the value in quotes"],
  },
  {
    what: "brackets that go on at the start of a line",
    text: "gatehouse: 1\ninclude: [\na.yaml\n]\n",
    found: [
      "2:10 parse/syntax: `[` is not closed -> write `]`; what stands between brackets is indented further than the key before them",
    ],
  },
  {
    what: "a single quote that is not closed",
    text: "gatehouse: 1\nname: 'shop\nroles: {}\n",
    found: [
      "2:7 parse/syntax: the quote is not closed -> write `'` at its end; within single quotes a `'` is written `''`",
    ],
  },
  {
    what: "a single quote within single quotes",
    text: "gatehouse: 1\nname: 'it's'\n",
    found: [
      "2:11 parse/syntax: something stands after a value that is complete -> put the whole value in quotes, or remove the rest",
    ],
  },
  {
    what: "text after quotes",
    text: 'gatehouse: 1\nname: "shop" one\n',
    found: [
      "2:14 parse/syntax: something stands after a value that is complete -> put the whole value in quotes, or remove the rest",
    ],
  },
  {
    what: "a colon within a value",
    text: "gatehouse: 1\nname: shop: one\n",
    found: [
      "2:7 parse/syntax: a second key begins on the same line -> put the value in quotes, or the inner mapping on lines of its own",
    ],
  },
  {
    what: "a line that is indented under a value",
    text: "gatehouse: 1\nname: shop\n  roles: {}\n",
    found: [
      "3:3 parse/syntax: the line is indented further, but the key above has its value already -> indent it like the key above, or remove the value of that key",
    ],
  },
  {
    what: "a list on the line of its key",
    text: "gatehouse: 1\ninclude: - a.yaml\n",
    found: [
      "2:10 parse/syntax: a list begins on the line of its key -> put each `- entry` on its own line, or write `[entry]`",
    ],
  },
  {
    what: "a list among keys",
    text: "gatehouse: 1\n- a.yaml\nname: shop\n",
    found: [
      "2:1 parse/syntax: an entry of a list stands among keys -> indent it under the key whose list it belongs to",
    ],
  },
  {
    what: "keys after a list",
    text: "- a.yaml\ngatehouse: 1\n",
    found: [
      "2:1 parse/syntax: the line does not belong to what stands above -> write lines `key: value` in one column",
    ],
  },
  {
    what: "entries of a list that do not stand in one column",
    text: "gatehouse: 1\ninclude:\n  - a.yaml\n - b.yaml\n",
    found: [
      "4:2 parse/syntax: the indentation is that of nothing above -> give all keys of one mapping, and all dashes of one list, the same indentation",
    ],
  },
  {
    what: "a line that is neither",
    text: "gatehouse: 1\nshop\nname: shop\n",
    found: [
      "2:1 parse/syntax: the line is neither a key with its value nor an entry of a list -> write `key: value` or `- entry`",
    ],
  },
  {
    what: "an entry without comma",
    text: "gatehouse: 1\nthrottle: { default: 5/second per_identity: 1/second }\n",
    found: [
      "2:22 parse/syntax: a second key begins inside this value -> put a comma before the key, or the value in quotes",
    ],
  },
  {
    what: "a comma without entry",
    text: "gatehouse: 1\ninclude: [a.yaml, , b.yaml]\n",
    found: ["2:19 parse/syntax: there is no entry before this comma -> remove the comma"],
  },
  {
    what: "a comment without space",
    text: 'gatehouse: 1\nname: "shop"#one\n',
    found: ["2:13 parse/syntax: a space is missing before the comment -> write ` #`"],
  },
  {
    what: "a value that begins with @",
    text: "gatehouse: 1\nname: @shop\n",
    found: ["2:7 parse/syntax: a value without quotes cannot begin with `@` -> put it in quotes"],
  },
  {
    what: "a value that begins with a backtick",
    text: "gatehouse: 1\nname: `shop`\n",
    found: ["2:7 parse/syntax: a value without quotes cannot begin with a backtick -> put it in quotes"],
  },
  {
    what: "a value that begins with a percent sign",
    text: "gatehouse: 1\nname: %shop\n",
    found: ["2:7 parse/syntax: a value without quotes cannot begin with `%` -> put it in quotes"],
  },
  {
    what: "a value that begins with a comma",
    text: "gatehouse: 1\nname: ,shop\n",
    found: ["2:7 parse/syntax: a value without quotes cannot begin with `,` -> put it in quotes"],
  },
  {
    what: "a wildcard without quotes",
    text: "gatehouse: 2\nname: *.shop.example\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/alias: aliases are not taken, found `*.shop.example` -> write the value out; a text that begins with `*` goes in quotes",
    ],
  },
  {
    what: "a star alone",
    text: "gatehouse: 1\nname: *\n",
    found: ["2:7 parse/syntax: a value without quotes cannot begin with `*` -> put it in quotes"],
  },
  {
    what: "an ampersand alone",
    text: "gatehouse: 1\nname: &\n",
    found: ["2:7 parse/syntax: a value without quotes cannot begin with `&` -> put it in quotes"],
  },
  {
    what: "two quoted texts without a blank",
    text: 'gatehouse: 1\nname: "shop""one"\n',
    found: [
      "2:13 parse/syntax: something stands after a value that is complete -> put the whole value in quotes, or remove the rest",
    ],
  },
  {
    what: "a closing bracket in a block text",
    text: "gatehouse: 2\nname: |\n  ]\n",
    found: ["1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`"],
  },
  {
    what: "many tags",
    text: `gatehouse: 1\nname: ${"!a ".repeat(30)}\n`,
    found: ["2:67 parse/tag: a value has many tags or anchors -> remove them"],
  },
  {
    what: "many directives",
    text: `${"%a b\n".repeat(30)}---\ngatehouse: 1\n`,
    found: ["1:1 parse/directive: directives are not taken -> remove the line"],
  },
  {
    what: "more words than are read",
    text: `gatehouse: 2\nname: |\n  x\n${"#\n".repeat(300_000)}`,
    found: [
      "1:1 parse/too-large: the file has more than 500000 words and signs -> split it and name the parts in `include`",
    ],
  },
  {
    what: "two anchors",
    text: "gatehouse: 1\nname: &a &b shop\n",
    found: ["2:10 parse/syntax: a value has two anchors -> remove both; anchors are not taken"],
  },
  {
    what: "two tags",
    text: "gatehouse: 1\nname: !!str !!str shop\n",
    found: ["2:13 parse/syntax: a value has two tags -> remove both; tags are not taken"],
  },
  {
    what: "an exclamation mark",
    text: "gatehouse: 2\nname: !important\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/tag: tags are not taken, found `!important` -> remove it; a text that begins with `!` goes in quotes",
    ],
  },
  {
    what: "a regular expression between double quotes",
    text: 'gatehouse: 1\nname: "^\\d+$"\n',
    found: [
      "2:9 parse/syntax: `\\d` means nothing between double quotes -> write `\\\\` for a backslash, or use single quotes, in which it has no meaning",
    ],
  },
  {
    what: "a broken escape",
    text: 'gatehouse: 1\nname: "\\u12"\n',
    found: [
      "2:8 parse/syntax: `\\u` means nothing between double quotes -> write `\\\\` for a backslash, or use single quotes, in which it has no meaning",
    ],
  },
  {
    what: "a Windows path between double quotes",
    text: 'gatehouse: 1\ninclude: ["teams\\a.yaml"]\n',
    found: [
      "2:11 parse/text: an entry of `include` holds the invisible character U+0007 -> remove it; between double quotes a `\\` is written `\\\\`",
    ],
  },
  {
    what: "two escapes on two lines",
    text: 'gatehouse: 1\nname: "\\d"\ninclude: ["\\s"]\n',
    found: [
      "2:8 parse/syntax: `\\d` means nothing between double quotes -> write `\\\\` for a backslash, or use single quotes, in which it has no meaning",
      "3:12 parse/syntax: `\\s` means nothing between double quotes -> write `\\\\` for a backslash, or use single quotes, in which it has no meaning",
    ],
  },
  {
    what: "a block text with a header",
    text: "gatehouse: 1\nname: |shop\n  x\n",
    found: ["2:8 parse/syntax: something stands after the sign for a text of several lines -> put the value in quotes"],
  },
  {
    what: "a key of more than 1024 characters",
    text: `gatehouse: 1\n${"x".repeat(1100)}: y\n`,
    found: ["2:1 parse/syntax: the key has more than 1024 characters -> write a shorter key"],
  },
  {
    what: "an explicit key without value",
    text: "gatehouse: 2\n? name\n",
    found: ["1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`"],
  },
  {
    what: "a key that is empty",
    text: "gatehouse: 2\n: shop\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/key-not-text: the key is empty -> keys are names; a number goes in quotes",
    ],
  },
  {
    what: "a key that is null",
    text: "gatehouse: 2\nnull: shop\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/key-not-text: the key is not a text -> keys are names; a number goes in quotes",
    ],
  },
  {
    what: "a truth value as a key",
    text: "gatehouse: 2\ntrue: shop\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/key-not-text: the key is not a text -> keys are names; a number goes in quotes",
    ],
  },
  {
    what: "a mapping as a key",
    text: "gatehouse: 2\n{ a: b }: shop\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/key-not-text: the key is not a text -> keys are names; a number goes in quotes",
    ],
  },
  {
    what: "a value that YAML 1.1 took for a truth value",
    text: "gatehouse: 1\nname: NO\n",
    found: [
      "2:7 parse/name: `NO` is not a name for a policy -> lower-case letters, digits and single hyphens, at most 48: `no`",
    ],
  },
  {
    what: "a number in octal for a name",
    text: "gatehouse: 1\nname: 0o17\n",
    found: ["2:7 parse/expected-text: `name` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "infinity for a name",
    text: "gatehouse: 1\nname: .inf\n",
    found: ["2:7 parse/expected-text: `name` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "a name that looks like a prototype",
    text: "gatehouse: 1\nname: __proto__\n",
    found: [
      "2:7 parse/name: `__proto__` is not a name for a policy -> lower-case letters, digits and single hyphens, at most 48: `proto`",
    ],
  },
  {
    what: "a key that looks like a prototype",
    text: "gatehouse: 1\n__proto__: { a: b }\n",
    found: [
      "2:1 parse/unknown-key: the policy has no key `__proto__` -> known are `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "a key with a line break",
    text: 'gatehouse: 1\n"na\\nme": shop\n',
    found: ["2:1 parse/unknown-key: the policy has no key `na?me` -> did you mean `name`?"],
  },
  {
    what: "a key with a character that nobody sees",
    text: 'gatehouse: 1\n"name\\u200b": shop\n',
    found: ["2:1 parse/unknown-key: the policy has no key `name?` -> did you mean `name`?"],
  },
  {
    what: "a key with the control characters of a terminal",
    text: 'gatehouse: 1\n"\\u001b[2J": shop\n',
    found: [
      "2:1 parse/unknown-key: the policy has no key `?[2J` -> known are `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "a version that is nothing",
    text: "gatehouse:\nname: x\n",
    found: ["1:1 parse/version: `gatehouse` says no version -> write `gatehouse: 1`"],
  },
  {
    what: "a version as a fraction",
    text: "gatehouse: 1.0\n",
    found: ["1:12 parse/version: `1.0` is not a version of the language that is known here -> write `gatehouse: 1`"],
  },
  {
    what: "a version as a list",
    text: "gatehouse: [1]\n",
    found: ["1:12 parse/version: this is not a version of the language that is known here -> write `gatehouse: 1`"],
  },
  {
    what: "JSON that is not closed",
    text: '{ "gatehouse": 1, "name": "shop"',
    found: [
      "1:1 parse/syntax: `{` is not closed -> write `}`; what stands between brackets is indented further than the key before them",
    ],
  },
  {
    what: "a Markdown fence",
    text: "```yaml\ngatehouse: 1\n```\n",
    found: [
      "1:1 parse/syntax: the line is neither a key with its value nor an entry of a list -> write `key: value` or `- entry`",
      "3:1 parse/syntax: a value without quotes cannot begin with a backtick -> put it in quotes",
    ],
  },
  {
    what: "an XML file",
    text: "<policy><name>shop</name></policy>\n",
    found: [
      "1:1 parse/expected-mapping: the policy is a text instead of a mapping -> write a mapping with `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "an INI file",
    text: "[policy]\nname = shop\n",
    found: [
      "2:1 parse/syntax: the line does not belong to what stands above -> write lines `key: value` in one column",
    ],
  },
];
