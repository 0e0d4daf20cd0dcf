/**
 * Where WebSocket frames begin and end in a stream of bytes, so that a frame of ours can be put between two.
 *
 * In: the bytes of one direction, in pieces of any size. Out: whether the last byte ended a frame.
 * Not here: what is in a frame; payloads are skipped unread.
 * Source: RFC 6455 5.2.
 */
const MASKED = 0x80;
const LENGTH = 0x7f;

export class FrameReader {
  #payloadLeft = 0;
  #head: number[] = [];

  /** Nothing of a frame is open. */
  get isBetweenFrames(): boolean {
    return this.#payloadLeft === 0 && this.#head.length === 0;
  }

  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      this.#head.push(chunk[at++] as number);
      const length = payloadLength(this.#head);
      if (length === null) continue;
      this.#payloadLeft = length;
      this.#head = [];
    }
  }
}

/** Null while the head is not complete. */
function payloadLength(head: readonly number[]): number | null {
  const second = head[1];
  if (second === undefined) return null;
  const short = second & LENGTH;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (head.length < 2 + extended + ((second & MASKED) === 0 ? 0 : 4)) return null;
  if (extended === 0) return short;
  return head.slice(2, 2 + extended).reduce((length, byte) => length * 256 + byte, 0);
}

/** A close frame as a server sends it. */
export function closeFrame(code: number, why: string): Buffer {
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(why)]);
  return Buffer.concat([Buffer.from([0x88, payload.length]), payload]);
}

/** The same as a client sends it. */
export function maskedCloseFrame(code: number, why: string, key: Buffer): Buffer {
  const payload = closeFrame(code, why).subarray(2);
  const masked = payload.map((byte, index) => byte ^ (key[index % 4] as number));
  return Buffer.concat([Buffer.from([0x88, MASKED | payload.length]), key, masked]);
}
