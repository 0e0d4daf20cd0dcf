/** The gateway in several threads behind one Caddy: one policy, one set of buckets, changes that lose nothing. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/app/status.ts";
import { curl } from "../support/curl.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";

const WORKERS = 3;
const BURST = 7;

const PEOPLE = `people:
  alice: { password: wonderland, groups: [staff] }
clients: {}
`;

function policy(upstream: string, options: { readonly burst?: number; readonly read?: string } = {}): string {
  return `gatehouse: 1
name: workers
identity: { audience: workers-api, claims: { groups: groups, name: preferred_username } }
environments:
  local: { identity: embedded, domain: workers.localhost }
services:
  orders:
    exposure: public
    upstream: ${upstream}
    routes:
      GET /orders:  { needs: ${options.read ?? "orders:read"} }
      GET /export:  { needs: orders:read, throttle: 1/hour burst ${options.burst ?? BURST} }
      GET /health:  { open: "load balancer probe, returns no data" }
roles:
  staff: { members: { groups: [staff] }, can: [orders:read], boundary: all }
boundaries:
  all: ["orders:*"]
throttle: { per_identity: 1/hour burst 40 }
`;
}

let orders: EchoService;
let instance: Started;

before(async () => {
  orders = await startEcho();
  instance = await startInstance({
    files: { "gatehouse.yaml": policy(orders.url), "people.yaml": PEOPLE },
    args: ["--workers", String(WORKERS)],
  });
});

after(async () => {
  await orders.close();
  assert.equal(await instance.stop(), 0);
});

/** Straight to one thread, as Caddy does it. */
function ask(socketPath: string, path: string, token: string | null): Promise<number> {
  const headers = { host: "workers.localhost", ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    request({ socketPath, path, headers, agent: false }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    })
      .once("error", reject)
      .end();
  });
}

async function statusNow(): Promise<Status> {
  return JSON.parse((await instance.gatehouse("status", "--json")).stdout) as Status;
}

/** How many answers had each status. */
function count(statuses: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe("three threads", () => {
  test("have a socket each, take connections of Caddy, and are one in what the instance says", async () => {
    const { workers } = (await statusNow()).gateway;
    assert.deepEqual(
      workers.map(({ up, restarts }) => ({ up, restarts })),
      Array.from({ length: WORKERS }, () => ({ up: true, restarts: 0 })),
    );
    assert.equal(new Set(workers.map(({ socket }) => socket)).size, WORKERS);
    const earlier = (await statusNow()).gateway.requests;
    for (const { socket } of workers) assert.equal(await ask(socket, "/health", null), 200);
    for (let n = 0; n < 4; n++) assert.equal((await curl(instance, "/health")).status, 200);
    assert.equal((await statusNow()).gateway.requests - earlier, WORKERS + 4);
  });

  test("write one log, each request once", async () => {
    const { workers } = instance.status.gateway;
    for (const { socket } of workers) assert.equal(await ask(socket, "/no-such", null), 404);
    const file = join(instance.state, "logs", "gateway.log");
    await waitFor("all are written", () => readFileSync(file, "utf8").split("/no-such").length === WORKERS + 1);
  });

  test("give a route's burst once between them, and an identity's", async () => {
    const token = await instance.token("alice");
    const { workers } = instance.status.gateway;
    const many = (path: string, times: number) =>
      Promise.all(Array.from({ length: times }, (_, n) => ask(workers[n % WORKERS]?.socket ?? "", path, token)));
    assert.deepEqual(count(await many("/export", 30)), { 200: BURST, 429: 30 - BURST });
    // What the route refused was not taken from the identity.
    assert.deepEqual(count(await many("/orders", 60)), { 200: 40 - BURST, 429: 60 - (40 - BURST) });
  });

  test("follow a change together, under load, without a failed request", async () => {
    const { workers } = instance.status.gateway;
    const load = { on: true };
    const seen: number[] = [];
    const clients = workers.map(async ({ socket }) => {
      while (load.on) seen.push(await ask(socket, "/health", null));
    });
    const changes = 6;
    for (let n = 1; n <= changes; n++) {
      instance.write("gatehouse.yaml", policy(orders.url, { burst: BURST + n }));
      await waitFor(`change ${n} is told`, () => instance.said().split("policy reloaded").length === n + 1);
    }
    load.on = false;
    await Promise.all(clients);
    assert.deepEqual(Object.keys(count(seen)), ["200"]);
    assert.ok(seen.length > changes, `${seen.length} requests`);
    // The role has no such permission any more, whichever thread is asked.
    const token = await instance.token("alice");
    instance.write("gatehouse.yaml", policy(orders.url, { read: "orders:audit" }));
    await waitFor("the last change is told", () => instance.said().split("policy reloaded").length === changes + 2);
    for (const { socket } of workers) assert.equal(await ask(socket, "/orders", token), 403);
  });

  test("take over nothing when one policy cannot be taken over", async () => {
    const digest = (await statusNow()).policyDigest;
    instance.write("gatehouse.yaml", "gatehouse: 1\nname: [\n");
    await waitFor("the fault is told", () => instance.said().includes("was not taken over"));
    assert.equal((await statusNow()).gateway.policyDigest, digest);
    for (const { socket } of instance.status.gateway.workers) assert.equal(await ask(socket, "/health", null), 200);
  });
});
