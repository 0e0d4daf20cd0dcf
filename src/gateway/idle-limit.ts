/** Ends what stands still: tells its owner when nothing was touched for as long as its list waits. */
import type { Deadline, Deadlines } from "./deadlines.ts";

export class IdleLimit implements Deadline {
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  endsMs = 0;
  readonly #waits: Deadlines;
  readonly #onIdle: () => void;

  /** Waits from now on. */
  constructor(waits: Deadlines, onIdle: () => void) {
    this.#waits = waits;
    this.#onIdle = onIdle;
    waits.add(this);
  }

  /** Something moved. After `end` nothing is waited for any more. */
  touch(): void {
    if (this.endsMs === 0) return;
    this.#waits.remove(this);
    this.#waits.add(this);
  }

  end(): void {
    this.#waits.remove(this);
  }

  expire(): void {
    this.#onIdle();
  }
}
