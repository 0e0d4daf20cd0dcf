/** An instance's identity parts with a workload issuer over real HTTP: there, away, and back. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import * as jose from "jose";
import { startIdentity } from "../../src/app/identity-parts.ts";
import type { IdentityParts, IdentityStart } from "../../src/app/identity-parts.ts";
import { prepareState, statePaths } from "../../src/app/state.ts";
import { type ManualClock, createManualClock } from "../../src/core/index.ts";
import { createSessionMemory } from "../../src/identity/index.ts";
import { findFreePort } from "../support/free-port.ts";

const NOW_SECONDS = 1_800_000_000;
const KID = "one";

/** An issuer on a port of its own, which answers only between `open` and `close`. */
class Issuer {
  readonly port: number;
  readonly issuer: string;
  readonly #keys: jose.GenerateKeyPairResult;
  readonly #jwk: jose.JWK;
  #server: Server | null = null;

  private constructor(port: number, keys: jose.GenerateKeyPairResult, jwk: jose.JWK) {
    this.port = port;
    this.issuer = `http://127.0.0.1:${port}`;
    this.#keys = keys;
    this.#jwk = jwk;
  }

  static async create(): Promise<Issuer> {
    const keys = await jose.generateKeyPair("ES256");
    const jwk = { ...(await jose.exportJWK(keys.publicKey)), kid: KID, use: "sig" };
    return new Issuer(await findFreePort(), keys, jwk);
  }

  async open(): Promise<void> {
    const { issuer } = this;
    this.#server = createServer((request, response) => {
      const isKeys = request.url === "/jwks";
      response.setHeader("connection", "close");
      response.end(JSON.stringify(isKeys ? { keys: [this.#jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }));
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.port, "127.0.0.1", resolve));
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  }

  async sign(audience: string, more: Record<string, unknown> = {}): Promise<string> {
    const claims = { iss: this.issuer, aud: audience, sub: "somebody", exp: NOW_SECONDS + 3600, ...more };
    return new jose.SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: KID }).sign(this.#keys.privateKey);
  }
}

let folder: string;
let login: Issuer;
let ci: Issuer;
let clock: ManualClock;
let warnings: string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-parts-"));
  [login, ci] = [await Issuer.create(), await Issuer.create()];
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
    sessionMemory: createSessionMemory(),
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
