import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { HttpApi } from "../../src/model/index.ts";
import { headerOf } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { API_HOST, accountOf, apiOf, askOn, createDirectory, startAccount, startApi } from "./fixture.ts";

test("an account replaced while 100 calls are in flight loses none, and buckets of the same rate keep their level", async (t) => {
  const release: (() => void)[] = [];
  let whenAll: (() => void) | null = null;
  const slow = await startService(t, (_req, res) => {
    release.push(() => res.end("old"));
    if (release.length === 100) whenAll?.();
  });
  const fast = await startService(t, (_req, res) => res.end("new"));
  const settings = { throttlingBurstLimit: 101, throttlingRateLimit: 0 };
  const stages = [{ stageName: "$default", routeSettings: { "GET /a": settings } }];
  const to = (origin: string): HttpApi => apiOf({ stages, routes: [{ key: "GET /a", uri: origin }] });
  const api = await startAccount(t, accountOf([to(slow.origin)]));
  const all = new Promise<void>((resolve) => (whenAll = resolve));
  const inFlight = Array.from({ length: 100 }, () => api.ask("GET /a"));
  await all;
  assert.equal(api.gateway.stats().inFlight, 100);

  api.gateway.replace(accountOf([to(fast.origin)]));
  assert.equal((await api.ask("GET /a")).body, "new");
  assert.equal((await api.ask("GET /a")).status, 429);
  // One that cannot be run leaves the one that runs.
  assert.throws(() => api.gateway.replace(accountOf([to("ftp://nowhere")])), {
    code: "GH_GATEWAY_ACCOUNT_UNSUPPORTED",
  });
  assert.deepEqual(
    api.gateway.stats().upstreams.map(({ origin, running }) => [origin, running]),
    [
      [slow.origin, 100],
      [fast.origin, 0],
    ],
  );
  for (const answer of release) answer();
  assert.deepEqual(new Set((await Promise.all(inFlight)).map(({ body }) => body)), new Set(["old"]));
  await api.record(101);
  assert.deepEqual(
    api.gateway.stats().upstreams.map(({ origin }) => origin),
    [fast.origin],
  );
});

test("closing waits for a call in flight, whose connection then ends", async (t) => {
  let answer: () => void = () => {};
  const asked = Promise.withResolvers<void>();
  const service = await startService(t, (_req, res) => {
    answer = () => res.end("late");
    asked.resolve();
  });
  const api = await startApi(t, { routes: [{ key: "GET /a", uri: service.origin }] });
  const waiting = askOn(api.port, "GET /a", { headers: ["Connection: keep-alive"] });
  await asked.promise;
  const closed = api.gateway.close({ graceMs: 60_000 });
  answer();
  const got = await waiting;
  assert.deepEqual([got.status, got.body, headerOf(got, "connection")], [200, "late", "close"]);
  await closed;
  assert.equal(api.records.length, 1);
});

test("closing without patience cuts what is in flight, and its record says so", async (t) => {
  const asked = Promise.withResolvers<void>();
  const service = await startService(t, () => asked.resolve());
  const api = await startApi(t, { routes: [{ key: "GET /a", uri: service.origin }] });
  const waiting = api.ask("GET /a");
  await asked.promise;
  await api.gateway.close({ graceMs: 0 });
  assert.equal((await waiting).status, 0);
  assert.deepEqual([api.records[0]?.status, api.records[0]?.error], [499, "the client went away"]);
});

test("a client that goes away ends the call to the backend", async (t) => {
  const asked = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const service = await startService(t, (_req, res) => {
    res.on("close", () => ended.resolve());
    asked.resolve();
  });
  const api = await startApi(t, { routes: [{ key: "GET /a", uri: service.origin }] });
  const socket = connect(api.port, "127.0.0.1");
  socket.write(`GET /a HTTP/1.1\r\nHost: ${API_HOST}\r\n\r\n`);
  await asked.promise;
  socket.destroy();
  await ended.promise;
  assert.equal((await api.record(0)).status, 499);
});

test("two answers of one connection come in order and with ids of their own", async (t) => {
  const service = await startService(t, (req, res) => res.end(req.url));
  const api = await startApi(t, { routes: [{ key: "GET /{p}", uri: `${service.origin}/{p}` }] });
  const text = await new Promise<string>((resolve) => {
    const socket = connect(api.port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.on("close", () => resolve(received));
    const head = (path: string, more: string): string => `GET ${path} HTTP/1.1\r\nHost: ${API_HOST}\r\n${more}\r\n`;
    socket.write(`${head("/one", "")}${head("/two", "Connection: close\r\n")}`);
  });
  const bodies = text
    .split("HTTP/1.1 200 OK")
    .slice(1)
    .map((part) => part.slice(part.indexOf("\r\n\r\n") + 4));
  assert.deepEqual(bodies, ["/one", "/two"]);
  assert.notEqual((await api.record(0)).requestId, (await api.record(1)).requestId);
});

test("a port or socket that is taken is told as such", async (t) => {
  const service = await startService(t);
  const account = accountOf([apiOf({ routes: [{ key: "GET /a", uri: service.origin }] })]);
  const first = await startAccount(t, account);
  const second = await startAccount(t, account);
  await assert.rejects(second.gateway.listen({ host: "127.0.0.1", port: first.port }), { code: "GH_GATEWAY_PORT" });
  const socket = join(await createDirectory(t), "run", "a.sock");
  await first.gateway.listen({ socket });
  await assert.rejects(second.gateway.listen({ socket }), { code: "GH_GATEWAY_SOCKET_IN_USE" });
});

test("a switch that is not there, and a value that it does not have, are told with those that are", async (t) => {
  const service = await startService(t);
  const spec = { routes: [{ key: "GET /a", uri: service.origin }] };
  await assert.rejects(startApi(t, spec, { switches: { "no-such": "1" } }), (error: Error) =>
    error.message.startsWith("no switch `no-such`; there are: loopback-host, "),
  );
  await assert.rejects(startApi(t, spec, { switches: { scheme: "http" } }), (error: Error) =>
    error.message.endsWith("no switch `scheme=http`; there are: https, actual"),
  );
});
