/** Bodies both ways: streamed, bounded, held back when nobody reads, cancelled when somebody goes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startGateway } from "./fixture.ts";
import { RawConnection, ask, exchangeRaw, headerOf, parseAnswer } from "./raw-client.ts";
import { startRawService, startService } from "./service.ts";

const HOST = "Host: shop.localhost";
const LIMIT = 10_485_760;
const MIB = 1024 * 1024;

setFlagsFromString("--expose-gc");
/** So that memory is what is held, and not what has not been collected yet. */
const collectGarbage = runInNewContext("gc") as () => void;

/** A service that gets the request before its body has come. */
async function startStreaming(
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

function openRoutes(upstream: string) {
  return {
    routes: ["GET", "POST", "HEAD"].map((method) => ({ key: `${method} /open`, upstream, needs: null })),
  };
}

test("a body of 10,485,760 bytes arrives whole, sized and chunked", async (t) => {
  let received = 0;
  const upstream = await startStreaming(t, (req, res) => {
    received = 0;
    req.on("data", (chunk: Buffer) => (received += chunk.length));
    req.on("end", () => res.end("ok"));
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const body = "x".repeat(LIMIT);
  assert.equal(
    (await ask(fixture.publicSocket, "POST /open HTTP/1.1", [`Content-Length: ${LIMIT}`], body)).status,
    200,
  );
  assert.equal(received, LIMIT);
  const chunked = `${LIMIT.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  assert.equal(
    (await ask(fixture.publicSocket, "POST /open HTTP/1.1", ["Transfer-Encoding: chunked"], chunked)).status,
    200,
  );
  assert.equal(received, LIMIT);
  assert.deepEqual(
    fixture.records.map(({ bytesIn, status }) => [bytesIn, status]),
    [
      [LIMIT, 200],
      [LIMIT, 200],
    ],
  );
});

test("one byte more is 413, and the service never gets a complete request", async (t) => {
  let completed = 0;
  let aborted: (() => void) | null = null;
  const whenAborted = new Promise<void>((resolve) => (aborted = resolve));
  const upstream = await startStreaming(t, (req, res) => {
    req.resume();
    req.on("end", () => {
      completed++;
      res.end("ok");
    });
    req.on("close", () => aborted?.());
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const body = `${(LIMIT + 1).toString(16)}\r\n${"x".repeat(LIMIT + 1)}\r\n0\r\n\r\n`;
  const answer = await ask(fixture.publicSocket, "POST /open HTTP/1.1", ["Transfer-Encoding: chunked"], body);
  assert.equal(answer.status, 413);
  assert.equal(answer.body, "HTTP content length exceeded 10485760 bytes.");
  await whenAborted;
  assert.equal(completed, 0);
  const record = await fixture.record(0);
  assert.deepEqual([record.status, record.reason], [413, "request-too-large"]);
});

test("50 MB stream through with flat memory, and wait for a client that does not read", async (t) => {
  const total = 50 * MIB;
  let sent = 0;
  let stalled: (() => void) | null = null;
  const whenStalled = new Promise<void>((resolve) => (stalled = resolve));
  const upstream = await startStreaming(t, (_req, res) => {
    const chunk = Buffer.alloc(64 * 1024, 0x61);
    res.writeHead(200, { "content-length": total });
    const fill = (): void => {
      while (sent < total) {
        sent += chunk.length;
        if (!res.write(chunk)) {
          res.once("drain", fill);
          // The kernel's buffers are full as well when nothing drains for this many turns of the loop.
          void countTurns(200, sent, () => sent).then((isStill) => isStill && stalled?.());
          return;
        }
      }
      res.end();
    };
    fill();
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  connection.socket.removeAllListeners("data");
  connection.write(`GET /open HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
  connection.socket.pause();
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  await whenStalled;
  assert.ok(sent < 16 * MIB, `${sent} bytes were taken from the service`);
  let received = 0;
  let sampledAt = 0;
  let most = 0;
  connection.socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received - sampledAt < 4 * MIB) return;
    sampledAt = received;
    collectGarbage();
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  });
  connection.socket.resume();
  await once(connection.socket, "close");
  assert.ok(received > total);
  assert.ok(most - before < 16 * MIB, `${most - before} bytes of buffers`);
  const record = await fixture.record(0);
  assert.deepEqual([record.status, record.bytesOut], [200, total]);
});

