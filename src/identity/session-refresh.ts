/**
 * Renewing a session's right, once, however many requests wait for it, and in however many processes.
 *
 * Parallel requests carry the same cookie and must not spend its refresh token twice: they share one call. Those that
 * come just after it, still with the old cookie, get the session that the call made. Where processes share a store, one of
 * them holds a lease for as long as its call takes, and leaves what it got for the others.
 * INVARIANT: for one session and serial at most one call is under way, and none after one succeeded.
 * Source: RFC 6749 section 6, RFC 9700 section 4.14.2 (rotation and reuse detection).
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as client from "openid-client";
import { type Clock, Secret, RecentMap, isGatehouseError } from "../core/index.ts";
import type { Store } from "../store/index.ts";
import { type ProviderClient } from "./provider-client.ts";
import { readRight } from "./session-rights.ts";
import type { Session, SessionCodec } from "./session.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface SessionRefreshOptions {
  readonly provider: ProviderClient;
  readonly verifier: TokenVerifier;
  readonly idTokenVerifier: TokenVerifier;
  readonly codec: SessionCodec;
  readonly clock: Clock;
  /** Of all processes that have these sessions. @default none, and this process is alone */
  readonly store?: Store | undefined;
  /** How long an old cookie still leads to the session that replaced it. @default 300000 */
  readonly graceMs?: number | undefined;
}

export type RefreshOutcome =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly reason: RefreshFailure };

/** `session-expired` ends the session; the others say that it could not be asked for now. */
export type RefreshFailure = "session-expired" | "provider-unavailable" | "store-unavailable";

export interface SessionRefresh {
  /** Never throws. @param graceMs how long the old session leads to the new one, in place of what is usual */
  refresh(session: Session, graceMs?: number): Promise<RefreshOutcome>;
  /** Whether a newer session has taken this one's place, as far as this process knows. No I/O. */
  isReplaced(session: Session): boolean;
}

/** After a call that the provider did not answer, the next for the same session waits this long. */
const PAUSE_MS = 1000;
/** A lease is prolonged for as long as its holder lives; after this the next one may try. */
const LEASE_MS = 5000;
const POLL_MS = 50;
/** For another process's call: longer than a provider may take to answer twice, discovery and token. */
const MAX_POLLS = 25_000 / POLL_MS;
const ENDED = "ended";
const EXPIRED = { ok: false, reason: "session-expired" } as const;
const UNAVAILABLE = { ok: false, reason: "provider-unavailable" } as const;

