/**
 * Services that break the protocol, and flows that are large or end early: one caller's answer is never another's, memory
 * stays flat, and each side hears soon when the other is gone.
 *
 * The gateway and the services are real, in this process; what a service sends is written byte by byte.
 * Source: RFC 9110 sections 6.4.1, 10.1.1 and 15.2; RFC 9112 sections 6.3, 7.1.2, 8 and 9.6.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compileCaddy } from "../../src/compile/index.ts";
import { startGateway } from "./fixture.ts";
import { RawConnection, ask, exchangeRaw, headerOf, parseAnswer } from "./raw-client.ts";
import { startRawService } from "./service.ts";

const HOST = "Host: shop.localhost";
const MIB = 1024 * 1024;
const GET = `GET /a HTTP/1.1\r\n${HOST}\r\n\r\n`;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function startOpen(t: TestContext, upstream: string, more: { streaming?: boolean; limits?: object } = {}) {
  const route = { key: "ANY /{path+}", upstream, needs: null, streaming: more.streaming ?? false };
  return startGateway(t, { routes: [route] }, more.limits === undefined ? {} : { limits: more.limits });
}

/** A service whose answers are these bytes, one after the other, whatever is asked; then a plain one. */
function startScripted(t: TestContext, answers: readonly string[], ends: boolean): Promise<string> {
  let turn = 0;
  return startRawService(t, (socket) => {
    socket.on("data", () => {
      const bytes = answers[turn++];
      if (bytes === undefined) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
      else if (ends) socket.end(bytes, "latin1");
      else socket.write(bytes, "latin1");
    });
  });
}

const EVIL = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

/** Sent on a connection that the service keeps open. `body` null: no answer that could be taken for one. */
const BAD_ANSWERS: Readonly<Record<string, readonly [bytes: string, status: number, body: string | null]>> = {
  "204 with a body": [`HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil`, 204, ""],
  "204 with chunks": [`HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n`, 204, ""],
  "304 with a body": [`HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil`, 304, ""],
  "a second answer behind the first": [`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${EVIL}`, 200, "ok"],
  "more than its length": ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokevil", 200, "ok"],
  "a length and chunks": [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n",
    503,
    null,
  ],
  "two lengths": ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nevil", 503, null],
  "a list of lengths": ["HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\nevil", 503, null],
  "a signed length": ["HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nevil", 503, null],
  "a length beyond 64 bits": ["HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551620\r\n\r\nevil", 503, null],
  "a NUL in a header": ["HTTP/1.1 200 OK\r\nX-A: a\u0000b\r\nContent-Length: 4\r\n\r\nevil", 503, null],
  "a header without a colon": ["HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 4\r\n\r\nevil", 503, null],
  "a space before the colon": ["HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 4\r\n\r\nevil", 503, null],
  "a head of 200,000 bytes": [
    `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(200_000)}\r\nContent-Length: 4\r\n\r\nevil`,
    503,
    null,
  ],
  "a status of four digits": ["HTTP/1.1 2000 OK\r\nContent-Length: 4\r\n\r\nevil", 503, null],
  // RFC 9110 15.2: a client reads interim answers that it did not expect. What follows is the answer to this request.
  "100 that nobody asked for": [`HTTP/1.1 100 Continue\r\n\r\n${EVIL}`, 200, "evil"],
  "HTTP/3.7": ["HTTP/3.7 200 OK\r\nContent-Length: 4\r\n\r\nevil", 503, null],
};

test("an answer that breaks the protocol is none, and nothing of it reaches the next caller", async (t) => {
  for (const [name, [bytes, status, body]] of Object.entries(BAD_ANSWERS))
    await t.test(name, async (s) => {
      const origin = await startScripted(s, [bytes], false);
      const fixture = await startOpen(s, origin);
      const client = new RawConnection(fixture.publicSocket);
      s.after(() => client.socket.destroy());
      // POST: no answer is got by asking again.
      client.write(`POST /a HTTP/1.1\r\n${HOST}\r\nContent-Length: 1\r\n\r\nx`);
      const isWhole = (text: string): boolean => {
        const answer = parseAnswer(text);
        const length = Number(headerOf(answer, "content-length") ?? 0);
        return text.includes("\r\n\r\n") && (status === 204 || status === 304 || answer.body.length >= length);
      };
      const first = parseAnswer(await client.until(isWhole));
      assert.equal(first.status, status);
      if (body !== null) assert.equal(first.body, body);
      // The same client, and another one: both get what the service says to them.
      client.received = "";
      client.write(GET);
      assert.equal(parseAnswer(await client.until(isWhole)).body, "good");
      assert.equal((await ask(fixture.publicSocket, "GET /b HTTP/1.1")).body, "good");
    });
});

