/**
 * The Caddy that an earlier run could not end: found by the pid file it left, ended before the next one starts.
 *
 * In:  the pid file. Out: no such process. Not here: the watchdog that makes this rare (watchdog.ts).
 * INVARIANT: a process is ended only when it began at the very moment that the file tells: a pid that has been given to
 * another program since is left alone.
 */
import { execFile } from "node:child_process";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

interface Noted {
  readonly pid: number;
  readonly startedAt: string;
}

/** The pid file tells of this process. Nothing happens when the process has ended already. */
export async function notePid(pidFile: string, pid: number): Promise<void> {
  const startedAt = await startOf(pid);
  if (startedAt === null) return;
  const noted: Noted = { pid, startedAt };
  await writeFile(`${pidFile}.new`, JSON.stringify(noted), { mode: 0o600 });
  await rename(`${pidFile}.new`, pidFile);
}

export async function forgetPid(pidFile: string): Promise<void> {
  await rm(pidFile, { force: true });
}

/**
 * Afterwards the process of the pid file is gone, and so is the file. Returns its pid when one had to be ended: with
 * SIGTERM, and with SIGKILL when it is still there after `graceMs`.
 */
export async function endLeftover(pidFile: string, graceMs: number): Promise<number | null> {
  const noted = parseNoted(await readFile(pidFile, "utf8").catch(() => ""));
  if (noted === null || (await startOf(noted.pid)) !== noted.startedAt) {
    await forgetPid(pidFile);
    return null;
  }
  send(noted.pid, "SIGTERM");
  if (!(await isGone(noted, graceMs))) {
    send(noted.pid, "SIGKILL");
    await isGone(noted, graceMs);
  }
  await forgetPid(pidFile);
  return noted.pid;
}

function parseNoted(text: string): Noted | null {
  try {
    const { pid, startedAt } = JSON.parse(text) as Partial<Noted>;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 1) return null;
    return typeof startedAt === "string" && startedAt !== "" ? { pid, startedAt } : null;
  } catch {
    return null;
  }
}

function send(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It went by itself, or belongs to another user and so is not ours to end.
  }
}

const STEP_MS = 20;

async function isGone(noted: Noted, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= withinMs; waitedMs += STEP_MS) {
    if ((await startOf(noted.pid)) !== noted.startedAt) return true;
    await delay(STEP_MS);
  }
  return false;
}

/** Something that two processes with the same pid never share: when it began. Null when there is no such process. */
async function startOf(pid: number): Promise<string | null> {
  if (process.platform === "linux") {
    // After the name, which may hold spaces and brackets: field 3 is the state, field 22 the start in clock ticks.
    const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  }
  return new Promise((resolve) => {
    execFile("ps", ["-o", "lstart=", "-p", String(pid)], (error, stdout) => {
      const started = stdout.trim();
      resolve(error !== null || started === "" ? null : started);
    });
  });
}
