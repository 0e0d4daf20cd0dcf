/** Identity parts in place of others while issuers are away, over real HTTP: which keys stay, and which sources end. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { type IdentityChange, changeIdentity } from "../../src/app/change-identity.ts";
import { type IdentityParts, type IdentityStart, startIdentity } from "../../src/app/identity-parts.ts";
import { createKeySources } from "../../src/app/key-sources.ts";
import { prepareState, statePaths } from "../../src/app/state.ts";
import { type ManualClock, Secret, createManualClock } from "../../src/core/index.ts";
import { createProofMemory, createRevocations } from "../../src/identity/index.ts";
import { createMemoryStore } from "../../src/store/index.ts";
import type { IdentityArtifact } from "../../src/model/index.ts";
import { findFreePort } from "../support/free-port.ts";
import { SwitchableIssuer } from "./switchable-issuer.ts";

const NOW_SECONDS = 1_800_000_000;
/** Longer than a key source waits between two fetches for keys that it does not know. */
const COOLDOWN_MS = 30_001;
const claims = { groups: "groups", name: "name" };

interface Setup {
  readonly clock: ManualClock;
  readonly login: SwitchableIssuer;
  readonly ci: SwitchableIssuer;
  readonly warnings: string[];
  /** Fulfilled with the first warning. */
  readonly warned: Promise<void>;
  startOf(identity: Partial<IdentityArtifact>, port?: number): IdentityStart;
  /** Parts that end with the test at the latest, like those of `change`. */
  begin(start: IdentityStart): Promise<IdentityParts>;
  change(old: IdentityParts, before: IdentityStart, next: IdentityStart): Promise<IdentityChange>;
}

/** The provider and an issuer `ci`, both there; nothing of it is left when the test ends. */
async function setUp(t: TestContext): Promise<Setup> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-reload-"));
  t.after(() => rm(folder, { recursive: true }));
  const paths = statePaths(folder);
  prepareState(paths);
  const clock = createManualClock(NOW_SECONDS * 1000);
  const [login, ci] = [await SwitchableIssuer.create(NOW_SECONDS), await SwitchableIssuer.create(NOW_SECONDS)];
  for (const issuer of [login, ci]) {
    await issuer.open();
    t.after(() => issuer.close());
  }
  const warnings: string[] = [];
  const warned = Promise.withResolvers<void>();
  const keySources = createKeySources(clock);
  const store = createMemoryStore(clock);
  const revocations = createRevocations({ clock });
  const begun: IdentityParts[] = [];
  const endLater = (parts: IdentityParts): IdentityParts => {
    begun.push(parts);
    return parts;
  };
  t.after(async () => {
    for (const parts of begun) await parts.close();
  });
  return {
    clock,
    login,
    ci,
    warnings,
    warned: warned.promise,
    startOf: (identity, identityPort = 0) => ({
      identity: {
        kind: "issuer",
        issuer: login.issuer,
        audience: "shop-api",
        claims,
        usedClaims: [],
        issuers: [{ name: "ci", issuer: ci.issuer, audience: "shop-ci", claims }],
        login: null,
        ...identity,
      },
      people: { people: [], clients: [] },
      baseUrl: "https://shop.localhost:8443",
      identityPort,
      paths,
      clock,
      env: {},
      revocations,
      store,
      proofMemory: createProofMemory(),
      keySources,
      reporter: {
        info: () => {},
        warn(text) {
          warnings.push(text);
          warned.resolve();
        },
      },
    }),
    begin: async (start) => endLater(await startIdentity(start)),
    change: async (old, before, next) => {
      const changed = await changeIdentity(old, { before, next }, endLater);
      endLater(changed.identity);
      return { ...changed, undo: async () => endLater(await changed.undo()) };
    },
  };
}

async function isTaken(parts: IdentityParts, token: string): Promise<boolean> {
  return (await parts.verifier.verify(token)).ok;
}

/** Whether the key source of these parts still asks its issuer, which has a new key, and so is not closed. */
async function followsKeys(parts: IdentityParts, issuer: SwitchableIssuer, audience: string, clock: ManualClock) {
  await issuer.changeKey(`key after ${issuer.requests}`);
  clock.advance(COOLDOWN_MS);
  const before = issuer.requests;
  const result = await parts.verifier.verify(await issuer.sign(audience));
  if (!result.ok) assert.deepEqual([result.reason, issuer.requests], ["keys-unavailable", before]);
  return result.ok;
}

