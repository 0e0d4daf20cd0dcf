/** What the gateway answers by itself, byte by byte, with one record each and nothing at the service. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Fixture, type PolicySpec, startGateway } from "./fixture.ts";
import { type RawAnswer, RawConnection, ask, exchangeRaw, parseAnswer } from "./raw-client.ts";
import { closedOrigin, startService } from "./service.ts";

const UUID = "3c6b3c1e-7f0e-4c0e-9d55-000000000001";
const APIGW_ID = "PGs8Hn8OTA6dVQA=";

function policyOf(upstream: string): PolicySpec {
  return {
    routes: [
      { key: "GET /orders", upstream },
      { key: "POST /orders", upstream },
      { key: "GET /orders/{id}", upstream },
      { key: "GET /open", upstream, needs: null },
      { key: "GET /few", upstream, needs: null, throttle: { ratePerSecond: 0, burst: 0 } },
    ],
    roles: [
      { name: "support", groups: ["support"], can: ["GET/orders"], boundary: ["GET/orders"] },
      { name: "wide", groups: ["wide"], can: ["GET/orders"], boundary: ["POST/orders"] },
      { name: "bot", clientIds: ["bot"], can: ["GET/orders"], sourceIp: ["10.0.0.0/8"] },
    ],
    perIdentity: { ratePerSecond: 1, burst: 2 },
  };
}

/** Status, body and headers; those that differ each time are checked and left out. */
function checkAnswer(fixture: Fixture, answer: RawAnswer): { status: number; body: string; headers: string[] } {
  const record = fixture.records.at(-1);
  const kept: string[] = [];
  for (const [name, value] of answer.headers) {
    if (name === "Date" || name === "date") assert.ok(!Number.isNaN(Date.parse(value)));
    else if (name === "traceresponse") assert.equal(value, `00-${record?.traceId}-${record?.spanId}-01`);
    else kept.push(`${name}: ${value}`);
  }
  return { status: answer.status, body: answer.body, headers: kept };
}

function expectedHeaders(type: string, body: string, ...more: string[]): string[] {
  return [
    `content-type: ${type}`,
    `content-length: ${body.length}`,
    ...more,
    `x-request-id: ${UUID}`,
    `apigw-requestid: ${APIGW_ID}`,
    "Connection: close",
  ];
}

