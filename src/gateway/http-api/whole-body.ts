/** The whole body of a message in one piece, within a limit. */
import type { IncomingMessage } from "node:http";

/**
 * Calls `done` once: with the body when its last byte is there, with null as soon as it is too large; never when the
 * connection goes away before. What comes after is read and dropped.
 */
export function collectWhole(message: IncomingMessage, maxBytes: number, done: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  message.on("data", (chunk: Buffer) => {
    if (bytes > maxBytes) return;
    bytes += chunk.length;
    if (bytes <= maxBytes) {
      chunks.push(chunk);
      return;
    }
    chunks.length = 0;
    done(null);
  });
  message.on("end", () => {
    if (bytes > maxBytes) return;
    const [first] = chunks;
    done(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes));
  });
  // The call hears of it by the response's `close`.
  message.on("error", () => {});
}
