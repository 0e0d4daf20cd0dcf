/**
 * What became of each header of a recorded request and of its answer, at the gateway: by name, and why.
 *
 * In: the artifacts that decided, a record with the names that came. Out: `HeaderStory`.
 * How: the names are given values that tell them apart and sent through the very passes that every request takes
 * (request-head.ts, service-headers.ts, request-text.ts, response-head.ts, answer-headers.ts). What comes out is what went
 * on; only the reason why a name did not is told apart here, by the class that those passes go by.
 * Not here: what the edge does to headers (compile), how a story looks (app).
 * INVARIANT: no value of a header, a policy's own ones included, is in a story.
 */
import { Readable } from "node:stream";
import type { Identity } from "../identity/index.ts";
import type { Artifacts, HttpApi } from "../model/index.ts";
import { normalizePath } from "../policy/index.ts";
import type { GatewayRecord, RecordedHeaders } from "../records/index.ts";
import { addAnswerHeaders } from "./answer-headers.ts";
import { Cors } from "./cors.ts";
import { type HeaderPlan, planHeaders } from "./header-plan.ts";
import { REQUEST_CLASS, RESPONSE_CLASS, foldHeaderName, requestClassOf, responseClassOf } from "./header-names.ts";
import type { HeaderReason } from "./header-reasons.ts";
import { writeRequestHead } from "./http-client/request-text.ts";
import { isOwnPath } from "./own-endpoints.ts";
import { FACT_BITS, HEADER_FACTS } from "./recorded-headers.ts";
import { switchingHeaders } from "./reply.ts";
import { type HeadRules, readRequestHead } from "./request-head.ts";
import { readResponseHead } from "./response-head.ts";
import { throttleKey } from "./route-plan.ts";
import { type Caller, addServiceHeaders, identityHeaders } from "./service-headers.ts";

/** `replaced`: this one did not go on, and one of the same name with another value did. */
export type HeaderChange = "kept" | "shortened" | "dropped" | "replaced" | "added";

export interface HeaderFate {
  /** As it was spelled where it came from. */
  readonly name: string;
  readonly change: HeaderChange;
  /** Null for what was kept. */
  readonly why: HeaderReason | null;
}

/** One direction of one hop. */
export interface HeaderPassage {
  /** What came in, in its order, then what was added. */
  readonly fates: readonly HeaderFate[];
  /** Names as they went out, in their order; null when nothing did. */
  readonly sent: readonly string[] | null;
  /** So many more names came than a record keeps; nothing is known of them. */
  readonly unrecorded: number;
}

export interface HeaderStory {
  readonly request: HeaderPassage;
  /** What the service sent; null when none of its answers was passed on. */
  readonly response: HeaderPassage;
  /** Who answered; null when nobody did. */
  readonly answeredBy: "service" | "gateway" | null;
}

/** Null when the artifacts have no such route, and when the record holds no names. */
export function explainHeaders(artifacts: Artifacts, record: GatewayRecord): HeaderStory | null {
  const { headers } = record;
  if (headers === null) return null;
  const api = apiOf(artifacts, record);
  let plan: CallPlan | null = null;
  if (record.routeKey !== null) {
    plan = api === null ? null : planOf(artifacts, api, record.routeKey);
    if (plan === null) return null;
  }
  const cors = api?.corsConfiguration === undefined || isOwnEndpoint(record) ? null : new Cors(api.corsConfiguration);
  return {
    request: explainRequest(record, headers, plan),
    response: explainResponse(record, headers, plan, cors),
    answeredBy: headers.response !== null ? "service" : headers.own !== null ? "gateway" : null,
  };
}

/** Gatehouse's own endpoints take no part in an API's CORS. */
function isOwnEndpoint({ path }: GatewayRecord): boolean {
  const normal = normalizePath(path);
  return normal.ok && isOwnPath(normal.path);
}

function apiOf(artifacts: Artifacts, { host, api: exposure }: GatewayRecord): HttpApi | null {
  if (exposure === null) return null;
  const name = host.toLowerCase().replace(/:\d*$/, "");
  if (name === artifacts.domain) return artifacts.apis[exposure];
  return artifacts.hostApis.find((one) => one.host === name && one.exposure === exposure)?.api ?? null;
}

interface CallPlan extends HeaderPlan {
  /** Of the request to the service; null for the client's. */
  readonly method: string | null;
}

