/** Policies that are broken in their conditions and conditional grants. */
import type { BrokenWhole } from "./whole-policy.ts";

export const BROKEN_CONDITIONS: readonly BrokenWhole[] = [
  {
    what: "a condition without parts",
    edit: ["when: { amr: [mfa] }", "when: {}"],
    found: ["36:55 parse/empty-mapping: `when` is empty -> add `source_ip: [10.0.0.0/16]`, or remove it"],
  },
  {
    what: "a condition that is empty",
    edit: ["when: { amr: [mfa] }", "when:"],
    found: [
      "36:55 parse/expected-mapping: `when` is empty instead of a mapping -> write a mapping with `source_ip`, `after`, `before`, `hours`, `path`, `claim`, `acr`, `amr`, `token_age`",
    ],
  },
  {
    what: "a condition that is a text",
    edit: ["when: { amr: [mfa] }", "when: mfa"],
    found: [
      "36:61 parse/expected-mapping: `when` is a text instead of a mapping -> write a mapping with `source_ip`, `after`, `before`, `hours`, `path`, `claim`, `acr`, `amr`, `token_age`",
    ],
  },
  {
    what: "a condition that is misspelled",
    edit: ["      token_age: 10 minutes", "      token_ages: 10 minutes"],
    found: ["69:7 parse/unknown-key: `when` has no key `token_ages` -> did you mean `token_age`?"],
  },
  {
    what: "a grant without permission",
    edit: ["{ permission: items:read, when:", "{ when:"],
    found: ["59:9 parse/missing-key: a grant lacks `permission` -> add `permission: orders:read`"],
  },
  {
    what: "a grant with an unknown key",
    edit: ["{ permission: items:read, when:", "{ permission: items:read, if: x, when:"],
    found: ["59:35 parse/unknown-key: a grant has no key `if` -> known are `permission`, `when`"],
  },
  {
    what: "a grant whose permission is a list",
    edit: ["{ permission: items:read, when:", "{ permission: [items:read], when:"],
    found: ["59:23 parse/expected-text: `permission` is a list instead of a text -> write a text"],
  },
  {
    what: "a grant in a list of its own",
    edit: ["      - items:write\n", "      - [items:write]\n"],
    found: ["58:9 parse/expected-text: an entry of `can` is a list instead of a text -> write a text"],
  },
  {
    what: "a permission that is granted with and without a condition",
    edit: ["      - items:write\n", "      - items:write\n      - items:read\n"],
    found: [
      "60:23 warning parse/duplicate-entry: `items:read` is granted without a condition too -> remove one of the two; the condition narrows nothing; see 59:9 (without a condition here)",
    ],
  },
  {
    what: "an area that is granted beside a condition",
    edit: ["      - items:write\n", "      - items:*\n"],
    found: [
      "59:23 warning parse/duplicate-entry: `items:read` is granted without a condition too -> remove one of the two; the condition narrows nothing; see 58:9 (without a condition here)",
    ],
  },
  {
    what: "a day that does not exist",
    edit: ["after: 2026-11-01", "after: 2026-11-31"],
    found: [
      "63:14 parse/instant: `2026-11-31` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "a day of a year that has no 29th of February",
    edit: ["after: 2026-11-01", "after: 2026-02-29"],
    found: [
      "63:14 parse/instant: `2026-02-29` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "a time without offset",
    edit: ["after: 2026-11-01", "after: 2026-11-01T08:00:00"],
    found: [
      "63:14 parse/instant: `2026-11-01T08:00:00` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "a time without seconds",
    edit: ["after: 2026-11-01", "after: 2026-11-01T08:00Z"],
    found: [
      "63:14 parse/instant: `2026-11-01T08:00Z` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "the hour 24",
    edit: ["after: 2026-11-01", "after: 2026-11-01T24:00:00Z"],
    found: [
      "63:14 parse/instant: `2026-11-01T24:00:00Z` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "a date in another order",
    edit: ["after: 2026-11-01", "after: 01.11.2026"],
    found: [
      "63:14 parse/instant: `01.11.2026` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "a year alone",
    edit: ["after: 2026-11-01", "after: 2026"],
    found: [
      "63:14 parse/instant: `2026` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "a date as words",
    edit: ["after: 2026-11-01", "after: tomorrow"],
    found: [
      "63:14 parse/instant: `tomorrow` is not a date -> write `2027-01-31`, or with a time and its offset `2027-01-31T08:00:00Z`",
    ],
  },
  {
    what: "an end before the beginning",
    edit: ["before: 2027-01-01T00:00:00Z", "before: 2026-11-01"],
    found: ["64:15 condition/never: `before` is not later than `after` -> no time is both; write a later `before`"],
  },
  {
    what: "hours without zone",
    edit: [", zone: Europe/Berlin", ""],
    found: ["65:7 parse/missing-key: `hours` lacks `zone` -> add `zone: Europe/Berlin`"],
  },
  {
    what: "hours as a text",
    edit: ['hours: { days: [monday, friday], from: "08:00", to: "18:00", zone: Europe/Berlin }', "hours: 08:00-18:00"],
    found: [
      "65:14 parse/expected-mapping: `hours` is a text instead of a mapping -> write a mapping with `from`, `to`, `zone`, `days`",
    ],
  },
  {
    what: "an hour without quotes",
    edit: ['from: "08:00"', "from: 8"],
    found: [
      '65:46 condition/hours: `8` is not a time of day -> write hours and minutes in quotes: `"08:00"`, `"24:00"` for the end of the day',
    ],
  },
  {
    what: "an hour with one digit",
    edit: ['from: "08:00"', 'from: "8:00"'],
    found: [
      '65:46 condition/hours: `8:00` is not a time of day -> write hours and minutes in quotes: `"08:00"`, `"24:00"` for the end of the day',
    ],
  },
  {
    what: "an hour with a minute too many",
    edit: ['from: "08:00"', 'from: "08:60"'],
    found: [
      '65:46 condition/hours: `08:60` is not a time of day -> write hours and minutes in quotes: `"08:00"`, `"24:00"` for the end of the day',
    ],
  },
  {
    what: "an hour after the end of the day",
    edit: ['to: "18:00"', 'to: "24:01"'],
    found: [
      '65:59 condition/hours: `24:01` is not a time of day -> write hours and minutes in quotes: `"08:00"`, `"24:00"` for the end of the day',
    ],
  },
  {
    what: "an hour in the afternoon",
    edit: ['to: "18:00"', "to: 6pm"],
    found: [
      '65:59 condition/hours: `6pm` is not a time of day -> write hours and minutes in quotes: `"08:00"`, `"24:00"` for the end of the day',
    ],
  },
  {
    what: "hours over midnight",
    edit: ['from: "08:00", to: "18:00"', 'from: "18:00", to: "08:00"'],
    found: [
      '65:59 condition/never: `to` is not later than `from` -> a time over midnight is two roles or grants, one up to `"24:00"` and one from `"00:00"`',
    ],
  },
  {
    what: "hours of no length",
    edit: ['from: "08:00", to: "18:00"', 'from: "08:00", to: "08:00"'],
    found: [
      '65:59 condition/never: `to` is not later than `from` -> a time over midnight is two roles or grants, one up to `"24:00"` and one from `"00:00"`',
    ],
  },
  {
    what: "a zone that does not exist",
    edit: ["Europe/Berlin", "Europe/Berin"],
    found: [
      "65:74 condition/zone: `Europe/Berin` is not a time zone -> write a name of the IANA database, for example `Europe/Berlin` or `UTC`",
    ],
  },
  {
    what: "an offset as a zone",
    edit: ["Europe/Berlin", '"+02:00"'],
    found: [
      "65:74 condition/zone: `+02:00` is not a time zone -> write a name of the IANA database, for example `Europe/Berlin` or `UTC`",
    ],
  },
  {
    what: "a day that is not one",
    edit: ["days: [monday, friday]", "days: [monday, freitag]"],
    found: [
      "65:31 parse/choice: `freitag` is not a day of the week -> known are `monday`, `tuesday`, `wednesday`, `thursday`, `friday`, `saturday`, `sunday`",
    ],
  },
  {
    what: "a day in upper case",
    edit: ["days: [monday, friday]", "days: [monday, Friday]"],
    found: ["65:31 parse/choice: `Friday` is not a day of the week -> did you mean `friday`?"],
  },
  {
    what: "a day twice",
    edit: ["days: [monday, friday]", "days: [monday, monday]"],
    found: [
      "65:31 warning parse/duplicate-entry: `monday` stands twice in `days` -> remove one of them; see 65:23 (first here)",
    ],
  },
  {
    what: "no day",
    edit: ["days: [monday, friday]", "days: []"],
    found: ["65:22 parse/empty-list: `days` is empty -> add an entry, or remove the key"],
  },
  {
    what: "days as a text",
    edit: ["days: [monday, friday]", "days: monday-friday"],
    found: ["65:22 parse/expected-list: `days` is a text instead of a list -> write a list `[monday-friday]`"],
  },
  {
    what: "a parameter that no route of the grant has",
    edit: ['path: { customer: "claim:sub" }', 'path: { custmer: "claim:sub" }'],
    found: [
      "59:51 condition/path-parameter: no route of grant `items:read` has a parameter `{custmer}` -> did you mean `customer`?; see 51:7 (a route without it)",
    ],
  },
  {
    what: "a parameter that no route of the role has",
    edit: ["      source_ip: [10.0.0.0/8]\n", "      source_ip: [10.0.0.0/8]\n      path: { region: eu }\n"],
    found: [
      "63:15 condition/path-parameter: no route of role `support` has a parameter `{region}` -> known are `customer`; see 52:7 (a route without it)",
    ],
  },
  {
    what: "a parameter that some routes of the role lack",
    file: "teams/more/roles.yaml",
    edit: ["    can: [events:read]\n", "    can: [events:read]\n    when: { path: { region: [eu, us] } }\n"],
    found: [
      "teams/more/roles.yaml:6:21 warning condition/path-parameter-missing: `GET /socket` has no parameter `{region}`, so role `reader` never allows it -> put the condition on the grants of the routes that have the parameter; see teams/events.yaml:10:7 (a route without it)",
    ],
  },
  {
    what: "a parameter of an environment that no route has",
    edit: ["when: { amr: [mfa] }", "when: { path: { client: x } }"],
    found: [
      "36:71 condition/path-parameter: no route of role `support` has a parameter `{client}` -> known are `customer`; see 52:7 (a route without it)",
    ],
  },
  {
    what: "a parameter called like a prototype",
    edit: ['path: { customer: "claim:sub" }', 'path: { __proto__: "claim:sub" }'],
    found: [
      "59:51 condition/path-parameter: no route of grant `items:read` has a parameter `{__proto__}` -> known are `customer`; see 51:7 (a route without it)",
    ],
  },
  {
    what: "a claim without name for a parameter",
    edit: ['path: { customer: "claim:sub" }', 'path: { customer: "claim:" }'],
    found: ["59:61 parse/empty-text: `customer` names no claim -> write for example `claim:sub`"],
  },
  {
    what: "a claim for a parameter without quotes, which YAML takes for a mapping",
    edit: ['path: { customer: "claim:sub" }', "path: { customer: claim: sub }"],
    found: [
      "59:61 parse/syntax: a second key begins inside this value -> put a comma before the key, or the value in quotes",
    ],
  },
  {
    what: "a wildcard for a parameter",
    edit: ['path: { customer: "claim:sub" }', 'path: { customer: "eu-*" }'],
    found: ["59:61 condition/never: `eu-*` is compared whole, as no pattern -> write each value that is meant"],
  },
  {
    what: "no value for a parameter",
    edit: ['path: { customer: "claim:sub" }', "path: { customer: [] }"],
    found: ["59:61 parse/empty-list: `customer` is empty -> add an entry, or remove the key"],
  },
  {
    what: "a path as a list",
    edit: ['path: { customer: "claim:sub" }', "path: [customer]"],
    found: [
      "59:49 parse/expected-mapping: `path` is not a mapping of names to values -> write `{ customer: claim:sub }` or `{ region: [eu, us] }`",
    ],
  },
  {
    what: "a path without parameters",
    edit: ['path: { customer: "claim:sub" }', "path: {}"],
    found: ["59:49 parse/empty-mapping: `path` is empty -> write `{ customer: claim:sub }` or `{ region: [eu, us] }`"],
  },
  {
    what: "a claim as a list",
    edit: ["claim: { email_verified: true, level: [1, 2] }", "claim: [email_verified]"],
    found: [
      "66:14 parse/expected-mapping: `claim` is not a mapping of names to values -> write `{ email_verified: true }` or `{ plan: [gold, silver] }`",
    ],
  },
  {
    what: "no claim",
    edit: ["claim: { email_verified: true, level: [1, 2] }", "claim: {}"],
    found: [
      "66:14 parse/empty-mapping: `claim` is empty -> write `{ email_verified: true }` or `{ plan: [gold, silver] }`",
    ],
  },
  {
    what: "a claim without value",
    edit: ["claim: { email_verified: true, level: [1, 2] }", "claim: { email_verified: }"],
    found: [
      "66:16 parse/expected-text: `email_verified` is empty instead of a value -> write a text, a whole number, `true` or `false`",
    ],
  },
  {
    what: "a claim without name",
    edit: ["claim: { email_verified: true, level: [1, 2] }", 'claim: { "": true }'],
    found: ["66:16 parse/empty-text: a key of `claim` is empty -> write something, or remove the key"],
  },
  {
    what: "a claim whose name nobody sees",
    edit: ["claim: { email_verified: true, level: [1, 2] }", 'claim: { "e\\u200bmail": true }'],
    found: ["66:16 parse/text: a key of `claim` holds the invisible character U+200B -> remove it"],
  },
  {
    what: "a claim over two lines",
    edit: ["claim: { email_verified: true, level: [1, 2] }", 'claim: { "a\\nb": true }'],
    found: ["66:16 parse/text: a key of `claim` goes over several lines -> write one line of plain text"],
  },
  {
    what: "a wildcard as the value of a claim",
    edit: ["level: [1, 2]", 'plan: ["gold*"]'],
    found: ["66:45 condition/never: `gold*` is compared whole, as no pattern -> write each value that is meant"],
  },
  {
    what: "a number with leading zeros as the value of a claim",
    edit: ["level: [1, 2]", "level: 007"],
    found: ["66:45 parse/expected-text: `level` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "`acr` as a text",
    edit: ["acr: [gold]", "acr: gold"],
    found: ["67:12 parse/expected-list: `acr` is a text instead of a list -> write a list `[gold]`"],
  },
  {
    what: "`amr` without values",
    edit: ["      amr: [mfa]", "      amr: []"],
    found: ["68:12 parse/empty-list: `amr` is empty -> add an entry, or remove the key"],
  },
  {
    what: "an age that is too long",
    edit: ["token_age: 10 minutes", "token_age: 31 days"],
    found: ["69:18 parse/range: `token_age` cannot be `31 days` -> write between 1 second and 30 days"],
  },
  {
    what: "an age that is too short",
    edit: ["token_age: 10 minutes", "token_age: 500 ms"],
    found: ["69:18 parse/range: `token_age` cannot be `500 ms` -> write between 1 second and 30 days"],
  },
  {
    what: "an age without unit",
    edit: ["token_age: 10 minutes", "token_age: 600"],
    found: [
      "69:18 parse/duration: `600` is not a duration -> write a whole number and a unit: `600 seconds`, `250 ms`, `30 minutes`",
    ],
  },
  {
    what: "a network that is a host",
    edit: ["source_ip: [10.0.0.0/8]", "source_ip: [10.1.2.3]"],
    found: ["62:19 network/block: `10.1.2.3` is not how the block is written -> write `10.1.2.3/32`"],
  },
  {
    what: "a network twice",
    edit: ["source_ip: [10.0.0.0/8]", "source_ip: [10.0.0.0/8, 10.0.0.0/8]"],
    found: [
      "62:31 warning parse/duplicate-entry: `10.0.0.0/8` stands twice in `source_ip` -> remove one of them; see 62:19 (first here)",
    ],
  },
];
