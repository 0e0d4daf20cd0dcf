/** What a policy sets and removes of a service's requests and answers, and what no rule reaches. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isGatehouseError } from "../../src/core/index.ts";
import { type RouteSpec, startGateway } from "./fixture.ts";
import { ask, headerOf } from "./raw-client.ts";
import { type SeenRequest, closedOrigin, startRawService, startService } from "./service.ts";

function valuesOf(seen: SeenRequest | undefined, name: string): string[] {
  return (seen?.headers ?? []).filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

test("what a rule sets replaces what the client sent in any spelling; what it removes does not arrive", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      {
        key: "GET /open",
        upstream: service.origin,
        needs: null,
        keepHeaders: ["authorization", "x-real-ip"],
        requestHeaders: {
          set: { "x-from": "edge", "user-agent": "gatehouse, really", "x-empty": "" },
          remove: ["x-debug", "authorization", "x-real-ip", "via"],
        },
      },
    ],
  });
  await ask(fixture.publicSocket, "GET /open HTTP/1.1", [
    "X-From: me",
    "x_from: me",
    "X.From: me",
    "Connection: x-from, x-empty",
    "User-Agent: curl",
    "X-Debug: 1",
    "X_DEBUG: 1",
    "Authorization: Basic YTpi",
    "X-Real-IP: 10.0.0.9",
    "Via: 2.0 Caddy",
    "X-Stays: 1",
  ]);
  const [seen] = service.seen;
  assert.deepEqual(
    seen?.headers
      .map(([name, value]) => `${name}: ${value}`)
      .filter((line) => !/^(?:host|connection|x-request-id|traceparent|forwarded|x-forwarded-.*): /.test(line)),
    ["X-Stays: 1", "x-from: edge", "user-agent: gatehouse, really", "x-empty: "],
  );
  // A rule is no attempt of the client: only look-alikes are told.
  assert.deepEqual((await fixture.record(0)).removedHeaders, ["X-Real-IP"]);
});

test("a policy may put a credential of its own for the service in place of the client's", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      {
        key: "GET /orders",
        upstream: service.origin,
        keepHeaders: ["authorization"],
        requestHeaders: { set: { authorization: "Basic Z2F0ZTpob3VzZQ==" } },
      },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
  });
  const token = await fixture.token();
  await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Authorization: Bearer ${token}`]);
  assert.deepEqual(valuesOf(service.seen[0], "authorization"), ["Basic Z2F0ZTpob3VzZQ=="]);
  assert.deepEqual(valuesOf(service.seen[0], "x-gatehouse-subject"), ["ada"]);
});

test("answers of the service are changed, Gatehouse's own are not", async (t) => {
  const service = await startService(t, (_req, res) => {
    const lines = ["Server: tomcat/5", "Cache-Control: public", "cache-control: max-age=60", "X-Powered-By: php"];
    lines.push("Content-Type: text/plain", "Content-Length: 2", "Connection: x-frame-options");
    res.writeHead(
      200,
      lines.flatMap((line) => line.split(": ")),
    );
    res.end("ok");
  });
  const rules = {
    set: { "cache-control": "no-store", "x-frame-options": "DENY" },
    remove: ["server", "x-powered-by", "etag"],
  };
  const route = { upstream: service.origin, needs: null, responseHeaders: rules };
  const fixture = await startGateway(t, {
    routes: [
      { ...route, key: "GET /open" },
      { ...route, key: "HEAD /open" },
      { ...route, key: "GET /gone", upstream: await closedOrigin() },
      { ...route, key: "POST /open", maxBodyBytes: 1 },
      { ...route, key: "GET /orders", needs: "orders:read" },
    ],
  });
  for (const method of ["GET", "HEAD"]) {
    const answer = await ask(fixture.publicSocket, `${method} /open HTTP/1.1`);
    assert.deepEqual(
      answer.headers
        .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        .filter((line) => !/^(?:date|x-request-id|traceresponse|apigw-requestid): /.test(line)),
      [
        "content-type: text/plain",
        "content-length: 2",
        "cache-control: no-store",
        "x-frame-options: DENY",
        "connection: close",
      ],
    );
    assert.equal(answer.body, method === "GET" ? "ok" : "");
  }
  for (const [line, status] of [
    ["GET /gone HTTP/1.1", 503],
    ["GET /orders HTTP/1.1", 401],
    ["GET /nothing HTTP/1.1", 404],
  ] as const) {
    const answer = await ask(fixture.publicSocket, line);
    assert.deepEqual([answer.status, headerOf(answer, "x-frame-options")], [status, null]);
  }
  const large = await ask(fixture.publicSocket, "POST /open HTTP/1.1", ["Content-Length: 2"], "ab");
  assert.deepEqual([large.status, headerOf(large, "cache-control")], [413, null]);
});

test("a service cannot hide what a rule sets behind its own spelling", async (t) => {
  const origin = await startRawService(t, (socket) => {
    socket.once("data", () => {
      socket.end(
        "HTTP/1.1 200 OK\r\nX_Frame_Options: ALLOWALL\r\nX-Frame-Options: ALLOWALL\r\nContent-Length: 0\r\n\r\n",
      );
    });
  });
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /open", upstream: origin, needs: null, responseHeaders: { set: { "x-frame-options": "DENY" } } },
    ],
  });
  const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1");
  assert.deepEqual(
    answer.headers.filter(([name]) => /frame/i.test(name)),
    [["x-frame-options", "DENY"]],
  );
});

test("rules about framing, hops, cookies, CORS and what Gatehouse says are not taken over", async (t) => {
  const service = await startService(t);
  const good: RouteSpec = {
    key: "GET /open",
    upstream: service.origin,
    needs: null,
    identityHeaders: { "x-user": "subject" },
  };
  const fixture = await startGateway(t, { routes: [good] });
  const words = (text: string): string[] => text.split(" ");
  const request = [
    words(
      "host connection content-length transfer-encoding upgrade te trailer expect cookie keep-alive http2-settings",
    ),
    words(
      "x-request-id traceparent tracestate forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-gatehouse",
    ),
    words("x-gatehouse-subject X_Gatehouse_Role x-gh-proof x-user X_User proxy-authorization"),
    ["bad name", "", "x:y", "x\r\ny"],
  ].flat();
  const response = [
    words("connection content-length transfer-encoding upgrade te trailer keep-alive set-cookie traceresponse"),
    words("x-request-id X_Request_Id apigw-requestid x-gatehouse-x access-control-max-age Access_Control_Allow_Origin"),
    ["bad name", ""],
  ].flat();
  const refused: Partial<RouteSpec>[] = [
    ...request.flatMap((name) => [
      { requestHeaders: { remove: [name] } },
      { requestHeaders: { set: { [name]: "x" } } },
    ]),
    ...response.flatMap((name) => [
      { responseHeaders: { remove: [name] } },
      { responseHeaders: { set: { [name]: "x" } } },
    ]),
    ...["a\r\nb: c", "a\0", " a", "a ", "\u2028"].flatMap((value) => [
      { requestHeaders: { set: { "x-a": value } } },
      { responseHeaders: { set: { "x-a": value } } },
    ]),
  ];
  for (const rules of refused)
    assert.throws(
      () => fixture.gateway.replace(fixture.runtime({ routes: [{ ...good, ...rules }] })),
      (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ARTIFACT_UNSUPPORTED",
      JSON.stringify(rules),
    );
  assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 200);
});
