/** Sockets, policies that change under load, and the end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isGatehouseError, systemClock } from "../../src/core/index.ts";
import { type Gateway, createGateway } from "../../src/gateway/index.ts";
import { type Fixture, createDirectory, startGateway } from "./fixture.ts";
import { RawConnection, ask } from "./raw-client.ts";
import { startService } from "./service.ts";

const HOST = "Host: shop.localhost";

function another(fixture: Fixture): Gateway {
  return createGateway(fixture.runtime({ routes: [] }), { clock: systemClock, record: () => {} });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (error) {
    return isGatehouseError(error) ? error.code : String(error);
  }
}

test("sockets are for their owner alone, and gone at the end", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  for (const path of [fixture.publicSocket, fixture.privateSocket]) {
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
  }
  await fixture.gateway.close({ graceMs: 0 });
  assert.equal(
    await codeOf(stat(fixture.publicSocket)),
    "Error: ENOENT: no such file or directory, stat '" + fixture.publicSocket + "'",
  );
});

test("a socket is taken only when nobody uses it", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const directory = await createDirectory(t);
  const gateway = another(fixture);
  t.after(() => gateway.close({ graceMs: 0 }));
  const listen = (publicSocket: string) => gateway.listen({ publicSocket, privateSocket: null });

  assert.equal(await codeOf(listen(fixture.publicSocket)), "GH_GATEWAY_SOCKET_IN_USE");
  assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 200);

  const file = join(directory, "file.sock");
  await writeFile(file, "kept");
  assert.equal(await codeOf(listen(file)), "GH_GATEWAY_SOCKET_UNUSABLE");
  assert.equal((await stat(file)).size, 4);

  const open = join(directory, "open");
  await mkdir(open, { mode: 0o755 });
  await chmod(open, 0o755);
  assert.equal(await codeOf(listen(join(open, "a.sock"))), "GH_GATEWAY_SOCKET_UNUSABLE");

  const fits = join(directory, "x".repeat(103 - directory.length - 1));
  assert.equal(await codeOf(listen(`${fits}x`)), "GH_GATEWAY_SOCKET_TOO_LONG");
  assert.equal(await codeOf(listen(fits)), "none");
});

test("a socket that a dead process left behind is replaced", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const directory = await createDirectory(t);
  const path = join(directory, "stale.sock");
  await leaveSocketBehind(path);
  const gateway = createGateway(
    fixture.runtime({ routes: [{ key: "GET /open", upstream: service.origin, needs: null }] }),
    {
      clock: systemClock,
      record: () => {},
    },
  );
  t.after(() => gateway.close({ graceMs: 0 }));
  await gateway.listen({ publicSocket: path, privateSocket: null });
  assert.equal((await ask(path, "GET /open HTTP/1.1")).status, 200);
});

/** A child binds the path and is killed, so that nobody removes the file. */
async function leaveSocketBehind(path: string): Promise<void> {
  const { spawn } = await import("node:child_process");
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await once(spawn(process.execPath, ["-e", script]), "exit");
  assert.ok((await stat(path)).isSocket());
}

test("a policy replaced while 200 requests are in flight loses none; each is decided by one policy", async (t) => {
  const release: (() => void)[] = [];
  let whenAll: (() => void) | null = null;
  const slow = await startService(t, (_req, res) => {
    release.push(() => res.end("old"));
    if (release.length === 200) whenAll?.();
  });
  const fast = await startService(t, (_req, res) => res.end("new"));
  const fixture = await startGateway(t, {
    routes: [{ key: "GET /orders/{id}", upstream: slow.origin }],
    roles: [{ name: "support", groups: ["support"], can: ["GET/orders/*"] }],
  });
  const token = await fixture.token();
  const all = new Promise<void>((resolve) => (whenAll = resolve));
  const headers = [`Authorization: Bearer ${token}`];
  const inFlight = Array.from({ length: 200 }, (_, n) =>
    ask(fixture.publicSocket, `GET /orders/${n} HTTP/1.1`, headers),
  );
  await all;
  assert.equal(fixture.gateway.stats().inFlight, 200);

  fixture.gateway.replace(
    fixture.runtime({
      routes: [
        { key: "GET /orders/{id}", upstream: fast.origin },
        { key: "GET /secret", upstream: fast.origin },
      ],
      roles: [{ name: "support", groups: ["support"], can: ["GET/secret"] }],
      digest: "d2",
    }),
  );
  // The new policy holds at once, also for a caller whose grant was remembered.
  assert.equal((await ask(fixture.publicSocket, "GET /orders/1 HTTP/1.1", headers)).status, 403);
  assert.equal((await ask(fixture.publicSocket, "GET /secret HTTP/1.1", headers)).status, 200);
  assert.deepEqual(
    fixture.gateway.stats().upstreams.map(({ origin, running }) => [origin, running]),
    [
      [slow.origin, 200],
      [fast.origin, 0],
    ],
  );
  for (const answer of release) answer();
  const statuses = (await Promise.all(inFlight)).map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([200]));
  await fixture.record(201);
  assert.equal(
    fixture.records.filter(({ policyDigest, status }) => policyDigest === "d1" && status === 200).length,
    200,
  );
  // Nobody uses the old service any more: its connections are let go.
  assert.deepEqual(
    fixture.gateway.stats().upstreams.map(({ origin }) => origin),
    [fast.origin],
  );
});

