/** One key file and several processes, as when an instance is replaced by another: nobody loses what another wrote. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../support/run.ts";

const START_MS = 1_800_000_000_000;
const MONTH_SECONDS = 30 * 86_400;

interface Told {
  readonly seen: readonly (readonly [kid: string, signsFromSeconds: number])[];
  readonly warnings: readonly string[];
  readonly states: readonly string[];
}

// An hour of theirs is less than a millisecond, so that one may find another writing for a whole period, and be late.
test("three processes never make two keys for one month between them", { timeout: 300_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gh-keys-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "assertion.json");
  const program = join(import.meta.dirname, "keep-keys.ts");
  const args = ["--disable-warning=ExperimentalWarning", program, file, String(START_MS)];
  const ran = await Promise.all([1, 2, 3].map(async () => run(process.execPath, args, { limitMs: 240_000 })));
  const told = ran.map(({ code, stdout, stderr }) => {
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Told;
  });
  assert.deepEqual(
    told.map(({ warnings }) => warnings),
    [[], [], []],
  );
  const times = new Map<string, number>();
  for (const [kid, signsFromSeconds] of told.flatMap(({ seen }) => seen)) {
    assert.equal(times.get(kid) ?? signsFromSeconds, signsFromSeconds, "one key has two times");
    times.set(kid, signsFromSeconds);
  }
  const sorted = [...times.values()].toSorted((a, b) => a - b);
  assert.equal(sorted[0], START_MS / 1000);
  for (const [index, time] of sorted.entries())
    if (index > 0) assert.ok(time - (sorted[index - 1] ?? 0) >= MONTH_SECONDS, `two keys within a month at ${time}`);
  assert.ok(sorted.length > 5, `${sorted.length} keys in two years`);
  const { keys } = JSON.parse(readFileSync(file, "utf8")) as { keys: { kid: string }[] };
  assert.ok(keys.length > 0 && keys.every(({ kid }) => times.has(kid)));
  assert.deepEqual(readdirSync(folder), ["assertion.json"]);
});
