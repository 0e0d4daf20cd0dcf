/** Requests at a fixed rate, whether answers come or not: latency from the moment at which each was due. */
import { setTimeout as delay } from "node:timers/promises";
import { type Attack, runAttack, writeTargets } from "../open-loop.ts";
import { cpuMicroseconds } from "../processes.ts";
import { type Claim, median, spread } from "../report.ts";
import { ORDER_PATH, type Road } from "../roads/road.ts";
import { type Bench, type Scenario, fewerRounds, nameOf, throughputOf } from "./scenario.ts";

interface Hit extends Attack {
  readonly cpuPerRequest: number;
}

async function attack(bench: Bench, road: Road, ratePerSecond: number, seconds: number): Promise<Hit> {
  const tokens = await bench.issuer.tokens(bench.settings.tokens);
  const targets = writeTargets(bench.setting.folder, "fixed-rate", `${road.origin}${ORDER_PATH}`, tokens);
  await delay(300);
  const before = sum(cpuMicroseconds(road.pids));
  const found = await runAttack({ vegeta: bench.vegeta ?? "", targets, ratePerSecond, seconds });
  return { ...found, cpuPerRequest: (sum(cpuMicroseconds(road.pids)) - before) / found.requests };
}

function sum(times: Readonly<Record<string, number>>): number {
  return Object.values(times).reduce((total, time) => total + time, 0);
}

export const fixedRate: Scenario = {
  name: "open",
  title: "a fixed rate of arrival",
  async run(bench) {
    if (bench.vegeta === null) return { claims: [], text: "Left out: vegeta is not there, and go could not build it." };
    let slowest = Number.POSITIVE_INFINITY;
    for (const road of bench.roads) slowest = Math.min(slowest, await throughputOf(bench, road));
    const rate = Math.max(1, Math.floor(slowest / 2));
    const { openLoopSeconds: seconds } = bench.settings;
    const rounds = fewerRounds(bench.settings);
    const found = new Map<Road, Hit[]>(bench.roads.map((road) => [road, []]));
    for (let i = 1; i <= rounds; i++)
      for (const road of i % 2 === 1 ? bench.roads : bench.roads.toReversed()) {
        const hit = await attack(bench, road, rate, seconds);
        found.get(road)?.push(hit);
        bench.say(`round ${i}: ${nameOf(road)} at ${rate} /s: p99 ${hit.p99Ms.toFixed(2)} ms`);
      }
    return { claims: claimsOf(found), text: render(found, rate, seconds, rounds) };
  },
};

function claimsOf(found: ReadonlyMap<Road, readonly Hit[]>): Claim[] {
  const of = (letter: string): readonly Hit[] | undefined => [...found].find(([road]) => road.letter === letter)?.[1];
  const [alone, whole] = [of("A"), of("B")];
  if (alone === undefined || whole === undefined) return [];
  const values = whole.map((hit, i) => hit.p99Ms - (alone[i]?.p99Ms ?? Number.NaN));
  return [{ text: "B − A: p99 added at half load, ms", budget: 1, values }];
}

function render(found: ReadonlyMap<Road, readonly Hit[]>, rate: number, seconds: number, rounds: number): string {
  const rows = [...found].map(([road, hits]) => {
    const cells = (["p50Ms", "p99Ms", "p999Ms"] as const).map((name) =>
      spread(
        hits.map((hit) => hit[name]),
        2,
      ),
    );
    const cpu = spread(
      hits.map((hit) => hit.cpuPerRequest),
      1,
    );
    const behind = median(hits.map((hit) => hit.mostBehindMs)).toFixed(1);
    return `| ${nameOf(road)} | ${cells.join(" | ")} | ${cpu} | ${behind} |`;
  });
  return `| road | p50, ms | p99, ms | p99.9, ms | CPU per request, µs | sent late by at most, ms |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

${rate} requests per second on every road: half of what the slowest of them answers as fast as it can. vegeta, ${rounds} rounds of
${seconds} s each, the first of them left out. A latency counts from the moment at which a request was due, so that no wait is left out because the generator
waited too; the last column is by how much it was late itself, and is within the latencies.`;
}