test("PL-8.7: each refusal has API Gateway's status, body and headers, its own reason, one record, and no hit", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const good = await fixture.token();
  const expired = await fixture.token({ exp: fixture.clock.nowMs() / 1000 });
  const wrongAudience = await fixture.token({ aud: "other" });
  const stranger = await fixture.token({ groups: [], sub: "eve" });
  const wide = await fixture.token({ groups: ["wide"], sub: "wim" });
  const bot = await fixture.token({ groups: [], sub: "bot", azp: "bot" });
  const bearer = (token: string) => [`Authorization: Bearer ${token}`];
  const invalid = (text: string) =>
    `www-authenticate: Bearer scope="" error="invalid_token" error_description="${text}"`;
  const json = (message: string) => `{"message":"${message}"}`;

  const cases: readonly {
    readonly name: string;
    readonly line?: string;
    readonly headers?: readonly string[];
    readonly body?: string;
    readonly status: number;
    readonly answer: string;
    readonly type?: string;
    readonly more?: readonly string[];
    readonly reason: string;
  }[] = [
    { name: "no route", line: "GET /nothing HTTP/1.1", status: 404, answer: json("Not Found"), reason: "no-route" },
    { name: "no 405", line: "DELETE /orders HTTP/1.1", status: 404, answer: json("Not Found"), reason: "no-route" },
    { name: "no HEAD for GET", line: "HEAD /orders HTTP/1.1", status: 404, answer: "", reason: "no-route" },
    {
      name: "unknown method",
      line: "PROPFIND /orders HTTP/1.1",
      status: 404,
      answer: json("Not Found"),
      reason: "no-route",
    },
    { name: "TRACE", line: "TRACE /orders HTTP/1.1", status: 404, answer: json("Not Found"), reason: "no-route" },
    {
      name: "nobody",
      status: 401,
      answer: json("Unauthorized"),
      more: ["www-authenticate: Bearer"],
      reason: "unauthenticated",
    },
    {
      name: "another scheme",
      headers: ["Authorization: Basic YTpi"],
      status: 401,
      answer: json("Unauthorized"),
      more: ["www-authenticate: Bearer"],
      reason: "unauthenticated",
    },
    {
      name: "not a token",
      headers: bearer("not-a-token"),
      status: 401,
      answer: json("Unauthorized"),
      more: [invalid("token contains an invalid number of segments")],
      reason: "token-malformed",
    },
    {
      name: "two tokens in one header",
      headers: bearer(`${good}, Bearer ${good}`),
      status: 401,
      answer: json("Unauthorized"),
      more: [invalid("token contains an invalid number of segments")],
      reason: "token-malformed",
    },
    {
      name: "expired this second",
      headers: bearer(expired),
      status: 401,
      answer: json("Unauthorized"),
      more: [invalid("the token has expired")],
      reason: "token-expired",
    },
    {
      name: "another audience",
      headers: bearer(wrongAudience),
      status: 401,
      answer: json("Unauthorized"),
      more: [invalid("the token does not have a valid audience")],
      reason: "token-audience",
    },
    { name: "no role", headers: bearer(stranger), status: 403, answer: json("Forbidden"), reason: "no-role" },
    {
      name: "not granted",
      line: "GET /orders/7 HTTP/1.1",
      headers: bearer(good),
      status: 403,
      answer: json("Forbidden"),
      reason: "not-granted",
    },
    { name: "boundary", headers: bearer(wide), status: 403, answer: json("Forbidden"), reason: "outside-boundary" },
    {
      name: "condition",
      headers: [...bearer(bot), "X-Forwarded-For: 192.0.2.1"],
      status: 403,
      answer: json("Forbidden"),
      reason: "condition-not-met",
    },
    {
      name: "condition without an address",
      headers: bearer(bot),
      status: 403,
      answer: json("Forbidden"),
      reason: "condition-not-met",
    },
    {
      name: "zero rate",
      line: "GET /few HTTP/1.1",
      status: 429,
      answer: json("Too Many Requests"),
      reason: "throttled-route",
    },
    {
      name: "dot segment",
      line: "GET /orders/../open HTTP/1.1",
      status: 400,
      answer: json("Bad Request"),
      reason: "request-path",
    },
    {
      name: "absolute form",
      line: "GET http://shop.localhost/open HTTP/1.1",
      status: 400,
      answer: json("Bad Request"),
      reason: "request-path",
    },
    {
      name: "two hosts",
      line: "GET /open HTTP/1.1",
      headers: ["Host: shop.localhost", "Host: shop.localhost"],
      status: 400,
      answer: json("Bad Request"),
      reason: "request-host",
    },
    {
      name: "bad host",
      line: "GET /open HTTP/1.1",
      headers: ["Host: shop.localhost/x"],
      status: 400,
      answer: json("Bad Request"),
      reason: "request-host",
    },
    {
      name: "another host",
      line: "GET /open HTTP/1.1",
      headers: ["Host: evil.test"],
      status: 421,
      answer: json("Misdirected Request"),
      reason: "request-host",
    },
    {
      name: "trailing dot",
      line: "GET /open HTTP/1.1",
      headers: ["Host: shop.localhost."],
      status: 421,
      answer: json("Misdirected Request"),
      reason: "request-host",
    },
    {
      name: "two authorizations",
      headers: [...bearer(good), ...bearer(good)],
      status: 400,
      answer: json("Bad Request"),
      reason: "request-headers",
    },
    {
      name: "body too large by its length",
      line: "POST /orders HTTP/1.1",
      headers: [...bearer(good), "Content-Length: 10485761", "Expect: 100-continue"],
      status: 413,
      answer: "HTTP content length exceeded 10485760 bytes.",
      type: "text/plain; charset=utf-8",
      reason: "request-too-large",
    },
    {
      name: "too many headers",
      line: "GET /open HTTP/1.1",
      headers: Array.from({ length: 300 }, (_, n) => `a${n}: `),
      status: 431,
      answer: json("Request Header Fields Too Large"),
      reason: "request-headers-too-large",
    },
  ];
  for (const [index, item] of cases.entries())
    await t.test(item.name, async () => {
      const line = item.line ?? "GET /orders HTTP/1.1";
      const answer = await ask(
        fixture.publicSocket,
        line,
        [`X-Request-Id: ${UUID}`, ...(item.headers ?? [])],
        item.body,
      );
      const type = item.type ?? "application/json";
      const length = line.startsWith("HEAD") ? json("Not Found") : item.answer;
      const record = await fixture.record(index);
      assert.deepEqual(checkAnswer(fixture, answer), {
        status: item.status,
        body: item.answer,
        headers: expectedHeaders(type, length, ...(item.more ?? [])),
      });
      assert.equal(record.reason, item.reason);
      assert.equal(record.status, item.status);
      assert.equal(record.requestId, UUID);
      assert.equal(record.upstream, null);
      assert.equal(fixture.records.length, index + 1);
    });
  assert.equal(service.hits(), 0);
  assert.equal(fixture.gateway.stats().inFlight, 0);
});

