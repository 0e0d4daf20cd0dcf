/**
 * Looks at everything that commonly stands in the way, and says for each what to do. Starts nothing, changes nothing.
 */
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { formatSpan, isGatehouseError, systemClock } from "../core/index.ts";
import { findCaddy } from "../edge/index.ts";
import { type KeySourceState, createKeySource } from "../identity/index.ts";
import { callControl } from "./control.ts";
import {
  type LoadedEnvironment,
  POLICY_FILE,
  checkPolicy,
  isLoaded,
  loadEnvironment,
  stateDirOf,
} from "./load-policy.ts";
import { loadPeople } from "./people.ts";
import { choosePorts } from "./ports.ts";
import { probeUpstreams } from "./probe.ts";
import { statePaths } from "./state.ts";
import type { Status } from "./status.ts";
import type { UpDeps } from "./up.ts";

export interface Check {
  readonly name: string;
  readonly result: "ok" | "warning" | "error";
  readonly text: string;
  /** Next step; absent when all is well. */
  readonly next?: string;
}

export interface ExamineOptions {
  readonly policyFile?: string | undefined;
  readonly environment?: string | undefined;
  readonly stateDir?: string | undefined;
}

const NODE_MAJOR = 24;
const LOW_DISK_BYTES = 200 * 1024 * 1024;
const MAX_SOCKET_PATH_BYTES = 107;

export async function examine(options: ExamineOptions, { env }: UpDeps): Promise<readonly Check[]> {
  const file = options.policyFile ?? POLICY_FILE;
  const paths = statePaths(stateDirOf(options.stateDir, options.policyFile));
  const running = await runningStatus(paths.controlSocket);
  const checks: Check[] = [
    checkNode(),
    await checkCaddy(env),
    checkDisk(paths.dir),
    checkSocketPath(paths.controlSocket),
  ];
  checks.push(checkInstance(running, paths.dir));
  const loaded = checkPolicyFile(file, options.environment, checks);
  if (running === null) checks.push(await checkPorts());
  if (loaded !== null) {
    checks.push(await checkProvider(loaded, running));
    for (const probe of await probeUpstreams(loaded.policy, loaded.environment.name)) {
      const text = `service \`${probe.service}\` at ${probe.upstream}`;
      checks.push(
        probe.up
          ? ok("service", `${text} answers`)
          : error("service", `${text} does not answer`, "start the service; until then its routes answer 503"),
      );
    }
  }
  return checks;
}

export function renderExamination(checks: readonly Check[]): string {
  const marks = { ok: "ok     ", warning: "warning", error: "error  " };
  return checks
    .map(
      (c) =>
        `${marks[c.result]}  ${c.name.padEnd(9)} ${c.text}${c.next === undefined ? "" : `\n           next: ${c.next}`}`,
    )
    .join("\n");
}

function ok(name: string, text: string): Check {
  return { name, result: "ok", text };
}

function error(name: string, text: string, next: string): Check {
  return { name, result: "error", text, next };
}

function checkNode(): Check {
  const major = Number(process.versions.node.split(".")[0]);
  const text = `Node ${process.versions.node}`;
  return major >= NODE_MAJOR
    ? ok("node", text)
    : error("node", text, `install Node ${NODE_MAJOR}, or run ./gatehouse, which gets it`);
}

async function checkCaddy(env: UpDeps["env"]): Promise<Check> {
  try {
    const { binary, version } = await findCaddy({ pathEnv: env["PATH"] ?? "" });
    return ok("caddy", `Caddy ${version} at ${binary}`);
  } catch (cause) {
    return faultOf("caddy", cause);
  }
}

function checkDisk(dir: string): Check {
  const existing = existsSync(dir) ? dir : dirname(dir);
  try {
    accessSync(existing, constants.W_OK);
    const { bavail, bsize } = statfsSync(existing);
    const free = bavail * bsize;
    const text = `${existing} can be written, ${Math.round(free / 1024 / 1024)} MB free`;
    if (free >= LOW_DISK_BYTES) return ok("disk", text);
    return {
      name: "disk",
      result: "warning",
      text,
      next: "free some space: records are dropped when the disk is full",
    };
  } catch {
    return error("disk", `${existing} cannot be written`, "choose another state directory with `--state DIR`");
  }
}

