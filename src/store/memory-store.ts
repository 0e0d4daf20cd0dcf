/** A store in this process, forgotten with it. */
import type { Clock } from "../core/index.ts";
import type { Store } from "./store.ts";

interface Held {
  readonly value: string;
  readonly endsAtMs: number;
}

/** Beyond this the entry that was written first goes. */
const MAX_ENTRIES = 500_000;
/** Entries looked at with each write, so that what has ended is dropped about as fast as it comes. */
const SWEPT = 2;

export function createMemoryStore(clock: Clock, maxEntries: number = MAX_ENTRIES): Store {
  const entries = new Map<string, Held>();
  let sweep = entries.entries();

  function find(key: string): Held | null {
    const held = entries.get(key);
    if (held === undefined) return null;
    if (clock.nowMs() < held.endsAtMs) return held;
    entries.delete(key);
    return null;
  }

  function put(key: string, value: string, ttlMs: number): void {
    for (let i = 0; i < SWEPT; i++) {
      const next = sweep.next();
      if (next.done === true) {
        sweep = entries.entries();
        break;
      }
      const [old, { endsAtMs }] = next.value;
      if (clock.nowMs() >= endsAtMs) entries.delete(old);
    }
    entries.delete(key);
    const first = entries.size < maxEntries ? undefined : entries.keys().next().value;
    if (first !== undefined) entries.delete(first);
    entries.set(key, { value, endsAtMs: clock.nowMs() + ttlMs });
  }

  return {
    name: "memory",
    get: async (key) => find(key)?.value ?? null,
    set: async (key, value, ttlMs) => put(key, value, ttlMs),
    async add(key, value, ttlMs) {
      if (find(key) !== null) return false;
      put(key, value, ttlMs);
      return true;
    },
    async renew(key, value, ttlMs) {
      if (find(key)?.value !== value) return false;
      put(key, value, ttlMs);
      return true;
    },
    async remove(key, value) {
      if (value === undefined || find(key)?.value === value) entries.delete(key);
    },
    async list(prefix, limit) {
      const found = [];
      for (const [key, { value, endsAtMs }] of entries) {
        if (found.length >= limit) break;
        if (key.startsWith(prefix) && clock.nowMs() < endsAtMs) found.push({ key, value });
      }
      return found;
    },
    close: async () => entries.clear(),
  };
}
