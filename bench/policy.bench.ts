/**
 * What a large policy costs: reading, checking and compiling it, in processes of their own as people run them, and
 * deciding on it.
 *
 * In: `node bench/policy.bench.ts [--routes N] [--roles N] [--files N] [--rounds N] [--write]`. Out: a table on stdout;
 * with `--write` also its section of bench/RESULTS.md. Linux.
 * Budgets: check 1.5 s, compile 1 s, memory 300 MB for 10,000 routes, 500 roles, 50 files; a decision costs the same
 * with 10 routes and with 10,000.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { checkPolicy, readBelow } from "../src/app/load-policy.ts";
import { readTextFile } from "../src/app/read-text.ts";
import { compile } from "../src/compile/index.ts";
import { type Policy, decide, lintPolicy, parsePolicy } from "../src/policy/index.ts";
import { type Size, writeFiles, writeLargePolicy } from "./large-policy.ts";
import { describeMachine, median } from "./report.ts";
import { writeSection } from "./results.ts";
import { YAML_READERS } from "./yaml-readers.ts";

const { values } = parseArgs({
  options: {
    routes: { type: "string", default: "10000" },
    roles: { type: "string", default: "500" },
    files: { type: "string", default: "50" },
    rounds: { type: "string", default: "7" },
    write: { type: "boolean", default: false },
    part: { type: "string" },
    folder: { type: "string" },
  },
});

const ROOT = join(import.meta.dirname, "..");

const PARTS = {
  read: "read and parse every file",
  lint: "guardrails",
  compile: "compile for one environment",
  check: "check: read, parse, guardrails, compile for both environments",
} as const;
type Part = keyof typeof PARTS | `yaml:${string}`;

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Of the whole process. */
  readonly peakBytes: number;
}

