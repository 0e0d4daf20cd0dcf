/**
 * A store in a file: it outlives the process, and processes of one machine share it.
 *
 * Source: SQLite "Write-Ahead Logging", "Result and Error Codes".
 * INVARIANT: only its owner can read the file; an entry is there whole or not at all, whenever the power goes.
 */
import { chmodSync, closeSync, openSync } from "node:fs";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { type Clock, GatehouseError } from "../core/index.ts";
import type { Store } from "./store.ts";

const BUSY_MS = 2000;
const SWEEP_MS = 60_000;
const SQLITE_FULL = 13;

/** @throws GH_STORE_UNAVAILABLE when the file cannot be opened, or is no such store */
export async function openSqliteStore(file: string, clock: Clock): Promise<Store> {
  const name = `sqlite ${file}`;
  /** @throws GH_STORE_UNAVAILABLE */
  function guard<T>(task: () => T): T {
    try {
      return task();
    } catch (cause) {
      const reason = describe(cause);
      throw new GatehouseError("GH_STORE_UNAVAILABLE", { store: name, reason }, { cause });
    }
  }
  // Loaded here: commands that open no store would wait for it.
  const sqlite = await import("node:sqlite");
  const database = guard(() => {
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    return open(new sqlite.DatabaseSync(file));
  });
  const statement = (sql: string): StatementSync => guard(() => database.prepare(sql));
  const read = statement("SELECT value FROM entries WHERE key = ? AND ends_at > ?");
  const write = statement("INSERT OR REPLACE INTO entries (key, value, ends_at) VALUES (?, ?, ?)");
  const addNew = statement(
    "INSERT INTO entries (key, value, ends_at) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET value = ?2, ends_at = ?3 WHERE ends_at <= ?4",
  );
  const move = statement("UPDATE entries SET ends_at = ? WHERE key = ? AND value = ? AND ends_at > ?");
  const drop = statement("DELETE FROM entries WHERE key = ?");
  const dropIf = statement("DELETE FROM entries WHERE key = ? AND value = ?");
  // Not LIKE: a key may hold its wildcards.
  const range = statement("SELECT key, value FROM entries WHERE key >= ? AND key < ? AND ends_at > ? LIMIT ?");
  const sweep = statement("DELETE FROM entries WHERE ends_at <= ?");
  const change = (prepared: StatementSync, ...values: SQLInputValue[]): number =>
    guard(() => Number(prepared.run(...values).changes));
  const sweeping = setInterval(() => {
    try {
      sweep.run(clock.nowMs());
    } catch {
      // What has ended is not given anyway.
    }
  }, SWEEP_MS).unref();

  return {
    name,
    get: async (key) => guard(() => (read.get(key, clock.nowMs())?.["value"] as string | undefined) ?? null),
    async set(key, value, ttlMs) {
      change(write, key, value, clock.nowMs() + ttlMs);
    },
    add: async (key, value, ttlMs) => change(addNew, key, value, clock.nowMs() + ttlMs, clock.nowMs()) === 1,
    renew: async (key, value, ttlMs) => change(move, clock.nowMs() + ttlMs, key, value, clock.nowMs()) === 1,
    async remove(key, value) {
      if (value === undefined) change(drop, key);
      else change(dropIf, key, value);
    },
    list: async (prefix, limit) =>
      guard(() =>
        range
          .all(prefix, `${prefix}\u{10ffff}`, clock.nowMs(), limit)
          .map((row) => ({ key: row["key"] as string, value: row["value"] as string })),
      ),
    async close() {
      clearInterval(sweeping);
      if (database.isOpen) database.close();
    },
  };
}

/** As the system says it where the database has words of its own. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown fault";
  return (cause as { errcode?: number }).errcode === SQLITE_FULL ? "no space left on the device" : cause.message;
}

function open(database: DatabaseSync): DatabaseSync {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;`);
    database.exec(
      "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, ends_at INTEGER NOT NULL) WITHOUT ROWID",
    );
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}