test("a body for HEAD is not the next answer", async (t) => {
  const origin = await startScripted(t, [`HTTP/1.1 200 OK\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`], false);
  const fixture = await startOpen(t, origin);
  const head = await ask(fixture.publicSocket, "HEAD /a HTTP/1.1");
  assert.deepEqual([head.status, head.body], [200, ""]);
  assert.equal((await ask(fixture.publicSocket, "GET /b HTTP/1.1")).body, "good");
});

test("less than was promised is cut for the client, never filled up or ended as whole", async (t) => {
  const cases = {
    "fewer bytes than the length": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "no last chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "a chunk that ends early": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
    "a bad chunk size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
  };
  for (const [name, bytes] of Object.entries(cases))
    await t.test(name, async (s) => {
      const fixture = await startOpen(s, await startScripted(s, [bytes], true));
      const text = await exchangeRaw(fixture.publicSocket, `POST /a HTTP/1.1\r\n${HOST}\r\n\r\n`);
      const answer = parseAnswer(text);
      // Until the first byte of the answer is out it may still be replaced by a refusal.
      if (answer.status === 200) {
        assert.ok(!text.endsWith("0\r\n\r\n"));
        assert.ok(answer.body.includes("half"));
      } else assert.equal(answer.status, 503);
      assert.equal((await fixture.record(0)).reason, "upstream-aborted");
    });
});