/** Resolves to whether `now()` stayed what it was for a number of turns. */
async function countTurns(turns: number, was: number, now: () => number): Promise<boolean> {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (now() !== was) return false;
  }
  return true;
}

test("a service that does not read holds the client back", async (t) => {
  let start: (() => void) | null = null;
  let received = 0;
  const upstream = await startStreaming(t, (req, res) => {
    req.on("data", (chunk: Buffer) => (received += chunk.length)).on("end", () => res.end("ok"));
    start = () => req.resume();
    req.pause();
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const size = 10 * MIB;
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  connection.write(`POST /open HTTP/1.1\r\n${HOST}\r\nContent-Length: ${size}\r\n\r\n`);
  connection.write(Buffer.alloc(size, 0x61));
  let left = connection.socket.writableLength;
  while (!(await countTurns(200, left, () => connection.socket.writableLength)) || start === null)
    left = connection.socket.writableLength;
  assert.ok(left > 2 * MIB, `${left} bytes were held back`);
  (start as () => void)();
  await connection.until((text) => text.endsWith("ok"));
  assert.equal(received, size);
});

test("a client that goes away takes its request with it, before the answer and during it", async (t) => {
  const requests: { closed: Promise<unknown>; res: ServerResponse }[] = [];
  let arrived: (() => void) | null = null;
  const upstream = await startStreaming(t, (req, res) => {
    requests.push({ closed: once(res, "close"), res });
    if (req.url?.endsWith("stream")) res.write("first");
    arrived?.();
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const before = new RawConnection(fixture.publicSocket);
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  before.write(`GET /open HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await arrival;
  before.socket.destroy();
  await requests[0]?.closed;
  assert.equal(requests[0]?.res.writableFinished, false);

  const during = new RawConnection(fixture.publicSocket);
  during.write(`GET /open?stream HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await during.until((text) => text.includes("first"));
  during.socket.destroy();
  await requests[1]?.closed;

  const uploading = new RawConnection(fixture.publicSocket);
  uploading.write(`POST /open HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000\r\n\r\nhalf`);
  while (requests.length < 3) await new Promise<void>((resolve) => setImmediate(resolve));
  uploading.socket.destroy();
  await requests[2]?.closed;

  await fixture.record(2);
  assert.deepEqual(
    fixture.records.map(({ status, reason }) => [status, reason]),
    [
      [499, "client-aborted"],
      [499, "client-aborted"],
      [499, "client-aborted"],
    ],
  );
  assert.equal(fixture.gateway.stats().inFlight, 0);
});

test("an answer that the service breaks off is cut for the client too", async (t) => {
  for (const [framing, body] of [
    ["Content-Length: 100", "half"],
    ["Transfer-Encoding: chunked", "4\r\nhalf\r\n"],
  ] as const) {
    const upstream = await startRawService(t, (socket) => {
      socket.once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${body}`);
        setImmediate(() => setImmediate(() => socket.destroy()));
      });
    });
    const fixture = await startGateway(t, openRoutes(upstream));
    const text = await exchangeRaw(fixture.publicSocket, `GET /open HTTP/1.1\r\n${HOST}\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(!text.endsWith("0\r\n\r\n"));
    const record = await fixture.record(0);
    assert.deepEqual([record.status, record.reason], [200, "upstream-aborted"]);
  }
});

test("a small body is whole before the service is asked, so that a slow client keeps no connection busy", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, openRoutes(service.origin));
  const slow = new RawConnection(fixture.publicSocket);
  t.after(() => slow.socket.destroy());
  slow.write(`POST /open HTTP/1.1\r\n${HOST}\r\nContent-Length: 65536\r\n\r\n`);
  slow.write("a".repeat(65_535));
  assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 200);
  assert.equal(service.hits(), 1);
  slow.write("b");
  await slow.until((text) => text.endsWith("ok"));
  assert.equal(service.seen[1]?.body, `${"a".repeat(65_535)}b`);
  assert.deepEqual((await fixture.record(1)).bytesIn, 65_536);

  const gone = new RawConnection(fixture.publicSocket);
  gone.write(`POST /open HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\nhalf`);
  while (fixture.gateway.stats().inFlight === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  gone.socket.destroy();
  assert.equal((await fixture.record(2)).reason, "client-aborted");
  assert.equal(service.hits(), 2);
});

test("an answer that is no HTTP is 503", async (t) => {
  const upstream = await startRawService(t, (socket) => {
    socket.once("data", () => socket.end("220 mail.example ESMTP\r\n"));
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 503);
  assert.equal((await fixture.record(0)).reason, "upstream-aborted");
});

test("answers without a body have none: HEAD, 204, 304, and a length of nothing", async (t) => {
  const cases = [
    ["HEAD", 200, ["content-length", "42"], "content-length: 42"],
    ["GET", 204, [], null],
    ["GET", 304, ["etag", '"1"'], 'etag: "1"'],
    ["GET", 200, ["content-length", "0"], "content-length: 0"],
  ] as const;
  for (const [method, status, headers, expected] of cases) {
    const service = await startService(t, (_req, res) => {
      res.writeHead(status, [...headers]);
      res.end();
    });
    const fixture = await startGateway(t, openRoutes(service.origin));
    const connection = new RawConnection(fixture.publicSocket);
    t.after(() => connection.socket.destroy());
    // Two on one connection: a body that is not there would be read as the head of the second.
    connection.write(`${method} /open HTTP/1.1\r\n${HOST}\r\n\r\n`);
    await connection.until((text) => text.endsWith("\r\n\r\n"));
    connection.write(`${method} /open HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
    const text = await connection.until(() => false);
    const answers = text.split(/(?=HTTP\/1\.1 )/);
    assert.equal(answers.length, 2);
    for (const each of answers) {
      const answer = parseAnswer(each);
      assert.equal(answer.status, status);
      assert.equal(answer.body, "");
      if (expected !== null) {
        const name = expected.slice(0, expected.indexOf(":"));
        assert.equal(`${name}: ${headerOf(answer, name)}`, expected);
      }
    }
  }
});

test("events arrive as they are sent", async (t) => {
  let push: ((text: string) => void) | null = null;
  const upstream = await startStreaming(t, (_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.flushHeaders();
    push = (text) => res.write(text);
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  connection.write(`GET /open HTTP/1.1\r\n${HOST}\r\n\r\n`);
  const head = await connection.until((text) => text.includes("\r\n\r\n"));
  assert.match(head, /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/);
  for (const event of ["data: one\n\n", "data: two\n\n"]) {
    (push as unknown as (text: string) => void)(event);
    assert.ok((await connection.until((text) => text.includes(event))).includes(event));
  }
});

test("an answer that comes before the body is complete is the answer", async (t) => {
  const upstream = await startStreaming(t, (_req, res) => {
    res.writeHead(409, { "content-length": 5, connection: "close" });
    res.end("early");
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  connection.write(`POST /open HTTP/1.1\r\n${HOST}\r\nContent-Length: 100000\r\n\r\npart`);
  const text = await connection.until((received) => received.endsWith("early"));
  assert.match(text, /^HTTP\/1\.1 409 Conflict\r\n/);
  // The rest is dropped, and the connection goes on.
  connection.write("x".repeat(99_996));
  connection.write(`GET /nothing HTTP/1.1\r\n${HOST}\r\n\r\n`);
  assert.match(await connection.until((received) => received.includes("Not Found")), /HTTP\/1\.1 404 Not Found/);
});

test("a kept connection that the service closed costs a safe request nothing, and repeats no other", async (t) => {
  let requests: string[] = [];
  const upstream = await startRawService(t, (socket) => {
    let onThis = 0;
    socket.on("data", (chunk) => {
      requests.push(chunk.toString("latin1").split(" ")[0] ?? "");
      onThis++;
      if (onThis === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      else socket.destroy();
    });
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  const status = async (method: string) => (await ask(fixture.publicSocket, `${method} /open HTTP/1.1`)).status;
  assert.equal(await status("GET"), 200);
  assert.equal(await status("GET"), 200);
  assert.deepEqual(requests, ["GET", "GET", "GET"]);
  requests = [];
  // The first goes on the connection that the last GET left open, the second on a new one.
  assert.equal(await status("POST"), 503);
  assert.equal(await status("POST"), 200);
  assert.deepEqual(requests, ["POST", "POST"]);
});

test("a safe request that a new connection broke off on is not repeated: the service may have seen it", async (t) => {
  let requests = 0;
  const upstream = await startRawService(t, (socket) => {
    socket.on("data", () => {
      requests++;
      socket.destroy();
    });
  });
  const fixture = await startGateway(t, openRoutes(upstream));
  assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 503);
  assert.equal(requests, 1);
});