function measure(run: () => void): Cost {
  const [before, startMs] = [process.cpuUsage(), performance.now()];
  run();
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - startMs;
  return { wallMs, cpuMs: (user + system) / 1000, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

/** One part, measured alone and for the first time in this process; what it needs was done before. */
function runPart(part: Part, folder: string): Cost {
  const file = join(folder, "gatehouse.yaml");
  if (part === "check") return measure(() => expectGood(checkPolicy(file).diagnostics.length));
  if (part === "read") return measure(() => readPolicy(file));
  const reader = part.startsWith("yaml:") ? YAML_READERS[part.slice("yaml:".length)] : undefined;
  if (reader !== undefined) {
    const texts = listFiles(folder);
    return measure(() => texts.forEach(reader.read));
  }
  const { policy, sources } = readPolicy(file);
  if (part === "lint") return measure(() => expectGood(lintPolicy(policy).length));
  return measure(() => expectGood(compile(policy, "prod", sources).diagnostics.length));
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith("gatehouse.yaml"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
}

function expectGood(findings: number): void {
  if (findings > 0) throw new Error(`${findings} findings in a policy that should have none`);
}

function readPolicy(file: string): { readonly policy: Policy; readonly sources: ReadonlyMap<string, string> } {
  const root = readTextFile(file);
  if (!root.ok) throw new Error(root.reason);
  const { policy, sources } = parsePolicy(file, root.text, readBelow(dirname(file), file));
  if (policy === null) throw new Error("the policy has errors");
  return { policy, sources };
}

/** The part in a process of its own. */
function spawnPart(part: Part, folder: string): Cost {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", import.meta.filename, "--part", part, "--folder", folder],
    { encoding: "utf8", timeout: 120_000 },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Cost;
}

/** `gatehouse check` as a person calls it, start of the process included. */
function spawnCheck(folder: string): Cost {
  const report = join(folder, "usage.json");
  const tell = `import { writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(report)}, JSON.stringify(process.resourceUsage())));`;
  const startMs = performance.now();
  const { status, stdout } = spawnSync(join(ROOT, "gatehouse"), ["check", join(folder, "gatehouse.yaml")], {
    encoding: "utf8",
    timeout: 120_000,
    env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` },
  });
  const wallMs = performance.now() - startMs;
  if (status !== 0) throw new Error(stdout);
  const usage = JSON.parse(readFileSync(report, "utf8")) as NodeJS.ResourceUsage;
  return {
    wallMs,
    cpuMs: (usage.userCPUTime + usage.systemCPUTime) / 1000,
    peakBytes: usage.maxRSS * 1024,
  };
}

const DECISIONS = 20_000;

/** CPU time of one decision, by number of routes; all numbers by turns, so that what disturbs the machine hits all. */
function measureDecisions(counts: readonly number[], rounds: number): ReadonlyMap<number, readonly number[]> {
  const cases = counts.map((count) => {
    const texts = writeLargePolicy({ routes: count, roles: 20, files: 2 });
    const { policy } = parsePolicy("gatehouse.yaml", texts.get("gatehouse.yaml") ?? "", (path) => ({
      ok: true,
      text: texts.get(path) ?? "",
    }));
    if (policy === null) throw new Error("the policy has errors");
    const routes = policy.services.flatMap((service) => service.routes);
    const requests = Array.from({ length: 1000 }, (_, i) => {
      const route = routes[(i * 7919) % routes.length] as (typeof routes)[number];
      return { method: route.method, path: route.path.replaceAll(/\{[^}]*\}/g, `value-${i}`) };
    });
    return { count, policy, requests, costs: [] as number[] };
  });
  const caller = { subject: "ada", clientId: null, groups: ["team-0-1", "readers"] };
  for (let round = -1; round < rounds; round++)
    for (const { policy, requests, costs } of cases) {
      const { cpuMs } = measure(() => {
        for (let i = 0; i < DECISIONS; i++) {
          const { method, path } = requests[i % requests.length] as (typeof requests)[number];
          decide(policy, "prod", { exposure: "public", method, path, sourceIp: "10.0.0.1", atMs: 1e12 }, caller);
        }
      });
      // The first round warms the engine.
      if (round >= 0) costs.push((cpuMs * 1000) / DECISIONS);
    }
  return new Map(cases.map(({ count, costs }) => [count, costs]));
}

function spread(numbers: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function verdict(measured: number, budget: number): string {
  return measured <= budget ? "met" : "**missed**";
}

function main(): void {
  const size: Size = { routes: Number(values.routes), roles: Number(values.roles), files: Number(values.files) };
  const rounds = Number(values.rounds);
  const [loadBefore = 0] = loadavg();
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-policy-"));
  try {
    const texts = writeLargePolicy(size);
    writeFiles(folder, texts);
    const bytes = [...texts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const readers = Object.keys(YAML_READERS).map((reader): Part => `yaml:${reader}`);
    const parts = new Map<Part, Cost[]>([...(Object.keys(PARTS) as Part[]), ...readers].map((part) => [part, []]));
    const whole: Cost[] = [];
    spawnCheck(folder);
    for (let round = 0; round < rounds; round++) {
      for (const [part, costs] of parts) costs.push(spawnPart(part, folder));
      whole.push(spawnCheck(folder));
    }
    const decisions = measureDecisions([10, 100, 1000, 10_000], Math.max(5, rounds));
    const text = render({ size, bytes, rounds, loadBefore, parts, whole, decisions });
    process.stdout.write(text);
    if (values.write) writeSection(text);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Results {
  readonly size: Size;
  readonly bytes: number;
  readonly rounds: number;
  readonly loadBefore: number;
  readonly parts: ReadonlyMap<Part, readonly Cost[]>;
  readonly whole: readonly Cost[];
  readonly decisions: ReadonlyMap<number, readonly number[]>;
}

function render({ size, bytes, rounds, loadBefore, parts, whole, decisions }: Results): string {
  const cpuOf = (costs: readonly Cost[]): number[] => costs.map(({ cpuMs }) => cpuMs);
  const wallOf = (costs: readonly Cost[]): number[] => costs.map(({ wallMs }) => wallMs);
  const peakOf = (costs: readonly Cost[]): number[] => costs.map(({ peakBytes }) => peakBytes / 1e6);
  const costsOf = (part: Part): readonly Cost[] => parts.get(part) ?? [];
  const row = (name: string, costs: readonly Cost[]): string =>
    `| ${name} | ${spread(cpuOf(costs), 0)} | ${spread(wallOf(costs), 0)} | ${spread(peakOf(costs), 0)} |`;
  const [check, compiled] = [costsOf("check"), costsOf("compile")];
  const few = decisions.get(10) ?? [];
  const ratios = (decisions.get(10_000) ?? []).map((cost, round) => cost / (few[round] ?? Number.NaN));
  return `# Results of bench/policy.bench.ts

- Machine: ${describeMachine()}; load average before the run ${loadBefore.toFixed(1)}
- Versions: Node ${process.version}
- Policy: ${size.routes} routes, ${size.roles} roles, ${size.files} files, ${(bytes / 1e6).toFixed(2)} MB, two environments

| figure | budget | measured | |
| --- | --- | --- | --- |
| check, ms | ≤ 1500 | ${spread(wallOf(check), 0)} | ${verdict(median(wallOf(check)), 1500)} |
| compile, ms | ≤ 1000 | ${spread(wallOf(compiled), 0)} | ${verdict(median(wallOf(compiled)), 1000)} |
| \`gatehouse check\`, peak memory of the process, MB | < 300 | ${spread(peakOf(whole), 0)} | ${verdict(median(peakOf(whole)), 300)} |
| a decision with 10,000 routes ÷ one with 10 | ≤ 1.1 | ${spread(ratios, 2)} | ${verdict(median(ratios), 1.1)} |

| part | CPU, ms | wall, ms | peak of its process, MB |
| --- | --- | --- | --- |
${Object.entries(PARTS)
  .map(([part, name]) => row(name, costsOf(part as Part)))
  .join("\n")}
| \`gatehouse check\` as a process, its start included | ${spread(cpuOf(whole), 0)} | ${spread(wallOf(whole), 0)} | ${spread(peakOf(whole), 0)} |

| routes | CPU of a decision, µs |
| --- | --- |
${[...decisions].map(([count, costs]) => `| ${count} | ${spread(costs, 2)} |`).join("\n")}

| reading all files as YAML | CPU, ms | wall, ms | peak of its process, MB |
| --- | --- | --- | --- |
${Object.entries(YAML_READERS)
  .map(([reader, { says }]) => row(says, costsOf(`yaml:${reader}`)))
  .join("\n")}

Of the package's options none helps, so policies in plain YAML, which is nearly all of them, are read without it; it reads
the others, and says what is wrong. Each cell is the median of ${rounds} rounds (lowest to highest). Every part runs alone and for the first time in a process of
its own, as it does for whoever calls the command: nothing is warm but the files. Budgets are of time on the wall. CPU
time is what the operating system counted for all threads, garbage collection and the compiler of the engine among them. Decisions are warm, ${DECISIONS} in each
round, over all routes in turn, with 20 roles.
`;
}

if (values.part === undefined) main();
else process.stdout.write(JSON.stringify(runPart(values.part as Part, values.folder ?? ".")));
