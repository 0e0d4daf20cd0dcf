/** Caddy in front of a road, in its own configuration language, so that a reader sees what is compared. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "../../tests/support/free-port.ts";
import { type Running, startProcess } from "../processes.ts";
import { type Starter, untilServing } from "./road.ts";

function renderCaddyfile(folder: string, name: string, port: number, site: string): string {
  return `{
	admin off
	auto_https disable_redirects
	skip_install_trust
	storage file_system ${folder}/caddy-${name}
	log {
		output file ${folder}/caddy-${name}.log
		level WARN
	}
}
https://localhost:${port} {
	bind 127.0.0.1
	tls internal
	log {
		output file ${folder}/access-${name}.log
	}
${site}
}
`;
}

export interface RunningCaddy {
  readonly running: Running;
  readonly origin: string;
  readonly logFile: string;
}

/** @param site directives of the one site */
export async function startCaddy(caddy: string, folder: string, name: string, site: string): Promise<RunningCaddy> {
  const port = await findFreePort();
  const file = join(folder, `Caddyfile-${name}`);
  const logFile = join(folder, `caddy-${name}.out`);
  writeFileSync(file, renderCaddyfile(folder, name, port, site));
  const running = startProcess(caddy, ["run", "--config", file, "--adapter", "caddyfile"], { logFile });
  return { running, origin: `https://localhost:${port}`, logFile };
}

/** The certificate and key of `localhost` that Caddy alone made, for who ends TLS by itself: the same cost for all. */
export function certificateOfCaddyAlone(folder: string): { readonly certificate: string; readonly key: string } {
  const at = join(folder, "caddy-alone", "certificates", "local", "localhost");
  return { certificate: join(at, "localhost.crt"), key: join(at, "localhost.key") };
}

export function caddyAlone(caddy: string): Starter {
  return {
    letter: "A",
    name: "Caddy alone",
    checksTokens: false,
    hasRoutes: false,
    version: null,
    missing: null,
    async start({ folder, backendPort }) {
      const { running, origin, logFile } = await startCaddy(
        caddy,
        folder,
        "alone",
        `\treverse_proxy 127.0.0.1:${backendPort}`,
      );
      await untilServing(running, origin, null, "Caddy", logFile);
      return { letter: "A", name: this.name, origin, pids: [running.pid], stop: () => running.stop() };
    },
  };
}
