import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDuration, formatRate, parseDuration, parseRate } from "./units.ts";

const durations: readonly (readonly [string, number | null])[] = [
  ["30 minutes", 1_800_000],
  ["1 minute", 60_000],
  ["12 hours", 43_200_000],
  ["90 days", 7_776_000_000],
  ["10 seconds", 10_000],
  ["250 ms", 250],
  ["250ms", 250],
  ["0 ms", 0],
  ["250 mss", null],
  ["1.5 hours", null],
  ["-1 hour", null],
  ["1  hour", null],
  [" 1 hour", null],
  ["1 hour ", null],
  ["1 week", null],
  ["hour", null],
  ["10", null],
  ["", null],
  ["1 Hour", null],
  ["1e3 ms", null],
  ["999999999999 days", null],
  ["1 hour 30 minutes", null],
];
for (const [text, ms] of durations)
  test(`duration \`${text}\` is ${ms === null ? "refused" : `${ms} ms`}`, () => assert.equal(parseDuration(text), ms));

const rates: readonly (readonly [string, { ratePerSecond: number; burst: number } | null])[] = [
  ["50/second burst 100", { ratePerSecond: 50, burst: 100 }],
  ["50/second", { ratePerSecond: 50, burst: 50 }],
  ["30/minute", { ratePerSecond: 0.5, burst: 1 }],
  ["100/minute burst 10", { ratePerSecond: 100 / 60, burst: 10 }],
  ["100/minute", { ratePerSecond: 100 / 60, burst: 2 }],
  ["1/hour", { ratePerSecond: 1 / 3600, burst: 1 }],
  ["0/second", null],
  ["5/second burst 0", null],
  ["5/day", null],
  ["5 / second", null],
  ["5/seconds", null],
  ["5/second burst", null],
  ["5/second burst 1.5", null],
  ["5", null],
  ["", null],
];
for (const [text, rate] of rates)
  test(`rate \`${text}\` is ${rate === null ? "refused" : "read"}`, () => assert.deepEqual(parseRate(text), rate));

test("every duration survives being written and read", () => {
  fc.assert(fc.property(fc.nat({ max: 999_999_999_999 }), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)));
});

test("a duration is written in the largest unit that holds it", () => {
  assert.deepEqual([1, 1000, 90_000, 3_600_000, 172_800_000, 1.4].map(formatDuration), [
    "1 ms",
    "1 second",
    "90 seconds",
    "1 hour",
    "2 days",
    "1 ms",
  ]);
});

test("every rate survives being written and read", () => {
  const rate = fc.tuple(
    fc.integer({ min: 1, max: 999_999_999 }),
    fc.constantFrom("second", "minute", "hour"),
    fc.option(fc.integer({ min: 1, max: 999_999_999 })),
  );
  fc.assert(
    fc.property(rate, ([count, unit, burst]) => {
      const read = parseRate(`${count}/${unit}${burst === null ? "" : ` burst ${burst}`}`);
      assert.ok(read !== null);
      assert.deepEqual(parseRate(formatRate(read)), read);
    }),
  );
});

test("a rate that no text can give is still written", () => {
  assert.equal(formatRate({ ratePerSecond: 1 / 7, burst: 2 }), `${1 / 7}/second burst 2`);
});
