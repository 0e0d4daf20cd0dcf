/** What a soak shows, as verdicts and as text. */
import { SPARE_FILES, type Sample, type SoakResult } from "./run-soak.ts";
import type { Kind } from "./traffic.ts";

export interface Line {
  readonly slope: number;
  readonly start: number;
}

/** Least squares. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const count = points.length;
  const mean = (pick: 0 | 1): number => points.reduce((sum, point) => sum + point[pick], 0) / count;
  const [x, y] = [mean(0), mean(1)];
  const across = points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
  const slope = across === 0 ? 0 : points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0) / across;
  return { slope, start: y - slope * x };
}

/** Bytes for each thousand requests, over the second half: the first fills what is meant to be filled. */
export function growthPerThousand(samples: readonly Sample[], pick: (sample: Sample) => number | null): number {
  const points = samples.slice(samples.length >> 1).flatMap((sample) => {
    const value = pick(sample);
    return value === null ? [] : [[sample.requests / 1000, value] as const];
  });
  return points.length < 2 ? 0 : fitLine(points).slope;
}

/** As much more for a million requests is no leak but the weather: a collection that came a little later. */
const FLAT_BYTES_PER_MILLION = 64 * 2 ** 20;

export interface Verdict {
  readonly text: string;
  readonly isGood: boolean;
}

export function judgeCounts({ balance, cutOff, idleBefore, idleAfter }: SoakResult): Verdict[] {
  const { missing } = balance;
  const more = idleAfter.openFiles - idleBefore.openFiles;
  return [
    {
      text: `${balance.answered} requests were answered; ${missing.gateway} of them are missing in the gateway's log and ${missing.edge} in the edge's`,
      isGood: missing.gateway + missing.edge === 0 && balance.answered > 0,
    },
    { text: `${balance.twice} requests are in a log twice`, isGood: balance.twice === 0 },
    {
      text: `${balance.otherStatus} requests are in a log with another status than the client saw`,
      isGood: balance.otherStatus === 0,
    },
    {
      // Who went away in the head has asked for nothing; the others may have been recorded, each once.
      text: `${balance.unanswered} requests are in a log and were answered to nobody; ${cutOff} clients went away in body or answer`,
      isGood: balance.unanswered <= cutOff,
    },
    {
      text: `${more} descriptors more than before when nobody asks anything (${idleBefore.openFiles}, then ${idleAfter.openFiles})`,
      isGood: more <= SPARE_FILES,
    },
  ];
}

/** Fewer requests say nothing about growth: a process is still getting going. Then there is no verdict. */
const REQUESTS_TO_JUDGE_MEMORY = 100_000;

export function judgeMemory({ samples }: SoakResult): Verdict[] {
  if ((samples.at(-1)?.requests ?? 0) < REQUESTS_TO_JUDGE_MEMORY) return [];
  const parts: readonly (readonly [string, (sample: Sample) => number | null])[] = [
    ["gateway, memory of its processes", (sample) => sample.gatewayBytes],
    ["gateway, heap of its main thread", (sample) => sample.heapBytes],
    ["edge, memory of its process", (sample) => sample.edgeBytes],
  ];
  return parts.map(([name, pick]) => {
    const growth = growthPerThousand(samples, pick);
    return {
      text: `${name}: ${(growth / 1024).toFixed(1)} KiB for each thousand requests over the second half`,
      isGood: growth * 1000 <= FLAT_BYTES_PER_MILLION,
    };
  });
}

const ROWS = 20;

export function renderSoak(result: SoakResult, verdicts: readonly Verdict[]): string {
  const { samples, counts, statuses, seconds } = result;
  const mib = (bytes: number | null): string => (bytes === null ? "-" : (bytes / 2 ** 20).toFixed(0));
  const step = Math.max(1, Math.ceil(samples.length / ROWS));
  const rows = samples
    .filter((_, index) => (index + 1) % step === 0)
    .map(
      (sample) =>
        `| ${sample.requests} | ${sample.seconds.toFixed(0)} | ${mib(sample.gatewayBytes)} | ${mib(sample.heapBytes)} | ${mib(sample.edgeBytes)} | ${sample.openFiles} | ${sample.sockets} |`,
    );
  const list = (all: ReadonlyMap<Kind | number, number>): string =>
    [...all].map(([name, count]) => `${name} ${count}`).join(", ");
  return `| verdict | |
| --- | --- |
${verdicts.map(({ text, isGood }) => `| ${text} | ${isGood ? "good" : "**bad**"} |`).join("\n")}

| requests | seconds | gateway, MiB | heap, MiB | edge, MiB | descriptors | sockets |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

${samples.at(-1)?.requests ?? 0} requests in ${seconds.toFixed(0)} s, by kind: ${list(counts)}. Answers: ${list(statuses)}.`;
}
