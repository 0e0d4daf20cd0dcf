/**
 * What the whole road costs, side by side with others in one run: each scenario of bench/scenarios on each road of
 * bench/roads.
 *
 * In:  programs in the environment, set by script/bench: CADDY, and where they can be had OAUTH2_PROXY, KRAKEND, HAPROXY,
 *      VEGETA, each with its `_VERSION`.
 * Out: tables on stdout, progress on stderr; with `--write` also sections of bench/RESULTS.md.
 * The figure is CPU time of all server processes per request, as the system accounts for it: throughput on a shared
 * machine wanders, this does less. Nothing here is asserted; no test depends on time.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FEW_ROUTES, listRoutes } from "./bench-policy.ts";
import { startIssuer } from "./issuer.ts";
import { startProcess } from "./processes.ts";
import { describeMachine, renderClaims } from "./report.ts";
import { writeSection } from "./results.ts";
import { caddyAlone } from "./roads/caddy.ts";
import { gatehouse } from "./roads/gatehouse.ts";
import { haproxy } from "./roads/haproxy.ts";
import { krakend } from "./roads/krakend.ts";
import { express, fastify } from "./roads/node-gateways.ts";
import { oauth2Proxy } from "./roads/oauth2-proxy.ts";
import { type Letter, type Road, type Starter, proveThatTokensAreChecked } from "./roads/road.ts";
import { largeAnswers, uploads } from "./scenarios/bodies.ts";
import { fixedRate } from "./scenarios/fixed-rate.ts";
import { manyRoutes } from "./scenarios/many-routes.ts";
import type { Bench, Scenario, Settings } from "./scenarios/scenario.ts";
import { sessions } from "./scenarios/sessions.ts";
import { smallJson } from "./scenarios/small-json.ts";
import { start } from "./scenarios/start.ts";
import { coldTokens, manyTokens } from "./scenarios/tokens.ts";

const SCENARIOS: readonly Scenario[] = [
  smallJson,
  largeAnswers,
  uploads,
  manyRoutes,
  manyTokens,
  coldTokens,
  fixedRate,
  start,
  sessions,
];

/** To see that it works and roughly what comes out: some minutes on two cores. */
const SHORT: Settings = {
  rounds: 2,
  seconds: 1,
  warmUpSeconds: 2,
  connections: 32,
  tokens: 16,
  manyTokens: 20_000,
  openLoopSeconds: 5,
};
/** What is kept in RESULTS.md: some twenty minutes on two cores. */
const FULL: Settings = { ...SHORT, rounds: 7, seconds: 3, warmUpSeconds: 3, manyTokens: 100_000, openLoopSeconds: 11 };

const LIMITS = { rounds: 20, seconds: 60, connections: 256, "many-tokens": 100_000 } as const;

interface Wanted {
  readonly settings: Settings;
  readonly scenarios: readonly Scenario[];
  readonly letters: ReadonlySet<string> | null;
  readonly writes: boolean;
}