function planOf(artifacts: Artifacts, api: HttpApi, routeKey: string): CallPlan | null {
  const route = api.routes.find((one) => one.routeKey === routeKey);
  if (route === undefined) return null;
  const artifact = artifacts.routes[throttleKey(api, route)];
  const integration = api.integrations.find((one) => `integrations/${one.integrationId}` === route.target);
  if (artifact === undefined || integration === undefined) return null;
  const plan = planHeaders(artifact, integration);
  const { integrationMethod } = integration;
  return "refused" in plan ? null : { ...plan, method: integrationMethod === "ANY" ? null : integrationMethod };
}

// --- names as they are recorded

interface Came {
  readonly name: string;
  /** The word of ours behind `=`. */
  readonly mark: string;
}

function readList(list: string): { readonly came: readonly Came[]; readonly unrecorded: number } {
  const came: Came[] = [];
  let unrecorded = 0;
  for (const item of list === "" ? [] : list.split(",")) {
    const [name = "", mark = ""] = item.split("=");
    if (mark === "more") unrecorded = Number(name);
    else came.push({ name, mark });
  }
  return { came, unrecorded };
}

/** A value that tells which one of those that came it is. */
function markerOf(index: number): string {
  return `came-${index}`;
}

const MARKER = /came-(\d+)/g;
/** Stands for every value that is not the client's or the service's. */
const OURS = "ours";
const OWN_COOKIE = "__Host-gatehouse=ours";
const EMPTY_SET: ReadonlySet<string> = new Set();

// --- requests

function explainRequest(record: GatewayRecord, headers: RecordedHeaders, plan: CallPlan | null): HeaderPassage {
  const { came, unrecorded } = readList(headers.request);
  const facts = headers.facts;
  const raw = came.flatMap(({ name, mark }, index) => [name, requestValue(name, mark, index, headers)]);
  const rules = plan === null ? null : plan.headRules;
  const head = readRequestHead(record.method, "/", raw, rules);
  const wasForwarded = plan !== null && record.upstream !== null;
  let sent: readonly (readonly [name: string, value: string])[] | null = null;
  if (wasForwarded) {
    const requestHeaders = withoutValues(plan.requestHeaders);
    const arrival = {
      head,
      requestId: OURS,
      traceparent: OURS,
      tracestate: (facts & HEADER_FACTS.tracestate) === 0 ? null : (head.tracestate ?? OURS),
      sourceIp: OURS,
      proto: "https" as const,
    };
    const flat = addServiceHeaders(arrival, { ...plan, requestHeaders }, callerOf(record, facts));
    const method = plan.method ?? record.method;
    sent = readHead(writeRequestHead({ method, path: "/", headers: flat, ...bodyOf(facts) }, OURS)?.text);
  }
  const named = headers.named === "" ? EMPTY_SET : new Set(headers.named.split(","));
  const fates = fatesOf(came, sent ?? pairsOf(head.forwarded), (name, mark) => whyNotSent(name, mark, rules, named));
  const added = addedTo(sent ?? [], came, fates, (name) => whyAdded(name, plan));
  return { fates: [...fates, ...added], sent: namesOf(sent), unrecorded };
}

function requestValue(name: string, mark: string, index: number, headers: RecordedHeaders): string {
  const marker = markerOf(index);
  const C = REQUEST_CLASS;
  switch (requestClassOf(name)) {
    case C.connection:
      return headers.named === "" ? "close" : headers.named;
    case C.contentLength:
      return (headers.facts & HEADER_FACTS.length) === 0 ? "0" : "1";
    case C.transferEncoding:
      return "chunked";
    case C.cookie:
      return mark === "none" ? OWN_COOKIE : mark === "part" ? `${OWN_COOKIE}; ${marker}` : marker;
    default:
      return marker;
  }
}

/** A body of the kind that there was: it decides how the request to the service is framed. */
function bodyOf(facts: number): { readonly body: Readable | Buffer | null; readonly upgrade?: string } {
  const F = HEADER_FACTS;
  if ((facts & F.upgrade) !== 0) return { body: null, upgrade: "websocket" };
  if ((facts & F.streamed) !== 0) return { body: Readable.from([]) };
  return { body: (facts & (F.whole | F.length)) === 0 ? null : Buffer.alloc(1) };
}

