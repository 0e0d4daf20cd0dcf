/** A store that another thread holds: the calls of one side, and what the other answers them with. */
import type { Store } from "./store.ts";

export interface StoreCall {
  readonly method: "get" | "set" | "add" | "renew" | "remove" | "list";
  readonly args: readonly (string | number | undefined)[];
}

/** @param call carries the faults of the other side back as they are */
export function createRemoteStore(name: string, call: (asked: StoreCall) => Promise<unknown>): Store {
  const ask = async (method: StoreCall["method"], ...args: StoreCall["args"]): Promise<never> =>
    (await call({ method, args })) as never;
  return {
    name,
    get: async (key) => ask("get", key),
    set: async (key, value, ttlMs) => ask("set", key, value, ttlMs),
    add: async (key, value, ttlMs) => ask("add", key, value, ttlMs),
    renew: async (key, value, ttlMs) => ask("renew", key, value, ttlMs),
    remove: async (key, value) => ask("remove", key, value),
    list: async (prefix, limit) => ask("list", prefix, limit),
    close: async () => {},
  };
}

export async function answerStoreCall(store: Store, { method, args }: StoreCall): Promise<unknown> {
  return (store[method] as (...all: StoreCall["args"]) => Promise<unknown>)(...args);
}
