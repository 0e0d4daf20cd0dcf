/**
 * Token buckets that several threads take from at once: the same rule as in throttle.ts, in memory that all of them see.
 *
 * In: rates of routes and identities. Out: a layout, which is given to every thread, and each thread's view of it.
 * A bucket is one 64-bit word, the time at which it will be full again (the "theoretical arrival time" of GCRA), in
 * nanoseconds of the monotonic clock that threads of a process share; a token moves it on by 1/rate. It is changed by
 * compare-and-exchange alone, so no thread ever waits for another, and one that dies leaves nothing locked.
 * Source: API Gateway developer guide, "Throttle requests to your HTTP APIs"; ITU-T I.371 (GCRA).
 * INVARIANT: in any time t a bucket gives at most burst + rate * t tokens to all threads together. Of identities, should
 * two threads meet a new one at the same moment in a crowded table, or more be busy than the table holds, it may be more.
 */
import type { Rate } from "../core/index.ts";
import type { Bucket, Throttling } from "./throttle.ts";

/** What threads are given; nothing in it is copied when it is posted but the places of the routes. */
export interface ThrottleLayout {
  readonly words: SharedArrayBuffer;
  /** The word of each route, in the order in which the rates were given. */
  readonly places: Int32Array;
  /** Pairs of words: hash of the identity, time. Null without a rate for identities. */
  readonly identities: SharedArrayBuffer | null;
}

const WORD_BYTES = 8;
const MAX_WORDS = 1 << 20;
/** Twice as many as are remembered in one process. */
const IDENTITY_SLOTS = 1 << 18;
const PROBES = 16;
/** What is forgiven to the rounding of 1/rate. */
const ROUNDING_NS = 1000n;
/** So that `now + burst / rate` stays within 64 bits whatever the rate. */
const MAX_SPAN_NS = 4e18;

interface IdentityTable {
  readonly rate: Rate;
  readonly table: SharedArrayBuffer;
}

/** One of the two is called, before the next layout is asked for. */
export interface PreparedLayout {
  readonly layout: ThrottleLayout;
  commit(): void;
  abandon(): void;
}

/** Gives every route its word, and the same one as before while its rate is unchanged. One for each gateway. */
export class ThrottleMemory {
  readonly #words = new SharedArrayBuffer(1024 * WORD_BYTES, { maxByteLength: MAX_WORDS * WORD_BYTES });
  #places = new Map<string, number>();
  #used = 0;
  /** Words that the layout before the last one let go: no thread uses them any more. */
  #free: number[] = [];
  #leaving: number[] = [];
  #identities: IdentityTable | null = null;

