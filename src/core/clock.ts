/**
 * Time as a dependency, so that tests decide what time it is.
 * `nowMs` is wall time for claims and records; `monotonicMs` never goes back and is for durations and throttles.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never decreases. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** A clock that stands still until it is told to move. Both readings move together. */
export interface ManualClock extends Clock {
  set(nowMs: number): void;
  advance(ms: number): void;
}

export function createManualClock(startMs: number): ManualClock {
  let now = startMs;
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    set(nowMs) {
      now = nowMs;
    },
    advance(ms) {
      now += ms;
    },
  };
}
