import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTEXT_VARIABLES, parseAccessLogFormat } from "../../model/index.ts";
import { compileAccessLogFormat } from "./access-log.ts";
import { type CallFacts, commonLogTime } from "./context-variables.ts";

const FACTS: CallFacts = {
  accountId: "111122223333",
  apiId: "a1b2c3d4e5",
  stage: "dev",
  routeKey: "GET /pets",
  requestId: "JKJaXmPLvHcESHA=",
  domainName: "api.shop.example",
  domainPrefix: "api",
  basePathMatched: "v1",
  method: "GET",
  path: "/dev/pets",
  protocol: "HTTP/1.1",
  sourceIp: "192.0.2.7",
  userAgent: "curl/8.5.0",
  atMs: Date.UTC(2026, 10, 4, 9, 5, 7, 250),
  principal: null,
  claims: null,
  authorizerError: null,
  errorMessage: null,
  errorType: null,
  integrationStatus: 201,
  integrationMs: 12.6,
  integrationError: null,
  answerHeader: () => null,
  status: 200,
  durationMs: 15.2,
  bytesIn: 10,
  bytesOut: 32,
};

function line(format: string, facts: Partial<CallFacts> = {}): string {
  const parsed = parseAccessLogFormat(format);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return compileAccessLogFormat(parsed.value)({ ...FACTS, ...facts });
}

/** What the console offers for HTTP APIs. */
const FORMATS: readonly (readonly [name: string, format: string, expected: string])[] = [
  [
    "CLF",
    '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" $context.status $context.responseLength $context.requestId',
    '192.0.2.7 - - [04/Nov/2026:09:05:07 +0000] "GET GET /pets HTTP/1.1" 200 32 JKJaXmPLvHcESHA=',
  ],
  [
    "JSON",
    '{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "requestTime":"$context.requestTime", "httpMethod":"$context.httpMethod","routeKey":"$context.routeKey", "status":"$context.status","protocol":"$context.protocol", "responseLength":"$context.responseLength" }',
    '{ "requestId":"JKJaXmPLvHcESHA=", "ip": "192.0.2.7", "requestTime":"04/Nov/2026:09:05:07 +0000", "httpMethod":"GET","routeKey":"GET /pets", "status":"200","protocol":"HTTP/1.1", "responseLength":"32" }',
  ],
  [
    "XML",
    '<request id="$context.requestId"> <ip>$context.identity.sourceIp</ip> <requestTime>$context.requestTime</requestTime> <httpMethod>$context.httpMethod</httpMethod> <routeKey>$context.routeKey</routeKey> <status>$context.status</status> <protocol>$context.protocol</protocol> <responseLength>$context.responseLength</responseLength> </request>',
    '<request id="JKJaXmPLvHcESHA="> <ip>192.0.2.7</ip> <requestTime>04/Nov/2026:09:05:07 +0000</requestTime> <httpMethod>GET</httpMethod> <routeKey>GET /pets</routeKey> <status>200</status> <protocol>HTTP/1.1</protocol> <responseLength>32</responseLength> </request>',
  ],
  [
    "CSV",
    "$context.identity.sourceIp,$context.requestTime,$context.httpMethod,$context.routeKey,$context.protocol,$context.status,$context.responseLength,$context.requestId",
    "192.0.2.7,04/Nov/2026:09:05:07 +0000,GET,GET /pets,HTTP/1.1,200,32,JKJaXmPLvHcESHA=",
  ],
];

for (const [name, format, expected] of FORMATS)
  test(`AWS's example in ${name} is filled in`, () => {
    assert.equal(line(format), expected);
  });

