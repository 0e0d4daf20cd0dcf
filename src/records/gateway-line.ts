/**
 * A gateway record as one JSON line, and back.
 *
 * In:  a record, or one line of a file. Out: the line with its newline, or the record.
 * Not here: files (writer.ts), Caddy's lines (edge-line.ts).
 * INVARIANT: one record is one line of valid JSON whatever a client sent, and the line holds no control character:
 * not C0, DEL or C1, not a line or paragraph separator, not a bidirectional override, not a lone surrogate.
 */
import type { GatewayRecord, RecordedHeaders } from "./record.ts";

/** Longest string that a record keeps; what is longer is cut. */
const MAX_TEXT = 1024;
/** Plain ASCII that stands in a JSON string as it is: nearly every value is this, and then no escaping is needed. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** What `JSON.stringify` leaves as it is although a terminal may act on it. */
const UNSAFE_AFTER_JSON = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
/** Values that repeat (route, role, host) are quoted once. Bounded, because a client chooses some of them. */
const quoted = new Map<string, string>();
const MAX_QUOTED = 4096;
const MAX_QUOTED_LENGTH = 128;
/** Lists of names repeat as whole lists, and the same string comes again, so that it is found without being read. */
const quotedLists = new Map<string, string>();
const MAX_QUOTED_LISTS = 1024;

/**
 * The line of a record, ending in a newline. Built by hand because it is on the path of every request; the order of the
 * fields is fixed so that lines can be compared and compress well.
 */
export function formatGatewayLine(r: GatewayRecord): string {
  return (
    `{"time":${quote(r.time)},"hop":"gateway","requestId":${quote(r.requestId)},"traceId":${quote(r.traceId)},` +
    `"spanId":${quote(r.spanId)},"parentSpanId":${quoteOrNull(r.parentSpanId)},"api":${known(r.api)},` +
    `"routeKey":${known(r.routeKey)},"service":${known(r.service)},"method":${known(r.method)},` +
    `"host":${known(r.host)},"path":${quote(r.path)},"status":${digits(r.status)},"reason":${known(r.reason)},` +
    `"role":${known(r.role)},"subject":${known(r.subject)},"clientId":${known(r.clientId)},` +
    `"issuer":${known(r.issuer)},"sourceIp":${known(r.sourceIp)},"bytesIn":${digits(r.bytesIn)},"bytesOut":${digits(r.bytesOut)},` +
    `"durationMs":${digits(r.durationMs)},"decideMs":${digits(r.decideMs)},` +
    `"upstreamMs":${r.upstreamMs === null ? "null" : digits(r.upstreamMs)},"upstream":${known(r.upstream)},` +
    `"removedHeaders":${r.removedHeaders.length === 0 ? "[]" : `[${r.removedHeaders.map(quote).join(",")}]`},` +
    `"error":${quoteOrNull(r.error)},"policyDigest":${known(r.policyDigest)},` +
    `"headers":${r.headers === null ? "null" : namesOf(r.headers)}}\n`
  );
}

/** Empty lists are left out: nearly all of them are empty. */
function namesOf({ request, named, response, responseNamed, own, facts }: RecordedHeaders): string {
  return (
    `{"request":${knownList(request)}` +
    (named === "" ? "" : `,"named":${quote(named)}`) +
    (response === null ? "" : `,"response":${knownList(response)}`) +
    (responseNamed === "" ? "" : `,"responseNamed":${quote(responseNamed)}`) +
    (own === null ? "" : `,"own":${quote(own)}`) +
    `,"facts":${digits(facts)}}`
  );
}

/** Null for what is not whole; a record without it is still a record. */
function readNames(value: unknown): RecordedHeaders | null {
  if (value === null || typeof value !== "object") return null;
  const {
    request,
    named = "",
    response = null,
    responseNamed = "",
    own = null,
    facts,
  } = value as Partial<RecordedHeaders>;
  const isText = (text: unknown): boolean => typeof text === "string";
  if (![request, named, responseNamed].every(isText) || typeof facts !== "number") return null;
  if (![response, own].every((text) => text === null || isText(text))) return null;
  return { request: request as string, named, response, responseNamed, own, facts };
}

/** The record of one line, or null when the line is not a whole gateway record (a torn write, another program's line). */
export function parseGatewayLine(line: string): GatewayRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (value === null || typeof value !== "object") return null;
  // Lines from before there were workload issuers lack the field: all that they tell of is the provider's.
  const found = value as Partial<GatewayRecord>;
  const record = {
    ...found,
    issuer: found.issuer === undefined ? null : found.issuer,
    headers: readNames(found.headers),
  };
  const whole =
    record.hop === "gateway" &&
    TEXT_FIELDS.every((field) => typeof record[field] === "string") &&
    NUMBER_FIELDS.every((field) => typeof record[field] === "number") &&
    NULLABLE_TEXT_FIELDS.every((field) => record[field] === null || typeof record[field] === "string") &&
    (record.upstreamMs === null || typeof record.upstreamMs === "number") &&
    Array.isArray(record.removedHeaders) &&
    record.removedHeaders.every((name) => typeof name === "string");
  return whole ? (record as GatewayRecord) : null;
}

const TEXT_FIELDS = [
  "time",
  "requestId",
  "traceId",
  "spanId",
  "method",
  "host",
  "path",
  "reason",
  "sourceIp",
  "policyDigest",
] as const;
const NUMBER_FIELDS = ["status", "bytesIn", "bytesOut", "durationMs", "decideMs"] as const;
const NULLABLE_TEXT_FIELDS = [
  "parentSpanId",
  "api",
  "routeKey",
  "service",
  "role",
  "subject",
  "clientId",
  "issuer",
  "upstream",
  "error",
] as const;

function known(text: string | null): string {
  if (text === null) return "null";
  let json = quoted.get(text);
  if (json === undefined) {
    json = quote(text);
    if (text.length > MAX_QUOTED_LENGTH) return json;
    if (quoted.size >= MAX_QUOTED) quoted.clear();
    quoted.set(text, json);
  }
  return json;
}

function knownList(text: string): string {
  let json = quotedLists.get(text);
  if (json === undefined) {
    json = quote(text);
    if (quotedLists.size >= MAX_QUOTED_LISTS) quotedLists.clear();
    quotedLists.set(text, json);
  }
  return json;
}

function quoteOrNull(text: string | null): string {
  return text === null ? "null" : quote(text);
}

function quote(text: string): string {
  if (text.length <= MAX_TEXT && PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text.slice(0, MAX_TEXT)).replace(
    UNSAFE_AFTER_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const THOUSANDTHS = Array.from({ length: 1000 }, (_, n) => String(n / 1000).slice(1));

/** Three decimals (microseconds). Negative or not a number is written as 0: it would break the line or mean nothing. */
function digits(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const thousandths = Math.round(value * 1000);
  if (!(thousandths > 0 && thousandths <= Number.MAX_SAFE_INTEGER)) return "0";
  const whole = Math.floor(thousandths / 1000);
  return String(whole) + (THOUSANDTHS[thousandths - whole * 1000] ?? "");
}
