/**
 * The header contract as data: what a client sends, and what of it arrives at the service.
 *
 * `header-contract.test.ts` holds every row on every road against a real Caddy and a real gateway, line by line;
 * docs/generated/headers.md prints it. `<...>` stands for a value of the run.
 */
import type { HeaderReason } from "../../src/gateway/index.ts";

export const ROADS = {
  "http/1.1": "public, through Caddy over HTTP/1.1",
  "http/2": "public, through Caddy over HTTP/2",
  "http/3": "public, through Caddy over HTTP/3",
  private: "private listener, through Caddy over HTTP/2",
  websocket: "WebSocket handshake, through Caddy over HTTP/1.1",
  streaming: "streaming route with a chunked body, through Caddy over HTTP/1.1",
  retry: "second attempt after the service ended the connection, through Caddy over HTTP/1.1",
  rules: "service with header rules, through Caddy over HTTP/2",
  socket: "the gateway's socket without the edge, HTTP/1.1",
} as const;
export type RoadName = keyof typeof ROADS;

export interface ContractRow {
  readonly title: string;
  /** Lines of the client. */
  readonly sends: readonly string[];
  /** Lines that the service gets on top of those that it gets anyway, in their order. */
  readonly arrives: readonly string[];
  /** Where it is another outcome. */
  readonly on?: Partial<Readonly<Record<RoadName, readonly string[]>>>;
  /** Roads on which a client can say this at all; all when there are none. */
  readonly only?: readonly RoadName[];
  /**
   * What `gatehouse trace --headers` says of the first one where it does not arrive; `edge` where the edge
   * drops it, so that only on the socket it is told. */
  readonly why?: HeaderReason;
}

/** What every request with a token arrives with, its own headers apart: after them, in this order. */
export const ALWAYS = [
  "x-request-id: <id>",
  "traceparent: 00-<trace>-<span>-01",
  'forwarded: for=127.0.0.1;host="<host>";proto=https',
  "x-forwarded-for: 127.0.0.1",
  "x-forwarded-host: <host>",
  "x-forwarded-proto: https",
  "x-gatehouse-subject: ann",
  "x-gatehouse-name: ann",
  "x-gatehouse-groups: staff",
  "x-gatehouse-client: gatehouse-cli",
  "x-gatehouse-kind: person",
  "x-gatehouse-role: staff",
  "x-gatehouse-assertion: <assertion>",
];

/** Without an edge nobody has said where the request came from. */
export const ALWAYS_ON_SOCKET = ALWAYS.map((line) =>
  line.startsWith("forwarded:")
    ? 'forwarded: for=unknown;host="<host>";proto=https'
    : line === "x-forwarded-for: 127.0.0.1"
      ? "x-forwarded-for: unknown"
      : line,
);

/** The whole of a request with `User-Agent: contract`, a token and nothing else, by road. */
export const WHOLE: Readonly<Record<Exclude<RoadName, "http/3">, readonly string[]>> = {
  "http/1.1": ["host: <service>", "connection: keep-alive", "User-Agent: contract", "Via: 1.1 Caddy", ...ALWAYS],
  "http/2": ["host: <service>", "connection: keep-alive", "User-Agent: contract", "Via: 2.0 Caddy", ...ALWAYS],
  private: ["host: <host>", "connection: keep-alive", "User-Agent: contract", "Via: 2.0 Caddy", ...ALWAYS],
  websocket: [
    "host: <service>",
    "connection: upgrade",
    "upgrade: websocket",
    "User-Agent: contract",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "Via: 1.1 Caddy",
    ...ALWAYS,
  ],
  streaming: [
    "host: <service>",
    "connection: keep-alive",
    "User-Agent: contract",
    "Content-Type: text/plain",
    "Via: 1.1 Caddy",
    ...ALWAYS,
    "transfer-encoding: chunked",
  ],
  retry: ["host: <service>", "connection: keep-alive", "User-Agent: contract", "Via: 1.1 Caddy", ...ALWAYS],
  rules: [
    "host: <service>",
    "connection: keep-alive",
    "User-Agent: contract",
    "Authorization: <token>",
    "Via: 2.0 Caddy",
    "x-from: contract",
    ...ALWAYS,
    "x-remote-user: ann",
  ],
  socket: ["host: <service>", "connection: keep-alive", "User-Agent: contract", ...ALWAYS_ON_SOCKET],
};

const ONE_POINT_ONE: readonly RoadName[] = ["http/1.1", "streaming", "retry", "socket"];
const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const JOINED = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-<span>-01";

