import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import type { Rate } from "../core/index.ts";
import { SharedThrottles, type ThrottleLayout, ThrottleMemory } from "./shared-throttle.ts";
import { type Bucket, TokenBucket } from "./throttle.ts";

function layoutFor(
  memory: ThrottleMemory,
  routes: readonly (readonly [string, Rate])[],
  perIdentity: Rate | null = null,
): ThrottleLayout {
  const prepared = memory.prepare(routes, perIdentity);
  prepared.commit();
  return prepared.layout;
}

function bucketOf(rate: Rate): Bucket {
  const routes = [["route", rate]] as const;
  const bucket = new SharedThrottles(layoutFor(new ThrottleMemory(), routes), routes, null).route("route");
  assert.ok(bucket !== undefined);
  return bucket;
}

function takeAt(bucket: Bucket, nowMs: number, count: number): number {
  let taken = 0;
  for (let n = 0; n < count; n++) if (bucket.tryTake(nowMs)) taken++;
  return taken;
}

describe("a bucket in shared memory", () => {
  test("gives its burst at once and then one token for each 1/rate seconds", () => {
    const bucket = bucketOf({ ratePerSecond: 50, burst: 100 });
    assert.equal(takeAt(bucket, 0, 150), 100);
    assert.equal(takeAt(bucket, 19.9, 1), 0);
    assert.equal(takeAt(bucket, 20, 2), 1);
    assert.equal(takeAt(bucket, 1020, 100), 50);
    assert.equal(takeAt(bucket, 1_000_000, 150), 100);
  });

  test("with rate and burst 0, or burst 0 alone, stops all; a clock that goes back gives nothing", () => {
    assert.equal(takeAt(bucketOf({ ratePerSecond: 0, burst: 0 }), 1_000_000, 5), 0);
    assert.equal(takeAt(bucketOf({ ratePerSecond: 100, burst: 0 }), 1_000_000, 5), 0);
    const bucket = bucketOf({ ratePerSecond: 10, burst: 1 });
    assert.equal(takeAt(bucket, 1000, 2), 1);
    assert.equal(takeAt(bucket, 0, 1), 0);
    assert.equal(takeAt(bucket, 1000, 1), 0);
  });

  test("a token that is given back can be taken again, and no more than that", () => {
    const bucket = bucketOf({ ratePerSecond: 1, burst: 2 });
    assert.equal(takeAt(bucket, 0, 3), 2);
    bucket.giveBack();
    assert.equal(takeAt(bucket, 0, 3), 1);
  });

  test("says at every moment what the bucket of one process says", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 300 })), { maxLength: 60 }),
        (ratePerSecond, burst, steps) => {
          const rate = { ratePerSecond: ratePerSecond * 8, burst };
          const [shared, own] = [bucketOf(rate), new TokenBucket(rate, 0)];
          // 1/rate is a whole number of nanoseconds only for some rates; the others may be a thousandth of a token late.
          const isExact = Number.isInteger(1e9 / rate.ratePerSecond);
          let nowMs = 0;
          for (const [waitMs, count] of steps) {
            nowMs += waitMs;
            const [a, b] = [takeAt(shared, nowMs, count), takeAt(own, nowMs, count)];
            if (isExact) assert.equal(a, b);
            else if (a !== b) return;
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("the memory of all buckets", () => {
  const slow = { ratePerSecond: 1, burst: 3 };

  test("a route whose rate is unchanged keeps its level when the routes are others, and one with another rate is full", () => {
    const memory = new ThrottleMemory();
    const before = [["a", slow] as const, ["b", slow] as const];
    const first = new SharedThrottles(layoutFor(memory, before), before, null);
    assert.equal(takeAt(first.route("a") as Bucket, 0, 5), 3);
    assert.equal(takeAt(first.route("b") as Bucket, 0, 5), 3);
    const after = [["c", slow] as const, ["a", slow] as const, ["b", { ratePerSecond: 1, burst: 4 }] as const];
    const second = new SharedThrottles(layoutFor(memory, after), after, null);
    assert.equal(takeAt(second.route("a") as Bucket, 0, 5), 0);
    assert.equal(takeAt(second.route("b") as Bucket, 0, 5), 4);
    assert.equal(takeAt(second.route("c") as Bucket, 0, 5), 3);
  });

  test("a route that comes back after two changes begins full, whoever had its place meanwhile", () => {
    const memory = new ThrottleMemory();
    const layout = (key: string) => {
      const routes = [[key, slow]] as const;
      return new SharedThrottles(layoutFor(memory, routes), routes, null).route(key) as Bucket;
    };
    for (const key of ["a", "b", "c", "d", "a"]) assert.equal(takeAt(layout(key), 0, 5), 3, key);
  });

  test("a layout that is abandoned leaves everything as it was", () => {
    const memory = new ThrottleMemory();
    const routes = [["a", slow] as const, ["b", slow] as const];
    const running = new SharedThrottles(layoutFor(memory, routes), routes, null);
    assert.equal(takeAt(running.route("a") as Bucket, 0, 5), 3);
    for (let n = 0; n < 5; n++) memory.prepare([[`other ${n}`, slow]], slow).abandon();
    const others = [["c", slow] as const, ["a", slow] as const];
    const next = new SharedThrottles(layoutFor(memory, others), others, null);
    assert.equal(takeAt(next.route("c") as Bucket, 0, 5), 3);
    assert.equal(takeAt(next.route("a") as Bucket, 0, 5), 0);
    assert.equal(takeAt(running.route("b") as Bucket, 0, 5), 3);
  });

  test("thousands of routes have a bucket each", () => {
    const routes = Array.from({ length: 5000 }, (_, n) => [`route ${n}`, slow] as const);
    const throttles = new SharedThrottles(layoutFor(new ThrottleMemory(), routes), routes, null);
    for (const [key] of routes) assert.equal(takeAt(throttles.route(key) as Bucket, 0, 4), 3);
  });

  test("identities have a bucket each, kept while their rate is, and at rest none", () => {
    const memory = new ThrottleMemory();
    const view = (rate: Rate) => new SharedThrottles(layoutFor(memory, [], rate), [], rate).identities;
    const first = view(slow);
    for (let n = 0; n < 2000; n++) assert.equal(takeAt(first?.bucketOf(`ann ${n}`, 0) as Bucket, 0, 5), 3);
    assert.equal(first?.size, 2000);
    assert.equal(view(slow)?.bucketOf("ann 7", 0).tryTake(0), false);
    assert.equal(view(slow)?.bucketOf("ann 7", 1000).tryTake(1000), true);
    assert.equal(view({ ratePerSecond: 2, burst: 1 })?.bucketOf("ann 7", 1000).tryTake(1000), true);
  });
});

const THREADS = 4;
const TRIES = 20_000;

/** Every thread asks as often as it can; the sum is what passed. */
const THREAD = `
import { parentPort, workerData } from "node:worker_threads";
const { SharedThrottles } = await import(workerData.module);
const { layout, rate, tries } = workerData;
const throttles = new SharedThrottles(layout, [["route", rate]], rate);
let route = 0, identity = 0;
for (let n = 0; n < tries; n++) {
  if (throttles.route("route").tryTake(0)) route++;
  if (throttles.identities.bucketOf("ann", 0).tryTake(0)) identity++;
}
parentPort.postMessage({ route, identity });
`;

test("threads that take at once get together exactly the burst, of a route and of an identity", async () => {
  const rate = { ratePerSecond: 1, burst: 12_345 };
  const layout = layoutFor(new ThrottleMemory(), [["route", rate]], rate);
  const module = new URL("shared-throttle.ts", import.meta.url).href;
  const threads = Array.from(
    { length: THREADS },
    () => new Worker(THREAD, { eval: true, workerData: { module, layout, rate, tries: TRIES } }),
  );
  const sums = await Promise.all(
    threads.map(
      (thread) =>
        new Promise<{ route: number; identity: number }>((resolve, reject) => {
          thread.once("message", resolve);
          thread.once("error", reject);
        }),
    ),
  );
  const total = sums.reduce((a, b) => ({ route: a.route + b.route, identity: a.identity + b.identity }));
  assert.deepEqual(total, { route: rate.burst, identity: rate.burst });
});
