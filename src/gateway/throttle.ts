/**
 * Token buckets, exact on the monotonic clock: one for each route key, one for each identity over all routes.
 *
 * In: rates of a stage (API Gateway's RouteSettings) and the time. Out: may this request pass.
 * A bucket is full at the start; `ratePerSecond` tokens flow in, at most `burst` are held. Rate and burst 0 stop all.
 * Source: API Gateway developer guide, "Throttle requests to your HTTP APIs"; buckets of identities are Gatehouse's own.
 * INVARIANT: in any time t a bucket gives at most burst + rate * t tokens.
 */
import type { Rate } from "../core/index.ts";

/** Credit is counted in thousandths of a token, so that whole rates on whole milliseconds stay exact. */
const COST = 1000;
/** What is forgiven to the rounding of fractional rates and times. */
const ROUNDING = 1e-6;

/** What a request takes its right to pass from. */
export interface Bucket {
  /** Whether a token was there; it is taken then. `nowMs` is of the monotonic clock. */
  tryTake(nowMs: number): boolean;
  /** Puts back a token that was taken for a request that did not pass after all. */
  giveBack(): void;
}

/** All buckets of one gateway. */
export interface Throttling {
  /** The bucket of a route, by `{apiId}/{routeKey}`. */
  route(key: string): Bucket | undefined;
  /** Null when identities have no rate of their own. A bucket is used before the next one is asked for. */
  readonly identities: { bucketOf(key: string, nowMs: number): Bucket; readonly size: number } | null;
}

export class TokenBucket implements Bucket {
  readonly rate: Rate;
  readonly #capacity: number;
  #credit: number;
  #lastMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.rate = rate;
    this.#capacity = rate.burst * COST;
    this.#credit = this.#capacity;
    this.#lastMs = nowMs;
  }

  /** Whether a token is there. */
  has(nowMs: number): boolean {
    if (nowMs > this.#lastMs) {
      const credit = this.#credit + (nowMs - this.#lastMs) * this.rate.ratePerSecond;
      this.#credit = credit > this.#capacity ? this.#capacity : credit;
      this.#lastMs = nowMs;
    }
    return this.#credit >= COST - ROUNDING;
  }

  /** Takes a token that `has` found at the same time. */
  take(): void {
    this.#credit -= COST;
  }

  tryTake(nowMs: number): boolean {
    if (!this.has(nowMs)) return false;
    this.#credit -= COST;
    return true;
  }

  giveBack(): void {
    this.#credit = Math.min(this.#credit + COST, this.#capacity);
  }

  /** A full bucket is the same as a new one: it may be forgotten. */
  isFull(nowMs: number): boolean {
    this.has(nowMs);
    return this.#credit >= this.#capacity;
  }
}

const MAX_IDENTITIES = 100_000;
/** Old buckets looked at for each new one: more than one, so that the map shrinks when callers leave. */
const SWEEP_STEPS = 2;
/** So few are not worth looking for. */
const SWEEP_FROM = 1024;

/** The buckets of identities, by `Identity.key`. Full ones are forgotten as new ones come; at most 100,000 are held. */
export class IdentityBuckets {
  readonly rate: Rate;
  readonly #limit: number;
  readonly #sweepFrom: number;
  readonly #buckets = new Map<string, TokenBucket>();
  #sweep: MapIterator<[string, TokenBucket]>;

  constructor(rate: Rate, limit: number = MAX_IDENTITIES) {
    this.rate = rate;
    this.#limit = limit;
    this.#sweepFrom = Math.min(SWEEP_FROM, limit);
    this.#sweep = this.#buckets.entries();
  }

  get size(): number {
    return this.#buckets.size;
  }

  bucketOf(key: string, nowMs: number): TokenBucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    this.#forgetFull(nowMs);
    const bucket = new TokenBucket(this.rate, nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forgetFull(nowMs: number): void {
    if (this.#buckets.size < this.#sweepFrom) return;
    for (let step = 0; step < SWEEP_STEPS; step++) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = this.#buckets.entries();
        break;
      }
      const [key, bucket] = next.value;
      if (bucket.isFull(nowMs)) this.#buckets.delete(key);
    }
    if (this.#buckets.size < this.#limit) return;
    // Every caller is busy: the one that came first loses its count. Callers are verified, so they cannot be made up.
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}

/** All buckets of one process. Those whose rate did not change live on when the policy is replaced. */
export class Throttles implements Throttling {
  readonly #routes: Map<string, TokenBucket>;
  readonly identities: IdentityBuckets | null;

  constructor(
    routes: Iterable<readonly [key: string, rate: Rate]>,
    perIdentity: Rate | null,
    nowMs: number,
    previous: Throttles | null,
  ) {
    this.#routes = new Map();
    for (const [key, rate] of routes) {
      const kept = previous?.route(key);
      this.#routes.set(key, kept !== undefined && isSameRate(kept.rate, rate) ? kept : new TokenBucket(rate, nowMs));
    }
    const kept = previous?.identities ?? null;
    if (perIdentity === null) this.identities = null;
    else
      this.identities = kept !== null && isSameRate(kept.rate, perIdentity) ? kept : new IdentityBuckets(perIdentity);
  }

  route(key: string): TokenBucket | undefined {
    return this.#routes.get(key);
  }
}

function isSameRate(a: Rate, b: Rate): boolean {
  return a.ratePerSecond === b.ratePerSecond && a.burst === b.burst;
}
