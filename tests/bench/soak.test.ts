/** The soak's own parts, and a short soak of the real road: what is counted must add up, and nothing may be left open. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LineFollower } from "../../bench/soak/follow-lines.ts";
import { fitLine, growthPerThousand, judgeCounts } from "../../bench/soak/judge-soak.ts";
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

test("growth is the slope of the second half, for each thousand requests", () => {
  assert.deepEqual(
    fitLine([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
    { slope: 2, start: 1 },
  );
  const sampleOf = (requests: number, gatewayBytes: number): Sample => ({
    requests,
    gatewayBytes,
    seconds: 0,
    edgeBytes: 0,
    heapBytes: null,
    openFiles: 0,
    sockets: 0,
  });
  const samples = [sampleOf(1000, 0), sampleOf(2000, 900), sampleOf(3000, 1000), sampleOf(4000, 1007)];
  assert.equal(
    growthPerThousand(samples, (sample) => sample.gatewayBytes),
    7,
  );
  assert.equal(
    growthPerThousand(samples, (sample) => sample.heapBytes),
    0,
  );
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
