/** The soak's own parts, and a short soak of the real road: what is counted must add up, and nothing may be left open. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LineFollower } from "../../bench/soak/follow-lines.ts";
import { growthPerThousand, judgeCounts } from "../../bench/soak/judge-soak.ts";
import { Ledger } from "../../bench/soak/ledger.ts";
import { type Sample, runSoak } from "../../bench/soak/run-soak.ts";

test("a follower gives every line once, across pieces and rotations", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gh-follow-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "a.log");
  const lines: string[] = [];
  const follower = new LineFollower(file, (line) => lines.push(line));
  follower.read();
  writeFileSync(file, "one\ntw");
  follower.read();
  assert.deepEqual(lines, ["one"]);
  appendFileSync(file, "o\nthree\n");
  renameSync(file, `${file}.1`);
  // The old one is still written to until its writer has noticed.
  appendFileSync(`${file}.1`, "four\n");
  writeFileSync(file, "five\n");
  follower.read();
  appendFileSync(file, "six\n");
  follower.read();
  follower.close();
  assert.deepEqual(lines, ["one", "two", "three", "four", "five", "six"]);
});

test("a ledger tells what is missing, written twice, written otherwise, and what nobody was answered", () => {
  const ledger = new Ledger();
  for (const id of ["whole", "no edge", "twice", "other status"]) ledger.answered(id, 200);
  for (const id of ["whole", "twice", "twice", "no edge", "cut"])
    ledger.recorded("gateway", id, id === "cut" ? 499 : 200);
  ledger.recorded("gateway", "other status", 503);
  for (const id of ["whole", "twice", "other status"]) ledger.recorded("edge", id, 200);
  // What the two hops say of a client that went away may differ.
  ledger.recorded("edge", "cut", 0);
  assert.deepEqual(ledger.balance(), {
    answered: 4,
    missing: { gateway: 0, edge: 1 },
    twice: 1,
    unanswered: 1,
    otherStatus: 1,
  });
});

test("growth is by how much the highest or lowest point of the second half is above that of the first", () => {
  const samplesOf = (values: readonly (number | null)[]): Sample[] =>
    values.map((gatewayBytes, at) => ({
      requests: (at + 1) * 1000,
      gatewayBytes: gatewayBytes ?? 0,
      heapBytes: gatewayBytes,
      seconds: 0,
      edgeBytes: 0,
      openFiles: 0,
      sockets: 0,
    }));
  const growth = (values: readonly (number | null)[], extreme?: "lowest"): number =>
    growthPerThousand(samplesOf(values), (sample) => sample.heapBytes, extreme);
  const saw = [0, 1, 2, 3].flatMap(() => [100, 200, 300, 400, 500]);
  assert.equal(growth(saw), 0);
  assert.equal(growth(saw, "lowest"), 0);
  // The first tenth is left out: it fills what is meant to be filled.
  assert.equal(growth([9000, 9000, ...saw.slice(2)]), 0);
  // Ten a thousand: the second half begins nine thousand requests after the first.
  const leaking = saw.map((value, at) => value + at * 10);
  assert.ok(growth(leaking) > 9 && growth(leaking) < 13, String(growth(leaking)));
  assert.ok(growth(leaking, "lowest") > 9 && growth(leaking, "lowest") < 13, String(growth(leaking, "lowest")));
  // One tooth that never falls is seen at its point.
  assert.ok(growth(saw.map((value, at) => (at < 10 ? value : 500 + (at - 10) * 100))) > 90);
  assert.equal(growth([null, null, null, null]), 0);
});

const REQUESTS = 6000;
/** Of the gateway between the first and the last sample, whatever the machine does meanwhile. */
const GROWTH_BYTES = 192 * 2 ** 20;

test("thousands of requests, one in a hundred cut off: each is recorded once, and every descriptor is given back", async () => {
  const result = await runSoak({ requests: REQUESTS, samples: 6, say: () => {} });
  for (const { text, isGood } of judgeCounts(result)) assert.ok(isGood, text);
  assert.equal(
    [...result.counts.values()].reduce((sum, count) => sum + count, 0),
    REQUESTS,
  );
  // All kinds were there, and each status that they lead to.
  assert.equal(result.counts.size, 10);
  assert.deepEqual(
    [...result.statuses.keys()].toSorted((a, b) => a - b),
    [200, 201, 401, 403, 429],
  );
  assert.ok(result.balance.unanswered > 0);
  const [first, last] = [result.samples[0], result.samples.at(-1)];
  assert.ok((last?.gatewayBytes ?? 0) - (first?.gatewayBytes ?? 0) < GROWTH_BYTES);
});
