/**
 * Renewing a session's right, once, however many requests wait for it.
 *
 * Parallel requests carry the same cookie and must not spend its refresh token twice: they share one call. Those that
 * come just after it, still with the old cookie, get the session that the call made.
 * INVARIANT: for one session and serial at most one call is under way, and none after one succeeded.
 * Source: RFC 6749 section 6, RFC 9700 section 4.14.2 (rotation and reuse detection).
 */
import * as client from "openid-client";
import type { Clock } from "../core/index.ts";
import { Secret, RecentMap } from "../core/index.ts";
import { type ProviderClient } from "./provider-client.ts";
import type { Session } from "./session-cookie.ts";
import { readRight } from "./session-rights.ts";
import type { TokenVerifier } from "./token-verifier.ts";

export interface SessionRefreshOptions {
  readonly provider: ProviderClient;
  readonly verifier: TokenVerifier;
  readonly idTokenVerifier: TokenVerifier;
  readonly clock: Clock;
  /** How long an old cookie still leads to the session that replaced it. @default 300000 */
  readonly graceMs?: number | undefined;
}

export type RefreshOutcome =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly reason: "session-expired" | "provider-unavailable" };

export interface SessionRefresh {
  /** Never throws. */
  refresh(session: Session): Promise<RefreshOutcome>;
  /** Whether a newer session has taken this one's place. No I/O. */
  isReplaced(session: Session): boolean;
}

/** After a call that the provider did not answer, the next for the same session waits this long. */
const PAUSE_MS = 1000;

export function createSessionRefresh(options: SessionRefreshOptions): SessionRefresh {
  const { provider, clock } = options;
  const graceMs = options.graceMs ?? 300_000;
  const flights = new Map<string, Promise<RefreshOutcome>>();
  const replaced = new RecentMap<{ readonly by: Session; readonly atMs: number }>(10_000);
  const failedAtMs = new RecentMap<number>(10_000);

  async function call(session: Session, key: string): Promise<RefreshOutcome> {
    const outcome = await requestRight(session, options);
    if (outcome.ok) replaced.set(key, { by: outcome.session, atMs: clock.monotonicMs() });
    else if (outcome.reason === "provider-unavailable") failedAtMs.set(key, clock.monotonicMs());
    return outcome;
  }

  /**
   * The session that a chain of refreshes has made of this one; null when the last cookie is too old for that. A refresh
   * token that is spent is never sent again: it would look like theft and end the newer session too.
   */
  function findNewest(session: Session): Session | null {
    let newest = session;
    for (let next = replaced.get(keyOf(session)); next !== undefined; next = replaced.get(keyOf(newest))) {
      if (clock.monotonicMs() - next.atMs > graceMs) return null;
      newest = next.by;
    }
    return newest;
  }

  return {
    isReplaced: (session) => replaced.get(keyOf(session)) !== undefined,
    async refresh(session) {
      const newest = findNewest(session);
      if (newest === null) return { ok: false, reason: "session-expired" };
      // What another request has renewed is good for this one too, for as long as its right lasts.
      if (newest !== session && newest.identity.expiresAtSeconds * 1000 > clock.nowMs())
        return { ok: true, session: newest };
      const key = keyOf(newest);
      const failed = failedAtMs.get(key);
      if (failed !== undefined && clock.monotonicMs() - failed < PAUSE_MS)
        return { ok: false, reason: "provider-unavailable" };
      let flight = flights.get(key);
      if (flight === undefined) {
        flight = call(newest, key).finally(() => flights.delete(key));
        flights.set(key, flight);
      }
      return flight;
    },
  };

  async function requestRight(
    current: Session,
    { verifier, idTokenVerifier }: SessionRefreshOptions,
  ): Promise<RefreshOutcome> {
    if (current.refreshToken === null) return { ok: false, reason: "session-expired" };
    let tokens: Awaited<ReturnType<typeof client.refreshTokenGrant>>;
    try {
      tokens = await client.refreshTokenGrant(await provider.configuration(), current.refreshToken.reveal());
    } catch (error) {
      const ended = error instanceof client.ResponseBodyError && error.error === "invalid_grant";
      return { ok: false, reason: ended ? "session-expired" : "provider-unavailable" };
    }
    const right = await readRight(
      { accessToken: tokens.access_token, idToken: tokens.id_token ?? null },
      verifier,
      idTokenVerifier,
    );
    if (!right.ok)
      return { ok: false, reason: right.reason === "keys-unavailable" ? "provider-unavailable" : "session-expired" };
    // A refresh renews a right; it never turns one person into another.
    if (right.identity.key !== current.identity.key) return { ok: false, reason: "session-expired" };
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    const name = right.identity.name ?? current.identity.name;
    return {
      ok: true,
      session: {
        ...current,
        identity: Object.freeze({ ...right.identity, name }),
        refreshToken: tokens.refresh_token === undefined ? current.refreshToken : new Secret(tokens.refresh_token),
        obtainedAtSeconds: nowSeconds,
        activeAtSeconds: nowSeconds,
        serial: current.serial + 1,
      },
    };
  }
}

/** Length first, so that no two sessions have one key. */
function keyOf({ id, serial }: Session): string {
  return `${id.length}:${id}:${serial}`;
}
