/**
 * Many waits of one length with one timer: what begins first ends first, so a list in order of arrival is enough.
 *
 * In: things that can expire. Out: `expire` on those that were not taken out in time.
 * A timer for each request would be an object and two registrations; here joining and leaving is a few assignments.
 * INVARIANT: nothing expires early.
 */

/** The first three fields belong to `Deadlines`; they begin as null, null, 0. */
export interface Deadline {
  earlier: Deadline | null;
  later: Deadline | null;
  /** On the process's monotonic clock; 0 while it is in no list. */
  endsMs: number;
  expire(): void;
}

export class Deadlines {
  readonly #afterMs: number;
  #first: Deadline | null = null;
  #last: Deadline | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  add(item: Deadline): void {
    item.endsMs = performance.now() + this.#afterMs;
    item.earlier = this.#last;
    item.later = null;
    if (this.#last === null) this.#first = item;
    else this.#last.later = item;
    this.#last = item;
    if (this.#timer === null) this.#arm(this.#afterMs);
  }

  /** Nothing happens to `item` any more. */
  remove(item: Deadline): void {
    if (item.endsMs === 0) return;
    item.endsMs = 0;
    const { earlier, later } = item;
    if (earlier === null) this.#first = later;
    else earlier.later = later;
    if (later === null) this.#last = earlier;
    else later.earlier = earlier;
    item.earlier = null;
    item.later = null;
  }

  #expireDue(): void {
    this.#timer = null;
    const nowMs = performance.now();
    for (let item = this.#first; item !== null && item.endsMs <= nowMs; item = this.#first) {
      this.remove(item);
      item.expire();
    }
    // `expire` may have added and armed again.
    if (this.#first !== null && this.#timer === null) this.#arm(Math.ceil(this.#first.endsMs - nowMs));
  }

  /** Whoever waits holds a connection, which keeps the process alive; the timer need not. */
  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#expireDue(), ms).unref();
  }
}
