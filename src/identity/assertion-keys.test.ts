import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import * as jose from "jose";
import { createManualClock } from "../core/index.ts";
import { type AssertionKeys, openAssertionKeys } from "./assertion-keys.ts";
import { type AssertionSigner, createSigner } from "./assertion-signer.ts";
import type { Identity } from "./identity.ts";
import type { SigningKey } from "./key-file.ts";

const START_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

interface Kept {
  readonly file: string;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly keys: AssertionKeys;
  readonly signer: AssertionSigner;
  readonly warned: readonly string[];
  /** Another process with the same file. */
  beside(): Promise<AssertionKeys>;
}

async function open(t: TestContext): Promise<Kept> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-keys-"));
  t.after(async () => rm(folder, { recursive: true }));
  const clock = createManualClock(START_MS);
  const file = join(folder, "assertion.json");
  const warned: string[] = [];
  let signer: AssertionSigner | null = null;
  const keys = await openAssertionKeys({
    file,
    clock,
    changed: (next) => signer?.replaceKeys(next),
    warn: (text) => warned.push(text),
  });
  signer = createSigner({ issuer: "https://shop.localhost/_gatehouse", keys: keys.current(), clock });
  const beside = async () => openAssertionKeys({ file, clock, changed: () => {}, warn: (text) => warned.push(text) });
  return { file, clock, keys, signer, warned, beside };
}

function identityAt(nowMs: number): Identity {
  return {
    kind: "person",
    issuer: "https://login.shop.example",
    issuerName: null,
    subject: "ada",
    clientId: null,
    name: null,
    groups: [],
    claims: {},
    tokenId: null,
    issuedAtSeconds: null,
    authTimeSeconds: null,
    expiresAtSeconds: nowMs / 1000 + 3600,
    via: "bearer",
    key: "ada",
  };
}

/** Name of the key that signs now. */
function signedBy({ signer, clock }: Kept): string | undefined {
  const text = signer.sign(identityAt(clock.nowMs()), { audience: "orders", role: null, minimumSeconds: 30 });
  return jose.decodeProtectedHeader(text).kid;
}

const kidsOf = (keys: Pick<AssertionKeys, "current">): string[] => keys.current().map(({ kid }) => kid);
const published = ({ signer }: Kept): unknown[] => signer.jwks().keys.map((key) => key["kid"]);

test("a new file has one key, as old as its first minute, for its owner alone", async (t) => {
  const kept = await open(t);
  assert.deepEqual(kept.keys.states(), [{ kid: kidsOf(kept.keys)[0], ageMs: 0, state: "signing" }]);
  assert.equal((await stat(kept.file)).mode & 0o777, 0o600);
  const { keys } = JSON.parse(await readFile(kept.file, "utf8")) as { keys: { iat: number; nbf: number }[] };
  assert.deepEqual(
    keys.map(({ iat, nbf }) => [iat, nbf]),
    [[START_MS / 1000, START_MS / 1000]],
  );
});

test("a signer follows the whole life of its keys, and publishes no times and nothing private", async (t) => {
  const kept = await open(t);
  const { clock, keys } = kept;
  const [first] = kidsOf(keys);
  clock.set(START_MS + 30 * DAY_MS - HOUR_MS - 1);
  await keys.keep();
  assert.deepEqual(published(kept), [first]);
  clock.advance(1);
  await keys.keep();
  const [second] = kidsOf(keys);
  assert.deepEqual(published(kept), [second, first]);
  assert.notEqual(second, first);
  clock.advance(HOUR_MS - 1);
  assert.equal(signedBy(kept), first);
  clock.advance(1);
  assert.equal(signedBy(kept), second);
  assert.deepEqual(keys.states(), [
    { kid: second, ageMs: HOUR_MS, state: "signing" },
    { kid: first, ageMs: 30 * DAY_MS, state: "retired" },
  ]);
  clock.advance(DAY_MS - 1);
  await keys.keep();
  assert.deepEqual(published(kept), [second, first]);
  clock.advance(1);
  await keys.keep();
  assert.deepEqual(published(kept), [second]);
  assert.deepEqual(Object.keys(kept.signer.jwks().keys[0] ?? {}).sort(), ["alg", "crv", "kid", "kty", "use", "x", "y"]);
  assert.deepEqual(await readdir(join(kept.file, "..")), ["assertion.json"]);
  assert.deepEqual(kept.warned, []);
});

test("a schedule that is followed from now on counts from when the key began", async (t) => {
  const { clock, keys } = await open(t);
  clock.advance(3 * DAY_MS);
  await keys.keep();
  assert.equal(keys.states().length, 1);
  await keys.follow({ rotateSeconds: 2 * 86_400, overlapSeconds: 86_400 });
  assert.deepEqual(
    keys.states().map(({ state, ageMs }) => [state, ageMs]),
    [
      ["next", 0],
      ["signing", 3 * DAY_MS],
    ],
  );
});

