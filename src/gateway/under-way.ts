/** Counts what is under way, so that closing can wait for it. */
export class UnderWay {
  #count = 0;
  #whenLeft: (() => void) | null = null;

  get count(): number {
    return this.#count;
  }

  enter(): void {
    this.#count++;
  }

  leave(): void {
    this.#count--;
    this.#whenLeft?.();
  }

  /** Until nothing is under way, at most `limitMs`. */
  async untilNone(limitMs: number): Promise<void> {
    const endsMs = performance.now() + limitMs;
    while (this.#count > 0) {
      const leftMs = endsMs - performance.now();
      if (leftMs <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#whenLeft = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#whenLeft = null;
  }
}
