/**
 * The headers that the gateway adds to a call on its way to the backend.
 *
 * In: the call's head, where it came from. Out: names and values behind those that the client sent.
 * Not here: what of the client's goes on (call-head.ts), parameter mapping (map-*.ts).
 * Source: API Gateway developer guide, "Known issues"; RFC 7239 (Forwarded), RFC 9110 7.6.3 (Via); AWS X-Ray
 * developer guide, "Tracing header".
 * INVARIANT: the gateway's own element of `Forwarded` is the last one, and a client's values cannot end it or add to it.
 */
import { randomBytes } from "node:crypto";
import type { CallHead } from "./call-head.ts";

export interface Hop {
  /** The gateway's own address; null towards private integrations. */
  readonly by: string | null;
  readonly sourceIp: string;
  readonly host: string;
  readonly proto: string;
  /** What was said of earlier hops in `X-Forwarded-For`. */
  readonly earlierFor: string | null;
  /** `X-Forwarded-Host` and `X-Forwarded-Proto` are the edge's own. */
  readonly hasEdge: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const UNFIT = /[^\t\x20-\x7e]/g;
/** Every quote is closed (RFC 9110 5.6.4): behind an open one, what follows would be the client's. */
const CLOSED = /^(?:[^"\\]|"(?:[^"\\]|\\.)*")*$/;

/** `Forwarded` with what the client said of earlier hops first. */
export function forwardedValue(head: CallHead, hop: Hop): string {
  const elements: string[] = [];
  const received = head.forwarded?.trim() ?? "";
  if (received !== "" && CLOSED.test(received)) elements.push(received);
  const earlier = (hop.earlierFor ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => `for=${nodeOf(each)}`);
  if (!hop.hasEdge) {
    const more = [
      ...(head.forwardedHost === null ? [] : [`host=${quoted(head.forwardedHost)}`]),
      ...(head.forwardedProto === null ? [] : [`proto=${quoted(head.forwardedProto)}`]),
    ];
    if (more.length > 0) earlier[0] = [...(earlier[0] === undefined ? [] : [earlier[0]]), ...more].join(";");
  }
  elements.push(...earlier);
  const by = hop.by === null ? "" : `by=${nodeOf(hop.by)};`;
  elements.push(`${by}for=${nodeOf(hop.sourceIp)};host=${quoted(hop.host)};proto=${hop.proto}`);
  return elements.join(", ");
}

function nodeOf(address: string): string {
  return address.includes(":") && !address.includes("[") && !address.includes('"')
    ? `"[${address.replaceAll(UNFIT, "")}]"`
    : quoted(address);
}

function quoted(value: string): string {
  if (TOKEN.test(value)) return value;
  return `"${value.replaceAll(UNFIT, "").replaceAll(/["\\]/g, "\\$&")}"`;
}

export function viaValue(via: string | null): string {
  return via === null || via === "" ? "HTTP/1.1 AmazonAPIGateway" : `${via}, HTTP/1.1 AmazonAPIGateway`;
}

const ROOT = /(?:^|;)\s*Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)/;

/** Joins the trace of the caller, or starts one. */
export function amznTraceId(received: string | null, nowMs: number): string {
  const own = `1-${Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, "0")}-${randomHex24()}`;
  if (received === null || !ROOT.test(received)) return `Root=${own}`;
  return `Self=${own};${received.replace(/(?:^|;)\s*Self=[^;]*/g, "").replace(/^;/, "")}`;
}

let pool = "";
let poolAt = 0;

/** From a pool: one system call for some 340 calls. */
function randomHex24(): string {
  if (poolAt + 24 > pool.length) {
    pool = randomBytes(4096).toString("hex");
    poolAt = 0;
  }
  const hex = pool.slice(poolAt, poolAt + 24);
  poolAt += 24;
  return hex;
}

const OF_SIGNATURES = new Set(["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]);
const PARAMETER_OF_SIGNATURES =
  /^X-Amz-(?:Algorithm|Credential|Date|Expires|SignedHeaders|Security-Token|Signature)(?:=|$)/i;

/** Headers without a signature and the session that it was made with. */
export function withoutSignatureHeaders(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (!OF_SIGNATURES.has((headers[i] as string).toLowerCase()))
      kept.push(headers[i] as string, headers[i + 1] as string);
  return kept;
}

/** The same of a query with its leading `?`. */
export function withoutSignatureParameters(query: string): string {
  if (query === "") return query;
  const kept = query
    .slice(1)
    .split("&")
    .filter((each) => !PARAMETER_OF_SIGNATURES.test(each));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}
