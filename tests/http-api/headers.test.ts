import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { headerOf } from "../gateway/raw-client.ts";
import { startRawService, startService } from "../gateway/service.ts";
import { API_HOST, accountOf, apiOf, askOn, createDirectory, startAccount, startApi } from "./fixture.ts";

type Headers = readonly (readonly [string, string])[];

function valuesOf(headers: Headers, name: string): string[] {
  return headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

test("the backend sees where a call came from, the gateway's Via and a trace id, and the host of its own URI", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: service.origin }] });
  await api.ask("GET /pets", { headers: ["X-Forwarded-For: 9.9.9.9", "X-Other: 1", "x-other: 2"] });
  const { headers } = service.seen[0] ?? { headers: [] };
  assert.deepEqual(valuesOf(headers, "forwarded"), [
    `for=9.9.9.9, by=127.0.0.1;for=127.0.0.1;host=${API_HOST};proto=https`,
  ]);
  assert.deepEqual(valuesOf(headers, "x-forwarded-for"), []);
  assert.deepEqual(valuesOf(headers, "via"), ["HTTP/1.1 AmazonAPIGateway"]);
  assert.match(valuesOf(headers, "x-amzn-trace-id").join(), /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  assert.deepEqual(valuesOf(headers, "host"), [service.origin.slice("http://".length)]);
  assert.deepEqual(valuesOf(headers, "x-other"), ["1", "2"]);
  assert.equal((await api.record(0)).sourceIp, "127.0.0.1");
});

test("what a client says of earlier hops comes first and cannot end the gateway's own element", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: service.origin }] });
  const own = `by=127.0.0.1;for=127.0.0.1;host=${API_HOST};proto=https`;
  const cases = [
    [["Forwarded: for=1.1.1.1"], `for=1.1.1.1, ${own}`],
    [
      ["X-Forwarded-For: 2001:db8::1, 10.0.0.1", "X-Forwarded-Host: a.example", "X-Forwarded-Proto: http"],
      `for="[2001:db8::1]";host=a.example;proto=http, for=10.0.0.1, ${own}`,
    ],
    [['X-Forwarded-For: a";for=evil'], `for="a\\";for=evil", ${own}`],
    [["X-Forwarded-Host: h,x"], `host="h,x", ${own}`],
  ] as const;
  for (const [at, [headers, expected]] of cases.entries()) {
    await api.ask("GET /pets", { headers: [...headers] });
    assert.deepEqual(valuesOf(service.seen[at]?.headers ?? [], "forwarded"), [expected]);
  }
});

test("a trace that the caller began goes on, and its Via stays before the gateway's", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: service.origin }] });
  const root = "Root=1-67891233-abcdef012345678912345678";
  await api.ask("GET /pets", { headers: [`X-Amzn-Trace-Id: Self=1-1-1;${root};Sampled=1`, "Via: 1.1 Caddy"] });
  const { headers } = service.seen[0] ?? { headers: [] };
  assert.match(
    valuesOf(headers, "x-amzn-trace-id").join(),
    /^Self=1-[0-9a-f]{8}-[0-9a-f]{24};Root=1-67891233-abcdef012345678912345678;Sampled=1$/,
  );
  assert.deepEqual(valuesOf(headers, "via"), ["1.1 Caddy, HTTP/1.1 AmazonAPIGateway"]);
});

test("a private integration sees the host that was asked for, and no address of the gateway", async (t) => {
  const service = await startService(t);
  const routes = [{ key: "GET /pets", uri: service.origin, integration: { connectionType: "VPC_LINK" as const } }];
  const api = await startApi(t, { routes });
  await api.ask("GET /pets");
  const { headers } = service.seen[0] ?? { headers: [] };
  assert.deepEqual(valuesOf(headers, "host"), [API_HOST]);
  assert.deepEqual(valuesOf(headers, "forwarded"), [`for=127.0.0.1;host=${API_HOST};proto=https`]);
});

