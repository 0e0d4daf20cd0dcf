import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GATEHOUSE } from "../support/instance.ts";
import { run } from "../support/run.ts";

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
let dir: string;

before(() => {
  dir = mkdtempSync(join(tmpdir(), "gh-"));
});
after(() => rmSync(dir, { recursive: true, force: true }));

test("the launcher works from any directory and through links to links, and says nothing when all is there", async () => {
  symlinkSync(GATEHOUSE, join(dir, "first"));
  symlinkSync("first", join(dir, "second"));
  for (const command of [GATEHOUSE, join(dir, "first"), join(dir, "second"), "./second"])
    assert.deepEqual(await run(command, ["--version"], { cwd: dir }), { code: 0, stdout: `${version}\n`, stderr: "" });
});

test("found on PATH it works too, and passes arguments and exit code on", async () => {
  symlinkSync(GATEHOUSE, join(dir, "gatehouse"));
  const env = { PATH: `${dir}:${process.env["PATH"] ?? ""}` };
  const ran = await run("gatehouse", ["check", "no such file.yaml"], { cwd: dir, env });
  assert.equal(ran.code, 3);
  assert.match(ran.stderr, /no such file\.yaml/);
  assert.equal((await run("gatehouse", ["--no-such-flag"], { cwd: dir, env })).code, 2);
});

test("with an older Node first on PATH the cached one runs", async () => {
  // Says it is Node 20 and would fail any other call.
  writeFileSync(join(dir, "node"), '#!/bin/sh\n[ "$1" = --version ] && echo v20.20.2 || exit 9\n', { mode: 0o755 });
  const cached = join(dir, "cache", "gatehouse", "node-24.21.0", "node_modules", "node-any", "bin");
  mkdirSync(cached, { recursive: true });
  symlinkSync(process.execPath, join(cached, "node"));
  const env = { PATH: `${dir}:${process.env["PATH"] ?? ""}`, XDG_CACHE_HOME: join(dir, "cache") };
  assert.deepEqual(await run(GATEHOUSE, ["--version"], { env }), { code: 0, stdout: `${version}\n`, stderr: "" });
});
