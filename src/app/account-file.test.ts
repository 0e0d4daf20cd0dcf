import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSpan, readSourceTree } from "../core/index.ts";
import { type AccountFile, readAccountFile } from "./account-file.ts";

function readText(text: string): AccountFile & { readonly said: readonly string[] } {
  const { tree, diagnostics } = readSourceTree("a.yaml", text);
  assert.deepEqual(diagnostics, []);
  assert.ok(tree !== null);
  const read = readAccountFile(tree);
  const sources = new Map([["a.yaml", text]]);
  return {
    ...read,
    said: read.diagnostics.map(
      ({ id, message, hint, span }) => `${formatSpan(span, sources)} ${id}: ${message}; ${hint}`,
    ),
  };
}

const API = `apis:
  - name: pets
    routes:
      - { routeKey: $default, target: integrations/pets }
    integrations:
      - { integrationId: pets, integrationUri: https://pets.example }
`;

test("what is left out is filled in", () => {
  const { account, said } = readText(API);
  assert.deepEqual(said, []);
  assert.deepEqual(account, {
    accountId: "111122223333",
    region: "us-east-1",
    partition: "aws",
    apis: [
      {
        apiId: "2j40pr9dhn",
        name: "pets",
        protocolType: "HTTP",
        routes: [
          {
            routeId: "3j64u6yyiw",
            routeKey: "$default",
            authorizationType: "NONE",
            target: "integrations/pets",
          },
        ],
        integrations: [
          {
            integrationId: "pets",
            integrationType: "HTTP_PROXY",
            integrationMethod: "ANY",
            integrationUri: "https://pets.example",
            connectionType: "INTERNET",
            payloadFormatVersion: "1.0",
            timeoutInMillis: 30_000,
            requestParameters: {},
          },
        ],
        authorizers: [],
        stages: [
          { stageName: "$default", autoDeploy: true, defaultRouteSettings: {}, routeSettings: {}, stageVariables: {} },
        ],
      },
    ],
    domainNames: [],
    oidcProviders: [],
    roles: [],
  });
});

test("what is said is kept: numbers without quotes as texts, a Region's partition, a lone statement in a list", () => {
  const { account, said } = readText(`accountId: 012345678901
region: cn-north-1
${API}roles:
  - roleName: keeper
    assumeRolePolicyDocument: { Version: "2012-10-17", Statement: { Effect: Allow } }
    permissionsBoundary: null
`);
  assert.deepEqual(said, []);
  assert.deepEqual(
    [account?.accountId, account?.partition, account?.roles],
    [
      "012345678901",
      "aws-cn",
      [
        {
          roleName: "keeper",
          arn: "arn:aws-cn:iam::012345678901:role/keeper",
          assumeRolePolicyDocument: { Version: "2012-10-17", Statement: [{ Effect: "Allow" }] },
          permissionsBoundary: null,
          policies: [],
        },
      ],
    ],
  );
});

for (const [what, text, said] of [
  ["a policy", "gatehouse: 1\n", ["a.yaml:1:1 account-file/not-one: the file is a policy; run it with `gatehouse up`"]],
  [
    "a template",
    "Resources: {}\n",
    ["a.yaml:1:1 account-file/not-one: the file is a CloudFormation template; give the OpenAPI document of its API"],
  ],
  [
    "a key that is misspelled, once",
    API.replace("integrationUri", "integrationUrl"),
    [
      "a.yaml:6:32 account-file/unknown-key: `integrationUrl` is not known in entry 1 of `integrations`; did you mean `integrationUri`?",
    ],
  ],
  [
    "a key that stands in another place",
    `throttlingRateLimit: 5\n${API}`,
    [
      "a.yaml:1:1 account-file/unknown-key: `throttlingRateLimit` is not known in the account; known are `accountId`, `region`, `partition`, `apis`, `domainNames`, `oidcProviders`, `roles`, `throttle`",
    ],
  ],
  [
    "a key that is missing",
    API.replace("routeKey: $default, ", ""),
    ["a.yaml:4:9 account-file/missing-key: entry 1 of `routes` lacks `routeKey`; add `routeKey: GET /orders/{id}`"],
  ],
  [
    "no apis",
    "region: us-east-1\n",
    [
      "a.yaml:1:1 account-file/missing-key: the account lacks `apis`; add `apis: [{ name: orders, routes: [...], integrations: [...] }]`",
    ],
  ],
  [
    "values of another kind",
    API.replace("name: pets", "name: [pets]\n    stages: {}\n    disableExecuteApiEndpoint: 1"),
    [
      "a.yaml:2:11 account-file/kind: `name` is not a text; write a text",
      "a.yaml:3:13 account-file/kind: `stages` is not a list; write a list",
      "a.yaml:4:32 account-file/kind: `disableExecuteApiEndpoint` is not `true` or `false`; write `true` or `false`",
    ],
  ],
  [
    "a value that is none of a few",
    API.replace("target:", "authorizationType: CUSTOM, target:"),
    ["a.yaml:4:50 account-file/choice: `authorizationType` cannot be `CUSTOM`; write `NONE` or `AWS_IAM` or `JWT`"],
  ],
  [
    "a list instead of an account",
    "- a\n",
    ["a.yaml:1:1 account-file/kind: the account is not a mapping; write a mapping"],
  ],
] as const)
  test(`tells of ${what} at its place`, () => {
    const read = readText(text);
    assert.deepEqual(read.said, said);
    assert.equal(read.account, null);
  });
