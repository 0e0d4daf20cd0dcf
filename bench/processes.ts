/**
 * Server processes of a benchmark: start, wait until they answer, count the CPU they used, stop.
 *
 * Out: CPU time in microseconds, memory and open files of a process and all that it started, from the system's own
 * accounting.
 * Source: proc(5): `utime` and `stime` of /proc/PID/stat, in clock ticks of 10 ms on Linux; `Pss` of /proc/PID/smaps_rollup
 * (what several processes share is divided among them); /proc/PID/fd.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const MICROSECONDS_PER_TICK = 10_000;

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** Starts a program whose output goes to a file; `stop` asks it to end and returns when it has. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly logFile: string; readonly env?: NodeJS.ProcessEnv; readonly readsOutput?: boolean },
): Running {
  const log = openSync(options.logFile, "a", 0o600);
  const child = spawn(command, args, {
    stdio: ["ignore", options.readsOutput === true ? "pipe" : log, log],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  return {
    pid: child.pid ?? -1,
    child,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** True once `probe` is; false when the process ended or the time is over. Errors of `probe` mean "not yet". */
export async function waitFor(running: Running, timeoutMs: number, probe: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && running.child.exitCode === null && running.child.signalCode === null) {
    try {
      if (await probe()) return true;
    } catch {
      // It does not answer yet.
    }
    await delay(100);
  }
  return false;
}

interface Stat {
  readonly program: string;
  readonly parent: number;
  readonly ticks: number;
}

/** The name of a process stands in parentheses and may hold anything, so fields are counted from the last one. */
function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = text.lastIndexOf(")");
    const fields = text.slice(end + 2).split(" ");
    const name = text.slice(text.indexOf("(") + 1, end);
    return {
      // Node names its main thread, and the process with it.
      program: name === "MainThread" ? "node" : name,
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
    };
  } catch {
    return null;
  }
}

/** `roots` and their living descendants. */
function listFamily(roots: readonly number[]): Map<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : null;
    if (stat !== null) stats.set(pid, stat);
  }
  const family = new Map<number, Stat>();
  for (const [pid, stat] of stats)
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = stats.get(at)?.parent)
      if (roots.includes(at)) {
        family.set(pid, stat);
        break;
      }
  return family;
}

/** CPU time used so far by `roots` and their living descendants, in microseconds, by program. */
export function cpuMicroseconds(roots: readonly number[]): Readonly<Record<string, number>> {
  const used: Record<string, number> = {};
  for (const { program, ticks } of listFamily(roots).values())
    used[program] = (used[program] ?? 0) + ticks * MICROSECONDS_PER_TICK;
  return used;
}

export interface ProcessUse {
  readonly program: string;
  /** Proportional set size. */
  readonly memoryBytes: number;
  readonly openFiles: number;
  readonly sockets: number;
}

/** What `roots` and their living descendants hold now. Launchers that only wait are among them. */
export function readUse(roots: readonly number[]): readonly ProcessUse[] {
  return [...listFamily(roots)].map(([pid, { program }]) => {
    const files = listOpenFiles(pid);
    return {
      program,
      memoryBytes: memoryOf(pid),
      openFiles: files.length,
      sockets: files.filter((file) => file.startsWith("socket:")).length,
    };
  });
}

/** All of them together, in bytes. */
export function memoryBytes(roots: readonly number[]): number {
  return readUse(roots).reduce((sum, use) => sum + use.memoryBytes, 0);
}

function memoryOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function listOpenFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${name}`)];
      } catch {
        // Closed meanwhile.
        return [];
      }
    });
  } catch {
    return [];
  }
}
