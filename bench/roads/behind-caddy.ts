/** A program that ends no TLS itself, with Caddy in front of it: what all such roads share. */
import { readFileSync } from "node:fs";
import type { Running } from "../processes.ts";
import { startCaddy } from "./caddy.ts";
import { type Road, type Setting, type Starter, untilServing } from "./road.ts";

export interface BehindCaddy {
  readonly caddy: string;
  readonly starter: Starter;
  readonly setting: Setting;
  /** The program, already started, and where it writes. */
  readonly behind: Running;
  readonly logFile: string;
  /** What Caddy's site does with requests. */
  readonly site: string;
  /** Of Caddy's files. */
  readonly file: string;
}

/** @throws Error with what both programs said last; then neither runs */
export async function startBehindCaddy(parts: BehindCaddy): Promise<Road> {
  const { starter, setting, behind, logFile } = parts;
  const name = setting.routes.length > 100 ? `${parts.file}-many` : parts.file;
  const caddy = await startCaddy(parts.caddy, setting.folder, name, parts.site);
  const stop = async (): Promise<void> => {
    await Promise.all([caddy.running.stop(), behind.stop()]);
  };
  try {
    const [token = ""] = await setting.issuer.tokens(1);
    await untilServing(caddy.running, caddy.origin, token, starter.name, caddy.logFile);
  } catch (error) {
    await stop();
    const tail = readFileSync(logFile, "utf8").slice(-2000);
    throw new Error(`${(error as Error).message}\nthe program behind Caddy says:\n${tail}`, { cause: error });
  }
  const { letter } = starter;
  return { letter, name: starter.name, origin: caddy.origin, pids: [caddy.running.pid, behind.pid], stop };
}

/** Everything goes to one port of this machine. */
export function proxyTo(port: number): string {
  return `\treverse_proxy 127.0.0.1:${port}`;
}
