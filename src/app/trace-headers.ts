/**
 * Which headers of a recorded request each hop kept, dropped, replaced and added, in both directions: names, no values.
 *
 * In: a trace, the state directory with the policy that ran. Out: a document for programs, a table for people.
 * How honest it is: what came to the gateway is recorded; what it did with it is worked out by the data plane's own code
 * from the policy file as it is now, and where the record was made by another policy that is said. Works without a
 * running instance, as long as logs and policy can be read.
 */
import {
  HEADER_REASONS,
  type HeaderFate,
  type HeaderPassage,
  type HeaderReason,
  type HeaderStory,
  explainHeaders,
} from "../gateway/index.ts";
import type { Artifacts } from "../model/index.ts";
import { type GatewayRecord, type Trace, type TracedRequest, visibleText } from "../records/index.ts";
import { EDGE_DROPS, explainEdgeAnswer, explainEdgeRequest } from "./edge-headers.ts";
import { isLoaded, loadEnvironment, shownPath } from "./load-policy.ts";
import { type StatePaths, readInstance } from "./state.ts";

/** The policy that the headers are explained by; null when there is none that can be read. */
export interface ExplainingPolicy {
  readonly file: string;
  readonly artifacts: Artifacts;
}

/** One request. A hop that did not see it is null. */
export interface HeadersOfRequest {
  /** Digests of the policy that decided and of the one that explains. */
  readonly policy: { readonly decided: string | null; readonly explains: string | null; readonly isSame: boolean };
  readonly request: {
    readonly edge: readonly HeaderFate[] | null;
    readonly gateway: readonly HeaderFate[] | null;
    /** Names that arrived, in their order; null when the service was not asked. */
    readonly service: readonly string[] | null;
  };
  readonly response: {
    readonly answeredBy: HeaderStory["answeredBy"];
    readonly gateway: readonly HeaderFate[] | null;
    readonly edge: readonly HeaderFate[] | null;
    /** Names that the client got, but for those of its connection (`connection`, `keep-alive`, `transfer-encoding`). */
    readonly client: readonly string[] | null;
  };
  /** What has to be known to read this rightly. */
  readonly notes: readonly string[];
}

export type TraceWithHeaders = Omit<Trace, "requests"> & {
  readonly requests: readonly (TracedRequest & { readonly headers: HeadersOfRequest })[];
};

/** The policy of the instance that runs or ran in a state directory, or why there is none to explain by. */
export function readExplainingPolicy(paths: StatePaths): ExplainingPolicy | { readonly problem: string } {
  const instance = readInstance(paths);
  if (instance === null) return { problem: `no instance has run in \`${shownPath(paths.dir)}\`` };
  const file = shownPath(instance.policyFile);
  try {
    const loaded = loadEnvironment(instance.policyFile, instance.environment);
    if (isLoaded(loaded)) return { file, artifacts: loaded.artifacts };
    return { problem: `\`${file}\` has errors; \`gatehouse check\` tells them` };
  } catch (cause) {
    return { problem: cause instanceof Error ? cause.message : "the policy cannot be read" };
  }
}

export function addHeaders(trace: Trace, policy: ExplainingPolicy | { readonly problem: string }): TraceWithHeaders {
  return { ...trace, requests: trace.requests.map((one) => ({ ...one, headers: explainRequest(one, policy) })) };
}

function explainRequest(
  { edge, gateway }: TracedRequest,
  policy: ExplainingPolicy | { readonly problem: string },
): HeadersOfRequest {
  const notes: string[] = [];
  const artifacts = "artifacts" in policy ? policy.artifacts : null;
  const decided = gateway?.policyDigest ?? null;
  const explains = artifacts?.digest ?? null;
  const nothing = {
    policy: { decided, explains, isSame: decided === explains },
    request: { edge: null, gateway: null, service: null },
    response: { answeredBy: null, gateway: null, edge: null, client: null },
    notes,
  };
  if (edge === null) notes.push("it did not come through the edge: the edge has no record of it");
  if (gateway === null) notes.push("it did not reach the gateway: the edge answered by itself");
  if (gateway === null) return nothing;
  if (gateway.headers === null) {
    notes.push("the record holds no names of headers: it is from before they were kept, or no request could be read");
    return nothing;
  }
  if ("problem" in policy) {
    notes.push(`what the gateway did cannot be worked out: ${policy.problem}`);
    return nothing;
  }
  const story = explainHeaders(policy.artifacts, gateway);
  if (story === null) {
    notes.push(
      `what the gateway did cannot be worked out: \`${policy.file}\` has no route \`${gateway.routeKey}\` any more`,
    );
    return nothing;
  }
  if (decided !== explains)
    notes.push(
      `another policy decided this (${short(decided)}): shown is what \`${policy.file}\` as it is now (${short(explains)}) makes of the same names`,
    );
  const arrived = story.request.fates.filter(({ change }) => change !== "added").map(({ name }) => name);
  if (edge !== null)
    notes.push(`the edge passes on none of these, and no log tells whether there were any: ${EDGE_DROPS.join("; ")}`);
  notes.push(...unrecordedNotes(story.request, "the request"), ...unrecordedNotes(story.response, "the answer"));
  const answer = edge === null ? null : edgeAnswer(story, gateway, edge.protocol, policy.artifacts);
  return {
    ...nothing,
    request: {
      edge: edge === null ? null : explainEdgeRequest(arrived),
      gateway: story.request.fates,
      service: story.request.sent,
    },
    response: {
      answeredBy: story.answeredBy,
      gateway: story.answeredBy === null ? null : story.response.fates,
      edge: answer,
      client: answer === null ? story.response.sent : goneOn(answer),
    },
  };
}

