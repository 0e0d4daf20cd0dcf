/**
 * The state directory of one instance: where everything lives, who holds it, and what runs in it.
 *
 * In:  `--state DIR`, by default `.gatehouse` beside the policy file.
 * Out: paths, an exclusive lock for the process that serves, the instance document that other commands read.
 * INVARIANT: the directory is 0700; one process at a time holds the lock; `instance.json` is written whole or not at all.
 */
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { GatehouseError } from "../core/index.ts";
import type { ThreadSockets } from "./thread-runtime.ts";

export interface StatePaths {
  readonly dir: string;
  readonly lock: string;
  readonly instance: string;
  readonly run: string;
  readonly controlSocket: string;
  readonly publicSocket: string;
  readonly privateSocket: string;
  readonly adminSocket: string;
  readonly caddyStorage: string;
  readonly logs: string;
  readonly edgeLog: string;
  readonly gatewayLog: string;
  readonly caddyLog: string;
  readonly upLog: string;
  readonly keys: string;
  readonly secrets: string;
  readonly caFile: string;
  readonly stateFile: string;
}

/** What a running instance tells other commands: no secret in it. */
export interface Instance {
  readonly pid: number;
  readonly startedAt: string;
  readonly policyFile: string;
  readonly environment: string;
  readonly ports: {
    readonly https: number;
    readonly http: number;
    readonly private: number;
    readonly identity: number;
  };
}

/** Linux's limit for a unix socket path (`sun_path`, 108 bytes with its terminator). */
const MAX_SOCKET_PATH_BYTES = 107;

export function defaultStateDir(policyFile: string): string {
  return join(dirname(resolve(policyFile)), ".gatehouse");
}

export function statePaths(dir: string): StatePaths {
  const root = resolve(dir);
  const run = join(root, "run");
  const logs = join(root, "logs");
  return {
    dir: root,
    lock: join(run, "lock"),
    instance: join(root, "instance.json"),
    run,
    controlSocket: join(run, "control.sock"),
    publicSocket: join(run, "public.sock"),
    privateSocket: join(run, "private.sock"),
    adminSocket: join(run, "admin.sock"),
    caddyStorage: join(root, "caddy"),
    logs,
    edgeLog: join(logs, "access.log"),
    gatewayLog: join(logs, "gateway.log"),
    caddyLog: join(logs, "caddy.log"),
    upLog: join(logs, "up.log"),
    keys: join(root, "keys"),
    secrets: join(root, "secrets"),
    caFile: join(root, "ca.crt"),
    stateFile: join(root, "state.db"),
  };
}

/** Where each thread of the gateway listens: the first where a single one does. */
export function threadSockets(
  { run, publicSocket, privateSocket }: StatePaths,
  count: number,
): readonly ThreadSockets[] {
  return Array.from({ length: count }, (_, index) =>
    index === 0
      ? { publicSocket, privateSocket }
      : { publicSocket: join(run, `public-${index + 1}.sock`), privateSocket: join(run, `private-${index + 1}.sock`) },
  );
}

/**
 * The directories exist with mode 0700 and the socket paths fit.
 *
 * @throws GH_STATE_SOCKET_TOO_LONG, GH_STATE_UNWRITABLE
 */
export function prepareState(paths: StatePaths): void {
  const bytes = Buffer.byteLength(paths.controlSocket);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new GatehouseError("GH_STATE_SOCKET_TOO_LONG", {
      path: paths.controlSocket,
      bytes,
      limit: MAX_SOCKET_PATH_BYTES,
    });
  }
  onDisk(paths.dir, () => {
    for (const dir of [paths.dir, paths.run, paths.caddyStorage, paths.logs, paths.keys, paths.secrets]) {
      makeDirectory(dir);
    }
  });
}

/** One level at a time: Node's recursive form never returns on file systems that refuse with ENOENT (`/proc`). */
function makeDirectory(dir: string): void {
  const parent = dirname(dir);
  if (parent !== dir && !existsSync(parent)) makeDirectory(parent);
  if (existsSync(dir)) return;
  mkdirSync(dir);
  // After the fact, since the umask may take more away. A directory that was there keeps the mode that its owner chose.
  chmodSync(dir, 0o700);
}

/**
 * This process holds the state until the returned function is called. A lock left by a process that no longer exists is taken over.
 *
 * @throws GH_STATE_LOCKED when another live process holds it
 */
export function lockState(paths: StatePaths): () => void {
  for (let attempt = 0; attempt < 2; attempt++) {
    // Written aside and linked, so that nobody ever reads a lock without its holder.
    const draft = `${paths.lock}.${process.pid}`;
    try {
      writeFileSync(draft, String(process.pid), { mode: 0o600 });
      linkSync(draft, paths.lock);
      return () => rmSync(paths.lock, { force: true });
    } catch (cause) {
      if (errnoOf(cause) !== "EEXIST") throw unwritable(paths.dir, cause);
    } finally {
      rmSync(draft, { force: true });
    }
    const holder = Number(readText(paths.lock));
    // Our own number is that of an earlier process: in a container it is the same at each start.
    if (Number.isInteger(holder) && holder > 0 && holder !== process.pid && isAlive(holder)) {
      throw new GatehouseError("GH_STATE_LOCKED", { dir: paths.dir, pid: holder });
    }
    rmSync(paths.lock, { force: true });
  }
  throw new GatehouseError("GH_STATE_LOCKED", { dir: paths.dir, pid: 0 });
}

export function writeInstance(paths: StatePaths, instance: Instance): void {
  writeFileWhole(paths.instance, `${JSON.stringify(instance, null, 2)}\n`);
}

/** The instance that is or was running in this state directory; null when there was none. */
export function readInstance(paths: StatePaths): Instance | null {
  const text = readText(paths.instance);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Instance;
  } catch {
    return null;
  }
}

/** The file holds exactly `text`, or is unchanged: a reader never sees half of it. Mode 0600. */
export function writeFileWhole(file: string, text: string): void {
  onDisk(file, () => {
    const temporary = `${file}.${process.pid}.tmp`;
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, file);
  });
}

export function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errnoOf(cause) === "EPERM";
  }
}

export function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}

function onDisk(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): GatehouseError {
  const reason = errnoOf(cause) === "ENOSPC" ? "no space left on the device" : (errnoOf(cause) ?? "unknown");
  return new GatehouseError("GH_STATE_UNWRITABLE", { path, reason }, { cause });
}
