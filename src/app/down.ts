/** Ends the running instance of a state directory and waits until it is gone. */
import { setTimeout as sleep } from "node:timers/promises";
import { GatehouseError, isGatehouseError } from "../core/index.ts";
import { callControl } from "./control.ts";
import { stateDirOf } from "./load-policy.ts";
import { isAlive, readInstance, readText, statePaths } from "./state.ts";

const LIMIT_MS = 20_000;
const STEP_MS = 50;

/** Whether something ran. Nothing runs afterwards. @throws GH_APP_STILL_RUNNING */
export async function down(
  stateDir: string | undefined,
): Promise<{ readonly stopped: boolean; readonly state: string }> {
  const paths = statePaths(stateDirOf(stateDir, undefined));
  for (let waited = 0; !(await askToStop(paths.controlSocket)); waited += STEP_MS) {
    const holder = Number(readText(paths.lock));
    if (!(holder > 0) || !isAlive(holder)) return { stopped: false, state: paths.dir };
    // It is starting, or hangs.
    if (waited >= LIMIT_MS) throw new GatehouseError("GH_APP_STILL_RUNNING", { pid: holder });
    await sleep(STEP_MS);
  }
  const pid = readInstance(paths)?.pid;
  for (let waited = 0; pid !== undefined && isAlive(pid); waited += STEP_MS) {
    if (waited >= LIMIT_MS) throw new GatehouseError("GH_APP_STILL_RUNNING", { pid });
    await sleep(STEP_MS);
  }
  return { stopped: true, state: paths.dir };
}

/** False when nothing answers. */
async function askToStop(socket: string): Promise<boolean> {
  try {
    await callControl(socket, "stop");
    return true;
  } catch (cause) {
    if (isGatehouseError(cause) && cause.code === "GH_CONTROL_NOT_RUNNING") return false;
    throw cause;
  }
}
