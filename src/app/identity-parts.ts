/**
 * Everything about identity that one instance holds: the provider (or its embedded stand-in for development), the
 * workload issuers beside it, the keys of each, the token verifier, sign-in sessions.
 *
 * In:  the compiled identity settings. Out: started parts, and one `close` for all of them.
 * Keys of an issuer whose source is there already, in other parts of the instance, are taken over as they are: a reload
 * fetches nothing and loses nothing, whether the issuer is there at that moment or not.
 * Without the provider nothing starts. A workload issuer that does not answer stops nothing: its tokens are answered with
 * `keys-unavailable` until its keys can be had, and its key source goes on trying by itself.
 * INVARIANT: when starting fails, nothing that was started here is left running; closing leaves alone what others hold.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Clock, GatehouseError, type Reporter, Secret, silentReporter } from "../core/index.ts";
import {
  type DevProvider,
  type KeySource,
  type People,
  type ProofMemory,
  type Revocations,
  type Sessions,
  type TokenVerifier,
  type WorkloadIssuer,
  startDevProvider,
} from "../identity/index.ts";
import type { IdentityArtifact } from "../model/index.ts";
import { readSecret, secretVariable } from "../secrets/index.ts";
import type { Store } from "../store/index.ts";
import { type HeldKeys, type KeySources, createKeySources } from "./key-sources.ts";
import { createRights } from "./rights.ts";
import type { StatePaths } from "./state.ts";

export interface IdentityParts {
  readonly issuer: string;
  readonly keys: KeySource;
  /** In the order of the policy. */
  readonly workloadIssuers: readonly WorkloadIssuer[];
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions | null;
  readonly stsKeys: readonly Secret<Uint8Array>[];
  /** Null when the environment has a real provider. */
  readonly provider: DevProvider | null;
  close(): Promise<void>;
}

export interface IdentityStart {
  readonly identity: IdentityArtifact;
  /** People of the embedded provider; ignored for a real one. */
  readonly people: People;
  readonly baseUrl: string;
  readonly identityPort: number;
  readonly paths: StatePaths;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** These go from one set of parts to the next. */
  readonly revocations: Revocations;
  readonly store: Store;
  /** Which proofs were used, whatever the policy was then. */
  readonly proofMemory: ProofMemory;
  /** Of the instance: what its other parts hold is shared with them. */
  readonly keySources: KeySources;
  /** Is told of workload issuers that do not answer. @default nobody */
  readonly reporter?: Reporter | undefined;
}

/** @throws GH_APP_SECRET_MISSING, GH_IDENTITY_* when the provider cannot be reached or is not what it should be */
export async function startIdentity(start: IdentityStart): Promise<IdentityParts> {
  const { identity, clock, baseUrl, paths } = start;
  const clientSecret = loginSecret(start);
  const issuerSecrets = secretsOfIssuers(start);
  const provider = identity.kind === "embedded" ? await startEmbedded(start, clientSecret) : null;
  const issuer = provider?.issuer ?? identity.issuer;
  // The embedded provider's keys are its own: they may be others when it starts again, and fetching them costs nothing.
  const held = (provider === null ? start.keySources : createKeySources(clock)).hold(issuer);
  const keys = held.source;
  const workloads = startWorkloadIssuers(start);
  const close = async (): Promise<void> => {
    held.release();
    workloads.release();
    await provider?.close();
  };
  try {
    // Who has had keys before is known to be a provider, and its source goes on asking by itself.
    if (keys.state().ageMs === null) await keys.load();
    const { verifier, sessions, stsKeys } = createRights({
      identity,
      issuer,
      keys,
      workloadIssuers: workloads.issuers,
      clientSecret,
      issuerSecrets,
      baseUrl,
      keysDir: paths.keys,
      clock,
      revocations: start.revocations,
      store: start.store,
      proofMemory: start.proofMemory,
    });
    return { issuer, keys, workloadIssuers: workloads.issuers, verifier, sessions, stsKeys, provider, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

/**
 * Nobody waits for their keys here: a token that comes before they are there waits for its own issuer alone. Of an issuer
 * that is away it is told once, and not again when a reload finds it still away.
 */
function startWorkloadIssuers({ identity, keySources, reporter = silentReporter }: IdentityStart) {
  const held: HeldKeys[] = [];
  const issuers = identity.issuers.map(({ name, issuer, audience, claims, tokens, login }): WorkloadIssuer => {
    const one = keySources.hold(issuer);
    held.push(one);
    const keys = one.source;
    if (one.isNew) {
      void keys.load().catch((cause: unknown) => {
        if (!keySources.isHeld(keys)) return;
        const why = cause instanceof Error ? cause.message : "unknown fault";
        reporter.warn(`tokens of issuer \`${name}\` get 503 until its keys can be had: ${why}`);
      });
    }
    return { name, issuer, audience, claims, tokens, hasPeople: login !== undefined, keys };
  });
  return {
    issuers,
    release(): void {
      for (const one of held) one.release();
    },
  };
}

/** The embedded provider learns the secret that was made up for it; for a real one it has to be there. */
function loginSecret(start: IdentityStart): Secret<string> | null {
  const { kind, login } = start.identity;
  if (kind === "embedded") return new Secret(randomBytes(32).toString("base64url"));
  return readClientSecret(login?.clientSecret ?? null, start);
}

/** By the issuer's name. */
function secretsOfIssuers(start: IdentityStart): ReadonlyMap<string, Secret<string>> {
  const { issuers, login } = start.identity;
  // Where nobody signs in, no client is needed.
  const clients = login === null ? [] : issuers;
  return new Map(
    clients.flatMap((one) => {
      const secret = readClientSecret(one.login?.clientSecret ?? null, start);
      return secret === null ? [] : [[one.name, secret] as const];
    }),
  );
}

function readClientSecret(name: string | null, { paths, env }: IdentityStart): Secret<string> | null {
  if (name === null) return null;
  const secret = readSecret(name, { dir: paths.secrets, env });
  if (secret === null) {
    const file = join(paths.secrets, name);
    throw new GatehouseError("GH_APP_SECRET_MISSING", { name, file, variable: secretVariable(name) });
  }
  return secret;
}

async function startEmbedded(start: IdentityStart, clientSecret: Secret<string> | null): Promise<DevProvider> {
  const { identity, people, baseUrl, paths, identityPort } = start;
  return startDevProvider({
    people,
    port: identityPort,
    keyFile: join(paths.keys, "provider.json"),
    audience: identity.audience,
    claims: identity.claims,
    bindsTokens: identity.tokens?.proof.includes("dpop") === true,
    loginClient:
      identity.login === null || clientSecret === null
        ? null
        : {
            clientId: identity.login.clientId,
            clientSecret: clientSecret.reveal(),
            redirectUris: [`${baseUrl}/_gatehouse/callback`],
            postLogoutRedirectUris: [`${baseUrl}/_gatehouse/signed-out`],
          },
  });
}
