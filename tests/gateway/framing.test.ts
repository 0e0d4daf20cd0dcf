/** Bytes that two hops could read differently: refused, or the same for both; what is hidden in them never arrives. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startGateway } from "./fixture.ts";
import { RawConnection, ask, exchangeRaw, parseAnswer } from "./raw-client.ts";
import { startRawService, startService } from "./service.ts";

const HOST = "Host: shop.localhost";
const SMUGGLED = `GET /admin HTTP/1.1\r\n${HOST}\r\n\r\n`;

test("bad framing is answered with 400 and the end of the connection, and what follows is not read", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "ANY /{path+}", upstream: service.origin, needs: null }] });
  const post = (...headers: string[]) => `POST /a HTTP/1.1\r\n${HOST}\r\n${headers.join("\r\n")}\r\n\r\n`;
  const cases: Readonly<Record<string, string>> = {
    "length and chunked": post("Content-Length: 5", "Transfer-Encoding: chunked") + `0\r\n\r\n${SMUGGLED}`,
    "chunked and length": post("Transfer-Encoding: chunked", "Content-Length: 5") + `0\r\n\r\n${SMUGGLED}`,
    xchunked: post("Transfer-Encoding: xchunked") + `0\r\n\r\n${SMUGGLED}`,
    "identity after chunked": post("Transfer-Encoding: chunked, identity") + `0\r\n\r\n${SMUGGLED}`,
    "chunked behind a vertical tab": post("Transfer-Encoding: \u000bchunked") + `0\r\n\r\n${SMUGGLED}`,
    "two lengths": post("Content-Length: 5", "Content-Length: 6") + `hello${SMUGGLED}`,
    "two lengths, other case": post("Content-Length: 5", "content-length: 5") + `hello${SMUGGLED}`,
    "list of lengths": post("Content-Length: 5, 5") + `hello${SMUGGLED}`,
    "signed length": post("Content-Length: +5") + `hello${SMUGGLED}`,
    "hexadecimal length": post("Content-Length: 0x5") + `hello${SMUGGLED}`,
    "negative length": post("Content-Length: -1") + SMUGGLED,
    "space before the colon": post("Content-Length : 5") + `hello${SMUGGLED}`,
    "folded line": post("X-A: 1", " Content-Length: 5") + `hello${SMUGGLED}`,
    "bare CR": `POST /a HTTP/1.1\r\n${HOST}\r\nX-A: 1\rContent-Length: 5\r\n\r\nhello${SMUGGLED}`,
    "bare LF": `POST /a HTTP/1.1\n${HOST}\nContent-Length: 5\n\nhello${SMUGGLED}`,
    "NUL in a value": `POST /a HTTP/1.1\r\n${HOST}\r\nX-A: \u0000\r\n\r\n${SMUGGLED}`,
    "block ended by CR CR": `POST /a HTTP/1.1\r\n${HOST}\r\n\rX${SMUGGLED}`,
    "header without name": post(": x") + SMUGGLED,
    "bad chunk size": post("Transfer-Encoding: chunked") + `xyz\r\n${SMUGGLED}`,
    "no HTTP": `\u0016\u0003\u0001\u0002\r\n\r\n${SMUGGLED}`,
    "lower-case method": `get /a HTTP/1.1\r\n${HOST}\r\n\r\n${SMUGGLED}`,
    "unknown method": `GETX /a HTTP/1.1\r\n${HOST}\r\n\r\n${SMUGGLED}`,
    "HTTP/9.9": `GET /a HTTP/9.9\r\n${HOST}\r\n\r\n${SMUGGLED}`,
    "HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "space in the target": `GET /a b HTTP/1.1\r\n${HOST}\r\n\r\n${SMUGGLED}`,
  };
  for (const [name, bytes] of Object.entries(cases))
    await t.test(name, async () => {
      const before = fixture.records.length;
      const text = await exchangeRaw(fixture.publicSocket, Buffer.from(bytes, "latin1"));
      const answer = parseAnswer(text);
      assert.equal(answer.status, 400, text);
      assert.equal(answer.body, '{"message":"Bad Request"}');
      assert.equal(text.split("HTTP/1.1 ").length, 2, "one answer");
      assert.equal(fixture.records.length, before + 1, "one record");
      assert.equal(fixture.records.at(-1)?.reason, "request-malformed");
    });
  assert.deepEqual(
    service.seen.filter(({ url }) => url === "/admin"),
    [],
  );
  assert.equal((await ask(fixture.publicSocket, "GET /alive HTTP/1.1")).status, 200);
});

test("paths with more than one reading are 400 before routing", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "ANY /{path+}", upstream: service.origin, needs: null }] });
  const targets = [
    "/foo/secret%23/bar",
    "/admin#/../health",
    "/admin%2F",
    "/admin%5c",
    "/admin%00",
    "/admin%3B",
    "/admin%3f",
    "/admin%25",
    "/service/../admin",
    "/service/%2e%2e/admin",
    "/service/.%2E/admin",
    "/api../admin",
    "/api./admin",
    "/api%2e%2e/admin",
    "//admin/secret",
    "/a//b",
    "///",
    "/x%0d%0aX-Injected:pwn",
    "/x%0a",
    "/x%7f",
    "/public/..;/admin",
    "/admin;x=1",
    "/%252e%252e/admin",
    "/%c0%ae%c0%ae",
    "/%u002e",
    "/public/..\\admin",
    "*",
    "admin",
    "http://b.example/",
    "/a%zz",
  ];
  for (const target of targets) {
    const before = fixture.records.length;
    const answer = await ask(fixture.publicSocket, `GET ${target} HTTP/1.1`);
    assert.equal(answer.status, 400, target);
    assert.equal(answer.body, '{"message":"Bad Request"}', target);
    assert.equal(fixture.records.length, before + 1);
    assert.match(fixture.records.at(-1)?.reason ?? "", /^request-(path|malformed)$/);
  }
  assert.equal(service.hits(), 0);
});

test("headers named after an object's own parts are headers", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [{ key: "GET /open", upstream: service.origin, needs: null, login: true }],
  });
  const headers = ["__proto__: x", "constructor: x", "hasOwnProperty: x", "toString: x"];
  const answer = await ask(fixture.publicSocket, "GET /open?__proto__=1 HTTP/1.1", [...headers, "Cookie: __proto__=1"]);
  assert.equal(answer.status, 200);
  for (const line of headers) {
    const name = line.slice(0, line.indexOf(":"));
    assert.ok(service.seen[0]?.headers.some(([each]) => each === name));
  }
});

test("a second answer that nobody asked for never reaches the next request", async (t) => {
  let connections = 0;
  const origin = await startRawService(t, (socket) => {
    connections++;
    const own = connections;
    let requests = 0;
    socket.on("data", () => {
      requests++;
      const answer = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
      socket.write(answer(`first ${own}.${requests}`));
      // Comes when the connection is idle.
      setImmediate(() => socket.write(answer("planted")));
    });
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: origin, needs: null }] });
  for (let n = 1; n <= 20; n++) {
    const answer = await ask(fixture.publicSocket, "GET /open HTTP/1.1");
    assert.ok(answer.status === 200 || answer.status === 503);
    assert.doesNotMatch(answer.body, /planted/);
  }
});

test("a request with one length reaches the service with that one length", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "ANY /{path+}", upstream: service.origin, needs: null }] });
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "GET"])
    await ask(fixture.publicSocket, `${method} /a HTTP/1.1`, ["CONTENT-LENGTH: 5"], "hello");
  await ask(fixture.publicSocket, "POST /a HTTP/1.1", ["Content-Length: 0"]);
  assert.deepEqual(
    service.seen.map(({ method, headers, body }) => [
      method,
      headers.filter(([name]) => name.toLowerCase() === "content-length").map(([, value]) => value),
      body,
    ]),
    [
      ["POST", ["5"], "hello"],
      ["PUT", ["5"], "hello"],
      ["PATCH", ["5"], "hello"],
      ["DELETE", ["5"], "hello"],
      ["GET", ["5"], "hello"],
      ["POST", ["0"], ""],
    ],
  );
});

test("a refused request's body is not taken for the next request", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "POST /orders", upstream: service.origin },
      { key: "GET /open", upstream: service.origin, needs: null },
    ],
  });
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  connection.write(`POST /orders HTTP/1.1\r\n${HOST}\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`);
  connection.write(`GET /open HTTP/1.1\r\n${HOST}\r\n\r\n`);
  const text = await connection.until((received) => received.endsWith("ok"));
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 401", "HTTP/1.1 200"]);
  assert.deepEqual(
    service.seen.map(({ url }) => url),
    ["/open"],
  );
});

test("whoever expects to be told to go on with the body is told when the service is ready, or refused", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, {
    routes: [
      { key: "POST /orders", upstream: service.origin },
      { key: "POST /open", upstream: service.origin, needs: null },
    ],
  });
  const expecting = (path: string) =>
    `POST ${path} HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`;
  const allowed = new RawConnection(fixture.publicSocket).write(expecting("/open"));
  t.after(() => allowed.socket.destroy());
  await allowed.until((received) => received.includes("\r\n\r\n"));
  assert.equal(allowed.received, "HTTP/1.1 100 Continue\r\n\r\n");
  allowed.write("hello");
  await allowed.until((received) => received.endsWith("ok"));
  assert.equal(service.seen[0]?.body, "hello");
  assert.ok(!service.seen[0]?.headers.some(([name]) => name.toLowerCase() === "expect"));

  const refused = await exchangeRaw(fixture.publicSocket, expecting("/orders"));
  assert.match(refused, /^HTTP\/1\.1 401 Unauthorized\r\n/);
  const odd = await exchangeRaw(
    fixture.publicSocket,
    `POST /orders HTTP/1.1\r\n${HOST}\r\nExpect: magic\r\nConnection: close\r\n\r\n`,
  );
  assert.match(odd, /^HTTP\/1\.1 401 Unauthorized\r\n/);
});
