import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { findCaddy } from "./find-caddy.ts";

let root = "";
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), "gatehouse-find-"));
  await install("new", "echo 'v2.11.7 h1:abc='");
  await install("old", "echo 2.6.2");
  await install("nameless", "echo '(devel)'");
  await install("broken", "exit 3");
  await install("plain", "echo v2.11.7", 0o644);
  await mkdir(path.join(root, "folder", "caddy"), { recursive: true });
  await install("cache/caddy-2.11.9", "echo v2.11.9");
  await install("cache/caddy-2.11.10", "echo v2.11.10");
  await install("cache/caddy-2.12.0.part", "echo v2.12.0");
  await install("old-cache/caddy-2.6.2", "echo v2.6.2");
});
after(() => rm(root, { recursive: true }));

async function install(folder: string, script: string, mode = 0o755): Promise<void> {
  await mkdir(path.join(root, folder), { recursive: true });
  await writeFile(path.join(root, folder, "caddy"), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(root, folder, "caddy"), mode);
}

const pathOf = (...folders: string[]) => folders.map((folder) => path.join(root, folder)).join(path.delimiter);
const cacheOf = (folder: string) => path.join(root, folder);

test("the one that was named is used", async () => {
  const explicit = path.join(root, "new", "caddy");
  assert.deepEqual(await findCaddy({ explicit, pathEnv: "" }), { binary: explicit, version: "2.11.7" });
});

test("the first good one on PATH is used; old, broken and unusable ones are passed by", async () => {
  const pathEnv = pathOf("missing", "folder", "plain", "old", "broken", "nameless", "new");
  const found = await findCaddy({ pathEnv, cacheDir: cacheOf("none") });
  assert.deepEqual(found, { binary: path.join(root, "new", "caddy"), version: "2.11.7" });
});

test("without a good one on PATH the newest of the cache is used", async () => {
  const found = await findCaddy({ pathEnv: pathOf("old"), cacheDir: cacheOf("cache") });
  assert.deepEqual(found, { binary: path.join(root, "cache/caddy-2.11.10/caddy"), version: "2.11.10" });
});

test("a relative folder on PATH is not looked into", async () => {
  await assert.rejects(findCaddy({ pathEnv: ".:bin:", cacheDir: cacheOf("none") }), { code: "GH_EDGE_CADDY_MISSING" });
});

test("none at all: where was looked, and how to get one", async () => {
  const cacheDir = cacheOf("none");
  await assert.rejects(findCaddy({ pathEnv: undefined, cacheDir }), {
    code: "GH_EDGE_CADDY_MISSING",
    kind: "unreachable",
    message: `no Caddy was found in PATH or \`${cacheDir}\``,
  });
  const explicit = path.join(root, "plain", "caddy");
  await assert.rejects(findCaddy({ explicit, pathEnv: pathOf("new") }), {
    code: "GH_EDGE_CADDY_MISSING",
    message: `no Caddy was found in \`${explicit}\``,
  });
});

test("only old ones: which, and how old", async () => {
  await assert.rejects(findCaddy({ pathEnv: pathOf("old"), cacheDir: cacheOf("old-cache") }), {
    code: "GH_EDGE_CADDY_TOO_OLD",
    kind: "refused",
    detail: { binary: path.join(root, "old", "caddy"), version: "2.6.2", minimum: "2.11.4" },
  });
});

test("an old one that was named is refused although there is a newer one", async () => {
  const explicit = path.join(root, "old", "caddy");
  await assert.rejects(findCaddy({ explicit, pathEnv: pathOf("new") }), { code: "GH_EDGE_CADDY_TOO_OLD" });
});

test("one that does not tell its version, fails or cannot be run is refused with the reason", async () => {
  const reasons = { nameless: "it does not tell its version", broken: "it fails" };
  for (const [folder, reason] of Object.entries(reasons)) {
    const explicit = path.join(root, folder, "caddy");
    await assert.rejects(findCaddy({ explicit, pathEnv: "" }), {
      code: "GH_EDGE_CADDY_UNUSABLE",
      message: `\`${explicit}\` cannot be used as Caddy: ${reason}`,
    });
  }
});