function readWanted(): Wanted {
  const { values } = parseArgs({
    options: {
      scenario: { type: "string" },
      road: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      connections: { type: "string" },
      "many-tokens": { type: "string" },
      full: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const base = values.full ? FULL : SHORT;
  const read = (name: keyof typeof LIMITS, otherwise: number): number => {
    const value = Number(values[name] ?? otherwise);
    if (Number.isInteger(value) && value >= 1 && value <= LIMITS[name]) return value;
    throw new Error(`--${name} takes a number from 1 to ${LIMITS[name]}`);
  };
  const names = values.scenario?.split(",");
  const known = SCENARIOS.map(({ name }) => name);
  for (const name of names ?? [])
    if (!known.includes(name))
      throw new Error(`--scenario takes names of ${known.join(", ")}, with commas between them`);
  const seconds = read("seconds", base.seconds);
  return {
    settings: {
      ...base,
      rounds: read("rounds", base.rounds),
      seconds,
      warmUpSeconds: Math.min(base.warmUpSeconds, 2 * seconds),
      connections: read("connections", base.connections),
      manyTokens: read("many-tokens", base.manyTokens),
      openLoopSeconds: values.seconds === undefined ? base.openLoopSeconds : 1 + 2 * seconds,
    },
    scenarios: SCENARIOS.filter(({ name }) => names === undefined || names.includes(name)),
    letters: values.road === undefined ? null : new Set(values.road.toUpperCase().split(",")),
    writes: values.write,
  };
}

function listStarters(caddy: string): Starter[] {
  const programOf = (name: string): [string | null, string] => [
    process.env[name] ?? null,
    process.env[`${name}_VERSION`] ?? "of unknown version",
  ];
  const manifest = join(import.meta.dirname, "partners", "package.json");
  const { dependencies } = JSON.parse(readFileSync(manifest, "utf8")) as { dependencies: Record<string, string> };
  return [
    caddyAlone(caddy),
    gatehouse,
    oauth2Proxy(caddy, ...programOf("OAUTH2_PROXY")),
    krakend(caddy, ...programOf("KRAKEND")),
    haproxy(...programOf("HAPROXY")),
    express(caddy, dependencies["express"] ?? ""),
    fastify(caddy, dependencies["fastify"] ?? ""),
  ];
}

function firstLine(command: string, ...args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n")[0] ?? "";
  } catch (error) {
    // wrk prints its version and exits 1.
    return (error as { readonly stdout?: string }).stdout?.split("\n")[0] ?? "unknown";
  }
}

function describeVersions(caddy: string, starters: readonly Starter[]): string {
  return [
    `Node ${process.version}`,
    `Caddy ${firstLine(caddy, "version").split(" ")[0]}`,
    ...starters.flatMap(({ missing, version }) => (missing === null && version !== null ? [version] : [])),
    firstLine("wrk", "--version").split(" Copyright")[0] ?? "",
    ...(process.env["VEGETA"] === undefined ? [] : [`vegeta ${process.env["VEGETA_VERSION"] ?? "of unknown version"}`]),
  ].join(", ");
}

const STOPPED_BY_SIGNAL = 130;

async function main(): Promise<void> {
  const { settings, scenarios, letters, writes } = readWanted();
  const caddy = process.env["CADDY"] ?? "caddy";
  const [loadBefore = 0] = loadavg();
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (loadBefore > 0.5) say(`the machine is busy (load average ${loadBefore.toFixed(1)}): figures will wander`);
  const beganMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "gh-bench-"));
  const started: { stop(): Promise<void> }[] = [];
  const stopAll = async (): Promise<void> => {
    for (const part of started.splice(0).toReversed()) await part.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      stopAll()
        .finally(() => process.exit(STOPPED_BY_SIGNAL))
        .catch(() => undefined);
    });
  try {
    const issuer = await startIssuer();
    started.push(issuer);
    const backend = await startBackend(folder);
    started.push(backend);
    const setting = { folder, backendPort: backend.port, issuer, routes: listRoutes(FEW_ROUTES) };
    // Caddy alone is always there: it is what the others are held against, and HAProxy takes its certificate.
    const starters = listStarters(caddy).filter(({ letter }) => letter === "A" || letters?.has(letter) !== false);
    const roads: Road[] = [];
    const leftOut: string[] = [];
    for (const starter of starters) {
      if (starter.missing !== null) {
        leftOut.push(`${starter.letter}. ${starter.name}: left out, ${starter.missing}`);
        continue;
      }
      say(`starting ${starter.letter}. ${starter.name}`);
      const road = await starter.start(setting);
      started.push(road);
      if (starter.checksTokens) await proveThatTokensAreChecked(road, issuer);
      roads.push(road);
    }
    for (const line of leftOut) say(line);
    const bench: Bench = {
      settings,
      setting,
      issuer,
      roads,
      starters: new Map<Letter, Starter>(starters.map((starter) => [starter.letter, starter])),
      vegeta: process.env["VEGETA"] ?? null,
      throughput: new Map(),
      say,
    };
    const versions = describeVersions(caddy, starters);
    for (const scenario of scenarios) {
      say(`${scenario.name} (${((performance.now() - beganMs) / 60_000).toFixed(1)} minutes so far)`);
      const { claims, text } = await scenario.run(bench);
      const section = [
        `# Results of script/bench${scenario.title === "" ? "" : `: ${scenario.title}`}`,
        `- Machine: ${describeMachine()}; load average before the run ${loadBefore.toFixed(1)}\n- Versions: ${versions}`,
        ...(claims.length === 0 ? [] : [renderClaims(claims)]),
        text,
        ...(leftOut.length === 0 || scenario.title !== "" ? [] : [leftOut.join("\n")]),
      ].join("\n\n");
      process.stdout.write(`${section}\n\n`);
      if (writes) writeSection(`${section}\n`);
    }
    say(`${((performance.now() - beganMs) / 60_000).toFixed(1)} minutes`);
  } finally {
    await stopAll();
  }
}

async function startBackend(folder: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const running = startProcess(process.execPath, [join(import.meta.dirname, "backend.ts")], {
    logFile: join(folder, "backend.log"),
    readsOutput: true,
  });
  const port = await new Promise<number>((resolve, reject) => {
    running.child.stdout?.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
    running.child.once("exit", () => reject(new Error("the backend ended")));
  });
  return { port, stop: () => running.stop() };
}

await main();
