import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { createAdminApi } from "./admin-api.ts";

let dir = "";
let server: Server | null = null;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "gh-admin-"));
});
after(() => rm(dir, { recursive: true }));
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** What listens where Caddy should. Gives its address. */
async function listen(handler: Handler, on: "tcp" | "unix" = "tcp"): Promise<string> {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => handler(request, response, Buffer.concat(chunks).toString("utf8")));
  });
  const socket = path.join(dir, "admin.sock");
  if (on === "unix") server.listen(socket);
  else server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return on === "unix" ? `unix/${socket}|0600` : `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("over a unix socket the configuration is read with its tag and replaced under it", async () => {
  const calls: unknown[] = [];
  const address = await listen((request, response, body) => {
    calls.push([request.method, request.url, request.headers.host, request.headers["if-match"], body]);
    response.setHeader("etag", '"/config/ abc"');
    response.end(request.method === "GET" ? `{"apps":{}}` : "");
  }, "unix");
  const admin = createAdminApi(address);
  assert.deepEqual(await admin.read(), { config: { apps: {} }, etag: '"/config/ abc"' });
  await admin.replace({ apps: { http: {} } }, '"/config/ abc"');
  assert.deepEqual(calls, [
    ["GET", "/config/", "gatehouse", undefined, ""],
    ["POST", "/config/", "gatehouse", '"/config/ abc"', `{"apps":{"http":{}}}`],
  ]);
});

test("over TCP the name that Caddy expects is sent, and no connection is kept", async () => {
  const seen: (string | undefined)[] = [];
  const address = await listen((request, response) => {
    seen.push(request.headers.host, request.headers.connection);
    response.setHeader("etag", "x").end("null");
  });
  assert.deepEqual(await createAdminApi(address).read(), { config: null, etag: "x" });
  assert.deepEqual(seen, [address.slice("http://".length), "close"]);
});

test("a stale tag is a conflict", async () => {
  const address = await listen((_request, response) => response.writeHead(412).end());
  await assert.rejects(createAdminApi(address).replace({}, "old"), {
    code: "GH_EDGE_ADMIN_CONFLICT",
    kind: "conflict",
  });
});

test("a refusal is told in Caddy's words", async () => {
  const address = await listen((_request, response) =>
    response.writeHead(500).end(JSON.stringify({ error: "loading new config: no such module" })),
  );
  await assert.rejects(createAdminApi(address).replace({}, "tag"), {
    code: "GH_EDGE_ADMIN_REFUSED",
    message: "Caddy refused the configuration: loading new config: no such module",
  });
});

test("a change that breaks off has worked when the configuration runs, and is sent again under its tag when it does not", async () => {
  let running = `{"apps":{"old":{}}}`;
  const posts: (string | undefined)[] = [];
  const address = await listen((request, response, body) => {
    if (request.method === "GET") return void response.setHeader("etag", "x").end(running);
    posts.push(request.headers["if-match"]);
    if (posts.length === 3) running = body;
    return void request.socket.destroy();
  });
  await createAdminApi(address).replace({ apps: { new: {} } }, "x");
  assert.deepEqual(posts, ["x", "x", "x"]);
});

test("a change that always breaks off has failed after five attempts", async () => {
  let posts = 0;
  const address = await listen((request, response) => {
    if (request.method === "GET") return void response.setHeader("etag", "x").end("{}");
    posts += 1;
    return void request.socket.destroy();
  });
  await assert.rejects(createAdminApi(address).replace({ apps: {} }, "x"), { code: "GH_EDGE_ADMIN_UNREACHABLE" });
  assert.equal(posts, 5);
});

test("a look at the configuration that meets the endpoint while it is replaced is made again", async () => {
  let calls = 0;
  const address = await listen((request, response) => {
    calls += 1;
    if (calls < 5) return void request.socket.destroy();
    return void response.setHeader("etag", "x").end("{}");
  });
  assert.deepEqual(await createAdminApi(address).read(), { config: {}, etag: "x" });
  assert.equal(calls, 5);
});

test("nobody there, and something that is not Caddy, are unreachable", async () => {
  const nobody = createAdminApi(`unix/${dir}/nobody.sock`);
  await assert.rejects(nobody.read(), { code: "GH_EDGE_ADMIN_UNREACHABLE", kind: "unreachable" });
  await assert.rejects(nobody.read(), /does not answer: ENOENT/);
  const address = await listen((_request, response) => response.end("<html>"));
  await assert.rejects(createAdminApi(address).read(), /what listens there is not Caddy \(status 200\)/);
});

test("the root certificate of the internal authority is given", async () => {
  const address = await listen((request, response) => {
    assert.equal(request.url, "/pki/ca/local");
    response.end(JSON.stringify({ root_certificate: "-----BEGIN CERTIFICATE-----" }));
  });
  assert.equal(await createAdminApi(address).rootCertificate(), "-----BEGIN CERTIFICATE-----");
});

test("a version is known only when the program tells it", async () => {
  let metrics = `go_build_info{checksum="",path="github.com/caddyserver/caddy/v2",version="v2.11.7"} 1\n`;
  const address = await listen((_request, response) => response.end(metrics));
  const admin = createAdminApi(address);
  assert.equal(await admin.version(), "2.11.7");
  metrics = `go_build_info{checksum="",path="caddy",version="(devel)"} 1\n`;
  assert.equal(await admin.version(), null);
});

for (const address of [
  "",
  "unix",
  "unix/relative",
  "unix//",
  "https://127.0.0.1:2019",
  "http://127.0.0.1/x",
  "http://u:p@h",
  "http://a b",
]) {
  test(`${JSON.stringify(address)} is no admin address`, () => {
    assert.throws(() => createAdminApi(address), { code: "GH_EDGE_ADMIN_ADDRESS", kind: "bad-usage" });
  });
}

for (const address of ["localhost:2019", "http://[::1]:2019/", "unix//run/caddy/admin.sock", "unix//run/a.sock|0200"]) {
  test(`${JSON.stringify(address)} is an admin address`, () => {
    assert.equal(createAdminApi(address).address, address);
  });
}
