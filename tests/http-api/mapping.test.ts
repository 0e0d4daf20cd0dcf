import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Integration } from "../../src/model/index.ts";
import { headerOf } from "../gateway/raw-client.ts";
import { type Service, startRawService, startService } from "../gateway/service.ts";
import { startIssuer } from "../support/issuer.ts";
import { API_HOST, type Fixture, START_MS, accountOf, apiOf, startAccount, startApi } from "./fixture.ts";

type Mapped = Pick<Integration, "requestParameters"> | Pick<Integration, "responseParameters">;

/** `ANY /pets/{id}` and stage `dev`, with these mappings. */
async function start(t: TestContext, integration: Mapped, service: Service): Promise<Fixture> {
  return startApi(t, {
    routes: [{ key: "ANY /pets/{id}", uri: `${service.origin}/v1/{id}?own=1`, integration }],
    stages: [{ stageName: "$default" }, { stageName: "dev", stageVariables: { tier: "gold" } }],
  });
}

test("a request is mapped from headers, query, path, body, context and stage variables", async (t) => {
  const service = await startService(t);
  const requestParameters = {
    "overwrite:header.x-query": "$request.querystring.q",
    "append:header.x-name": "$request.body.pets[0].name",
    "overwrite:header.x-call": "${context.httpMethod} ${context.path} ${context.stage} ${context.routeKey}",
    "overwrite:header.x-id": "$request.path.id",
    "overwrite:header.x-tier": "$stageVariables.tier",
    "remove:header.x-secret": "''",
    "overwrite:querystring.id": "$request.path.id",
    "remove:querystring.q": "''",
    "overwrite:path": "/v2/${request.path.id}",
  };
  const api = await start(t, { requestParameters }, service);
  const answer = await api.ask("POST /dev/pets/a%20b?q=1&r=2&q=3", {
    headers: ["X-Secret: 1", "x-NAME: Ida", "x-name: Ada", "x-query: x"],
    body: '{"pets":[{"name":"Rex"}]}',
  });
  assert.equal(answer.status, 200);
  const [seen] = service.seen;
  assert.equal(seen?.url, "/v2/a%20b?own=1&r=2&id=a%20b");
  const header = (name: string): string | null => headerOf(seen ?? { headers: [] }, name);
  assert.equal(header("x-query"), "1,3");
  assert.equal(header("x-name"), "Ida,Ada,Rex");
  assert.equal(header("x-call"), "POST /dev/pets/a%20b dev ANY /pets/{id}");
  assert.equal(header("x-id"), "a b");
  assert.equal(header("x-tier"), "gold");
  assert.equal(header("x-secret"), null);
  assert.equal(header("host"), service.origin.slice("http://".length));
  assert.deepEqual((await api.record(0)).unmapped, []);
});

test("a value that fits nowhere is left out, together with what it replaces, and the record says where", async (t) => {
  const service = await startService(t);
  const requestParameters = {
    "overwrite:header.x-user": "$request.body.user",
    "overwrite:header.host": "$request.body.user",
  };
  const api = await start(t, { requestParameters }, service);
  const body = '{"user":"ada\\r\\nx-admin: 1"}';
  const answer = await api.ask("POST /pets/1", { headers: ["X-User: root"], body });
  assert.equal(answer.status, 200);
  const [seen = { headers: [] }] = service.seen;
  assert.deepEqual(
    ["x-user", "x-admin", "host"].map((name) => headerOf(seen, name)),
    [null, null, service.origin.slice("http://".length)],
  );
  assert.deepEqual((await api.record(0)).unmapped, ["header.x-user", "header.host"]);
});

test("a path that backends may take for another one is 400, and no backend hears of it", async (t) => {
  const service = await startService(t);
  const requestParameters = { "overwrite:path": "/users/${request.header.x}/pets" };
  const api = await start(t, { requestParameters }, service);
  for (const value of ["..", "."])
    assert.equal((await api.ask("GET /pets/1", { headers: [`x: ${value}`] })).status, 400);
  assert.equal((await api.ask("GET /pets/1")).status, 400);
  assert.equal(service.hits(), 0);
  assert.deepEqual((await api.record(0)).unmapped, ["path"]);
  await api.ask("GET /pets/1", { headers: ["x: a/../b?c"] });
  assert.equal(service.seen[0]?.url, "/users/a%2F..%2Fb%3Fc/pets?own=1");
});

test("a private integration is sent the path without its stage when a mapping says so", async (t) => {
  const service = await startService(t);
  const integration = {
    connectionType: "VPC_LINK",
    connectionId: "link1",
    requestParameters: { "overwrite:path": "$request.path" },
  } as const;
  const api = await startApi(t, {
    routes: [{ key: "GET /pets", uri: service.origin, integration }],
    stages: [{ stageName: "dev" }],
  });
  await api.ask("GET /dev/pets?a=1");
  assert.equal(service.seen[0]?.url, "/pets?a=1");
  assert.equal(headerOf(service.seen[0] ?? { headers: [] }, "host"), API_HOST);
});

