/**
 * The keys that assertions are signed with, from one file that outlives the process, replaced by a schedule.
 *
 * In: the file, a schedule, the time. Out: the keys of the moment, told to whoever signs with each change.
 * `keep` is to be called again and again: it takes over what the file says and replaces what is due.
 * A file that cannot be read or written leaves the keys as they are: whoever verifies must find what was signed.
 * INVARIANT: there is always a key to sign with; several processes that keep one file have the same keys.
 */
import { generateKeyPairSync } from "node:crypto";
import type { Clock } from "../core/index.ts";
import { type PrivateKey, type SigningKey, changeKeyFile, loadKeyFile, newPrivateKey } from "./key-file.ts";
import {
  DEFAULT_KEY_SCHEDULE,
  type KeySchedule,
  type SigningKeyState,
  keyStateAt,
  scheduleKeys,
} from "./key-schedule.ts";

const ALGORITHM = "ES256";

export interface AssertionKeysOptions {
  /** JWKS with the private keys, made when absent. */
  readonly file: string;
  readonly clock: Clock;
  /** @default `DEFAULT_KEY_SCHEDULE` */
  readonly schedule?: KeySchedule | undefined;
  /** Told of keys that differ from those before. */
  readonly changed: (keys: readonly SigningKey[]) => void;
  /** Told once of each thing that is wrong with the file. */
  readonly warn: (text: string) => void;
}

export interface AssertionKeys {
  /** Never empty. */
  current(): readonly SigningKey[];
  states(): readonly { readonly kid: string; readonly ageMs: number; readonly state: SigningKeyState }[];
  /** Takes over the file and replaces what is due. Never rejects. */
  keep(): Promise<void>;
  /** Keeps them by another schedule from now on. Never rejects. */
  follow(schedule: KeySchedule): Promise<void>;
}

/** The keys of the file as they are, for who signs without a schedule. @throws GH_IDENTITY_KEY_FILE, GH_STATE_UNWRITABLE */
export async function loadAssertionKeys(file: string): Promise<readonly PrivateKey[]> {
  return loadKeyFile(file, ALGORITHM, generateKey);
}

/** @throws GH_IDENTITY_KEY_FILE, GH_STATE_UNWRITABLE */
export async function openAssertionKeys(options: AssertionKeysOptions): Promise<AssertionKeys> {
  const { file, clock, changed, warn } = options;
  let schedule = options.schedule ?? DEFAULT_KEY_SCHEDULE;
  let keys = await loadAssertionKeys(file);
  let problem: string | null = null;
  let keeping: Promise<void> = Promise.resolve();

  const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000);
  const newKey = (madeAtSeconds: number, signsFromSeconds: number): PrivateKey =>
    newPrivateKey(generateKey(), ALGORITHM, { madeAtSeconds, signsFromSeconds });

  async function keepOnce(): Promise<void> {
    try {
      const next = await changeKeyFile(file, ALGORITHM, keys, (found) =>
        scheduleKeys(found, schedule, nowSeconds(), newKey),
      );
      problem = null;
      if (sameKeys(keys, next)) return;
      keys = next;
      changed(keys);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : "unknown fault";
      if (text === problem) return;
      problem = text;
      warn(`assertions go on to be signed with the keys of before, which are not replaced meanwhile: ${text}`);
    }
  }

  const opened: AssertionKeys = {
    current: () =>
      keys.map(({ kid, key, publicJwk, madeAtSeconds, signsFromSeconds }) => ({
        kid,
        key,
        publicJwk,
        madeAtSeconds,
        signsFromSeconds,
      })),
    states: () =>
      keys.map((key) => ({
        kid: key.kid,
        ageMs: Math.max(0, clock.nowMs() - (key.madeAtSeconds ?? nowSeconds()) * 1000),
        state: keyStateAt(keys, key, nowSeconds()),
      })),
    keep: async () => (keeping = keeping.then(keepOnce)),
    async follow(next) {
      schedule = next;
      await opened.keep();
    },
  };
  await opened.keep();
  return opened;
}

function generateKey() {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function sameKeys(before: readonly PrivateKey[], after: readonly PrivateKey[]): boolean {
  const textOf = (keys: readonly PrivateKey[]): string =>
    JSON.stringify(keys.map(({ kid, madeAtSeconds, signsFromSeconds }) => [kid, madeAtSeconds, signsFromSeconds]));
  return textOf(before) === textOf(after);
}
