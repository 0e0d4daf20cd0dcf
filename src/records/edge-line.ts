/**
 * One line of Caddy's access log as a record.
 *
 * In:  a line as Caddy 2.11 writes it with the JSON encoder and the fields that the compiled configuration appends.
 * Out: an `EdgeRecord`. Not here: reading files (log-files.ts).
 * Source: https://caddyserver.com/docs/caddyfile/directives/log, https://caddyserver.com/docs/logging.
 * INVARIANT: nothing but the fields of `EdgeRecord` is taken over: no header, no query.
 */
import type { EdgeRecord } from "./record.ts";
import { parseTraceparent } from "./trace-context.ts";

const ACCESS_LOGGER = "http.log.access";
const MAX_PATH = 1024;
/** The end of what a JavaScript date can say. */
const MAX_DATE_MS = 8.64e15;

/** The record of a line, or null when it is not a line about a handled request. */
export function parseEdgeLine(line: string): EdgeRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isObject(value) || !isObject(value["request"]) || typeof value["status"] !== "number") return null;
  // Errors of the same request are told by lines that look alike.
  if (value["logger"] !== ACCESS_LOGGER) return null;
  const request = value["request"];
  const durationMs = numberOf(value["duration"]) * 1000;
  // Caddy stamps the line when the request is over; a record tells when it arrived.
  const arrivedMs = timeOf(value["ts"]) - durationMs;
  if (!(Math.abs(arrivedMs) <= MAX_DATE_MS)) return null;
  const uri = textOf(request["uri"]);
  const query = uri.indexOf("?");
  const path = query === -1 ? uri : uri.slice(0, query);
  return {
    time: new Date(arrivedMs).toISOString(),
    hop: "edge",
    requestId: textOf(value["request_id"]) || textOf(value["uuid"]),
    traceId: parseTraceparent(textOf(value["traceresponse"]))?.traceId ?? null,
    method: textOf(request["method"]),
    host: textOf(request["host"]),
    path: path.slice(0, MAX_PATH),
    protocol: textOf(request["proto"]),
    status: value["status"],
    bytesOut: numberOf(value["size"]),
    durationMs: Math.round(durationMs * 1000) / 1000,
    sourceIp: textOf(request["client_ip"]) || textOf(request["remote_ip"]),
  };
}

/** Milliseconds since the epoch of a time in seconds (Caddy's default) or in words; not a number when it is neither. */
function timeOf(value: unknown): number {
  if (typeof value === "number") return value * 1000;
  return typeof value === "string" ? Date.parse(value) : Number.NaN;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}
