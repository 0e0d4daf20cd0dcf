/**
 * What outlives a request and belongs to more than one process: sealed sessions, who was signed out, who renews what.
 *
 * Texts under keys, each with an end. Whoever keeps something here seals it first: a store may be read by others.
 * INVARIANT: an entry is never given after its end; `add` gives one key to one caller, however many ask at once.
 */
export interface Store {
  /** For messages: what it is and where, without credentials. */
  readonly name: string;
  /** @throws GH_STORE_UNAVAILABLE (every function) */
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<void>;
  /** Sets it unless it is there; whether it was set. */
  add(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Moves the end of an entry that has this value; whether it had. */
  renew(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** With a value: only if it has that. */
  remove(key: string, value?: string): Promise<void>;
  /** Entries whose key begins with `prefix`, in no order; at most `limit`. */
  list(prefix: string, limit: number): Promise<readonly StoreEntry[]>;
  close(): Promise<void>;
}

export interface StoreEntry {
  readonly key: string;
  readonly value: string;
}
