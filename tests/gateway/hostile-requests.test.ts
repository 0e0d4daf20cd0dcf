/**
 * A corpus of requests that two hops could read differently, and of clients that cost more than they should: what is let
 * through reaches the service as one request with one framing, the rest is answered once and its connection ended.
 *
 * The service here is a byte recorder: what it got is compared byte for byte, not what a parser makes of it.
 * Source: RFC 9112 sections 2.2, 3.2, 5.1, 6.1 to 6.3, 7.1, 9.3.2; RFC 9110 sections 6.5 and 10.1.1.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Fixture, startGateway } from "./fixture.ts";
import { RawConnection, ask, exchangeRaw, parseAnswer } from "./raw-client.ts";
import { startRawService, startService } from "./service.ts";
import { takeRequest } from "../support/take-request.ts";

const HOST = "Host: shop.localhost";
const SMUGGLED = `GET /admin HTTP/1.1\r\n${HOST}\r\n\r\n`;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface Recorder {
  readonly origin: string;
  /** Head and decoded body of each request that came whole. */
  readonly requests: { readonly head: string; readonly body: string }[];
}

/** Reads one request after the other by the framing that its head states, and answers each. */
async function startRecorder(t: TestContext): Promise<Recorder> {
  const requests: Recorder["requests"] = [];
  const origin = await startRawService(t, (socket) => {
    let buffered = "";
    socket.on("data", (chunk) => {
      buffered += chunk.toString("latin1");
      for (;;) {
        const request = takeRequest(buffered);
        if (request === null) return;
        buffered = request.rest;
        requests.push(request);
        socket.write(OK);
      }
    });
  });
  return { origin, requests };
}

async function startOpen(t: TestContext, upstream: string, options?: Parameters<typeof startGateway>[2]) {
  return startGateway(t, { routes: [{ key: "ANY /{path+}", upstream, needs: null }] }, options);
}

const post = (...headers: readonly string[]): string =>
  `POST /a HTTP/1.1\r\n${HOST}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`;
const chunked = (bytes: string): string => post("Transfer-Encoding: chunked") + bytes;

const LONG_EXTENSION = `;${"e".repeat(20_000)}`;

