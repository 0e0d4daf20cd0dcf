/** Routes with a body limit of their own, and routes whose bodies pass as they come, of any size and length in time. */
import assert from "node:assert/strict";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { isGatehouseError } from "../../src/core/index.ts";
import { startGateway } from "./fixture.ts";
import { RawConnection, ask } from "./raw-client.ts";
import { startService } from "./service.ts";

const HOST = "Host: shop.localhost";
const MIB = 1024 * 1024;

/** A service that gets the request before its body has come. */
async function startEager(
  t: TestContext,
  handler: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<string> {
  const server = createServer((req, res) => {
    req.on("error", () => {});
    handler(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Gives back each piece of the body as it comes. */
function echo(req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(200);
  res.flushHeaders();
  req.on("data", (piece: Buffer) => res.write(piece)).on("end", () => res.end());
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

test("PL-5.10: each route has its own limit, to the byte, sized and chunked", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "POST /small", upstream: service.origin, needs: null, maxBodyBytes: 100 },
      { key: "POST /none", upstream: service.origin, needs: null, maxBodyBytes: 0 },
      { key: "POST /large", upstream: service.origin, needs: null, maxBodyBytes: 100_000 },
    ],
  });
  const cases = [
    ["/small", 100, 200],
    ["/small", 101, 413],
    ["/none", 0, 200],
    ["/none", 1, 413],
    ["/large", 100_000, 200],
    ["/large", 100_001, 413],
  ] as const;
  let index = 0;
  for (const [path, size, status] of cases)
    for (const isChunked of [false, true]) {
      const body = "x".repeat(size);
      const before = service.hits();
      const answer = await ask(
        fixture.publicSocket,
        `POST ${path} HTTP/1.1`,
        [isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${size}`],
        isChunked ? `${size === 0 ? "" : chunk(body)}0\r\n\r\n` : body,
      );
      const record = await fixture.record(index++);
      const limit = { "/small": 100, "/none": 0, "/large": 100_000 }[path];
      assert.deepEqual(
        [answer.status, answer.body, record.status, record.reason],
        status === 200
          ? [200, "ok", 200, "open-route"]
          : [413, `HTTP content length exceeded ${limit} bytes.`, 413, "request-too-large"],
        `${path} ${size} ${isChunked ? "chunked" : "sized"}`,
      );
      // What has a length that is too large is refused before the service is asked.
      if (status === 413 && !isChunked) assert.equal(service.hits(), before);
    }
  assert.deepEqual(new Set(service.seen.map(({ body }) => body.length)), new Set([100, 0, 100_000]));
});

test("only a streaming route may be without a limit", async (t) => {
  const service = await startService(t);
  const routes = [{ key: "POST /a", upstream: service.origin, needs: null }];
  const fixture = await startGateway(t, { routes });
  assert.throws(
    () =>
      fixture.gateway.replace(
        fixture.runtime({ routes: [{ ...routes[0], key: "POST /a", upstream: service.origin, maxBodyBytes: null }] }),
      ),
    (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ARTIFACT_UNSUPPORTED",
  );
});

test("a streamed body has no limit of size", async (t) => {
  let received = 0;
  const upstream = await startEager(t, (req, res) => {
    req.on("data", (part: Buffer) => (received += part.length)).on("end", () => res.end("ok"));
  });
  const fixture = await startGateway(t, {
    routes: [{ key: "POST /upload", upstream, needs: null, streaming: true }],
  });
  const size = 12 * MIB;
  const line = "POST /upload HTTP/1.1";
  const answer = await ask(fixture.publicSocket, line, [`Content-Length: ${size}`], "x".repeat(size));
  assert.deepEqual([answer.status, answer.body, received], [200, "ok", size]);
  const record = await fixture.record(0);
  assert.deepEqual([record.status, record.bytesIn, record.bytesOut], [200, size, 2]);
});

test("both bodies flow at once, however small their pieces are", async (t) => {
  const upstream = await startEager(t, echo);
  const fixture = await startGateway(t, { routes: [{ key: "POST /talk", upstream, needs: null, streaming: true }] });
  for (const [framing, wrap, end] of [
    ["Content-Length: 6", (text: string) => text, ""],
    ["Transfer-Encoding: chunked", chunk, "0\r\n\r\n"],
  ] as const) {
    const connection = new RawConnection(fixture.publicSocket);
    t.after(() => connection.socket.destroy());
    connection.write(`POST /talk HTTP/1.1\r\n${HOST}\r\n${framing}\r\n\r\n`);
    let heard = "";
    for (const piece of ["ab", "cd", "ef"]) {
      connection.write(wrap(piece));
      heard = await connection.until((text) => text.includes(piece));
      assert.ok(heard.includes(piece), `${piece} came back before the body was complete`);
    }
    connection.write(end);
    await connection.until((text) => text.endsWith("0\r\n\r\n"));
  }
  assert.deepEqual([(await fixture.record(0)).bytesIn, (await fixture.record(1)).bytesOut], [6, 6]);
});

test("a body that keeps flowing is cut by no limit of time; elsewhere one that takes as long is", async (t) => {
  const upstream = await startEager(t, (req, res) => {
    req.resume().on("end", () => res.end("whole"));
  });
  const routes = [
    { key: "POST /stream", upstream, needs: null, streaming: true, timeoutMs: 100 },
    { key: "POST /plain", upstream, needs: null, timeoutMs: 30_000 },
  ];
  const limits = { headersMs: 150, requestMs: 200, checkMs: 10, idleMs: 5000 };
  const fixture = await startGateway(t, { routes }, { limits });
  const flow = async (path: string): Promise<string> => {
    const connection = new RawConnection(fixture.publicSocket);
    t.after(() => connection.socket.destroy());
    connection.write(`POST ${path} HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const begin = performance.now();
    while (performance.now() - begin < 3 * limits.requestMs && !connection.isClosed) {
      connection.write(chunk("x"));
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
    }
    connection.write("0\r\n\r\n");
    // Another request on the same connection: nothing of the first one's limits is left.
    connection.write(`POST ${path} HTTP/1.1\r\n${HOST}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    return connection.until(() => false);
  };
  const streamed = await flow("/stream");
  assert.deepEqual(streamed.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200"]);
  const cut = await flow("/plain");
  assert.deepEqual(cut.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 408"]);
  await fixture.record(2);
  assert.deepEqual(
    fixture.records.map(({ status, reason }) => [status, reason]),
    [
      [200, "open-route"],
      [200, "open-route"],
      [408, "request-timeout"],
    ],
  );
});

test("PL-5.9: after its last byte a streamed request has the route's timeout, as every other one", async (t) => {
  let hits = 0;
  const upstream = await startEager(t, (req) => {
    hits++;
    req.resume();
  });
  const fixture = await startGateway(t, {
    routes: [{ key: "POST /stream", upstream, needs: null, streaming: true, timeoutMs: 60 }],
  });
  for (const [index, body] of ["", "hello"].entries()) {
    const headers = [`Content-Length: ${body.length}`];
    assert.equal((await ask(fixture.publicSocket, "POST /stream HTTP/1.1", headers, body)).status, 503);
    assert.equal((await fixture.record(index)).reason, "upstream-timeout");
  }
  assert.equal(hits, 2);
});

test("where nothing flows any more the exchange ends, and the record says who stood still", async (t) => {
  const silent = await startEager(t, () => {});
  const upstream = await startEager(t, echo);
  const fixture = await startGateway(
    t,
    {
      routes: [
        { key: "POST /silent", upstream: silent, needs: null, streaming: true },
        { key: "POST /echo", upstream, needs: null, streaming: true },
      ],
    },
    { limits: { idleMs: 60 } },
  );
  const begin = `Transfer-Encoding: chunked\r\n\r\n${chunk("first")}`;
  const cases = [
    // The client stops in the middle of its body.
    ["/silent", begin, "HTTP/1.1 408 Request Timeout", 408, "request-timeout"],
    // The service takes no more of it.
    ["/silent", `Content-Length: ${20 * MIB}\r\n\r\n${"x".repeat(8 * MIB)}`, "HTTP/1.1 503", 503, "upstream-timeout"],
    // The answer is under way.
    ["/echo", begin, "HTTP/1.1 200 OK", 200, "stream-idle"],
  ] as const;
  for (const [index, [path, rest, expected, status, reason]] of cases.entries()) {
    const connection = new RawConnection(fixture.publicSocket);
    connection.write(`POST ${path} HTTP/1.1\r\n${HOST}\r\n${rest}`);
    const text = await connection.until((received) => status !== 200 && received.endsWith("}"));
    assert.ok(text.startsWith(expected), `${path} ${status}: ${text}`);
    assert.ok(!text.endsWith("0\r\n\r\n"));
    const record = await fixture.record(index);
    assert.deepEqual([record.status, record.reason], [status, reason]);
    connection.socket.destroy();
  }
});

test("an answer that ends first ends the connection: the rest of the body is not waited for", async (t) => {
  const upstream = await startEager(t, (_req, res) => {
    res.writeHead(409, { "content-length": 5, connection: "close" });
    res.end("early");
  });
  const fixture = await startGateway(
    t,
    { routes: [{ key: "POST /stream", upstream, needs: null, streaming: true }] },
    { limits: { lingerMs: 50 } },
  );
  const connection = new RawConnection(fixture.publicSocket);
  connection.write(`POST /stream HTTP/1.1\r\n${HOST}\r\nContent-Length: 1000\r\n\r\npart`);
  const text = await connection.until(() => false);
  assert.match(text, /^HTTP\/1\.1 409 Conflict\r\n[^]*early$/);
  assert.deepEqual([(await fixture.record(0)).status, (await fixture.record(0)).reason], [409, "open-route"]);
});