function callerOf({ subject, clientId, issuer, role }: GatewayRecord, facts: number): Caller | null {
  if (subject === null) return null;
  const identity: Identity = {
    kind: "person",
    issuer: OURS,
    issuerName: issuer === null ? null : OURS,
    subject: OURS,
    clientId: clientId === null ? null : OURS,
    name: (facts & HEADER_FACTS.name) === 0 ? null : OURS,
    groups: (facts & HEADER_FACTS.groups) === 0 ? [] : [OURS],
    claims: {},
    tokenId: null,
    issuedAtSeconds: null,
    authTimeSeconds: null,
    expiresAtSeconds: 0,
    via: "bearer",
    key: OURS,
  };
  return { identity, headers: identityHeaders(identity), role: role === null ? null : OURS, assertion: OURS };
}

/** Why a header that came did not go on, by the class that the pass over the head goes by. */
function whyNotSent(name: string, mark: string, rules: HeadRules | null, named: ReadonlySet<string>): HeaderReason {
  const C = REQUEST_CLASS;
  const folded = foldHeaderName(name);
  const found = requestClassOf(name);
  switch (found) {
    case C.pass:
    case C.via:
    case C.authorization:
    case C.securityToken:
    case C.dpop:
      if (rules?.identityNames?.has(folded) === true) return "look-alike";
      if (rules?.dropped?.has(folded) === true) return "policy";
      if (named.has(name.toLowerCase())) return "connection";
      return found === C.pass || found === C.via ? "connection" : "credential";
    case C.clientCertificate:
      return "credential";
    case C.hopByHop:
    case C.connection:
      return "hop-by-hop";
    case C.host:
    case C.contentLength:
    case C.transferEncoding:
      return "framing";
    case C.cookie:
      return mark === "none" ? "own-cookie" : "connection";
    case C.requestId:
      return "request-id";
    case C.forwardedFor:
    case C.forwardedProto:
    case C.forwardedHost:
      return "forwarding";
    case C.traceparent:
    case C.tracestate:
      return "trace";
    case C.lookalike:
      return rules?.dropped?.has(folded) === true ? "policy" : "look-alike";
    default:
      return found satisfies never;
  }
}

function whyAdded(name: string, plan: HeaderPlan | null): HeaderReason {
  const C = REQUEST_CLASS;
  if (plan !== null && plan.requestHeaders.some((each, index) => index % 2 === 0 && each === name)) return "policy";
  switch (requestClassOf(name)) {
    case C.requestId:
      return "request-id";
    case C.traceparent:
    case C.tracestate:
      return "trace";
    case C.forwardedFor:
    case C.forwardedHost:
    case C.forwardedProto:
      return "forwarding";
    case C.host:
    case C.connection:
    case C.contentLength:
    case C.transferEncoding:
    case C.hopByHop:
      return "framing";
    default:
      return name === "forwarded" ? "forwarding" : "identity";
  }
}

// --- answers

function explainResponse(
  record: GatewayRecord,
  headers: RecordedHeaders,
  plan: HeaderPlan | null,
  cors: Cors | null,
): HeaderPassage {
  const { response, own, facts } = headers;
  if (response === null && own === null) return { fates: [], sent: null, unrecorded: 0 };
  const { came, unrecorded } = readList(response ?? "");
  let out: string[];
  if (response === null) out = readList(own ?? "").came.flatMap(({ name }) => [name, OURS]);
  else {
    const received: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
    for (const [index, { name, mark }] of came.entries()) {
      const value = name === "connection" ? headers.responseNamed : mark === "ours" ? OWN_COOKIE : markerOf(index);
      (received[name] ??= []).push(value);
    }
    const rules = plan === null ? null : { ...plan.responseRules, set: withoutValues(plan.responseRules.set) };
    const single = Object.entries(received).map(([name, values]) => [name, values.length === 1 ? values[0] : values]);
    out = readResponseHead(
      Object.assign(Object.create(null), Object.fromEntries(single)),
      rules,
      cors !== null,
    ).headers;
  }
  const arrival = { method: record.method, requestId: record.requestId, traceId: OURS, spanId: OURS, cors };
  const cookies = Array.from({ length: facts >> FACT_BITS }, () => OURS);
  addAnswerHeaders(out, arrival, corsQuestion(headers, cors), cookies);
  if (record.status === 101) out = switchingHeaders(out, OURS);
  // Node's, on every answer that has none.
  else if (!out.some((name, index) => index % 2 === 0 && name.toLowerCase() === "date")) out.push("date", OURS);
  const pairs = pairsOf(out);
  const named = headers.responseNamed === "" ? EMPTY_SET : new Set(headers.responseNamed.split(","));
  const fates = fatesOf(came, pairs, (name, mark) => whyNotAnswered(name, mark, record.status, plan, named));
  return {
    fates: [...fates, ...addedTo(pairs, came, fates, (name) => whyAnswered(name, response === null, plan))],
    sent: namesOf(pairs),
    unrecorded,
  };
}

