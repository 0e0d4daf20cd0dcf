import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FrameReader, closeFrame, maskedCloseFrame } from "./frame-reader.ts";

/** A frame with any payload length, as RFC 6455 5.2 draws it. */
function frame(length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const extended = Buffer.alloc(length > 65_535 ? 8 : length > 125 ? 2 : 0);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  else if (extended.length === 2) extended.writeUInt16BE(length);
  const short = extended.length === 8 ? 127 : extended.length === 2 ? 126 : length;
  const key = Buffer.alloc(isMasked ? 4 : 0, 0x5a);
  return Buffer.concat([Buffer.from([0x82, mask | short]), extended, key, Buffer.alloc(length, 0xff)]);
}

test("frames end where they end, in whatever pieces they come", () => {
  const lengths = fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 70_000);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(lengths, fc.boolean()), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (frames, cuts) => {
        const bytes = frames.map(([length, isMasked]) => frame(length, isMasked));
        const stream = Buffer.concat(bytes);
        const ends = new Set([0]);
        let end = 0;
        for (const each of bytes) ends.add((end += each.length));
        const reader = new FrameReader();
        const places = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b);
        let from = 0;
        for (const to of [...places, stream.length]) {
          reader.read(stream.subarray(from, to));
          assert.equal(reader.isBetweenFrames, ends.has(to), `after ${to} of ${stream.length}`);
          from = to;
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("close frames carry code and reason, and a client's are masked", () => {
  assert.deepEqual(closeFrame(1008, "no"), Buffer.from([0x88, 4, 0x03, 0xf0, 0x6e, 0x6f]));
  const key = Buffer.from([1, 2, 3, 4]);
  assert.deepEqual(
    maskedCloseFrame(1001, "x", key),
    Buffer.from([0x88, 0x83, 1, 2, 3, 4, 0x03 ^ 1, 0xe9 ^ 2, 0x78 ^ 3]),
  );
});
