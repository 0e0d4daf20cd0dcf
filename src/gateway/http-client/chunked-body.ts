/**
 * A body in chunks, byte by byte and strictly.
 *
 * In: bytes as they come. Out: data in the pieces in which it came. Extensions and trailer fields are read and dropped.
 * Source: RFC 9112 7.1.
 */

const CR = 0x0d;
const LF = 0x0a;
/** 13 digits are 2^52. */
const MAX_SIZE_DIGITS = 13;
/** Of all extensions of a chunk, and of all trailer fields. */
const MAX_EXTENSION_BYTES = 1024;
const MAX_TRAILER_BYTES = 65_536;

const S = {
  size: 0,
  extension: 1,
  sizeLf: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailerStart: 6,
  trailer: 7,
  trailerLf: 8,
  endLf: 9,
  done: 10,
} as const;

export class ChunkedBody {
  #state: number = S.size;
  #size = 0;
  #digits = 0;
  /** Of what is dropped: extensions of one chunk, or all trailer fields. */
  #dropped = 0;

  get isDone(): boolean {
    return this.#state === S.done;
  }

  /** How many of `bytes` from `at` belong to the body; -1 when they are no chunks. */
  read(bytes: Buffer, at: number, onData: (piece: Buffer) => void): number {
    let i = at;
    while (i < bytes.length && this.#state !== S.done) {
      if (this.#state === S.data) {
        const end = Math.min(bytes.length, i + this.#size);
        onData(bytes.subarray(i, end));
        this.#size -= end - i;
        i = end;
        if (this.#size === 0) this.#state = S.dataCr;
      } else if (!this.#step(bytes[i++] as number)) return -1;
    }
    return i - at;
  }

  #step(byte: number): boolean {
    switch (this.#state) {
      case S.size:
        return this.#stepSize(byte);
      case S.extension:
        if (byte === CR) this.#state = S.sizeLf;
        else if (!isText(byte) || ++this.#dropped > MAX_EXTENSION_BYTES) return false;
        return true;
      case S.sizeLf:
        this.#dropped = 0;
        return this.#move(byte, LF, this.#size === 0 ? S.trailerStart : S.data);
      case S.dataCr:
        return this.#move(byte, CR, S.dataLf);
      case S.dataLf:
        this.#digits = 0;
        return this.#move(byte, LF, S.size);
      case S.trailerStart:
        if (byte === CR) this.#state = S.endLf;
        else this.#state = S.trailer;
        return byte === CR || isText(byte);
      case S.trailer:
        if (byte === CR) this.#state = S.trailerLf;
        else if (!isText(byte) || ++this.#dropped > MAX_TRAILER_BYTES) return false;
        return true;
      case S.trailerLf:
        return this.#move(byte, LF, S.trailerStart);
      default:
        return this.#move(byte, LF, S.done);
    }
  }

  #stepSize(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      return ++this.#digits <= MAX_SIZE_DIGITS;
    }
    if (this.#digits === 0) return false;
    if (byte === CR) this.#state = S.sizeLf;
    else if (byte === 0x3b || byte === 0x20 || byte === 0x09) this.#state = S.extension;
    else return false;
    return true;
  }

  #move(byte: number, wanted: number, next: number): boolean {
    this.#state = next;
    return byte === wanted;
  }
}

/** What may stand in a line: anything but control characters, of which a tab is none here. */
function isText(byte: number): boolean {
  return byte === 0x09 || (byte >= 0x20 && byte !== 0x7f);
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
