/**
 * Which ports an instance uses: as asked, else the defaults, 0 for any that is free.
 *
 * Ports are tried before anything is started, so that a taken one is one clear line and nothing is left running.
 */
import { createServer } from "node:net";
import { GatehouseError } from "../core/index.ts";
import { errnoOf } from "./state.ts";

export interface WantedPorts {
  readonly https?: number | undefined;
  readonly http?: number | undefined;
  readonly private?: number | undefined;
  readonly identity?: number | undefined;
}

export interface Ports {
  readonly https: number;
  readonly http: number;
  readonly private: number;
  readonly identity: number;
}

export const DEVELOPMENT_PORTS: Ports = { https: 8443, http: 8080, private: 8444, identity: 8445 };
const STANDARD: Ports = { ...DEVELOPMENT_PORTS, https: 443, http: 80 };

/**
 * Free ports for the whole instance.
 *
 * @param host address that will be listened on
 * @param standard take 443 and 80 by default (an environment that faces the network)
 * @throws GH_APP_PORT_TAKEN, GH_APP_PORT_DENIED
 */
export async function choosePorts(wanted: WantedPorts, host: string | undefined, standard: boolean): Promise<Ports> {
  const defaults = standard ? STANDARD : DEVELOPMENT_PORTS;
  const chosen: Record<string, number> = {};
  for (const name of ["https", "http", "private", "identity"] as const) {
    const asked = wanted[name] ?? (wanted.https === 0 ? 0 : defaults[name]);
    chosen[name] = await tryPort(asked, name === "identity" ? "127.0.0.1" : host, name);
  }
  return chosen as unknown as Ports;
}

async function tryPort(port: number, host: string | undefined, flag: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (cause) => {
      const code = errnoOf(cause) === "EACCES" ? "GH_APP_PORT_DENIED" : "GH_APP_PORT_TAKEN";
      reject(new GatehouseError(code, { port, flag }, { cause }));
    });
    probe.listen({ port, ...(host === undefined ? {} : { host }), exclusive: true }, () => {
      const address = probe.address();
      const free = typeof address === "object" && address !== null ? address.port : port;
      probe.close(() => resolve(free));
    });
  });
}
