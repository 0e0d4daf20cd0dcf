/** What a benchmark says: medians with their spread, ratios of pairs from the same round, machine and versions. */
import { cpus, release, totalmem } from "node:os";

export interface Round {
  /** CPU time by program. */
  readonly cpuMicroseconds: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of all server processes of the road, right after the load. */
  readonly memoryBytes: number;
}

export interface Figures {
  readonly name: string;
  readonly rounds: readonly Round[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function perRequest(round: Round): number {
  return Object.values(round.cpuMicroseconds).reduce((sum, time) => sum + time, 0) / round.requests;
}

/** What used less than a tenth of a microsecond per request (a launcher, a watchdog) is left out. */
function renderShares(rounds: readonly Round[]): string {
  return Object.keys(rounds[0]?.cpuMicroseconds ?? {})
    .sort()
    .map((program) => ({ program, cost: median(rounds.map((r) => (r.cpuMicroseconds[program] ?? 0) / r.requests)) }))
    .filter(({ cost }) => cost >= 0.1)
    .map(({ program, cost }) => `${program} ${cost.toFixed(1)}`)
    .join(", ");
}

export function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/**
 * Each round's ratio by itself, so that what disturbed the machine disturbed both sides.
 * @param program of it alone; all together when it is not said
 */
export function ratios(of: Figures, over: Figures, program?: string): readonly number[] {
  const cost = (round: Round): number =>
    program === undefined ? perRequest(round) : (round.cpuMicroseconds[program] ?? 0) / round.requests;
  return of.rounds.map((round, index) => {
    const other = over.rounds[index];
    return other === undefined ? Number.NaN : cost(round) / cost(other);
  });
}

export function renderFigures(figures: readonly Figures[]): string {
  const rows = figures.map(({ name, rounds }) => {
    const column = (pick: (round: Round) => number, digits: number): string => spread(rounds.map(pick), digits);
    return `| ${name} | ${column(perRequest, 1)} | ${renderShares(rounds)} | ${column((r) => r.requestsPerSecond, 0)} | ${column((r) => r.p50Ms, 2)} | ${column((r) => r.p99Ms, 2)} | ${median(rounds.map((r) => r.memoryBytes / 2 ** 20)).toFixed(0)} |`;
  });
  return [
    "| road | CPU per request, µs | of that | requests per second | p50, ms | p99, ms | memory, MiB |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

export interface Claim {
  readonly text: string;
  readonly budget: number;
  /** Of each round, in the unit that the text names; ratios have none. */
  readonly values: readonly number[];
}

export function renderClaims(claims: readonly Claim[]): string {
  return [
    "| figure | budget | measured | |",
    "| --- | --- | --- | --- |",
    ...claims.map(({ text, budget, values: all }) => {
      const verdict = median(all) <= budget ? "met" : "**missed**";
      return `| ${text} | ≤ ${budget} | ${spread(all, 2)} | ${verdict} |`;
    }),
  ].join("\n");
}

export function describeMachine(): string {
  const all = cpus();
  return `${all.length} cores (${all[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`;
}
