import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, test } from "node:test";
import { positionOf } from "../core/index.ts";
import { parsePeople } from "./people.ts";

function findingsOf(text: string): string[] {
  return parsePeople("people.yaml", text).diagnostics.map(({ id, message, span }) => {
    const { line, column } = positionOf(text, span.start);
    return `${line}:${column} ${id} ${message}`;
  });
}

test("people and clients with all that may be said of them", () => {
  const { people, diagnostics } = parsePeople(
    "people.yaml",
    `people:
  ada: { password: "1", name: Ada Lovelace, email: ada@shop.example, groups: [support, staff] }
  bob:
    password: bob
clients:
  billing: { secret: s, groups: [machines] }
  reports: { secret: s }
`,
  );
  assert.deepEqual(diagnostics, []);
  const [ada, bob] = people?.people ?? [];
  assert.deepEqual(
    [ada?.name, ada?.password.reveal(), ada?.displayName, ada?.email, ada?.groups],
    ["ada", "1", "Ada Lovelace", "ada@shop.example", ["support", "staff"]],
  );
  assert.deepEqual([bob?.name, bob?.displayName, bob?.email, bob?.groups], ["bob", null, null, []]);
  assert.deepEqual(
    people?.clients.map(({ name, secret, groups }) => [name, secret.reveal(), groups]),
    [
      ["billing", "s", ["machines"]],
      ["reports", "s", []],
    ],
  );
});

test("claims are kept as tokens will say them", () => {
  const { people, diagnostics } = parsePeople(
    "people.yaml",
    `people:
  ada:
    password: x
    claims:
      amr: [pwd, mfa]
      acr: gold
      level: 3
      ratio: -0.5
      email_verified: true
      mixed: [a, 1, false]
      none: []
      empty: ""
      quoted: "0123"
      since: 2026-01-01
      https://shop.example/tier: gold
      address.country: DE
      email: other@shop.example
clients:
  billing: { secret: s, claims: { tenant: [t1, t2] } }
  reports: { secret: s, claims: {} }
`,
  );
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(people?.people[0]?.claims, {
    amr: ["pwd", "mfa"],
    acr: "gold",
    level: 3,
    ratio: -0.5,
    email_verified: true,
    mixed: ["a", 1, false],
    none: [],
    empty: "",
    quoted: "0123",
    since: "2026-01-01",
    "https://shop.example/tier": "gold",
    "address.country": "DE",
    email: "other@shop.example",
  });
  assert.deepEqual(
    people?.clients.map(({ claims }) => claims),
    [{ tenant: ["t1", "t2"] }, {}],
  );
});

describe("claims that speak in another's place", () => {
  const RESERVED = "iss sub aud exp iat nbf jti client_id azp scope authorization_details sid nonce cnf".split(" ");
  for (const name of RESERVED) {
    test(`\`${name}\` is the provider's`, () => {
      assert.deepEqual(findingsOf(`clients: { c: { secret: s, claims: { ${name}: x } } }`), [
        `1:38 people/reserved-claim the provider itself says \`${name}\` in its tokens`,
      ]);
    });
  }

  const names = { groups: "realm_access.roles", name: "https://shop.example/v1.0/name" };
  const mapped: readonly [claim: string, what: string | null][] = [
    ["realm_access.roles", "groups"],
    ["realm_access", "groups"],
    ["https://shop.example/v1.0/name", "the name"],
    ["https://shop.example/v1", null],
    ["realm_access.other", null],
    ["roles", null],
    ["groups", null],
    ["name", null],
  ];
  for (const [claim, what] of mapped) {
    test(`\`${claim}\` ${what === null ? "is free" : `is where the policy looks for ${what}`}`, () => {
      const text = `clients: { c: { secret: s, claims: { "${claim}": x } } }`;
      assert.deepEqual(
        parsePeople("people.yaml", text, names).diagnostics.map(({ id, message }) => `${id} ${message}`),
        what === null ? [] : [`people/reserved-claim \`${claim}\` is where the policy looks for ${what}`],
      );
    });
  }

  test("without another word the policy looks at `groups` and `name`", () => {
    assert.deepEqual(findingsOf("clients: { c: { secret: s, claims: { groups: x, name: y } } }"), [
      "1:38 people/reserved-claim `groups` is where the policy looks for groups",
      "1:49 people/reserved-claim `name` is where the policy looks for the name",
    ]);
  });
});

test("passwords and secrets do not print", () => {
  const { people } = parsePeople("p", "people: { ada: { password: hush-1 } }\nclients: { c: { secret: hush-2 } }");
  assert.doesNotMatch(inspect(people, { depth: null }) + JSON.stringify(people), /hush/);
});

test("one section alone is enough", () => {
  assert.equal(parsePeople("p", "clients: { c: { secret: s } }").people?.clients.length, 1);
});

