/**
 * What the development provider remembers between requests: sessions, grants, codes, refresh tokens. In memory.
 *
 * They end with the process. A browser signed in through Gatehouse goes on until its access right ends and is then sent
 * to sign in again; access tokens stay good, since the signing key outlives the process (key-file.ts).
 * Source: oidc-provider's adapter contract.
 */
import type { Adapter, AdapterPayload } from "oidc-provider";

interface Stored {
  readonly payload: AdapterPayload;
  readonly endsAtMs: number;
}

/** Entries held at once; the oldest go first. */
const MAX_ENTRIES = 50_000;

export interface GrantStore {
  adapterFor(model: string): Adapter;
  revokeGrant(grantId: string): void;
}

export function createGrantStore(): GrantStore {
  const entries = new Map<string, Stored>();
  const idByUid = new Map<string, string>();
  const idByUserCode = new Map<string, string>();
  const keysByGrant = new Map<string, Set<string>>();

  function remove(key: string): void {
    const payload = entries.get(key)?.payload;
    entries.delete(key);
    if (payload?.uid !== undefined) idByUid.delete(payload.uid);
    if (payload?.userCode !== undefined) idByUserCode.delete(payload.userCode);
    if (payload?.grantId === undefined) return;
    const keys = keysByGrant.get(payload.grantId);
    keys?.delete(key);
    if (keys?.size === 0) keysByGrant.delete(payload.grantId);
  }

  function find(key: string): AdapterPayload | undefined {
    const stored = entries.get(key);
    if (stored === undefined) return undefined;
    if (Date.now() < stored.endsAtMs) return stored.payload;
    remove(key);
    return undefined;
  }

  function store(key: string, payload: AdapterPayload, endsAtMs: number): void {
    remove(key);
    entries.set(key, { payload, endsAtMs });
    if (payload.grantId !== undefined)
      keysByGrant.set(payload.grantId, (keysByGrant.get(payload.grantId) ?? new Set()).add(key));
    const oldest = entries.keys().next().value;
    if (entries.size > MAX_ENTRIES && oldest !== undefined) remove(oldest);
  }

  function revokeGrant(grantId: string): void {
    for (const key of keysByGrant.get(grantId) ?? []) remove(key);
    remove(`Grant:${grantId}`);
  }

  return {
    revokeGrant,
    adapterFor: (model) => {
      const keyOf = (id: string): string => `${model}:${id}`;
      return {
        async upsert(id, payload, expiresInSeconds) {
          const endsAtMs = expiresInSeconds === undefined ? Infinity : Date.now() + expiresInSeconds * 1000;
          store(keyOf(id), payload, endsAtMs);
          if (payload.uid !== undefined) idByUid.set(payload.uid, id);
          if (payload.userCode !== undefined) idByUserCode.set(payload.userCode, id);
        },
        find: async (id) => find(keyOf(id)),
        async findByUid(uid) {
          const id = idByUid.get(uid);
          return id === undefined ? undefined : find(keyOf(id));
        },
        async findByUserCode(userCode) {
          const id = idByUserCode.get(userCode);
          return id === undefined ? undefined : find(keyOf(id));
        },
        async consume(id) {
          const payload = find(keyOf(id));
          if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
        },
        destroy: async (id) => remove(keyOf(id)),
        revokeByGrantId: async (grantId) => revokeGrant(grantId),
      };
    },
  };
}
