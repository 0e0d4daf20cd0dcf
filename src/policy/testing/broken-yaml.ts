/** Texts that are not the YAML a policy is written in, each with its findings. */
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
    found: ["1:13 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`"],
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
      "1:13 parse/not-text: the file holds the invisible character U+000D -> save the file as UTF-8 text with line feeds",
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
    found: [
      "2:9 parse/not-text: the file holds the invisible character U+0000 -> save the file as UTF-8 text with line feeds",
    ],
  },
  {
    what: "an escape character",
    text: "gatehouse: 1\nname: \u001b[31mshop\n",
    found: [
      "2:7 parse/not-text: the file holds the invisible character U+001B -> save the file as UTF-8 text with line feeds",
    ],
  },
  {
    what: "bytes that are not UTF-8",
    text: "gatehouse: 1\nname: sh\ufffdop\n",
    found: ["2:9 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8 text with line feeds"],
  },
  {
    what: "half of a pair",
    text: "gatehouse: 1\nname: \ud800\n",
    found: ["2:7 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8 text with line feeds"],
  },
  {
    what: "text that changes its direction",
    text: "gatehouse: 1\nname: shop # \u202egnihton\n",
    found: [
      "2:14 parse/not-text: the file holds the invisible character U+202E -> save the file as UTF-8 text with line feeds",
    ],
  },
  {
    what: "a bracket that is not closed",
    text: "gatehouse: 1\nroles: { a: [b\nname: x\n",
    found: [
      "3:1 parse/syntax: not YAML: flow sequence in block collection must be sufficiently indented and end with a ] -> check indentation, brackets, quotes and the space after each colon",
    ],
  },
  {
    what: "a key without space after the colon",
    text: "gatehouse: 1\nname:shop\nidentity: {}\n",
    found: [
      "2:1 parse/syntax: not YAML: implicit keys need to be on a single line -> check indentation, brackets, quotes and the space after each colon",
    ],
  },
  {
    what: "a value that goes back in indentation",
    text: "gatehouse: 1\nidentity:\n    audience: a\n  issuer: b\n",
    found: [
      "4:1 parse/syntax: not YAML: all mapping items must start at the same column -> check indentation, brackets, quotes and the space after each colon",
    ],
  },
  {
    what: "a quote that is not closed",
    text: 'gatehouse: 1\nname: "shop\n',
    found: [
      '3:1 parse/syntax: not YAML: missing closing "quote -> check indentation, brackets, quotes and the space after each colon',
    ],
  },
  {
    what: "two problems of syntax",
    text: "gatehouse: 1\nname: ]\nidentity: }\n",
    found: [
      '2:7 parse/syntax: not YAML: unexpected flow-seq-end token in YAML stream: "]" -> check indentation, brackets, quotes and the space after each colon',
      '3:1 parse/syntax: not YAML: unexpected scalar token in YAML stream: "identity" -> check indentation, brackets, quotes and the space after each colon',
      '3:9 parse/syntax: not YAML: unexpected map-value-ind token in YAML stream: ":" -> check indentation, brackets, quotes and the space after each colon',
      '3:11 parse/syntax: not YAML: unexpected flow-map-end token in YAML stream: "}" -> check indentation, brackets, quotes and the space after each colon',
    ],
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
      "2:13 parse/tag: tags are not taken, found `!!str` -> remove it",
    ],
  },
  {
    what: "a tag for code",
    text: "gatehouse: 2\nname: !!js/function 'x'\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:21 parse/tag: tags are not taken, found `!!js/function` -> remove it",
    ],
  },
  {
    what: "an anchor and an alias",
    text: "gatehouse: 2\nname: &n shop\nidentity: *n\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:10 parse/anchor: anchors are not taken, found `&n` -> remove it",
      "3:11 parse/alias: aliases are not taken, found `*n` -> write the value out",
    ],
  },
  {
    what: "an alias to nothing",
    text: "gatehouse: 2\nname: *n\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:7 parse/alias: aliases are not taken, found `*n` -> write the value out",
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
      "2:4 parse/anchor: anchors are not taken, found `&a` -> remove it",
    ],
  },
  {
    what: "a tag on a list",
    text: "gatehouse: 2\nname: !!set [a]\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:13 parse/tag: tags are not taken, found `!!set` -> remove it",
    ],
  },
  {
    what: "an anchor on an entry",
    text: "gatehouse: 2\nname: [&a x]\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:11 parse/anchor: anchors are not taken, found `&a` -> remove it",
    ],
  },
  {
    what: "an anchor on nothing",
    text: "gatehouse: 2\nname: &a\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/anchor: anchors are not taken, found `&a` -> remove it",
    ],
  },
  {
    what: "an alias as a key",
    text: "gatehouse: 2\na: &a x\n*a : b\n",
    found: [
      "1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`",
      "2:1 parse/unknown-key: the policy has no key `a` -> known are `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
      "2:7 parse/anchor: anchors are not taken, found `&a` -> remove it",
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
      "3:1 parse/duplicate-key: `name` stands here a second time -> keep one of the two",
      "4:1 parse/duplicate-key: `name` stands here a second time -> keep one of the two",
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
    found: ["2:7 parse/text: `name` holds a control character -> write one line of plain text"],
  },
  {
    what: "a very long text",
    text: `gatehouse: 1\nname: ${"x".repeat(2000)}\n`,
    found: ["2:7 parse/text: `name` has more than 1024 characters -> write one line of plain text"],
  },
  {
    what: "a text over several lines",
    text: "gatehouse: 1\nname: |\n  shop\n  two\n",
    found: ["2:7 parse/text: `name` holds a control character -> write one line of plain text"],
  },
];
