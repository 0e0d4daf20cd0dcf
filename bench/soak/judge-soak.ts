/** What a soak shows, as verdicts and as text. */
import { SPARE_FILES, type Sample, type SoakResult } from "./run-soak.ts";
import type { Kind } from "./traffic.ts";

/** Of the samples, the first of which were taken while what is meant to be filled was being filled. */
const FILLING = 0.1;

/**
 * Bytes for each thousand requests by which the second half went higher than the first. An engine collects garbage when it
 * likes, so memory is a saw whose teeth may be as wide as a quarter of the run: a line through it says where it begins and
 * ends, and only its highest points, or its lowest, say whether it climbs.
 */
export function growthPerThousand(
  samples: readonly Sample[],
  pick: (sample: Sample) => number | null,
  extreme: "highest" | "lowest" = "highest",
): number {
  const settled = samples.slice(Math.floor(samples.length * FILLING));
  const middle = Math.ceil(settled.length / 2);
  const of = (part: readonly Sample[]): number | null => {
    const values = part.map((sample) => pick(sample)).filter((value) => value !== null);
    return values.length === 0 ? null : extreme === "highest" ? Math.max(...values) : Math.min(...values);
  };
  const [before, after] = [of(settled.slice(0, middle)), of(settled.slice(middle))];
  const [from, to] = [settled[0], settled.at(-1)];
  if (before === null || after === null || from === undefined || to === undefined) return 0;
  return (after - before) / ((to.requests - from.requests) / 2000);
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
  const parts: readonly (readonly [string, "highest" | "lowest", (sample: Sample) => number | null])[] = [
    ["gateway, memory of its processes", "highest", (sample) => sample.gatewayBytes],
    // What is left by the most thorough collection is what is alive at most.
    ["gateway, heap of its main thread", "lowest", (sample) => sample.heapBytes],
    ["edge, memory of its process", "highest", (sample) => sample.edgeBytes],
  ];
  return parts.map(([name, extreme, pick]) => {
    const growth = growthPerThousand(samples, pick, extreme);
    return {
      text: `${name}: its ${extreme} point ${(growth / 1024).toFixed(1)} KiB higher for each thousand requests`,
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