describe("several processes with one file", () => {
  test("make one new key between them, and all have it", async (t) => {
    const kept = await open(t);
    const others = await Promise.all(Array.from({ length: 9 }, async () => kept.beside()));
    const all = [kept.keys, ...others];
    kept.clock.set(START_MS + 30 * DAY_MS);
    await Promise.all(all.map(async (each) => each.keep()));
    await Promise.all(all.map(async (each) => each.keep()));
    assert.deepEqual(new Set(all.map((each) => kidsOf(each).join())).size, 1);
    assert.equal(kidsOf(kept.keys).length, 2);
    assert.deepEqual(await readdir(join(kept.file, "..")), ["assertion.json"]);
  });

  test("wait for one that is writing, and take away what one left behind that ended meanwhile", async (t) => {
    const kept = await open(t);
    const lock = `${kept.file}.lock`;
    await writeFile(lock, "");
    kept.clock.set(START_MS + 30 * DAY_MS);
    await kept.keys.keep();
    assert.equal(kidsOf(kept.keys).length, 1);
    await utimes(lock, new Date(0), new Date(0));
    await kept.keys.keep();
    await kept.keys.keep();
    assert.equal(kidsOf(kept.keys).length, 2);
    assert.deepEqual(await readdir(join(kept.file, "..")), ["assertion.json"]);
  });
});

describe("a file that cannot be used", () => {
  for (const [what, spoil] of [
    ["is cut", async (file) => writeFile(file, (await readFile(file, "utf8")).slice(0, 100))],
    ["is empty", async (file) => writeFile(file, "")],
    ["holds no keys", async (file) => writeFile(file, '{"keys":[]}')],
    ["can be read by others", async (file) => chmod(file, 0o644)],
    [
      "has a time that is none",
      async (file) => writeFile(file, (await readFile(file, "utf8")).replace(/"nbf": \d+/, '"nbf": "soon"')),
    ],
  ] as const satisfies readonly (readonly [string, (file: string) => Promise<void>])[]) {
    test(`because it ${what} changes nothing, is told once, is left alone, and is used again when it is mended`, async (t) => {
      const kept = await open(t);
      kept.clock.set(START_MS + 30 * DAY_MS);
      await kept.keys.keep();
      const before = published(kept);
      const good = await readFile(kept.file, "utf8");
      await spoil(kept.file);
      const spoiled = await readFile(kept.file, "utf8");
      kept.clock.advance(60 * DAY_MS);
      await kept.keys.keep();
      await kept.keys.keep();
      assert.deepEqual(published(kept), before);
      assert.equal(signedBy(kept), before[0]);
      assert.equal(kept.warned.length, 1);
      assert.match(kept.warned[0] ?? "", /^assertions go on to be signed with the keys of before/);
      assert.equal(await readFile(kept.file, "utf8"), spoiled);
      await writeFile(kept.file, good);
      await chmod(kept.file, 0o600);
      await kept.keys.keep();
      assert.equal(kept.keys.states()[0]?.state, "next");
      assert.equal(kept.warned.length, 1);
    });
  }

  test("because it is gone is written again with the same keys", async (t) => {
    const kept = await open(t);
    const before = await readFile(kept.file, "utf8");
    await rm(kept.file);
    await kept.keys.keep();
    assert.equal(await readFile(kept.file, "utf8"), before);
    assert.deepEqual(kept.warned, []);
  });

  test("because its folder is gone changes nothing", async (t) => {
    const kept = await open(t);
    const before = published(kept);
    await rm(join(kept.file, ".."), { recursive: true });
    await kept.keys.keep();
    assert.deepEqual(published(kept), before);
    assert.match(kept.warned[0] ?? "", /ENOENT$/);
    await mkdir(join(kept.file, ".."));
  });
});

test("a key that somebody took out of the file signs and is published no longer, and what it signed is not given again", async (t) => {
  const kept = await open(t);
  const identity = identityAt(START_MS);
  const request = { audience: "orders", role: null, minimumSeconds: 30 };
  const before = kept.signer.sign(identity, request);
  const other = await open(t);
  await writeFile(kept.file, await readFile(other.file, "utf8"));
  await kept.keys.keep();
  const after = kept.signer.sign(identity, request);
  assert.notEqual(after, before);
  assert.equal(jose.decodeProtectedHeader(after).kid, kidsOf(other.keys)[0]);
  assert.deepEqual(published(kept), kidsOf(other.keys));
});

test("what threads are told holds no private text, and a clone of it signs", async (t) => {
  const kept = await open(t);
  const [key] = kept.keys.current();
  assert.equal("privateJwk" in (key ?? {}), false);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(kept.keys.current());
  const { message } = receiveMessageOnPort(port2) as { readonly message: readonly SigningKey[] };
  port1.close();
  const thread = createSigner({ issuer: "https://shop.localhost/_gatehouse", keys: message, clock: kept.clock });
  const text = thread.sign(identityAt(START_MS), { audience: "orders", role: null, minimumSeconds: 30 });
  const keys = jose.createLocalJWKSet(kept.signer.jwks() as jose.JSONWebKeySet);
  assert.equal((await jose.jwtVerify(text, keys, { currentDate: new Date(START_MS) })).payload.sub, "ada");
});
