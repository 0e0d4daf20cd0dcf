/**
 * Records and traces as text for people.
 *
 * INVARIANT: every value that came from a client goes through `visibleText`.
 */
import type { Trace, TracedRequest } from "./find-trace.ts";
import type { EdgeRecord, GatewayRecord } from "./record.ts";
import { visibleText } from "./visible-text.ts";

/** One record in one line, times in UTC. */
export function renderRecord(record: EdgeRecord | GatewayRecord): string {
  const parts = [
    record.time.slice(11, 23),
    record.hop.padEnd(7),
    String(record.status),
    record.method.padEnd(4),
    `${record.host}${record.path}`,
    milliseconds(record.durationMs).trim(),
    record.hop === "edge" ? record.protocol : outcome(record),
    `request=${record.requestId}`,
  ];
  return visibleText(parts.join("  "));
}

function outcome(record: GatewayRecord): string {
  const fields = {
    reason: record.reason,
    route: record.routeKey,
    service: record.service,
    issuer: record.issuer,
    subject: record.subject === null ? null : quoteIfOdd(record.subject),
    role: record.role,
    error: record.error,
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`)
    .join("  ");
}

/** The whole story, several lines for each request, without a newline at the end. */
export function renderTrace(trace: Trace): string {
  const head = trace.traceId === null ? "no trace id: the gateway did not answer" : `trace ${trace.traceId}`;
  const count = trace.requests.length === 1 ? [] : [`${trace.requests.length} requests`];
  return [head, ...count, ...trace.requests.flatMap((request) => ["", ...renderRequest(request)])].join("\n");
}

function renderRequest(request: TracedRequest): string[] {
  const { edge, gateway, timings } = request;
  const seen = gateway ?? edge;
  const rows: [string, number | null, string][] = [
    ["edge", timings.edgeMs, edge === null ? "no record of the edge" : edgeStory(edge)],
    ["  of it the edge's own", timings.edgeOwnMs, ""],
    [
      "gateway",
      timings.gatewayMs,
      gateway === null ? "no record: the request did not reach it" : gatewayStory(gateway),
    ],
    ["  decided", timings.decideMs, gateway === null ? "" : decision(gateway)],
    ["  waited for the service", timings.serviceWaitMs, gateway?.upstream ?? ""],
  ];
  const lines = [
    `${request.time}  ${seen?.method ?? ""} ${seen?.host ?? ""}${seen?.path ?? ""}`,
    `request ${request.requestId}  apigw-requestid ${request.apigwRequestId}`,
    ...rows
      .filter(([name, ms, story]) => ms !== null || (!name.startsWith(" ") && story !== ""))
      .map(([name, ms, story]) => `  ${name.padEnd(24)} ${ms === null ? "".padStart(13) : milliseconds(ms)}  ${story}`),
  ];
  if (gateway !== null && gateway.removedHeaders.length > 0) {
    lines.push(`  removed from the client's headers: ${gateway.removedHeaders.join(", ")}`);
  }
  if (gateway !== null && gateway.error !== null) lines.push(`  error: ${gateway.error}`);
  return lines.map((line) => visibleText(line).trimEnd());
}

function edgeStory(edge: EdgeRecord): string {
  return `${edge.status}  ${edge.protocol}  ${edge.bytesOut} bytes  from ${edge.sourceIp}`;
}

function gatewayStory(gateway: GatewayRecord): string {
  const route = gateway.routeKey === null ? "no route" : `${gateway.routeKey} of ${gateway.service ?? "no service"}`;
  return `${gateway.status}  ${route}  ${gateway.bytesOut} bytes`;
}

function decision(gateway: GatewayRecord): string {
  const issuer = gateway.issuer === null ? "" : ` of issuer ${gateway.issuer}`;
  const who = gateway.subject === null ? "" : `  ${quoteIfOdd(gateway.subject)}${issuer}`;
  const client = gateway.clientId === null ? "" : ` through ${quoteIfOdd(gateway.clientId)}`;
  const role = gateway.role === null ? "" : ` as ${gateway.role}`;
  return `${gateway.reason}${who}${client}${role}`;
}

/** A name as its issuer gave it, in quotes where it could be read as more than one name. */
function quoteIfOdd(name: string): string {
  return /^[^\s"]+$/.test(name) ? name : JSON.stringify(name);
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(3).padStart(10)} ms`;
}
