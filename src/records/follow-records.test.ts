import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { type FollowOptions, followRecords } from "./follow-records.ts";
import { formatGatewayLine } from "./gateway-line.ts";
import type { LogFiles } from "./log-files.ts";
import { sampleEdgeLine, sampleGatewayRecord } from "./sample-records.ts";

let root = "";
let folders = 0;
let files: LogFiles = { edgeLog: "", gatewayLog: "" };
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), "gatehouse-follow-"));
});
beforeEach(async () => {
  folders += 1;
  const dir = path.join(root, String(folders));
  await mkdir(dir);
  files = { edgeLog: path.join(dir, "access.log"), gatewayLog: path.join(dir, "gateway.log") };
});
after(() => rm(root, { recursive: true }));

const START = 1_795_552_500;
const time = (second: number) => new Date((START + second) * 1000).toISOString();
const gatewayLine = (second: number) =>
  formatGatewayLine(sampleGatewayRecord({ time: time(second), durationMs: 0, path: `/g${second}` }));
const edgeLine = (second: number) => `${sampleEdgeLine({ ts: START + second, duration: 0 }, { uri: `/e${second}` })}\n`;

/** Follows; `next` gives the path of the next record, `stop` ends it and gives what was left. */
function follow(options: Partial<FollowOptions> = {}) {
  const stop = new AbortController();
  const records = followRecords(files, { signal: stop.signal, fromEnd: false, pollMs: 1, ...options });
  return {
    async next(): Promise<string> {
      const { value, done } = await records.next();
      return done === true ? "end" : (value as { path: string }).path;
    },
    async stop(): Promise<void> {
      stop.abort();
      await records.return(undefined);
    },
  };
}

test("from the start, both logs come as one, rotated files first", async () => {
  await writeFile(`${files.gatewayLog}.2`, gatewayLine(1));
  await writeFile(`${files.gatewayLog}.1`, gatewayLine(3));
  await writeFile(files.gatewayLog, gatewayLine(5));
  await writeFile(path.join(path.dirname(files.edgeLog), "access-2026-11-24T20-35-02.500-size.log"), edgeLine(2));
  await writeFile(files.edgeLog, edgeLine(4));
  const following = follow();
  for (const expected of ["/g1", "/e2", "/g3", "/e4", "/g5"]) assert.equal(await following.next(), expected);
  await following.stop();
});

test("from the end, only what is written afterwards comes, and a half line is not a record yet", async () => {
  await writeFile(files.gatewayLog, gatewayLine(1));
  await writeFile(files.edgeLog, edgeLine(2));
  const following = follow({ fromEnd: true });
  const next = following.next();
  // The end is taken with the first look at the files; what is written before it is never shown, so write until it is.
  let written = 3;
  const seen = await Promise.race([
    next,
    (async () => {
      for (;;) {
        const line = gatewayLine(written);
        await appendFile(files.gatewayLog, line.slice(0, 20));
        await appendFile(files.gatewayLog, line.slice(20));
        written += 1;
        if (written > 10_000) return "nothing";
        await new Promise((resolve) => setImmediate(resolve));
        if (await isSettled(next)) return next;
      }
    })(),
  ]);
  assert.match(seen, /^\/g([3-9]|\d{2,})$/);
  await following.stop();
});

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

test("rotation by renaming loses nothing and repeats nothing, even several at once", async () => {
  await writeFile(files.gatewayLog, gatewayLine(1));
  const following = follow({ filter: { hop: "gateway" } });
  assert.equal(await following.next(), "/g1");
  await appendFile(files.gatewayLog, gatewayLine(2));
  await rename(files.gatewayLog, `${files.gatewayLog}.1`);
  await writeFile(files.gatewayLog, gatewayLine(3));
  await rename(`${files.gatewayLog}.1`, `${files.gatewayLog}.2`);
  await rename(files.gatewayLog, `${files.gatewayLog}.1`);
  await writeFile(files.gatewayLog, gatewayLine(4));
  for (const expected of ["/g2", "/g3", "/g4"]) assert.equal(await following.next(), expected);
  await appendFile(files.gatewayLog, gatewayLine(5));
  assert.equal(await following.next(), "/g5");
  await following.stop();
});

test("Caddy's way of rotation is followed too", async () => {
  await writeFile(files.edgeLog, edgeLine(1));
  const following = follow({ filter: { hop: "edge" } });
  assert.equal(await following.next(), "/e1");
  await appendFile(files.edgeLog, edgeLine(2));
  await rename(files.edgeLog, files.edgeLog.replace(/\.log$/, "-2026-11-24T20-35-02.500-size.log"));
  await writeFile(files.edgeLog, edgeLine(3));
  assert.equal(await following.next(), "/e2");
  assert.equal(await following.next(), "/e3");
  await following.stop();
});

test("a file that was deleted, emptied or is yet to come is no end", async () => {
  const following = follow({ filter: { hop: "gateway" } });
  const first = following.next();
  await writeFile(files.gatewayLog, gatewayLine(1));
  assert.equal(await first, "/g1");
  await rm(files.gatewayLog);
  await writeFile(files.gatewayLog, gatewayLine(2));
  assert.equal(await following.next(), "/g2");
  await truncate(files.gatewayLog);
  const third = following.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await appendFile(files.gatewayLog, gatewayLine(3));
  assert.equal(await third, "/g3");
  await following.stop();
});

test("a record waits for an earlier one of the other log that is written a moment later", async () => {
  const soon = Date.now() / 1000 + 3600;
  await writeFile(files.edgeLog, `${sampleEdgeLine({ ts: soon, duration: 0 }, { uri: "/second" })}\n`);
  const following = follow({ holdMs: 60_000 });
  const first = following.next();
  // Long enough for many looks at the files: the record has been seen and is held.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await isSettled(first), false);
  const earlier = new Date((soon - 1) * 1000).toISOString();
  await writeFile(
    files.gatewayLog,
    formatGatewayLine(sampleGatewayRecord({ time: earlier, durationMs: 0, path: "/first" })),
  );
  assert.equal(await first, "/first");
  await following.stop();
});

test("the signal ends it", async () => {
  const stop = new AbortController();
  const records = followRecords(files, { signal: stop.signal, fromEnd: true, pollMs: 60_000 });
  const next = records.next();
  stop.abort();
  assert.equal((await next).done, true);
});
