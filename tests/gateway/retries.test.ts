/** Further attempts: as many as the route says, only where no answer began, and never beyond the route's timeout. */
import assert from "node:assert/strict";
import { type Server, type Socket, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { isGatehouseError } from "../../src/core/index.ts";
import { startGateway } from "./fixture.ts";
import { RawConnection, ask } from "./raw-client.ts";
import { closedOrigin, startRawService, startService } from "./service.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A service that ends each of its first `failures` connections when a request is there, and answers from then on. */
async function startFlaky(t: TestContext, failures: number, broken: (socket: Socket) => void) {
  const heads: string[] = [];
  const origin = await startRawService(t, (socket) => {
    socket.on("data", (chunk) => {
      heads.push(chunk.toString("latin1"));
      if (heads.length <= failures) broken(socket);
      else socket.write(OK);
    });
  });
  return { origin, heads, methods: () => heads.map((head) => head.slice(0, head.indexOf(" "))) };
}

test("a request without an answer is repeated as often as the route says, its body included", async (t) => {
  const cases = [
    // retries, failures, method, status, attempts, error
    [2, 0, "GET", 200, 1, null],
    [2, 1, "GET", 200, 2, "ERR_UPSTREAM_CLOSED; attempt 2 was answered"],
    [2, 2, "PUT", 200, 3, "ERR_UPSTREAM_CLOSED; attempt 3 was answered"],
    [2, 3, "PUT", 503, 3, "ERR_UPSTREAM_CLOSED (3 attempts)"],
    [1, 2, "DELETE", 503, 2, "ERR_UPSTREAM_CLOSED (2 attempts)"],
    [0, 1, "PUT", 503, 1, "ERR_UPSTREAM_CLOSED"],
  ] as const;
  for (const [retries, failures, method, status, attempts, error] of cases) {
    const service = await startFlaky(t, failures, (socket) => socket.destroy());
    const fixture = await startGateway(t, {
      routes: [{ key: `${method} /a`, upstream: service.origin, needs: null, retries }],
    });
    const body = method === "GET" ? "" : "hello";
    const headers = method === "GET" ? [] : ["Content-Length: 5"];
    const answer = await ask(fixture.publicSocket, `${method} /a HTTP/1.1`, headers, body);
    const record = await fixture.record(0);
    const reason = status === 200 ? "open-route" : "upstream-aborted";
    assert.deepEqual(
      [answer.status, record.status, record.reason, record.error, service.heads.length],
      [status, status, reason, error, attempts],
    );
    assert.ok(service.heads.every((head) => head.endsWith(`\r\n\r\n${body}`)));
    assert.equal(new Set(service.heads).size, 1, "each attempt says the same");
  }
});

test("a service that comes back while it is asked again is reached", async (t) => {
  const origin = await closedOrigin();
  const fixture = await startGateway(t, {
    routes: [{ key: "GET /a", upstream: origin, needs: null, retries: 5, timeoutMs: 5000 }],
  });
  const server: Server = createServer((socket) => socket.on("data", () => socket.end(OK)).on("error", () => {}));
  t.after(() => server.close());
  const answered = ask(fixture.publicSocket, "GET /a HTTP/1.1");
  // A connection on loopback is refused in the call that asks for it.
  while (fixture.gateway.stats().inFlight === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => server.listen(Number(new URL(origin).port), "127.0.0.1", resolve));
  assert.equal((await answered).status, 200);
  assert.match((await fixture.record(0)).error ?? "", /^ECONNREFUSED; attempt [2-6] was answered$/);

  const gone = await startGateway(t, {
    routes: [{ key: "GET /a", upstream: await closedOrigin(), needs: null, retries: 2 }],
  });
  assert.equal((await ask(gone.publicSocket, "GET /a HTTP/1.1")).status, 503);
  const record = await gone.record(0);
  assert.deepEqual([record.reason, record.error], ["upstream-unreachable", "ECONNREFUSED (3 attempts)"]);
});

test("an answer that began is the answer, and so is one that says no", async (t) => {
  for (const [bytes, status, reason] of [
    ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 200, "upstream-aborted"],
    ["HTTP/1.1 200 OK\r\nContent-Le", 503, "upstream-aborted"],
    ["220 mail.example ESMTP\r\n", 503, "upstream-aborted"],
    ["HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503, "open-route"],
  ] as const) {
    const service = await startFlaky(t, 5, (socket) => {
      socket.write(bytes);
      setImmediate(() => setImmediate(() => socket.destroy()));
    });
    const fixture = await startGateway(t, {
      routes: [{ key: "GET /a", upstream: service.origin, needs: null, retries: 5 }],
    });
    assert.equal((await ask(fixture.publicSocket, "GET /a HTTP/1.1")).status, status);
    const record = await fixture.record(0);
    assert.deepEqual([record.status, record.reason, service.heads.length], [status, reason, 1], bytes);
  }
});

test("a body that is streamed is sent once", async (t) => {
  const service = await startFlaky(t, 5, (socket) => socket.destroy());
  const fixture = await startGateway(t, {
    routes: [{ key: "PUT /a", upstream: service.origin, needs: null, retries: 5 }],
  });
  const chunked = "5\r\nhello\r\n0\r\n\r\n";
  assert.equal(
    (await ask(fixture.publicSocket, "PUT /a HTTP/1.1", ["Transfer-Encoding: chunked"], chunked)).status,
    503,
  );
  assert.deepEqual([service.methods().length, (await fixture.record(0)).error], [1, "ERR_UPSTREAM_CLOSED"]);
});

test("all attempts together have the route's timeout", async (t) => {
  const origin = await closedOrigin();
  const silent = await startFlaky(t, 1, (socket) => socket.destroy());
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /refused", upstream: origin, needs: null, retries: 1_000_000, timeoutMs: 150 },
      { key: "GET /slow", upstream: (await startService(t, () => {})).origin, needs: null, retries: 3, timeoutMs: 60 },
      { key: "GET /first", upstream: silent.origin, needs: null, retries: 3, timeoutMs: 5000 },
    ],
  });
  for (const [index, path] of ["/refused", "/slow"].entries()) {
    assert.equal((await ask(fixture.publicSocket, `GET ${path} HTTP/1.1`)).status, 503);
    const record = await fixture.record(index);
    assert.equal(record.reason, "upstream-timeout");
    // A service that is slow is asked once: it may be at work.
    assert.match(
      record.error ?? "",
      path === "/slow" ? /^ERR_UPSTREAM_TIMEOUT$/ : /^ERR_UPSTREAM_TIMEOUT \(\d+ attempts\)$/,
    );
  }
  assert.equal((await ask(fixture.publicSocket, "GET /first HTTP/1.1")).status, 200);
});

