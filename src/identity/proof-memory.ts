/**
 * Which proofs have been used: each is good once, whichever thread it comes to.
 *
 * In: a proof's id and the last second in which it would be taken. Out: whether it is the first time.
 * One table that all threads of the process see; it forgets a proof when its time has passed. A place is one 64-bit word:
 * the last second above, 32 bits of the id's hash below. It is changed by compare-and-exchange alone.
 * Two threads that meet one proof at the same moment may both find it new and take two places for it; so who has taken a
 * place looks again, and the later one of the two sees the other. At worst both are refused.
 * INVARIANT: fails closed. A table without room says `full`, and two ids of one hash (one in some sixty million) are one
 * proof. Nothing is let through because something was forgotten early.
 * Not here: a restart of the process forgets everything.
 */
import { hash } from "node:crypto";

export interface ProofMemory {
  /** For other threads, which make their own view of it. */
  readonly shared: SharedArrayBuffer;
  /** `full` says nothing about the proof, and it was not noted. */
  note(id: string, untilSeconds: number, nowSeconds: number): "first" | "seen" | "full";
}

const WORD_BYTES = 8;
/** A proof is looked for in the places of one row only. */
const ROW = 64;
/** Half of it is what a gateway verifies in a minute at eight thousand calls a second. Pages are used when they are needed. */
const DEFAULT_ROWS = 1 << 14;
const FINGERPRINT = 0xffff_ffffn;

export function createProofMemory(
  shared: SharedArrayBuffer = new SharedArrayBuffer(DEFAULT_ROWS * ROW * WORD_BYTES),
): ProofMemory {
  const words = new BigUint64Array(shared);
  const rows = words.length / ROW;

  /** Whether another place than `own` of the row holds the fingerprint; the first place that is free. */
  function look(row: number, fingerprint: bigint, nowSeconds: number, own: number) {
    let free = -1;
    let held = 0n;
    for (let place = row * ROW; place < (row + 1) * ROW; place++) {
      const word = Atomics.load(words, place);
      if (Number(word >> 32n) < nowSeconds) {
        if (free !== -1) continue;
        free = place;
        held = word;
      } else if ((word & FINGERPRINT) === fingerprint && place !== own) return { isSeen: true, free, held };
    }
    return { isSeen: false, free, held };
  }

  return {
    shared,
    note(id, untilSeconds, nowSeconds) {
      const digest = hash("sha256", id, "buffer");
      const row = digest.readUInt32BE(0) % rows;
      const fingerprint = BigInt(digest.readUInt32BE(4));
      const entry = (BigInt(untilSeconds) << 32n) | fingerprint;
      for (;;) {
        const { isSeen, free, held } = look(row, fingerprint, nowSeconds, -1);
        if (isSeen) return "seen";
        if (free === -1) return "full";
        // Taken by another thread meanwhile: perhaps for this very proof.
        if (Atomics.compareExchange(words, free, held, entry) !== held) continue;
        return look(row, fingerprint, nowSeconds, free).isSeen ? "seen" : "first";
      }
    },
  };
}
