/**
 * Starts `up` as a process of its own and comes back when it answers, or when it has ended.
 * What it says goes to `logs/up.log` of the state directory.
 */
import { spawn } from "node:child_process";
import { fstatSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { GatehouseError, isGatehouseError } from "../core/index.ts";
import { callControl } from "./control.ts";
import { type StatePaths, prepareState } from "./state.ts";
import type { Status } from "./status.ts";

const LIMIT_MS = 60_000;
const STEP_MS = 25;

export type Detached =
  | { readonly ok: true; readonly status: Status }
  /** What it said before it ended. */
  | { readonly ok: false; readonly exitCode: number; readonly said: string };

/** @throws GH_STATE_*, GH_APP_STILL_STARTING */
export async function detach(paths: StatePaths, args: readonly string[]): Promise<Detached> {
  prepareState(paths);
  // Appended to: another instance may hold this state and go on writing.
  const log = openSync(paths.upLog, "a", 0o600);
  const before = fstatSync(log).size;
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  let exitCode: number | null = null;
  child.once("exit", (code) => (exitCode = code ?? 1));
  for (let waited = 0; waited < LIMIT_MS; waited += STEP_MS) {
    if (exitCode !== null)
      return { ok: false, exitCode, said: readFileSync(paths.upLog).subarray(before).toString("utf8") };
    const status = await statusOf(paths);
    if (status?.pid === child.pid && status?.ready === true) {
      child.unref();
      return { ok: true, status };
    }
    await sleep(STEP_MS);
  }
  child.kill("SIGTERM");
  throw new GatehouseError("GH_APP_STILL_STARTING", { seconds: LIMIT_MS / 1000, log: paths.upLog });
}

async function statusOf(paths: StatePaths): Promise<Status | null> {
  try {
    return (await callControl(paths.controlSocket, "status")) as Status;
  } catch (cause) {
    if (isGatehouseError(cause)) return null;
    throw cause;
  }
}
