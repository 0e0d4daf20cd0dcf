/**
 * Who is let in no longer although the token or the session says otherwise: by session, by token, by person, by the
 * provider's own session.
 *
 * In: revocations, from commands, sign-out and the provider. Out: whether a session or an identity is covered by one, at
 * once and without I/O; the same list for everybody who shares the store.
 * INVARIANT: what was added here counts from that moment on in this process, whether the store takes it or not; what the
 * store did not take is given to it again. An entry lasts as long as what it takes away could.
 * Source: RFC 7009 (revocation means from now on), OpenID Connect Back-Channel Logout 1.0 section 2.7.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../core/index.ts";
import type { Store } from "../store/index.ts";
import type { Identity } from "./identity.ts";
import { isJsonObject } from "./strict-json.ts";

/** What is taken away. The seconds are since the epoch. */
export type Revoked =
  | { readonly kind: "session"; readonly id: string }
  /** Every session that began at the provider with this session of its own. */
  | { readonly kind: "provider-session"; readonly issuer: string; readonly sid: string }
  | { readonly kind: "token"; readonly issuer: string; readonly tokenId: string }
  /** Sessions that began, and tokens that were issued, up to and with this second. */
  | { readonly kind: "subject"; readonly issuer: string; readonly subject: string; readonly untilSeconds: number }
  /** Sessions alone: bearer tokens of the person stay good. */
  | { readonly kind: "sign-ins"; readonly issuer: string; readonly subject: string; readonly untilSeconds: number };

export interface Revocation {
  readonly revoked: Revoked;
  /** Since when, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Afterwards nothing of what it takes away can be left. */
  readonly endsAtMs: number;
}

/** As much of a session as decides whether it is covered. */
export interface SignedIn {
  readonly id: string;
  readonly identity: Pick<Identity, "issuer" | "subject">;
  readonly providerSession: string | null;
  readonly startedAtSeconds: number;
}

export interface Revocations {
  coversSession(session: SignedIn): boolean;
  /** For bearers; costs nothing while no token and no person is revoked. */
  coversToken(identity: Identity): boolean;
  /** Counts in this process when the call returns; fulfilled when the store has it too, as it may be later. */
  add(revoked: Revoked, lastsMs: number): Promise<void>;
  /** Takes over what others say; nothing is told to the store. */
  learn(revocations: readonly Revocation[]): void;
  list(): readonly Revocation[];
  /** Is told of what is new, whoever added it. Gives how to stop that. */
  onAdded(listener: (added: readonly Revocation[]) => void): () => void;
  /** Reads the store now. @throws GH_STORE_UNAVAILABLE */
  load(): Promise<void>;
  close(): void;
}

export interface RevocationsOptions {
  readonly clock: Clock;
  /** Shared with other processes, and kept. @default none: this process alone */
  readonly store?: Store | undefined;
  /** How often others' revocations are looked for. @default 1000 */
  readonly lookMs?: number | undefined;
}

const PREFIX = "revoked:";
/** Another one after each addition. */
const VERSION = "revocations";
const VERSION_MS = 400 * 86_400_000;
/** Beyond this the oldest go: as many people do not sign out within the longest life of a session. */
const MAX_ENTRIES = 200_000;
const LOOK_MS = 1000;