export function createSessionRefresh(options: SessionRefreshOptions): SessionRefresh {
  const { clock, codec, store } = options;
  const graceMs = options.graceMs ?? 300_000;
  const flights = new Map<string, Promise<RefreshOutcome>>();
  const replaced = new RecentMap<{ readonly by: Session; readonly untilMs: number }>(10_000);
  const failedAtMs = new RecentMap<number>(10_000);

  async function call(session: Session, key: string, lastsMs: number): Promise<RefreshOutcome> {
    const outcome =
      store === undefined ? await requestRight(session, options) : await askAlone(store, session, key, lastsMs);
    if (outcome.ok) replaced.set(key, { by: outcome.session, untilMs: clock.monotonicMs() + lastsMs });
    else if (outcome.reason !== "session-expired") failedAtMs.set(key, clock.monotonicMs());
    return outcome;
  }

  /** What another process got, or the provider's answer to this one. */
  async function askAlone(shared: Store, session: Session, key: string, lastsMs: number): Promise<RefreshOutcome> {
    const lease = `refreshing:${key}`;
    const owner = randomUUID();
    try {
      for (let polls = 0; !(await shared.add(lease, owner, LEASE_MS)); polls++) {
        if (polls === MAX_POLLS) return UNAVAILABLE;
        await sleep(POLL_MS);
      }
    } catch (cause) {
      return storeAway(cause);
    }
    const holding = setInterval(() => {
      shared.renew(lease, owner, LEASE_MS).catch(() => false);
    }, LEASE_MS / 4);
    try {
      const found = await shared.get(`refreshed:${key}`);
      if (found !== null) return readOutcome(found, session);
      const outcome = await requestRight(session, options);
      // Before the lease is given back, so that nobody can ask in between.
      if (outcome.ok) await leave(shared, key, codec.seal(outcome.session), lastsMs);
      else if (outcome.reason === "session-expired") await leave(shared, key, ENDED, lastsMs);
      return outcome;
    } catch (cause) {
      return storeAway(cause);
    } finally {
      clearInterval(holding);
      await shared.remove(lease, owner).catch(() => undefined);
    }
  }

  function readOutcome(found: string, session: Session): RefreshOutcome {
    const newer = found === ENDED ? null : codec.open(found, session.handle);
    return newer === null || newer.id !== session.id ? EXPIRED : { ok: true, session: newer };
  }

  /** The call has been made and cannot be made again: this process goes on with what it got, store or no store. */
  async function leave(shared: Store, key: string, text: string, lastsMs: number): Promise<void> {
    await shared.set(`refreshed:${key}`, text, lastsMs).catch(() => undefined);
  }

  /**
   * The session that a chain of refreshes has made of this one; null when the last cookie is too old for that. A refresh
   * token that is spent is never sent again: it would look like theft and end the newer session too.
   */
  function findNewest(session: Session): Session | null {
    let newest = session;
    for (let next = replaced.get(keyOf(session)); next !== undefined; next = replaced.get(keyOf(newest))) {
      if (clock.monotonicMs() > next.untilMs) return null;
      newest = next.by;
    }
    return newest;
  }

  async function refresh(session: Session, lastsMs: number = graceMs): Promise<RefreshOutcome> {
    const newest = findNewest(session);
    if (newest === null) return EXPIRED;
    // What another request has renewed is good for this one too, for as long as its right lasts.
    if (newest !== session && newest.identity.expiresAtSeconds * 1000 > clock.nowMs())
      return { ok: true, session: newest };
    const key = keyOf(newest);
    const failed = failedAtMs.get(key);
    if (failed !== undefined && clock.monotonicMs() - failed < PAUSE_MS) return UNAVAILABLE;
    let flight = flights.get(key);
    if (flight === undefined) {
      flight = call(newest, key, lastsMs).finally(() => flights.delete(key));
      flights.set(key, flight);
    }
    const outcome = await flight;
    // What another process has left may have aged in the meantime; then it is that session's turn.
    const isOld = outcome.ok && outcome.session.identity.expiresAtSeconds * 1000 <= clock.nowMs();
    return isOld ? refresh(session, lastsMs) : outcome;
  }

  return { isReplaced: (session) => replaced.get(keyOf(session)) !== undefined, refresh };
}

function storeAway(cause: unknown): RefreshOutcome {
  if (!isGatehouseError(cause)) throw cause;
  return { ok: false, reason: "store-unavailable" };
}

async function requestRight(
  current: Session,
  { provider, verifier, idTokenVerifier, clock }: SessionRefreshOptions,
): Promise<RefreshOutcome> {
  if (current.refreshToken === null) return EXPIRED;
  let tokens: Awaited<ReturnType<typeof client.refreshTokenGrant>>;
  try {
    tokens = await client.refreshTokenGrant(await provider.configuration(), current.refreshToken.reveal());
  } catch (error) {
    return error instanceof client.ResponseBodyError && error.error === "invalid_grant" ? EXPIRED : UNAVAILABLE;
  }
  const right = await readRight(
    { accessToken: tokens.access_token, idToken: tokens.id_token ?? null },
    verifier,
    idTokenVerifier,
  );
  if (!right.ok) return right.reason === "keys-unavailable" ? UNAVAILABLE : EXPIRED;
  // A refresh renews a right; it never turns one person into another.
  if (right.identity.key !== current.identity.key) return EXPIRED;
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  const name = right.identity.name ?? current.identity.name;
  // Nobody signed in anew.
  const authTimeSeconds = right.identity.authTimeSeconds ?? current.identity.authTimeSeconds;
  return {
    ok: true,
    session: {
      ...current,
      identity: Object.freeze({ ...right.identity, name, authTimeSeconds }),
      refreshToken: tokens.refresh_token === undefined ? current.refreshToken : new Secret(tokens.refresh_token),
      providerSession: right.providerSession ?? current.providerSession,
      obtainedAtSeconds: nowSeconds,
      activeAtSeconds: nowSeconds,
      serial: current.serial + 1,
    },
  };
}

/** Length first, so that no two sessions have one key. */
function keyOf({ id, serial }: Session): string {
  return `${id.length}:${id}:${serial}`;
}