  /** A layout for these rates, which becomes the one that counts with `commit`, or never was with `abandon`. */
  prepare(routes: Iterable<readonly [key: string, rate: Rate]>, perIdentity: Rate | null): PreparedLayout {
    const places = new Map<string, number>();
    const taken: number[] = [];
    const list: number[] = [];
    for (const [key, rate] of routes) {
      const name = `${rate.ratePerSecond}/${rate.burst} ${key}`;
      let place = places.get(name) ?? this.#places.get(name);
      if (place === undefined) taken.push((place = this.#take()));
      places.set(name, place);
      list.push(place);
    }
    const identities = this.#tableFor(perIdentity);
    return {
      layout: { words: this.#words, places: Int32Array.from(list), identities: identities?.table ?? null },
      commit: () => {
        this.#free.push(...this.#leaving);
        this.#leaving = [...this.#places].flatMap(([name, place]) => (places.has(name) ? [] : [place]));
        this.#places = places;
        this.#identities = identities;
      },
      abandon: () => void this.#free.push(...taken),
    };
  }

  #take(): number {
    const free = this.#free.pop();
    const place = free ?? this.#used++;
    const needed = (place + 1) * WORD_BYTES;
    if (this.#words.byteLength < needed)
      this.#words.grow(Math.min(Math.max(needed, this.#words.byteLength * 2), MAX_WORDS * WORD_BYTES));
    Atomics.store(new BigInt64Array(this.#words), place, 0n);
    return place;
  }

  #tableFor(rate: Rate | null): IdentityTable | null {
    const known = this.#identities;
    if (rate === null) return null;
    if (known !== null && known.rate.ratePerSecond === rate.ratePerSecond && known.rate.burst === rate.burst)
      return known;
    return { rate, table: new SharedArrayBuffer(IDENTITY_SLOTS * 2 * WORD_BYTES) };
  }
}

/** One thread's view of a layout. `routes` in the order in which the layout was made. */
export class SharedThrottles implements Throttling {
  readonly #routes = new Map<string, SharedBucket>();
  readonly identities: SharedIdentities | null;

  constructor(layout: ThrottleLayout, routes: Iterable<readonly [key: string, rate: Rate]>, perIdentity: Rate | null) {
    const words = new BigInt64Array(layout.words);
    let index = 0;
    for (const [key, rate] of routes)
      this.#routes.set(key, new SharedBucket(words, layout.places[index++] ?? -1, rate));
    this.identities =
      perIdentity === null || layout.identities === null
        ? null
        : new SharedIdentities(new BigInt64Array(layout.identities), perIdentity);
  }

  route(key: string): Bucket | undefined {
    return this.#routes.get(key);
  }
}

class SharedBucket implements Bucket {
  readonly #words: BigInt64Array;
  readonly #intervalNs: bigint;
  readonly #spanNs: bigint;
  place: number;

  constructor(words: BigInt64Array, place: number, { ratePerSecond, burst }: Rate) {
    const longest = Math.floor(MAX_SPAN_NS / Math.max(burst, 1));
    const intervalNs = ratePerSecond === 0 ? longest : Math.min(Math.ceil(1e9 / ratePerSecond), longest);
    this.#words = words;
    this.place = place;
    this.#intervalNs = BigInt(intervalNs);
    this.#spanNs = BigInt(Math.floor(intervalNs * burst));
  }

  tryTake(nowMs: number): boolean {
    const nowNs = toNanoseconds(nowMs);
    for (;;) {
      const fullAt = Atomics.load(this.#words, this.place);
      const next = (fullAt > nowNs ? fullAt : nowNs) + this.#intervalNs;
      if (next - nowNs > this.#spanNs + (this.#spanNs === 0n ? 0n : ROUNDING_NS)) return false;
      if (Atomics.compareExchange(this.#words, this.place, fullAt, next) === fullAt) return true;
    }
  }

  giveBack(): void {
    Atomics.sub(this.#words, this.place, this.#intervalNs);
  }
}

class SharedIdentities {
  readonly #table: BigInt64Array;
  /** One for all: it is used before the next one is asked for. */
  readonly #bucket: SharedBucket;

  constructor(table: BigInt64Array, rate: Rate) {
    this.#table = table;
    this.#bucket = new SharedBucket(table, -1, rate);
  }

  /** Identities that are not at rest. Looks at the whole table. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < this.#table.length; i += 2) if (Atomics.load(this.#table, i) !== 0n) size++;
    return size;
  }

  bucketOf(key: string, nowMs: number): Bucket {
    this.#bucket.place = this.#find(hashOf(key), toNanoseconds(nowMs)) + 1;
    return this.#bucket;
  }

  #find(hash: bigint, nowNs: bigint): number {
    const table = this.#table;
    const start = Number(BigInt.asUintN(32, hash)) % IDENTITY_SLOTS;
    for (;;) {
      let place = -1;
      let placed = 0n;
      let earliest: bigint | null = null;
      for (let probe = 0; probe < PROBES; probe++) {
        const at = ((start + probe) % IDENTITY_SLOTS) * 2;
        const held = Atomics.load(table, at);
        if (held === hash) return at;
        const fullAt = held === 0n ? 0n : Atomics.load(table, at + 1);
        // The first that is at rest; when all are busy, the one that will be at rest first loses its count.
        const rest = fullAt <= nowNs ? 0n : fullAt;
        if (earliest === null || rest < earliest) {
          earliest = rest;
          place = at;
          placed = held;
        }
      }
      if (Atomics.compareExchange(table, place, placed, hash) !== placed) continue;
      if (earliest !== 0n) Atomics.store(table, place + 1, 0n);
      return place;
    }
  }
}

function toNanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}

/** 64 bits, never 0. Identities are verified, so nobody chooses them to collide. Two rounds of FNV-1a with a last mix. */
function hashOf(key: string): bigint {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
  }
  a = Math.imul(a ^ (a >>> 16), 0xc2b2ae35) ^ key.length;
  b = Math.imul(b ^ (b >>> 15), 0x27d4eb2f);
  const hash = (BigInt(a >>> 0) << 32n) | BigInt((b ^ (b >>> 13)) >>> 0);
  return hash === 0n ? 1n : BigInt.asIntN(64, hash);
}
