import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { createLineBlocks, findLines, listEdgeRotated, listGatewayRotated, readBlocks } from "./log-files.ts";

let dir = "";
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "gatehouse-logs-"));
});
after(() => rm(dir, { recursive: true }));

test("rotated files are listed oldest first, other files beside them are not", async () => {
  const names = [
    "gateway.log",
    "gateway.log.1",
    "gateway.log.2",
    "gateway.log.10",
    "gateway.log.moved",
    "gateway.log.01",
  ];
  const edge = [
    "access-2026-11-24T20-35-00.000-size.log",
    "access-2026-11-23T20-35-00.000.log",
    "access-other.log",
    "access-2026-11-24T20-35-00.000-size.log.gz",
  ];
  for (const name of [...names, ...edge, "access.log"]) await writeFile(path.join(dir, name), "");
  const base = (paths: string[]) => paths.map((file) => path.basename(file));
  assert.deepEqual(base(await listGatewayRotated(path.join(dir, "gateway.log"))), [
    "gateway.log.10",
    "gateway.log.2",
    "gateway.log.1",
  ]);
  assert.deepEqual(base(await listEdgeRotated(path.join(dir, "access.log"))), [
    "access-2026-11-23T20-35-00.000.log",
    "access-2026-11-24T20-35-00.000-size.log",
  ]);
  assert.deepEqual(await listEdgeRotated("/nowhere/access.log"), []);
});

test("however a file is cut into chunks, its whole lines come out once and in order", () => {
  const lines = fc.array(
    fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\n", "")),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(lines, fc.array(fc.nat(30), { minLength: 1, maxLength: 30 }), (texts, cuts) => {
      const whole = Buffer.from(texts.map((text) => `${text}\n`).join("") + "half");
      const blocks = createLineBlocks();
      let out = "";
      for (let at = 0, n = 0; at < whole.length; n += 1) {
        const length = (cuts[n % cuts.length] ?? 0) + 1;
        out += blocks.add(whole.subarray(at, at + length))?.toString("utf8") ?? "";
        at += length;
      }
      assert.equal(out, texts.map((text) => `${text}\n`).join(""));
    }),
  );
});

test("a line of more than a mebibyte is skipped, those around it are not", async () => {
  const file = path.join(dir, "long.log");
  await writeFile(file, `first\n${"x".repeat(3 * 1024 * 1024)}\nlast\nhalf`);
  let text = "";
  for await (const block of readBlocks(file)) text += block.toString("utf8");
  assert.equal(text, "first\nlast\n");
});

test("lines are found by any of several texts, each once", () => {
  const block = Buffer.from("one aa bb\ntwo\nthree bb\naa\n");
  assert.deepEqual(findLines(block, ["aa", "bb"]), ["one aa bb", "three bb", "aa"]);
  assert.deepEqual(findLines(block, ["zz"]), []);
});
