/**
 * Which ports an instance uses: as asked, else the defaults, 0 for any that is free.
 *
 * Ports are tried before anything is started, so that a taken one is one clear line and nothing is left running.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { GatehouseError, isGatehouseError } from "../core/index.ts";
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

export interface PortNeeds {
  /** Address that will be listened on; undefined for all. */
  readonly host: string | undefined;
  /** Take 443 and 80 by default (an environment with public certificates). */
  readonly standard: boolean;
  /** Whether anything will listen there. A port that nobody needs may be taken. */
  readonly private: boolean;
  readonly identity: boolean;
}

/**
 * Free ports for the whole instance.
 *
 * @throws GH_APP_PORT_TAKEN, GH_APP_PORT_DENIED
 */
export async function choosePorts(wanted: WantedPorts, needs: PortNeeds): Promise<Ports> {
  const defaults = needs.standard ? STANDARD : DEVELOPMENT_PORTS;
  const choose = async (name: keyof Ports, isNeeded: boolean, host: string | undefined): Promise<number> => {
    const asked = wanted[name] ?? (wanted.https === 0 ? 0 : defaults[name]);
    if (asked === 0) return findPort(host, name);
    return isNeeded ? tryPort(asked, host, name) : asked;
  };
  return {
    https: await choose("https", true, needs.host),
    http: await choose("http", true, needs.host),
    private: await choose("private", needs.private, needs.host),
    identity: await choose("identity", needs.identity, "127.0.0.1"),
  };
}

/**
 * Below the range from which systems take ports for outgoing connections (32768 and up on Linux): one from that range
 * could be taken by any connection before Caddy listens on it.
 */
const FREE_FROM = 20_000;
const FREE_UNTIL = 32_000;
const ATTEMPTS = 50;

async function findPort(host: string | undefined, flag: string): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await tryPort(randomInt(FREE_FROM, FREE_UNTIL), host, flag);
    } catch (cause) {
      if (!isGatehouseError(cause)) throw cause;
    }
  }
  return tryPort(0, host, flag);
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
