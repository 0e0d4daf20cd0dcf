import assert from "node:assert/strict";
import { test } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { API_HOST, API_ID, accountOf, apiOf, startAccount, startApi } from "./fixture.ts";

test("a call reaches the backend of its route and is answered with a request id that its record has", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: `${service.origin}/all-pets` }] });
  const answer = await api.ask("GET /pets?kind=dog");
  assert.equal(answer.status, 200);
  assert.equal(answer.body, "ok");
  assert.equal(service.seen[0]?.url, "/all-pets?kind=dog");
  const id = headerOf(answer, "apigw-requestid");
  assert.match(id ?? "", /^[A-Za-z0-9_-]{15}=$/);
  const record = await api.record(0);
  assert.equal(record.requestId, id);
  assert.deepEqual(
    [record.apiId, record.stage, record.routeKey, record.status, record.integrationStatus],
    [API_ID, "$default", "GET /pets", 200, 200],
  );
});

test("what no route answers is 404 in 23 bytes", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: service.origin }] });
  for (const line of ["GET /nothing", "DELETE /pets", "TRACE /pets"]) {
    const answer = await api.ask(line);
    assert.equal(answer.status, 404);
    assert.equal(answer.body, '{"message":"Not Found"}');
    assert.equal(headerOf(answer, "content-length"), "23");
    assert.equal(headerOf(answer, "content-type"), "application/json");
    assert.notEqual(headerOf(answer, "apigw-requestid"), null);
  }
  assert.equal(service.hits(), 0);
});

test("a host that nothing answers for is refused as the front end refuses, without an id of an API", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "$default", uri: service.origin }] });
  for (const host of ["wrong.example", `x${API_HOST}`, "a b", "", null]) {
    const answer = await api.ask("GET /pets", { host });
    assert.equal(answer.status, 403);
    assert.equal(answer.body, '{"message":"Forbidden"}');
    assert.equal(headerOf(answer, "x-amzn-errortype"), "ForbiddenException");
    assert.match(headerOf(answer, "x-amzn-requestid") ?? "", /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(headerOf(answer, "apigw-requestid"), null);
  }
  assert.equal(service.hits(), 0);
});

test("an API answers for its execute-api name, its name on this machine, and alone in its account for loopback", async (t) => {
  const service = await startService(t);
  const spec = { routes: [{ key: "$default", uri: service.origin }] };
  const api = await startApi(t, spec);
  const local = [
    `${API_ID}.execute-api.localhost:4000`,
    API_HOST.toUpperCase(),
    "localhost:1",
    "127.0.0.1",
    "[::1]:80",
  ];
  for (const host of local) assert.equal((await api.ask("GET /", { host })).status, 200, host);

  const strict = await startApi(t, spec, { switches: { "loopback-host": "unknown" } });
  assert.equal((await strict.ask("GET /", { host: "localhost" })).status, 403);

  const two = await startAccount(t, accountOf([apiOf(spec), apiOf({ ...spec, apiId: "second1234" })]));
  assert.equal((await two.ask("GET /", { host: "localhost" })).status, 403);
  assert.equal((await two.ask("GET /", { host: "second1234.execute-api.localhost" })).status, 200);
});
