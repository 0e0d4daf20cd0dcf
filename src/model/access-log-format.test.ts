import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAccessLogFormat } from "./access-log-format.ts";

function problemsOf(format: string): readonly string[] {
  const parsed = parseAccessLogFormat(format);
  return parsed.ok ? [] : parsed.error.map(({ message, hint }) => `${message}; ${hint}`);
}

test("texts and variables come in turn", () => {
  assert.deepEqual(parseAccessLogFormat('{"id":"$context.requestId", "sub": "${context.authorizer.claims.sub}."}'), {
    ok: true,
    value: ['{"id":"', "requestId", '", "sub": "', "authorizer.claims.sub", '."}'],
  });
});

test("either of both ids of a request is enough", () => {
  assert.deepEqual(problemsOf("$context.extendedRequestId"), []);
  assert.deepEqual(problemsOf("$context.requestId"), []);
  assert.deepEqual(problemsOf("$context.requestIdentity"), [
    "the format has no request id; add `$context.requestId`",
    "there is no variable `$context.requestIdentity`; remove it",
  ]);
});

test("a format has 1 to 1024 characters in one line", () => {
  assert.deepEqual(problemsOf(`$context.requestId ${"a".repeat(1005)}`), []);
  assert.deepEqual(problemsOf(`$context.requestId ${"a".repeat(1006)}`), [
    "the format has 1025 characters; write 1 to 1024",
  ]);
  assert.deepEqual(problemsOf("$context.requestId\n$context.status"), ["the format has several lines; write one line"]);
  assert.deepEqual(problemsOf(""), [
    "the format has 0 characters; write 1 to 1024",
    "the format has no request id; add `$context.requestId`",
  ]);
});

test("what stands right behind a name belongs to it, as on AWS", () => {
  for (const behind of ["|", ".", "-", "|$context.status"])
    assert.deepEqual(problemsOf(`\${context.requestId} $context.stage${behind}`), [
      `there is no variable \`$context.stage${behind.slice(0, 1)}\`; write \`\${context.stage}\``,
    ]);
  assert.deepEqual(problemsOf("${context.requestId}|${context.stage}. ($context.status), $context.resourcePath"), []);
});

test("a slip in the name of a variable is shown", () => {
  assert.deepEqual(problemsOf("$context.requestId $context.integrationLatancy $context.resourceId"), [
    "there is no variable `$context.integrationLatancy`; did you mean `$context.integrationLatency`?",
    "there is no variable `$context.resourceId`; HTTP APIs have `$context.routeKey`",
  ]);
});

test("what an authorizer may have is a variable, also `authorizer.claims` alone, which has no value on AWS", () => {
  const names = ["authorizer.claims", "authorizer.claims.cognito", "authorizer.jwt.claims.sub", "authorizer.key"];
  for (const name of names) assert.deepEqual(problemsOf(`$context.requestId $context.${name}`), []);
  assert.deepEqual(problemsOf("$context.requestId $context.authorizer"), [
    "there is no variable `$context.authorizer`; remove it",
  ]);
});

test("a dollar without `context` is text", () => {
  assert.deepEqual(parseAccessLogFormat("$5 $request.path $context.requestId"), {
    ok: true,
    value: ["$5 $request.path ", "requestId", ""],
  });
});
