/**
 * Very many requests through the whole road, some of them cut off, and then: does memory stay flat, is every descriptor
 * given back, is every request recorded once.
 *
 * Out: `SoakResult`; what is judged is judged by the caller. Nothing is left running.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { parseEdgeLine, parseGatewayLine } from "../../src/records/index.ts";
import { AUDIENCE, type BenchIssuer, startIssuer } from "../issuer.ts";
import { type Running, readUse, startProcess, waitFor } from "../processes.ts";
import { GATEHOUSE } from "../roads/gatehouse.ts";
import { LineFollower } from "./follow-lines.ts";
import { type Balance, Ledger } from "./ledger.ts";
import { type Kind, Traffic } from "./traffic.ts";

export interface SoakOptions {
  readonly requests: number;
  /** Samples of memory, evenly over the requests. */
  readonly samples: number;
  readonly say: (text: string) => void;
}

export interface Sample {
  readonly requests: number;
  readonly seconds: number;
  readonly gatewayBytes: number;
  readonly edgeBytes: number;
  /** Of the gateway's main thread; null where it was not told. */
  readonly heapBytes: number | null;
  readonly openFiles: number;
  readonly sockets: number;
}

export interface SoakResult {
  readonly counts: ReadonlyMap<Kind, number>;
  readonly statuses: ReadonlyMap<number, number>;
  readonly samples: readonly Sample[];
  readonly balance: Balance;
  /** Who asked for something whole and went away in the body or in the answer. */
  readonly cutOff: number;
  /** Without a client: when it is ready, and after the soak when idle connections have had their time. */
  readonly idleBefore: Sample;
  readonly idleAfter: Sample;
  readonly seconds: number;
}

const READY_WITHIN_MS = 60_000;
/** So that the gateway's pool is empty soon when nobody asks anything. */
const BACKEND_KEEPS_MS = "8000";
/** The edge keeps idle connections to the gateway for 30 s, the gateway those to a service as long as the service does. */
const SETTLE_WITHIN_MS = 60_000;
/** Descriptors that a process opens with its first requests and keeps: logs, a pool. */
export const SPARE_FILES = 8;
const LOGS_WITHIN_MS = 20_000;
const READ_LOGS_EVERY_MS = 500;
const TOKENS = 256;

function renderPolicy(issuer: string, backend: string): string {
  return `gatehouse: 1
name: soak
identity: { issuer: "${issuer}", audience: ${AUDIENCE}, claims: { groups: groups } }
environments:
  local: { domain: localhost, certificates: internal }
services:
  orders:
    exposure: public
    upstream: { local: "${backend}" }
    routes:
      GET /orders/{id}: { needs: orders:read }
      POST /orders: { needs: orders:write }
      GET /secret/{id}: { needs: secrets:read }
      GET /limited/{id}: { needs: orders:read, throttle: 5/second burst 5 }
roles:
  bench: { members: { groups: [bench] }, can: [orders:read, orders:write], boundary: orders }
  keepers: { members: { groups: [keepers] }, can: [secrets:read], boundary: secrets }
boundaries:
  orders: [orders:read, orders:write]
  secrets: [secrets:read]
throttle:
  default: 1000000/second burst 1000000
  per_identity: 1000000/second burst 1000000
`;
}

interface Instance {
  readonly running: Running;
  readonly origin: string;
  readonly logs: string;
  readonly heapFile: string;
}

async function startInstance(folder: string, issuer: BenchIssuer, backendPort: number): Promise<Instance> {
  const policy = join(folder, "gatehouse.yaml");
  writeFileSync(policy, renderPolicy(issuer.issuer, `http://127.0.0.1:${backendPort}`));
  const state = join(folder, "s");
  const logFile = join(folder, "up.log");
  const heapFile = join(folder, "heap.json");
  const preload = `--require ${join(import.meta.dirname, "report-heap.cjs")}`;
  const env = { ...process.env, NODE_OPTIONS: preload, BENCH_HEAP_FILE: heapFile };
  const args = ["up", policy, "--env", "local", "--state", state, "--https", "0", "--http", "0"];
  const running = startProcess(GATEHOUSE, args, { logFile, env });
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
  return { running, origin: status.edge.https, logs: join(state, "logs"), heapFile };
}

function readHeap(file: string): number | null {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly heapUsed: number }).heapUsed;
  } catch {
    return null;
  }
}

function sampleOf({ running, heapFile }: Instance, requests: number, beganMs: number): Sample {
  const uses = readUse([running.pid]);
  const total = (pick: (use: (typeof uses)[number]) => number, isEdge?: boolean): number =>
    uses
      .filter(({ program }) => isEdge === undefined || (program === "caddy") === isEdge)
      .reduce((sum, use) => sum + pick(use), 0);
  return {
    requests,
    seconds: (performance.now() - beganMs) / 1000,
    gatewayBytes: total((use) => use.memoryBytes, false),
    edgeBytes: total((use) => use.memoryBytes, true),
    heapBytes: readHeap(heapFile),
    openFiles: total((use) => use.openFiles),
    sockets: total((use) => use.sockets),
  };
}

