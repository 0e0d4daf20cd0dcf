/** The data plane in threads: one that ends, one that hangs, a change that one refuses. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import type { Worker } from "node:worker_threads";
import type { DataPlane, PlaneRuntime } from "../../src/app/data-plane.ts";
import { createThreadedPlane } from "../../src/app/gateway-threads.ts";
import { connectPeer } from "../../src/app/thread-peer.ts";
import { systemClock } from "../../src/core/index.ts";
import {
  type SigningKey,
  createSigner,
  openAssertionKeys,
  createKeySource,
  createProofMemory,
  createRevocations,
  createTokenVerifier,
} from "../../src/identity/index.ts";
import { createMemoryStore } from "../../src/store/index.ts";
import { startIssuer } from "../support/issuer.ts";
import { AUDIENCE, BASE_URL, DOMAIN, type PolicySpec, artifactsOf } from "./fixture.ts";
import { startService } from "./service.ts";

interface Planes {
  readonly plane: DataPlane;
  /** What the first threads were started with. */
  readonly firstKeys: readonly SigningKey[];
  readonly threads: readonly Worker[];
  readonly said: readonly string[];
  readonly runtimeFor: (spec: PolicySpec) => PlaneRuntime;
  readonly spec: (digest: string, burst?: number) => PolicySpec;
}

async function startPlane(t: TestContext, count: number): Promise<Planes> {
  const folder = await mkdtemp(join(tmpdir(), "gh-"));
  t.after(async () => rm(folder, { recursive: true }));
  const service = await startService(t);
  const issuer = await startIssuer(AUDIENCE);
  t.after(async () => issuer.close());
  const keys = createKeySource({ issuer: issuer.issuer, clock: systemClock, allowHttpLoopback: true });
  await keys.load();
  t.after(() => keys.close());
  const assertionKeys = await openAssertionKeys({
    file: join(folder, "assertion.json"),
    clock: systemClock,
    changed: () => {},
    warn: () => {},
  });
  const options = { issuer: `${BASE_URL}/_gatehouse`, keys: assertionKeys.current() };
  const assertions = createSigner({ ...options, clock: systemClock });
  const claims = { groups: "groups", name: "name" };
  const verifier = createTokenVerifier({ issuer: issuer.issuer, audience: AUDIENCE, claims, keys, clock: systemClock });
  const identity = {};
  const runtimeFor = (spec: PolicySpec): PlaneRuntime => ({
    artifacts: artifactsOf(spec),
    issuer: issuer.issuer,
    identity,
    verifier,
    sessions: null,
    assertions,
    baseUrl: BASE_URL,
  });
  const spec = (digest: string, burst = 100): PolicySpec => ({
    digest,
    routes: [
      { key: "GET /open", needs: null, upstream: service.origin },
      { key: "GET /few", needs: null, upstream: service.origin, throttle: { ratePerSecond: 1 / 3600, burst } },
    ],
  });
  const threads: Worker[] = [];
  const said: string[] = [];
  const plane = createThreadedPlane(runtimeFor(spec("first")), {
    sockets: Array.from({ length: count }, (_, n) => ({
      publicSocket: join(folder, `public-${n}.sock`),
      privateSocket: join(folder, `private-${n}.sock`),
    })),
    keysDir: folder,
    assertions: options,
    revocations: createRevocations({ clock: systemClock }),
    store: createMemoryStore(systemClock),
    proofMemory: createProofMemory(),
    records: { writeLines: () => {} },
    reporter: { info: () => {}, warn: (text: string) => void said.push(text) },
    onThread: (worker) => void threads.push(worker),
  });
  await plane.listen();
  t.after(async () => plane.close({ graceMs: 1000 }));
  return { plane, firstKeys: options.keys, threads, said, runtimeFor, spec };
}

function ask(plane: DataPlane, thread: number, path: string): Promise<number> {
  const socketPath = plane.sockets[thread]?.publicSocket;
  return new Promise((resolve, reject) => {
    request({ socketPath, path, headers: { host: DOMAIN }, agent: false }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    })
      .once("error", reject)
      .end();
  });
}

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let n = 0; n < 1200; n++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`${what}: not within thirty seconds`);
}

