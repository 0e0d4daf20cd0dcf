/** Which addresses of the loopback interface this machine has. */
import { networkInterfaces } from "node:os";

/** `127.0.0.1`, and `[::1]` where there is IPv6, as they are written before a port. */
export function findLoopbackAddresses(): readonly string[] {
  const here = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return here.some(({ address }) => address === "::1") ? ["127.0.0.1", "[::1]"] : ["127.0.0.1"];
}
