/** B. Caddy and Gatehouse, started as a user starts it. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { renderPolicy } from "../bench-policy.ts";
import { startProcess, waitFor } from "../processes.ts";
import { type Setting, type Starter, untilServing } from "./road.ts";

export const GATEHOUSE = join(import.meta.dirname, "../../gatehouse");
const READY_WITHIN_MS = 60_000;

/** Gives the policy's file. */
export function writePolicy({ folder, backendPort, issuer, routes }: Setting): string {
  mkdirSync(folder, { recursive: true });
  const policy = join(folder, "gatehouse.yaml");
  writeFileSync(policy, renderPolicy(routes.length, issuer.issuer, `http://127.0.0.1:${backendPort}`));
  return policy;
}

export const gatehouse: Starter = {
  letter: "B",
  name: "Caddy + Gatehouse",
  checksTokens: true,
  hasRoutes: true,
  version: null,
  missing: null,
  async start(setting) {
    // A short path: unix sockets live below it.
    const folder = join(setting.folder, `b${setting.routes.length}`);
    const policy = writePolicy({ ...setting, folder });
    const state = join(folder, "s");
    const logFile = join(folder, "gatehouse.log");
    const running = startProcess(
      GATEHOUSE,
      ["up", policy, "--env", "local", "--state", state, "--https", "0", "--http", "0"],
      { logFile },
    );
    let status = { ready: false, edge: { https: "" } };
    const isReady = await waitFor(running, READY_WITHIN_MS, async () => {
      const { stdout } = await promisify(execFile)(GATEHOUSE, ["status", "--json", "--state", state]);
      status = JSON.parse(stdout) as typeof status;
      return status.ready;
    });
    if (!isReady) {
      await running.stop();
      throw new Error(`gatehouse up is not ready:\n${readFileSync(logFile, "utf8").slice(-2000)}`);
    }
    const [token = ""] = await setting.issuer.tokens(1);
    await untilServing(running, status.edge.https, token, "gatehouse", logFile);
    return {
      letter: "B",
      name: this.name,
      origin: status.edge.https,
      pids: [running.pid],
      stop: () => running.stop(),
    };
  },
};