test("request line and header values may have 10,240 bytes, and not one more", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const line = "GET /open HTTP/1.1";
  const rest = line.length + "shop.localhost:8443".length + "close".length;
  // What the edge adds is not the client's.
  const edge = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", `X-Request-Id: ${UUID}`, "Via: 2.0 Caddy"];
  const filler = (bytes: number) => [...edge, `X-Filler: ${"a".repeat(bytes - rest)}`];
  assert.equal((await ask(fixture.publicSocket, line, filler(10_240))).status, 200);
  assert.equal((await ask(fixture.publicSocket, line, filler(10_241))).status, 431);
  const huge = await ask(fixture.publicSocket, line, filler(60_000));
  assert.equal(huge.status, 431);
  assert.equal(huge.body, '{"message":"Request Header Fields Too Large"}');
  assert.deepEqual(
    fixture.records.map(({ status, reason }) => [status, reason]),
    [
      [200, "open-route"],
      [431, "request-headers-too-large"],
      [431, "request-headers-too-large"],
    ],
  );
  assert.equal(service.hits(), 1);
});

test("PL-10.1: throttles count exactly on the monotonic clock", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /a", upstream: service.origin, needs: null, throttle: { ratePerSecond: 1, burst: 5 } },
      { key: "GET /b", upstream: service.origin, needs: null },
      { key: "GET /c", upstream: service.origin, needs: null },
      { key: "GET /mine/{id}", upstream: service.origin },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/mine/*"] }],
    defaultThrottle: { ratePerSecond: 2, burst: 3 },
    perIdentity: { ratePerSecond: 1, burst: 2 },
  });
  const statuses = async (path: string, count: number, token?: string): Promise<number[]> => {
    const found: number[] = [];
    for (let n = 0; n < count; n++) {
      const headers = token === undefined ? [] : [`Authorization: Bearer ${token}`];
      found.push((await ask(fixture.publicSocket, `GET ${path} HTTP/1.1`, headers)).status);
    }
    return found;
  };
  assert.deepEqual(await statuses("/a", 6), [200, 200, 200, 200, 200, 429]);
  fixture.clock.advance(999);
  assert.deepEqual(await statuses("/a", 1), [429]);
  fixture.clock.advance(1);
  assert.deepEqual(await statuses("/a", 2), [200, 429]);

  // One bucket for each route key, also under the same default.
  assert.deepEqual(await statuses("/b", 4), [200, 200, 200, 429]);
  assert.deepEqual(await statuses("/c", 4), [200, 200, 200, 429]);

  // One bucket for each identity, whatever path or session it uses; a refusal takes nothing from the route.
  const ada = await fixture.token();
  const adaAgain = await fixture.token({ jti: "another token" });
  const bob = await fixture.token({ sub: "bob" });
  assert.deepEqual(await statuses("/mine/1", 1, ada), [200]);
  assert.deepEqual(await statuses("/mine/2", 3, adaAgain), [200, 429, 429]);
  assert.deepEqual(await statuses("/mine/3", 2, bob), [200, 429]);
  assert.deepEqual(
    fixture.records.slice(-3).map(({ reason, subject }) => [reason, subject]),
    [
      ["throttled-identity", "ada"],
      ["role-grants", "bob"],
      ["throttled-route", "bob"],
    ],
  );
  // Rates that stay keep their level when the policy is replaced; a changed one begins anew.
  fixture.gateway.replace(
    fixture.runtime({
      routes: [
        { key: "GET /a", upstream: service.origin, needs: null, throttle: { ratePerSecond: 1, burst: 5 } },
        { key: "GET /b", upstream: service.origin, needs: null, throttle: { ratePerSecond: 2, burst: 4 } },
      ],
      defaultThrottle: { ratePerSecond: 2, burst: 3 },
      perIdentity: { ratePerSecond: 1, burst: 2 },
      digest: "d2",
    }),
  );
  assert.deepEqual(await statuses("/a", 1), [429]);
  assert.deepEqual(await statuses("/b", 5), [200, 200, 200, 200, 429]);
  assert.equal(fixture.records.at(-1)?.policyDigest, "d2");
});

test("a token is good until its last second and not in it", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const token = await fixture.token({ exp: fixture.clock.nowMs() / 1000 + 60 });
  const request = async () =>
    (await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Authorization: Bearer ${token}`])).status;
  assert.equal(await request(), 200);
  fixture.clock.advance(59_999);
  assert.equal(await request(), 200);
  fixture.clock.advance(1);
  assert.equal(await request(), 401);
});

test("a token may come without its scheme, as API Gateway takes it", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const token = await fixture.token();
  for (const value of [token, `bearer ${token}`])
    assert.equal((await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Authorization: ${value}`])).status, 200);
});

test("a service that cannot be reached, is silent, or breaks off is 503 with its own reason", async (t) => {
  const silent = await startService(t, () => {});
  const broken = await startService(t, (req) => req.socket.destroy());
  const gone = await closedOrigin();
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /gone", upstream: gone, needs: null },
      { key: "POST /gone", upstream: gone, needs: null },
      { key: "GET /silent", upstream: silent.origin, needs: null, timeoutMs: 60 },
      { key: "POST /broken", upstream: broken.origin, needs: null },
    ],
  });
  const cases = [
    ["GET /gone HTTP/1.1", "upstream-unreachable"],
    ["POST /gone HTTP/1.1", "upstream-unreachable"],
    ["GET /silent HTTP/1.1", "upstream-timeout"],
    ["POST /broken HTTP/1.1", "upstream-aborted"],
  ] as const;
  for (const [index, [line, reason]] of cases.entries()) {
    const answer = await ask(fixture.publicSocket, line, [`X-Request-Id: ${UUID}`]);
    const record = await fixture.record(index);
    const body = '{"message":"Service Unavailable"}';
    assert.deepEqual(checkAnswer(fixture, answer), {
      status: 503,
      body,
      headers: expectedHeaders("application/json", body),
    });
    assert.equal(record.reason, reason);
    assert.notEqual(record.upstream, null);
  }
  assert.equal(silent.hits(), 1);
  assert.equal(broken.hits(), 1);
});

test("a fault while deciding refuses with 500 and tells the operator, not the client", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin), {
    wrap: (runtime) => ({
      ...runtime,
      assertions: {
        ...runtime.assertions,
        sign: () => {
          throw new RangeError("the key is not there");
        },
      },
    }),
  });
  const token = await fixture.token();
  const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [
    `X-Request-Id: ${UUID}`,
    `Authorization: Bearer ${token}`,
  ]);
  const body = '{"message":"Internal Server Error"}';
  assert.deepEqual(checkAnswer(fixture, answer), {
    status: 500,
    body,
    headers: expectedHeaders("application/json", body),
  });
  const record = await fixture.record(0);
  assert.equal(record.reason, "fault");
  assert.equal(record.error, "RangeError: the key is not there");
  assert.equal(service.hits(), 0);
});

test("a fault before anything is decided refuses too, and the process lives", async (t) => {
  const service = await startService(t);
  const ids = ["not this time", UUID];
  const fixture = await startGateway(t, policyOf(service.origin), {
    newRequestId: () => {
      const id = ids.shift() ?? UUID;
      if (id !== UUID) throw new RangeError(id);
      return id;
    },
  });
  const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1");
  assert.deepEqual([answer.status, answer.body], [500, '{"message":"Internal Server Error"}']);
  const record = await fixture.record(0);
  assert.deepEqual([record.reason, record.status, record.error], ["fault", 500, "RangeError: not this time"]);
  assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 200);
  assert.deepEqual([service.hits(), fixture.gateway.stats().inFlight], [1, 0]);
});

test("records that cannot be kept stop nothing", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin), {
    onRecord: () => {
      throw new Error("disk full");
    },
  });
  for (let n = 0; n < 3; n++) assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 200);
});

test("a client that goes away while its token is verified is no fault", async (t) => {
  const service = await startService(t);
  let answer: ((result: { ok: false; reason: "keys-unavailable" }) => void) | null = null;
  let asked: (() => void) | null = null;
  const whenAsked = new Promise<void>((resolve) => (asked = resolve));
  const fixture = await startGateway(t, policyOf(service.origin), {
    wrap: (runtime) => ({
      ...runtime,
      verifier: {
        ...runtime.verifier,
        cached: () => null,
        verifyPresented: () =>
          new Promise((resolve) => {
            answer = resolve;
            asked?.();
          }),
      },
    }),
  });
  const connection = new RawConnection(fixture.publicSocket);
  connection.write("GET /orders HTTP/1.1\r\nHost: shop.localhost\r\nAuthorization: Bearer a.b.c\r\n\r\n");
  await whenAsked;
  connection.socket.destroy();
  const record = await fixture.record(0);
  assert.deepEqual([record.status, record.reason, record.error], [499, "client-aborted", null]);
  (answer as unknown as (result: { ok: false; reason: "keys-unavailable" }) => void)({
    ok: false,
    reason: "keys-unavailable",
  });
  assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 200);
  assert.equal(fixture.records.length, 2);
});

test("a token of any size is refused as a token; other headers are too large by themselves", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const cases = [
    [[`Authorization: Bearer ${"A".repeat(9000)}`], 401, "token-too-large"],
    [[`Authorization: Bearer ${".".repeat(9000)}`], 401, "token-too-large"],
    [[`Authorization: Bearer ${"A".repeat(100_000)}`], 401, "token-too-large"],
    [[`Authorization: Bearer ${"A".repeat(100)}`, `X-Filler: ${"A".repeat(11_000)}`], 431, "request-headers-too-large"],
    [[`X-Filler: ${"A".repeat(200_000)}`], 431, "request-headers-too-large"],
  ] as const;
  for (const [index, [headers, status, reason]] of cases.entries()) {
    const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", headers);
    const record = await fixture.record(index);
    assert.deepEqual([answer.status, record.status, record.reason], [status, status, reason]);
  }
  assert.equal(service.hits(), 0);
});

test("without the provider's keys nobody is let in and everybody is told to come again", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin), {
    wrap: (runtime) => ({
      ...runtime,
      verifier: {
        ...runtime.verifier,
        cached: () => null,
        verifyPresented: () => Promise.resolve({ ok: false, reason: "keys-unavailable" }),
      },
    }),
  });
  const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [
    `X-Request-Id: ${UUID}`,
    "Authorization: Bearer a.b.c",
  ]);
  const body = '{"message":"Service Unavailable"}';
  assert.deepEqual(checkAnswer(fixture, answer), {
    status: 503,
    body,
    headers: expectedHeaders("application/json", body, "retry-after: 5"),
  });
  assert.equal((await fixture.record(0)).reason, "keys-unavailable");
});

test("CONNECT is refused before routing and its connection ended", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const text = await exchangeRaw(
    fixture.publicSocket,
    "CONNECT shop.localhost:80 HTTP/1.1\r\nHost: shop.localhost\r\n\r\nGET /open HTTP/1.1\r\nHost: shop.localhost\r\n\r\n",
  );
  const answer = parseAnswer(text);
  assert.equal(answer.status, 405);
  assert.equal(answer.body, '{"message":"Method Not Allowed"}');
  assert.equal(fixture.records.length, 1);
  assert.equal(fixture.records[0]?.reason, "request-method");
  assert.equal(service.hits(), 0);
});

test("own endpoints answer on the public API alone, by path", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "ANY /{path+}", upstream: service.origin, needs: null },
      { key: "GET /{path+}", upstream: service.origin, needs: null, exposure: "private" },
    ],
  });
  const health = await ask(fixture.publicSocket, "GET /_gatehouse/health HTTP/1.1");
  assert.deepEqual([health.status, health.body], [200, '{"status":"ok"}']);
  const jwks = await ask(fixture.publicSocket, "GET /_gatehouse/jwks.json HTTP/1.1");
  assert.deepEqual(JSON.parse(jwks.body), fixture.assertions.jwks());
  const discovery = await ask(fixture.publicSocket, "GET /_gatehouse/.well-known/openid-configuration HTTP/1.1");
  assert.deepEqual(JSON.parse(discovery.body), fixture.assertions.discovery());
  for (const [socket, line] of [
    [fixture.publicSocket, "GET /_gatehouse/other HTTP/1.1"],
    [fixture.publicSocket, "GET /%5Fgatehouse/other HTTP/1.1"],
    [fixture.publicSocket, "POST /_gatehouse/health HTTP/1.1"],
    [fixture.privateSocket, "GET /_gatehouse/health HTTP/1.1"],
  ] as const)
    assert.equal((await ask(socket, line)).status, 404);
  assert.deepEqual(
    fixture.records.map(({ reason }) => reason),
    ["own-endpoint", "own-endpoint", "own-endpoint", "no-route", "no-route", "no-route", "no-route"],
  );
  assert.deepEqual(
    fixture.records.filter(({ routeKey, service: named }) => routeKey !== null || named !== null),
    [],
    "no route takes part in any of this",
  );
  assert.equal(service.hits(), 0);
  assert.equal((await ask(fixture.publicSocket, "GET /_gatehouses HTTP/1.1")).status, 200);
});
