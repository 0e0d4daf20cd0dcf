/**
 * The key sources of one instance: one for each issuer, there for as long as any identity parts use it.
 *
 * In: an issuer. Out: its key source, with the keys that it already has when others hold it too.
 * INVARIANT: a source is closed when the last one that holds it lets it go, and not before. So the parts of before and
 * those after a change can share a source, and either of them can end first.
 * Not here: the keys of the embedded provider, which ends and starts with its parts.
 */
import type { Clock } from "../core/index.ts";
import { type KeySource, createKeySource } from "../identity/index.ts";

export interface HeldKeys {
  readonly source: KeySource;
  /** Whether nobody held it before, so that nobody has loaded it. */
  readonly isNew: boolean;
  /** Safe to call twice. */
  release(): void;
}

export interface KeySources {
  hold(issuer: string): HeldKeys;
  /** Holds every source that is held now; gives how to let them go. */
  holdAll(): () => void;
  /** False for a source that has been closed. */
  isHeld(source: KeySource): boolean;
}

interface Entry {
  readonly source: KeySource;
  holders: number;
}

export function createKeySources(clock: Clock): KeySources {
  const entries = new Map<string, Entry>();

  function hold(issuer: string): HeldKeys {
    const known = entries.get(issuer);
    const entry = known ?? { source: createKeySource({ issuer, clock, allowHttpLoopback: true }), holders: 0 };
    entries.set(issuer, entry);
    entry.holders++;
    let isReleased = false;
    return {
      source: entry.source,
      isNew: known === undefined,
      release() {
        if (isReleased) return;
        isReleased = true;
        if (--entry.holders > 0) return;
        entries.delete(issuer);
        entry.source.close();
      },
    };
  }

  return {
    hold,
    holdAll() {
      const held = [...entries.keys()].map((issuer) => hold(issuer));
      return () => {
        for (const each of held) each.release();
      };
    },
    isHeld: (source) => [...entries.values()].some((entry) => entry.source === source),
  };
}