test("a claim takes the place of what the client says of itself, and a public route beside it takes that away", async (t) => {
  const issuer = await startIssuer("api");
  t.after(() => issuer.close());
  const service = await startService(t);
  const api = await startAccount(
    t,
    accountOf([
      apiOf({
        routes: [
          {
            key: "GET /mine",
            uri: service.origin,
            auth: "JWT",
            authorizerId: "jwt1",
            integration: { requestParameters: { "overwrite:header.x-user": "$context.authorizer.claims.sub" } },
          },
          {
            key: "GET /all",
            uri: service.origin,
            integration: { requestParameters: { "remove:header.x-user": "''" } },
          },
        ],
        authorizers: [
          {
            authorizerId: "jwt1",
            name: "people",
            authorizerType: "JWT",
            identitySource: ["$request.header.Authorization"],
            jwtConfiguration: { issuer: issuer.issuer, audience: ["api"] },
          },
        ],
      }),
    ]),
  );
  const now = START_MS / 1000;
  const bearer = `Authorization: Bearer ${await issuer.sign({ iat: now - 10, exp: now + 300 })}`;
  for (const path of ["/mine", "/all"])
    assert.equal((await api.ask(`GET ${path}`, { headers: [bearer, "X-User: admin", "x-uSER: root"] })).status, 200);
  assert.deepEqual(
    service.seen.map((seen) => headerOf(seen, "x-user")),
    ["dora", null],
  );
});

test("an answer is mapped by its status, and one of the gateway's own is not", async (t) => {
  const service = await startService(t, (_req, res) => {
    const body = '{"reason":"gone"}';
    res.writeHead(404, ["x-a", "1", "server", "nginx", "content-length", String(body.length)]);
    res.end(body);
  });
  const change = {
    "overwrite:statuscode": "200",
    "append:header.x-a": "$response.body.reason",
    "remove:header.server": "''",
  };
  const api = await start(t, { responseParameters: { "404": change } }, service);
  const answer = await api.ask("GET /pets/1");
  assert.deepEqual(
    [answer.status, headerOf(answer, "x-a"), headerOf(answer, "server"), answer.body],
    [200, "1,gone", null, '{"reason":"gone"}'],
  );
  const own = await api.ask("GET /nothing");
  assert.deepEqual([own.status, headerOf(own, "x-a")], [404, null]);
  const record = await api.record(0);
  assert.deepEqual([record.status, record.integrationStatus], [200, 404]);
});

test("nothing that a backend answers makes another header of it", async (t) => {
  const service = await startService(t, (_req, res) => res.end(JSON.stringify({ to: "/a\r\nset-cookie: b=1" })));
  const responseParameters = { "200": { "overwrite:header.location": "$response.body.to" } };
  const api = await start(t, { responseParameters }, service);
  const answer = await api.ask("GET /pets/1");
  assert.deepEqual([answer.status, headerOf(answer, "location"), headerOf(answer, "set-cookie")], [200, null, null]);
  assert.deepEqual((await api.record(0)).unmapped, ["header.location"]);
});

for (const [from, to, body] of [
  [200, 204, "ok"],
  [200, 304, "ok"],
  [204, 200, ""],
  [304, 200, ""],
] as const)
  for (const delivery of ["buffered", "streamed"])
    test(`a ${from} that is mapped to ${to} is a whole answer, ${delivery}`, async (t) => {
      // Two answers on one connection: what is left of the first would be taken for the second.
      const origin = await startRawService(t, (socket) => {
        socket.on("data", () => {
          const length = from === 204 ? "" : `Content-Length: ${from === 304 ? 9 : body.length}\r\n`;
          socket.write(`HTTP/1.1 ${from} x\r\n${length}\r\n${body}`);
        });
      });
      const responseParameters = { [String(from)]: { "overwrite:statuscode": String(to) } };
      const api = await startApi(
        t,
        { routes: [{ key: "GET /pets", uri: origin, integration: { responseParameters } }] },
        { switches: { "response-delivery": delivery } },
      );
      const answer = await api.ask("GET /pets");
      const length = headerOf(answer, "content-length");
      assert.equal(answer.status, to);
      if (to === 200) assert.ok(length === "0" || answer.body === "0\r\n\r\n", `${length} ${answer.body}`);
      else assert.equal(answer.body, "");
      assert.equal((await api.ask("GET /pets")).status, to);
    });

test("an account whose mapping is wrong is not taken over", async (t) => {
  const service = await startService(t);
  await assert.rejects(start(t, { requestParameters: { "append:header.via": "x" } }, service), {
    code: "GH_GATEWAY_ACCOUNT_UNSUPPORTED",
  });
});