test("artifacts that cannot be run change nothing", async (t) => {
  const service = await startService(t);
  const routes = [{ key: "GET /open", upstream: service.origin, needs: null }];
  const fixture = await startGateway(t, { routes });
  const good = fixture.runtime({ routes });
  const api = good.artifacts.apis.public;
  assert.ok(api !== null);
  const broken = [
    { ...api, routes: api.routes.map((route) => ({ ...route, target: "integrations/none" })) },
    { ...api, routes: api.routes.map((route) => ({ ...route, authorizationType: "AWS_IAM" as const })) },
    {
      ...api,
      integrations: api.integrations.map((each) => ({ ...each, requestParameters: { "append:header.a": "b" } })),
    },
    { ...api, integrations: api.integrations.map((each) => ({ ...each, integrationUri: "ftp://a" })) },
    { ...api, integrations: api.integrations.map((each) => ({ ...each, integrationUri: "http://a/{id}" })) },
    { ...api, integrations: api.integrations.map((each) => ({ ...each, integrationUri: "http://u:p@a/" })) },
    { ...api, stages: [] },
  ];
  for (const each of broken) {
    const artifacts = { ...good.artifacts, apis: { public: each, private: null } };
    assert.throws(
      () => fixture.gateway.replace({ ...good, artifacts }),
      (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ARTIFACT_UNSUPPORTED",
    );
    assert.equal((await ask(fixture.publicSocket, "GET /open HTTP/1.1")).status, 200);
  }
  assert.deepEqual(
    fixture.gateway.stats().upstreams.map(({ origin }) => origin),
    [service.origin],
  );
});

test("closing waits for requests in flight and takes no new ones", async (t) => {
  let answer: (() => void) | null = null;
  let arrived: (() => void) | null = null;
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const service = await startService(t, (_req, res) => {
    answer = () => res.end("late");
    arrived?.();
  });
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const connection = new RawConnection(fixture.publicSocket).write(`GET /open HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await arrival;
  const closed = fixture.gateway.close({ graceMs: 60_000 });
  const late = new RawConnection(fixture.publicSocket);
  await late.until(() => false);
  assert.equal(late.received, "");
  (answer as unknown as () => void)();
  const text = await connection.until(() => false);
  assert.match(text, /Connection: close\r\n/i);
  assert.ok(text.includes("late"));
  await closed;
});

test("closing ends what does not end by itself", async (t) => {
  let arrived: (() => void) | null = null;
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const service = await startService(t, () => arrived?.());
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const connection = new RawConnection(fixture.publicSocket).write(`GET /open HTTP/1.1\r\n${HOST}\r\n\r\n`);
  await arrival;
  await fixture.gateway.close({ graceMs: 1 });
  await connection.until(() => false);
  assert.deepEqual(
    fixture.records.map(({ status, reason }) => [status, reason]),
    [[499, "client-aborted"]],
  );
});

test("many requests share one connection, and each has its own id and trace", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const connection = new RawConnection(fixture.publicSocket);
  t.after(() => connection.socket.destroy());
  // Written at once: answers come in order.
  connection.write(`GET /open?n HTTP/1.1\r\n${HOST}\r\n\r\n`.repeat(50));
  await connection.until((text) => text.split("HTTP/1.1 200").length === 51 && text.endsWith("ok"));
  assert.equal(service.hits(), 50);
  assert.equal(new Set(fixture.records.map(({ requestId }) => requestId)).size, 50);
  assert.equal(new Set(fixture.records.map(({ traceId }) => traceId)).size, 50);
  assert.match(connection.received, /Keep-Alive: timeout=75\r\n/);
});

test("a listener of another kind keeps its socket", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, { routes: [{ key: "GET /open", upstream: service.origin, needs: null }] });
  const path = join(await createDirectory(t), "other.sock");
  const other: Server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => other.listen(path, resolve));
  t.after(() => other.close());
  const gateway = another(fixture);
  assert.equal(await codeOf(gateway.listen({ publicSocket: path, privateSocket: null })), "GH_GATEWAY_SOCKET_IN_USE");
  assert.ok((await stat(path)).isSocket());
});
