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