describe("what is wrong is said with its place, all at once", () => {
  const cases: readonly [text: string, findings: readonly string[]][] = [
    ["", ["1:1 people/wrong-type the file must be a map of names to values"]],
    ["{}", ["1:1 people/empty nobody is in the file"]],
    ["people: {}\n", ["1:1 people/empty nobody is in the file"]],
    ["[ada]", ["1:1 people/wrong-type the file must be a map of names to values"]],
    ["people: [ada]", ["1:9 people/wrong-type this section must be a map of names to values"]],
    [
      "people: { ada: secret }",
      [
        "1:16 people/wrong-type `ada` must be a map of names to values",
        "1:11 people/missing-key `password` is missing",
      ],
    ],
    ["people: { ada: { name: Ada } }", ["1:11 people/missing-key `password` is missing"]],
    ["people: { ada: { password: 1 } }", ["1:28 people/wrong-type `password` must be text"]],
    ['people: { ada: { password: "" } }', ["1:28 people/wrong-type `password` must be text"]],
    ["people: { ada: { password: x, groups: support } }", ["1:39 people/wrong-type `groups` must be a list"]],
    [
      "people: { ada: { password: x, groups: [1, [a]] } }",
      [
        "1:40 people/wrong-type `an item of groups` must be text",
        "1:43 people/wrong-type `an item of groups` must be text",
      ],
    ],
    [
      "people: { ada: { pasword: x } }",
      ["1:18 people/unknown-key unknown key `pasword` in `ada`", "1:11 people/missing-key `password` is missing"],
    ],
    [
      "clients: { c: { secret: s, claims: [a] } }",
      ["1:36 people/wrong-type `claims` must be a map of names to values"],
    ],
    ["clients: { c: { secret: s, claims: } }", ["1:36 people/wrong-type `claims` must be a map of names to values"]],
    ["clients: { c: { secret: s, claims: { 7: x } } }", ["1:38 people/wrong-type a key must be text"]],
    [
      "clients: { c: { secret: s, claims: { a: { b: c }, d: , e: [x, [y], null] } } }",
      [
        "1:41 people/claim-value a claim must be text, a number, a truth value, or a list of these",
        "1:54 people/claim-value a claim must be text, a number, a truth value, or a list of these",
        "1:63 people/claim-value a claim must be text, a number, a truth value, or a list of these",
        "1:68 people/claim-value a claim must be text, a number, a truth value, or a list of these",
      ],
    ],
    [
      "clients: { c: { secret: s, claims: { a: 0123, b: 1.0, c: 0x1F, d: 1e3, e: +5, f: -0 } } }",
      [
        "1:41 people/claim-value a token would say `123` for `0123`",
        "1:50 people/claim-value a token would say `1` for `1.0`",
        "1:58 people/claim-value a token would say `31` for `0x1F`",
        "1:67 people/claim-value a token would say `1000` for `1e3`",
        "1:75 people/claim-value a token would say `5` for `+5`",
        "1:82 people/claim-value a token would say `0` for `-0`",
      ],
    ],
    [
      "clients: { c: { secret: s, claims: { a: .inf, b: .nan, c: 9007199254740993, d: [9007199254740992] } } }",
      [
        "1:41 people/claim-value `.inf` is not a number that a token can carry exactly",
        "1:50 people/claim-value `.nan` is not a number that a token can carry exactly",
        "1:59 people/claim-value `9007199254740993` is not a number that a token can carry exactly",
        "1:81 people/claim-value `9007199254740992` is not a number that a token can carry exactly",
      ],
    ],
    [
      "people: { a: { password: &p x, claims: { b: *p, c: [*p] } } }",
      ["1:45 people/alias aliases are not read here", "1:53 people/alias aliases are not read here"],
    ],
    ["clients: { c: { secret: s, claims: { a: x, a: y } } }", ["1:44 people/yaml Map keys must be unique"]],
    ["persons: {}", ["1:1 people/unknown-key unknown key `persons` in the file"]],
    ["people: { 'a b': { password: x } }", ["1:11 people/name `a b` is not a name"]],
    ["people: { 7: { password: x } }", ["1:11 people/wrong-type a key must be text"]],
    [
      "clients: { gatehouse-cli: { secret: x } }",
      ["1:12 people/reserved-name `gatehouse-cli` is the command line's own client"],
    ],
    [
      "people: { x: { password: x } }\nclients: { x: { secret: y } }",
      ["2:12 people/duplicate-name `x` is a person and a client"],
    ],
    ["people: { a: { password: x }, a: { password: y } }", ["1:31 people/yaml Map keys must be unique"]],
    ["people: &p { a: { password: x } }\nclients: *p", ["2:10 people/alias aliases are not read here"]],
    ["people: {", ["1:10 people/yaml Flow map in block collection must be sufficiently indented and end with a }"]],
  ];
  for (const [text, findings] of cases) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(findingsOf(text), findings);
      assert.equal(parsePeople("people.yaml", text).people, null);
    });
  }

  test("each finding says what to write instead", () => {
    for (const [text] of cases) {
      for (const { id, hint } of parsePeople("p", text).diagnostics) if (id !== "people/yaml") assert.ok(hint, id);
    }
  });
});
