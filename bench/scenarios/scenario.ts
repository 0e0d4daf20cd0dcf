/**
 * What a scenario is, and what they share: roads side by side, round by round, back and forth.
 *
 * In: the roads that run, an issuer, settings. Out: tables and claims for the report.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { BenchIssuer } from "../issuer.ts";
import { type Requests, runLoad, writeRequests } from "../load.ts";
import { cpuMicroseconds, memoryBytes } from "../processes.ts";
import { type Claim, type Figures, type Round, median, perRequest } from "../report.ts";
import { ORDER_PATH, type Letter, type Road, type Setting, type Starter } from "../roads/road.ts";

export interface Settings {
  /** Of the scenario with small JSON; the others have about half as many. */
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** In turn, where tokens are not what is measured. */
  readonly tokens: number;
  /** Where they are. */
  readonly manyTokens: number;
  readonly openLoopSeconds: number;
}

export interface Bench {
  readonly settings: Settings;
  readonly setting: Setting;
  readonly issuer: BenchIssuer;
  /** In the order of their letters. */
  readonly roads: readonly Road[];
  readonly starters: ReadonlyMap<Letter, Starter>;
  readonly vegeta: string | null;
  /** What the fastest load so far took, in requests per second, by road. */
  readonly throughput: Map<Letter, number[]>;
  /** Progress, for whoever waits. */
  readonly say: (text: string) => void;
}

export interface Outcome {
  readonly claims: readonly Claim[];
  /** Markdown: tables and what is to be said about them. */
  readonly text: string;
}

export interface Scenario {
  readonly name: string;
  /** What comes behind `Results of script/bench`. */
  readonly title: string;
  run(bench: Bench): Promise<Outcome>;
}

/** A GET of the small document, with tokens in turn. */
export function smallRequests(tokens: readonly string[]): Requests {
  return { method: "GET", paths: [ORDER_PATH], tokens, bodyBytes: 0, isEachTokenOnce: false };
}

export interface Target {
  readonly road: Road;
  readonly name: string;
  /** File of `writeRequests`, for one round. */
  readonly script: string;
}

/** Time for what the last load left behind to be done with. */
const PAUSE_MS = 300;

export async function measure(bench: Bench, { road, script }: Target, seconds: number): Promise<Round> {
  await delay(PAUSE_MS);
  const before = cpuMicroseconds(road.pids);
  const load = await runLoad({ origin: road.origin, script, connections: bench.settings.connections, seconds });
  const used = Object.entries(cpuMicroseconds(road.pids)).map(([program, time]) => [
    program,
    time - (before[program] ?? 0),
  ]);
  return {
    cpuMicroseconds: Object.fromEntries(used) as Record<string, number>,
    memoryBytes: memoryBytes(road.pids),
    ...load,
  };
}

export interface Comparison {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** What is measured in a round, 0 being the warm-up. */
  readonly targets: (round: number) => Promise<readonly Target[]>;
}

export async function compare(
  bench: Bench,
  { rounds, seconds, warmUpSeconds, targets }: Comparison,
): Promise<Figures[]> {
  const found = new Map<string, Round[]>();
  if (warmUpSeconds > 0) for (const target of await targets(0)) await measure(bench, target, warmUpSeconds);
  for (let i = 1; i <= rounds; i++) {
    const all = await targets(i);
    // Of each name in the order of the report, whatever the order of this round.
    for (const { name } of all) if (!found.has(name)) found.set(name, []);
    // Back and forth, so that what drifts drifts for both sides.
    for (const target of i % 2 === 1 ? all : all.toReversed()) {
      const round = await measure(bench, target, seconds);
      found.get(target.name)?.push(round);
      bench.say(`round ${i}: ${target.name}: ${perRequest(round).toFixed(1)} µs of CPU, ${round.requestsPerSecond} /s`);
    }
  }
  return [...found].map(([name, all]) => ({ name, rounds: all }));
}

/** All roads with the same requests; new tokens each round. `warmUps`: how many times the usual warm-up comes first. */
export async function compareRoads(
  bench: Bench,
  file: string,
  requests: (tokens: readonly string[]) => Requests,
  rounds: number,
  warmUps = 1,
): Promise<Figures[]> {
  const { settings, issuer, setting, roads } = bench;
  return compare(bench, {
    rounds,
    seconds: settings.seconds,
    warmUpSeconds: warmUps * settings.warmUpSeconds,
    targets: async () => {
      const script = writeRequests(setting.folder, file, requests(await issuer.tokens(settings.tokens)));
      return roads.map((road) => ({ road, name: nameOf(road), script }));
    },
  });
}

export function nameOf({ letter, name }: Road): string {
  return `${letter}. ${name}`;
}

export function figuresOf(figures: readonly Figures[], letter: Letter, ending = ""): Figures | undefined {
  return figures.find(({ name }) => name.startsWith(`${letter}.`) && name.endsWith(ending));
}

export function roadOf(bench: Bench, letter: Letter): Road | undefined {
  return bench.roads.find((road) => road.letter === letter);
}

export function fewerRounds({ rounds }: Settings): number {
  return Math.max(1, Math.ceil(rounds / 2));
}

/** Requests per second of a road as fast as it goes; measured now if no scenario did yet. */
export async function throughputOf(bench: Bench, road: Road): Promise<number> {
  const known = bench.throughput.get(road.letter);
  if (known !== undefined) return median(known);
  const script = writeRequests(bench.setting.folder, "probe", smallRequests(await bench.issuer.tokens(16)));
  const target = { road, name: nameOf(road), script };
  await measure(bench, target, bench.settings.warmUpSeconds);
  const { requestsPerSecond } = await measure(bench, target, bench.settings.seconds);
  bench.throughput.set(road.letter, [requestsPerSecond]);
  return requestsPerSecond;
}