test("hop-by-hop headers and those that Connection names stay behind; authorization and cookies go on", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: service.origin }] });
  await api.ask("GET /pets", {
    headers: [
      "Connection: close, x-hop",
      "X-Hop: 1",
      "Keep-Alive: timeout=5",
      "TE: trailers",
      "Upgrade: websocket",
      "Proxy-Authorization: Basic eA==",
      "Authorization: Bearer abc",
      "Cookie: a=b",
      "X-Request-Id: mine",
    ],
  });
  const names = (service.seen[0]?.headers ?? []).map(([name]) => name.toLowerCase());
  for (const name of ["x-hop", "keep-alive", "te", "upgrade", "proxy-authorization"])
    assert.equal(names.includes(name), false, name);
  const { headers } = service.seen[0] ?? { headers: [] };
  assert.deepEqual(valuesOf(headers, "authorization"), ["Bearer abc"]);
  assert.deepEqual(valuesOf(headers, "cookie"), ["a=b"]);
  assert.deepEqual(valuesOf(headers, "x-request-id"), ["mine"]);
});

test("without a body a backend gets length 0 once, and a content type unless a switch says none", async (t) => {
  const service = await startService(t);
  const spec = { routes: [{ key: "ANY /pets", uri: service.origin }] };
  const api = await startApi(t, spec);
  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "POST", "PUT", "PATCH"]) {
    assert.equal((await api.ask(`${method} /pets`)).status, 200, method);
    const { headers } = service.seen.at(-1) ?? { headers: [] };
    assert.deepEqual(valuesOf(headers, "content-length"), ["0"], method);
    assert.deepEqual(valuesOf(headers, "content-type"), ["application/x-www-form-urlencoded"], method);
  }
  await api.ask("GET /pets", { headers: ["Content-Type: text/csv"] });
  assert.deepEqual(valuesOf(service.seen.at(-1)?.headers ?? [], "content-type"), ["text/csv"]);
  const plain = await startApi(t, spec, { switches: { "empty-body-type": "none" } });
  await plain.ask("GET /pets");
  assert.deepEqual(valuesOf(service.seen.at(-1)?.headers ?? [], "content-type"), []);
});

test("a body arrives whole with its length, however the client framed it", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "POST /pets", uri: service.origin }] });
  const sent = [
    { body: "a=1&b=2" },
    { body: "3\r\na=1\r\n4\r\n&b=2\r\n0\r\nx-trailer: 1\r\n\r\n", headers: ["Transfer-Encoding: chunked"] },
  ];
  for (const ask of sent) {
    assert.equal((await api.ask("POST /pets", ask)).status, 200);
    const seen = service.seen.at(-1);
    assert.equal(seen?.body, "a=1&b=2");
    assert.deepEqual(valuesOf(seen?.headers ?? [], "content-length"), ["7"]);
    assert.deepEqual(valuesOf(seen?.headers ?? [], "transfer-encoding"), []);
  }
  assert.equal((await api.record(1)).bytesIn, 7);
});

