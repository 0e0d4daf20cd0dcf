/**
 * What decides whether a token or a session is good, in one instance or in one of its threads.
 *
 * In: the compiled identity settings, where keys come from. Out: a verifier, the key that seals the sessions of temporary
 * credentials and, with sign-in, sessions of browsers.
 */
import { join } from "node:path";
import type { Clock, Secret } from "../core/index.ts";
import {
  type KeySource,
  type ProofMemory,
  type Revocations,
  type Sessions,
  type TokenVerifier,
  type WorkloadIssuer,
  createSessions,
  createTokenVerifier,
} from "../identity/index.ts";
import type { IdentityArtifact } from "../model/index.ts";
import { loadKeyFile } from "../secrets/index.ts";
import type { Store } from "../store/index.ts";

export interface RightsOptions {
  readonly identity: IdentityArtifact;
  /** Of the provider that runs; the artifact does not know the embedded one's. */
  readonly issuer: string;
  readonly keys: KeySource;
  readonly workloadIssuers: readonly WorkloadIssuer[];
  /** Null for a public client, and where nobody signs in. */
  readonly clientSecret: Secret<string> | null;
  /** Of our clients at other issuers, by the issuer's name; none for a public client. */
  readonly issuerSecrets: ReadonlyMap<string, Secret<string>>;
  readonly baseUrl: string;
  readonly keysDir: string;
  readonly clock: Clock;
  readonly revocations: Revocations;
  /** What all who know the same sessions share. */
  readonly store: Store;
  readonly proofMemory: ProofMemory;
}

const SKEW_SECONDS = 30;

/** @throws GH_STATE_KEY_FILE, GH_IDENTITY_SEAL_KEY */
export function createRights(options: RightsOptions): {
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions | null;
  readonly stsKeys: readonly Secret<Uint8Array>[];
} {
  const { identity, issuer, keys, workloadIssuers, revocations, store, clock, baseUrl } = options;
  const { audience, claims, tokens, usedClaims, login } = identity;
  const verifier = createTokenVerifier({
    issuer,
    audience,
    claims,
    keys,
    tokens,
    workloadIssuers,
    usedClaims,
    revocations,
    clock,
    skewSeconds: SKEW_SECONDS,
    proofMemory: options.proofMemory,
  });
  const stsKeys = [loadKeyFile(join(options.keysDir, "sts.key"))];
  if (login === null) return { verifier, sessions: null, stsKeys };
  const keysOf = new Map(workloadIssuers.map((one) => [one.name, one.keys]));
  const sessions = createSessions({
    issuer,
    furtherProviders: identity.issuers.flatMap((one) => {
      if (one.login === undefined) return [];
      const clientSecret = options.issuerSecrets.get(one.name) ?? null;
      return [{ ...one, login: { ...one.login, clientSecret }, keys: keysOf.get(one.name) }];
    }),
    login: { ...login, clientSecret: options.clientSecret },
    baseUrl,
    audience,
    claims,
    verifier,
    usedClaims,
    sealKeys: [loadKeyFile(join(options.keysDir, "session.key"))],
    clock,
    allowHttpLoopback: true,
    revocations,
    keptIn: login.sessionStore === "server" ? "store" : "cookie",
    store,
    keys,
  });
  return { verifier, sessions, stsKeys };
}
