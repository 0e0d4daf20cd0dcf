/** The whole body of a message in one piece, within a limit. */
import type { IncomingMessage } from "node:http";

/** An object for a piece weighs some 400 bytes, so that 10 MB that come byte by byte would weigh gigabytes. */
const MAX_SMALL = 256;
const SMALL_BYTES = 4096;

/** The pieces of a body as they come. INVARIANT: what is held grows with the bytes, and not with how many pieces they came in. */
export class Pieces {
  bytes = 0;
  #joined: Buffer[] = [];
  #small: Buffer[] = [];

  /** How many buffers there are. */
  get held(): number {
    return this.#joined.length + this.#small.length;
  }

  add(piece: Buffer): void {
    this.bytes += piece.length;
    if (piece.length >= SMALL_BYTES) {
      this.#joinSmall();
      this.#joined.push(piece);
      return;
    }
    this.#small.push(piece);
    if (this.#small.length === MAX_SMALL) this.#joinSmall();
  }

  /** All of them in one; afterwards there are none. */
  join(): Buffer {
    this.#joinSmall();
    const pieces = this.#joined;
    const [first] = pieces;
    const whole = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, this.bytes);
    this.clear();
    return whole;
  }

  clear(): void {
    this.bytes = 0;
    this.#joined = [];
    this.#small = [];
  }

  #joinSmall(): void {
    const pieces = this.#small;
    if (pieces.length === 0) return;
    const [first] = pieces;
    this.#joined.push(pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces));
    this.#small = [];
  }
}

/**
 * Calls `done` once: with the body when its last byte is there, with null as soon as it is too large; never when the
 * connection goes away before. What comes after is read and dropped.
 */
export function collectWhole(message: IncomingMessage, maxBytes: number, done: (body: Buffer | null) => void): void {
  const pieces = new Pieces();
  let isTooLarge = false;
  message.on("data", (chunk: Buffer) => {
    if (isTooLarge) return;
    if (pieces.bytes + chunk.length <= maxBytes) return pieces.add(chunk);
    isTooLarge = true;
    pieces.clear();
    done(null);
  });
  message.on("end", () => {
    if (!isTooLarge) done(pieces.join());
  });
  // The call hears of it by the response's `close`.
  message.on("error", () => {});
}
