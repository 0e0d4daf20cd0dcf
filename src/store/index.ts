/** Where state lives that outlives a request: this process, a file, or a server that nodes share. */
export type { Store, StoreEntry } from "./store.ts";
export { createMemoryStore } from "./memory-store.ts";
export { openSqliteStore } from "./sqlite-store.ts";
export { type StoreCall, answerStoreCall, createRemoteStore } from "./remote-store.ts";
export { type ValkeyOptions, createValkeyStore } from "./valkey-store.ts";
