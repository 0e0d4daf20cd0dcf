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
 * How many bytes of bodies all calls of a gateway may keep in memory together, since each body is taken whole.
 * INVARIANT: what is held is never more than `limit`; every share gives back what it took.
 */
export class HeldBytes {
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What one call holds; nothing yet. */
  share(): HeldShare {
    let held = 0;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#limit) return false;
        this.#bytes += bytes;
        held += bytes;
        return true;
      },
      release: () => {
        this.#bytes -= held;
        held = 0;
      },
    };
  }
}

export interface HeldShare {
  /** False when there is no room for so many more; then none are taken. */
  take(bytes: number): boolean;
  /** Gives back all. */
  release(): void;
}

/**
 * Calls `done` once: with the body when its last byte is there, or with why it is not to be had as soon as that is known;
 * never when the connection goes away before. What comes after is read and dropped.
 *
 * @param hasRoom whether so many more bytes may be held
 */
export function collectWhole(
  message: IncomingMessage,
  maxBytes: number,
  done: (body: Buffer | "too-large" | "no-room") => void,
  hasRoom: (bytes: number) => boolean = () => true,
): void {
  const pieces = new Pieces();
  let isRefused = false;
  const refuse = (why: "too-large" | "no-room"): void => {
    isRefused = true;
    pieces.clear();
    done(why);
  };
  message.on("data", (chunk: Buffer) => {
    if (isRefused) return;
    if (pieces.bytes + chunk.length > maxBytes) return refuse("too-large");
    if (!hasRoom(chunk.length)) return refuse("no-room");
    pieces.add(chunk);
  });
  message.on("end", () => {
    if (!isRefused) done(pieces.join());
  });
  // The call hears of it by the response's `close`.
  message.on("error", () => {});
}
