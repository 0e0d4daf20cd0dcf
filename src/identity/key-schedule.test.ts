import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { type PrivateKey, newPrivateKey } from "./key-file.ts";
import { DEFAULT_KEY_SCHEDULE, keyStateAt, scheduleKeys, signingKeyAt } from "./key-schedule.ts";

const DAY = 86_400;
const HOUR = 3600;
const START = 1_800_000_000;

function makeKey(madeAtSeconds: number, signsFromSeconds: number): PrivateKey {
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return newPrivateKey(key, "ES256", { madeAtSeconds, signsFromSeconds });
}

/** What happens as time goes by, looked at each second around each change: when, and the states from then on. */
function watch(seconds: readonly number[], schedule = DEFAULT_KEY_SCHEDULE): readonly [number, string][] {
  let keys: readonly PrivateKey[] = [makeKey(START, START)];
  const names = new Map<string, string>();
  const seen: [number, string][] = [];
  for (const second of seconds) {
    const now = START + second;
    keys = scheduleKeys(keys, schedule, now, makeKey) ?? keys;
    for (const { kid } of keys.toReversed()) if (!names.has(kid)) names.set(kid, `k${names.size + 1}`);
    seen.push([second, keys.map((key) => `${names.get(key.kid)} ${keyStateAt(keys, key, now)}`).join(", ")]);
  }
  return seen.filter(([, text], index) => text !== seen[index - 1]?.[1]);
}

const around = (...moments: readonly number[]): number[] => moments.flatMap((at) => [at - 1, at, at + 1]);

describe("a key of thirty days", () => {
  test("has a successor an hour before, which signs to the second, and is published for a day after", () => {
    const moments = [1, 30 * DAY - HOUR, 30 * DAY, 31 * DAY, 60 * DAY - HOUR, 60 * DAY, 61 * DAY];
    assert.deepEqual(watch(around(...moments)), [
      [0, "k1 signing"],
      [30 * DAY - HOUR, "k2 next, k1 signing"],
      [30 * DAY, "k2 signing, k1 retired"],
      [31 * DAY, "k2 signing"],
      [60 * DAY - HOUR, "k3 next, k2 signing"],
      [60 * DAY, "k3 signing, k2 retired"],
      [61 * DAY, "k3 signing"],
    ]);
  });

  test("goes on to sign for an hour when nobody looked for months: its successor is published first", () => {
    assert.deepEqual(watch([0, ...around(100 * DAY, 100 * DAY + HOUR, 101 * DAY + HOUR)]), [
      [0, "k1 signing"],
      [100 * DAY - 1, "k2 next, k1 signing"],
      [100 * DAY - 1 + HOUR, "k2 signing, k1 retired"],
      [101 * DAY - 1 + HOUR, "k2 signing"],
    ]);
  });

  test("follows a shorter schedule with as many keys as are needed", () => {
    const seen = watch(
      Array.from({ length: 40 * 24 * 2 }, (_, half) => half * 1800),
      { rotateSeconds: DAY + HOUR, overlapSeconds: DAY },
    );
    assert.ok(seen.every(([, text]) => text.split(", ").length <= 3));
    assert.ok(seen.every(([, text]) => text.split(" signing").length === 2));
    assert.equal(seen.filter(([, text]) => text.includes("next")).length, 38);
  });
});

describe("keys without times", () => {
  const bare = (): PrivateKey => newPrivateKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "ES256");

  test("have the first one sign, count from now, and keep the others for the overlap", () => {
    const [first, second] = [bare(), bare()];
    assert.equal(signingKeyAt([first, second], START).kid, first.kid);
    const timed = scheduleKeys([first, second], DEFAULT_KEY_SCHEDULE, START, makeKey) ?? [];
    assert.deepEqual(
      timed.map(({ kid, madeAtSeconds, signsFromSeconds }) => [kid, madeAtSeconds, signsFromSeconds]),
      [
        [first.kid, START, START],
        [second.kid, START, START - 1],
      ],
    );
    assert.equal(scheduleKeys(timed, DEFAULT_KEY_SCHEDULE, START + DAY - 1, makeKey), null);
    const later = scheduleKeys(timed, DEFAULT_KEY_SCHEDULE, START + DAY, makeKey) ?? [];
    assert.deepEqual(
      later.map(({ kid }) => kid),
      [first.kid],
    );
  });
});

test("a clock that was set back before every key has the one sign that may first", () => {
  const [old, young] = [makeKey(START, START), makeKey(START, START + DAY)];
  assert.equal(signingKeyAt([young, old], START - 1).kid, old.kid);
});
