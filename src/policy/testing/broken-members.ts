/** Policies that are broken in who holds a role. */
import type { BrokenWhole } from "./whole-policy.ts";

export const BROKEN_MEMBERS: readonly BrokenWhole[] = [
  {
    what: "lists beside an expression",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { groups: [support], claim: { name: plan, equals: gold } }",
    ],
    found: [
      "56:35 role/members: `claim` stands beside `groups` -> put each into an entry of `any` (one of them holds) or `all` (every one holds)",
    ],
  },
  {
    what: "two expressions in one mapping",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { all: [{ groups: [a] }], any: [{ groups: [b] }] }",
    ],
    found: [
      "56:40 role/members: `any` stands beside `all` -> put each into an entry of `any` (one of them holds) or `all` (every one holds)",
    ],
  },
  {
    what: "`not` beside lists",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { groups: [support], not: { subject: [ada] } }",
    ],
    found: [
      "56:35 role/members: `not` stands beside `groups` -> put each into an entry of `any` (one of them holds) or `all` (every one holds)",
    ],
  },
  {
    what: "`not` alone",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { not: { subject: [ada] } }",
    ],
    found: [
      "56:16 role/not: `not` alone would take in everybody else -> write `all: [ ..., { not: ... } ]` with an entry that says who is meant",
    ],
  },
  {
    what: "`not` in `any`",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { any: [{ groups: [a] }, { not: { subject: [ada] } }] }",
    ],
    found: [
      "56:41 role/not: `not` alone would take in everybody else -> write `all: [ ..., { not: ... } ]` with an entry that says who is meant",
    ],
  },
  {
    what: "`not` of `not`",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { all: [{ groups: [a] }, { not: { not: { groups: [b] } } }] }",
    ],
    found: [
      "56:48 role/not: `not` alone would take in everybody else -> write `all: [ ..., { not: ... } ]` with an entry that says who is meant",
    ],
  },
  {
    what: "`all` of nothing but `not`",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { all: [{ not: { groups: [a] } }, { not: { groups: [b] } }] }",
    ],
    found: [
      "56:16 role/not: `all` says only who is not meant -> add an entry that says who is meant, for example `{ groups: [staff] }`",
    ],
  },
  {
    what: "`all` whose positive part says nothing but `not`",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { all: [{ all: [{ not: { groups: [a] } }] }] }",
    ],
    found: [
      "56:24 role/not: `all` says only who is not meant -> add an entry that says who is meant, for example `{ groups: [staff] }`",
    ],
  },
  {
    what: "`all` without entries",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { all: [] }",
    ],
    found: ["56:21 parse/empty-list: `all` is empty -> add an entry, or remove the key"],
  },
  {
    what: "`any` as a mapping",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { any: { groups: [a] } }",
    ],
    found: ["56:21 parse/expected-list: `any` is a mapping instead of a list -> write a list"],
  },
  {
    what: "an entry of `any` that is a text",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { any: [support] }",
    ],
    found: [
      "56:22 parse/expected-mapping: an entry of `any` is a text instead of a mapping -> write a mapping with `issuer`, `groups`, `subject`, `client_id`, `claim`, `all`, `any`, `not`",
    ],
  },
  {
    what: "an entry of `all` that is empty",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { all: [~] }",
    ],
    found: [
      "56:22 parse/expected-mapping: an entry of `all` is empty instead of a mapping -> write a mapping with `issuer`, `groups`, `subject`, `client_id`, `claim`, `all`, `any`, `not`",
    ],
  },
  {
    what: "a key inside an entry that is misspelled",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { any: [{ group: [support] }] }",
    ],
    found: ["56:24 parse/unknown-key: an entry of `any` has no key `group` -> did you mean `groups`?"],
  },
  {
    what: "a client list of another language",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { clients: [worker] }",
    ],
    found: [
      "56:16 parse/unknown-key: `members` has no key `clients` -> known are `issuer`, `groups`, `subject`, `client_id`, `claim`, `all`, `any`, `not`",
    ],
  },
  {
    what: "`not` of nobody",
    file: "teams/more/roles.yaml",
    edit: ["{ not: { claim: { name: level, one_of: [1, 2] } } }", "{ not: {} }"],
    found: ["teams/more/roles.yaml:4:45 parse/empty-mapping: `not` names nobody -> name who is meant, or remove it"],
  },
  {
    what: "`not` of an empty list",
    file: "teams/more/roles.yaml",
    edit: ["{ not: { claim: { name: level, one_of: [1, 2] } } }", "{ not: { groups: [] } }"],
    found: ["teams/more/roles.yaml:4:45 parse/empty-mapping: `not` names nobody -> name who is meant, or remove it"],
  },
  {
    what: "an entry of `all` that names nobody",
    file: "teams/more/roles.yaml",
    edit: ["{ groups: [staff] }", "{ groups: [], subject: [] }"],
    found: [
      "teams/more/roles.yaml:4:22 parse/empty-mapping: an entry of `all` names nobody -> name who is meant, or remove it",
    ],
  },
  {
    what: "an entry of `any` that names an issuer and nobody",
    edit: ["issuer: ci, claim: { name: repository, prefix: shop/ }", "issuer: ci"],
    found: ["56:61 parse/empty-mapping: an entry of `any` names nobody -> name who is meant, or remove it"],
  },
  {
    what: "a claim without a test",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan } }",
    ],
    found: [
      "56:23 role/claim: `claim` says no value -> write one of `equals: value`, `one_of: [value, value]` or `prefix: text`",
    ],
  },
  {
    what: "a claim with two tests",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan, equals: gold, prefix: go } }",
    ],
    found: [
      "56:23 role/claim: `claim` is tested twice -> write one of `equals: value`, `one_of: [value, value]` or `prefix: text`",
    ],
  },
  {
    what: "a claim with an unknown test",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan, matches: gold } }",
    ],
    found: ["56:37 parse/unknown-key: `claim` has no key `matches` -> known are `name`, `equals`, `one_of`, `prefix`"],
  },
  {
    what: "a claim without a name",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { equals: gold } }",
    ],
    found: ["56:16 parse/missing-key: `claim` lacks `name` -> add `name: repository`"],
  },
  {
    what: "a claim whose name is a number",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: 42, equals: gold } }",
    ],
    found: ["56:31 parse/expected-text: `name` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "`equals` with a list",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan, equals: [gold, silver] } }",
    ],
    found: ["56:45 role/claim: `equals` is one value -> write `one_of` for several"],
  },
  {
    what: "`one_of` with one value",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan, one_of: gold } }",
    ],
    found: ["56:45 role/claim: `one_of` is a list -> write `equals` for one value"],
  },
  {
    what: "`one_of` of nothing",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan, one_of: [] } }",
    ],
    found: ["56:45 parse/empty-list: `one_of` is empty -> add an entry, or remove the key"],
  },
  {
    what: "a value that is a mapping",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan, equals: { a: b } } }",
    ],
    found: [
      "56:45 parse/expected-text: `equals` is a mapping instead of a value -> write a text, a whole number, `true` or `false`",
    ],
  },
  {
    what: "a value that is empty",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: plan, equals: } }",
    ],
    found: [
      "56:37 parse/expected-text: `equals` is empty instead of a value -> write a text, a whole number, `true` or `false`",
    ],
  },
  {
    what: "a value twice",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { claim: { name: level, one_of: [1, "1"] } }',
    ],
    found: [
      "56:50 warning parse/duplicate-entry: `1` stands twice in `one_of` -> remove one of them; see 56:47 (first here)",
    ],
  },
  {
    what: "a number with a leading zero as a value",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: account, equals: 0123 } }",
    ],
    found: ["56:48 parse/expected-text: `equals` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "a number in hexadecimal as a value",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { claim: { name: account, equals: 0x1F } }",
    ],
    found: ["56:48 parse/expected-text: `equals` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "an empty prefix",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { claim: { name: repository, prefix: "" } }',
    ],
    found: ["56:51 parse/empty-text: `prefix` is empty -> write something, or remove the key"],
  },
  {
    what: "a wildcard in a claim",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { claim: { name: repository, equals: "shop/*" } }',
    ],
    found: ["56:51 role/member: `shop/*` is compared whole and would match nobody -> write `prefix: shop/`"],
  },
  {
    what: "a wildcard in the middle of a claim",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { claim: { name: repository, one_of: ["shop/*/main"] } }',
    ],
    found: [
      "56:52 role/member: `shop/*/main` is compared whole and would match nobody -> write each value that is meant in `one_of`",
    ],
  },
  {
    what: "a wildcard in a prefix",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { claim: { name: repository, prefix: "shop/*" } }',
    ],
    found: [
      "56:51 role/member: `shop/*` is compared letter by letter and would match nobody -> write what the values begin with, without `*`",
    ],
  },
  {
    what: "a regular expression as a group",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { groups: ["^support-.+$"] }',
    ],
    found: [
      "56:25 role/member: `^support-.+$` is compared whole and would match nobody -> name each member; patterns are not taken",
    ],
  },
  {
    what: "a regular expression as a claim",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { claim: { name: email, equals: "^.+@shop.example$" } }',
    ],
    found: [
      "56:46 role/member: `^.+@shop.example$` is compared whole and would match nobody -> write each value that is meant in `one_of`",
    ],
  },
  {
    what: "everybody, in a list of subjects",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { subject: ["*"] }',
    ],
    found: [
      "56:26 role/member: `*` is compared whole and would match nobody -> name each member; a route for everybody is `open` and says why",
    ],
  },
  {
    what: "an issuer that does not exist",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { issuer: cj, groups: [support] }",
    ],
    found: ["56:24 reference/issuer: there is no workload issuer `cj` -> did you mean `ci`?"],
  },
  {
    what: "an issuer by its address",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      'members: { issuer: "https://ci.shop.example", groups: [support] }',
    ],
    found: [
      "56:24 reference/issuer: there is no workload issuer `https://ci.shop.example` -> add it under `identity.issuers`; known are `ci`",
    ],
  },
  {
    what: "an issuer that is a list",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { issuer: [ci], groups: [support] }",
    ],
    found: ["56:24 parse/expected-text: `issuer` is a list instead of a text -> write a text"],
  },
  {
    what: "an issuer inside an expression that does not exist",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: { all: [{ groups: [a] }, { issuer: gitlab, claim: { name: project, equals: shop } }] }",
    ],
    found: [
      "56:49 reference/issuer: there is no workload issuer `gitlab` -> add it under `identity.issuers`; known are `ci`",
    ],
  },
  {
    what: "members that are empty",
    edit: [
      "members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }",
      "members: ",
    ],
    found: [
      "56:5 parse/expected-mapping: `members` is empty instead of a mapping -> write a mapping with `issuer`, `groups`, `subject`, `client_id`, `claim`, `all`, `any`, `not`",
    ],
  },
  {
    what: "a broken member in an included file",
    file: "teams/more/roles.yaml",
    edit: ["one_of: [1, 2]", "one_of: 1"],
    found: ["teams/more/roles.yaml:4:82 role/claim: `one_of` is a list -> write `equals` for one value"],
  },
  {
    what: "`not` alone in an included file",
    file: "teams/more/roles.yaml",
    edit: ["members: { client_id: [worker] }", "members: { not: { client_id: [worker] } }"],
    found: [
      "teams/more/roles.yaml:7:24 role/not: `not` alone would take in everybody else -> write `all: [ ..., { not: ... } ]` with an entry that says who is meant",
    ],
  },
  {
    what: "members of an environment that are an unknown kind",
    edit: ["members: { groups: [prod-support] }", "members: { group: [prod-support] }"],
    found: ["36:29 parse/unknown-key: `members` has no key `group` -> did you mean `groups`?"],
  },
  {
    what: "`not` alone in an environment",
    edit: ["members: { groups: [prod-support] }", "members: { not: { groups: [prod-support] } }"],
    found: [
      "36:29 role/not: `not` alone would take in everybody else -> write `all: [ ..., { not: ... } ]` with an entry that says who is meant",
    ],
  },
  {
    what: "an issuer in an environment that does not exist",
    edit: ["members: { groups: [prod-support] }", "members: { issuer: github, groups: [prod-support] }"],
    found: [
      "36:37 reference/issuer: there is no workload issuer `github` -> add it under `identity.issuers`; known are `ci`",
    ],
  },
  {
    what: "a group with a character that turns the direction of text",
    edit: ["groups: [support], subject", 'groups: ["\\u202esupport"], subject'],
    found: [
      "56:33 parse/text: an entry of `groups` holds the character U+202E, which turns the direction of text -> remove it",
    ],
  },
  {
    what: "a group with a character that nobody sees",
    edit: ["groups: [support], subject", 'groups: ["sup\\u200bport"], subject'],
    found: ["56:33 parse/text: an entry of `groups` holds the invisible character U+200B -> remove it"],
  },
  {
    what: "a group over two lines",
    edit: ["groups: [support], subject", 'groups: ["sup\\nport"], subject'],
    found: ["56:33 parse/text: an entry of `groups` goes over several lines -> write one line of plain text"],
  },
];
