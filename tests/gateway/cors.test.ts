/** Cross-origin requests: who answers a preflight request, and what every other answer says to the page that asked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isGatehouseError } from "../../src/core/index.ts";
import type { CorsConfiguration } from "../../src/model/index.ts";
import { type PolicySpec, type RouteSpec, startGateway } from "./fixture.ts";
import { type RawAnswer, ask } from "./raw-client.ts";
import { closedOrigin, startService } from "./service.ts";

const APP = "https://app.shop.example";
const CORS: CorsConfiguration = {
  allowOrigins: [APP, "http://localhost:3000"],
  allowMethods: ["GET", "POST"],
  allowHeaders: ["content-type", "authorization"],
  exposeHeaders: ["x-total"],
  maxAge: 600,
  allowCredentials: true,
};
const PREFLIGHT = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"];

/** What an answer says about CORS, in order. */
function corsOf(answer: RawAnswer): string[] {
  return answer.headers
    .filter(([name]) => /^(?:access-control-.*|vary)$/i.test(name))
    .map(([name, value]) => `${name}: ${value}`);
}

const TO_PREFLIGHT = [
  `access-control-allow-origin: ${APP}`,
  "access-control-allow-methods: GET,POST",
  "access-control-allow-headers: content-type,authorization",
  "access-control-max-age: 600",
  "access-control-allow-credentials: true",
  "vary: origin",
];
const TO_OTHERS = [
  `access-control-allow-origin: ${APP}`,
  "access-control-allow-credentials: true",
  "access-control-expose-headers: x-total",
  "vary: origin",
];

function policyOf(upstream: string, more: readonly RouteSpec[] = []): PolicySpec {
  return {
    routes: [
      { key: "GET /orders", upstream },
      { key: "GET /open", upstream, needs: null },
      { key: "GET /hidden", upstream, needs: null, exposure: "private" },
      ...more,
    ],
    cors: CORS,
  };
}

test("PL-14.3: a preflight request is answered without identity and without the service, for any path (T27, T28)", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const cases = [
    ["/orders", APP, TO_PREFLIGHT],
    ["/nothing", APP, TO_PREFLIGHT],
    ["/orders", "https://evil.example", ["vary: origin"]],
    ["/orders", "null", ["vary: origin"]],
    ["/orders", `${APP}.evil.example`, ["vary: origin"]],
    ["/orders", APP.toUpperCase(), ["vary: origin"]],
  ] as const;
  for (const [index, [path, origin, expected]] of cases.entries()) {
    const answer = await ask(fixture.publicSocket, `OPTIONS ${path} HTTP/1.1`, [`Origin: ${origin}`, ...PREFLIGHT]);
    assert.deepEqual([answer.status, answer.body, corsOf(answer)], [204, "", expected], `${path} ${origin}`);
    assert.ok(!answer.headers.some(([name]) => /^content-|^transfer-/i.test(name)));
    const { status, reason, routeKey, service: asked, subject, upstream } = await fixture.record(index);
    assert.deepEqual(
      [status, reason, routeKey, asked, subject, upstream],
      [204, "cors-preflight", null, null, null, null],
    );
  }
  assert.equal(service.hits(), 0);
});

test("what is no preflight request is answered by routes as ever", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  for (const headers of [[], [`Origin: ${APP}`], PREFLIGHT, [`Origin: ${APP}`, `Origin: ${APP}`, ...PREFLIGHT]]) {
    const answer = await ask(fixture.publicSocket, "OPTIONS /orders HTTP/1.1", headers);
    assert.deepEqual([answer.status, corsOf(answer)], [404, []], headers.join(", "));
  }
  // No part is taken in CORS behind the private listener, nor at Gatehouse's own endpoints.
  const hidden = await ask(fixture.privateSocket, "OPTIONS /hidden HTTP/1.1", [`Origin: ${APP}`, ...PREFLIGHT]);
  assert.deepEqual([hidden.status, corsOf(hidden)], [404, []]);
  const own = await ask(fixture.publicSocket, "OPTIONS /_gatehouse/health HTTP/1.1", [`Origin: ${APP}`, ...PREFLIGHT]);
  assert.deepEqual([own.status, corsOf(own)], [404, []]);
  const health = await ask(fixture.publicSocket, "GET /_gatehouse/health HTTP/1.1", [`Origin: ${APP}`]);
  assert.deepEqual([health.status, corsOf(health)], [200, []]);
});

