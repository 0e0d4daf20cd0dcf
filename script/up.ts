/**
 * Runs the example shop: its three services in this process, `gatehouse up` as a child that prints the screen.
 *
 * In:  options of `gatehouse up`, passed on as they are.
 * Out: the exit code of `gatehouse up`.
 * INVARIANT: whichever ends first, the other ends too; nothing that was not started here is touched.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import type { Trust } from "../examples/shop/caller.ts";
import { PORTS, startServices } from "../examples/shop/services.ts";

const root = join(import.meta.dirname, "..");
const shop = join(root, "examples", "shop");
const gatehouse = [
  ...process.execArgv.filter((option) => option.startsWith("--disable-warning")),
  join(root, "src", "cli", "main.ts"),
];

interface Status {
  readonly ready: boolean;
  readonly edge: { readonly https: string; readonly caFile: string | null };
}

function fail(message: string, exitCode: number): never {
  process.stderr.write(`gatehouse: ${message}\n`);
  process.exit(exitCode);
}

/** The options that matter here too; the rest is for `gatehouse up` to judge. */
function readOptions(args: string[]): { readonly state: string; readonly isDetached: boolean } {
  const { values } = parseArgs({
    args,
    strict: false,
    options: { state: { type: "string" }, detach: { type: "boolean" } },
  });
  const state = typeof values["state"] === "string" ? values["state"] : join(shop, "../../.gatehouse");
  return { state, isDetached: values["detach"] === true };
}

async function startShop(trust: Promise<Trust | null>): Promise<void> {
  try {
    await startServices({ trust });
  } catch (error) {
    const { code, port } = error as { readonly code?: string; readonly port?: number };
    if (code !== "EADDRINUSE") throw error;
    fail(`port ${port} is taken by another program; the shop needs ${Object.values(PORTS).join(", ")} on 127.0.0.1`, 5);
  }
}

/** Asks the running instance for its addresses, until it is ready or has ended. */
async function readTrust(child: ChildProcess, state: string): Promise<Trust> {
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...gatehouse,
        "status",
        "--state",
        state,
        "--json",
      ]);
      const { ready, edge } = JSON.parse(stdout) as Status;
      if (ready) {
        const ca = edge.caFile === null ? null : readFileSync(edge.caFile, "utf8");
        return { issuer: `${edge.https}/_gatehouse`, ca };
      }
    } catch {
      // It does not answer yet.
    }
    await delay(200);
  }
  throw new Error("gatehouse ended");
}

const args = process.argv.slice(2);
const { state, isDetached } = readOptions(args);
if (isDetached)
  fail("script/up stays in the foreground; for --detach run your services and `gatehouse up` yourself", 2);

const { promise: trust, resolve: setTrust } = Promise.withResolvers<Trust | null>();
await startShop(trust);
// In a process group of its own: Ctrl-C reaches this process alone, which then ends the child once and in order.
const child = spawn(
  process.execPath,
  [...gatehouse, "up", join(shop, "gatehouse.yaml"), "--env", "local", "--state", state, ...args],
  { stdio: ["ignore", "inherit", "inherit"], detached: true },
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill("SIGTERM"));
process.on("exit", () => child.kill("SIGTERM"));
readTrust(child, state).then(setTrust, () => undefined);
child.on("error", (error) => fail(`cannot start: ${error.message}`, 70));
child.on("exit", (code, signal) => {
  const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  process.exit(exitCode);
});
