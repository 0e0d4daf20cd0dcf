/** WebSockets: opened by a request that is decided like any other, joined byte for byte, ended with the caller's right. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, WebSocket as BrowserSocket } from "undici";
import { isGatehouseError } from "../../src/core/index.ts";
import { BASE_URL, Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { type Fixture, type PolicySpec, START_MS, startGateway } from "./fixture.ts";
import { RawConnection, ask, parseAnswer } from "./raw-client.ts";
import { closedOrigin, startRawService, startService } from "./service.ts";
import { openWebSocket, refusedWebSocket, startWebSocketService } from "./web-socket-service.ts";

const UUID = "3c6b3c1e-7f0e-4c0e-9d55-000000000001";

function policyOf(upstream: string): PolicySpec {
  return {
    routes: [
      { key: "GET /chat/{room}", upstream, websocket: true },
      { key: "GET /open", upstream, websocket: true, needs: null },
      { key: "GET /plain", upstream, needs: null },
      { key: "GET /few", upstream, websocket: true, needs: null, throttle: { ratePerSecond: 0, burst: 0 } },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/chat/7"] }],
  };
}

/** The head of a handshake by hand. */
function handshake(path: string, ...more: string[]): string {
  const lines = ["Host: shop.localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  lines.push("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...more);
  return `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

async function recordOf(fixture: Fixture, index: number) {
  const { status, reason, routeKey, role, subject, bytesIn, bytesOut, error, upstream } = await fixture.record(index);
  return { status, reason, routeKey, role, subject, bytesIn, bytesOut, error, upstream };
}

test("an allowed handshake reaches the service as any request does, and messages pass both ways", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const token = await fixture.token();
  const client = await openWebSocket(t, fixture.publicSocket, "/chat/7?since=3", {
    protocols: ["chat.v1", "chat.v2"],
    headers: {
      authorization: `Bearer ${token}`,
      "x-request-id": UUID,
      "x-forwarded-for": "192.0.2.7",
      "x-forwarded-proto": "https",
      "x-gatehouse-subject": "admin",
      "x-tenant": "acme",
    },
  });
  const server = await service.accepted();
  const [seen] = service.handshakes;
  assert.equal(seen?.url, "/chat/7?since=3");
  const { headers } = seen;
  assert.deepEqual(
    [
      headers.upgrade,
      headers.connection,
      headers["x-gatehouse-subject"],
      headers["x-gatehouse-role"],
      headers["x-tenant"],
    ],
    ["websocket", "upgrade", "ada", "support", "acme"],
  );
  assert.deepEqual(
    [headers["x-request-id"], headers["x-forwarded-for"], headers.authorization],
    [UUID, "192.0.2.7", undefined],
  );
  assert.match(headers["x-gatehouse-assertion"] as string, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.equal(client.socket.protocol, "chat.v2");
  assert.equal(client.answer.headers["x-request-id"], UUID);
  assert.match(client.answer.headers["traceresponse"] as string, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.equal(client.answer.headers["apigw-requestid"], "PGs8Hn8OTA6dVQA=");

  client.socket.send("hello");
  assert.equal(await server.next(), "hello");
  server.socket.send("welcome");
  assert.equal(await client.next(), "welcome");
  assert.deepEqual([fixture.gateway.stats().webSockets, fixture.gateway.stats().inFlight], [1, 0]);
  assert.equal(fixture.records.length, 0, "the record is written at the end");

  fixture.clock.advance(1500);
  client.socket.close(1000, "bye");
  assert.deepEqual(await server.closed, { code: 1000, reason: "bye" });
  assert.deepEqual(await client.closed, { code: 1000, reason: "bye" });
  const record = await fixture.record(0);
  assert.deepEqual(await recordOf(fixture, 0), {
    status: 101,
    reason: "role-grants",
    routeKey: "GET /chat/{room}",
    role: "support",
    subject: "ada",
    bytesIn: record.bytesIn,
    bytesOut: record.bytesOut,
    error: null,
    upstream: service.origin,
  });
  // A masked text frame and a masked close frame came in; their unmasked likes went out. Compression adds a few bytes.
  assert.ok(record.bytesIn >= 2 + 4 + 5 + 2 + 4 + 5 && record.bytesIn < 40, `${record.bytesIn} in`);
  assert.ok(record.bytesOut >= 2 + 7 + 2 + 5 && record.bytesOut < 40, `${record.bytesOut} out`);
  assert.deepEqual([record.durationMs, record.requestId, record.removedHeaders], [1500, UUID, ["x-gatehouse-subject"]]);
  assert.equal(fixture.gateway.stats().webSockets, 0);
});

test("a browser's own WebSocket opens one too", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const dispatcher = new Agent({ connect: { socketPath: fixture.publicSocket } });
  t.after(() => dispatcher.destroy());
  const client = new BrowserSocket("ws://shop.localhost/open", { dispatcher });
  await once(client, "open");
  const server = await service.accepted();
  client.send("hello");
  assert.equal(await server.next(), "hello");
  const heard = once(client, "message") as Promise<[{ readonly data: string }]>;
  server.socket.send("x".repeat(100_000));
  assert.equal((await heard)[0].data.length, 100_000);
  server.socket.close(4000, "enough");
  const [closed] = (await once(client, "close")) as [{ readonly code: number; readonly reason: string }];
  assert.deepEqual([closed.code, closed.reason], [4000, "enough"]);
  assert.deepEqual([(await fixture.record(0)).reason, (await fixture.record(0)).subject], ["open-route", null]);
});

test("a handshake is refused as any request is, and no service hears of it", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const bearer = async (claims = {}) => ({ headers: { authorization: `Bearer ${await fixture.token(claims)}` } });
  const cases = [
    ["/chat/7", {}, 401, "unauthenticated"],
    ["/chat/7", { headers: { authorization: "Bearer a.b.c" } }, 401, "token-malformed"],
    ["/chat/7", await bearer({ exp: START_MS / 1000 }), 401, "token-expired"],
    ["/chat/8", await bearer(), 403, "not-granted"],
    ["/chat/7", await bearer({ groups: [] }), 403, "no-role"],
    ["/few", {}, 429, "throttled-route"],
    ["/nothing", {}, 404, "no-route"],
    ["/open", { host: "evil.test" }, 421, "request-host"],
    ["/open", { headers: { "x-filler": "x".repeat(11_000) } }, 431, "request-headers-too-large"],
  ] as const;
  for (const [index, [path, opening, status, reason]] of cases.entries()) {
    const answer = await refusedWebSocket(t, fixture.publicSocket, path, opening);
    const record = await recordOf(fixture, index);
    assert.deepEqual(
      [answer.status, record.status, record.reason, record.upstream],
      [status, status, reason, null],
      path,
    );
    assert.match(answer.body, /^\{"message":"[A-Za-z ]+"\}$/);
    assert.match(answer.headers["x-request-id"] as string, /^[0-9a-f-]{36}$/);
  }
  assert.deepEqual([service.handshakes.length, service.plain(), fixture.gateway.stats().inFlight], [0, 0, 0]);
});

test("a refused handshake ends its connection, and what follows is not read as a request", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin), { limits: { lingerMs: 50 } });
  for (const [path, status] of [
    ["/chat/7", 401],
    ["/few", 429],
  ] as const) {
    const connection = new RawConnection(fixture.publicSocket);
    connection.write(`${handshake(path)}GET /plain HTTP/1.1\r\nHost: shop.localhost\r\n\r\n`);
    const text = await connection.until(() => false);
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), [`HTTP/1.1 ${status}`]);
    assert.match(text, /Connection: close\r\n/i);
  }
  assert.equal(service.plain(), 0);
});

test("elsewhere a request to upgrade is answered as if it had not asked, and its connection goes on", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /plain", upstream: service.origin, needs: null },
      { key: "GET /open", upstream: service.origin, needs: null, websocket: true },
      { key: "POST /open", upstream: service.origin, needs: null },
    ],
  });
  const rest = (head: string) => head.slice(head.indexOf(" ") + 1);
  const asked: readonly string[] = [
    handshake("/plain"),
    // Nothing that opens a WebSocket, though the route has them.
    handshake("/open").replace("Upgrade: websocket", "Upgrade: h2c"),
    handshake("/open").replace("Upgrade: websocket", "Upgrade: websocket, h2c"),
    handshake("/open", "Upgrade: h2c"),
    handshake("/open").replace("Connection: Upgrade\r\n", ""),
    handshake("/open", "Transfer-Encoding: chunked") + "0\r\n\r\n",
    handshake("/open", "Content-Length: 2") + "ab",
    handshake("/open").replace(/Sec-WebSocket-Key: .*\r\n/, ""),
    `POST ${rest(handshake("/open", "Content-Length: 0"))}`,
  ];
  for (const [index, head] of asked.entries()) {
    const connection = new RawConnection(fixture.publicSocket);
    t.after(() => connection.socket.destroy());
    connection.write(head);
    await connection.until((text) => text.endsWith("ok"));
    connection.write("GET /plain HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n");
    const text = await connection.until(() => false);
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200"], head);
    const seen = service.seen[2 * index];
    assert.ok(!seen?.headers.some(([name, value]) => /^upgrade$/i.test(name) || /upgrade/i.test(value)), head);
  }
  const old = await ask(fixture.publicSocket, "GET /open HTTP/1.0", ["Connection: Upgrade", "Upgrade: websocket"]);
  assert.equal(old.status, 200);
});

test("an upgrade behind a request that is still being answered waits for no tunnel", async (t) => {
  let answer: (() => void) | null = null;
  const service = await startService(t, (req, res) => {
    if (req.url === "/plain") answer = () => res.end("slow");
    else res.end("ok");
  });
  const fixture = await startGateway(t, policyOf(service.origin));
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  connection.write(`GET /plain HTTP/1.1\r\nHost: shop.localhost\r\n\r\n${handshake("/open")}`);
  while (service.hits() < 2) await new Promise<void>((resolve) => setImmediate(resolve));
  (answer as unknown as () => void)();
  const text = await connection.until((received) => received.endsWith("ok"));
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+|slow|ok$/g), ["HTTP/1.1 200", "slow", "HTTP/1.1 200", "ok"]);
});

test("a connection that has carried requests before may become a WebSocket", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  for (let n = 1; n <= 2; n++) {
    connection.write("GET /plain HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
    await connection.until((text) => text.split("plain").length === n + 1);
  }
  connection.write(handshake("/open"));
  const text = await connection.until((received) => received.includes("101 Switching Protocols\r\n"));
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 426", "HTTP/1.1 426", "HTTP/1.1 101"]);
  assert.equal((await service.accepted()).socket.readyState, 1);
});

test("an answer of the service that is no 101 is passed on", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  // The service wants another version of the protocol.
  const connection = new RawConnection(fixture.publicSocket);
  connection.write(handshake("/open").replace("Version: 13", "Version: 7"));
  const answer = parseAnswer(await connection.until(() => false));
  assert.equal(answer.status, 400);
  const record = await recordOf(fixture, 0);
  assert.deepEqual([record.status, record.reason, record.upstream], [400, "open-route", service.origin]);
  assert.deepEqual([fixture.gateway.stats().webSockets, fixture.gateway.stats().inFlight], [0, 0]);
});

test("a service that does not answer, or switches to something else, is 503", async (t) => {
  const other = await startRawService(t, (socket) => {
    socket.once("data", () => socket.write(SWITCH.replace("websocket", "h2c")));
  });
  const silent = await startRawService(t, () => {});
  const broken = await startRawService(t, (socket) => socket.once("data", () => socket.destroy()));
  const route = { websocket: true, needs: null } as const;
  const fixture = await startGateway(t, {
    routes: [
      { ...route, key: "GET /other", upstream: other },
      { ...route, key: "GET /silent", upstream: silent, timeoutMs: 60 },
      { ...route, key: "GET /broken", upstream: broken },
      { ...route, key: "GET /gone", upstream: await closedOrigin() },
    ],
  });
  for (const [index, [path, reason]] of (
    [
      ["/other", "upstream-aborted"],
      ["/silent", "upstream-timeout"],
      ["/broken", "upstream-aborted"],
      ["/gone", "upstream-unreachable"],
    ] as const
  ).entries()) {
    assert.equal((await refusedWebSocket(t, fixture.publicSocket, path)).status, 503);
    assert.equal((await fixture.record(index)).reason, reason);
  }
});

test("nobody is switched by a service that was not asked to", async (t) => {
  const upstream = await startRawService(t, (socket) => {
    socket.once("data", () => socket.write(`${SWITCH}tunnelled`));
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream, needs: null, websocket: true }] });
  const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1");
  assert.deepEqual([answer.status, (await fixture.record(0)).reason], [503, "upstream-aborted"]);
});

test("bytes pass unread and unchanged, early ones too, and each side waits for the other", async (t) => {
  const size = 8 * 1024 * 1024;
  let sent = 0;
  const upstream = await startRawService(t, (socket) => {
    socket.once("data", () => {
      socket.write(`${SWITCH}first;`);
      socket.on("data", (chunk) => socket.write(chunk));
      const fill = (): void => {
        while (sent < size) {
          sent += 65_536;
          if (!socket.write(Buffer.alloc(65_536, 0x62))) {
            socket.once("drain", fill);
            return;
          }
        }
      };
      socket.on("data", (chunk) => chunk.includes("go") && fill());
    });
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream, needs: null, websocket: true }] });
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  connection.write(`${handshake("/open")}early;`);
  const opened = await connection.until((text) => text.includes("early;"));
  assert.match(opened, /^HTTP\/1\.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n/);
  assert.match(opened, /\r\n\r\nfirst;early;$/);
  assert.doesNotMatch(opened, /content-length|transfer-encoding/i);
  // A client that does not read holds the service back.
  connection.socket.pause();
  connection.write("go");
  let before = -1;
  while (before !== sent) {
    before = sent;
    for (let turn = 0; turn < 200; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.ok(sent > 0 && sent < size, `${sent} bytes were taken from the service`);
  connection.socket.resume();
  await connection.until((text) => text.length >= opened.length + 2 + size);
  connection.socket.destroy();
  const record = await fixture.record(0);
  assert.deepEqual([record.status, record.bytesIn, record.bytesOut], [101, 8, "first;early;go".length + size]);
});

test("either side's end ends the other, gently or not", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const open = async () => {
    const client = await openWebSocket(t, fixture.publicSocket, "/open");
    return { client, server: await service.accepted() };
  };
  const first = await open();
  first.client.socket.terminate();
  assert.equal((await first.server.closed).code, 1006);
  const second = await open();
  second.server.socket.terminate();
  assert.equal((await second.client.closed).code, 1006);
  const third = await open();
  third.server.socket.close(1011, "tired");
  assert.deepEqual(await third.client.closed, { code: 1011, reason: "tired" });
  await fixture.record(2);
  assert.deepEqual(
    fixture.records.map(({ status, reason }) => [status, reason]),
    Array.from({ length: 3 }, () => [101, "open-route"]),
  );
  assert.equal(fixture.gateway.stats().webSockets, 0);
});

test("a client that goes away while the service makes up its mind takes its request with it", async (t) => {
  let arrived: (() => void) | null = null;
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  let ended: (() => void) | null = null;
  const end = new Promise<void>((resolve) => (ended = resolve));
  const upstream = await startRawService(t, (socket) => {
    socket.on("data", () => arrived?.()).on("close", () => ended?.());
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream, needs: null, websocket: true }] });
  const connection = new RawConnection(fixture.publicSocket);
  connection.write(handshake("/open"));
  await arrival;
  connection.socket.end();
  await end;
  const record = await recordOf(fixture, 0);
  assert.deepEqual([record.status, record.reason], [499, "client-aborted"]);
});

test("an open WebSocket ends when the caller's right does, and not before", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const authorization = `Bearer ${await fixture.token({ exp: START_MS / 1000 + 1 })}`;
  // So little is left that the gateway looks again and again while this clock stands still.
  fixture.clock.advance(980);
  const client = await openWebSocket(t, fixture.publicSocket, "/chat/7", { headers: { authorization } });
  const server = await service.accepted();
  fixture.clock.advance(19);
  await delay(60);
  client.socket.send("still here");
  assert.equal(await server.next(), "still here");
  fixture.clock.advance(1);
  assert.deepEqual(await client.closed, { code: 1008, reason: "the right to this has ended" });
  assert.deepEqual(await server.closed, { code: 1008, reason: "the right to this has ended" });
  const record = await recordOf(fixture, 0);
  assert.deepEqual([record.status, record.reason, record.error], [101, "right-ended", "the caller's right ended"]);
  // Nobody's right is needed on an open route.
  const open = await openWebSocket(t, fixture.publicSocket, "/open");
  fixture.clock.advance(1_000_000_000);
  open.socket.send("x");
  assert.equal(await (await service.accepted()).next(), "x");
});

test("no frame of Gatehouse's is put into the middle of another", async (t) => {
  const half = Buffer.from([0x82, 100, 1, 2, 3]);
  const upstream = await startRawService(t, (socket) => {
    socket.once("data", () => {
      socket.write(SWITCH);
      socket.write(half);
    });
  });
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /chat/7", upstream, websocket: true }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/chat/7"] }],
    },
    { limits: { lingerMs: 50 } },
  );
  const token = await fixture.token({ exp: START_MS / 1000 + 1 });
  fixture.clock.advance(990);
  const connection = new RawConnection(fixture.publicSocket);
  connection.write(handshake("/chat/7", `Authorization: Bearer ${token}`));
  const bytes = half.toString("latin1");
  await connection.until((text) => text.endsWith(bytes));
  fixture.clock.advance(10);
  const text = await connection.until(() => false);
  assert.ok(text.endsWith(`\r\n\r\n${bytes}`), "the connection ends as it is");
  assert.equal((await fixture.record(0)).error, "the caller's right ended");
});

test("a policy that still grants them leaves open WebSockets alone, and one that does not ends them", async (t) => {
  const service = await startWebSocketService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  const headers = { authorization: `Bearer ${await fixture.token()}` };
  const client = await openWebSocket(t, fixture.publicSocket, "/chat/7", { headers });
  const server = await service.accepted();
  const other = await startService(t);
  fixture.gateway.replace(fixture.runtime({ ...policyOf(other.origin), digest: "d2" }));
  // The old service has no other connection, and none is kept for it.
  assert.deepEqual(
    fixture.gateway.stats().upstreams.map(({ origin }) => origin),
    [other.origin],
  );
  client.socket.send("hello");
  assert.equal(await server.next(), "hello");
  fixture.gateway.replace(
    fixture.runtime({ routes: [{ key: "GET /plain", upstream: other.origin, needs: null }], digest: "d3" }),
  );
  assert.deepEqual(await client.closed, { code: 1008, reason: "the policy grants this no longer" });
  assert.deepEqual(await server.closed, { code: 1008, reason: "the policy grants this no longer" });
  assert.equal((await refusedWebSocket(t, fixture.publicSocket, "/chat/7", { headers })).status, 404);
  await fixture.record(1);
  assert.deepEqual(
    fixture.records.map(({ status, reason, policyDigest }) => [status, reason, policyDigest]),
    [
      [101, "policy-changed", "d1"],
      [404, "no-route", "d3"],
    ],
  );
});

test("closing waits for open WebSockets as for requests, then ends them with a reason", async (t) => {
  const service = await startWebSocketService(t);
  const patient = await startGateway(t, policyOf(service.origin));
  const waiting = await openWebSocket(t, patient.publicSocket, "/open");
  const server = await service.accepted();
  const closing = patient.gateway.close({ graceMs: 60_000 });
  waiting.socket.send("last words");
  assert.equal(await server.next(), "last words");
  waiting.socket.close(1000);
  await closing;
  assert.deepEqual([patient.records.length, patient.records[0]?.error], [1, null]);

  const hurried = await startGateway(t, policyOf(service.origin));
  const cut = await openWebSocket(t, hurried.publicSocket, "/open");
  const other = await service.accepted();
  await hurried.gateway.close({ graceMs: 1 });
  assert.deepEqual(await cut.closed, { code: 1001, reason: "the gateway is closing" });
  assert.deepEqual(await other.closed, { code: 1001, reason: "the gateway is closing" });
  assert.deepEqual(
    hurried.records.map(({ status, error }) => [status, error]),
    [[101, "the gateway closed"]],
  );
});

test("closing ends handshakes that nobody answers, and sides that do not let go", async (t) => {
  const deaf = await startRawService(t, (socket) => {
    socket.once("data", () => socket.write(SWITCH));
  });
  const silent = await startRawService(t, () => {});
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /deaf", upstream: deaf, needs: null, websocket: true },
      { key: "GET /silent", upstream: silent, needs: null, websocket: true },
    ],
  });
  const open = new RawConnection(fixture.publicSocket);
  open.socket.removeAllListeners("end");
  open.write(handshake("/deaf"));
  await open.until((text) => text.includes("\r\n\r\n"));
  const waiting = new RawConnection(fixture.publicSocket);
  waiting.write(handshake("/silent"));
  while (fixture.gateway.stats().inFlight === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  await fixture.gateway.close({ graceMs: 1 });
  await open.until(() => false);
  await waiting.until(() => false);
  assert.deepEqual(
    new Set(fixture.records.map(({ status, reason }) => `${status} ${reason}`)),
    new Set(["101 open-route", "499 client-aborted"]),
  );
});

test("a session opens a WebSocket for pages of its own site alone", async (t) => {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const service = await startWebSocketService(t);
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /chat/7", upstream: service.origin, websocket: true, login: true }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/chat/7"] }],
    },
    {
      clock: setup.clock,
      limits: { rightCheckMs: 20 },
      wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions: setup.sessions }),
    },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const cookie = browser.cookieHeader() ?? "";
  const { host } = new URL(BASE_URL);
  for (const headers of [
    { cookie, origin: "https://evil.example" },
    { cookie, origin: "null" },
    { cookie, origin: BASE_URL.replace("https", "http") },
    { cookie, origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    { cookie, origin: BASE_URL.replace("://", "://www."), "sec-fetch-site": "same-site" },
    { cookie },
  ])
    assert.equal((await refusedWebSocket(t, fixture.publicSocket, "/chat/7", { host, headers })).status, 403);
  assert.deepEqual(new Set(fixture.records.map(({ reason }) => reason)), new Set(["request-cross-site"]));
  assert.equal(service.handshakes.length, 0);
  const client = await openWebSocket(t, fixture.publicSocket, "/chat/7", {
    host,
    headers: { cookie, origin: BASE_URL },
  });
  const server = await service.accepted();
  assert.equal(service.handshakes[0]?.headers["x-gatehouse-subject"], "ada");
  assert.ok(!JSON.stringify(service.handshakes[0].rawHeaders).includes("__Host-gatehouse"));
  // The right is the access token's: a page opens another one, with a session that was renewed.
  setup.clock.set(8.64e14);
  assert.equal((await client.closed).code, 1008);
  assert.equal((await server.closed).code, 1008);
});

test("a WebSocket is opened by GET alone", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin));
  for (const key of ["POST /a", "ANY /a", "$default"])
    assert.throws(
      () =>
        fixture.gateway.replace(
          fixture.runtime({ routes: [{ key, upstream: service.origin, needs: null, uri: "/", websocket: true }] }),
        ),
      (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ARTIFACT_UNSUPPORTED",
      key,
    );
});
