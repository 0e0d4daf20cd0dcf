import assert from "node:assert/strict";
import { test } from "node:test";
import { parseValue } from "../../model/index.ts";
import { evaluateValue } from "./map-value.ts";
import { type Message, messageOf } from "./testing/message.ts";

function valueOf(text: string, message: Message): string | null {
  const value = parseValue(text, "request");
  assert.ok(value.ok, text);
  return evaluateValue(value.value, messageOf(message));
}

test("repeated headers and query parameters are joined with a comma; names of headers have no case", () => {
  const message = { headers: ["X-A", "1", "x-a", "2"], query: "?a=1&A=3&a=%202" };
  assert.equal(valueOf("$request.header.x-A", message), "1,2");
  assert.equal(valueOf("$request.querystring.a", message), "1, 2");
  assert.equal(valueOf("$request.querystring.b", message), null);
});

test("between other text what is not there is empty", () => {
  const message = { context: { requestId: "r1" }, stage: { tier: "gold" }, parameters: { id: "a%20b" } };
  assert.equal(valueOf("${context.requestId}/${stageVariables.tier}/${request.path.id}", message), "r1/gold/a b");
  assert.equal(valueOf("<${request.header.x}>", message), "<>");
  assert.equal(valueOf("${request.header.x}", message), null);
});

const BODY = JSON.stringify({
  name: "Ada",
  age: 36,
  isAdmin: false,
  nothing: null,
  pets: [{ name: "Rex", "a b": 1 }, { name: "Ida" }],
  empty: "",
});

const PATHS: readonly (readonly [path: string, found: string | null])[] = [
  ["", BODY],
  [".name", "Ada"],
  [".age", "36"],
  [".isAdmin", "false"],
  [".nothing", null],
  [".empty", ""],
  [".missing", null],
  [".name.length", null],
  [".pets.length", null],
  [".pets[0].name", "Rex"],
  [".pets[-1].name", "Ida"],
  [".pets[2]", null],
  ["['pets'][0]['a b']", "1"],
  [".pets[1]", '{"name":"Ida"}'],
  [".pets[*].name", '["Rex","Ida"]'],
  [".__proto__", null],
  [".constructor.name", null],
];

for (const [path, found] of PATHS)
  test(`\`$request.body${path}\` finds ${found === null ? "nothing" : "its value"}`, () => {
    assert.equal(valueOf(`$request.body${path}`, { body: BODY }), found);
  });

test("a path into a body finds nothing where the body is no JSON, or is cut at 100 KB", () => {
  assert.equal(valueOf("$request.body.a", { body: "{" }), null);
  assert.equal(valueOf("$request.body.a", {}), null);
  const sized = (bytes: number): string => JSON.stringify({ a: "x".repeat(bytes - 8) });
  assert.equal(valueOf("$request.body.a", { body: sized(102_400) })?.length, 102_392);
  assert.equal(valueOf("$request.body.a", { body: sized(102_401) }), null);
  assert.equal(valueOf("$request.body", { body: sized(102_401) })?.length, 102_401);
});