test("a client that waits to be told goes on only where a route takes its body", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, { routes: [{ key: "POST /pets", uri: service.origin }] });
  const talk = (path: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(api.port, "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (text === "HTTP/1.1 100 Continue\r\n\r\n") socket.write("ok");
      });
      socket.on("close", () => resolve(text));
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${API_HOST}\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`,
      );
      socket.on("data", () => {
        if (text.includes("404 Not Found")) socket.end();
      });
    });
  assert.match(await talk("/pets"), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  assert.match(await talk("/other"), /^HTTP\/1\.1 404 Not Found/);
  assert.deepEqual(valuesOf(service.seen[0]?.headers ?? [], "expect"), []);
});

test("an answer keeps the backend's headers as they are, without hop-by-hop ones and with one request id", async (t) => {
  const origin = await startRawService(t, (socket) => {
    socket.on("data", () => {
      socket.end(
        "HTTP/1.1 201 Created\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\nSet-Cookie: a=1\r\n" +
          "Set-Cookie: b=2\r\nApigw-Requestid: forged\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\n" +
          "Access-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-trailer: 1\r\n\r\n",
      );
    });
  });
  const api = await startApi(t, { routes: [{ key: "GET /pets", uri: origin }] });
  const answer = await api.ask("GET /pets");
  assert.equal(answer.status, 201);
  assert.equal(answer.body, "hi");
  assert.equal(headerOf(answer, "server"), "nginx");
  assert.equal(headerOf(answer, "date"), "Tue, 24 Nov 2026 12:00:00 GMT");
  assert.equal(headerOf(answer, "set-cookie"), "a=1 | b=2");
  assert.equal(headerOf(answer, "content-length"), "2");
  assert.equal(headerOf(answer, "access-control-allow-origin"), "*");
  assert.match(headerOf(answer, "apigw-requestid") ?? "", /^[A-Za-z0-9_-]{15}=$/);
  const names = answer.headers.map(([name]) => name.toLowerCase());
  for (const name of ["x-hop", "keep-alive", "transfer-encoding", "trailer", "x-trailer"])
    assert.equal(names.includes(name), false, name);
});

test("header values beyond ASCII arrive as the backend sent them, however its answer is passed on", async (t) => {
  const origin = await startRawService(t, (socket) => {
    socket.on("data", () =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: caf\u00e9\r\n\r\n", "latin1", () =>
        setImmediate(() => socket.end("ok")),
      ),
    );
  });
  for (const delivery of ["buffered", "streamed"]) {
    const spec = { routes: [{ key: "GET /pets", uri: origin }] };
    const api = await startApi(t, spec, { switches: { "response-delivery": delivery } });
    const answer = await api.ask("GET /pets");
    assert.deepEqual([headerOf(answer, "x-name"), answer.body], ["caf\u00e9", "ok"], delivery);
  }
});

test("answers without a body have none, and HEAD keeps the length", async (t) => {
  const service = await startService(t, (req, res) => {
    const status = Number(req.url?.slice(1, 4) ?? 200);
    if (status === 200) res.writeHead(200, { "content-length": "5" }).end(req.method === "HEAD" ? "" : "12345");
    else res.writeHead(status, { etag: '"x"' }).end();
  });
  const api = await startApi(t, { routes: [{ key: "ANY /{p}", uri: `${service.origin}/{p}` }] });
  const head = await api.ask("HEAD /200");
  assert.deepEqual([head.status, head.body, headerOf(head, "content-length")], [200, "", "5"]);
  const empty = await api.ask("GET /204");
  assert.deepEqual([empty.status, empty.body, headerOf(empty, "content-length")], [204, "", null]);
  const same = await api.ask("GET /304");
  assert.deepEqual([same.status, same.body, headerOf(same, "etag")], [304, "", '"x"']);
});

test("behind a unix socket the edge's last X-Forwarded-For is the caller, its request id the id, its headers are not counted", async (t) => {
  const service = await startService(t);
  const account = accountOf([apiOf({ routes: [{ key: "GET /pets", uri: service.origin }] })]);
  const api = await startAccount(t, account, { switches: { scheme: "actual" } });
  const socket = join(await createDirectory(t), "run", "api.sock");
  await api.gateway.listen({ socket });
  const id = "0b5c2a4e-1111-4222-8333-444455556666";
  const answer = await askOn(socket, "GET /pets", {
    headers: [
      "X-Forwarded-For: 9.9.9.9, 203.0.113.7",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: shop.example",
      `X-Request-Id: ${id}`,
      `Via: ${"a".repeat(11_000)}`,
    ],
  });
  assert.equal(answer.status, 200);
  assert.equal(
    headerOf(answer, "apigw-requestid"),
    `${Buffer.from(id.replaceAll("-", "").slice(0, 22), "hex").toString("base64url")}=`,
  );
  const record = await api.record(0);
  assert.equal(record.sourceIp, "203.0.113.7");
  assert.deepEqual(valuesOf(service.seen[0]?.headers ?? [], "forwarded"), [
    `for=9.9.9.9, for=203.0.113.7;host=${API_HOST};proto=https`,
  ]);
  // On TCP the same header is only something that a client says.
  await api.ask("GET /pets", { headers: ["X-Forwarded-For: 203.0.113.7"] });
  assert.equal((await api.record(1)).sourceIp, "127.0.0.1");
  assert.match(valuesOf(service.seen[1]?.headers ?? [], "forwarded").join(), /proto=http$/);
});