export const ROWS: readonly ContractRow[] = [
  { title: "any other header", sends: ["X-Tenant: a"], arrives: ["X-Tenant: a"] },
  {
    title: "the same one twice",
    sends: ["X-Tenant: a", "X-Tenant: b"],
    arrives: ["X-Tenant: a", "X-Tenant: b"],
    on: { "http/3": ["X-Tenant: a, b"] },
  },
  {
    title: "its spelling",
    sends: ["x-tENANT: a"],
    arrives: ["X-Tenant: a"],
    on: { socket: ["x-tENANT: a"] },
  },
  { title: "a name with `_`", sends: ["X_Tenant: a"], arrives: [], on: { socket: ["X_Tenant: a"] }, why: "edge" },
  { title: "a name with `.`", sends: ["X.Tenant: a"], arrives: [], on: { socket: ["X.Tenant: a"] }, why: "edge" },
  ...["X-Gatehouse-Subject", "X-Gatehouse-Issuer", "X-Gatehouse-Role", "X-Gatehouse-Assertion", "X-Gh-Proof"].map(
    (name): ContractRow => ({ title: "identity", sends: [`${name}: admin`], arrives: [], why: "look-alike" }),
  ),
  { title: "identity, in a CGI spelling", sends: ["X_GATEHOUSE.Subject: admin"], arrives: [], why: "look-alike" },
  {
    title: "identity header of the service's own",
    sends: ["X-Remote-User: admin"],
    arrives: ["X-Remote-User: admin"],
    on: { rules: [] },
    why: "look-alike",
  },
  {
    title: "forwarding family",
    sends: ["X-Forwarded-For: 9.9.9.9"],
    arrives: [],
    // On the socket the caller stands where the edge stands, and is believed.
    on: { socket: ['forwarded: for=9.9.9.9;host="<host>";proto=https', "x-forwarded-for: 9.9.9.9"] },
    why: "forwarding",
  },
  {
    title: "forwarding family",
    sends: ["X-Forwarded-Proto: http"],
    arrives: [],
    on: { socket: ['forwarded: for=unknown;host="<host>";proto=http', "x-forwarded-proto: http"] },
    why: "forwarding",
  },
  { title: "forwarding family", sends: ["X-Forwarded-Host: evil.example"], arrives: [], why: "forwarding" },
  ...["X-Forwarded-Port: 1", "X-Forwarded-User: admin", "X-Forwarded-Prefix: /x", "Forwarded: for=9.9.9.9"].map(
    (line): ContractRow => ({ title: "forwarding family", sends: [line], arrives: [], why: "look-alike" }),
  ),
  ...["X-Real-Ip", "True-Client-Ip", "X-Client-Ip", "Cf-Connecting-Ip", "Fastly-Client-Ip", "X-Cluster-Client-Ip"].map(
    (name): ContractRow => ({
      title: "address, as proxies tell it",
      sends: [`${name}: 9.9.9.9`],
      arrives: [],
      why: "look-alike",
    }),
  ),
  { title: "other headers of proxies", sends: ["Cf-Ray: 7"], arrives: ["Cf-Ray: 7"] },
  { title: "other headers of proxies", sends: ["X-Amzn-Trace-Id: Root=1-2"], arrives: ["X-Amzn-Trace-Id: Root=1-2"] },
  ...["X-Original-Url: /open", "X-Http-Method-Override: DELETE", "Proxy: http://evil.example", "X-Host: evil"].map(
    (line): ContractRow => ({ title: "another request than this", sends: [line], arrives: [], why: "look-alike" }),
  ),
  {
    title: "request id",
    sends: ["X-Request-Id: 3c6b3c1e-7f0e-4c0e-9d55-000000000001"],
    arrives: [],
    why: "request-id",
  },
  { title: "trace", sends: [`Traceparent: ${TRACEPARENT}`], arrives: [JOINED], why: "trace" },
  {
    title: "trace, with the state of a vendor",
    sends: [`Traceparent: ${TRACEPARENT}`, "Tracestate: vendor=1"],
    arrives: [JOINED, "tracestate: vendor=1"],
    why: "trace",
  },
  { title: "trace that is none", sends: ["Traceparent: 00-zz-1-01"], arrives: [], why: "trace" },
  { title: "state without a trace", sends: ["Tracestate: vendor=1"], arrives: [], why: "trace" },
  {
    title: "session token of a signature",
    sends: ["X-Amz-Security-Token: t"],
    arrives: [],
    on: { rules: ["X-Amz-Security-Token: t"] },
    why: "credential",
  },
  { title: "DPoP proof", sends: ["Dpop: p"], arrives: [], on: { rules: ["Dpop: p"] }, why: "credential" },
  { title: "cookie", sends: ["Cookie: a=1"], arrives: ["Cookie: a=1"] },
  {
    title: "cookie of Gatehouse beside others",
    sends: ["Cookie: a=1; __Host-gatehouse=x; b=2"],
    arrives: ["Cookie: a=1; b=2"],
    why: "own-cookie",
  },
  { title: "cookie of Gatehouse", sends: ["Cookie: __Host-gatehouse=x"], arrives: [], why: "own-cookie" },
  { title: "hop-by-hop", sends: ["Te: trailers"], arrives: [], why: "hop-by-hop" },
  { title: "hop-by-hop", sends: ["Proxy-Authorization: x"], arrives: [], why: "edge" },
  { title: "hop-by-hop for Caddy", sends: ["Alt-Svc: x"], arrives: [], on: { socket: ["Alt-Svc: x"] }, why: "edge" },
  { title: "hop-by-hop", sends: ["Keep-Alive: timeout=5"], arrives: [], only: ONE_POINT_ONE, why: "edge" },
  { title: "hop-by-hop", sends: ["Proxy-Connection: keep-alive"], arrives: [], only: ONE_POINT_ONE, why: "edge" },
  {
    title: "what `Connection` names",
    sends: ["X-Hop: 1", "Connection: x-hop"],
    arrives: [],
    only: ONE_POINT_ONE,
    why: "edge",
  },
  {
    title: "what `Connection` names of Gatehouse's",
    sends: ["Connection: x-request-id, x-gatehouse-subject, traceparent, x-forwarded-for"],
    arrives: [],
    only: ONE_POINT_ONE,
    why: "edge",
  },
  {
    title: "another proxy's `Via`",
    sends: ["Via: 1.1 other"],
    arrives: ["Via: 1.1 other"],
  },
  { title: "what the client takes", sends: ["Accept-Encoding: br"], arrives: ["Accept-Encoding: br"] },
  {
    title: "origin of a page",
    sends: ["Origin: https://app.contract.example"],
    arrives: ["Origin: https://app.contract.example"],
  },
  { title: "a policy's `remove`", sends: ["X-Debug: 1"], arrives: ["X-Debug: 1"], on: { rules: [] }, why: "policy" },
  { title: "a policy's `set`", sends: ["X-From: a"], arrives: ["X-From: a"], on: { rules: [] }, why: "policy" },
];

