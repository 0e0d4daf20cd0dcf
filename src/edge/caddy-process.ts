/**
 * One Caddy as a child process, from its start to its end.
 *
 * In:  the binary, the configuration to begin with, where its files go. Out: its admin API, its end, a way to stop it.
 * Not here: starting it again (supervise-caddy.ts), what it runs later (apply-config.ts).
 * INVARIANT: when starting fails nothing is left running. The child outlives neither `stop` nor this process: a watchdog
 * ends it when we are killed, and the pid file lets the next start end what even that left.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Json, GatehouseError, canonicalJson } from "../core/index.ts";
import { type AdminApi, createAdminApi } from "./admin-api.ts";
import { createBoundedLog } from "./bounded-log.ts";
import { endLeftover, forgetPid, notePid } from "./leftover.ts";
import { oneLine, portFault } from "./read-refusal.ts";
import { watchChild } from "./watchdog.ts";

export interface CaddyStart {
  readonly binary: string;
  /** Where its admin API listens according to `bootstrap`: `unix//path` or `host:port`. */
  readonly adminListen: string;
  /** Its own folder; created with mode 0700. Also its home, so that it touches nothing of the user's. */
  readonly storageDir: string;
  /** File for what it prints. */
  readonly stdoutLog: string;
  /** The configuration to begin with. */
  readonly bootstrap: Json;
  /** Default `caddy.pid` in the storage folder. */
  readonly pidFile?: string | undefined;
}

export interface CaddyEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface CaddyProcess {
  readonly pid: number;
  readonly admin: AdminApi;
  /** Fulfilled when the process has ended, whoever ended it. */
  readonly exited: Promise<CaddyEnd>;
  /** The last error that it printed, fit for a message; empty when it printed none. */
  lastError(): string;
  /** Asks it to end (SIGTERM), ends it (SIGKILL) after `graceMs`. Afterwards it is gone. Safe to call twice. */
  stop(graceMs: number): Promise<void>;
}

const READY_WITHIN_MS = 15_000;
const READY_STEP_MS = 10;
const LEFTOVER_GRACE_MS = 6_000;

/**
 * Caddy runs `bootstrap` and its admin API answers. A Caddy that an earlier run left behind is ended first.
 * @throws GH_EDGE_PORT_TAKEN, GH_EDGE_PORT_DENIED, GH_EDGE_START_FAILED, GH_EDGE_ADMIN_ADDRESS
 */
export async function startCaddy(options: CaddyStart): Promise<CaddyProcess> {
  const admin = createAdminApi(options.adminListen);
  const pidFile = options.pidFile ?? path.join(options.storageDir, "caddy.pid");
  await mkdir(options.storageDir, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw startFailed(`cannot create \`${options.storageDir}\` (${error.code ?? "unknown error"})`, error);
  });
  await endLeftover(pidFile, LEFTOVER_GRACE_MS);

  const log = createBoundedLog(options.stdoutLog);
  const child = spawn(options.binary, ["run", "--config", "-"], {
    // A process group of its own: Ctrl-C reaches us alone, and we let requests finish before Caddy goes.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: environmentFor(options.storageDir),
    cwd: options.storageDir,
  });
  child.stdout.on("data", (chunk: Buffer) => log.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => log.add(chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(options.bootstrap));
  const { pid } = child;
  if (pid === undefined) {
    const [error] = (await once(child, "error")) as [NodeJS.ErrnoException];
    log.close();
    throw startFailed(`cannot run \`${options.binary}\` (${error.code ?? error.message})`, error);
  }
  const watchdog = watchChild(pid);
  const exited = endOf(child).then(async (end) => {
    watchdog.release();
    log.close();
    await forgetPid(pidFile).catch(() => {});
    return end;
  });
  const running: CaddyProcess = {
    pid,
    admin,
    exited,
    lastError: () => lastError(log.lastLines()),
    stop: (graceMs) => stop(child, exited, graceMs),
  };
  try {
    await notePid(pidFile, pid);
    await waitUntilRunning(running, options.bootstrap);
  } catch (error) {
    await running.stop(0);
    throw error;
  }
  return running;
}

/**
 * Go collects garbage when the heap has grown by so many percent. Caddy's own heap is a few megabytes, so that its
 * default of 100 would collect many times a second under load; this costs some tens of megabytes.
 */
const GARBAGE_PERCENT = "400";

/** Only what Caddy needs: a service's environment may hold secrets that its edge has no use for. */
function environmentFor(storageDir: string): NodeJS.ProcessEnv {
  const passed = [
    "PATH",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GODEBUG",
    "GOGC",
    "GOMAXPROCS",
    "GOMEMLIMIT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
  ];
  const env: NodeJS.ProcessEnv = {
    GOGC: GARBAGE_PERCENT,
    HOME: storageDir,
    XDG_DATA_HOME: path.join(storageDir, "data"),
    XDG_CONFIG_HOME: path.join(storageDir, "config"),
  };
  for (const name of passed) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

function endOf(child: ChildProcess): Promise<CaddyEnd> {
  // `close` and not `exit`: by then all that it printed has been read.
  return new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
}

/** The admin API answers before the applications run; Caddy shows a configuration only when they do. */
async function waitUntilRunning(caddy: CaddyProcess, bootstrap: Json): Promise<void> {
  const wanted = canonicalJson(bootstrap);
  let ended: CaddyEnd | null = null as CaddyEnd | null;
  void caddy.exited.then((end) => (ended = end));
  let reason = "its admin endpoint does not answer";
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += READY_STEP_MS) {
    if (ended !== null) throw portFault(caddy.lastError()) ?? startFailed(caddy.lastError() || endText(ended));
    try {
      if (canonicalJson((await caddy.admin.read()).config) === wanted) return;
      reason = "another Caddy answers at its admin endpoint";
    } catch (error) {
      if (!(error instanceof GatehouseError) || error.code !== "GH_EDGE_ADMIN_UNREACHABLE") throw error;
    }
    await Promise.race([delay(READY_STEP_MS), caddy.exited]);
  }
  throw startFailed(reason);
}

async function stop(child: ChildProcess, exited: Promise<CaddyEnd>, graceMs: number): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await exited;
  clearTimeout(timer);
}

/** Caddy says nothing when it does not know a field at the top of the configuration. */
function endText(end: CaddyEnd): string {
  return `it ended at once (${end.signal ?? `code ${end.code ?? "unknown"}`}) and did not tell why`;
}

/** The last line that is an error: Caddy's own last word (`Error: …`), a line of its log at level error, or a panic. */
function lastError(lines: readonly string[]): string {
  for (const line of lines.toReversed()) {
    if (line.startsWith("Error: ")) return oneLine(line.slice("Error: ".length));
    if (!line.startsWith("{")) continue;
    try {
      const { level, msg, error } = JSON.parse(line) as Record<string, unknown>;
      if (level === "error" || level === "fatal") return oneLine([msg, error].filter(Boolean).join(": "));
    } catch {
      // A line that is not of Caddy's log.
    }
  }
  return oneLine(lines.findLast((line) => line !== "" && !line.startsWith("{")) ?? "");
}

function startFailed(reason: string, cause?: unknown): GatehouseError {
  return new GatehouseError("GH_EDGE_START_FAILED", { reason }, { cause });
}
