/** What the load programs are told and what is read from them. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FEW_ROUTES, MANY_ROUTES, listPaths, listRoutes, renderPolicy } from "../../bench/bench-policy.ts";
import { writeRequests } from "../../bench/load.ts";
import { percentile, readAttack, writeTargets } from "../../bench/open-loop.ts";
import { readUse } from "../../bench/processes.ts";
import { compile } from "../../src/compile/index.ts";
import { lintPolicy, parsePolicy } from "../../src/policy/index.ts";

const MS = 1_000_000;
const BEGIN_NS = 1_795_000_000_000_000_000n;

/** Lines as vegeta writes them: `sentMs` after the beginning, answered `tookMs` later. */
function csvOf(hits: readonly (readonly [number: number, sentMs: number, tookMs: number])[], status = 200): string {
  return hits
    .map(([number, sentMs, tookMs]) =>
      [BEGIN_NS + BigInt(sentMs * MS), status, tookMs * MS, 0, 98, "", "", "", number, "GET", "https://x/", ""].join(
        ",",
      ),
    )
    .join("\n");
}

test("a latency counts from the moment at which a request was due, not from the one at which it was sent", () => {
  // 10 a second; the server stands still from 0.1 s on, and the generator with it: each was quick once it was sent.
  const hits = [
    [0, 0, 1],
    [1, 500, 1],
    [2, 500, 1],
    [3, 500, 1],
    [4, 500, 1],
  ] as const;
  const attack = readAttack(csvOf(hits), 10, 0);
  assert.deepEqual(attack, { requests: 5, p50Ms: 201, p99Ms: 401, p999Ms: 401, maxMs: 401, mostBehindMs: 400 });
});

test("results come in any order, what was due in the first second is left out, a refusal is no result", () => {
  const hits = Array.from({ length: 30 }, (_, n) => [n, n * 100, n < 10 ? 900 : 5] as const);
  assert.equal(readAttack(csvOf(hits.toReversed()), 10).maxMs, 5);
  assert.throws(() => readAttack(csvOf([[0, 0, 1]], 429), 10), /an answer that it should not: 429/);
  assert.throws(() => readAttack("", 10), /sent nothing/);
});

test("a percentile is the least value that as many do not exceed", () => {
  const values = Array.from({ length: 1000 }, (_, n) => n + 1);
  assert.deepEqual(
    [0.5, 0.99, 0.999, 1].map((share) => percentile(values, share)),
    [500, 990, 999, 1000],
  );
  assert.equal(percentile([7], 0.5), 7);
});

test("tokens are in files for their owner alone, and not in the program that sends them", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gh-load-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const requests = { method: "POST", paths: ["/a", "/b"], tokens: ["t.one", "t.two"], bodyBytes: 5 } as const;
  const script = writeRequests(folder, "load", { ...requests, isEachTokenOnce: true });
  const targets = writeTargets(folder, "rate", "https://localhost:1/a", ["t.one"]);
  for (const file of [script, join(folder, "load.tokens"), targets]) assert.equal(statSync(file).mode & 0o777, 0o600);
  const program = readFileSync(script, "utf8");
  assert.ok(!program.includes("t.one"));
  assert.match(program, /string\.rep\("x", 5\)/);
  assert.match(program, /thread:stop/);
  assert.equal(readFileSync(join(folder, "load.tokens"), "utf8"), "t.one\nt.two\n");
  const again = readFileSync(writeRequests(folder, "again", { ...requests, isEachTokenOnce: false }), "utf8");
  assert.ok(!again.includes("thread:stop"));
});

test("the benchmark's policy has as many routes as wanted, no finding, and rights for the paths that are asked for", () => {
  for (const count of [FEW_ROUTES, MANY_ROUTES]) {
    assert.equal(new Set(listRoutes(count).map(({ method, path }) => `${method} ${path}`)).size, count);
    const text = renderPolicy(count, "http://127.0.0.1:1", "http://127.0.0.1:2");
    const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
    assert.deepEqual(diagnostics, []);
    assert.ok(policy !== null);
    assert.deepEqual(lintPolicy(policy), []);
    const { artifacts } = compile(policy, "local", sources);
    assert.equal(artifacts?.apis.public?.routes.length, count);
    const teams = listPaths(count).map((path) => Number(/^\/team-(\d+)\//.exec(path)?.[1]));
    assert.ok(teams.every((team) => team < 5));
  }
});

test("what a process holds is read from the system", { skip: process.platform !== "linux" }, () => {
  const [use] = readUse([process.pid]);
  assert.ok((use?.memoryBytes ?? 0) > 10 * 2 ** 20);
  assert.ok((use?.openFiles ?? 0) > 3);
  assert.ok((use?.sockets ?? 0) <= (use?.openFiles ?? 0));
});
