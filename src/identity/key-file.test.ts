import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadKeyFile } from "./key-file.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-key-"));
});
after(async () => rm(folder, { recursive: true }));

const generate = () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const load = (file: string) => loadKeyFile(file, "ES256", generate);

test("a file that is not there is made, for its owner alone, and read the next time", async () => {
  const file = join(folder, "new.json");
  const [first] = await load(file);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const [again] = await load(file);
  assert.equal(again?.kid, first?.kid);
  assert.match(first?.kid ?? "", /^[\w-]{43}$/);
  assert.deepEqual(Object.keys(first?.publicJwk ?? {}).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
});

test("twenty who start at once have one key and leave no drafts", async () => {
  const folderOfOne = await mkdtemp(join(folder, "race-"));
  const file = join(folderOfOne, "race.json");
  const loaded = await Promise.all(Array.from({ length: 20 }, async () => load(file)));
  assert.equal(new Set(loaded.map(([key]) => key?.kid)).size, 1);
  assert.deepEqual(await readdir(folderOfOne), ["race.json"]);
});

describe("a file that cannot be used", () => {
  async function assertRefused(text: string, reason: RegExp, mode = 0o600): Promise<void> {
    const file = join(folder, "bad.json");
    await writeFile(file, text);
    await chmod(file, mode);
    await assert.rejects(load(file), { code: "GH_IDENTITY_KEY_FILE", message: reason });
    assert.equal(await readFile(file, "utf8"), text);
  }

  test("is not read while others can read it", async () => {
    const text = await readFile(join(folder, "new.json"), "utf8");
    await assertRefused(text, /others may read it \(mode 644, wanted 600\)$/, 0o644);
    await assertRefused(text, /mode 640/, 0o640);
  });

  test("is named with what is wrong, is left alone, and is not quoted", async () => {
    const text = await readFile(join(folder, "new.json"), "utf8");
    await assertRefused("", /not JSON$/);
    await assertRefused("{", /not JSON$/);
    await assertRefused("{}", /it holds no private key$/);
    await assertRefused('{"keys":[]}', /it holds no private key$/);
    await assertRefused(text.replace('"ES256"', '"RS256"'), /a key is not for ES256 or has no kid$/);
    await assertRefused(text.replace(/"d": "[^"]*"/, '"d": "x"'), /a key is not a private key$/);
  });

  test("in a folder that is not there is named", async () => {
    await assert.rejects(load(join(folder, "none", "key.json")), { code: "GH_IDENTITY_KEY_FILE", message: /ENOENT$/ });
  });
});
