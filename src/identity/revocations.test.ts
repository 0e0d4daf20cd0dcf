import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { GatehouseError, createManualClock } from "../core/index.ts";
import { type Store, createMemoryStore } from "../store/index.ts";
import type { Identity } from "./identity.ts";
import { type Revocation, type Revoked, type SignedIn, createRevocations } from "./revocations.ts";

const NOW_SECONDS = 1_800_000_000;
const HOUR_MS = 3_600_000;
const ISSUER = "https://login.shop.example";

function identityOf(more: Partial<Identity> = {}): Identity {
  return {
    kind: "person",
    issuer: ISSUER,
    issuerName: null,
    subject: "ada",
    clientId: null,
    name: null,
    groups: [],
    claims: {},
    tokenId: "t1",
    issuedAtSeconds: NOW_SECONDS,
    authTimeSeconds: null,
    expiresAtSeconds: NOW_SECONDS + 3600,
    via: "bearer",
    key: "key",
    ...more,
  };
}

function sessionOf(more: Partial<SignedIn> = {}): SignedIn {
  return { id: "s1", identity: identityOf(), providerSession: "p1", startedAtSeconds: NOW_SECONDS, ...more };
}

function begin(store?: Store) {
  const clock = createManualClock(NOW_SECONDS * 1000);
  return { clock, revocations: createRevocations({ clock, store }) };
}

const REVOKED = {
  session: { kind: "session", id: "s1" },
  providerSession: { kind: "provider-session", issuer: ISSUER, sid: "p1" },
  token: { kind: "token", issuer: ISSUER, tokenId: "t1" },
  subject: { kind: "subject", issuer: ISSUER, subject: "ada", untilSeconds: NOW_SECONDS },
  signIns: { kind: "sign-ins", issuer: ISSUER, subject: "ada", untilSeconds: NOW_SECONDS },
} satisfies Record<string, Revoked>;

describe("what each covers", () => {
  const rows: [Revoked, session: boolean, token: boolean][] = [
    [REVOKED.session, true, false],
    [REVOKED.providerSession, true, false],
    [REVOKED.token, false, true],
    [REVOKED.subject, true, true],
    [REVOKED.signIns, true, false],
  ];
  for (const [revoked, coversSession, coversToken] of rows)
    test(revoked.kind, async () => {
      const { revocations } = begin();
      assert.deepEqual([revocations.coversSession(sessionOf()), revocations.coversToken(identityOf())], [false, false]);
      await revocations.add(revoked, HOUR_MS);
      assert.deepEqual(
        [revocations.coversSession(sessionOf()), revocations.coversToken(identityOf())],
        [coversSession, coversToken],
      );
      // The same names at another issuer, and other names at this one, are somebody else.
      const other = identityOf({ issuer: "https://other.example" });
      const bob = identityOf({ subject: "bob", tokenId: "t2" });
      assert.equal(revocations.coversToken(other), false);
      assert.equal(revocations.coversToken(bob), false);
      assert.equal(revocations.coversSession(sessionOf({ identity: other })), revoked.kind === "session");
      assert.equal(revocations.coversSession(sessionOf({ id: "s2", identity: bob, providerSession: null })), false);
    });

  test("a person's tokens and sessions up to the second, and none of later", async () => {
    const { revocations } = begin();
    await revocations.add(REVOKED.subject, HOUR_MS);
    const tokenOf = (issuedAtSeconds: number | null) => revocations.coversToken(identityOf({ issuedAtSeconds }));
    assert.deepEqual([tokenOf(NOW_SECONDS), tokenOf(NOW_SECONDS + 1), tokenOf(null)], [true, false, true]);
    const startedAt = (startedAtSeconds: number) => revocations.coversSession(sessionOf({ startedAtSeconds }));
    assert.deepEqual([startedAt(NOW_SECONDS), startedAt(NOW_SECONDS + 1)], [true, false]);
    // A second one that reaches further counts; one that reaches less far takes nothing back.
    await revocations.add({ ...REVOKED.subject, untilSeconds: NOW_SECONDS + 60 }, HOUR_MS);
    await revocations.add({ ...REVOKED.subject, untilSeconds: NOW_SECONDS - 60 }, HOUR_MS);
    assert.deepEqual([tokenOf(NOW_SECONDS + 60), tokenOf(NOW_SECONDS + 61)], [true, false]);
    assert.equal(revocations.list().length, 1);
  });
});

test("an entry lasts to its end and not at it", async () => {
  const { clock, revocations } = begin();
  await revocations.add(REVOKED.token, HOUR_MS);
  clock.advance(HOUR_MS - 1);
  assert.equal(revocations.coversToken(identityOf()), true);
  clock.advance(1);
  assert.equal(revocations.coversToken(identityOf()), false);
  assert.deepEqual(revocations.list(), []);
});

