/**
 * A unix socket that only its owner can reach.
 *
 * In: the path a listener shall have. Out: a free path in a directory of mode 0700, or a fault that says why not.
 * Not here: listening (gateway.ts).
 * INVARIANT: a file is removed only when it is a socket on which nobody listens.
 */
import { chmod, lstat, mkdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { GatehouseError } from "../core/index.ts";

/** `sun_path` of macOS less its final NUL; Linux allows four more. */
const MAX_PATH_BYTES = 103;
const OTHERS = 0o077;

/**
 * Afterwards nothing is at `path` and its directory exists and is closed to others.
 * @throws GH_GATEWAY_SOCKET_TOO_LONG, GH_GATEWAY_SOCKET_IN_USE, GH_GATEWAY_SOCKET_UNUSABLE
 */
export async function prepareSocketPath(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) throw new GatehouseError("GH_GATEWAY_SOCKET_TOO_LONG", { path, bytes });
  const directory = dirname(path);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { mode } = await lstat(directory);
    if ((mode & OTHERS) !== 0)
      throw unusable(path, `its directory is open to other users (mode ${(mode & 0o777).toString(8)})`);
    const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (found === null) return;
    if (!found.isSocket()) throw unusable(path, "a file that is not a socket has this name");
    if (await isListening(path)) throw new GatehouseError("GH_GATEWAY_SOCKET_IN_USE", { path });
    await rm(path, { force: true });
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    throw unusable(path, (error as NodeJS.ErrnoException).code ?? "unknown error", error);
  }
}

/** Only the owner may connect. Its directory keeps others out until this has been done. */
export async function closeSocketToOthers(path: string): Promise<void> {
  await chmod(path, 0o600);
}

function unusable(path: string, reason: string, cause?: unknown): GatehouseError {
  return new GatehouseError("GH_GATEWAY_SOCKET_UNUSABLE", { path, reason }, { cause });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      else reject(error);
    });
  });
}