function edgeAnswer(
  { response }: HeaderStory,
  { status, bytesOut }: GatewayRecord,
  protocol: string,
  { edge }: Artifacts,
): readonly HeaderFate[] | null {
  if (response.sent === null) return null;
  return explainEdgeAnswer(response.sent, { protocol, status, hasBody: bytesOut > 0, isLoopback: edge.loopbackOnly });
}

function goneOn(fates: readonly HeaderFate[]): readonly string[] {
  return fates.filter(({ change }) => change !== "dropped").map(({ name }) => name);
}

function unrecordedNotes({ unrecorded }: HeaderPassage, what: string): readonly string[] {
  return unrecorded === 0 ? [] : [`${what} had ${unrecorded} more headers than a record keeps`];
}

function short(digest: string | null): string {
  return digest === null ? "none" : digest.slice(0, 12);
}

// --- for people

/** Lines behind the story of one request. */
export function renderHeaders({ policy, request, response, notes }: HeadersOfRequest): string {
  const lines: string[] = [];
  const used = new Set<HeaderReason>();
  const table = (title: string, columns: readonly Column[]): void => {
    const rows = rowsOf(columns, used);
    if (rows.length === 0) return;
    const width = Math.max(...rows.map(([name]) => name.length), "header".length);
    const head = ["header".padEnd(width), ...columns.map(({ hop }) => hop.padEnd(CELL))].join("  ");
    lines.push("", `  ${title}`, `    ${head}`);
    for (const [name, ...cells] of rows)
      lines.push(`    ${[name.padEnd(width), ...cells.map((cell) => cell.padEnd(CELL))].join("  ")}`);
  };
  table("request, on its way to the service", [
    { hop: "edge", fates: request.edge },
    { hop: "gateway", fates: request.gateway },
  ]);
  if (request.gateway !== null && request.service === null) lines.push("    the service was not asked");
  table(`answer of the ${response.answeredBy ?? "nobody"}, on its way to the client`, [
    { hop: "gateway", fates: response.gateway },
    { hop: "edge", fates: response.edge },
  ]);
  if (used.size > 0) lines.push("");
  for (const reason of used) lines.push(`  ${reason}: ${HEADER_REASONS[reason]}`);
  if (policy.explains !== null && notes.length > 0) lines.push("");
  for (const note of notes) lines.push(`  note: ${note}`);
  return lines.map((line) => visibleText(line).trimEnd()).join("\n");
}

interface Column {
  readonly hop: string;
  readonly fates: readonly HeaderFate[] | null;
}

const CELL = 24;

/**
 * A row for each header, through the hops in their order. What one hop passes on, the next one gets: the n-th of a name
 * here is the n-th of it there.
 */
function rowsOf(columns: readonly Column[], used: Set<HeaderReason>): readonly (readonly [string, ...string[]])[] {
  const rows: [string, ...string[]][] = [];
  for (const [at, { fates }] of columns.entries()) {
    const taken = new Set<number>();
    for (const { name, change, why } of fates ?? []) {
      if (why !== null) used.add(why);
      const cell = why === null ? change : `${change}: ${why}`;
      const isOpen = ([known]: readonly string[], index: number): boolean =>
        !taken.has(index) && known?.toLowerCase() === name.toLowerCase();
      let index = change === "added" ? -1 : rows.findIndex(isOpen);
      if (index === -1) index = rows.push([name, ...columns.map(() => "")]) - 1;
      taken.add(index);
      (rows[index] as string[])[at + 1] = cell;
    }
  }
  return rows;
}
