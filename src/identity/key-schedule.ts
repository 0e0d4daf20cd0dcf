/**
 * When keys that sign are replaced: each is published before it signs, and stays published after the next one signs.
 *
 * In: keys with their times, a schedule, the time. Out: which key signs, and the keys as they have to be now. Pure.
 * INVARIANT: there is one key that signs at any time, and who keeps published keys for no longer than `PUBLISH_SECONDS`
 * knows it; a key is dropped only when its successor has signed for the whole overlap.
 */
import { GatehouseError } from "../core/index.ts";
import { type PrivateKey, type SigningKey, withTimes } from "./key-file.ts";

export interface KeySchedule {
  /** How long one key signs. Longer than `overlapSeconds`, and than `PUBLISH_SECONDS`. */
  readonly rotateSeconds: number;
  /** How long a key stays published when it signs no longer: longer than what it signed lasts. */
  readonly overlapSeconds: number;
}

const DAY_SECONDS = 86_400;

export const DEFAULT_KEY_SCHEDULE: KeySchedule = { rotateSeconds: 30 * DAY_SECONDS, overlapSeconds: DAY_SECONDS };

/**
 * How long a key is published before it signs. Whoever verifies may keep keys for five minutes as we say, for ten as
 * `jose` does, or for longer where it looks for unknown keys by itself.
 */
export const PUBLISH_SECONDS = 3600;

export type SigningKeyState = "next" | "signing" | "retired";

/** The youngest key of those that may sign; when none may, as after the clock was set back, the one that may first. */
export function signingKeyAt<K extends SigningKey>(keys: readonly K[], nowSeconds: number): K {
  const from = (key: K): number => key.signsFromSeconds ?? Number.NEGATIVE_INFINITY;
  const may = keys.filter((key) => from(key) <= nowSeconds);
  const signing =
    may.length > 0
      ? may.reduce((best, key) => (from(key) > from(best) ? key : best))
      : keys.toSorted((a, b) => from(a) - from(b))[0];
  if (signing === undefined) throw new GatehouseError("GH_INTERNAL", { problem: "there is no key to sign with" });
  return signing;
}

export function keyStateAt(keys: readonly SigningKey[], key: SigningKey, nowSeconds: number): SigningKeyState {
  if (key.kid === signingKeyAt(keys, nowSeconds).kid) return "signing";
  return (key.signsFromSeconds ?? 0) > nowSeconds ? "next" : "retired";
}

/**
 * The keys as they have to be now, the youngest first; null when they are so already.
 * @param newKey makes a key with these times
 */
export function scheduleKeys(
  keys: readonly PrivateKey[],
  { rotateSeconds, overlapSeconds }: KeySchedule,
  nowSeconds: number,
  newKey: (madeAtSeconds: number, signsFromSeconds: number) => PrivateKey,
): readonly PrivateKey[] | null {
  const timed = keys.map((key, index) =>
    // Of a file without times the first key signs, and every age counts from now; so the others retire now.
    key.signsFromSeconds === null || key.madeAtSeconds === null
      ? withTimes(key, key.madeAtSeconds ?? nowSeconds, key.signsFromSeconds ?? nowSeconds - index)
      : key,
  );
  let next = timed.toSorted((a, b) => (b.signsFromSeconds ?? 0) - (a.signsFromSeconds ?? 0));
  const youngest = next[0]?.signsFromSeconds ?? nowSeconds - rotateSeconds;
  const dueAtSeconds = youngest + rotateSeconds;
  if (nowSeconds >= dueAtSeconds - PUBLISH_SECONDS)
    next = [newKey(nowSeconds, Math.max(dueAtSeconds, nowSeconds + PUBLISH_SECONDS)), ...next];
  next = next.filter((_, index) => {
    const successor = next[index - 1];
    return successor === undefined || nowSeconds < (successor.signsFromSeconds ?? 0) + overlapSeconds;
  });
  const isSame = next.length === keys.length && next.every((key, index) => key === keys[index]);
  return isSame ? null : next;
}