describe("a reload that changes settings of issuers", () => {
  test("keeps the keys of a workload issuer that is away, and asks nobody for any", async (t) => {
    const stage = await setUp(t);
    const { clock, login, ci, warnings } = stage;
    const before = stage.startOf({});
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    const asked = [login.requests, ci.requests];
    await ci.close();

    const issuers = [{ name: "build", issuer: ci.issuer, audience: "shop-build", claims }];
    const changed = await stage.change(old, before, stage.startOf({ usedClaims: ["ref"], issuers }));
    const { identity } = changed;
    await changed.commit();
    // Ended twice, they let go of nothing that the next ones hold.
    await old.close();

    const result = await identity.verifier.verify(await ci.sign("shop-build", { ref: "main" }));
    assert.ok(result.ok);
    assert.deepEqual([result.identity.issuerName, result.identity.claims], ["build", { ref: ["main"] }]);
    assert.ok(await isTaken(identity, await login.sign("shop-api")));
    assert.deepEqual([login.requests, ci.requests], asked);
    assert.deepEqual(warnings, []);

    await ci.open();
    assert.ok(await followsKeys(identity, ci, "shop-build", clock));
    assert.ok(await followsKeys(identity, login, "shop-api", clock));
  });

  test("keeps the keys of the provider when that is away, and goes on asking it", async (t) => {
    const stage = await setUp(t);
    const { clock, login } = stage;
    const before = stage.startOf({});
    const old = await stage.begin(before);
    await login.close();
    const changed = await stage.change(old, before, stage.startOf({ audience: "other-api" }));
    const { identity } = changed;
    await changed.commit();
    assert.ok(await isTaken(identity, await login.sign("other-api")));
    assert.equal(await isTaken(identity, await login.sign("shop-api")), false);
    await login.open();
    assert.ok(await followsKeys(identity, login, "other-api", clock));
  });

  test("ends the key source of an issuer that is no longer named, and of no other", async (t) => {
    const stage = await setUp(t);
    const { clock, login, ci } = stage;
    const before = stage.startOf({});
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    const changed = await stage.change(old, before, stage.startOf({ issuers: [] }));
    const { identity } = changed;
    assert.ok(await followsKeys(old, ci, "shop-ci", clock));
    await changed.commit();
    assert.equal(await followsKeys(old, ci, "shop-ci", clock), false);
    assert.ok(await followsKeys(identity, login, "shop-api", clock));
  });

  test("fetches for an issuer with another address, whatever its name", async (t) => {
    const stage = await setUp(t);
    const { ci } = stage;
    const before = stage.startOf({});
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    const other = await SwitchableIssuer.create(NOW_SECONDS);
    await other.open();
    t.after(() => other.close());
    const issuers = [{ name: "ci", issuer: other.issuer, audience: "shop-ci", claims }];
    const changed = await stage.change(old, before, stage.startOf({ issuers }));
    const { identity } = changed;
    await changed.commit();
    assert.ok(await isTaken(identity, await other.sign("shop-ci")));
    assert.deepEqual(await identity.verifier.verify(await ci.sign("shop-ci")), { ok: false, reason: "token-issuer" });
  });
});

describe("a reload that is not taken over in the end", () => {
  test("leaves the parts of before at work, and nothing of the next", async (t) => {
    const stage = await setUp(t);
    const { clock, login, ci } = stage;
    const before = stage.startOf({});
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    const added = await SwitchableIssuer.create(NOW_SECONDS);
    await added.open();
    t.after(() => added.close());
    const issuers = [...before.identity.issuers, { name: "added", issuer: added.issuer, audience: "added", claims }];
    const changed = await stage.change(old, before, stage.startOf({ issuers }));
    const { identity } = changed;
    assert.ok(await isTaken(identity, await added.sign("added")));
    assert.equal(await changed.undo(), old);
    assert.ok(await followsKeys(old, ci, "shop-ci", clock));
    assert.ok(await followsKeys(old, login, "shop-api", clock));
    assert.equal(await followsKeys(identity, added, "added", clock), false);
  });

  test("because its provider is away leaves the parts of before at work", async (t) => {
    const stage = await setUp(t);
    const { clock, login, ci } = stage;
    const before = stage.startOf({});
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    const issuer = `http://127.0.0.1:${await findFreePort()}`;
    await assert.rejects(stage.change(old, before, stage.startOf({ issuer })), {
      code: "GH_IDENTITY_PROVIDER_UNREACHABLE",
    });
    assert.ok(await followsKeys(old, ci, "shop-ci", clock));
    assert.ok(await followsKeys(old, login, "shop-api", clock));
  });
});

