import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import { loadKeyFile } from "./key-file.ts";
import { readSecret, secretVariable } from "./read-secret.ts";

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), "gh-keys-"));
});
after(() => rmSync(dir, { recursive: true, force: true }));

test("a key is made once, private, and the same ever after", () => {
  const file = join(dir, "one.key");
  const first = loadKeyFile(file).reveal();
  assert.equal(first.length, 32);
  assert.deepEqual(loadKeyFile(file).reveal(), first);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("a file that is cut, or that others may read, is refused and left as it is", () => {
  const file = join(dir, "two.key");
  writeFileSync(file, "c2hvcnQ\n", { mode: 0o600 });
  assert.throws(() => loadKeyFile(file), { code: "GH_STATE_KEY_FILE", message: /does not hold 32 bytes/ });
  rmSync(file);
  loadKeyFile(file);
  chmodSync(file, 0o640);
  assert.throws(() => loadKeyFile(file), { code: "GH_STATE_KEY_FILE", message: /others may read it/ });
});

/** Loads a hundred keys as fast as it can, beginning when the others do. */
const THREAD = `
import { parentPort, workerData } from "node:worker_threads";
const { loadKeyFile } = await import(workerData.module);
const gate = new Int32Array(workerData.gate);
Atomics.add(gate, 0, 1);
while (Atomics.load(gate, 0) < workerData.threads);
const keys = [];
for (let n = 0; n < 100; n++) keys.push(Buffer.from(loadKeyFile(workerData.dir + "/many-" + n + ".key").reveal()).toString("hex"));
parentPort.postMessage(keys);
`;

test("threads of one process that make a key at once have the same one", async () => {
  const threads = 2;
  const gate = new SharedArrayBuffer(4);
  const module = new URL("key-file.ts", import.meta.url).href;
  const keys = await Promise.all(
    Array.from(
      { length: threads },
      () =>
        new Promise<readonly string[]>((resolve, reject) => {
          const thread = new Worker(THREAD, { eval: true, workerData: { module, gate, threads, dir } });
          thread.once("message", resolve);
          thread.once("error", reject);
        }),
    ),
  );
  assert.deepEqual(keys[0], keys[1]);
});

test("a disk that takes no file is the disk's fault", () => {
  assert.throws(() => loadKeyFile(join(dir, "missing", "three.key")), {
    code: "GH_STATE_UNWRITABLE",
    kind: "unreachable",
  });
});

test("a secret comes from its variable, else from its file without the line break; an empty one is none", () => {
  writeFileSync(join(dir, "login-client"), "from the file\n");
  writeFileSync(join(dir, "empty"), "\n");
  const variable = secretVariable("login-client");
  assert.equal(variable, "GATEHOUSE_SECRET_LOGIN_CLIENT");
  assert.equal(readSecret("login-client", { dir, env: {} })?.reveal(), "from the file");
  assert.equal(
    readSecret("login-client", { dir, env: { [variable]: "from the variable" } })?.reveal(),
    "from the variable",
  );
  assert.equal(readSecret("empty", { dir, env: {} }), null);
  assert.equal(readSecret("unknown", { dir, env: {} }), null);
});
