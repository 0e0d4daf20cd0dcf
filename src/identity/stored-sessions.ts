/**
 * Sessions in a store: the browser has a handle of 256 random bits, the store the sealed session under its digest.
 *
 * In: a `Cookie` header, a store. Out: the session that the handle leads to. A session is remembered for a moment, so that
 * a hot one asks the store every other second and not with every request.
 * INVARIANT: who has read the store has neither a handle nor a session; an entry that stands under another one's digest
 * leads nowhere; use never writes a session, so it cannot put an older one in place of a renewed one; what others changed is seen within `FRESH_MS`, and nothing older than `STALE_MS` counts when the store is
 * away.
 * Source: OWASP Session Management (identifiers), RFC 6265bis 4.1.3.
 */
import { randomBytes } from "node:crypto";
import { type Clock, RecentMap, Secret } from "../core/index.ts";
import type { Store } from "../store/index.ts";
import { formatSetCookie, readOurCookies } from "./cookies.ts";
import { SESSION_COOKIE, removeSessionCookies } from "./session-cookie.ts";
import type { SessionKeeper } from "./session-keeper.ts";
import { type Session, type SessionCodec, digestOf } from "./session.ts";

export interface StoredSessionsOptions {
  readonly store: Store;
  readonly codec: SessionCodec;
  readonly clock: Clock;
  /** Milliseconds since the epoch: the session is good no longer, whatever is done with it. */
  readonly endsAtMs: (session: Session) => number;
}

const PREFIX = "session:";
/** When it was used last, beside the session. */
const USED = "session-used:";
const HANDLE = /^h~([A-Za-z0-9_-]{43})$/;
const HANDLE_BYTES = 32;
const FRESH_MS = 2000;
const STALE_MS = 5000;
const CACHE_ENTRIES = 50_000;
const MAX_OWED = 10_000;
const PAY_MS = 500;

interface Known {
  /** Null: the store has none. */
  readonly session: Session | null;
  readonly readAtMs: number;
}

/** A new handle; the session that has it belongs to the browser that is given it. */
export function newHandle(): Secret<string> {
  return new Secret(randomBytes(HANDLE_BYTES).toString("base64url"));
}

export function createStoredSessions(options: StoredSessionsOptions): SessionKeeper {
  const { store, codec, clock } = options;
  const known = new RecentMap<Known>(CACHE_ENTRIES);
  /** Entries that are to be removed. */
  const owed = new Set<string>();
  let paying: NodeJS.Timeout | null = null;
  const flights = new Map<string, Promise<Session | null>>();

  function handleIn(cookieHeader: string | undefined): Secret<string> | "invalid" | null {
    const value = readOurCookies(cookieHeader).get(SESSION_COOKIE);
    if (value === undefined) return null;
    const handle = HANDLE.exec(value ?? "")?.[1];
    return handle === undefined ? "invalid" : new Secret(handle);
  }

  /** @throws GH_STORE_UNAVAILABLE */
  async function fetchSession(digest: string, handle: Secret<string>): Promise<Session | null> {
    try {
      const [sealed, used] = await Promise.all([store.get(PREFIX + digest), store.get(USED + digest)]);
      const session = sealed === null ? null : codec.open(sealed, handle);
      return remember(digest, session === null || used === null ? session : usedAt(session, Number(used)));
    } catch (cause) {
      const before = known.get(digest);
      if (before !== undefined && clock.monotonicMs() - before.readAtMs < STALE_MS) return before.session;
      throw cause;
    }
  }

  function remember(digest: string, session: Session | null): Session | null {
    known.set(digest, { session, readAtMs: clock.monotonicMs() });
    return session;
  }

  async function dropEntry(digest: string): Promise<void> {
    remember(digest, null);
    if (owed.size < MAX_OWED) owed.add(digest);
    await payOwed();
  }

  /** What the store did not take is told to it again until it does. */
  async function payOwed(): Promise<void> {
    try {
      for (const digest of owed) {
        await Promise.all([store.remove(PREFIX + digest), store.remove(USED + digest)]);
        owed.delete(digest);
      }
    } catch {
      paying ??= setTimeout(() => {
        paying = null;
        void payOwed();
      }, PAY_MS).unref();
    }
  }

  async function put(session: Session, handle: Secret<string>): Promise<void> {
    const digest = digestOf(handle);
    const lastsMs = options.endsAtMs(session) - clock.nowMs();
    if (lastsMs <= 0) return;
    await store.set(PREFIX + digest, codec.seal(session), lastsMs);
    remember(digest, session);
  }

  return {
    read(cookieHeader) {
      const handle = handleIn(cookieHeader);
      if (handle === null || handle === "invalid") return handle;
      const found = known.get(digestOf(handle));
      if (found === undefined || clock.monotonicMs() - found.readAtMs >= FRESH_MS) return "unread";
      return found.session ?? "gone";
    },
    async load(cookieHeader) {
      const handle = handleIn(cookieHeader);
      if (handle === null || handle === "invalid") return handle;
      const digest = digestOf(handle);
      let flight = flights.get(digest);
      if (flight === undefined) {
        flight = fetchSession(digest, handle).finally(() => flights.delete(digest));
        flights.set(digest, flight);
      }
      return (await flight) ?? "gone";
    },
    async keep(session) {
      const { handle } = session;
      if (handle === null) return null;
      await put(session, handle);
      return [cookieFor(handle)];
    },
    cookiesFor: ({ handle }) => (handle === null ? null : [cookieFor(handle)]),
    touch(session) {
      if (session.handle === null) return [];
      const digest = digestOf(session.handle);
      const here = known.get(digest);
      // As fresh as it was: another process may have changed it since.
      if (here !== undefined && here.session !== null)
        known.set(digest, { ...here, session: usedAt(here.session, session.activeAtSeconds) });
      const lastsMs = options.endsAtMs(session) - clock.nowMs();
      if (lastsMs > 0) store.set(USED + digest, String(session.activeAtSeconds), lastsMs).catch(() => undefined);
      return [];
    },
    remove: removeSessionCookies,
    async drop({ handle }) {
      if (handle !== null) await dropEntry(digestOf(handle));
    },
    async discard(cookieHeader) {
      const handle = handleIn(cookieHeader);
      if (handle === null || handle === "invalid") return null;
      const digest = digestOf(handle);
      const session = await fetchSession(digest, handle).catch(() => known.get(digest)?.session ?? null);
      await dropEntry(digest);
      return session;
    },
  };
}

function usedAt(session: Session, seconds: number): Session {
  return seconds > session.activeAtSeconds ? { ...session, activeAtSeconds: seconds } : session;
}

function cookieFor(handle: Secret<string>): string {
  return formatSetCookie(SESSION_COOKIE, `h~${handle.reveal()}`);
}