/** Nobody asks anything: as few descriptors as come to be while idle connections end, or as few as `enough`. */
async function settle(instance: Instance, beganMs: number, requests: number, enough: number): Promise<Sample> {
  const endMs = performance.now() + SETTLE_WITHIN_MS;
  let least = sampleOf(instance, requests, beganMs);
  while (performance.now() < endMs && least.openFiles > enough) {
    await delay(500);
    const now = sampleOf(instance, requests, beganMs);
    if (now.openFiles < least.openFiles) least = now;
  }
  return least;
}

async function startBackend(folder: string): Promise<{ readonly running: Running; readonly port: number }> {
  const running = startProcess(process.execPath, [join(import.meta.dirname, "../backend.ts"), BACKEND_KEEPS_MS], {
    logFile: join(folder, "backend.log"),
    readsOutput: true,
  });
  const port = await new Promise<number>((resolve, reject) => {
    running.child.stdout?.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
    running.child.once("exit", () => reject(new Error("the backend ended")));
  });
  return { running, port };
}

/** What Gatehouse asks of itself while it starts is no request of the soak. */
const OWN_PATHS = "/_gatehouse/";

function followLogs(logs: string, ledger: Ledger): LineFollower[] {
  return [
    new LineFollower(join(logs, "gateway.log"), (line) => {
      const record = parseGatewayLine(line);
      if (record?.path.startsWith(OWN_PATHS) === false) ledger.recorded("gateway", record.requestId, record.status);
    }),
    new LineFollower(join(logs, "access.log"), (line) => {
      const record = parseEdgeLine(line);
      if (record?.path.startsWith(OWN_PATHS) === false) ledger.recorded("edge", record.requestId, record.status);
    }),
  ];
}

/** Lines come a little after the answers that they are about. */
async function readAll(followers: readonly LineFollower[], ledger: Ledger): Promise<void> {
  const endMs = performance.now() + LOGS_WITHIN_MS;
  for (;;) {
    for (const follower of followers) follower.read();
    const { missing } = ledger.balance();
    if (missing.gateway + missing.edge === 0 || performance.now() > endMs) break;
    await delay(200);
  }
  // And what should not be there has its chance to come.
  await delay(500);
  for (const follower of followers) follower.read();
}

function cutOffIn(counts: ReadonlyMap<Kind, number>): number {
  return (counts.get("gone in the body") ?? 0) + (counts.get("gone in the answer") ?? 0);
}

export async function runSoak({ requests, samples: wanted, say }: SoakOptions): Promise<SoakResult> {
  const folder = mkdtempSync(join(tmpdir(), "gh-soak-"));
  const issuer = await startIssuer();
  const backend = await startBackend(folder);
  let instance: Instance | null = null;
  let traffic: Traffic | null = null;
  let reading: NodeJS.Timeout | undefined;
  try {
    instance = await startInstance(folder, issuer, backend.port);
    const { origin, logs } = instance;
    const ledger = new Ledger();
    const tokens = await issuer.tokens(TOKENS);
    const { "bad signature": badToken } = await issuer.badTokens();
    const options = {
      origin,
      tokens,
      badToken,
      onAnswer: (id: string, status: number): void => ledger.answered(id, status),
    };
    const followers = followLogs(logs, ledger);
    reading = setInterval(() => {
      for (const follower of followers) follower.read();
    }, READ_LOGS_EVERY_MS);
    const beganMs = performance.now();
    const idleBefore = sampleOf(instance, 0, beganMs);
    traffic = new Traffic(options);
    const found: Sample[] = [];
    for (let i = 1; i <= wanted; i++) {
      const from = Math.floor((requests * (i - 1)) / wanted);
      const to = Math.floor((requests * i) / wanted);
      await traffic.send(to - from);
      found.push(sampleOf(instance, to, beganMs));
      say(`${to} requests, ${Math.round((performance.now() - beganMs) / 1000)} s`);
    }
    await traffic.close();
    say("waiting until idle connections are gone");
    const idleAfter = await settle(instance, beganMs, requests, idleBefore.openFiles + SPARE_FILES);
    clearInterval(reading);
    await readAll(followers, ledger);
    for (const follower of followers) follower.close();
    const { counts, statuses } = traffic;
    const seconds = (performance.now() - beganMs) / 1000;
    return {
      counts,
      statuses,
      samples: found,
      balance: ledger.balance(),
      cutOff: cutOffIn(counts),
      idleBefore,
      idleAfter,
      seconds,
    };
  } finally {
    clearInterval(reading);
    await traffic?.close().catch(() => undefined);
    await instance?.running.stop();
    await backend.running.stop();
    await issuer.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
