/**
 * What the whole road costs: Caddy alone, Caddy + Gatehouse, Caddy + oauth2-proxy, side by side in one run.
 *
 * In:  CADDY and, if it can be had, OAUTH2_PROXY with its OAUTH2_PROXY_VERSION in the environment (set by script/bench).
 * Out: a table on stdout; with `--write` also its section of bench/RESULTS.md.
 * The figure is CPU time of all server processes per request, as the system accounts for it: throughput on a shared
 * machine wanders, this does not. Nothing here is asserted; no test depends on time.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { runLoad, writeLoadScript } from "./load.ts";
import { cpuMicroseconds } from "./processes.ts";
import {
  type Claim,
  type Figures,
  type Round,
  describeMachine,
  perRequest,
  ratios,
  renderClaims,
  renderFigures,
} from "./report.ts";
import { writeSection } from "./results.ts";
import { type Gatehouse, type Road, startBackend, startCaddyAlone, startGatehouse, startOauth2Proxy } from "./roads.ts";

interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly tokens: number;
}

/** For Node to compile what is hot. */
const WARM_UP_SECONDS = 6;

const LIMITS = { rounds: 20, seconds: 60, connections: 256, tokens: 64 } as const satisfies Settings;

function readSettings(): Settings & { readonly writes: boolean } {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "11" },
      seconds: { type: "string", default: "3" },
      connections: { type: "string", default: "32" },
      tokens: { type: "string", default: "16" },
      write: { type: "boolean", default: false },
    },
  });
  const read = (name: keyof Settings): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= 1 && value <= LIMITS[name]) return value;
    throw new Error(`--${name} takes a number from 1 to ${LIMITS[name]}`);
  };
  return {
    rounds: read("rounds"),
    seconds: read("seconds"),
    connections: read("connections"),
    tokens: read("tokens"),
    writes: values.write,
  };
}

async function measure(road: Road, script: string, settings: Settings): Promise<Round> {
  await delay(300);
  const before = cpuMicroseconds(road.pids);
  const load = await runLoad({ url: road.url, script, ...settings });
  const used = Object.entries(cpuMicroseconds(road.pids)).map(([program, time]) => [
    program,
    time - (before[program] ?? 0),
  ]);
  return { cpuMicroseconds: Object.fromEntries(used) as Record<string, number>, ...load };
}

async function newScript(folder: string, gatehouse: Gatehouse, count: number): Promise<string> {
  const tokens: string[] = [];
  for (let i = 0; i < count; i++) tokens.push(await gatehouse.newToken());
  const file = join(folder, "load.lua");
  writeLoadScript(file, tokens);
  return file;
}

async function compare(
  roads: readonly Road[],
  gatehouse: Gatehouse,
  folder: string,
  settings: Settings,
): Promise<Figures[]> {
  const rounds = new Map<Road, Round[]>(roads.map((road) => [road, []]));
  const warmUp = await newScript(folder, gatehouse, settings.tokens);
  for (const road of roads) await measure(road, warmUp, { ...settings, seconds: WARM_UP_SECONDS });
  for (let i = 1; i <= settings.rounds; i++) {
    const script = await newScript(folder, gatehouse, settings.tokens);
    // Back and forth, so that what drifts drifts for both sides.
    for (const road of i % 2 === 1 ? roads : roads.toReversed()) {
      const round = await measure(road, script, settings);
      rounds.get(road)?.push(round);
      const cpu = perRequest(round).toFixed(1);
      process.stderr.write(
        `round ${i} ${road.letter}: ${cpu} µs CPU per request, ${Math.round(round.requestsPerSecond)}/s\n`,
      );
    }
  }
  return roads.map((road) => ({ name: `${road.letter}. ${road.name}`, rounds: rounds.get(road) ?? [] }));
}

