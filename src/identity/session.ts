/**
 * A signed-in person, and the sealed text that a session is outside this process.
 *
 * In: sessions, sealed texts. Out: the other of the two. Not here: where the text is kept (session-cookie.ts,
 * stored-sessions.ts), whether the session is still good (sessions.ts).
 * A session that was sealed without a claim that the policy asks for now, as by another policy or an earlier version, has a
 * right that says too little: it is read as one that has ended, so that it is renewed before anybody relies on it.
 */
import { hash } from "node:crypto";
import { Secret, RecentMap } from "../core/index.ts";
import { readActor } from "./actor.ts";
import type { Identity } from "./identity.ts";
import type { Sealer } from "./sealed-text.ts";
import { isJsonObject } from "./strict-json.ts";

/** What is known of a signed-in person. Times in seconds since the epoch. */
export interface Session {
  /** 128 random bits, new with every sign-in; stays the same through refreshes. */
  readonly id: string;
  readonly identity: Identity;
  readonly refreshToken: Secret<string> | null;
  /** The provider's own session (`sid` of the ID token), where it has told one. */
  readonly providerSession: string | null;
  /** When the right that `identity.expiresAtSeconds` ends was given. */
  readonly obtainedAtSeconds: number;
  /** The absolute limit counts from here. */
  readonly startedAtSeconds: number;
  /** The idle limit counts from here. */
  readonly activeAtSeconds: number;
  /** How many times the session was refreshed. */
  readonly serial: number;
  /** What the browser holds instead of the session, where the session is in a store; null where the cookie is the session. */
  readonly handle: Secret<string> | null;
}

export interface SessionCodec {
  seal(session: Session): string;
  /** The session of a text that one of our keys sealed; its handle is not in the text. Null for any other text. */
  open(text: string, handle: Secret<string> | null): Session | null;
}

const NO_CLAIMS: Identity["claims"] = Object.freeze({});
/** Sets of groups that many people have alike, so that they are held once. */
const MAX_SHARED = 1024;

/**
 * @param usedClaims paths of the claims that the policy asks for
 * @param readings by name of an issuer other than the environment's provider: by what its people's sessions are read today.
 *   A session that was read otherwise is nobody's. The sealer's key stands for that of the provider.
 */
export function createSessionCodec(
  sealer: Sealer,
  usedClaims: readonly string[],
  readings: ReadonlyMap<string, string> = new Map(),
): SessionCodec {
  const shared = new RecentMap<readonly string[]>(MAX_SHARED);
  /** The list that was seen first of those with the same texts. */
  const share = (texts: readonly string[]): readonly string[] => {
    const key = JSON.stringify(texts);
    const known = shared.get(key);
    if (known === undefined) shared.set(key, texts);
    return known ?? texts;
  };
  return {
    seal: (session) => sealer.seal(encodeSession(session, usedClaims, readings)),
    open: (text, handle) => decodeSession(sealer.open(text), handle, usedClaims, readings, share),
  };
}

/** Short names: where the cookie is the session, every byte travels with every request. */
function encodeSession(
  session: Session,
  usedClaims: readonly string[],
  readings: ReadonlyMap<string, string>,
): unknown {
  const { identity } = session;
  const { issuerName } = identity;
  return {
    i: session.id,
    s: identity.subject,
    o: identity.issuer,
    ...(issuerName === null ? {} : { p: issuerName, q: readings.get(issuerName) ?? null }),
    k: identity.kind,
    c: identity.clientId,
    n: identity.name,
    g: identity.groups,
    // A claim that was looked for and is absent is null: another than one that nobody has looked for.
    m: Object.fromEntries(usedClaims.map((path) => [path, valuesOf(identity, path)])),
    u: identity.issuedAtSeconds,
    e: identity.expiresAtSeconds,
    ...(identity.authTimeSeconds === null ? {} : { h: identity.authTimeSeconds }),
    r: session.refreshToken?.reveal() ?? null,
    ...(session.providerSession === null ? {} : { d: session.providerSession }),
    b: session.obtainedAtSeconds,
    t: session.startedAtSeconds,
    a: session.activeAtSeconds,
    v: session.serial,
    ...(identity.act === undefined ? {} : { x: identity.act }),
    // A copy of the store's text is no session elsewhere: not in a cookie, not under another handle.
    ...(session.handle === null ? {} : { w: digestOf(session.handle) }),
  };
}

/** Under which a store has the session of a handle. */
export function digestOf(handle: Secret<string>): string {
  return hash("sha256", handle.reveal(), "base64url");
}

function valuesOf({ claims }: Identity, path: string): readonly string[] | null {
  return Object.hasOwn(claims, path) ? (claims[path] ?? null) : null;
}

/** The sealed value is ours; its shape is checked since another version of us may have sealed it. */
function decodeSession(
  value: unknown,
  handle: Secret<string> | null,
  usedClaims: readonly string[],
  readings: ReadonlyMap<string, string>,
  share: (texts: readonly string[]) => readonly string[],
): Session | null {
  if (!isJsonObject(value)) return null;
  if ((value["w"] ?? null) !== (handle === null ? null : digestOf(handle))) return null;
  // Earlier versions wrote neither `m` nor `u` nor `d`.
  const {
    i,
    s,
    o,
    k,
    c,
    n,
    g,
    m = {},
    u = null,
    e,
    h = null,
    r,
    d = null,
    b,
    t,
    a,
    v,
  } = value as Record<string, unknown>;
  // Only an issuer that people sign in at has sessions; the environment's provider has no name.
  const { p = null, q = null } = value as Record<string, unknown>;
  if (p !== null && (typeof p !== "string" || q !== readings.get(p))) return null;
  const texts = [i, s, o].every((text) => typeof text === "string");
  const optionalTexts = [c, n, r, d].every((text) => text === null || typeof text === "string");
  const numbers = [e, b, t, a, v].every((number) => typeof number === "number");
  const groups = isTexts(g);
  if (!texts || !optionalTexts || !numbers || !groups || (k !== "person" && k !== "machine")) return null;
  if (!isJsonObject(m) || (u !== null && typeof u !== "number")) return null;
  if (h !== null && typeof h !== "number") return null;
  if (!Object.values(m).every((values) => values === null || isTexts(values))) return null;
  const act = readActor(value["x"]);
  if (act === null) return null;
  const saysEnough = Object.hasOwn(value, "u") && usedClaims.every((path) => Object.hasOwn(m, path));
  const kept = usedClaims.filter((path) => Object.hasOwn(m, path) && m[path] !== null);
  const [issuer = "", clientId = null] = share(Object.freeze(c === null ? [o as string] : [o as string, c as string]));
  const identity: Identity = Object.freeze({
    kind: k,
    issuer,
    issuerName: p,
    subject: s as string,
    clientId,
    name: n as string | null,
    groups: share(Object.freeze(g)),
    claims:
      kept.length === 0
        ? NO_CLAIMS
        : Object.freeze(Object.fromEntries(kept.map((path) => [path, Object.freeze(m[path] as string[])]))),
    tokenId: null,
    ...(act === undefined ? {} : { act }),
    issuedAtSeconds: u,
    authTimeSeconds: h,
    expiresAtSeconds: saysEnough ? (e as number) : 0,
    via: "session",
    key: JSON.stringify([o, s]),
  });
  return {
    id: i as string,
    identity,
    refreshToken: r === null ? null : new Secret(r as string),
    providerSession: d as string | null,
    obtainedAtSeconds: b as number,
    startedAtSeconds: t as number,
    activeAtSeconds: a as number,
    serial: v as number,
    handle,
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
