/**
 * A value that must not be printed. Every ordinary way of turning it into text gives `[secret]`;
 * only `reveal()` hands it out, so each use can be found by searching for that word.
 */
import { inspect } from "node:util";

const PRINTED = "[secret]";

export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return PRINTED;
  }

  toJSON(): string {
    return PRINTED;
  }

  [inspect.custom](): string {
    return PRINTED;
  }
}
