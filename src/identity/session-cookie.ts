/**
 * A session as the browser keeps it: sealed, in one cookie, or in several where it is longer than one may be.
 *
 * In: a `Cookie` header. Out: the session that one of our keys sealed. Not here: whether it is still good (sessions.ts).
 * The first cookie says how many there are: `COUNT~PART`; the others are named `.1`, `.2`.
 * A session that was sealed without a claim that the policy asks for now, as by another policy or an earlier version, has a
 * right that says too little: it is read as one that has ended, so that it is renewed before anybody relies on it.
 * INVARIANT: opening is remembered by the digest of the sealed text, so that a hot session costs one digest.
 */
import { hash } from "node:crypto";
import { Secret, RecentMap } from "../core/index.ts";
import { readActor } from "./actor.ts";
import { COOKIE_PREFIX, formatRemoveCookie, formatSetCookie, readOurCookies } from "./cookies.ts";
import type { Identity } from "./identity.ts";
import type { Sealer } from "./sealed-text.ts";
import { isJsonObject } from "./strict-json.ts";

/** What is known of a signed-in person. Times in seconds since the epoch. */
export interface Session {
  /** 128 random bits; stays the same through refreshes. */
  readonly id: string;
  readonly identity: Identity;
  readonly refreshToken: Secret<string> | null;
  /** When the right that `identity.expiresAtSeconds` ends was given. */
  readonly obtainedAtSeconds: number;
  /** The absolute limit counts from here. */
  readonly startedAtSeconds: number;
  /** The idle limit counts from here. */
  readonly activeAtSeconds: number;
  /** How many times the session was refreshed. */
  readonly serial: number;
}

export const SESSION_COOKIE = COOKIE_PREFIX;
/** Name, attributes and value of one cookie together stay under the 4096 bytes that browsers accept. */
const MAX_PART_CHARS = 3800;
/** More would not fit into the request headers that the roads behind accept. */
const MAX_PARTS = 3;
const CACHE_ENTRIES = 50_000;
const NO_CLAIMS: Identity["claims"] = Object.freeze({});
/** Sets of groups that many people have alike, so that they are held once. */
const MAX_SHARED = 1024;

export interface SessionCookies {
  /** Null when there is no cookie of ours; "invalid" when there is one that is not a session of ours. */
  read(cookieHeader: string | undefined): Session | "invalid" | null;
  /** `Set-Cookie` values, or null when the session is too large to be kept in cookies. */
  write(session: Session): string[] | null;
  /** `Set-Cookie` values that remove whatever session cookies the browser sent, and the first one in any case. */
  remove(cookieHeader: string | undefined): string[];
}

