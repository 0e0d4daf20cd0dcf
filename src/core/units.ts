/**
 * Quantities as people write them, kept with their unit.
 * `parse*` reads one text and returns null for anything else; the caller says where it stood.
 * INVARIANT: `parse(format(x))` is `x` for every `x` that `parse` can return.
 */

/** A token bucket: `ratePerSecond` tokens flow in each second, at most `burst` are held. */
export interface Rate {
  readonly ratePerSecond: number;
  readonly burst: number;
}

const DURATION_UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;
export const DURATION = /^(\d{1,12}) ?(ms|(second|minute|hour|day)s?)$/;

const RATE_UNITS = [
  ["second", 1],
  ["minute", 60],
  ["hour", 3600],
] as const;
export const RATE = /^((?=0*[1-9])\d{1,9})\/(second|minute|hour)(?: burst ((?=0*[1-9])\d{1,9}))?$/;

/** Milliseconds of `30 minutes`, `1 day`, `250 ms`; whole numbers of one unit only. */
export function parseDuration(text: string): number | null {
  const [, count, , unit] = DURATION.exec(text) ?? [];
  if (count === undefined) return null;
  const unitMs = DURATION_UNITS.find(([name]) => name === unit)?.[1] ?? 1;
  const ms = Number(count) * unitMs;
  return Number.isSafeInteger(ms) ? ms : null;
}

/** A duration in the largest unit that holds it exactly; fractions of a millisecond are rounded. */
export function formatDuration(ms: number): string {
  const wholeMs = Math.round(ms);
  for (const [name, unitMs] of DURATION_UNITS) {
    const count = wholeMs / unitMs;
    if (wholeMs !== 0 && Number.isInteger(count)) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return `${wholeMs} ms`;
}

/** The rate of `50/second burst 100`, `30/minute`; without a burst it is one second's tokens, at least one. */
export function parseRate(text: string): Rate | null {
  const [, count, unit, burst] = RATE.exec(text) ?? [];
  const unitSeconds = RATE_UNITS.find(([name]) => name === unit)?.[1];
  if (count === undefined || unitSeconds === undefined) return null;
  const ratePerSecond = Number(count) / unitSeconds;
  const held = burst === undefined ? defaultBurst(ratePerSecond) : Number(burst);
  return ratePerSecond > 0 && held > 0 ? { ratePerSecond, burst: held } : null;
}

/** A rate in the smallest unit that makes it a whole number; the burst is left out when it is the default. */
export function formatRate({ ratePerSecond, burst }: Rate): string {
  const tail = burst === defaultBurst(ratePerSecond) ? "" : ` burst ${burst}`;
  for (const [name, unitSeconds] of RATE_UNITS) {
    const count = Math.round(ratePerSecond * unitSeconds);
    if (count > 0 && count / unitSeconds === ratePerSecond) return `${count}/${name}${tail}`;
  }
  return `${ratePerSecond}/second${tail}`;
}

function defaultBurst(ratePerSecond: number): number {
  return Math.max(1, Math.ceil(ratePerSecond));
}

const SIZE_UNITS = [
  ["GiB", 1_073_741_824],
  ["GB", 1_000_000_000],
  ["MiB", 1_048_576],
  ["MB", 1_000_000],
  ["KiB", 1024],
  ["KB", 1000],
] as const;
export const SIZE = /^(\d{1,12}) ?(bytes|byte|KB|KiB|MB|MiB|GB|GiB)$/;

/** Bytes of `10 MB` (ten million), `512 KiB`, `0 bytes`; whole numbers of one unit only. */
export function parseSize(text: string): number | null {
  const [, count, unit] = SIZE.exec(text) ?? [];
  if (count === undefined) return null;
  const unitBytes = SIZE_UNITS.find(([name]) => name === unit)?.[1] ?? 1;
  const bytes = Number(count) * unitBytes;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A size in the largest unit that holds it exactly. */
export function formatSize(bytes: number): string {
  for (const [name, unitBytes] of SIZE_UNITS)
    if (bytes !== 0 && Number.isInteger(bytes / unitBytes)) return `${bytes / unitBytes} ${name}`;
  return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
}
