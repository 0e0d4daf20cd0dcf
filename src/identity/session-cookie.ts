/**
 * Sessions as browsers keep them: sealed, in one cookie, or in several where one would be longer than one may be.
 *
 * In: a `Cookie` header. Out: the session that one of our keys sealed. Nothing is kept here.
 * The first cookie says how many there are: `COUNT~PART`; the others are named `.1`, `.2`.
 * INVARIANT: opening is remembered by the digest of the sealed text, so that a hot session costs one digest.
 */
import { hash } from "node:crypto";
import { RecentMap } from "../core/index.ts";
import { COOKIE_PREFIX, formatRemoveCookie, formatSetCookie, readOurCookies } from "./cookies.ts";
import type { SessionKeeper } from "./session-keeper.ts";
import type { Session, SessionCodec } from "./session.ts";

export const SESSION_COOKIE = COOKIE_PREFIX;
/** Name, attributes and value of one cookie together stay under the 4096 bytes that browsers accept. */
const MAX_PART_CHARS = 3800;
/** More would not fit into the request headers that the roads behind accept. */
const MAX_PARTS = 3;
const CACHE_ENTRIES = 50_000;

export function createCookieSessions(codec: SessionCodec): SessionKeeper {
  const opened = new RecentMap<Session>(CACHE_ENTRIES);
  function write(session: Session): string[] | null {
    const sealed = codec.seal(session);
    const count = Math.ceil(sealed.length / MAX_PART_CHARS);
    if (count > MAX_PARTS) return null;
    const parts = Array.from({ length: count }, (_, i) => sealed.slice(i * MAX_PART_CHARS, (i + 1) * MAX_PART_CHARS));
    return parts.map((part, i) => formatSetCookie(partName(i), i === 0 ? `${count}~${part}` : part));
  }
  function read(cookieHeader: string | undefined): Session | "invalid" | null {
    const ours = readOurCookies(cookieHeader);
    if (!ours.has(SESSION_COOKIE)) return null;
    const sealed = joinParts(ours);
    if (sealed === null) return "invalid";
    const digest = hash("sha256", sealed, "binary");
    const known = opened.get(digest);
    if (known !== undefined) return known;
    const session = codec.open(sealed, null);
    if (session === null) return "invalid";
    opened.set(digest, session);
    return session;
  }
  return {
    read,
    load: async (cookieHeader) => read(cookieHeader),
    keep: async (session) => write(session),
    cookiesFor: write,
    touch: (session) => write(session) ?? [],
    remove: removeSessionCookies,
    drop: async () => {},
    async discard(cookieHeader) {
      const session = read(cookieHeader);
      return session === "invalid" ? null : session;
    },
  };
}

/** `Set-Cookie` values that remove whatever session cookies the browser sent, and the first one in any case. */
export function removeSessionCookies(cookieHeader: string | undefined): string[] {
  const sent = [...readOurCookies(cookieHeader).keys()];
  const parts = Array.from({ length: MAX_PARTS }, (_, i) => partName(i));
  return parts.filter((name, i) => i === 0 || sent.includes(name)).map(formatRemoveCookie);
}

/** What a browser sends back of `Set-Cookie` values. */
export function asCookieHeader(setCookie: readonly string[] | null): string | null {
  return setCookie === null ? null : setCookie.map((each) => each.slice(0, each.indexOf(";"))).join("; ");
}

function partName(index: number): string {
  return index === 0 ? SESSION_COOKIE : `${SESSION_COOKIE}.${index}`;
}

/** Null when a part is missing or came twice. */
function joinParts(cookies: ReadonlyMap<string, string | null>): string | null {
  const match = /^([1-3])~(.*)$/s.exec(cookies.get(SESSION_COOKIE) ?? "");
  if (match === null) return null;
  let sealed = match[2] ?? "";
  for (let i = 1; i < Number(match[1]); i++) {
    const part = cookies.get(partName(i));
    if (typeof part !== "string") return null;
    sealed += part;
  }
  return sealed;
}