test("who goes away while it is waited between two attempts ends them", async (t) => {
  let asked: (() => void) | null = null;
  const whenAsked = new Promise<void>((resolve) => (asked = resolve));
  const service = await startFlaky(t, 1000, (socket) => {
    socket.destroy();
    asked?.();
  });
  const fixture = await startGateway(t, {
    routes: [
      { key: "GET /a", upstream: service.origin, needs: null, retries: 1000 },
      { key: "GET /b", upstream: (await startService(t)).origin, needs: null },
    ],
  });
  const connection = new RawConnection(fixture.publicSocket);
  connection.write("GET /a HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
  await whenAsked;
  connection.socket.destroy();
  const record = await fixture.record(0);
  assert.deepEqual([record.status, record.reason], [499, "client-aborted"]);
  const before = service.heads.length;
  // Longer than the longest pause, by requests that take their time.
  const end = performance.now() + 120;
  while (performance.now() < end) assert.equal((await ask(fixture.publicSocket, "GET /b HTTP/1.1")).status, 200);
  assert.ok(service.heads.length <= before + 1, `${service.heads.length - before} further attempts`);
});

test("retries of what may not be repeated are not taken over", async (t) => {
  const service = await startService(t);
  const routes = [{ key: "GET /a", upstream: service.origin, needs: null }];
  const fixture = await startGateway(t, { routes });
  for (const key of ["POST /a", "PATCH /a", "ANY /a", "$default"])
    assert.throws(
      () =>
        fixture.gateway.replace(
          fixture.runtime({ routes: [{ key, upstream: service.origin, needs: null, uri: "/", retries: 1 }] }),
        ),
      (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ARTIFACT_UNSUPPORTED",
      key,
    );
});
