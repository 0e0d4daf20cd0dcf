/**
 * Load at a fixed rate, by vegeta: requests are due at their time whether answers come or not.
 *
 * Out: latency from the moment at which each request was due (n ÷ rate after the beginning), not from the one at which it
 * was sent: a generator that falls behind because the server stands still would otherwise leave out the very time that
 * everybody waits (coordinated omission).
 * The beginning is the earliest that the results allow: no request was sent before it was due. What was due in the first
 * second, in which connections are made, does not count.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Attack {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How much later than due the latest request was sent: what the generator itself could not keep up with. */
  readonly mostBehindMs: number;
}

/** @returns the file of targets, mode 0600: it holds tokens */
export function writeTargets(folder: string, name: string, url: string, tokens: readonly string[]): string {
  const file = join(folder, `${name}.targets`);
  const lines = tokens.map((token) =>
    JSON.stringify({ method: "GET", url, header: { Authorization: [`Bearer ${token}`] } }),
  );
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return file;
}

export interface AttackOptions {
  readonly vegeta: string;
  readonly targets: string;
  readonly ratePerSecond: number;
  readonly seconds: number;
}

export async function runAttack({ vegeta, targets, ratePerSecond, seconds }: AttackOptions): Promise<Attack> {
  const results = `${targets}.bin`;
  const run = promisify(execFile);
  await run(vegeta, [
    "attack",
    "-format=json",
    `-targets=${targets}`,
    `-rate=${ratePerSecond}`,
    `-duration=${seconds}s`,
    `-output=${results}`,
    "-insecure",
    "-http2=false",
    "-keepalive",
    "-workers=64",
    "-max-body=0",
    "-timeout=30s",
  ]);
  const { stdout } = await run(vegeta, ["encode", "-to=csv", results], { maxBuffer: 2 ** 30 });
  return readAttack(stdout, ratePerSecond);
}

/**
 * @param csv as `vegeta encode -to=csv` writes it: time in ns since the epoch, status, latency in ns, ..., error (field 6),
 * ..., number of the request (field 9)
 * @throws Error when a request was refused or not answered
 */
export function readAttack(csv: string, ratePerSecond: number, ignoredSeconds = 1): Attack {
  const periodNs = 1e9 / ratePerSecond;
  const hits = csv
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const fields = line.split(",");
      const [time = "", status, latency, , , error] = fields;
      if (status !== "200") throw new Error(`the load met an answer that it should not: ${status} ${error ?? ""}`);
      return { time: BigInt(time), latencyNs: Number(latency), number: Number(fields[8]) };
    });
  const [first] = hits;
  if (first === undefined) throw new Error("vegeta sent nothing");
  // Nanoseconds since the epoch have no room in a number: counted from the first result.
  const sent = hits.map((hit) => ({ ...hit, atNs: Number(hit.time - first.time), dueNs: hit.number * periodNs }));
  const beginNs = sent.reduce((least, { atNs, dueNs }) => Math.min(least, atNs - dueNs), Number.POSITIVE_INFINITY);
  const counted = sent.filter(({ dueNs }) => dueNs >= ignoredSeconds * 1e9);
  const waited = counted
    .map(({ atNs, dueNs, latencyNs }) => (atNs + latencyNs - (beginNs + dueNs)) / 1e6)
    .sort((a, b) => a - b);
  return {
    requests: hits.length,
    p50Ms: percentile(waited, 0.5),
    p99Ms: percentile(waited, 0.99),
    p999Ms: percentile(waited, 0.999),
    maxMs: waited.at(-1) ?? Number.NaN,
    mostBehindMs: counted.reduce((most, { atNs, dueNs }) => Math.max(most, (atNs - beginNs - dueNs) / 1e6), 0),
  };
}

/** The least value that as great a share of them does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