describe("a thread that ends by itself", () => {
  test("is started again with the policy of now and the buckets of before, while the others go on", async (t) => {
    const { plane, threads, said, runtimeFor, spec } = await startPlane(t, 2);
    await plane.replace(runtimeFor(spec("second", 3)));
    for (let n = 0; n < 3; n++) assert.equal(await ask(plane, n % 2, "/few"), 200);
    await threads[0]?.terminate();
    assert.equal(await ask(plane, 1, "/open"), 200);
    await until("it is up again", () => plane.stats().workers.every(({ up }) => up));
    assert.equal(threads.length, 3);
    assert.deepEqual(
      plane.stats().workers.map(({ restarts }) => restarts),
      [1, 0],
    );
    assert.equal(await ask(plane, 0, "/open"), 200);
    assert.equal(await ask(plane, 0, "/few"), 429);
    assert.match(said.join("\n"), /^gateway thread 1 ended \(.*\) and is started again$/m);
  });

  test("takes part in the changes after it", async (t) => {
    const { plane, threads, runtimeFor, spec } = await startPlane(t, 2);
    await threads[1]?.terminate();
    await plane.replace(runtimeFor(spec("second", 0)));
    await until("it is up again", () => plane.stats().workers.every(({ up }) => up));
    for (const thread of [0, 1]) assert.equal(await ask(plane, thread, "/few"), 429);
    await plane.replace(runtimeFor(spec("third", 1)));
    assert.deepEqual([await ask(plane, 0, "/few"), await ask(plane, 1, "/few")], [200, 429]);
    await plane.refresh();
    assert.equal(plane.stats().policyDigest, "third");
  });
});

test("a change that cannot be taken over leaves every thread as it was", async (t) => {
  const { plane, runtimeFor, spec } = await startPlane(t, 2);
  const good = spec("second");
  const bad = { ...good, routes: [...good.routes, { key: "GET /bad", needs: null, upstream: "ftp://127.0.0.1" }] };
  await assert.rejects(plane.replace(runtimeFor(bad)), { code: "GH_GATEWAY_ARTIFACT_UNSUPPORTED" });
  assert.equal(plane.stats().policyDigest, "first");
  for (const thread of [0, 1]) {
    assert.equal(await ask(plane, thread, "/open"), 200);
    assert.equal(await ask(plane, thread, "/bad"), 404);
  }
  await plane.replace(runtimeFor(good));
  assert.equal(plane.stats().policyDigest, "second");
});

describe("calls between threads", () => {
  test("end with the other side's answer, its fault, or that it is gone", async () => {
    const listeners: ((message: unknown) => void)[] = [];
    const sides = [0, 1].map((side) => ({
      postMessage: (message: unknown) => void setImmediate(() => listeners[1 - side]?.(structuredClone(message))),
      on: (_: "message", listener: (message: unknown) => void) => (listeners[side] = listener),
    }));
    const [ours, theirs] = sides as [(typeof sides)[number], (typeof sides)[number]];
    const told: unknown[] = [];
    connectPeer(theirs, {
      double: (value: number) => value * 2,
      fail: () => Promise.reject(new Error("no such thing")),
      never: () => new Promise(() => {}),
      tell: (value: unknown) => void told.push(value),
    });
    const peer = connectPeer(ours, {});
    assert.equal(await peer.call("double", 21), 42);
    await assert.rejects(peer.call("fail"), { code: "GH_INTERNAL", detail: { problem: "no such thing" } });
    await assert.rejects(peer.call("unknown"), { code: "GH_INTERNAL" });
    peer.tell("tell", { some: "thing" });
    assert.equal(await peer.call("double", 1), 2);
    assert.deepEqual(told, [{ some: "thing" }]);
    const open = peer.call("never");
    peer.end();
    await assert.rejects(open, { code: "GH_APP_THREAD_GONE" });
    await assert.rejects(peer.call("double", 1), { code: "GH_APP_THREAD_GONE" });
  });
});

describe("keys of assertions", () => {
  /** Names of the keys that a thread publishes. */
  function published(plane: DataPlane, thread: number): Promise<readonly string[]> {
    const socketPath = plane.sockets[thread]?.publicSocket;
    const path = "/_gatehouse/jwks.json";
    return new Promise((resolve, reject) => {
      request({ socketPath, path, headers: { host: DOMAIN }, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("end", () => {
          const { keys } = JSON.parse(Buffer.concat(chunks).toString()) as { keys: { kid: string }[] };
          resolve(keys.map(({ kid }) => kid));
        });
      })
        .once("error", reject)
        .end();
    });
  }

  test("that replace others reach every thread, and one that is started again", async (t) => {
    const { plane, firstKeys, threads } = await startPlane(t, 2);
    const first = firstKeys.map(({ kid }) => kid);
    for (const thread of [0, 1]) assert.deepEqual(await published(plane, thread), first);
    const folder = await mkdtemp(join(tmpdir(), "gh-"));
    t.after(async () => rm(folder, { recursive: true }));
    const other = await openAssertionKeys({
      file: join(folder, "assertion.json"),
      clock: systemClock,
      changed: () => {},
      warn: () => {},
    });
    const both = [...other.current(), ...firstKeys];
    plane.replaceAssertionKeys(both);
    const kids = both.map(({ kid }) => kid);
    // Threads answer in order: what was told before is done.
    await plane.refresh();
    for (const thread of [0, 1]) assert.deepEqual(await published(plane, thread), kids);
    await threads[1]?.terminate();
    await until("it is up again", () => plane.stats().workers.every(({ up }) => up));
    assert.deepEqual(await published(plane, 1), kids);
  });
});
