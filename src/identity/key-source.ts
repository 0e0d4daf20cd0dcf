/**
 * The provider's keys, kept fresh without a request having to wait for them.
 *
 * In: the issuer's discovery document and JWKS. Out: a key by `kid` and algorithm, synchronously, from memory.
 * INVARIANT: one fetch at a time; an unknown `kid` causes at most one fetch in each cool-down; without a fresh or
 * tolerably stale set there is no key at all, never a default one.
 * Not here: what a token must say (token-verifier.ts), which keys are usable (key-set.ts).
 * Source: OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.3.
 */
import type { KeyObject } from "node:crypto";
import { type Clock, GatehouseError, isGatehouseError } from "../core/index.ts";
import { type KeySet, createKeySet, importKeySet } from "./key-set.ts";
import { type Fetch, createProviderFetch } from "./provider-fetch.ts";
import { type JsonObject, parseStrictJsonObject } from "./strict-json.ts";

export interface KeySourceOptions {
  /** Exact issuer string. */
  readonly issuer: string;
  readonly clock: Clock;
  readonly fetch?: Fetch | undefined;
  /** Plain http for an issuer on this machine. */
  readonly allowHttpLoopback: boolean;
  /** Least time between two fetches caused by an unknown `kid`. @default 30000 */
  readonly cooldownMs?: number | undefined;
  /** Age at which keys are fetched again. @default 600000 */
  readonly cacheMs?: number | undefined;
  /** How long keys may be used beyond `cacheMs` while the provider does not answer. @default 14400000 (4 hours) */
  readonly staleMs?: number | undefined;
  /** For each of the two answers. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Runs a task later and gives back how to call it off. @default setTimeout that keeps no process alive */
  readonly schedule?: ((task: () => void, delayMs: number) => () => void) | undefined;
}

export interface KeySource {
  /** First fetch. When it fails the source goes on trying by itself. @throws GH_IDENTITY_* */
  load(): Promise<void>;
  /** The key for a token that names this `kid` (null: names none) and algorithm. No I/O. */
  find(kid: string | null, algorithm: string): KeyObject | null;
  /** Whether any key has this `kid`, for whichever algorithm. */
  has(kid: string | null): boolean;
  /** Changes whenever a verified signature could have become worthless; -1 while no keys may be used. */
  generation(): number;
  /** Fetches once for all who ask at the same time, unless the cool-down forbids. Never throws. */
  refreshFor(kid: string | null): Promise<"found" | "unknown" | "unavailable">;
  state(): KeySourceState;
  close(): void;
}