function checkSocketPath(socket: string): Check {
  const bytes = Buffer.byteLength(socket);
  if (bytes <= MAX_SOCKET_PATH_BYTES)
    return ok("sockets", `socket paths have ${bytes} of ${MAX_SOCKET_PATH_BYTES} bytes`);
  return error(
    "sockets",
    `socket path has ${bytes} bytes, ${MAX_SOCKET_PATH_BYTES} are allowed`,
    "choose a shorter state directory with `--state DIR`",
  );
}

function checkInstance(running: Status | null, dir: string): Check {
  if (running === null) return ok("instance", `nothing runs in ${dir}`);
  const text = `process ${running.pid} serves ${running.edge.https}`;
  if (running.lastReload?.ok === false) {
    return {
      name: "instance",
      result: "warning",
      text: `${text}; the last change of the policy was refused`,
      next: "run `gatehouse check`",
    };
  }
  if (running.records.dropped > 0) {
    return {
      name: "instance",
      result: "warning",
      text: `${text}; ${running.records.dropped} records were dropped: ${running.records.lastError ?? ""}`,
      next: "free some space",
    };
  }
  return ok("instance", text);
}

function checkPolicyFile(file: string, environment: string | undefined, checks: Check[]): LoadedEnvironment | null {
  try {
    const { diagnostics, sources } = checkPolicy(file);
    const worst = diagnostics.find((d) => d.severity === "error") ?? diagnostics.find((d) => d.severity === "warning");
    if (worst === undefined) checks.push(ok("policy", file));
    else {
      const text = `${formatSpan(worst.span, sources)} ${worst.message}`;
      checks.push({
        name: "policy",
        result: worst.severity === "error" ? "error" : "warning",
        text,
        next: "run `gatehouse check` for all findings",
      });
    }
    const loaded = loadEnvironment(file, environment);
    return isLoaded(loaded) ? loaded : null;
  } catch (cause) {
    checks.push(faultOf("policy", cause));
    return null;
  }
}

async function checkPorts(): Promise<Check> {
  try {
    const ports = await choosePorts({}, { host: undefined, standard: false, private: true, identity: true });
    return ok("ports", `${ports.https}, ${ports.http}, ${ports.private} and ${ports.identity} are free`);
  } catch (cause) {
    return faultOf("ports", cause);
  }
}

async function checkProvider(loaded: LoadedEnvironment, running: Status | null): Promise<Check> {
  const { identity } = loaded.artifacts;
  if (identity.kind === "embedded" && running === null) {
    try {
      const { people, clients } = loadPeople(loaded);
      return ok("provider", `embedded, ${people.length} people, ${clients.length} clients`);
    } catch (cause) {
      return faultOf("provider", cause);
    }
  }
  const issuer = running?.identity.issuer ?? identity.issuer;
  const keys = createKeySource({ issuer, clock: systemClock, allowHttpLoopback: true });
  try {
    await keys.load();
    return ok("provider", `${issuer} answers with ${describeKeys(keys.state())}`);
  } catch (cause) {
    return faultOf("provider", cause);
  } finally {
    keys.close();
  }
}

/** Keys for encryption are published by many; the rest is worth a look when tokens are refused. */
function describeKeys({ keys, ignored }: KeySourceState): string {
  const used = `${keys.length} key(s)`;
  if (ignored.length === 0) return used;
  const reasons = [...new Set(ignored.map(({ reason }) => reason))].join(", ");
  return `${used}, and ${ignored.length} that are not used: ${reasons}`;
}

async function runningStatus(socket: string): Promise<Status | null> {
  try {
    return (await callControl(socket, "status")) as Status;
  } catch {
    return null;
  }
}

function faultOf(name: string, cause: unknown): Check {
  if (isGatehouseError(cause)) return error(name, cause.message, cause.hint);
  return error(name, cause instanceof Error ? cause.message : "unknown fault", "run again with GATEHOUSE_DEBUG=1");
}
