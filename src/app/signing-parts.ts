/**
 * What one instance signs with: the keys of assertions, kept by their schedule for as long as it runs.
 *
 * In: the policy's schedule. Out: the signer of the main thread; its keys, told to the other threads with each change.
 * The file is looked at once a minute, and when somebody else has changed it.
 */
import { join } from "node:path";
import type { Clock, Reporter } from "../core/index.ts";
import {
  type AssertionKeys,
  type AssertionSigner,
  DEFAULT_KEY_SCHEDULE,
  type KeySchedule,
  type SigningKey,
  createSigner,
  openAssertionKeys,
} from "../identity/index.ts";
import { ASSERTION_KEY, type Policy } from "../policy/index.ts";
import type { StatePaths } from "./state.ts";
import { watchFiles } from "./watch.ts";

export interface SigningParts {
  readonly issuer: string;
  readonly assertions: AssertionSigner;
  readonly keys: AssertionKeys;
  /** Whoever signs beside `assertions` is told of each change from now on. */
  tell(listener: (keys: readonly SigningKey[]) => void): void;
  close(): void;
}

const LOOK_MS = 60_000;

/** @throws GH_IDENTITY_KEY_FILE, GH_STATE_UNWRITABLE */
export async function startSigning(
  policy: Policy,
  baseUrl: string,
  paths: StatePaths,
  { clock, reporter }: { readonly clock: Clock; readonly reporter: Reporter },
): Promise<SigningParts> {
  const issuer = `${baseUrl}/_gatehouse`;
  const file = join(paths.keys, "assertion.json");
  const listeners: ((keys: readonly SigningKey[]) => void)[] = [];
  const keys = await openAssertionKeys({
    file,
    clock,
    schedule: keyScheduleOf(policy),
    changed: (next) => {
      for (const listener of listeners) listener(next);
    },
    warn: (text) => reporter.warn(text),
  });
  const assertions = createSigner({ issuer, keys: keys.current(), clock });
  listeners.push((next) => assertions.replaceKeys(next));
  const look = setInterval(() => void keys.keep(), LOOK_MS);
  look.unref();
  const watch = watchFiles(
    () => [file],
    () => void keys.keep(),
  );
  return {
    issuer,
    assertions,
    keys,
    tell: (listener) => void listeners.push(listener),
    close() {
      clearInterval(look);
      watch.close();
    },
  };
}

export function keyScheduleOf({ secrets }: Policy): KeySchedule {
  const written = secrets.find(({ name }) => name === ASSERTION_KEY);
  if (written === undefined) return DEFAULT_KEY_SCHEDULE;
  return {
    rotateSeconds: Math.floor(written.rotateMs / 1000),
    overlapSeconds: Math.ceil(written.overlapMs / 1000),
  };
}
