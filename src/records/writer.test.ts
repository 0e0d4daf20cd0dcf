import assert from "node:assert/strict";
import {
  chmod,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  mkdir,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { formatGatewayLine, parseGatewayLine } from "./gateway-line.ts";
import { sampleGatewayRecord } from "./sample-records.ts";
import { createRecordWriter } from "./writer.ts";

let root = "";
let file = "";
let folders = 0;
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), "gatehouse-writer-"));
});
beforeEach(async () => {
  folders += 1;
  const folder = path.join(root, String(folders));
  await mkdir(folder);
  file = path.join(folder, "gateway.log");
});
after(() => rm(root, { recursive: true }));

async function pathsOf(name: string): Promise<string[]> {
  const lines = (await readFile(name, "utf8")).trimEnd().split("\n");
  return lines.map((line) => parseGatewayLine(line)?.path ?? `not a record: ${line}`);
}

test("records are in the file after a flush, in order, and the file is private", async () => {
  const writer = createRecordWriter({ file });
  for (let n = 0; n < 3; n += 1) writer.write(sampleGatewayRecord({ path: `/${n}` }));
  await writer.flush();
  assert.deepEqual(await pathsOf(file), ["/0", "/1", "/2"]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(writer.state(), { dropped: 0, lastError: null });
  await writer.close();
});

test("records reach the file without a flush: by time, and by size before the time", async () => {
  const byTime = createRecordWriter({ file, batchMs: 1 });
  byTime.write(sampleGatewayRecord({ path: "/soon" }));
  const keepAlive = setInterval(() => {}, 1000);
  while (!(await readFile(file, "utf8").catch(() => "")).includes("/soon"));
  const bySize = createRecordWriter({ file, batchMs: 1_000_000 });
  for (let n = 0; n < 200; n += 1) bySize.write(sampleGatewayRecord({ path: "/many" }));
  while (!(await readFile(file, "utf8")).includes("/many"));
  clearInterval(keepAlive);
  await byTime.close();
  await bySize.close();
  assert.equal((await pathsOf(file)).length, 201);
});

test("an earlier file is continued, its mode tightened, its torn last line ended", async () => {
  await writeFile(file, `${formatGatewayLine(sampleGatewayRecord({ path: "/old" }))}{"time":"2026`);
  await chmod(file, 0o644);
  const writer = createRecordWriter({ file });
  writer.write(sampleGatewayRecord({ path: "/new" }));
  await writer.close();
  assert.deepEqual(await pathsOf(file), ["/old", `not a record: {"time":"2026`, "/new"]);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test("a file that would grow beyond its size is rotated, and only so many old ones are kept", async () => {
  const lineBytes = formatGatewayLine(sampleGatewayRecord({ path: "/0" })).length;
  const writer = createRecordWriter({ file, maxBytes: lineBytes * 2, keep: 2 });
  for (let n = 0; n < 9; n += 1) {
    writer.write(sampleGatewayRecord({ path: `/${n}` }));
    await writer.flush();
  }
  await writer.close();
  assert.deepEqual(await readdir(path.dirname(file)), ["gateway.log", "gateway.log.1", "gateway.log.2"]);
  assert.deepEqual(await pathsOf(file), ["/8"]);
  assert.deepEqual(await pathsOf(`${file}.1`), ["/6", "/7"]);
  assert.deepEqual(await pathsOf(`${file}.2`), ["/4", "/5"]);
  assert.equal(writer.state().dropped, 0);
});

test("a file that was moved or deleted by another program is begun anew", async () => {
  const writer = createRecordWriter({ file });
  writer.write(sampleGatewayRecord({ path: "/1" }));
  await writer.flush();
  await rename(file, `${file}.moved`);
  writer.write(sampleGatewayRecord({ path: "/2" }));
  await writer.flush();
  await rm(file);
  writer.write(sampleGatewayRecord({ path: "/3" }));
  await writer.close();
  assert.deepEqual(await pathsOf(`${file}.moved`), ["/1"]);
  assert.deepEqual(await pathsOf(file), ["/3"]);
});

test("a full disk drops and counts records and says so; nothing throws", async () => {
  const writer = createRecordWriter({ file: "/dev/full" });
  for (let n = 0; n < 5; n += 1) writer.write(sampleGatewayRecord({}));
  await writer.flush();
  assert.deepEqual(writer.state(), { dropped: 5, lastError: "ENOSPC" });
  await writer.close();
});

test("writing resumes by itself when the disk does", async () => {
  await mkdir(file);
  const writer = createRecordWriter({ file, retryMs: 1, batchMs: 1 });
  writer.write(sampleGatewayRecord({ path: "/lost" }));
  await writer.flush();
  assert.deepEqual(writer.state(), { dropped: 1, lastError: "EISDIR" });
  await rmdir(file);
  const keepAlive = setInterval(() => {}, 1000);
  writer.write(sampleGatewayRecord({ path: "/kept" }));
  while (!(await readFile(file, "utf8").catch(() => "")).includes("/kept"));
  clearInterval(keepAlive);
  await writer.close();
  assert.deepEqual(writer.state(), { dropped: 1, lastError: null });
  assert.deepEqual(await pathsOf(file), ["/kept"]);
});

test("memory is bounded while records cannot be written", async () => {
  const writer = createRecordWriter({ file, batchMs: 1_000_000 });
  // All in one turn of the event loop: nothing can reach the disk.
  for (let n = 0; n < 20_000; n += 1) writer.write(sampleGatewayRecord({ path: `/${"x".repeat(1000)}` }));
  const { dropped } = writer.state();
  assert.ok(dropped > 10_000 && dropped < 20_000, `${dropped}`);
  await writer.close();
  assert.equal((await pathsOf(file)).length, 20_000 - dropped);
});

test("a symbolic link in the file's place is not followed", async () => {
  const victim = path.join(path.dirname(file), "victim");
  await writeFile(victim, "");
  await symlink(victim, file);
  const writer = createRecordWriter({ file });
  writer.write(sampleGatewayRecord({}));
  await writer.close();
  assert.deepEqual(writer.state(), { dropped: 1, lastError: "ELOOP" });
  assert.equal(await readFile(victim, "utf8"), "");
});

test("a record after close is dropped and counted", async () => {
  const writer = createRecordWriter({ file });
  await writer.close();
  writer.write(sampleGatewayRecord({}));
  await writer.flush();
  assert.deepEqual(writer.state(), { dropped: 1, lastError: null });
});