test("each variable that this gateway knows has its value, and each other a dash", () => {
  const facts: Partial<CallFacts> = {
    principal: {
      accountId: "111122223333",
      arn: "arn:aws:sts::111122223333:assumed-role/reader/ada",
      userId: "AROAEXAMPLE:ada",
      accessKeyId: "key",
      roleName: "reader",
      roleArn: "arn:aws:iam::111122223333:role/reader",
      sessionName: "ada",
      sessionPolicies: [],
      tags: {},
      token: { issuer: "i", subject: "s", audience: "a" },
      facts: null,
      expiresAtMs: 0,
    },
    claims: new Map([
      ["sub", "ada"],
      ["a.b", "c"],
    ]),
    authorizerError: "why not",
    errorMessage: "Not Found",
    errorType: "RESOURCE_NOT_FOUND",
    integrationError: "reset",
    answerHeader: (name) => `<${name}>`,
  };
  const names = Object.keys(CONTEXT_VARIABLES).filter((name) => !name.endsWith("*"));
  const values: Record<string, string> = {};
  for (const name of [...names, "authorizer.claims.sub", "authorizer.claims.a.b", "authorizer.jwt.claims.sub"]) {
    const value = line(`$context.requestId \${context.${name}}`, facts).slice(FACTS.requestId.length + 1);
    if (value !== "-") values[name] = value;
  }
  assert.deepEqual(values, {
    accountId: "111122223333",
    apiId: "a1b2c3d4e5",
    "authorizer.claims.sub": "ada",
    "authorizer.claims.a.b": "c",
    "authorizer.jwt.claims.sub": "ada",
    "authorizer.error": "why not",
    awsEndpointRequestId: "<x-amz-request-id>",
    awsEndpointRequestId2: "<x-amz-id-2>",
    "customDomain.basePathMatched": "v1",
    dataProcessed: "42",
    domainName: "api.shop.example",
    domainPrefix: "api",
    "error.message": "Not Found",
    "error.messageString": '"Not Found"',
    "error.responseType": "RESOURCE_NOT_FOUND",
    extendedRequestId: "JKJaXmPLvHcESHA=",
    httpMethod: "GET",
    "identity.accountId": "111122223333",
    "identity.caller": "AROAEXAMPLE:ada",
    "identity.sourceIp": "192.0.2.7",
    "identity.user": "AROAEXAMPLE:ada",
    "identity.userAgent": "curl/8.5.0",
    "identity.userArn": "arn:aws:sts::111122223333:assumed-role/reader/ada",
    "integration.error": "reset",
    "integration.integrationStatus": "201",
    "integration.latency": "13",
    "integration.requestId": "<x-amz-request-id>",
    "integration.status": "201",
    integrationErrorMessage: "reset",
    integrationLatency: "13",
    integrationStatus: "201",
    path: "/dev/pets",
    protocol: "HTTP/1.1",
    requestId: "JKJaXmPLvHcESHA=",
    requestTime: "04/Nov/2026:09:05:07 +0000",
    requestTimeEpoch: "1793783107250",
    responseLatency: "15",
    responseLength: "32",
    routeKey: "GET /pets",
    stage: "dev",
    status: "200",
  });
});

test("the names of variables are exactly those of the guide", () => {
  const known = Object.entries(CONTEXT_VARIABLES).filter(
    ([name, { since }]) => since !== "never" && !name.includes("*"),
  );
  const filled: Partial<CallFacts> = {
    principal: null,
    authorizerError: "e",
    errorMessage: "e",
    errorType: "e",
    integrationError: "e",
    answerHeader: () => "e",
  };
  const empty = known
    .map(([name]) => name)
    .filter((name) => line(`$context.requestId \${context.${name}}`, filled).endsWith(" -"));
  // No request was signed here.
  assert.deepEqual(empty, ["identity.accountId", "identity.caller", "identity.user", "identity.userArn"]);
});

test("a variable without value is a dash, an empty one too", () => {
  assert.equal(
    line(
      "$context.requestId $context.authorizer.claims.sub $context.error.message $context.identity.userAgent $context.routeKey",
      {
        userAgent: "",
        routeKey: null,
      },
    ),
    "JKJaXmPLvHcESHA= - - - -",
  );
});

test("values are text: nothing of a client begins another line, and a dollar in one is a dollar", () => {
  const userAgent = 'a"b\r\nc\u0000\u001b[2J\u0085\u2028\u2029$context.status$&';
  assert.equal(
    line("${context.requestId}|${context.identity.userAgent}|", { userAgent }),
    'JKJaXmPLvHcESHA=|a"b  c  [2J   $context.status$&|',
  );
});

test("a value is cut where it would make a log of its own", () => {
  assert.equal(
    line("$context.requestId$context.identity.userAgent", { userAgent: "a".repeat(10_000) }).length,
    16 + 4096,
  );
});

test("the time of the common log format has two digits for the day and a name for the month", () => {
  assert.equal(commonLogTime(Date.UTC(2024, 1, 29, 23, 59, 59, 999)), "29/Feb/2024:23:59:59 +0000");
  assert.equal(commonLogTime(0), "01/Jan/1970:00:00:00 +0000");
});
