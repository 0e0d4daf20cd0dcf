/** What has been opened on the way up, to be closed on the way down. */
import type { Reporter } from "../core/index.ts";

/** Closes last first, and goes on when one of them fails; that one is told. */
export class Opened {
  readonly #reporter: Reporter;
  readonly #closers: (() => Promise<void> | void)[] = [];

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  add(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      try {
        await closer();
      } catch (cause) {
        this.#reporter.warn(`while stopping: ${cause instanceof Error ? cause.message : "unknown fault"}`);
      }
    }
  }
}
