/**
 * A port of 127.0.0.1 that nobody listens on at this moment.
 *
 * It lies below the range from which systems take the local ports of outgoing connections (32768 and up on Linux):
 * a port from there can be gone a moment later to any connection that somebody opens.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const FIRST = 20_000;
const AFTER_LAST = 32_000;
const TRIES = 50;

export async function findFreePort(): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(FIRST, AFTER_LAST);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES} ports from ${FIRST} to ${AFTER_LAST - 1} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