function listClaims(figures: readonly Figures[]): readonly Claim[] {
  const [alone, whole, forwardAuth] = figures;
  if (alone === undefined || whole === undefined) return [];
  const claims: Claim[] = [
    { text: "B ÷ A: whole road over Caddy alone, CPU per request", budget: 1.9, ratios: ratios(whole, alone) },
  ];
  if (forwardAuth !== undefined)
    claims.push({
      text: "B ÷ C: whole road over Caddy + oauth2-proxy, CPU per request",
      budget: 0.75,
      ratios: ratios(whole, forwardAuth),
    });
  return claims;
}

function firstLine(command: string, ...args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n")[0] ?? "";
  } catch (error) {
    // wrk prints its version and exits 1.
    return (error as { readonly stdout?: string }).stdout?.split("\n")[0] ?? "unknown";
  }
}

interface Programs {
  readonly caddy: string;
  readonly oauth2Proxy: string | null;
}

function renderResults(
  figures: readonly Figures[],
  settings: Settings,
  { caddy, oauth2Proxy }: Programs,
  loadBefore: number,
): string {
  const versions = [
    `Node ${process.version}`,
    `Caddy ${firstLine(caddy, "version").split(" ")[0]}`,
    ...(oauth2Proxy === null ? [] : [`oauth2-proxy ${process.env["OAUTH2_PROXY_VERSION"] ?? "of unknown version"}`]),
    firstLine("wrk", "--version").split(" Copyright")[0] ?? "",
  ];
  return `# Results of script/bench

- Machine: ${describeMachine()}; load average before the run ${loadBefore.toFixed(1)}
- Versions: ${versions.join(", ")}

${renderClaims(listClaims(figures))}

${renderFigures(figures)}

Each cell is the median of ${settings.rounds} rounds (lowest to highest). A round runs the roads one after the other for
${settings.seconds} s each, every second round in reverse order; a ratio is taken within its round, then the median of those. Load: wrk, 1 thread, ${settings.connections} connections,
TLS, keep-alive, HTTP/1.1, \`GET\` of a JSON document of about 100 bytes, ${settings.tokens} bearer tokens (RS256) in turn, new ones each
round. CPU is \`utime\` + \`stime\` of the road's own server processes from /proc; the backend, one Node process for all, and
wrk are not counted, yet share the same cores. The access log is on everywhere. Road A checks no token at all; B verifies
(and remembers a verified token until it expires), decides by role and boundary, throttles, signs an assertion, traces
and writes a second record; C verifies the token in every subrequest and decides nothing else.
`;
}

async function main(): Promise<void> {
  const { writes, ...settings } = readSettings();
  const caddy = process.env["CADDY"] ?? "caddy";
  const oauth2Proxy = process.env["OAUTH2_PROXY"] ?? null;
  const [loadBefore = 0] = loadavg();
  if (loadBefore > 0.5)
    process.stderr.write(`the machine is busy (load average ${loadBefore.toFixed(1)}): figures will wander\n`);
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
  const started: { stop(): Promise<void> }[] = [];
  const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
    started.push(part);
    return part;
  };
  const stopAll = async (): Promise<void> => {
    for (const part of started.toReversed()) await part.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      stopAll()
        .finally(() => process.exit(130))
        .catch(() => undefined);
    });
  try {
    const backend = keep(await startBackend(folder));
    const alone = keep(await startCaddyAlone(caddy, folder, backend.port));
    const gatehouse = keep(await startGatehouse(folder, backend.port));
    const roads: Road[] = [alone, gatehouse];
    if (oauth2Proxy !== null)
      roads.push(keep(await startOauth2Proxy({ caddy, oauth2Proxy }, folder, backend.port, gatehouse)));
    const figures = await compare(roads, gatehouse, folder, settings);
    const text = renderResults(figures, settings, { caddy, oauth2Proxy }, loadBefore);
    process.stdout.write(text);
    if (writes) writeSection(text);
  } finally {
    await stopAll();
  }
}

await main();
