/**
 * The keys of an authorizer's issuer, fetched when a token needs them.
 *
 * In: an issuer. Out: its usable keys from memory, or which of the two fetches failed.
 * Not here: which keys are usable, where a fetch may go (identity).
 * Source: API Gateway developer guide, "JWT authorizers" (public keys are cached for up to two hours) and "Quotas"
 * (1500 ms for each endpoint, 150,000 bytes); OpenID Connect Discovery 1.0 section 4.
 * INVARIANT: one fetch at a time; keys older than `maxAgeMs` count for nothing; a key that is not known causes one fetch
 * in each cool-down at most, a failure one in each back-off.
 */
import type { Clock } from "../../core/index.ts";
import {
  type Fetch,
  type JsonObject,
  type KeySet,
  createProviderFetch,
  importKeySet,
  parseStrictJsonObject,
} from "../../identity/index.ts";

export interface IssuerKeysOptions {
  /** Exact issuer string. */
  readonly issuer: string;
  readonly clock: Clock;
  readonly fetch?: Fetch | undefined;
  readonly maxAgeMs: number;
  /** Discovery must name the issuer that it was asked of. */
  readonly checksIssuer: boolean;
  /** For each of the two answers. @default 1500 */
  readonly timeoutMs?: number | undefined;
}

export type KeysProblem = "discovery" | "jwks";
export type KeysOutcome =
  | { readonly ok: true; readonly keys: KeySet }
  | { readonly ok: false; readonly problem: KeysProblem };

/** SOURCE: API Gateway quotas for HTTP APIs. */
const TIMEOUT_MS = 1500;
const MAX_BYTES = 150_000;
/** Between two fetches for keys that nobody knows. */
const COOLDOWN_MS = 30_000;
/** After a failure, the same answer without a fetch. */
const BACKOFF_MS = 1000;

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #fetch: Fetch;
  #keys: KeySet | null = null;
  #fetchedAtMs = 0;
  #failure: { readonly problem: KeysProblem; readonly atMs: number } | null = null;
  #askedForUnknownAtMs: number | null = null;
  #flight: Promise<KeysOutcome> | null = null;
  #generation = 0;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#fetch = issuerFetch(options.issuer, options);
  }

  /** Keys from memory; null when there are none that may be used. */
  current(): KeySet | null {
    const isFresh = this.#options.clock.monotonicMs() - this.#fetchedAtMs <= this.#options.maxAgeMs;
    return isFresh ? this.#keys : null;
  }

  /** Changes whenever a verified signature could have become worthless; -1 while there are no keys. */
  generation(): number {
    return this.current() === null ? -1 : this.#generation;
  }

  /** Where `current` gives none. */
  load(): Promise<KeysOutcome> | KeysOutcome {
    const failure = this.#failure;
    if (this.#flight === null && failure !== null && this.#now() - failure.atMs < BACKOFF_MS)
      return { ok: false, problem: failure.problem };
    return this.#refresh();
  }

  /** Where `current` has no such key: fetches again, unless that was done a moment ago. Null: nothing new. */
  reload(): Promise<KeysOutcome> | null {
    if (this.#flight === null) {
      const nowMs = this.#now();
      if (this.#askedForUnknownAtMs !== null && nowMs - this.#askedForUnknownAtMs < COOLDOWN_MS) return null;
      this.#askedForUnknownAtMs = nowMs;
    }
    return this.#refresh();
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #refresh(): Promise<KeysOutcome> {
    this.#flight ??= this.#load().finally(() => {
      this.#flight = null;
    });
    return this.#flight;
  }

  async #load(): Promise<KeysOutcome> {
    const { issuer, checksIssuer } = this.#options;
    const discovery = await fetchDiscovery(this.#fetch, issuer, checksIssuer);
    if ("problem" in discovery) return this.#fail("discovery");
    const document = await fetchObject(this.#fetch, discovery.jwksUri);
    const keys = typeof document === "string" ? null : importKeySet(document);
    if (keys === null) return this.#fail("jwks");
    if (keys.fingerprint !== this.#keys?.fingerprint) this.#generation++;
    this.#keys = keys;
    this.#fetchedAtMs = this.#now();
    this.#failure = null;
    return { ok: true, keys };
  }

  #fail(problem: KeysProblem): KeysOutcome {
    this.#failure = { problem, atMs: this.#now() };
    return { ok: false, problem };
  }
}

/** A fetch within the limits that AWS has for issuers. Plain http to an issuer on this machine only. */
export function issuerFetch(issuer: string, options: Pick<IssuerKeysOptions, "fetch" | "timeoutMs"> = {}): Fetch {
  return createProviderFetch({
    issuer,
    allowHttpLoopback: true,
    fetch: options.fetch,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
}

export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** Never rejects. */
export async function fetchDiscovery(
  fetch: Fetch,
  issuer: string,
  checksIssuer: boolean,
): Promise<{ readonly jwksUri: string } | { readonly problem: string }> {
  const document = await fetchObject(fetch, discoveryUrl(issuer));
  if (typeof document === "string") return { problem: document };
  if (checksIssuer && document["issuer"] !== issuer) return { problem: "it is the document of another issuer" };
  const jwksUri = document["jwks_uri"];
  return typeof jwksUri === "string" && URL.canParse(jwksUri) ? { jwksUri } : { problem: "it names no `jwks_uri`" };
}

/** The object, or why there is none. */
async function fetchObject(fetch: Fetch, url: string): Promise<JsonObject | string> {
  try {
    const response = await fetch(url, { headers: { accept: "application/json" } });
    if (response.status !== 200) return `it answered status ${response.status}`;
    return parseStrictJsonObject(new Uint8Array(await response.arrayBuffer())) ?? "it did not answer a JSON object";
  } catch (error) {
    return error instanceof Error ? error.message : "the call failed";
  }
}