describe("a workload issuer that was never there", () => {
  test("is told of once, however often the policy changes, and taken when it comes", async (t) => {
    const stage = await setUp(t);
    const { clock, ci, warnings, warned } = stage;
    await ci.close();
    const before = stage.startOf({});
    const old = await stage.begin(before);
    // Before anybody knows that it is away, so that the change comes in between.
    const first = await stage.change(old, before, stage.startOf({ usedClaims: ["ref"] }));
    await first.commit();
    await warned;
    const second = await stage.change(first.identity, before, stage.startOf({ usedClaims: ["sha"] }));
    await second.commit();
    const token = await ci.sign("shop-ci");
    assert.deepEqual(await second.identity.verifier.verify(token), { ok: false, reason: "keys-unavailable" });
    await ci.open();
    clock.advance(1000);
    assert.ok(await isTaken(second.identity, token));
    assert.equal(warnings.length, 1);
  });

  test("is not told of when the reload that named it is undone", async (t) => {
    const stage = await setUp(t);
    const before = stage.startOf({});
    const old = await stage.begin(before);
    const added = await SwitchableIssuer.create(NOW_SECONDS);
    const token = await added.sign("added");
    const issuers = [{ name: "added", issuer: added.issuer, audience: "added", claims }];
    const changed = await stage.change(old, before, stage.startOf({ issuers }));
    await changed.undo();
    // Waits for the fetch that has begun.
    assert.deepEqual(await changed.identity.verifier.verify(token), { ok: false, reason: "keys-unavailable" });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(stage.warnings, []);
  });

  test("cannot become the provider before it is there", async (t) => {
    const stage = await setUp(t);
    const { ci, warned } = stage;
    await ci.close();
    const before = stage.startOf({});
    const old = await stage.begin(before);
    await warned;
    const next = stage.startOf({ issuer: ci.issuer, issuers: [] });
    await assert.rejects(stage.change(old, before, next), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" });
    await ci.open();
    const changed = await stage.change(old, before, next);
    const { identity } = changed;
    assert.ok(await isTaken(identity, await ci.sign("shop-api")));
  });
});

test("an embedded provider that starts again with other keys is believed for those alone", async (t) => {
  const stage = await setUp(t);
  stage.clock.set(Date.now());
  const start = stage.startOf({ kind: "embedded" }, await findFreePort());
  const bot = { name: "bot", secret: new Secret("bot-development-secret"), groups: [], claims: {} };
  const before: IdentityStart = { ...start, people: { people: [], clients: [bot] } };
  const old = await stage.begin(before);
  const getToken = async (): Promise<string> => {
    const response = await fetch(`${old.issuer}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`bot:${bot.secret.reveal()}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const token = await getToken();
  assert.ok(await isTaken(old, token));
  await rm(join(before.paths.keys, "provider.json"));
  const changed = await stage.change(old, before, { ...before, identity: { ...before.identity, usedClaims: ["ref"] } });
  await changed.commit();
  assert.deepEqual(await changed.identity.verifier.verify(token), { ok: false, reason: "token-unknown-key" });
  assert.ok(await isTaken(changed.identity, await getToken()));
});

describe("beside the embedded provider, which ends before it starts again, a workload issuer that is away", () => {
  async function answers(parts: IdentityParts): Promise<boolean> {
    const response = await fetch(`${parts.issuer}/.well-known/openid-configuration`);
    return response.ok && parts.provider !== null;
  }

  test("keeps its keys when the next parts stay", async (t) => {
    const stage = await setUp(t);
    const { clock, ci, warnings } = stage;
    const port = await findFreePort();
    const before = stage.startOf({ kind: "embedded" }, port);
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    await ci.close();
    const changed = await stage.change(old, before, stage.startOf({ kind: "embedded", usedClaims: ["ref"] }, port));
    const { identity } = changed;
    await changed.commit();
    assert.ok(await answers(identity));
    assert.ok(await isTaken(identity, await ci.sign("shop-ci")));
    assert.deepEqual(warnings, []);
    await ci.open();
    assert.ok(await followsKeys(identity, ci, "shop-ci", clock));
    await identity.close();
    assert.equal(await followsKeys(identity, ci, "shop-ci", clock), false);
  });

  test("keeps its keys when those of before are started again", async (t) => {
    const stage = await setUp(t);
    const { clock, ci } = stage;
    const port = await findFreePort();
    const before = stage.startOf({ kind: "embedded" }, port);
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    await ci.close();
    const changed = await stage.change(old, before, stage.startOf({ kind: "embedded", issuers: [] }, port));
    const restored = await changed.undo();
    assert.ok(await answers(restored));
    assert.ok(await isTaken(restored, await ci.sign("shop-ci")));
    await ci.open();
    assert.ok(await followsKeys(restored, ci, "shop-ci", clock));
    await restored.close();
    assert.equal(await followsKeys(restored, ci, "shop-ci", clock), false);
  });

  test("keeps its keys when the next cannot start", async (t) => {
    const stage = await setUp(t);
    const { clock, ci } = stage;
    const before = stage.startOf({ kind: "embedded" }, await findFreePort());
    const old = await stage.begin(before);
    assert.ok(await isTaken(old, await ci.sign("shop-ci")));
    await ci.close();
    const occupant = createServer();
    const taken = await findFreePort();
    await new Promise<void>((resolve) => occupant.listen(taken, "127.0.0.1", resolve));
    t.after(() => occupant.close());
    const restored: IdentityParts[] = [];
    const starts = { before, next: stage.startOf({ kind: "embedded" }, taken) };
    const keep = (parts: IdentityParts): unknown => restored.push(parts);
    t.after(async () => {
      for (const parts of restored) await parts.close();
    });
    await assert.rejects(changeIdentity(old, starts, keep), { code: "GH_APP_PORT_TAKEN" });
    const [parts] = restored;
    assert.ok(parts !== undefined);
    assert.ok(await answers(parts));
    assert.ok(await isTaken(parts, await ci.sign("shop-ci")));
    await ci.open();
    assert.ok(await followsKeys(parts, ci, "shop-ci", clock));
    await parts.close();
    assert.equal(await followsKeys(parts, ci, "shop-ci", clock), false);
  });
});
