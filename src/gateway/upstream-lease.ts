/**
 * The connections that one set of plans holds: given back when the set is replaced and its last request has left.
 *
 * In: the pools of a gateway. Out: one pool for each origin, one list of deadlines for each length.
 * INVARIANT: an origin is held as long as a request may still be sent to it.
 */
import { Deadlines } from "./deadlines.ts";
import type { Origin } from "./http-client/origin.ts";
import type { Upstreams } from "./upstreams.ts";

export class UpstreamLease {
  readonly #upstreams: Upstreams;
  readonly #pools = new Map<string, Origin>();
  readonly #deadlines = new Map<number, Deadlines>();
  #requests = 0;
  #isReplaced = false;
  #isReleased = false;

  constructor(upstreams: Upstreams) {
    this.#upstreams = upstreams;
  }

  get requests(): number {
    return this.#requests;
  }

  poolOf(origin: string): Origin {
    let pool = this.#pools.get(origin);
    if (pool === undefined) this.#pools.set(origin, (pool = this.#upstreams.hold(origin)));
    return pool;
  }

  deadlinesOf(timeoutMs: number): Deadlines {
    let list = this.#deadlines.get(timeoutMs);
    if (list === undefined) this.#deadlines.set(timeoutMs, (list = new Deadlines(timeoutMs)));
    return list;
  }

  enter(): void {
    this.#requests++;
  }

  leave(): void {
    this.#requests--;
    if (this.#isReplaced && this.#requests === 0) this.release();
  }

  /** Others answer from now on. */
  retire(): void {
    this.#isReplaced = true;
    if (this.#requests === 0) this.release();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const origin of this.#pools.keys()) this.#upstreams.release(origin);
  }
}