/** The request as far as the API's CORS configuration looks at it, with an origin that gets the same answer. */
function corsQuestion(headers: RecordedHeaders, cors: Cors | null): readonly string[] {
  if (cors === null) return [];
  const origin = (headers.facts & HEADER_FACTS.allowedOrigin) === 0 ? OURS : cors.anAllowedOrigin;
  return readList(headers.request).came.flatMap(({ name }) => [name, name.toLowerCase() === "origin" ? origin : OURS]);
}

function whyNotAnswered(
  name: string,
  mark: string,
  status: number,
  plan: HeaderPlan | null,
  named: ReadonlySet<string>,
): HeaderReason {
  const S = RESPONSE_CLASS;
  if (status === 101 && (name === "content-length" || name === "upgrade" || name === "connection")) return "framing";
  if (mark === "ours") return "own-cookie";
  if (plan?.responseRules.dropped?.has(foldHeaderName(name)) === true) return "policy";
  if (named.has(name)) return "connection";
  const found = responseClassOf(name);
  switch (found) {
    case S.cors:
      return "cors";
    case S.own:
      return "own-answer";
    case S.drop:
    case S.connection:
      return "hop-by-hop";
    case S.contentLength:
    case S.setCookie:
    case S.pass:
      return "framing";
    default:
      return found satisfies never;
  }
}

function whyAnswered(name: string, isOwn: boolean, plan: HeaderPlan | null): HeaderReason {
  if (plan !== null && plan.responseRules.set.some((each, index) => index % 2 === 0 && each === name)) return "policy";
  if (name === "x-request-id" || name === "apigw-requestid") return "request-id";
  if (name === "traceresponse") return "trace";
  if (name.startsWith("access-control-") || name === "vary") return "cors";
  if (name === "set-cookie") return "session";
  return isOwn ? "own-answer" : "framing";
}

// --- what came and what went, matched by their values

type Pair = readonly [name: string, value: string];

/** Those that came of which this is what went on; none for one of ours. */
function originOf([name, value]: Pair, came: readonly Came[]): readonly number[] {
  const lower = name.toLowerCase();
  // Its value cannot be a marker, as a length is a number.
  if (lower === "content-length")
    return came.flatMap((one, index) => (one.name.toLowerCase() === lower ? [index] : []));
  return [...value.matchAll(MARKER)]
    .map((found) => Number(found[1]))
    .filter((index) => came[index]?.name.toLowerCase() === lower);
}

function fatesOf(
  came: readonly Came[],
  sent: readonly Pair[],
  why: (name: string, mark: string) => HeaderReason,
): HeaderFate[] {
  const arrived = new Set(sent.flatMap((pair) => originOf(pair, came)));
  const ours = new Set(sent.filter((pair) => originOf(pair, came).length === 0).map(([name]) => name.toLowerCase()));
  return came.map(({ name, mark }, index) => {
    if (arrived.has(index))
      return mark === "part" ? { name, change: "shortened", why: "own-cookie" } : { name, change: "kept", why: null };
    const isReplaced = ours.has(name.toLowerCase()) && mark === "";
    return { name, change: isReplaced ? "replaced" : "dropped", why: why(name, mark) };
  });
}

/** What is ours and stands in for nothing that came. */
function addedTo(
  sent: readonly Pair[],
  came: readonly Came[],
  fates: readonly HeaderFate[],
  why: (name: string) => HeaderReason,
): readonly HeaderFate[] {
  const replaced = new Set(fates.filter(({ change }) => change === "replaced").map(({ name }) => name.toLowerCase()));
  return sent
    .filter((pair) => originOf(pair, came).length === 0 && !replaced.has(pair[0].toLowerCase()))
    .map(([name]) => ({ name, change: "added", why: why(name) }));
}

function withoutValues(flat: readonly string[]): readonly string[] {
  return flat.map((item, index) => (index % 2 === 0 ? item : OURS));
}

function pairsOf(flat: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

/** The fields of a head as it goes out; null when it could not. */
function readHead(text: string | undefined): readonly Pair[] | null {
  if (text === undefined) return null;
  return text
    .split("\r\n")
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
}

function namesOf(pairs: readonly Pair[] | null): readonly string[] | null {
  return pairs === null ? null : pairs.map(([name]) => name);
}