test("without a CORS configuration a preflight request has no route, and services speak for themselves (T29)", async (t) => {
  const service = await startService(t, (_req, res) => {
    res.writeHead(200, { "access-control-allow-origin": "*", "content-length": 0 });
    res.end();
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const preflight = await ask(fixture.publicSocket, "OPTIONS /open HTTP/1.1", [`Origin: ${APP}`, ...PREFLIGHT]);
  assert.deepEqual([preflight.status, preflight.body], [404, '{"message":"Not Found"}']);
  const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1", [`Origin: ${APP}`]);
  assert.deepEqual(corsOf(answer), ["access-control-allow-origin: *"]);
});

test("a route for OPTIONS, ANY or everything answers before CORS does (T30, T31)", async (t) => {
  const service = await startService(t, (_req, res) => {
    res.writeHead(200, { "access-control-allow-methods": "DELETE", "content-length": 0 });
    res.end();
  });
  const upstream = service.origin;
  const fixture = await startGateway(
    t,
    policyOf(upstream, [
      { key: "ANY /any", upstream },
      { key: "OPTIONS /own", upstream },
      { key: "OPTIONS /free/{path+}", upstream, needs: null },
      { key: "$default", upstream, uri: "/" },
    ]),
  );
  for (const [index, [path, status, reason]] of (
    [
      ["/any", 401, "unauthenticated"],
      ["/own", 401, "unauthenticated"],
      ["/else", 401, "unauthenticated"],
      ["/free/x", 200, "open-route"],
    ] as const
  ).entries()) {
    const answer = await ask(fixture.publicSocket, `OPTIONS ${path} HTTP/1.1`, [`Origin: ${APP}`, ...PREFLIGHT]);
    assert.deepEqual([answer.status, corsOf(answer)], [status, TO_PREFLIGHT], path);
    assert.equal((await fixture.record(index)).reason, reason);
  }
  assert.deepEqual(
    service.seen.map(({ method, url }) => `${method} ${url}`),
    ["OPTIONS /free/x"],
  );
});

test("the service's CORS headers are replaced, and there are none without an origin (T32, T33)", async (t) => {
  const service = await startService(t, (_req, res) => {
    const evil = ["Access-Control-Allow-Origin: https://evil.example", "Access_Control_Allow_Origin: *"];
    evil.push("Access-Control-Expose-Headers: x-secret", "Access-Control-Allow-Private-Network: true", "Vary: accept");
    res.writeHead(
      200,
      [...evil, "Content-Length: 2"].flatMap((line) => line.split(": ")),
    );
    res.end("ok");
  });
  const fixture = await startGateway(t, policyOf(service.origin));
  for (const [headers, expected] of [
    [[`Origin: ${APP}`], ["vary: accept", ...TO_OTHERS]],
    [["Origin: https://evil.example"], ["vary: accept", "vary: origin"]],
    [[], ["vary: accept"]],
    [[`Origin: ${APP}`, "Origin: https://evil.example"], ["vary: accept"]],
  ] as const) {
    const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1", headers);
    assert.deepEqual([answer.status, answer.body, corsOf(answer)], [200, "ok", expected]);
  }
  // The origin is the service's to see.
  assert.deepEqual(
    service.seen[0]?.headers.filter(([name]) => name === "Origin"),
    [["Origin", APP]],
  );
});

test("refusals are readable by the page that asked (T34)", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(
    t,
    policyOf(service.origin, [
      { key: "GET /gone", upstream: await closedOrigin(), needs: null },
      { key: "GET /few", upstream: service.origin, needs: null, throttle: { ratePerSecond: 0, burst: 0 } },
    ]),
  );
  const token = `Authorization: Bearer ${await fixture.token()}`;
  for (const [line, headers, status] of [
    ["GET /orders HTTP/1.1", [], 401],
    ["GET /orders HTTP/1.1", ["Authorization: Bearer a.b.c"], 401],
    ["GET /orders HTTP/1.1", [token], 403],
    ["GET /nothing HTTP/1.1", [], 404],
    ["GET /a//b HTTP/1.1", [], 400],
    ["GET /few HTTP/1.1", [], 429],
    ["GET /gone HTTP/1.1", [], 503],
  ] as const) {
    const answer = await ask(fixture.publicSocket, line, [`Origin: ${APP}`, ...headers]);
    assert.deepEqual([answer.status, corsOf(answer)], [status, TO_OTHERS], line);
  }
  // Whose host it is not, that one's configuration does not speak for.
  const other = await ask(fixture.publicSocket, "GET /open HTTP/1.1", ["Host: evil.example", `Origin: ${APP}`]);
  assert.deepEqual([other.status, corsOf(other)], [421, []]);
});

test("origins may be everybody, or everybody with a scheme", async (t) => {
  const service = await startService(t);
  const plain = {
    ...CORS,
    allowMethods: ["*"],
    allowHeaders: [],
    exposeHeaders: [],
    maxAge: 0,
    allowCredentials: false,
  };
  const cases = [
    [["*"], "https://any.example", ["access-control-allow-origin: *"]],
    [["*"], "null", ["access-control-allow-origin: *"]],
    [
      ["https://*"],
      "https://any.example:8443",
      ["access-control-allow-origin: https://any.example:8443", "vary: origin"],
    ],
    [["https://*"], "http://any.example", ["vary: origin"]],
    [["http://*"], "http://any.example", ["access-control-allow-origin: http://any.example", "vary: origin"]],
    [[], "http://any.example", ["vary: origin"]],
  ] as const;
  for (const [allowOrigins, origin, expected] of cases) {
    const fixture = await startGateway(t, { ...policyOf(service.origin), cors: { ...plain, allowOrigins } });
    const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1", [`Origin: ${origin}`]);
    assert.deepEqual(corsOf(answer), expected);
    const preflight = await ask(fixture.publicSocket, "OPTIONS /open HTTP/1.1", [`Origin: ${origin}`, ...PREFLIGHT]);
    const [first, ...rest] = expected;
    const says = ["access-control-allow-methods: *", "access-control-max-age: 0"];
    assert.deepEqual(corsOf(preflight), first.startsWith("vary") ? [first] : [first, ...says, ...rest]);
  }
});

test("a configuration that says nonsense to browsers is not taken over", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  for (const change of [
    { allowOrigins: ["*"] },
    { allowHeaders: ["a\r\nset-cookie: b"] },
    { exposeHeaders: [""] },
    { maxAge: Number.NaN },
  ])
    assert.throws(
      () => fixture.gateway.replace(fixture.runtime({ ...policyOf(service.origin), cors: { ...CORS, ...change } })),
      (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ARTIFACT_UNSUPPORTED",
    );
});
