import assert from "node:assert/strict";
import { test } from "node:test";
import { GatehouseError, createManualClock } from "../core/index.ts";
import { createRevocations } from "../identity/index.ts";
import { createMemoryStore } from "../store/index.ts";
import { type RevokeRequest, renderRevoked, revokeAt } from "./sessions.ts";

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** An instance whose store does not answer. */
function partsWithoutStore() {
  const clock = createManualClock(NOW_MS);
  const away = async (): Promise<never> => {
    throw new GatehouseError("GH_STORE_UNAVAILABLE", { store: "test", reason: "away" });
  };
  const revocations = createRevocations({ clock, store: { ...createMemoryStore(clock), set: away, list: away } });
  const identity = { issuer: "https://login.shop.example", sessions: { list: away } };
  const loaded = { environment: { name: "prod" }, artifacts: { identity: { issuers: [] } } };
  return { revocations, identity, loaded } as unknown as Parameters<typeof revokeAt>[0];
}

test("a person and a token are revoked while the store is away, and it is told that it is not stored", async () => {
  for (const request of [
    { kind: "subject", subject: "ada", issuer: null, lastsMs: HOUR_MS },
    { kind: "token", tokenId: "t1", issuer: null, lastsMs: HOUR_MS },
  ] satisfies RevokeRequest[]) {
    const parts = partsWithoutStore();
    const outcome = await revokeAt(parts, request, NOW_MS);
    assert.deepEqual([outcome.stored, outcome.sessions, outcome.revoked.kind], [false, [], request.kind]);
    assert.equal(parts.revocations.list().length, 1, "it counts");
    assert.match(renderRevoked(outcome), /\nit counts in this instance; the store did not take it yet/);
    parts.revocations.close();
  }
});

test("which session is meant cannot be found without the store", async () => {
  const parts = partsWithoutStore();
  await assert.rejects(revokeAt(parts, { kind: "session", id: "abcdef" }, NOW_MS), { code: "GH_STORE_UNAVAILABLE" });
  assert.deepEqual(parts.revocations.list(), []);
  parts.revocations.close();
});

test("a token's id that no token is known by is refused, and not taken for one", async () => {
  for (const tokenId of ["", "x".repeat(257)]) {
    const parts = partsWithoutStore();
    const request = { kind: "token", tokenId, issuer: null, lastsMs: HOUR_MS } as const;
    await assert.rejects(revokeAt(parts, request, NOW_MS), {
      code: "GH_CLI_USAGE",
      message: "a token's id has 1 to 256 characters",
    });
    assert.deepEqual(parts.revocations.list(), []);
    parts.revocations.close();
  }
});