/** Refused with 400 on a connection that then ends, whatever follows. */
const REFUSED: Readonly<Record<string, string>> = {
  "chunked twice, on two lines": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
  "chunked, then identity on a line of its own": post("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
  "identity alone": post("Transfer-Encoding: identity"),
  "gzip before chunked": post("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n",
  "chunked in quotes": post('Transfer-Encoding: "chunked"'),
  "chunked with a parameter": post("Transfer-Encoding: chunked;q=1"),
  "chunked behind an empty element": post("Transfer-Encoding: ,chunked") + "0\r\n\r\n",
  "no coding at all": post("Transfer-Encoding:"),
  "chunked with a NUL": post("Transfer-Encoding: chunked\u0000"),
  "space before the colon of a coding": post("Transfer-Encoding : chunked"),
  "coding on a folded line": post("Transfer-Encoding:", " chunked"),
  "length and a coding of another case": post("Content-Length: 4", "tRANSFER-eNCODING: chunked"),
  "empty length": post("Content-Length:"),
  "length of two numbers": post("Content-Length: 5 6"),
  "length with a fraction": post("Content-Length: 5.0"),
  "length with an exponent": post("Content-Length: 1e1"),
  "length with a tab inside": post("Content-Length: 1\t0"),
  "length beyond 64 bits": post("Content-Length: 18446744073709551621"),
  "length with a NUL": post("Content-Length: 5\u0000"),
  "chunk size with 0x": chunked("0x5\r\nhello\r\n0\r\n\r\n"),
  "chunk size with a sign": chunked("+5\r\nhello\r\n0\r\n\r\n"),
  "negative chunk size": chunked("-5\r\nhello\r\n0\r\n\r\n"),
  "space before a chunk size": chunked(" 5\r\nhello\r\n0\r\n\r\n"),
  "space after a chunk size": chunked("5 \r\nhello\r\n0\r\n\r\n"),
  "chunk size with an underscore": chunked("1_0\r\nhello\r\n0\r\n\r\n"),
  "chunk size beyond 64 bits": chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"),
  "chunk size ended by LF alone": chunked("5\nhello\r\n0\r\n\r\n"),
  "chunk size ended by CR alone": chunked("5\rhello\r\n0\r\n\r\n"),
  "chunk longer than its size": chunked("5\r\nhello!\r\n0\r\n\r\n"),
  "chunk ended by LF alone": chunked("5\r\nhello\n0\r\n\r\n"),
  "chunk extension of 20,000 bytes": chunked(`5${LONG_EXTENSION}\r\nhello\r\n0\r\n\r\n`),
  "chunk extension with LF alone": chunked("5;a\nhello\r\n0\r\n\r\n"),
  "no chunk size": chunked("\r\nhello\r\n0\r\n\r\n"),
  "header name with a space": post("Content Length: 5"),
  "header name with a NUL": post("Content-Length\u0000: 5"),
  "header name with brackets": post("(Content-Length): 5"),
  "header line without a colon": post("Content-Length"),
  "header line that begins with a space": `POST /a HTTP/1.1\r\n ${HOST}\r\n\r\n`,
  "LF alone between two headers": `POST /a HTTP/1.1\r\n${HOST}\nContent-Length: 5\r\n\r\nhello`,
  "LF alone in a value": post("X-A: 1\nContent-Length: 5"),
  "CR alone in a value": post("X-A: 1\rX-B: 2"),
  "head ended by LF LF": `POST /a HTTP/1.1\r\n${HOST}\n\n`,
  "HTTP/1.0 with a coding": `POST /a HTTP/1.0\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "HTTP/0.9": "GET /a\r\n\r\n",
  "trailers that name a framing": chunked("5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"),
  "trailers that name a coding": chunked("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
  "a tab in the request line": `GET\t/a HTTP/1.1\r\n${HOST}\r\n\r\n`,
  "a NUL in the target": `GET /a\u0000b HTTP/1.1\r\n${HOST}\r\n\r\n`,
};

test("requests of the smuggling corpus that are refused are answered once, and nothing of them arrives", async (t) => {
  const service = await startRecorder(t);
  const fixture = await startOpen(t, service.origin);
  for (const [name, bytes] of Object.entries(REFUSED))
    await t.test(name, async () => {
      const before = service.requests.length;
      const text = await exchangeRaw(fixture.publicSocket, Buffer.from(bytes + SMUGGLED, "latin1"));
      assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 400"], text.slice(0, 300));
      assert.deepEqual(service.requests.slice(before), []);
    });
  assert.equal((await ask(fixture.publicSocket, "GET /alive HTTP/1.1")).status, 200);
});

/** Let through: what arrives is this body, and nothing else. The next request on the connection is the next one. */
const ACCEPTED: Readonly<Record<string, readonly [bytes: string, body: string]>> = {
  "length with spaces around it": [`${post("Content-Length:   5  ")}hello`, "hello"],
  "length with a tab before it": [`${post("Content-Length:\t5")}hello`, "hello"],
  "length with zeros before it": [`${post("Content-Length: 0005")}hello`, "hello"],
  "coding with a tab before it": [`${post("Transfer-Encoding:\tchunked")}5\r\nhello\r\n0\r\n\r\n`, "hello"],
  "coding with a space after it": [`${post("Transfer-Encoding: chunked ")}5\r\nhello\r\n0\r\n\r\n`, "hello"],
  "coding of another case": [`${post("Transfer-Encoding: CHUNKED")}5\r\nhello\r\n0\r\n\r\n`, "hello"],
  "chunk size with zeros before it": [chunked("0005\r\nhello\r\n000\r\n\r\n"), "hello"],
  "chunk size of another case": [chunked("A\r\nhellohello\r\n0\r\n\r\n"), "hellohello"],
  "chunk extensions": [chunked('5;a=1;b="\\"x"\r\nhello\r\n0;last\r\n\r\n'), "hello"],
  "trailers that name a host and a caller": [
    chunked("5\r\nhello\r\n0\r\nHost: other.localhost\r\nX-Gatehouse-Subject: admin\r\n\r\n"),
    "hello",
  ],
  "a length of many zeros": [post("Content-Length: 000"), ""],
  "two spaces in the request line": [`GET  /a HTTP/1.1\r\n${HOST}\r\n\r\n`, ""],
  "a body that is a request": [`${post(`Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`, SMUGGLED],
  "an empty line before the request": [`\r\n${post("Content-Length: 5")}hello`, "hello"],
  "GET with a body": [`GET /a HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\n\r\nhello`, "hello"],
  "chunks of one byte": [chunked(`${Array.from("hello", (c) => `1\r\n${c}\r\n`).join("")}0\r\n\r\n`), "hello"],
  "a length with an underscore is a header without a meaning": [post("Content_Length: 5"), ""],
  "a coding with an underscore is a header without a meaning": [post("Transfer_Encoding: chunked"), ""],
};

test("requests of the corpus that are let through arrive as one, with one framing, and so does the next", async (t) => {
  const service = await startRecorder(t);
  const fixture = await startOpen(t, service.origin);
  for (const [name, [bytes, body]] of Object.entries(ACCEPTED))
    await t.test(name, async () => {
      const before = service.requests.length;
      const next = `GET /next HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;
      const text = await exchangeRaw(fixture.publicSocket, Buffer.from(bytes + next, "latin1"));
      assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200"], text.slice(0, 300));
      const arrived = service.requests.slice(before).toSorted((a, b) => Number(isNext(a)) - Number(isNext(b)));
      assert.deepEqual(
        arrived.map((request) => request.body),
        [body, ""],
      );
      for (const { head } of arrived) {
        const framings = head.split("\r\n").filter((line) => /^(content-length|transfer-encoding):/i.test(line));
        assert.ok(framings.length <= 1, head);
        // A service that takes `_` for `-`, as CGI does, must not find a second framing either.
        assert.doesNotMatch(head, /^(content_length|transfer_encoding):/im);
      }
    });
});

const isNext = ({ head }: { readonly head: string }): boolean => head.startsWith("GET /next ");

test("a bomb of headers is refused by number and by size before anything is forwarded", async (t) => {
  const service = await startRecorder(t);
  const fixture = await startOpen(t, service.origin);
  const many = Array.from({ length: 20_000 }, (_, n) => `a${n}:`);
  for (const headers of [
    many.slice(0, 300),
    many,
    [`x: ${"y".repeat(11_000)}`],
    [`x: ${"y".repeat(1_000_000)}`],
    [`${"x".repeat(1_000_000)}: y`],
    Array.from({ length: 240 }, () => "cookie: a=b; c=d; e=f; g=h; i=j; k=l; m=n; o=p; q=r"),
  ]) {
    const answer = parseAnswer(
      await exchangeRaw(
        fixture.publicSocket,
        `GET /a HTTP/1.1\r\n${HOST}\r\n${headers.join("\r\n")}\r\nConnection: close\r\n\r\n`,
      ),
    );
    assert.equal(answer.status, 431);
  }
  const target = await exchangeRaw(
    fixture.publicSocket,
    `GET /${"a".repeat(500_000)} HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`,
  );
  assert.equal(parseAnswer(target).status, 431);
  assert.deepEqual(service.requests, []);
  assert.deepEqual(
    fixture.records.map(({ status, reason }) => [status, reason]),
    Array.from({ length: 7 }, () => [431, "request-headers-too-large"]),
  );
});

const QUICK = { headersMs: 200, requestMs: 600, checkMs: 50, lingerMs: 100 };

/** One byte at a time for as long as the other end listens. */
function drip(connection: RawConnection, byte: string): () => void {
  const timer = setInterval(() => {
    if (connection.isClosed) clearInterval(timer);
    else connection.write(byte);
  }, 20);
  return () => clearInterval(timer);
}

test("whoever sends a head or a body byte by byte is told 408 and let go, and holds nobody else up", async (t) => {
  const service = await startRecorder(t);
  const fixture = await startOpen(t, service.origin, { limits: QUICK });
  const starts: Readonly<Record<string, readonly [start: string, byte: string]>> = {
    head: [`POST /a HTTP/1.1\r\n${HOST}\r\nx-slow: `, "y"],
    "headers without end": [`POST /a HTTP/1.1\r\n${HOST}\r\n`, "a: b\r\n"],
    "sized body": [post("Content-Length: 60000"), "y"],
    "chunked body": [chunked(""), "1\r\ny\r\n"],
    "a chunk size without end": [chunked("5;"), "e"],
  };
  const slow = Object.values(starts).map(([start, byte]) => {
    const connection = new RawConnection(fixture.publicSocket).write(start);
    const stop = drip(connection, byte);
    t.after(() => {
      stop();
      connection.socket.destroy();
    });
    return connection;
  });
  assert.equal((await ask(fixture.publicSocket, "GET /quick HTTP/1.1")).status, 200);
  const answers = await Promise.all(slow.map((connection) => connection.until(() => false)));
  assert.deepEqual(
    answers.map((text) => parseAnswer(text).status),
    [408, 408, 408, 408, 408],
  );
  assert.deepEqual(
    service.requests.map(({ head }) => head.split(" ")[1]),
    ["/quick"],
  );
  assert.equal(fixture.gateway.stats().inFlight, 0);
  assert.deepEqual(
    fixture.records.filter(({ status }) => status === 408).map(({ reason }) => reason),
    Array.from({ length: 5 }, () => "request-timeout"),
  );
});

test("5,000 requests written at once on one connection are answered in order, and the service sees few at a time", async (t) => {
  let running = 0;
  let most = 0;
  const service = await startService(t, (req, res) => {
    most = Math.max(most, ++running);
    setImmediate(() => {
      running--;
      const body = req.url ?? "";
      res.writeHead(200, { "content-length": body.length }).end(body);
    });
  });
  const fixture = await startOpen(t, service.origin);
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  const count = 5000;
  for (let n = 0; n < count; n++) connection.write(`GET /n/${n} HTTP/1.1\r\n${HOST}\r\n\r\n`);
  const text = await connection.until((received) => received.endsWith(`/n/${count - 1}`));
  const answers = text.split(/(?=HTTP\/1\.1 200)/).map((each) => each.slice(each.indexOf("\r\n\r\n") + 4));
  assert.deepEqual(
    answers,
    Array.from({ length: count }, (_, n) => `/n/${n}`),
  );
  assert.equal(fixture.records.length, count);
  assert.ok(most <= 512, `${most} at once`);
});

test("a request that came whole is answered whatever follows it, and nothing that follows is read", async (t) => {
  const service = await startRecorder(t);
  const fixture = await startOpen(t, service.origin);
  for (const rest of ["\u0000\u0001\u0002", "GET /b HTTP/9.9\r\n\r\n", `x: ${"y".repeat(300_000)}\r\n\r\n`]) {
    const text = await exchangeRaw(fixture.publicSocket, `${post("Content-Length: 5")}hello${rest}${SMUGGLED}`);
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200"], text.slice(0, 300));
    assert.match(text, /Connection: close\r\n/i);
  }
  assert.deepEqual(
    service.requests.map(({ body }) => body),
    ["hello", "hello", "hello"],
  );
  assert.deepEqual(
    fixture.records.map(({ status }) => status),
    [200, 200, 200],
  );
});

test("pipelined requests behind one that ends the connection are not answered and not forwarded", async (t) => {
  const service = await startRecorder(t);
  const fixture = await startOpen(t, service.origin);
  const text = await exchangeRaw(
    fixture.publicSocket,
    `GET /a HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n${SMUGGLED.repeat(3)}`,
  );
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200"]);
  await settle(fixture);
  assert.deepEqual(
    service.requests.map(({ head }) => head.split(" ")[1]),
    ["/a"],
  );
});

test("what stands behind a framing that is in doubt is not read, though a connection to the service waits for it", async (t) => {
  const service = await startRecorder(t);
  const fixture = await startOpen(t, service.origin);
  assert.equal((await ask(fixture.publicSocket, "GET /first HTTP/1.1")).status, 200);
  for (const coding of ["gzip, chunked", "identity, chunked"]) {
    const head = `POST /a HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`;
    const text = await exchangeRaw(fixture.publicSocket, head + SMUGGLED.repeat(2));
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 400"]);
  }
  // Later on the same connection to the service than anything that was sent before.
  assert.equal((await ask(fixture.publicSocket, "GET /last HTTP/1.1")).status, 200);
  assert.deepEqual(
    service.requests.map(({ head }) => head.split(" ")[1]),
    ["/first", "/last"],
  );
  assert.deepEqual(
    fixture.records.map(({ reason }) => reason),
    ["open-route", "request-malformed", "request-malformed", "open-route"],
  );
});

/** What was begun has been written down. */
async function settle(fixture: Fixture): Promise<void> {
  while (fixture.gateway.stats().inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
}
