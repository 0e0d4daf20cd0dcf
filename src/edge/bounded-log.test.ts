import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { createBoundedLog } from "./bounded-log.ts";

let dir = "";
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "gatehouse-log-"));
});
after(() => rm(dir, { recursive: true }));

test("output is appended to a private file, which is set aside when it is full", async () => {
  const file = path.join(dir, "caddy.log");
  const log = createBoundedLog(file, 10);
  for (const text of ["1234567\n", "abcdefg\n", "ABCDEFG\n"]) log.add(Buffer.from(text));
  log.close();
  assert.deepEqual(await readdir(dir), ["caddy.log", "caddy.log.1"]);
  assert.equal(await readFile(file, "utf8"), "ABCDEFG\n");
  assert.equal(await readFile(`${file}.1`, "utf8"), "abcdefg\n");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

test("the last lines are kept, however the output is cut", () => {
  const log = createBoundedLog("/dev/null");
  for (let n = 0; n < 60; n += 1) log.add(Buffer.from(`line ${n}\nha`));
  log.add(Buffer.from("lf"));
  assert.equal(log.lastLines().length, 51);
  assert.equal(log.lastLines().at(-2), "haline 59");
  assert.equal(log.lastLines().at(-1), "half");
});

test("a file that cannot be written costs nothing but its lines", () => {
  for (const file of ["/dev/full", "/nowhere/caddy.log"]) {
    const log = createBoundedLog(file);
    log.add(Buffer.from("line\n"));
    assert.deepEqual(log.lastLines(), ["line"]);
    log.close();
  }
});
