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
  /** Names of headers alone; null in records of before there was this. */
  readonly headers: RecordedHeaders | null;
}

/**
 * Which headers came, by name and never by value: from these and the policy follows what became of each.
 *
 * Lists are names in the order in which they came, as they were spelled, joined by commas. `=` is in no name: what
 * follows it is a word of ours. `Cookie=none`: nothing of it could pass; `Cookie=part`: some of it; `set-cookie=ours`: the
 * service tried to set a cookie of Gatehouse; `17=more`: so many names were left off.
 */
export interface RecordedHeaders {
  /** Of the request, as it came to the gateway. */
  readonly request: string;
  /** Those of them, in lower case, that the request's own `Connection` names. */
  readonly named: string;
  /** Of the service's answer; null when none came. */
  readonly response: string | null;
  /** Those of them that the answer's own `Connection` names. */
  readonly responseNamed: string;
  /** Of an answer that the gateway gave by itself, without those that every answer has; null when it gave none. */
  readonly own: string | null;
  /** What else must be known, in bits; the gateway's. */
  readonly facts: number;
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
