import assert from "node:assert/strict";
import { test } from "node:test";
import { type RawAnswer, headerOf } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { type ApiSpec, startApi } from "./fixture.ts";

const CORS = {
  allowOrigins: ["https://shop.example"],
  allowMethods: ["GET", "POST"],
  allowHeaders: ["authorization"],
  exposeHeaders: ["x-total"],
  maxAge: 600,
  allowCredentials: false,
};
const PREFLIGHT = ["Origin: https://shop.example", "Access-Control-Request-Method: GET"];

function corsOf(answer: RawAnswer): string[] {
  return answer.headers
    .filter(([name]) => name.startsWith("access-control-"))
    .map(([name, value]) => `${name.slice("access-control-".length)}: ${value}`);
}

test("a preflight is answered without the backend; an origin that is not named is told nothing", async (t) => {
  const service = await startService(t);
  const spec: ApiSpec = { routes: [{ key: "GET /x", uri: service.origin }], more: { corsConfiguration: CORS } };
  const api = await startApi(t, spec);
  const answer = await api.ask("OPTIONS /x", { headers: PREFLIGHT });
  assert.deepEqual([answer.status, answer.body], [204, ""]);
  assert.deepEqual(corsOf(answer), [
    "allow-origin: https://shop.example",
    "allow-methods: GET,POST",
    "allow-headers: authorization",
    "max-age: 600",
  ]);
  assert.notEqual(headerOf(answer, "apigw-requestid"), null);
  const other = await api.ask("OPTIONS /x", { headers: ["Origin: https://evil.example", PREFLIGHT[1] ?? ""] });
  assert.deepEqual([other.status, corsOf(other)], [204, []]);
  assert.equal((await api.ask("OPTIONS /x")).status, 404);
  assert.equal(service.hits(), 0);

  const without = await startApi(t, { routes: spec.routes });
  assert.equal((await without.ask("OPTIONS /x", { headers: PREFLIGHT })).body, '{"message":"Not Found"}');
});

test("a route that takes OPTIONS comes before the automatic answer", async (t) => {
  const service = await startService(t);
  const more = { corsConfiguration: CORS };
  const locked = await startApi(t, { routes: [{ key: "$default", uri: service.origin, auth: "AWS_IAM" }], more });
  assert.equal((await locked.ask("OPTIONS /x", { headers: PREFLIGHT })).status, 403);
  const open = await startApi(t, {
    routes: [
      { key: "$default", uri: service.origin, auth: "AWS_IAM" },
      { key: "OPTIONS /{proxy+}", uri: service.origin },
    ],
    more,
  });
  assert.equal((await open.ask("OPTIONS /x", { headers: PREFLIGHT })).status, 200);
  assert.equal(service.hits(), 1);
});

test("the backend's CORS headers are replaced, and nothing is said without Origin", async (t) => {
  const service = await startService(t, (_req, res) => {
    res.writeHead(200, { "access-control-allow-origin": "https://evil.example", "access-control-max-age": "1" });
    res.end("ok");
  });
  const api = await startApi(t, {
    routes: [{ key: "GET /x", uri: service.origin }],
    more: { corsConfiguration: CORS },
  });
  assert.deepEqual(corsOf(await api.ask("GET /x", { headers: ["Origin: https://shop.example"] })), [
    "allow-origin: https://shop.example",
    "expose-headers: x-total",
  ]);
  assert.deepEqual(corsOf(await api.ask("GET /x")), []);
});

test("whether the gateway's own errors have CORS headers is a switch", async (t) => {
  const service = await startService(t);
  const spec: ApiSpec = { routes: [{ key: "GET /x", uri: service.origin }], more: { corsConfiguration: CORS } };
  const headers = ["Origin: https://shop.example"];
  const adding = await startApi(t, spec);
  assert.equal(corsOf(await adding.ask("GET /nothing", { headers }))[0], "allow-origin: https://shop.example");
  const omitting = await startApi(t, spec, { switches: { "cors-on-errors": "omit" } });
  assert.deepEqual(corsOf(await omitting.ask("GET /nothing", { headers })), []);
  assert.equal((await omitting.ask("OPTIONS /x", { headers: PREFLIGHT })).status, 204);
});