/** @param usedClaims paths of the claims that the policy asks for */
export function createSessionCookies(sealer: Sealer, usedClaims: readonly string[]): SessionCookies {
  const opened = new RecentMap<Session>(CACHE_ENTRIES);
  const shared = new RecentMap<readonly string[]>(MAX_SHARED);
  /** The list that was seen first of those with the same texts. */
  const share = (texts: readonly string[]): readonly string[] => {
    const key = JSON.stringify(texts);
    const known = shared.get(key);
    if (known === undefined) shared.set(key, texts);
    return known ?? texts;
  };
  return {
    read(cookieHeader) {
      const ours = readOurCookies(cookieHeader);
      if (!ours.has(SESSION_COOKIE)) return null;
      const sealed = joinParts(ours);
      if (sealed === null) return "invalid";
      const digest = hash("sha256", sealed, "binary");
      const known = opened.get(digest);
      if (known !== undefined) return known;
      const session = decodeSession(sealer.open(sealed), usedClaims, share);
      if (session === null) return "invalid";
      opened.set(digest, session);
      return session;
    },
    write(session) {
      const sealed = sealer.seal(encodeSession(session, usedClaims));
      const count = Math.ceil(sealed.length / MAX_PART_CHARS);
      if (count > MAX_PARTS) return null;
      const parts = Array.from({ length: count }, (_, i) => sealed.slice(i * MAX_PART_CHARS, (i + 1) * MAX_PART_CHARS));
      return parts.map((part, i) => formatSetCookie(partName(i), i === 0 ? `${count}~${part}` : part));
    },
    remove(cookieHeader) {
      const sent = [...readOurCookies(cookieHeader).keys()];
      const parts = Array.from({ length: MAX_PARTS }, (_, i) => partName(i));
      return parts.filter((name, i) => i === 0 || sent.includes(name)).map(formatRemoveCookie);
    },
  };
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

/** Short names: every byte travels with every request. */
function encodeSession(session: Session, usedClaims: readonly string[]): unknown {
  const { identity } = session;
  return {
    i: session.id,
    s: identity.subject,
    o: identity.issuer,
    k: identity.kind,
    c: identity.clientId,
    n: identity.name,
    g: identity.groups,
    // A claim that was looked for and is absent is null: another than one that nobody has looked for.
    m: Object.fromEntries(usedClaims.map((path) => [path, valuesOf(identity, path)])),
    ...(identity.act === undefined ? {} : { x: identity.act }),
    u: identity.issuedAtSeconds,
    e: identity.expiresAtSeconds,
    r: session.refreshToken?.reveal() ?? null,
    b: session.obtainedAtSeconds,
    t: session.startedAtSeconds,
    a: session.activeAtSeconds,
    v: session.serial,
  };
}

function valuesOf({ claims }: Identity, path: string): readonly string[] | null {
  return Object.hasOwn(claims, path) ? (claims[path] ?? null) : null;
}

/** The sealed value is ours; its shape is checked since another version of us may have sealed it. */
function decodeSession(
  value: unknown,
  usedClaims: readonly string[],
  share: (texts: readonly string[]) => readonly string[],
): Session | null {
  if (!isJsonObject(value)) return null;
  // Versions before claims were kept wrote neither `m` nor `u`.
  const { i, s, o, k, c, n, g, m = {}, u = null, e, r, b, t, a, v } = value as Record<string, unknown>;
  const texts = [i, s, o].every((text) => typeof text === "string");
  const optionalTexts = [c, n, r].every((text) => text === null || typeof text === "string");
  const numbers = [e, b, t, a, v].every((number) => typeof number === "number");
  const groups = isTexts(g);
  if (!texts || !optionalTexts || !numbers || !groups || (k !== "person" && k !== "machine")) return null;
  const act = readActor(value["x"]);
  if (act === null) return null;
  if (!isJsonObject(m) || (u !== null && typeof u !== "number")) return null;
  if (!Object.values(m).every((values) => values === null || isTexts(values))) return null;
  const saysEnough = Object.hasOwn(value, "u") && usedClaims.every((path) => Object.hasOwn(m, path));
  const kept = usedClaims.filter((path) => Object.hasOwn(m, path) && m[path] !== null);
  const [issuer = "", clientId = null] = share(Object.freeze(c === null ? [o as string] : [o as string, c as string]));
  const identity: Identity = Object.freeze({
    kind: k,
    issuer,
    // Only the provider of the environment signs people in.
    issuerName: null,
    subject: s as string,
    clientId,
    name: n as string | null,
    groups: share(Object.freeze(g)),
    claims:
      kept.length === 0
        ? NO_CLAIMS
        : Object.freeze(Object.fromEntries(kept.map((path) => [path, Object.freeze(m[path] as string[])]))),
    ...(act === undefined ? {} : { act }),
    issuedAtSeconds: u,
    expiresAtSeconds: saysEnough ? (e as number) : 0,
    via: "session",
    key: JSON.stringify([o, s]),
  });
  return {
    id: i as string,
    identity,
    refreshToken: r === null ? null : new Secret(r as string),
    obtainedAtSeconds: b as number,
    startedAtSeconds: t as number,
    activeAtSeconds: a as number,
    serial: v as number,
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
