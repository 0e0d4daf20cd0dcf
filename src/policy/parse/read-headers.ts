/**
 * Reads `headers:` of a service: what must arrive unchanged, and under which names identity arrives.
 * A header is either the client's or the gateway's, never both.
 */
import type { Span } from "../../core/index.ts";
import type { HeaderRules, IdentityField, Service } from "../policy.ts";
import { KEYS } from "./keys.ts";
import type { Tree } from "./read-tree.ts";
import { readChoice, readFields, readText, readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const FIELDS: readonly IdentityField[] = ["subject", "name", "groups", "client", "role", "kind", "issuer"];
const HEADER = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Of one hop only (RFC 9110 7.6.1), framing, or set by the gateway on every request. */
const RESERVED = new Set([
  "connection",
  "content-length",
  "expect",
  "forwarded",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  "traceparent",
  "tracestate",
  "x-gatehouse",
  "x-request-id",
]);
/** Where back ends look for the truth about a request: the gateway removes what a client says there. */
const BELIEVED = new Set([
  "cf-connecting-ip",
  "client-ip",
  "fastly-client-ip",
  "proxy",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-method",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-forwarded-uri",
  "x-host",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-host",
  "x-original-method",
  "x-original-uri",
  "x-original-url",
  "x-real-ip",
  "x-rewrite-url",
]);
const RESERVED_PREFIXES = ["x-gatehouse-", "x-gh-", "sec-websocket-"];
/** An identity header may be called so (`x-forwarded-user`); a client's header and a rule may not. */
const FORWARDED_PREFIX = "x-forwarded-";
/** The client's own; they may be kept but cannot carry what the gateway says. */
const CLIENTS = new Set(["authorization", "cookie", "content-type", "content-encoding", "accept", "origin"]);
/** Says how a body is to be read, or belongs to whoever wrote the message. */
const AUTHORS = new Set(["content-encoding", "content-range", "content-type", "cookie", "date", "set-cookie"]);
/** Set by the gateway on every answer. */
const OWN_IN_RESPONSES = new Set(["apigw-requestid", "traceresponse"]);

export function readHeaders(report: Report, tree: Tree | null, owner: Span): Service["headers"] {
  const none = { set: {}, remove: [] };
  if (tree === null) return { keep: [], identity: {}, request: none, response: none };
  const fields = readFields(report, tree, "`headers`", owner, KEYS.headers);
  const keep = readTexts(report, fields?.of("keep") ?? null, "`keep`", { mayBeEmpty: true });
  for (const { value, at } of keep) {
    checkHeader(report, value, at);
    if (value.startsWith(FORWARDED_PREFIX) && !BELIEVED.has(value))
      report.add("service/header-reserved", at, `${quote(value)} from a client would be believed`, {
        hint: "remove it, or let the gateway say it: write it under `identity`",
      });
  }
  const identity = readIdentityHeaders(report, fields?.of("identity") ?? null);
  const rulesOf = (way: Way): RulesReading =>
    readRules(report, fields?.of(way) ?? null, fields?.keyAt(way) ?? owner, way);
  const request = rulesOf("request");
  const response = rulesOf("response");
  checkOnce(report, [
    ...keep.map(({ value, at }): Use => ({ name: value, at, does: "kept from the client" })),
    ...identity.map(({ header, at }): Use => ({ name: header, at, does: "set by the gateway" })),
    ...request.uses,
  ]);
  checkOnce(report, response.uses);
  return {
    keep: keep.map((header) => header.value),
    identity: Object.fromEntries(identity.map(({ header, field }) => [header, field])),
    request: request.rules,
    response: response.rules,
  };
}

type Way = "request" | "response";

/** What the policy says happens to a header. */
interface Use {
  readonly name: string;
  readonly at: Span;
  readonly does: string;
}

interface RulesReading {
  readonly rules: HeaderRules;
  readonly uses: readonly Use[];
}

/** A header has one fate in each direction. */
function checkOnce(report: Report, uses: readonly Use[]): void {
  const first = new Map<string, Use>();
  for (const use of uses) {
    const before = first.get(use.name);
    if (before === undefined) first.set(use.name, use);
    else
      report.add("service/header-twice", use.at, `${quote(use.name)} is ${use.does}, and ${before.does}`, {
        hint:
          before.does === "set by a rule"
            ? "remove it here; what is set replaces every other value"
            : "remove it from one of the two",
        related: [{ message: `${before.does} here`, span: before.at }],
      });
  }
}

function readRules(report: Report, tree: Tree | null, owner: Span, way: Way): RulesReading {
  const fields = tree === null ? null : readFields(report, tree, quote(way), owner, KEYS.headerRules);
  const setTree = fields?.of("set") ?? null;
  const set: { readonly name: string; readonly at: Span; readonly value: string }[] = [];
  if (setTree !== null && setTree.kind !== "mapping")
    report.add("parse/expected-mapping", setTree.at, "`set` is not a mapping of header names to values", {
      hint: "write for example `{ cache-control: no-store }`",
    });
  for (const { key, keyAt, value } of setTree?.kind === "mapping" ? setTree.entries : []) {
    checkRuleHeader(report, key, keyAt, way);
    const text = readText(report, value, `the value of ${quote(key)}`);
    if (text === null) continue;
    const problem = /^[ -~]+$/.test(text.value) ? "has blanks around it" : "is not visible ASCII";
    if (!/^[!-~]+(?: +[!-~]+)*$/.test(text.value))
      report.add("service/header-value", text.at, `the value of ${quote(key)} ${problem}`, {
        hint: "write the value as it goes over the wire",
        concealed: true,
      });
    set.push({ name: key, at: keyAt, value: text.value });
  }
  const remove = readTexts(report, fields?.of("remove") ?? null, "`remove`", { mayBeEmpty: true });
  for (const { value, at } of remove) checkRuleHeader(report, value, at, way);
  return {
    rules: {
      set: Object.fromEntries(set.map(({ name, value }) => [name, value])),
      remove: remove.map(({ value }) => value),
    },
    uses: [
      ...set.map(({ name, at }): Use => ({ name, at, does: "set by a rule" })),
      ...remove.map(({ value, at }): Use => ({ name: value, at, does: "removed by a rule" })),
    ],
  };
}

function checkRuleHeader(report: Report, name: string, at: Span, way: Way): void {
  if (!checkHeader(report, name, at)) return;
  const reserved = (hint: string): void =>
    report.add("service/header-reserved", at, `${quote(name)} is not for a header rule`, { hint });
  if (way === "response" && name.startsWith("access-control-")) reserved("write `cors`, which sets these headers");
  else if (way === "response" && OWN_IN_RESPONSES.has(name)) reserved("remove it; the gateway sets it on every answer");
  else if (name.startsWith(FORWARDED_PREFIX)) reportBelieved(report, name, at);
  else if (AUTHORS.has(name)) reserved(`remove it; only the ${way === "request" ? "client" : "service"} says it`);
}

function readIdentityHeaders(report: Report, tree: Tree | null): { header: string; field: IdentityField; at: Span }[] {
  if (tree === null) return [];
  if (tree.kind !== "mapping") {
    const hint = "write for example `{ x-user: subject }`";
    report.add("parse/expected-mapping", tree.at, "`identity` is not a mapping of header names to fields", { hint });
    return [];
  }
  return tree.entries.flatMap(({ key, keyAt, value }) => {
    if (checkHeader(report, key, keyAt) && CLIENTS.has(key))
      report.add("service/header-reserved", keyAt, `${quote(key)} cannot carry identity`, {
        hint: "choose a name of its own, such as `x-user`",
      });
    const field = readChoice(report, value, quote(key), FIELDS);
    return field === null ? [] : [{ header: key, field, at: keyAt }];
  });
}

/** Whether a header of this name can be spoken of at all. */
function checkHeader(report: Report, name: string, at: Span): boolean {
  if (!HEADER.test(name) || name.length > 64) {
    const better = name
      .slice(0, 200)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 64)
      .replace(/-$/, "");
    report.add("service/header", at, `${quote(name)} is not how a header is written`, {
      hint: better === "" ? "lower-case letters, digits and hyphens" : `write \`${better}\``,
    });
    return false;
  }
  if (BELIEVED.has(name)) reportBelieved(report, name, at);
  else if (RESERVED.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)))
    report.add("service/header-reserved", at, `${quote(name)} is set or removed by the gateway on every request`, {
      hint: "remove it; the guide lists what every service receives",
    });
  else return true;
  return false;
}

function reportBelieved(report: Report, name: string, at: Span): void {
  const isOrigin = /ip$|host$|^x-forwarded-/.test(name);
  report.add("service/header-reserved", at, `${quote(name)} is what services believe about a request`, {
    hint: isOrigin
      ? "remove it; the gateway says where a request comes from in `x-forwarded-for`, `-host` and `-proto`"
      : "remove it; the gateway takes it out of every request",
  });
}