/** Names that a page in a browser cannot set (Fetch standard, "forbidden request-header"), so no row over HTTP/3. */
export const FORBIDDEN_TO_PAGES = /^(?:cookie|connection|te|via|keep-alive|origin|accept-encoding|proxy-.*)$/i;

export function contractPolicy(url: string): string {
  return `gatehouse: 1
name: contract
identity:
  issuer: https://login.contract.example
  audience: contract-api
  claims: { groups: groups, name: preferred_username }
environments:
  local:
    identity: embedded
    domain: contract.localhost
    certificates: internal
    gateway: embedded
    private_network: [127.0.0.0/8, "::1/128"]
services:
  plain:
    exposure: public
    upstream: ${url}
    routes:
      GET /plain:   { needs: contract:use }
      HEAD /plain:  { needs: contract:use }
      POST /plain:  { needs: contract:use }
      GET /open:    { open: "tells nothing of anybody" }
      GET /socket:  { needs: contract:use, websocket: true }
      POST /stream: { needs: contract:use, streaming: true }
      GET /retry:   { needs: contract:use, retries: 2 }
  rules:
    exposure: public
    upstream: ${url}
    headers:
      keep: [authorization, x-tenant]
      identity: { x-remote-user: name }
      request: { set: { x-from: contract }, remove: [x-debug] }
      response: { set: { x-frame-options: DENY }, remove: [x-powered-by] }
    routes:
      GET /rules: { needs: contract:use }
  inside:
    exposure: private
    upstream: ${url}
    routes:
      GET /inside: { needs: contract:use }
cors:
  origins: [https://app.contract.example]
  methods: [GET]
  headers: [x-tenant]
  credentials: true
roles:
  staff: { members: { groups: [staff] }, can: [contract:use], boundary: all }
boundaries:
  all: [contract:use]
`;
}

export const CONTRACT_PEOPLE = `people:
  ann: { password: ann-pw, name: Ann Ames, email: ann@example.com, groups: [staff] }
`;
