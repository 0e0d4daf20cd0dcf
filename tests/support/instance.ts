/**
 * Starts the product as its user does: `./gatehouse up` as a process, on free ports, in a directory of its own.
 * Out: its status, its directory, what it said, and a stop that leaves nothing running.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Status } from "../../src/app/status.ts";
import { type Ran, run } from "./run.ts";

export const GATEHOUSE = join(import.meta.dirname, "../../gatehouse");

export interface StartOptions {
  /** Files beside the policy by name; `gatehouse.yaml` is the policy. */
  readonly files: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Started {
  readonly dir: string;
  readonly state: string;
  readonly status: Status;
  readonly process: ChildProcess;
  /** Everything on stderr so far. */
  said(): string;
  /** Runs another command against this instance, in its directory. */
  gatehouse(...args: string[]): Promise<Ran>;
  token(name: string): Promise<string>;
  /** Replaces a file beside the policy. */
  write(name: string, text: string): void;
  /** Sends SIGTERM, waits for the end, removes the directory. Gives the exit code. */
  stop(): Promise<number | null>;
}

const START_LIMIT_MS = 30_000;

export function makeDirectory(files: Readonly<Record<string, string>>): string {
  // A short path: unix sockets live below it.
  const dir = mkdtempSync(join(tmpdir(), "gh-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

export async function startInstance(options: StartOptions): Promise<Started> {
  const dir = makeDirectory(options.files);
  const args = ["up", "--json", "--https", "0", ...(options.args ?? [])];
  const child = spawn(GATEHOUSE, args, {
    cwd: dir,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  let stdout = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, "exit");
  const status = await new Promise<Status>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`up did not get ready: ${stderr}`)), START_LIMIT_MS);
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      const line = stdout.indexOf("\n");
      if (line === -1 || !stdout.startsWith('{"ready"')) return;
      clearTimeout(limit);
      resolve(JSON.parse(stdout.slice(0, line)) as Status);
    });
    child.once("exit", (code) => {
      clearTimeout(limit);
      reject(new Error(`up ended with ${code}: ${stdout}${stderr}`));
    });
  }).catch((cause: unknown) => {
    child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
    throw cause;
  });
  const state = join(dir, ".gatehouse");
  const gatehouse = async (...rest: string[]): Promise<Ran> => run(GATEHOUSE, rest, { cwd: dir });
  return {
    dir,
    state,
    status,
    process: child,
    said: () => stderr,
    gatehouse,
    token: async (name) => {
      const ran = await gatehouse("token", "--as", name);
      if (ran.code !== 0) throw new Error(`no token for ${name}: ${ran.stderr}`);
      return ran.stdout.trim();
    },
    write: (name, text) => writeFileSync(join(dir, name), text),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      const [code] = (await exited) as [number | null];
      rmSync(dir, { recursive: true, force: true });
      return code;
    },
  };
}

/** Waits until `condition` holds, or fails with `what` after the limit. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
