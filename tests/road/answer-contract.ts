/**
 * The header contract of answers as data: what a service says, and what of it the client gets.
 *
 * `header-answers.test.ts` holds every row on every road; docs/generated/headers.md prints it. Names stand in lower case:
 * the edge spells them as the client's version of HTTP wants them.
 */
import type { HeaderReason } from "../../src/gateway/index.ts";

export const ANSWER_ROADS = {
  "http/1.1": "through Caddy over HTTP/1.1",
  "http/2": "through Caddy over HTTP/2",
  socket: "at the gateway's socket, without the edge",
} as const;
export type AnswerRoad = keyof typeof ANSWER_ROADS;

export interface AnswerRow {
  readonly title: string;
  /** Lines of the service, besides `content-type` and `content-length`. */
  readonly says: readonly string[];
  /** Lines of the client. */
  readonly asks?: readonly string[];
  /** Lines that the client gets on top of those that it gets anyway, sorted. */
  readonly gets: readonly string[];
  readonly on?: Partial<Readonly<Record<AnswerRoad, readonly string[]>>>;
  /** Of the service with header rules. */
  readonly hasRules?: true;
  /** What `gatehouse trace --headers` says of the first one where it is not kept. */
  readonly why?: HeaderReason;
}

const OURS = ["apigw-requestid: <apigw>", "content-length: 2", "content-type: text/plain", "date: <date>"];
const STORY = ["traceresponse: 00-<trace>-<span>-01", "x-request-id: <id>"];
const EDGE = ["alt-svc: <h3>", ...OURS, "traceresponse: 00-<trace>-<span>-01", "via: 1.1 Caddy", "x-request-id: <id>"];

/** The whole of an answer to which the service adds nothing, sorted, without the lines of one connection. */
export const WHOLE_ANSWER: Readonly<Record<AnswerRoad, readonly string[]>> = {
  "http/1.1": EDGE,
  "http/2": EDGE,
  socket: [...OURS, ...STORY],
};

/** Lines of one connection: another on each hop. */
export const OF_ONE_CONNECTION = /^(?:connection|keep-alive|transfer-encoding):/i;

const PAGE = "Origin: https://app.contract.example";
const STRANGE_PAGE = "Origin: https://evil.example";

export const ANSWER_ROWS: readonly AnswerRow[] = [
  { title: "any other header", says: ["X-Any: 1"], gets: ["x-any: 1"] },
  { title: "the same one twice", says: ["X-Any: 1", "X-Any: 2"], gets: ["x-any: 1", "x-any: 2"] },
  { title: "a name with `_`", says: ["X_Any: 1"], gets: ["x_any: 1"] },
  { title: "cookies", says: ["Set-Cookie: a=1", "Set-Cookie: b=2"], gets: ["set-cookie: a=1", "set-cookie: b=2"] },
  {
    title: "a cookie of Gatehouse",
    says: ["Set-Cookie: __Host-gatehouse=x; Path=/", "Set-Cookie: b=2"],
    gets: ["set-cookie: b=2"],
    why: "own-cookie",
  },
  { title: "request id", says: ["X-Request-Id: mine"], gets: [], why: "own-answer" },
  { title: "request id, in a CGI spelling", says: ["X_Request_Id: mine"], gets: [], why: "own-answer" },
  { title: "request id of API Gateway", says: ["Apigw-Requestid: mine"], gets: [], why: "own-answer" },
  { title: "trace", says: ["Traceresponse: 00-1-2-01"], gets: [], why: "own-answer" },
  { title: "what Gatehouse says", says: ["X-Gatehouse-Role: admin"], gets: [], why: "own-answer" },
  { title: "hop-by-hop", says: ["Keep-Alive: timeout=5"], gets: [], why: "hop-by-hop" },
  { title: "hop-by-hop", says: ["Proxy-Authenticate: Basic"], gets: [], why: "hop-by-hop" },
  { title: "hop-by-hop", says: ["Trailer: x-sum"], gets: [], why: "hop-by-hop" },
  { title: "hop-by-hop", says: ["Upgrade: h2c"], gets: [], why: "hop-by-hop" },
  {
    title: "what `Connection` names",
    says: ["X-Hop: 1", "Connection: keep-alive, x-hop"],
    gets: [],
    why: "connection",
  },
  {
    title: "what `Connection` names of Gatehouse's",
    says: ["Connection: keep-alive, x-request-id, traceresponse, date"],
    gets: [],
    why: "hop-by-hop",
  },
  { title: "the service's software", says: ["Server: nginx"], gets: ["server: nginx"] },
  { title: "another proxy's `Via`", says: ["Via: 1.1 other"], gets: ["via: 1.1 other"] },
  {
    title: "the time of the service",
    says: ["Date: Thu, 01 Jan 1970 00:00:00 GMT"],
    gets: ["date: Thu, 01 Jan 1970 00:00:00 GMT"],
  },
  {
    title: "strict transport security",
    says: ["Strict-Transport-Security: max-age=1"],
    gets: ["strict-transport-security: max-age=1"],
  },
  { title: "where else the service is", says: ['Alt-Svc: h2=":1"'], gets: [], on: { socket: ['alt-svc: h2=":1"'] } },
  { title: "CORS of the service", says: ["Access-Control-Allow-Origin: *"], gets: [], why: "cors" },
  {
    title: "CORS of the service, to a page that the policy allows",
    says: ["Access-Control-Allow-Origin: *"],
    asks: [PAGE],
    gets: [
      "access-control-allow-credentials: true",
      "access-control-allow-origin: https://app.contract.example",
      "vary: origin",
    ],
    why: "cors",
  },
  {
    title: "CORS of the service, to another page",
    says: ["Access-Control-Allow-Origin: *"],
    asks: [STRANGE_PAGE],
    gets: ["vary: origin"],
    why: "cors",
  },
  {
    title: "what the answer depends on",
    says: ["Vary: accept"],
    asks: [PAGE],
    gets: [
      "access-control-allow-credentials: true",
      "access-control-allow-origin: https://app.contract.example",
      "vary: accept",
      "vary: origin",
    ],
  },
  { title: "a policy's `remove`, elsewhere", says: ["X-Powered-By: cgi"], gets: ["x-powered-by: cgi"] },
  {
    title: "a policy's `remove`",
    says: ["X-Powered-By: cgi"],
    gets: ["x-frame-options: DENY"],
    hasRules: true,
    why: "policy",
  },
  {
    title: "a policy's `set`",
    says: ["X-Frame-Options: ALLOWALL"],
    gets: ["x-frame-options: DENY"],
    hasRules: true,
    why: "policy",
  },
];
