import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { IdentityBuckets, Throttles, TokenBucket } from "./throttle.ts";

/** How many of `count` requests at one time pass. */
function takeAt(bucket: TokenBucket, nowMs: number, count: number): number {
  let taken = 0;
  for (let n = 0; n < count; n++)
    if (bucket.has(nowMs)) {
      bucket.take();
      taken++;
    }
  return taken;
}

describe("a token bucket", () => {
  test("gives its burst at once and then one token for each 1/rate seconds", () => {
    const bucket = new TokenBucket({ ratePerSecond: 50, burst: 100 }, 0);
    assert.equal(takeAt(bucket, 0, 150), 100);
    assert.equal(takeAt(bucket, 19.9, 1), 0);
    assert.equal(takeAt(bucket, 20, 2), 1);
    assert.equal(takeAt(bucket, 1020, 100), 50);
    assert.equal(takeAt(bucket, 1_000_000, 150), 100);
  });

  test("does not lose a thirtieth of a second to rounding", () => {
    const bucket = new TokenBucket({ ratePerSecond: 1 / 60, burst: 1 }, 0);
    assert.equal(takeAt(bucket, 0, 2), 1);
    for (let ms = 7; ms < 60_000; ms += 7) assert.equal(takeAt(bucket, ms, 1), 0);
    assert.equal(takeAt(bucket, 60_000, 2), 1);
  });

  test("with rate and burst 0 stops all; a clock that stands or goes back gives nothing", () => {
    assert.equal(takeAt(new TokenBucket({ ratePerSecond: 0, burst: 0 }, 0), 1_000_000, 5), 0);
    const bucket = new TokenBucket({ ratePerSecond: 10, burst: 1 }, 1000);
    assert.equal(takeAt(bucket, 1000, 2), 1);
    assert.equal(takeAt(bucket, 0, 1), 0);
    assert.equal(takeAt(bucket, 1000, 1), 0);
  });

  test("never gives more than burst + rate * t, and never less when it is asked all the time", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 300 })), { maxLength: 60 }),
        (ratePerSecond, burst, steps) => {
          const bucket = new TokenBucket({ ratePerSecond, burst }, 0);
          let nowMs = 0;
          let taken = 0;
          for (const [waitMs, count] of steps) {
            nowMs += waitMs;
            taken += takeAt(bucket, nowMs, count);
            assert.ok(taken <= burst + (ratePerSecond * nowMs) / 1000 + 1e-6);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("PL-10.2: the buckets of identities", () => {
  test("are one for each key, and the same until it is full again", () => {
    const buckets = new IdentityBuckets({ ratePerSecond: 1, burst: 2 });
    const ada = buckets.bucketOf("ada", 0);
    assert.equal(takeAt(ada, 0, 3), 2);
    assert.equal(buckets.bucketOf("ada", 500), ada);
    assert.equal(takeAt(buckets.bucketOf("bob", 0), 0, 3), 2);
  });

  test("are forgotten when they are full, and bounded when none is", () => {
    const idle = new IdentityBuckets({ ratePerSecond: 1, burst: 2 }, 100);
    for (let n = 0; n < 10_000; n++) takeAt(idle.bucketOf(`p${n}`, n * 1000), n * 1000, 1);
    assert.ok(idle.size <= 100, String(idle.size));
    const busy = new IdentityBuckets({ ratePerSecond: 0.001, burst: 1 }, 100);
    for (let n = 0; n < 10_000; n++) assert.equal(takeAt(busy.bucketOf(`p${n}`, 0), 0, 2), 1);
    assert.equal(busy.size, 100);
  });

  test("that are in use are not forgotten by the sweep", () => {
    const buckets = new IdentityBuckets({ ratePerSecond: 1, burst: 10 }, 50);
    assert.equal(takeAt(buckets.bucketOf("ada", 0), 0, 10), 10);
    for (let n = 0; n < 49; n++) buckets.bucketOf(`p${n}`, 1000);
    for (let n = 0; n < 20; n++) buckets.bucketOf(`q${n}`, 1000);
    assert.equal(takeAt(buckets.bucketOf("ada", 1000), 1000, 10), 1);
  });
});

test("throttles of a new policy keep the level of each rate that is unchanged", () => {
  const slow = { ratePerSecond: 1, burst: 1 };
  const first = new Throttles(
    [
      ["a", slow],
      ["b", slow],
    ],
    slow,
    0,
    null,
  );
  for (const key of ["a", "b"]) assert.equal(takeAt(first.route(key) as TokenBucket, 0, 1), 1);
  const second = new Throttles(
    [
      ["a", { ...slow }],
      ["b", { ...slow, burst: 2 }],
      ["c", slow],
    ],
    { ...slow },
    0,
    first,
  );
  assert.equal(takeAt(second.route("a") as TokenBucket, 0, 1), 0);
  assert.equal(takeAt(second.route("b") as TokenBucket, 0, 3), 2);
  assert.equal(takeAt(second.route("c") as TokenBucket, 0, 3), 1);
  assert.equal(second.identities, first.identities);
  assert.equal(new Throttles([], null, 0, second).identities, null);
  assert.notEqual(new Throttles([], { ...slow, burst: 9 }, 0, second).identities, second.identities);
});
