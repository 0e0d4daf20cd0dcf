/**
 * The client's body on its way to the service, counted, and separate from the client's connection, so that a service
 * that fails does not take the client's answer with it.
 *
 * In: the incoming message. Out: a small body in one piece, or a stream for the service's connection, with the pauses that the
 * service's connection asks for.
 * INVARIANT: the client's message is never destroyed from here; what is not wanted any more is read and dropped.
 */
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { collectWhole as collect } from "./http-api/whole-body.ts";

/**
 * Up to here a body of known length is read before the service is asked: it goes out in one piece, and a client that
 * sends slowly keeps no connection to the service busy.
 */
export const SMALL_BODY_BYTES = 65_536;

/** Calls `done` with the whole body when it is there; never when the client goes away before. */
export function collectBody(message: IncomingMessage, length: number, done: (body: Buffer) => void): void {
  let first: Buffer | null = null;
  let rest: Buffer[] | null = null;
  let bytes = 0;
  message.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (first === null) first = chunk;
    else (rest ??= [first]).push(chunk);
    if (bytes === length) done(rest === null ? first : Buffer.concat(rest, bytes));
  });
  message.on("error", ignore);
}

/** The whole body; null as soon as it is larger. Never settles when the connection goes away before. */
export function collectWhole(message: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  return new Promise((resolve) =>
    collect(message, maxBytes, (body) => resolve(typeof body === "string" ? null : body)),
  );
}

/** The client's connection broke or broke the protocol: the exchange hears of it by the response's `close`. */
function ignore(): void {}

export interface BodyOwner {
  /** The service is ready for the body: the moment to answer `Expect: 100-continue`. */
  onBodyWanted(): void;
  /** Some more of it came. */
  onBodyBytes(): void;
  /** The limit is passed. No further chunk is given out. */
  onBodyTooLarge(): void;
}

export class RequestBody extends EventEmitter {
  /** Bytes that came from the client. */
  bytes = 0;
  readonly #message: IncomingMessage;
  readonly #owner: BodyOwner;
  readonly #maxBytes: number;
  #isOpen = false;
  #isPaused = false;
  #isComplete = false;
  #isDone = false;

  /** @param maxBytes infinity for no limit */
  constructor(message: IncomingMessage, owner: BodyOwner, maxBytes: number) {
    super();
    this.#message = message;
    this.#owner = owner;
    this.#maxBytes = maxBytes;
  }

  /** The last byte has been given out. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** The service takes no more for now. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** The connection to the service uses the events, `resume`, `pause` and `destroy` of it. */
  asReadable(): Readable {
    return this as unknown as Readable;
  }

  pipe(): never {
    throw new TypeError("a request body is read by events");
  }

  resume(): this {
    if (this.#isDone) return this;
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#owner.onBodyWanted();
      this.#message.on("data", this.#onData);
      this.#message.on("end", this.#onEnd);
      this.#message.on("error", ignore);
    }
    this.#isPaused = false;
    this.#message.resume();
    return this;
  }

  pause(): this {
    this.#isPaused = true;
    this.#message.pause();
    return this;
  }

  /** Afterwards no event is given out; the rest of the client's body is dropped as it comes. */
  destroy(): this {
    if (this.#isDone) return this;
    this.#isDone = true;
    this.#message.off("data", this.#onData);
    this.#message.off("end", this.#onEnd);
    if (this.#isOpen) this.#message.resume();
    return this;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.bytes += chunk.length;
    if (this.bytes <= this.#maxBytes) {
      this.#owner.onBodyBytes();
      this.emit("data", chunk);
      return;
    }
    this.destroy();
    this.#owner.onBodyTooLarge();
  };

  readonly #onEnd = (): void => {
    this.#isComplete = true;
    this.emit("end");
  };
}
