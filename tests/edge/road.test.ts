/** What stock Caddy makes of the compiled configuration, seen from both sides: by curl and by the gateway. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { isRequestId, parseEdgeLine } from "../../src/records/index.ts";
import { DOMAIN, EDGE, type RealEdge, TRACE_ID, setUpEdge, startRealEdge } from "./real-edge.ts";
import { run } from "../support/run.ts";

let edge: RealEdge;
before(async () => {
  edge = await startRealEdge();
});
after(() => edge.stop());

test("a request reaches the gateway with an id of the edge's own, the same in the answer", async () => {
  const answer = await edge.curl("/orders?expand=items", { headers: ["X-Request-Id: mine", "X-Request-Id: too"] });
  const { url, headers } = edge.received(answer);
  assert.equal(answer.status, 200);
  assert.equal(url, "/orders?expand=items");
  const [id = ""] = headers["x-request-id"] ?? [];
  assert.equal(isRequestId(id), true);
  assert.deepEqual(headers["x-request-id"], [id]);
  assert.equal(answer.headers["x-request-id"], id);
});

test("a client cannot take the edge's headers away by naming them in Connection", async () => {
  const names = "x-request-id, X-Forwarded-For, x-forwarded-proto, x-forwarded-host, te, via";
  const answer = await edge.curl("/", { headers: [`Connection: ${names}`], args: ["--http1.1"] });
  const { headers } = edge.received(answer);
  assert.equal(isRequestId(headers["x-request-id"]?.[0] ?? ""), true);
  assert.deepEqual(headers["x-forwarded-for"], ["127.0.0.1"]);
  assert.deepEqual(headers["x-forwarded-proto"], ["https"]);
  assert.deepEqual(headers["x-forwarded-host"], [`${DOMAIN}:${edge.runtime.httpsPort}`]);
});

test("what a client says about its own address, name and scheme is replaced", async () => {
  const headers = ["X-Forwarded-For: 10.0.0.9", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: http"];
  const { headers: received } = edge.received(await edge.curl("/", { headers }));
  assert.deepEqual(received["x-forwarded-for"], ["127.0.0.1"]);
  assert.deepEqual(received["x-forwarded-host"], [`${DOMAIN}:${edge.runtime.httpsPort}`]);
  assert.deepEqual(received["x-forwarded-proto"], ["https"]);
});

test("the edge drops names with underscores and dots, and leaves the other look-alikes to the gateway", async () => {
  const headers = [
    "X_Gatehouse_Subject: admin",
    "X-Gatehouse_Subject: admin",
    "X.Gatehouse.Subject: admin",
    "X_Forwarded_For: 1.2.3.4",
    "X-Gatehouse-Subject: admin",
    "Forwarded: for=1.2.3.4",
    "X-Real-IP: 1.2.3.4",
    "X-Forwarded-Prefix: /public",
  ];
  for (const args of [["--http1.1"], ["--http2"]]) {
    const { headers: received } = edge.received(await edge.curl("/", { headers, args }));
    assert.deepEqual(
      Object.keys(received).filter((name) => /[_.]/.test(name)),
      [],
    );
    assert.deepEqual(received["x-gatehouse-subject"], ["admin"]);
    assert.deepEqual(received["forwarded"], ["for=1.2.3.4"]);
    assert.deepEqual(received["x-real-ip"], ["1.2.3.4"]);
    assert.deepEqual(received["x-forwarded-prefix"], ["/public"]);
  }
});

test("placeholders of Caddy that a client sends are text", async () => {
  const path = "/%7Benv.HOME%7D/{env.HOME}?x={file./etc/hostname}";
  const answer = await edge.curl(path, { headers: ["X-Note: {env.HOME}"], args: ["--globoff"] });
  const { url, headers } = edge.received(answer);
  assert.equal(url, "/%7Benv.HOME%7D/%7Benv.HOME%7D?x={file./etc/hostname}");
  assert.deepEqual(headers["x-note"], ["{env.HOME}"]);
});

const paths: Record<string, string> = {
  "/a%2Fb/%2e%2e/c;d/%41": "/a%2Fb/%2e%2e/c;d/%41",
  "//a/../b/./c": "//a/../b/./c",
  "/a%2Fb/{x}": "/a/b/%7Bx%7D",
  "/a\\b%2Fc": "/a%5Cb/c",
};
for (const [sent, arrived] of Object.entries(paths)) {
  test(`the path ${sent} reaches the gateway as ${arrived}: as sent unless it is no valid path, then decoded and encoded anew`, async () => {
    const answer = await edge.curl(sent, { args: ["--globoff"] });
    assert.equal(answer.status === 200 ? edge.received(answer).url : String(answer.status), arrived);
  });
}

test("Accept-Encoding passes as the client sent it, and is not invented", async () => {
  const sent = edge.received(await edge.curl("/", { headers: ["Accept-Encoding: br;q=0.5, zstd"] }));
  assert.deepEqual(sent.headers["accept-encoding"], ["br;q=0.5, zstd"]);
  assert.equal(edge.received(await edge.curl("/")).headers["accept-encoding"], undefined);
});

test("headers of 100 kB reach the gateway, which is the one to refuse them", async () => {
  const token = "a".repeat(100 * 1024);
  const answer = await edge.curl("/", { headers: [`Authorization: Bearer ${token}`], args: ["--http1.1"] });
  assert.equal(edge.received(answer).headers["authorization"]?.[0]?.length, token.length + 7);
});

test("HTTP/1.1 and HTTP/2 are spoken, HTTP/3 is offered and listened for", async () => {
  const [one, two] = [await edge.curl("/", { args: ["--http1.1"] }), await edge.curl("/", { args: ["--http2"] })];
  assert.equal(one.httpVersion, "1.1");
  assert.equal(two.httpVersion, "2");
  const { httpsPort } = edge.runtime;
  assert.match(two.headers["alt-svc"] ?? "", new RegExp(`^h3=":${httpsPort}"; ma=`));
  const sockets = await readFile("/proc/net/udp", "utf8");
  assert.match(sockets, new RegExp(`: 0100007F:${httpsPort.toString(16).toUpperCase().padStart(4, "0")} `));
});

test("the edge does not name its maker in Server", async () => {
  for (const target of ["/", `http://${DOMAIN}:${edge.runtime.httpPort}/`]) {
    assert.equal((await edge.curl(target)).headers["server"], undefined);
  }
  assert.equal((await edge.curl("/", { headers: ["Host: other.example"] })).headers["server"], undefined);
});

test("no development edge claims its name for HTTPS in browsers", async () => {
  assert.equal((await edge.curl("/")).headers["strict-transport-security"], undefined);
});

const misdirected = [
  ["other.example"],
  ["shop.localhost."],
  ["127.0.0.1"],
  ["localhost"],
  ["xshop.localhost"],
] as const;
for (const [host] of misdirected) {
  test(`a request for ${host} is refused on every listener`, async () => {
    const { httpsPort, httpPort, privatePort } = edge.runtime;
    const targets = ["/", `https://${DOMAIN}:${privatePort}/`, `http://${DOMAIN}:${httpPort}/`];
    assert.ok(httpsPort > 0);
    for (const target of targets) {
      const answer = await edge.curl(target, { headers: [`Host: ${host}`] });
      assert.equal(answer.status, 421, target);
      assert.equal(answer.body, `{"message":"Misdirected Request"}`);
      assert.equal(answer.headers["content-type"], "application/json");
      assert.equal(isRequestId(answer.headers["x-request-id"] ?? ""), true);
    }
  });
}

for (const host of [DOMAIN.toUpperCase(), `${DOMAIN}:1`]) {
  test(`a request for ${host} is for us`, async () => {
    assert.equal((await edge.curl("/", { headers: [`Host: ${host}`] })).status, 200);
  });
}

test("an absolute request line decides over the Host header", async () => {
  const answer = await sendRaw(`GET https://evil.test/ HTTP/1.1\r\nHost: ${DOMAIN}\r\nConnection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 421 /);
});

const malformed: Record<string, string> = {
  "two Host headers": `GET / HTTP/1.1\r\nHost: ${DOMAIN}\r\nHost: ${DOMAIN}\r\n\r\n`,
  "a broken escape in its path": `GET /a%zz HTTP/1.1\r\nHost: ${DOMAIN}\r\n\r\n`,
  "no Host header": "GET / HTTP/1.1\r\n\r\n",
  "a space before the colon": `GET / HTTP/1.1\r\nHost: ${DOMAIN}\r\nX-A : b\r\n\r\n`,
  "two different lengths": `POST / HTTP/1.1\r\nHost: ${DOMAIN}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
};
for (const [name, request] of Object.entries(malformed)) {
  test(`a request with ${name} is refused by the edge`, async () => {
    assert.match(await sendRaw(request.replace(/\r\n\r\n/, "\r\nConnection: close\r\n\r\n")), /^HTTP\/1\.1 400 /);
  });
}

async function sendRaw(text: string): Promise<string> {
  const ca = await readFile(edge.caFile);
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: edge.runtime.httpsPort, servername: DOMAIN, ca };
    const socket = connectTls(options, () => socket.write(text));
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
    socket.setTimeout(5000, () => socket.destroy());
  });
}

for (const servername of ["other.example", ""]) {
  test(`without a certificate for ${JSON.stringify(servername)} there is no connection`, async () => {
    const outcome = await new Promise((resolve) => {
      const socket = connectTls(
        { host: "127.0.0.1", port: edge.runtime.httpsPort, servername, rejectUnauthorized: false },
        () => resolve("connected"),
      );
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    assert.equal(outcome, "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR");
  });
}

test("plain HTTP sends to HTTPS with the port, the path and the query, and is then closed", async () => {
  const answer = await edge.curl(`http://${DOMAIN}:${edge.runtime.httpPort}/a%2Fb/x?c=d&e=%20`);
  assert.equal(answer.status, 308);
  assert.equal(answer.headers["location"], `https://${DOMAIN}:${edge.runtime.httpsPort}/a%2Fb/x?c=d&e=%20`);
  assert.equal(answer.headers["connection"], "close");
  assert.equal(isRequestId(answer.headers["x-request-id"] ?? ""), true);
});

test("the private listener leads to the private socket", async () => {
  const answer = await edge.curl(`https://${DOMAIN}:${edge.runtime.privatePort}/`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body, "private");
});

test("the listeners are on loopback only", async () => {
  const listening = (await readFile("/proc/net/tcp", "utf8")).split("\n");
  for (const port of [edge.runtime.httpsPort, edge.runtime.httpPort, edge.runtime.privatePort ?? 0]) {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const addresses = listening.flatMap(
      (line) => / ([0-9A-F]{8}):([0-9A-F]{4}) 00000000:0000 0A /.exec(line)?.slice(1, 3) ?? [],
    );
    const own = addresses.filter((_, index) => addresses[index + 1] === hex && index % 2 === 0);
    assert.deepEqual(own, ["0100007F"], String(port));
  }
});

test("the admin socket and the logs are for this user alone", async () => {
  const socket = edge.runtime.adminListen.slice("unix/".length);
  assert.equal((await stat(socket)).mode & 0o777, 0o600);
  assert.equal((await stat(edge.runtime.accessLog)).mode & 0o777, 0o600);
});

test("the access log tells the record's fields, and neither query nor header", async () => {
  const earlier = (await edge.accessLines(0)).length;
  const canary = "canary-3f1a";
  const answer = await edge.curl(
    `/_gatehouse/callback?code=${canary}&state=${canary}&token=${canary}&other=${canary}`,
    {
      token: canary,
      headers: [`Cookie: session=${canary}`, `Referer: https://x.test/?code=${canary}`, `X-Api-Key: ${canary}`],
    },
  );
  const lines = await edge.accessLines(earlier + 1);
  const line = lines.find(({ uuid }) => uuid === answer.headers["x-request-id"]);
  assert.ok(line !== undefined);
  const { time, durationMs, ...record } = parseEdgeLine(JSON.stringify(line)) ?? {};
  assert.ok(time !== undefined && durationMs !== undefined && durationMs > 0);
  assert.deepEqual(record, {
    hop: "edge",
    requestId: answer.headers["x-request-id"],
    traceId: TRACE_ID,
    method: "GET",
    host: `${DOMAIN}:${edge.runtime.httpsPort}`,
    path: "/_gatehouse/callback",
    protocol: "HTTP/2.0",
    status: 200,
    bytesOut: Buffer.byteLength(answer.body),
    sourceIp: "127.0.0.1",
  });
  for (const file of [edge.runtime.accessLog, edge.start.stdoutLog]) {
    assert.doesNotMatch(await readFile(file, "utf8"), new RegExp(canary), file);
  }
});

test("what a client puts into a path stays inside its field of one line", async () => {
  const earlier = (await edge.accessLines(0)).length;
  const answer = await edge.curl(`/x%0a%7B"user":"admin"%7D","role":"admin`, {
    headers: [`User-Agent: x","user":"admin`],
    args: ["--globoff", "--http1.1"],
  });
  assert.equal(answer.status, 200);
  const lines = await edge.accessLines(earlier + 1);
  assert.equal(lines.at(-1)?.["user"], undefined);
  assert.equal(lines.at(-1)?.["role"], undefined);
  assert.equal(parseEdgeLine(JSON.stringify(lines.at(-1)))?.path, `/x%0a%7B"user":"admin"%7D","role":"admin`);
});

test("a body reaches the gateway whole, sized and in chunks", async () => {
  const data = "x".repeat(1_000_000);
  assert.equal(edge.received(await edge.curl("/", { data })).body.length, data.length);
  const headers = ["Transfer-Encoding: chunked"];
  assert.equal(edge.received(await edge.curl("/", { data, headers, args: ["--http1.1"] })).body.length, data.length);
});

test("the compiled configuration is one that `caddy validate` accepts, with every kind of certificate", async () => {
  const setup = await setUpEdge();
  const acme = { kind: "acme", email: "ops@shop.example", directory: "https://127.0.0.1:1/dir" } as const;
  const configs = [
    setup.config(),
    setup.config({ loopbackOnly: false, privateNetwork: null }),
    setup.config({ certificates: acme, domain: "shop.example", privateNetwork: [] }),
    setup.config({ certificates: { ...acme, directory: null }, loopbackOnly: false }),
  ];
  for (const config of configs) {
    const env = { HOME: setup.dir, XDG_DATA_HOME: setup.dir, XDG_CONFIG_HOME: setup.dir };
    const ran = await run(setup.start.binary, ["validate", "--config", "-"], { input: JSON.stringify(config), env });
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout + ran.stderr, /Valid configuration/);
    assert.doesNotMatch(ran.stderr, /"level":"(warn|error)".*(deprecated|unknown)/i);
  }
  await setup.remove();
});

test("a service's WebSocket passes both ways", async () => {
  edge.gateway.once("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    socket.on("data", (chunk: Buffer) => socket.end(chunk.toString("latin1").toUpperCase()));
  });
  const head = `GET /socket HTTP/1.1\r\nHost: ${DOMAIN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n`;
  const ca = await readFile(edge.caFile);
  const answer = await new Promise<string>((resolve, reject) => {
    const options = { host: "127.0.0.1", port: edge.runtime.httpsPort, servername: DOMAIN, ca };
    const socket = connectTls(options, () => socket.write(head));
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.endsWith("\r\n\r\n")) socket.write("ping");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
  assert.match(answer, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nPING$/);
});

test("plain text sent to the TLS listener gets no further than a refusal", async () => {
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(edge.runtime.httpsPort, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("close", () => resolve(text));
  });
  assert.match(answer, /^HTTP\/1\.0 400 /);
});

test("an edge whose private network is elsewhere refuses its private listener, and claims its name for HTTPS when open", async (t) => {
  const other = await startRealEdge({ privateNetwork: ["10.255.0.0/16"], loopbackOnly: false });
  t.after(() => other.stop());
  const answer = await other.curl(`https://${DOMAIN}:${other.runtime.privatePort}/`, {
    headers: ["X-Forwarded-For: 10.255.0.1"],
  });
  assert.equal(answer.status, 403);
  assert.equal(answer.body, `{"message":"Forbidden"}`);
  assert.equal(answer.headers["strict-transport-security"], "max-age=31536000");
  const open = await other.curl("/");
  assert.equal(open.headers["strict-transport-security"], "max-age=31536000");
  assert.equal(EDGE.loopbackOnly, true);
});
