import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";
import { endLeftover, forgetPid, notePid } from "./leftover.ts";

let dir = "";
let pidFile = "";
const children: ChildProcess[] = [];
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "gatehouse-leftover-"));
  pidFile = path.join(dir, "caddy.pid");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
after(() => rm(dir, { recursive: true }));

async function start(script: string): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn("/bin/sh", ["-c", `${script}; echo ready; while :; do sleep 0.05; done`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  assert.ok(child.stdout !== null && child.pid !== undefined);
  await once(child.stdout, "data");
  return { child, pid: child.pid };
}

const isGone = (file: string) =>
  stat(file).then(
    () => false,
    () => true,
  );

test("the noted process is ended, and the note with it", async () => {
  const { child, pid } = await start(":");
  await notePid(pidFile, pid);
  assert.equal((await stat(pidFile)).mode & 0o777, 0o600);
  const ended = once(child, "exit");
  assert.equal(await endLeftover(pidFile, 5000), pid);
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  assert.equal(await isGone(pidFile), true);
});

test("one that does not listen is killed after its grace", async () => {
  const { child, pid } = await start("trap '' TERM");
  await notePid(pidFile, pid);
  const ended = once(child, "exit");
  assert.equal(await endLeftover(pidFile, 100), pid);
  assert.deepEqual(await ended, [null, "SIGKILL"]);
});

test("another process that got the same pid since is left alone", async () => {
  const { child, pid } = await start(":");
  await notePid(pidFile, pid);
  const note = JSON.parse(await readFile(pidFile, "utf8")) as { pid: number; startedAt: string };
  await writeFile(pidFile, JSON.stringify({ ...note, startedAt: "1" }));
  assert.equal(await endLeftover(pidFile, 1000), null);
  assert.equal(child.exitCode, null);
  assert.equal(child.signalCode, null);
  assert.equal(await isGone(pidFile), true);
});

test("no note, a broken one and one that names no child of anybody end nothing", async () => {
  assert.equal(await endLeftover(pidFile, 1000), null);
  const notes = ["", "123", "{", `{"pid":1,"startedAt":"1"}`, `{"pid":-5,"startedAt":"1"}`, `{"pid":"5"}`, `{"pid":5}`];
  for (const note of notes) {
    await writeFile(pidFile, note);
    assert.equal(await endLeftover(pidFile, 1000), null, note);
  }
});

test("a process that has ended is not noted", async () => {
  const { child, pid } = await start(":");
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
  await notePid(pidFile, pid);
  assert.equal(await isGone(pidFile), true);
  await forgetPid(pidFile);
});