export function createRevocations(options: RevocationsOptions): Revocations {
  const { clock, store } = options;
  const entries = new Map<string, Revocation>();
  /** Of the kinds that a bearer token can be covered by. */
  let forTokens = 0;
  const listeners = new Set<(added: readonly Revocation[]) => void>();
  /** Not with the store yet. */
  const owed = new Map<string, Revocation>();

  function take(revocations: readonly Revocation[]): void {
    const added = revocations.filter((each) => {
      const key = keyOf(each.revoked);
      const known = entries.get(key);
      if (known !== undefined && untilOf(known.revoked) >= untilOf(each.revoked)) return false;
      if (known === undefined && isForTokens(each.revoked)) forTokens++;
      entries.delete(key);
      entries.set(key, each);
      return true;
    });
    if (added.length === 0) return;
    for (const [key, { revoked, endsAtMs }] of entries) {
      if (entries.size <= MAX_ENTRIES && clock.nowMs() < endsAtMs) break;
      entries.delete(key);
      if (isForTokens(revoked)) forTokens--;
    }
    for (const listener of listeners) listener(added);
  }

  function find(revoked: Revoked): Revocation | undefined {
    const found = entries.get(keyOf(revoked));
    return found !== undefined && clock.nowMs() < found.endsAtMs ? found : undefined;
  }

  /** Whether something of this second is covered. Something without a time is: nobody can say that it is newer. */
  function coversTime(kind: "subject" | "sign-ins", identity: SignedIn["identity"], seconds: number | null): boolean {
    const { issuer, subject } = identity;
    const found = find({ kind, issuer, subject, untilSeconds: 0 });
    return found !== undefined && (seconds === null || seconds <= untilOf(found.revoked));
  }

  async function settle(): Promise<void> {
    if (owed.size === 0) return;
    for (const [key, each] of owed) {
      const lastsMs = each.endsAtMs - clock.nowMs();
      if (lastsMs > 0) await store?.set(PREFIX + key, JSON.stringify(each), lastsMs);
      owed.delete(key);
    }
    // Last: whoever sees this finds the entries.
    await store?.set(VERSION, randomUUID(), VERSION_MS);
  }

  async function load(): Promise<void> {
    if (store === undefined) return;
    await settle();
    const found = await store.list(PREFIX, MAX_ENTRIES);
    take(found.flatMap(({ value }) => readRevocation(value) ?? []));
  }

  let isLooking = false;
  /** Of the store when all of it was read last: a look costs one short answer while nobody adds anything. */
  let seen: string | null = null;
  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      await settle();
      const version = (await store?.get(VERSION)) ?? null;
      if (version === seen) return;
      await load();
      seen = version;
    } catch {
      // What is known goes on to count; the next look asks again.
    } finally {
      isLooking = false;
    }
  }
  const looking = store === undefined ? null : setInterval(() => void look(), options.lookMs ?? LOOK_MS).unref();

  return {
    coversSession({ id, identity, providerSession, startedAtSeconds }) {
      if (entries.size === 0) return false;
      const { issuer } = identity;
      return (
        find({ kind: "session", id }) !== undefined ||
        (providerSession !== null && find({ kind: "provider-session", issuer, sid: providerSession }) !== undefined) ||
        coversTime("sign-ins", identity, startedAtSeconds) ||
        coversTime("subject", identity, startedAtSeconds)
      );
    },
    coversToken(identity) {
      if (forTokens === 0) return false;
      const { issuer, tokenId } = identity;
      return (
        (tokenId !== null && find({ kind: "token", issuer, tokenId }) !== undefined) ||
        coversTime("subject", identity, identity.issuedAtSeconds)
      );
    },
    async add(revoked, lastsMs) {
      const atMs = clock.nowMs();
      const made: Revocation = { revoked, atMs, endsAtMs: atMs + lastsMs };
      take([made]);
      if (store === undefined) return;
      owed.set(keyOf(revoked), made);
      await settle();
    },
    learn: take,
    list: () => [...entries.values()].filter(({ endsAtMs }) => clock.nowMs() < endsAtMs),
    onAdded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    load,
    close() {
      if (looking !== null) clearInterval(looking);
    },
  };
}

/** A list in JSON, so that no two of them share a key whatever is in their texts. */
function keyOf(revoked: Revoked): string {
  switch (revoked.kind) {
    case "session":
      return JSON.stringify([revoked.kind, revoked.id]);
    case "provider-session":
      return JSON.stringify([revoked.kind, revoked.issuer, revoked.sid]);
    case "token":
      return JSON.stringify([revoked.kind, revoked.issuer, revoked.tokenId]);
    case "subject":
    case "sign-ins":
      return JSON.stringify([revoked.kind, revoked.issuer, revoked.subject]);
    default:
      return revoked satisfies never;
  }
}

function isForTokens({ kind }: Revoked): boolean {
  return kind === "token" || kind === "subject";
}

function untilOf(revoked: Revoked): number {
  return "untilSeconds" in revoked ? revoked.untilSeconds : 0;
}

/** The store's text is ours, or another version's. */
function readRevocation(text: string): Revocation | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isJsonObject(value) || !isJsonObject(value["revoked"])) return null;
  if (typeof value["atMs"] !== "number" || typeof value["endsAtMs"] !== "number") return null;
  const { kind, id, issuer, sid, tokenId, subject, untilSeconds } = value["revoked"] as Record<string, unknown>;
  const texts = (...all: unknown[]): boolean => all.every((each) => typeof each === "string");
  const isKnown =
    (kind === "session" && texts(id)) ||
    (kind === "provider-session" && texts(issuer, sid)) ||
    (kind === "token" && texts(issuer, tokenId)) ||
    ((kind === "subject" || kind === "sign-ins") && texts(issuer, subject) && typeof untilSeconds === "number");
  return isKnown ? (value as unknown as Revocation) : null;
}
