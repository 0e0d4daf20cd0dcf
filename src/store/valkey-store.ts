/**
 * A store that several nodes share: Valkey, or a Redis that speaks the same.
 *
 * In: an address as policies write it, and a prefix that keeps others' entries apart. The client is loaded here only.
 * Without a connection every call fails at once instead of waiting; the client goes on trying to connect by itself.
 * Source: Valkey commands SET, PEXPIRE, SCAN, EVAL.
 */
import type { Redis as Client } from "iovalkey";
import { GatehouseError, type Secret } from "../core/index.ts";
import type { Store, StoreEntry } from "./store.ts";

export interface ValkeyOptions {
  /** `valkey://host:port` or `valkeys://host:port`; `redis` and `rediss` mean the same. */
  readonly address: string;
  /** `password` or `user:password`. */
  readonly credentials: Secret<string> | null;
  /** Of every key. */
  readonly prefix: string;
  /** For one call. @default 1000 */
  readonly timeoutMs?: number;
}

const DEFAULT_PORT = 6379;
const DEFAULT_TIMEOUT_MS = 1000;
const CONNECT_MS = 2000;
const MAX_PAUSE_MS = 1000;
const SCAN_COUNT = 500;
const RENEW =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0";
const REMOVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/** Connects in the background: whether the server is there is told by the first call. */
export async function createValkeyStore(options: ValkeyOptions): Promise<Store> {
  const { prefix } = options;
  const url = new URL(options.address);
  const name = `${url.protocol}//${url.host}`;
  const { Redis } = await import("iovalkey");
  const client: Client = new Redis({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    ...readCredentials(options.credentials),
    ...(url.protocol === "valkeys:" || url.protocol === "rediss:" ? { tls: {} } : {}),
    connectTimeout: CONNECT_MS,
    commandTimeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(50 * times, MAX_PAUSE_MS),
  });
  // Every call that fails says so itself.
  client.on("error", () => {});
  const first = Promise.withResolvers<void>();
  client.once("ready", () => first.resolve());
  client.once("close", () => first.resolve());

  async function call<T>(task: () => Promise<T>): Promise<T> {
    try {
      await first.promise;
      return await task();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : "unknown fault";
      throw new GatehouseError("GH_STORE_UNAVAILABLE", { store: name, reason }, { cause });
    }
  }

  async function keysOf(start: string, limit: number): Promise<string[]> {
    const found = new Set<string>();
    const match = `${(prefix + start).replace(/[\\*?[\]]/g, "\\$&")}*`;
    let cursor = "0";
    do {
      const [next, keys] = await client.scan(cursor, "MATCH", match, "COUNT", SCAN_COUNT);
      cursor = next;
      for (const key of keys) found.add(key);
    } while (cursor !== "0" && found.size < limit);
    return [...found].slice(0, limit);
  }

  return {
    name,
    get: async (key) => call(async () => client.get(prefix + key)),
    async set(key, value, ttlMs) {
      await call(async () => client.set(prefix + key, value, "PX", Math.ceil(ttlMs)));
    },
    add: async (key, value, ttlMs) =>
      call(async () => (await client.set(prefix + key, value, "PX", Math.ceil(ttlMs), "NX")) === "OK"),
    renew: async (key, value, ttlMs) =>
      call(async () => (await client.eval(RENEW, 1, prefix + key, value, Math.ceil(ttlMs))) === 1),
    async remove(key, value) {
      await call(async () =>
        value === undefined ? client.del(prefix + key) : client.eval(REMOVE, 1, prefix + key, value),
      );
    },
    list: async (start, limit) =>
      call(async () => {
        const keys = await keysOf(start, limit);
        const values = keys.length === 0 ? [] : await client.mget(keys);
        return keys.flatMap((key, i): StoreEntry[] => {
          const value = values[i];
          return typeof value === "string" ? [{ key: key.slice(prefix.length), value }] : [];
        });
      }),
    async close() {
      client.disconnect();
    },
  };
}

function readCredentials(secret: Secret<string> | null): { username?: string; password?: string } {
  if (secret === null) return {};
  const text = secret.reveal();
  const colon = text.indexOf(":");
  return colon === -1 ? { password: text } : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
