import assert from "node:assert/strict";
import { test } from "node:test";
import { type MappingSide, parseValue } from "./parameter-mapping-value.ts";

function partsOf(text: string, side: MappingSide = "request"): unknown {
  const parsed = parseValue(text, side);
  return parsed.ok ? parsed.value : parsed.error.message;
}

test("text is text, quotes and dollars in it too", () => {
  for (const text of ["a", "'a'", "$5", "a $ b", "$", "$requests", "{x}", "$$"])
    assert.deepEqual(partsOf(text), [text]);
});

test("each selection stands alone or in braces", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["request.header.X-User", { kind: "header", name: "x-user" }],
    ["request.querystring.Page", { kind: "querystring", name: "Page" }],
    ["request.body", { kind: "body", path: null }],
    [
      "request.body.pets[0]['the name'].*",
      { kind: "body", path: [{ name: "pets" }, { index: 0 }, { name: "the name" }, "*"] },
    ],
    ["request.path", { kind: "path" }],
    ["request.path.id", { kind: "path-parameter", name: "id" }],
    ["context.requestId", { kind: "context", name: "requestId" }],
    ["context.authorizer.claims.sub", { kind: "context", name: "authorizer.claims.sub" }],
    ["stageVariables.tier", { kind: "stage-variable", name: "tier" }],
  ];
  for (const [text, selection] of cases) {
    assert.deepEqual(partsOf(`$${text}`), [selection], text);
    assert.deepEqual(partsOf(`\${${text}}`), [selection], text);
    assert.deepEqual(partsOf(`a-\${${text}} \${${text}}`), ["a-", selection, " ", selection], text);
  }
});

test("an answer is selected from in mappings of responses, a request in those of requests", () => {
  assert.deepEqual(partsOf("$response.header.Server", "response"), [{ kind: "header", name: "server" }]);
  assert.deepEqual(partsOf("$response.body.a", "response"), [{ kind: "body", path: [{ name: "a" }] }]);
  for (const text of ["$request.header.x", "$response.querystring.x", "$response.path"])
    assert.equal(partsOf(text, "response"), `\`${text}\` selects nothing of a response`);
  assert.equal(partsOf("$response.header.x"), "`$response.header.x` selects nothing of a request");
});

test("what selects nothing is refused", () => {
  for (const text of [
    "$request",
    "$request.header",
    "$request.header.a b",
    "$request.cookies.a",
    "$stageVariables.a-b",
  ])
    assert.equal(partsOf(text), `\`${text}\` selects nothing of a request`);
  assert.equal(partsOf("a ${foo}"), "`$foo` selects nothing of a request");
  assert.equal(partsOf("a ${context.requestId"), "a `${` has no end");
  assert.equal(partsOf("a $context.requestId"), "a selection between other text has no braces");
});

test("a path into the body does not search", () => {
  assert.equal(partsOf("$request.body..name"), "a path into the body searches");
  assert.equal(partsOf("$request.body.pets[?(@.a)]"), "a path into the body searches");
  for (const path of ["[0:2]", "[0,1]", "[", ".", "['a", ".a b"])
    assert.equal(partsOf(`$request.body${path}`), `\`${path}\` is not a path into the body`);
});

test("a claim whose name has other characters cannot be named", () => {
  assert.equal(
    partsOf("$context.authorizer.claims.cognito:groups"),
    "`$context.authorizer.claims.cognito:groups` has other characters than letters, digits, `.` and `_`",
  );
  assert.equal(
    partsOf("$context.authorizer.claims.https://idp.example/role"),
    "`$context.authorizer.claims.https://idp.example/role` has other characters than letters, digits, `.` and `_`",
  );
  assert.equal(partsOf("$context.requestID"), "there is no variable `$context.requestID`");
});

test("a value has 1 to 512 characters in one line", () => {
  assert.equal(partsOf(""), "it has 0 characters");
  assert.deepEqual(partsOf("a".repeat(512)), ["a".repeat(512)]);
  assert.equal(partsOf("a\r\nx: y"), "it has a control character");
});
