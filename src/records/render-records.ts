/**
 * Records as text for a terminal.
 *
 * INVARIANT: what came from a request is shown without control characters and without characters that change the
 * direction of text, so that a record cannot move the cursor or hide what it says.
 */
import type { RequestStory, Trace } from "./find-trace.ts";
import type { EdgeRecord, GatewayRecord } from "./record.ts";

/** C0, DEL, C1, line and paragraph separators, bidirectional controls, byte order mark. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** The text with every character that a terminal would act on shown as its code point. */
export function showSafely(text: string): string {
  return text.replaceAll(UNSAFE, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);
}

export function renderTrace(trace: Trace): string {
  const head = trace.traceId === null ? [] : [`trace    ${trace.traceId}`];
  return [...head, ...trace.requests.flatMap((request) => ["", ...renderStory(request)])].join("\n").trimStart();
}

function renderStory({ requestId, edge, gateway, timings }: RequestStory): string[] {
  const known = gateway ?? edge;
  const lines = [`request  ${showSafely(requestId)}`];
  if (known !== null)
    lines.push(
      `         ${showSafely(`${known.method} ${known.host}${known.path}`)} at ${known.time} from ${showSafely(known.sourceIp)}`,
    );
  lines.push(
    edge === null
      ? "edge     wrote nothing"
      : `edge     ${edge.status}  ${ms(timings.edgeMs)}  ${showSafely(edge.protocol)}, ${edge.bytesOut} bytes`,
  );
  if (gateway === null) {
    lines.push("gateway  wrote nothing");
    return lines;
  }
  lines.push(`gateway  ${gateway.status}  ${ms(timings.gatewayMs)}  ${showSafely(decisionOf(gateway))}`);
  lines.push(`  decide       ${ms(timings.decideMs)}`);
  if (gateway.upstream !== null) {
    lines.push(
      `  service      ${ms(timings.serviceMs)}  ${showSafely(`${gateway.service ?? ""} at ${gateway.upstream}`)}`,
    );
  }
  if (gateway.removedHeaders.length > 0) lines.push(`  removed      ${showSafely(gateway.removedHeaders.join(", "))}`);
  if (gateway.error !== null) lines.push(`  error        ${showSafely(gateway.error)}`);
  return lines;
}

function decisionOf({ reason, role, subject, routeKey }: GatewayRecord): string {
  const who = subject === null ? "nobody" : subject;
  return `${reason}, ${who}${role === null ? "" : ` as ${role}`}${routeKey === null ? "" : `, route ${routeKey}`}`;
}

/** One line for one record. */
export function renderRecord(record: GatewayRecord | EdgeRecord): string {
  const start = `${record.time}  ${record.status}  ${ms(record.durationMs)}  ${record.method} ${record.host}${record.path}`;
  const rest = record.hop === "gateway" ? `  ${decisionOf(record)}` : "  edge";
  return `${showSafely(start + rest)}  ${showSafely(record.requestId)}`;
}

function ms(value: number | null): string {
  return value === null ? "-" : `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
