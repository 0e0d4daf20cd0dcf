/**
 * One hop's log line. The gateway writes `GatewayRecord`; Caddy writes its own access log, read as `EdgeRecord`.
 * Both carry the same `requestId` and `traceId`. No token, cookie, query string or header value is ever in a record.
 */
export interface GatewayRecord {
  /** RFC 3339 with milliseconds, when the request arrived. */
  readonly time: string;
  readonly hop: "gateway";
  readonly requestId: string;
  readonly traceId: string;
  /** Span of this hop, 16 hexadecimal digits. */
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly api: "public" | "private" | null;
  readonly routeKey: string | null;
  readonly service: string | null;
  readonly method: string;
  readonly host: string;
  /** Path without the query, at most 1024 characters. */
  readonly path: string;
  readonly status: number;
  /** Decision or refusal reason: policy reasons, token reasons, `throttled-route`, `throttled-identity`, `upstream-*`, `request-*`. */
  readonly reason: string;
  readonly role: string | null;
  readonly subject: string | null;
  readonly clientId: string | null;
  /** Name of the workload issuer that `subject` is of; null for the environment's provider, and for nobody. */
  readonly issuer: string | null;
  readonly sourceIp: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds with microsecond digits: the whole hop, deciding, waiting for the service's first byte. */
  readonly durationMs: number;
  readonly decideMs: number;
  readonly upstreamMs: number | null;
  readonly upstream: string | null;
  /** Names of client headers that were removed as look-alikes. */
  readonly removedHeaders: readonly string[];
  /** Operator text for faults; never shown to the client. */
  readonly error: string | null;
  readonly policyDigest: string;
}

export interface EdgeRecord {
  readonly time: string;
  readonly hop: "edge";
  readonly requestId: string;
  readonly traceId: string | null;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly protocol: string;
  readonly status: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly sourceIp: string;
}
