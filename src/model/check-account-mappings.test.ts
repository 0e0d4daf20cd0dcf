import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "./account.ts";
import { checkAccount } from "./check-account.ts";
import type { Integration } from "./http-api.ts";
import { WHOLE_ACCOUNT } from "./testing/whole-account.ts";

function withMappings(change: Partial<Integration>): Account {
  const [api] = WHOLE_ACCOUNT.apis;
  if (api === undefined) throw new Error("no API");
  const integrations = api.integrations.map((each, at) => (at === 0 ? { ...each, ...change } : each));
  return { ...WHOLE_ACCOUNT, apis: [{ ...api, integrations }] };
}

function withFormat(format: string): Account {
  const [api] = WHOLE_ACCOUNT.apis;
  if (api === undefined) throw new Error("no API");
  const destinationArn = "arn:aws:logs:eu-central-1:111122223333:log-group:pets";
  const stages = api.stages.map((each, at) =>
    at === 0 ? { ...each, accessLogSettings: { destinationArn, format } } : each,
  );
  return { ...WHOLE_ACCOUNT, apis: [{ ...api, stages }] };
}

const AT = "/apis/0/integrations/0";

const CASES: readonly (readonly [what: string, account: Account, found: readonly string[]])[] = [
  [
    "a reserved header in a request",
    withMappings({ requestParameters: { "remove:header.X-Forwarded-For": "''" } }),
    [
      `integration/mapping ${AT}/requestParameters/remove:header.X-Forwarded-For: the header \`X-Forwarded-For\` is reserved`,
    ],
  ],
  [
    "a reserved header in a response",
    withMappings({ responseParameters: { "200": { "append:header.Via": "a" } } }),
    [`integration/mapping ${AT}/responseParameters/200/append:header.Via: the header \`Via\` is reserved`],
  ],
  [
    "what a response does not have",
    withMappings({ responseParameters: { "404": { "overwrite:path": "/pets" } } }),
    [
      `integration/response-destination ${AT}/responseParameters/404/overwrite:path: \`overwrite:path\` changes nothing of a response`,
    ],
  ],
  [
    "a variable that a request does not know yet",
    withMappings({ requestParameters: { "append:header.x-status": "$context.status" } }),
    [
      `integration/mapping-variable ${AT}/requestParameters: \`$context.status\` has no value before the backend has answered`,
    ],
  ],
  [
    "a variable that a response knows",
    withMappings({ responseParameters: { "200": { "append:header.x": "$context.status" } } }),
    [],
  ],
  [
    "a format without id that names variables of REST APIs",
    withFormat("$context.resourceId $context.sourceIP"),
    [
      "stage/log-format /apis/0/stages/0/accessLogSettings/format: the format has no request id",
      "stage/log-variable /apis/0/stages/0/accessLogSettings/format: there is no variable `$context.resourceId`",
      "stage/log-variable /apis/0/stages/0/accessLogSettings/format: there is no variable `$context.sourceIP`",
    ],
  ],
];

for (const [what, account, found] of CASES)
  test(`finds ${what}`, () => {
    assert.deepEqual(
      checkAccount(account).map(({ code, at, message }) => `${code} ${at}: ${message}`),
      found,
    );
  });

test("says in AWS's words which destination and which variable it does not know", () => {
  const said = (account: Account): readonly (string | null)[] => checkAccount(account).map(({ aws }) => aws);
  assert.deepEqual(said(withMappings({ responseParameters: { "200": { "append:overwrite.static": "a" } } })), [
    "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid Response Actioned Parameter destination specified: append:overwrite.static]",
  ]);
  assert.deepEqual(said(withFormat("$context.requestId $context.resourceId")), [
    "The following context variables are not supported: [$context.resourceId]",
  ]);
  assert.deepEqual(said(withFormat("$context.stage")), [
    "The following errors are found in Access Log Format: Access Log format must include either $context.requestId or $context.extendedRequestId : '$context.stage'",
  ]);
  assert.deepEqual(said(withFormat(`$context.requestId ${"a".repeat(1006)}`)), [null]);
});
