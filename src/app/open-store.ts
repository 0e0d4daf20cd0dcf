/** Where the state of an environment lives: `state` of the policy, by default a file beside the instance's other files. */
import type { Clock } from "../core/index.ts";
import { readSecret } from "../secrets/index.ts";
import { type Store, createMemoryStore, createValkeyStore, openSqliteStore } from "../store/index.ts";
import type { StatePaths } from "./state.ts";

export interface StoreStart {
  readonly policy: string;
  readonly environment: string;
  /** As in the policy; null when it says nothing. */
  readonly state: string | null;
  readonly paths: StatePaths;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Of the server, `password` or `user:password`. */
const CREDENTIALS_SECRET = "state";

/** @throws GH_STORE_UNAVAILABLE */
export async function openStore({ policy, environment, state, paths, clock, env }: StoreStart): Promise<Store> {
  if (state === "memory") return createMemoryStore(clock);
  if (state === null || state === "sqlite") return openSqliteStore(paths.stateFile, clock);
  const credentials = readSecret(CREDENTIALS_SECRET, { dir: paths.secrets, env });
  return createValkeyStore({ address: state, credentials, prefix: `gatehouse:${policy}:${environment}:` });
}
