/**
 * Who is signed in: an entry for each session, so that sessions can be listed and ended wherever they are kept.
 *
 * In: sessions as they begin, are used and end. Out: what is known of each, without anything that lets somebody in.
 * INVARIANT: nobody waits for the store here, and what it does not take changes nothing about a session.
 */
import type { Clock } from "../core/index.ts";
import type { Store } from "../store/index.ts";
import type { Sealer } from "./sealed-text.ts";
import type { Session } from "./session.ts";
import { isJsonObject } from "./strict-json.ts";

export interface SessionSummary {
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  /** The provider's own session, where it has told one. */
  readonly providerSession: string | null;
  /** RFC 3339, as are all times here. */
  readonly startedAt: string;
  readonly activeAt: string;
  /** At the latest. */
  readonly endsAt: string;
}

export interface SessionIndex {
  note(session: Session): void;
  forget(id: string): void;
  /** Those that began last come first. @throws GH_STORE_UNAVAILABLE */
  list(limit: number): Promise<readonly SessionSummary[]>;
}

const PREFIX = "signed-in:";

export function createSessionIndex(
  store: Store,
  sealer: Sealer,
  clock: Clock,
  endsAtMs: (session: Session) => number,
): SessionIndex {
  const at = (ms: number): string => new Date(ms).toISOString();
  return {
    note(session) {
      const { id, identity, startedAtSeconds, activeAtSeconds } = session;
      const endMs = endsAtMs(session);
      const summary: SessionSummary = {
        id,
        issuer: identity.issuer,
        subject: identity.subject,
        name: identity.name,
        providerSession: session.providerSession,
        startedAt: at(startedAtSeconds * 1000),
        activeAt: at(activeAtSeconds * 1000),
        endsAt: at(endMs),
      };
      const lastsMs = endMs - clock.nowMs();
      if (lastsMs > 0) store.set(PREFIX + id, sealer.seal(summary), lastsMs).catch(() => undefined);
    },
    forget(id) {
      store.remove(PREFIX + id).catch(() => undefined);
    },
    async list(limit) {
      const found = (await store.list(PREFIX, limit)).flatMap(({ value }) => readSummary(sealer.open(value)) ?? []);
      return found.sort((a, b) => b.startedAt.localeCompare(a.startedAt) || a.id.localeCompare(b.id));
    },
  };
}

function readSummary(value: unknown): SessionSummary | null {
  if (!isJsonObject(value)) return null;
  const { id, issuer, subject, name, providerSession, startedAt, activeAt, endsAt } = value as Record<string, unknown>;
  const texts = [id, issuer, subject, startedAt, activeAt, endsAt].every((text) => typeof text === "string");
  const optional = [name, providerSession].every((text) => text === null || typeof text === "string");
  return texts && optional ? (value as unknown as SessionSummary) : null;
}