test("whatever is in the texts, one revocation covers one token", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", '"', ",", "\\", "\n", "[", "]", "\u0000"), maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(text, text, text, text, async (issuer, tokenId, otherIssuer, otherId) => {
      const { revocations } = begin();
      await revocations.add({ kind: "token", issuer, tokenId }, HOUR_MS);
      assert.equal(
        revocations.coversToken(identityOf({ issuer: otherIssuer, tokenId: otherId })),
        issuer === otherIssuer && tokenId === otherId,
      );
    }),
  );
});

describe("with a store", () => {
  test("another process has it at its next look, and a new one from the beginning", async () => {
    const clock = createManualClock(NOW_SECONDS * 1000);
    const store = createMemoryStore(clock);
    const [first, second] = [createRevocations({ clock, store }), createRevocations({ clock, store })];
    const told: Revocation[][] = [];
    second.onAdded((added) => told.push([...added]));
    for (const revoked of Object.values(REVOKED)) await first.add(revoked, HOUR_MS);
    assert.equal(second.coversToken(identityOf()), false);
    await second.load();
    assert.equal(second.coversToken(identityOf()), true);
    assert.deepEqual([told.length, told[0]?.length], [1, 5]);
    await second.load();
    assert.equal(told.length, 1, "what is known is no news");
    const third = createRevocations({ clock, store });
    await third.load();
    assert.deepEqual(third.list().length, 5);
    for (const each of [first, second, third]) each.close();
  });

  test("that is away it counts all the same, and the store gets it when it is back", async () => {
    const clock = createManualClock(NOW_SECONDS * 1000);
    const store = createMemoryStore(clock);
    let isAway = true;
    const moody: Store = {
      ...store,
      async set(...args) {
        if (isAway) throw new GatehouseError("GH_STORE_UNAVAILABLE", { store: "test", reason: "away" });
        await store.set(...args);
      },
    };
    const revocations = createRevocations({ clock, store: moody });
    await assert.rejects(revocations.add(REVOKED.token, HOUR_MS), { code: "GH_STORE_UNAVAILABLE" });
    assert.equal(revocations.coversToken(identityOf()), true);
    isAway = false;
    clock.advance(1000);
    await revocations.load();
    const [entry] = await store.list("revoked:", 10);
    assert.deepEqual(JSON.parse(entry?.value ?? "null"), {
      revoked: REVOKED.token,
      atMs: NOW_SECONDS * 1000,
      endsAtMs: NOW_SECONDS * 1000 + HOUR_MS,
    });
    revocations.close();
  });

  test("looking costs one short answer while nobody adds anything", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const clock = createManualClock(NOW_SECONDS * 1000);
    const store = createMemoryStore(clock);
    const calls: string[] = [];
    const counting: Store = {
      ...store,
      get: async (key) => {
        calls.push("get");
        return store.get(key);
      },
      list: async (prefix, limit) => {
        calls.push("list");
        return store.list(prefix, limit);
      },
    };
    const [first, second] = [createRevocations({ clock, store }), createRevocations({ clock, store: counting })];
    const look = async (): Promise<readonly string[]> => {
      calls.length = 0;
      t.mock.timers.tick(1000);
      await new Promise((resolve) => setImmediate(resolve));
      return [...calls];
    };
    assert.deepEqual(await look(), ["get"]);
    await first.add(REVOKED.token, HOUR_MS);
    assert.deepEqual(await look(), ["get", "list"]);
    assert.equal(second.coversToken(identityOf()), true);
    assert.deepEqual(await look(), ["get"]);
    for (const each of [first, second]) each.close();
  });

  test("entries that are none are left out", async () => {
    const clock = createManualClock(NOW_SECONDS * 1000);
    const store = createMemoryStore(clock);
    const good = { revoked: REVOKED.session, atMs: 1, endsAtMs: NOW_SECONDS * 2000 };
    const texts = [
      "not json",
      "null",
      '{"revoked":{"kind":"session"},"atMs":1,"endsAtMs":2}',
      '{"revoked":{"kind":"everything"},"atMs":1,"endsAtMs":2}',
      JSON.stringify({ ...good, endsAtMs: "never" }),
      JSON.stringify({ ...good, revoked: { ...REVOKED.subject, untilSeconds: "now" } }),
      JSON.stringify(good),
    ];
    for (const [i, text] of texts.entries()) await store.set(`revoked:${i}`, text, HOUR_MS);
    const revocations = createRevocations({ clock, store });
    await revocations.load();
    assert.deepEqual(revocations.list(), [good]);
    revocations.close();
  });
});