export interface KeySourceState {
  readonly issuer: string;
  readonly usable: boolean;
  /** Age of the set in use, null when there has never been one. */
  readonly ageMs: number | null;
  readonly keys: readonly { readonly kid: string | null; readonly algorithms: readonly string[] }[];
  readonly ignored: readonly { readonly kid: string | null; readonly reason: string }[];
  /** Why the latest fetch failed, null when it did not. */
  readonly lastError: string | null;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

export function createKeySource(options: KeySourceOptions): KeySource {
  const { issuer, clock } = options;
  const cooldownMs = options.cooldownMs ?? 30_000;
  const cacheMs = options.cacheMs ?? 600_000;
  const staleMs = options.staleMs ?? 4 * 3_600_000;
  const schedule = options.schedule ?? scheduleUnreferenced;
  const fetch = createProviderFetch(options);

  let keySet: KeySet = createKeySet([], []);
  let generation = 0;
  let fetchedAtMs: number | null = null;
  let failure: GatehouseError | null = null;
  let retryMs = FIRST_RETRY_MS;
  let retryAtMs = 0;
  let lastUnknownAtMs: number | null = null;
  let flight: Promise<void> | null = null;
  let cancelNext: (() => void) | null = null;
  let closed = false;

  function isUsable(): boolean {
    return fetchedAtMs !== null && clock.monotonicMs() - fetchedAtMs <= cacheMs + staleMs;
  }

  /** Joins the fetch under way or starts one. Never rejects: the outcome is in `failure`. */
  function refresh(): Promise<void> {
    flight ??= fetchKeySet(fetch, issuer)
      .then(accept, refuse)
      .finally(() => {
        flight = null;
      });
    return flight;
  }

  function accept(fetched: KeySet): void {
    if (fetched.fingerprint !== keySet.fingerprint) generation++;
    keySet = fetched;
    fetchedAtMs = clock.monotonicMs();
    failure = null;
    retryMs = FIRST_RETRY_MS;
    planNext(cacheMs);
  }

  function refuse(cause: unknown): void {
    failure = isGatehouseError(cause)
      ? cause
      : new GatehouseError("GH_IDENTITY_PROVIDER_UNREACHABLE", { url: issuer, reason: "the call failed" }, { cause });
    retryAtMs = clock.monotonicMs() + retryMs;
    planNext(retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  function planNext(delayMs: number): void {
    cancelNext?.();
    if (!closed) cancelNext = schedule(() => void refresh(), delayMs);
  }

  function has(kid: string | null): boolean {
    return isUsable() && keySet.has(kid);
  }

  return {
    async load() {
      await refresh();
      if (failure !== null) throw failure;
    },
    find: (kid, algorithm) => (isUsable() ? keySet.find(kid, algorithm) : null),
    has,
    generation: () => (isUsable() ? generation : -1),
    async refreshFor(kid) {
      if (has(kid)) return "found";
      if (flight === null) {
        const nowMs = clock.monotonicMs();
        if (closed || (failure !== null && nowMs < retryAtMs)) return "unavailable";
        // While keys are unusable the back-off above is the brake; the cool-down is for keys that are merely unknown.
        if (isUsable() && lastUnknownAtMs !== null && nowMs - lastUnknownAtMs < cooldownMs)
          return failure === null ? "unknown" : "unavailable";
        lastUnknownAtMs = nowMs;
      }
      await refresh();
      if (has(kid)) return "found";
      return failure === null && isUsable() ? "unknown" : "unavailable";
    },
    state: () => ({
      issuer,
      usable: isUsable(),
      ageMs: fetchedAtMs === null ? null : clock.monotonicMs() - fetchedAtMs,
      keys: keySet.keys.map(({ kid, algorithms }) => ({ kid, algorithms })),
      ignored: keySet.ignored,
      lastError: failure === null ? null : failure.message,
    }),
    close() {
      closed = true;
      cancelNext?.();
    },
  };
}

function scheduleUnreferenced(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

async function fetchKeySet(fetch: Fetch, issuer: string): Promise<KeySet> {
  const discoveryUrl = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const discovery = await fetchJsonObject(fetch, discoveryUrl);
  const found = discovery["issuer"];
  if (found !== issuer) {
    const shown = typeof found === "string" ? found.slice(0, 200) : "(no issuer)";
    throw new GatehouseError("GH_IDENTITY_ISSUER_MISMATCH", { expected: issuer, found: shown });
  }
  const jwksUri = discovery["jwks_uri"];
  if (typeof jwksUri !== "string" || !URL.canParse(jwksUri))
    throw new GatehouseError("GH_IDENTITY_NO_USABLE_KEY", { url: discoveryUrl, reason: "`jwks_uri` is not a URL" });
  const keySet = importKeySet(await fetchJsonObject(fetch, jwksUri));
  if (keySet === null) throw new GatehouseError("GH_IDENTITY_NO_USABLE_KEY", { url: jwksUri, reason: "not a JWKS" });
  if (keySet.keys.length === 0) {
    const reasons = [...new Set(keySet.ignored.map(({ reason }) => reason))].join(", ");
    const reason = reasons === "" ? "the set is empty" : reasons;
    throw new GatehouseError("GH_IDENTITY_NO_USABLE_KEY", { url: jwksUri, reason });
  }
  return keySet;
}

async function fetchJsonObject(fetch: Fetch, url: string): Promise<JsonObject> {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  const unreachable = (reason: string): GatehouseError =>
    new GatehouseError("GH_IDENTITY_PROVIDER_UNREACHABLE", { url, reason });
  if (response.status >= 300 && response.status < 400)
    throw unreachable("it redirects, and redirects are not followed");
  if (response.status !== 200) throw unreachable(`it answered status ${response.status}`);
  const document = parseStrictJsonObject(new Uint8Array(await response.arrayBuffer()));
  if (document === null) throw unreachable("it did not answer a JSON object");
  return document;
}
