/** An instance's identity parts with a workload issuer over real HTTP: there, away, and back. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { startIdentity } from "../../src/app/identity-parts.ts";
import type { IdentityParts, IdentityStart } from "../../src/app/identity-parts.ts";
import { createKeySources } from "../../src/app/key-sources.ts";
import { prepareState, statePaths } from "../../src/app/state.ts";
import { type ManualClock, createManualClock } from "../../src/core/index.ts";
import { createProofMemory, createRevocations } from "../../src/identity/index.ts";
import { createMemoryStore } from "../../src/store/index.ts";
import { SwitchableIssuer } from "./switchable-issuer.ts";

const NOW_SECONDS = 1_800_000_000;
let folder: string;
let login: SwitchableIssuer;
let ci: SwitchableIssuer;
let clock: ManualClock;
let warnings: string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-parts-"));
  [login, ci] = [await SwitchableIssuer.create(NOW_SECONDS), await SwitchableIssuer.create(NOW_SECONDS)];
  await login.open();
});
after(async () => {
  await login.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  clock = createManualClock(NOW_SECONDS * 1000);
  warnings = [];
});

function startParts(onWarning: () => void = () => {}): Promise<IdentityParts> {
  const paths = statePaths(folder);
  prepareState(paths);
  const start: IdentityStart = {
    identity: {
      kind: "issuer",
      issuer: login.issuer,
      audience: "shop-api",
      claims: { groups: "groups", name: "name" },
      usedClaims: ["ref"],
      issuers: [
        { name: "ci", issuer: ci.issuer, audience: "shop-ci", claims: { groups: "groups", name: "repository" } },
      ],
      login: null,
    },
    people: { people: [], clients: [] },
    baseUrl: "https://shop.localhost:8443",
    identityPort: 0,
    paths,
    clock,
    env: {},
    revocations: createRevocations({ clock }),
    store: createMemoryStore(clock),
    proofMemory: createProofMemory(),
    keySources: createKeySources(clock),
    reporter: {
      info: () => {},
      warn(text) {
        warnings.push(text);
        onWarning();
      },
    },
  };
  return startIdentity(start);
}

test("a workload issuer's tokens are taken from the first moment on, and nothing is warned of", async (t) => {
  await ci.open();
  const parts = await startParts();
  t.after(async () => {
    await parts.close();
    await ci.close();
  });
  const result = await parts.verifier.verify(await ci.sign("shop-ci", { repository: "shop/web", ref: "main" }));
  assert.ok(result.ok);
  const { issuerName, name, claims, kind } = result.identity;
  assert.deepEqual([issuerName, name, claims, kind], ["ci", "shop/web", { ref: ["main"] }, "machine"]);
  assert.deepEqual(
    parts.workloadIssuers.map(({ name: called, keys }) => [called, keys.state().usable]),
    [["ci", true]],
  );
  assert.deepEqual(warnings, []);
});

test("a workload issuer that is away stops nothing, is warned of, and is taken again when it is back", async (t) => {
  const warned = Promise.withResolvers<void>();
  const parts = await startParts(warned.resolve);
  t.after(async () => {
    await parts.close();
    await ci.close();
  });
  await warned.promise;
  const url = `${ci.issuer}/.well-known/openid-configuration`;
  assert.deepEqual(warnings, [
    `tokens of issuer \`ci\` get 503 until its keys can be had: cannot use identity provider at \`${url}\`: connection refused`,
  ]);
  const token = await ci.sign("shop-ci");
  assert.deepEqual(await parts.verifier.verify(token), { ok: false, reason: "keys-unavailable" });
  assert.equal((await parts.verifier.verify(await login.sign("shop-api"))).ok, true);

  await ci.open();
  clock.advance(1000);
  assert.equal((await parts.verifier.verify(token)).ok, true);
});

test("a provider that is away stops the start", async () => {
  await login.close();
  try {
    await assert.rejects(startParts(), { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" });
  } finally {
    await login.open();
  }
});
