/**
 * Recorded requests against a policy that has not run yet: which decisions would flip.
 *
 * In:  records (a file, a state directory, or standard input), a policy. Out: flips by meaning with how often, when first
 * and last, and one request; what could not be judged is counted.
 * Not here: how one record is judged (whatif-judge.ts), how it is printed (whatif-text.ts).
 * INVARIANT: memory does not grow with the number of records.
 */
import { createReadStream, statSync } from "node:fs";
import { join } from "node:path";
import { GatehouseError } from "../core/index.ts";
import { type Environment, type Policy, inEnvironment, listUsedClaims } from "../policy/index.ts";
import { createLineBlocks, listGatewayRotated, parseGatewayLine } from "../records/index.ts";
import { countGuardrailErrors, readPolicy } from "./access-source.ts";
import { type LoadedPolicy, chooseEnvironment } from "./load-policy.ts";
import { allCallers, loadPeople } from "./people.ts";
import { errnoOf, statePaths } from "./state.ts";
import { type NotJudged, type Verdict, createJudge } from "./whatif-judge.ts";

export interface WhatifRequest {
  /** A file, a state directory, or `-` for standard input. */
  readonly records: string;
  readonly policyFile: string;
  readonly environment: string | undefined;
  /** Take roles as they were recorded even where a people file says who is who. */
  readonly asRecorded: boolean;
}

export interface Flip {
  /** A route of a service behind the private listener. */
  readonly exposure: "public" | "private";
  readonly was: Verdict;
  readonly is: Verdict;
  readonly count: number;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
  /** One of the requests. */
  readonly requestId: string;
}

export interface Whatif {
  readonly policyFile: string;
  readonly environment: string;
  /** Where it is known from who somebody is: the people file, or the role that was recorded. */
  readonly callers: "people" | "recorded";
  readonly judged: number;
  readonly flipped: number;
  /** The most frequent first. */
  readonly flips: readonly Flip[];
  readonly notJudged: Readonly<Partial<Record<NotJudged, number>>>;
  /** Records for hosts that the environment does not answer for, when there are no others. */
  readonly foreignHosts: number;
  readonly guardrailErrors: number;
}

/** More kinds than this are counted and not listed; a policy has no such number of routes and roles. */
const MAX_KINDS = 20_000;

/** @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT, GH_APP_PEOPLE_*, GH_APP_RECORDS_UNREADABLE */
export async function replayRecords(request: WhatifRequest): Promise<Whatif | LoadedPolicy> {
  const loaded = readPolicy(request.policyFile);
  if (loaded.policy === null) return loaded;
  const environment = chooseEnvironment(loaded.policy, request.environment);
  const people = request.asRecorded ? null : peopleOf(loaded.policy, environment, request.policyFile);
  const judge = createJudge(loaded.policy, environment, people);
  const flips = { ours: new Map<string, Mutable<Flip>>(), foreign: new Map<string, Mutable<Flip>>() };
  const counts = { ours: { judged: 0, flipped: 0 }, foreign: { judged: 0, flipped: 0 } };
  const notJudged: Partial<Record<NotJudged, number>> = {};
  for await (const line of readLines(request.records)) {
    if (line === "") continue;
    const record = parseGatewayLine(line);
    const verdict = record === null ? { kind: "not-judged" as const, why: "not-a-record" as const } : judge(record);
    if (record === null || verdict.kind === "not-judged") {
      if (verdict.kind === "not-judged") notJudged[verdict.why] = (notJudged[verdict.why] ?? 0) + 1;
      continue;
    }
    const side = verdict.isOurs ? "ours" : "foreign";
    counts[side].judged++;
    if (verdict.was.effect === verdict.is.effect) continue;
    counts[side].flipped++;
    addFlip(flips[side], {
      ...verdict,
      exposure: record.api ?? "public",
      first: record.time,
      requestId: record.requestId,
    });
  }
  // A host that is not ours may have been ours when it was asked for; but records of another environment say nothing.
  const isForeign = counts.ours.judged === 0 && counts.foreign.judged > 0;
  const found = [...flips.ours.values(), ...(isForeign ? [] : flips.foreign.values())];
  return {
    policyFile: request.policyFile,
    environment: environment.name,
    callers: people === null ? "recorded" : "people",
    judged: counts.ours.judged + (isForeign ? 0 : counts.foreign.judged),
    flipped: counts.ours.flipped + (isForeign ? 0 : counts.foreign.flipped),
    flips: found.toSorted((a, b) => b.count - a.count || compare(keyOf(a), keyOf(b))),
    notJudged,
    foreignHosts: isForeign ? counts.foreign.judged : 0,
    guardrailErrors: countGuardrailErrors(loaded),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function addFlip(
  flips: Map<string, Mutable<Flip>>,
  { exposure, was, is, first, requestId }: Pick<Flip, "exposure" | "was" | "is" | "first" | "requestId">,
): void {
  const key = keyOf({ exposure, was, is });
  const known = flips.get(key);
  if (known === undefined) {
    if (flips.size < MAX_KINDS) flips.set(key, { exposure, was, is, count: 1, first, last: first, requestId });
    return;
  }
  known.count++;
  if (first < known.first) known.first = first;
  if (first > known.last) known.last = first;
}

function keyOf({ exposure, was, is }: Pick<Flip, "exposure" | "was" | "is">): string {
  return JSON.stringify([exposure, was, is]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function peopleOf(policy: Policy, environment: Environment, file: string) {
  if (environment.identity.kind !== "embedded") return null;
  const effective = inEnvironment(policy, environment);
  const reading = { claims: effective.identity.claims, usedClaims: listUsedClaims(policy) };
  const callers = allCallers(loadPeople({ environment, policy, file }), reading);
  return new Map(callers.map(({ name, caller }) => [name, caller]));
}

/** Every line, those of rotated files first. */
async function* readLines(records: string): AsyncGenerator<string> {
  const blocks = createLineBlocks();
  const decoder = new TextDecoder();
  const linesOf = function* (chunk: Buffer): Generator<string> {
    const block = blocks.add(chunk);
    if (block !== null) yield* decoder.decode(block).split("\n");
  };
  for (const stream of await openStreams(records)) {
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) yield* linesOf(chunk);
    } catch (cause) {
      throw unreadable(records, cause);
    }
    // The last line of a file may lack its end.
    yield* linesOf(Buffer.from("\n"));
  }
}

async function openStreams(records: string): Promise<Iterable<NodeJS.ReadableStream>> {
  if (records === "-") return [process.stdin];
  let isDirectory: boolean;
  try {
    isDirectory = statSync(records).isDirectory();
  } catch (cause) {
    throw unreadable(records, cause);
  }
  if (!isDirectory) return [createReadStream(records)];
  const { gatewayLog } = statePaths(records);
  const files = [...(await listGatewayRotated(gatewayLog)), gatewayLog];
  if (statSync(gatewayLog, { throwIfNoEntry: false }) === undefined)
    throw new GatehouseError("GH_APP_RECORDS_UNREADABLE", {
      records,
      reason: `it has no \`${join("logs", "gateway.log")}\``,
    });
  // One after the other, so that few are open.
  return (function* (): Generator<NodeJS.ReadableStream> {
    for (const file of files) yield createReadStream(file);
  })();
}

function unreadable(records: string, cause: unknown): GatehouseError {
  const reason = errnoOf(cause) === "ENOENT" ? "there is no such file" : (errnoOf(cause) ?? "unknown");
  return new GatehouseError("GH_APP_RECORDS_UNREADABLE", { records, reason }, { cause });
}