test("an answer without a length lasts until the service ends its connection, and is whole for the client", async (t) => {
  const origin = await startScripted(t, ["HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end"], true);
  const fixture = await startOpen(t, origin);
  const text = await exchangeRaw(fixture.publicSocket, `GET /a HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
  assert.match(text, /until the end/);
  assert.ok(text.endsWith("\r\n0\r\n\r\n"));
});

test("interim answers end here, and the last one is the answer", async (t) => {
  const interim = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
  const origin = await startScripted(t, [`${interim}HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok`], false);
  const fixture = await startOpen(t, origin);
  const text = await exchangeRaw(fixture.publicSocket, `GET /a HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 201"]);
  assert.ok(!text.includes("a.css"));
});

test("a switch of protocols that nobody asked for is no answer", async (t) => {
  const origin = await startScripted(
    t,
    ["HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
    false,
  );
  const fixture = await startOpen(t, origin);
  assert.equal((await ask(fixture.publicSocket, "POST /a HTTP/1.1")).status, 503);
  assert.equal((await ask(fixture.publicSocket, "GET /b HTTP/1.1")).body, "good");
});

test("trailers of an answer end here, and chunks arrive as the same bytes", async (t) => {
  const origin = await startScripted(
    t,
    [
      "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n" +
        '4;a="b"\r\nhell\r\n1\r\no\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=b\r\n\r\n',
    ],
    false,
  );
  const fixture = await startOpen(t, origin);
  const text = await exchangeRaw(fixture.publicSocket, `GET /a HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
  const answer = parseAnswer(text);
  assert.equal(headerOf(answer, "trailer"), null);
  assert.equal(answer.body.replaceAll(/\r\n|^[0-9a-f]+(?=\r\n)|(?<=\r\n)[0-9a-f]+(?=\r\n)/g, ""), "hello");
  assert.ok(!/x-sum|set-cookie/i.test(text));
});

test("a service that answers while the body still comes is heard at once, and the rest of the body is let go", async (t) => {
  const origin = await startRawService(t, (socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
      socket.end();
    });
  });
  const fixture = await startOpen(t, origin, { limits: { lingerMs: 200 } });
  const client = new RawConnection(fixture.publicSocket);
  t.after(() => client.socket.destroy());
  client.write(`POST /a HTTP/1.1\r\n${HOST}\r\nContent-Length: ${10 * MIB}\r\n\r\n${"x".repeat(100_000)}`);
  const text = await client.until((received) => received.endsWith("big"));
  assert.equal(parseAnswer(text).status, 413);
  // The rest of the body comes and is dropped, at no cost in memory; the connection serves the next request.
  for (let sent = 100_000; sent < 10 * MIB; sent += 65_536)
    client.write(Buffer.alloc(Math.min(65_536, 10 * MIB - sent), 0x61));
  client.received = "";
  client.write(`GET /b HTTP/1.1\r\n${HOST}\r\n\r\n`);
  assert.ok([200, 413].includes(parseAnswer(await client.until((received) => received.includes("\r\n\r\n"))).status));
});

async function startStreaming(
  t: TestContext,
  handler: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<string> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Memory {
  /** The largest growth of buffers and of the process since the beginning, in bytes. */
  readonly buffers: number;
  readonly rss: number;
}

function watchMemory(): { sample(): void; most(): Memory } {
  collectGarbage();
  const start = process.memoryUsage();
  let [buffers, rss] = [0, 0];
  return {
    sample() {
      const now = process.memoryUsage();
      rss = Math.max(rss, now.rss - start.rss);
      // What is garbage already does not count as held; what it held is given back a little later.
      collectGarbage();
      collectGarbage();
      buffers = Math.max(buffers, process.memoryUsage().arrayBuffers - start.arrayBuffers);
    },
    most: () => ({ buffers, rss }),
  };
}

const GIB = 1024 * MIB;
const CHUNK = Buffer.alloc(256 * 1024, 0x61);
/** Reader and writer are in this process too. */
const HELD_BYTES = 48 * MIB;
const GROWTH_BYTES = 256 * MIB;

/** `write` until `total` bytes are out, at the pace of the other end. */
function pump(to: { write(chunk: Buffer): boolean; once(event: "drain", then: () => void): unknown }, total: number) {
  return new Promise<void>((resolve) => {
    let sent = 0;
    const fill = (): void => {
      while (sent < total) {
        sent += CHUNK.length;
        if (!to.write(CHUNK)) {
          to.once("drain", fill);
          return;
        }
      }
      resolve();
    };
    fill();
  });
}

test("1 GB is downloaded at flat memory by a reader that stops now and then", async (t) => {
  const origin = await startStreaming(t, (_req, res) => {
    res.writeHead(200, { "content-length": GIB });
    void pump(res, GIB).then(() => res.end());
  });
  const fixture = await startOpen(t, origin, { streaming: true });
  const client = new RawConnection(fixture.publicSocket);
  t.after(() => client.socket.destroy());
  client.socket.removeAllListeners("data");
  const memory = watchMemory();
  let received = 0;
  let nextStop = 32 * MIB;
  client.socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received < nextStop) return;
    nextStop += 32 * MIB;
    client.socket.pause();
    setTimeout(() => {
      memory.sample();
      client.socket.resume();
    }, 20);
  });
  client.write(`GET /a HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`);
  await once(client.socket, "close");
  assert.ok(received > GIB && received < GIB + 2048, `${received}`);
  const most = memory.most();
  assert.ok(most.buffers < HELD_BYTES, `${most.buffers} bytes of buffers`);
  assert.ok(most.rss < GROWTH_BYTES, `${most.rss} bytes more of memory`);
  const record = await fixture.record(0);
  assert.deepEqual([record.status, record.bytesOut], [200, GIB]);
});

test("1 GB is uploaded at flat memory to a service that stops now and then", async (t) => {
  const memory = watchMemory();
  let received = 0;
  const origin = await startStreaming(t, (req, res) => {
    let nextStop = 32 * MIB;
    req.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received < nextStop) return;
      nextStop += 32 * MIB;
      req.pause();
      setTimeout(() => {
        memory.sample();
        req.resume();
      }, 20);
    });
    req.on("end", () => res.end(String(received)));
  });
  const fixture = await startOpen(t, origin, { streaming: true });
  const client = new RawConnection(fixture.publicSocket);
  t.after(() => client.socket.destroy());
  client.write(`POST /a HTTP/1.1\r\n${HOST}\r\nContent-Length: ${GIB}\r\nConnection: close\r\n\r\n`);
  await pump(client.socket, GIB);
  const text = await client.until(() => false);
  assert.ok(text.includes(String(GIB)));
  const most = memory.most();
  assert.ok(most.buffers < HELD_BYTES, `${most.buffers} bytes of buffers`);
  assert.ok(most.rss < GROWTH_BYTES, `${most.rss} bytes more of memory`);
  assert.equal((await fixture.record(0)).bytesIn, GIB);
});

test("a client that goes away is heard of by the service, in the head, in the body and in the answer", async (t) => {
  const arrived: string[] = [];
  const left: string[] = [];
  const waiting: (() => void)[] = [];
  const origin = await startStreaming(t, (req, res) => {
    const place = req.url ?? "";
    arrived.push(place);
    req.on("error", () => {});
    res.on("close", () => {
      left.push(place);
      for (const wake of waiting.splice(0)) wake();
    });
    if (place === "/answer") void pump(res, GIB);
    if (place === "/body") req.resume();
  });
  const fixture = await startOpen(t, origin, { streaming: true });
  const requests = {
    "/nothing": `GET /nothing HTTP/1.1\r\n${HOST}\r\n\r\n`,
    "/body": `POST /body HTTP/1.1\r\n${HOST}\r\nContent-Length: ${MIB}\r\n\r\n${"x".repeat(100_000)}`,
    "/answer": `GET /answer HTTP/1.1\r\n${HOST}\r\n\r\n`,
  };
  for (const [place, bytes] of Object.entries(requests)) {
    const client = new RawConnection(fixture.publicSocket).write(bytes);
    if (place === "/answer") await client.until((received) => received.length > 10_000);
    else while (!arrived.includes(place)) await new Promise((resolve) => setImmediate(resolve));
    client.socket.destroy();
    while (!left.includes(place)) await new Promise<void>((resolve) => waiting.push(resolve));
  }
  // In the head: no request was read, so there is nobody to tell and nothing to record.
  const early = new RawConnection(fixture.publicSocket).write(`GET /never HTTP/1.1\r\n${HOST}\r\nx-a`);
  await once(early.socket, "connect");
  early.socket.destroy();
  await fixture.record(2);
  assert.deepEqual(left, ["/nothing", "/body", "/answer"]);
  assert.deepEqual(
    fixture.records.map(({ reason }) => reason),
    ["client-aborted", "client-aborted", "client-aborted"],
  );
  assert.equal(upstreamsRunning(fixture), 0);
});

function upstreamsRunning({ gateway }: Awaited<ReturnType<typeof startOpen>>): number {
  return gateway.stats().upstreams.reduce((sum, { running }) => sum + running, 0);
}

test("a connection that is idle is kept longer than the edge keeps it, so that the edge is never surprised", async (t) => {
  const fixture = await startOpen(t, await startScripted(t, [], false));
  const answer = new RawConnection(fixture.publicSocket).write(GET);
  t.after(() => answer.socket.destroy());
  const text = await answer.until((received) => received.endsWith("good"));
  const seconds = Number(/Keep-Alive: timeout=(\d+)/i.exec(text)?.[1] ?? 0);
  const { artifacts } = fixture.runtime({ routes: [{ key: "GET /a", upstream: "http://127.0.0.1:1", needs: null }] });
  const config = compileCaddy(artifacts.edge, {
    httpsPort: 8443,
    httpPort: 8080,
    privatePort: null,
    publicSocket: "/run/public.sock",
    privateSocket: "/run/private.sock",
    adminListen: "unix//run/admin.sock",
    storageDir: "/state/caddy",
    accessLog: "/state/access.log",
  });
  const kept = JSON.stringify(config).match(/"keep_alive":\{[^}]*"idle_timeout":"\d+s"/g) ?? [];
  assert.ok(kept.length > 0);
  for (const each of kept) {
    const edgeSeconds = Number(/"idle_timeout":"(\d+)s"/.exec(each)?.[1]);
    assert.ok(seconds > edgeSeconds + 5, `${seconds} s here, ${edgeSeconds} s at the edge`);
  }
});

test("closing lets an upload and a download that are under way come to their end", async (t) => {
  let release: (() => void) | null = null;
  const origin = await startStreaming(t, (req, res) => {
    if (req.method === "POST") {
      req.resume().on("end", () => res.end("stored"));
      return;
    }
    res.writeHead(200, { "content-length": 8 });
    res.write("half");
    release = () => res.end("half");
  });
  const fixture = await startOpen(t, origin, { streaming: true });
  const upload = new RawConnection(fixture.publicSocket).write(
    `POST /a HTTP/1.1\r\n${HOST}\r\nContent-Length: 200000\r\n\r\n${"x".repeat(100_000)}`,
  );
  const download = new RawConnection(fixture.publicSocket).write(GET);
  await download.until((received) => received.endsWith("half"));
  while (upstreamsRunning(fixture) < 2) await new Promise((resolve) => setImmediate(resolve));
  const closed = fixture.gateway.close({ graceMs: 60_000 });
  upload.write("x".repeat(100_000));
  (release as unknown as () => void)();
  assert.match(await upload.until(() => false), /stored/);
  assert.ok((await download.until(() => false)).endsWith("halfhalf"));
  await closed;
  assert.deepEqual(
    new Set(fixture.records.map(({ status, bytesIn, bytesOut }) => `${status} ${bytesIn} ${bytesOut}`)),
    new Set(["200 200000 6", "200 0 8"]),
  );
});
