/**
 * The edge of one instance: a Caddy that is started and supervised, or one that ran before and is borrowed.
 *
 * Out: `apply` for the next artifacts, `close` which ends what was started or gives back what was borrowed.
 * INVARIANT: when starting fails no Caddy of ours is left, and a borrowed one has the configuration it had.
 */
import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { type CaddyConfig, bootstrapCaddy, compileCaddy } from "../compile/index.ts";
import { GatehouseError, type Reporter } from "../core/index.ts";
import {
  type AdminApi,
  type EdgeEvent,
  attachCaddy,
  findCaddy,
  findLoopbackAddresses,
  superviseCaddy,
} from "../edge/index.ts";
import type { Artifacts } from "../model/index.ts";
import { edgeRuntime } from "./edge-runtime.ts";
import type { Ports } from "./ports.ts";
import { type StatePaths, writeFileWhole } from "./state.ts";
import type { ThreadSockets } from "./thread-runtime.ts";

export interface EdgeStart {
  readonly artifacts: Artifacts;
  readonly ports: Ports;
  readonly paths: StatePaths;
  /** Of every thread of the gateway. */
  readonly sockets: readonly ThreadSockets[];
  /** Caddy binary to use. */
  readonly explicit: string | undefined;
  /** Admin address of a Caddy that runs already. */
  readonly attach: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly reporter: Reporter;
}

export interface Edge {
  readonly version: string;
  readonly attached: boolean;
  /** PEM of the internal authority; null when certificates are public. */
  readonly caFile: string | null;
  /** Whether Caddy runs at this moment. */
  isUp(): boolean;
  /** Nothing is sent when the configuration is what runs. @throws GH_EDGE_* ; then the old one goes on */
  apply(artifacts: Artifacts): Promise<void>;
  /** The way from TLS to the gateway answers. @throws GH_APP_EDGE_SILENT */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** Within the service manager's usual patience, and longer than Caddy's own grace. */
const STOP_GRACE_MS = 7000;
const PROBE_LIMIT_MS = 15_000;
const PROBE_STEP_MS = 25;

/** A Caddy, however we came by it. */
interface Caddy {
  readonly version: string;
  readonly attached: boolean;
  readonly admin: AdminApi;
  isUp(): boolean;
  configFor(artifacts: Artifacts): CaddyConfig;
  apply(config: CaddyConfig): Promise<unknown>;
  end(): Promise<void>;
}

/** @throws GH_EDGE_*, GH_STATE_UNWRITABLE */
export async function startEdge(start: EdgeStart): Promise<Edge> {
  const caddy = start.attach === undefined ? await startOwn(start) : await borrow(start, start.attach);
  try {
    await caddy.apply(caddy.configFor(start.artifacts));
    const caFile = await writeCaFile(start, caddy.admin);
    return {
      version: caddy.version,
      attached: caddy.attached,
      caFile,
      isUp: () => caddy.isUp(),
      apply: async (artifacts) => {
        await caddy.apply(caddy.configFor(artifacts));
      },
      probe: async () => probeRoad(start, caFile),
      close: async () => caddy.end(),
    };
  } catch (cause) {
    await caddy.end();
    throw cause;
  }
}

async function startOwn(start: EdgeStart): Promise<Caddy> {
  const { paths, ports, sockets, artifacts, env, reporter } = start;
  const { binary, version } = await findCaddy({ explicit: start.explicit, pathEnv: env["PATH"] });
  const loopbackAddresses = findLoopbackAddresses();
  const runtimeOf = (a: Artifacts) => ({ ...edgeRuntime(paths, ports, a, sockets), loopbackAddresses });
  const caddy = await superviseCaddy({
    binary,
    adminListen: edgeRuntime(paths, ports, artifacts).adminListen,
    storageDir: paths.caddyStorage,
    stdoutLog: paths.caddyLog,
    bootstrap: bootstrapCaddy(runtimeOf(artifacts)),
    onEvent: (event) => tell(event, reporter),
  });
  return {
    version,
    attached: false,
    // Read anew each time: a restart brings another one.
    get admin() {
      return caddy.admin;
    },
    isUp: () => caddy.pid() !== null,
    configFor: (a) => compileCaddy(a.edge, runtimeOf(a)),
    apply: async (config) => caddy.apply(config),
    end: async () => caddy.stop(STOP_GRACE_MS),
  };
}

/** Its admin endpoint and storage stay; what ran before is put back at the end. */
async function borrow({ paths, ports, sockets, reporter }: EdgeStart, address: string): Promise<Caddy> {
  const caddy = await attachCaddy(address);
  const { adminBlock, storageBlock } = caddy;
  const loopbackAddresses = findLoopbackAddresses();
  return {
    version: caddy.version ?? "of unknown version",
    attached: true,
    admin: caddy.admin,
    isUp: () => true,
    configFor: (a) =>
      compileCaddy(a.edge, {
        ...edgeRuntime(paths, ports, a, sockets),
        adminListen: address,
        adminBlock,
        storageBlock,
        loopbackAddresses,
      }),
    apply: async (config) => caddy.apply(config),
    end: async () => {
      const { restored } = await caddy.detach(true);
      if (!restored)
        reporter.warn(`the Caddy at ${address} runs a configuration that is not ours, so it was left as it is`);
    },
  };
}

function tell(event: EdgeEvent, reporter: Reporter): void {
  switch (event.kind) {
    case "exited":
      reporter.warn(
        `Caddy (process ${event.pid}) ended (${event.end.signal ?? `code ${event.end.code ?? "unknown"}`}), starting it again`,
      );
      break;
    case "restarted":
      reporter.info(`Caddy runs again (process ${event.pid})`);
      break;
    case "restart-failed":
      reporter.warn(`Caddy could not be started again: ${event.error.message}; next attempt in ${event.nextMs} ms`);
      break;
  }
}

async function writeCaFile({ artifacts, paths }: EdgeStart, admin: AdminApi): Promise<string | null> {
  if (artifacts.edge.certificates.kind !== "internal") return null;
  writeFileWhole(paths.caFile, await admin.rootCertificate());
  return paths.caFile;
}

/** One request over TLS through the edge to the gateway. Public certificates may take a while to be issued: not waited for. */
async function probeRoad({ artifacts, ports }: EdgeStart, caFile: string | null): Promise<void> {
  if (caFile === null) return;
  const ca = readFileSync(caFile);
  let why = "no answer";
  const end = performance.now() + PROBE_LIMIT_MS;
  while (performance.now() < end) {
    const outcome = await askHealth(artifacts.domain, ports.https, ca);
    if (outcome === 200) return;
    why = typeof outcome === "number" ? `status ${outcome}` : outcome;
    await sleep(PROBE_STEP_MS);
  }
  throw new GatehouseError("GH_APP_EDGE_SILENT", { domain: artifacts.domain, port: ports.https, why });
}

async function askHealth(domain: string, port: number, ca: Buffer): Promise<number | string> {
  return new Promise((resolve) => {
    const request = httpsRequest(
      {
        host: "127.0.0.1",
        port,
        servername: domain,
        headers: { host: domain },
        path: "/_gatehouse/health",
        ca,
        agent: false,
        timeout: 2000,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.once("timeout", () => request.destroy(new Error("timeout")));
    request.once("error", (cause) => resolve(cause.message));
    request.end();
  });
}
