/** Bytes to a port of this machine and back, without TLS: what comes until the other end closes. */
import { connect } from "node:net";

const LIMIT_MS = 15_000;

export async function exchangePlain(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.setTimeout(LIMIT_MS, () => socket.destroy());
  await new Promise<void>((resolve) => {
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
    socket.write(bytes, "latin1");
  });
  return Buffer.concat(chunks).toString("latin1");
}
