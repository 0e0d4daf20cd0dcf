import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { closedOrigin, startService } from "../gateway/service.ts";
import { API_HOST, API_ID, type Fixture, startApi } from "./fixture.ts";

interface Logged {
  readonly api: Fixture;
  readonly lines: string[];
}

const DESTINATION = "arn:aws:logs:eu-central-1:111122223333:log-group:pets";

async function start(t: TestContext, variables: readonly string[], isThereBackend = true): Promise<Logged> {
  const uri = isThereBackend ? (await startService(t)).origin : await closedOrigin();
  const lines: string[] = [];
  const format = ["requestId", ...variables].map((name) => `$\{context.${name}}`).join("|");
  const api = await startApi(
    t,
    {
      routes: [
        { key: "POST /pets/{id}", uri },
        { key: "GET /signed", uri, auth: "AWS_IAM" },
      ],
      stages: [
        { stageName: "$default" },
        { stageName: "dev", accessLogSettings: { destinationArn: DESTINATION, format } },
      ],
    },
    { accessLog: (line, { apiId, stage }) => lines.push(`${apiId} ${stage} ${line}`) },
  );
  return { api, lines };
}

test("a call to a stage with an access log makes one line, and a call to another stage none", async (t) => {
  const names = [
    "httpMethod",
    "path",
    "routeKey",
    "stage",
    "status",
    "protocol",
    "domainName",
    "domainPrefix",
    "requestTime",
    "requestTimeEpoch",
    "responseLength",
    "dataProcessed",
    "identity.sourceIp",
    "identity.userAgent",
    "integration.status",
    "error.message",
    "authorizer.claims.sub",
    "customDomain.basePathMatched",
    "apiId",
    "accountId",
  ];
  const { api, lines } = await start(t, names);
  const answer = await api.ask("POST /dev/pets/a%20b?secret=1", { headers: ["User-Agent: t/1"], body: "hello" });
  await api.ask("POST /pets/1");
  await api.record(1);
  assert.deepEqual(lines, [
    [
      `${API_ID} dev ${headerOf(answer, "apigw-requestid")}`,
      "POST",
      "/dev/pets/a%20b",
      "POST /pets/{id}",
      "dev",
      "200",
      "HTTP/1.1",
      API_HOST,
      API_ID,
      "24/Nov/2026:12:00:00 +0000",
      "1795521600000",
      "2",
      "7",
      "127.0.0.1",
      "t/1",
      "200",
      "-",
      "-",
      "-",
      API_ID,
      "111122223333",
    ].join("|"),
  ]);
});

test("what the gateway answers itself is logged with its reason, also where no route took the call", async (t) => {
  const names = [
    "routeKey",
    "status",
    "error.messageString",
    "error.responseType",
    "authorizer.error",
    "integration.status",
  ];
  const { api, lines } = await start(t, names);
  await api.ask("GET /dev/nothing");
  await api.ask("GET /dev/signed");
  await api.record(1);
  assert.deepEqual(
    lines.map((line) => line.slice(line.indexOf("|") + 1)),
    [
      '-|404|"Not Found"|RESOURCE_NOT_FOUND|-|-',
      'GET /signed|403|"Forbidden"|ACCESS_DENIED|Request is missing Authentication Token|-',
    ],
  );
});

test("a backend that is not there is logged as a failure of the network", async (t) => {
  const names = ["status", "error.responseType", "integrationStatus", "integrationErrorMessage"];
  const { api, lines } = await start(t, names, false);
  await api.ask("POST /dev/pets/1");
  await api.record(0);
  const [, status, type, integration, message = ""] = lines[0]?.split("|") ?? [];
  assert.deepEqual([status, type, integration], ["503", "INTEGRATION_NETWORK_FAILURE", "-"]);
  assert.match(message, /ECONNREFUSED/);
});

test("no byte of a client begins another line", async (t) => {
  const { api, lines } = await start(t, ["path", "identity.userAgent", "status"]);
  await api.ask("POST /dev/pets/0", { headers: ['User-Agent: a\tb\u0085c|"$context.status'] });
  await api.ask("POST /dev/pets/1%E2%80%A8", { headers: ['User-Agent: "$context.status'] });
  await api.record(1);
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Zp}]/u);
  assert.deepEqual(
    lines.map((line) => line.slice(line.indexOf("|") + 1)),
    ['/dev/pets/0|a b c|"$context.status|200', '/dev/pets/1%E2%80%A8|"$context.status|200'],
  );
});

test("a sink that throws costs a line and no call", async (t) => {
  const service = await startService(t);
  const api = await startApi(
    t,
    {
      routes: [{ key: "GET /pets", uri: service.origin }],
      stages: [
        { stageName: "$default", accessLogSettings: { destinationArn: DESTINATION, format: "$context.requestId" } },
      ],
    },
    {
      accessLog: () => {
        throw new Error("full");
      },
    },
  );
  assert.equal((await api.ask("GET /pets")).status, 200);
  assert.equal((await api.record(0)).status, 200);
});
