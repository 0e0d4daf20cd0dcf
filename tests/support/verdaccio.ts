/**
 * Verdaccio, an npm registry that nobody here wrote, as a process on loopback with a storage of its own.
 *
 * Out: its address, and `close`, after which process and storage are gone.
 * It knows no uplinks, so that it never looks for a package elsewhere, and lets everybody read and publish: who may do
 * so is what the policy in front of it says.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findFreePort } from "./free-port.ts";
import { installPartners } from "./partners.ts";

export interface Verdaccio {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface VerdaccioOptions {
  /** The address under which clients reach it; tarball links are written with it. @default its own address */
  readonly publicUrl?: string;
  /** @default a free one */
  readonly port?: number;
}

const READY_WITHIN_MS = 30_000;

/** @throws Error with Verdaccio's own output when it ends or does not answer within 30 seconds */
export async function startVerdaccio(options: VerdaccioOptions = {}): Promise<Verdaccio> {
  const home = await installPartners();
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-verdaccio-"));
  const port = options.port ?? (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(join(folder, "config.yaml"), renderConfig(folder));
  const child = spawn(
    process.execPath,
    [
      join(home, "node_modules", "verdaccio", "bin", "verdaccio"),
      "--config",
      join(folder, "config.yaml"),
      "--listen",
      `127.0.0.1:${port}`,
    ],
    {
      cwd: folder,
      env: {
        ...process.env,
        ...(options.publicUrl === undefined ? {} : { VERDACCIO_PUBLIC_URL: options.publicUrl }),
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const close = async (): Promise<void> => {
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(child, url, () => output);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, port, close };
}

function renderConfig(folder: string): string {
  return JSON.stringify({
    storage: join(folder, "storage"),
    web: { enable: false },
    auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: -1 } },
    uplinks: {},
    packages: { "**": { access: "$all", publish: "$all", unpublish: "$all" } },
    log: { type: "stdout", format: "pretty", level: "warn" },
  });
}

async function untilReady(child: ChildProcess, url: string, output: () => string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`verdaccio ended with ${child.exitCode}: ${output()}`);
    try {
      const response = await fetch(`${url}/-/ping`);
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // Not listening yet.
    }
    await delay(50);
  }
  throw new Error(`verdaccio did not answer within ${READY_WITHIN_MS} ms: ${output()}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(timer);
}
