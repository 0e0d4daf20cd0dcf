/** A Caddy of somebody who knows nothing of us: a Caddyfile, a CA of its own, a folder of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCaddy } from "../../src/edge/index.ts";
import { waitFor } from "./instance.ts";

export interface PlainCaddy {
  /** Of the CA that its certificates are of, in PEM. There once the first site has one. */
  readonly caFile: string;
  stop(): Promise<void>;
}

/** @param sites of a Caddyfile, with `tls internal`; at least one. Afterwards they have certificates. */
export async function startPlainCaddy(sites: string): Promise<PlainCaddy> {
  const home = mkdtempSync(join(tmpdir(), "gh-caddy-"));
  const options = [
    "admin off",
    "skip_install_trust",
    `storage file_system ${home}/storage`,
    "auto_https disable_redirects",
  ];
  const file = join(home, "Caddyfile");
  writeFileSync(file, `{\n${options.map((each) => `  ${each}\n`).join("")}}\n${sites}`);
  const { binary } = await findCaddy({ pathEnv: process.env["PATH"] });
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  const caddy = spawn(binary, ["run", "--config", file, "--adapter", "caddyfile"], { env, stdio: "ignore" });
  const ended = once(caddy, "exit");
  const caFile = join(home, "storage/pki/authorities/local/root.crt");
  const stop = async (): Promise<void> => {
    caddy.kill("SIGTERM");
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await waitFor("Caddy has a certificate", async () => {
      if (caddy.exitCode !== null) throw new Error(`Caddy ended with ${caddy.exitCode}`);
      return Promise.resolve(existsSync(join(home, "storage/certificates/local")));
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { caFile, stop };
}
