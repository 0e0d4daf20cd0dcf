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

const FIELDS: readonly IdentityField[] = ["subject", "name", "groups", "client", "role", "kind"];
const HEADER = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Of one hop only (RFC 9110 7.6.1), framing, or set by the gateway on every request. */
const RESERVED = new Set([
  "connection",
  "content-length",
  "expect",
  "forwarded",
  "host",
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
  "true-client-ip",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-method",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-forwarded-uri",
  "x-http-method-override",
  "x-method-override",
  "x-original-uri",
  "x-original-url",
  "x-real-ip",
  "x-request-id",
  "x-rewrite-url",
]);
const RESERVED_PREFIXES = ["x-gatehouse-", "x-gh-"];
/** The client's own; they may be kept but cannot carry what the gateway says. */
const CLIENTS = new Set(["authorization", "cookie", "content-type", "content-encoding", "accept", "origin"]);

export function readHeaders(report: Report, tree: Tree | null, owner: Span): Service["headers"] {
  const none = { set: {}, remove: [] };
  if (tree === null) return { keep: [], identity: {}, request: none, response: none };
  const fields = readFields(report, tree, "`headers`", owner, KEYS.headers);
  const keep = readTexts(report, fields?.of("keep") ?? null, "`keep`", { mayBeEmpty: true });
  for (const { value, at } of keep) checkHeader(report, value, at);
  const identity = readIdentityHeaders(report, fields?.of("identity") ?? null);
  for (const { header, at } of identity) {
    const twin = keep.find((kept) => kept.value === header);
    if (twin !== undefined)
      report.add("service/header-twice", at, `${quote(header)} is kept from the client and set by the gateway`, {
        hint: "remove it from one of the two",
        related: [{ message: "kept here", span: twin.at }],
      });
  }
  return {
    keep: keep.map((header) => header.value),
    identity: Object.fromEntries(identity.map(({ header, field }) => [header, field])),
    request: readRules(
      report,
      fields?.of("request") ?? null,
      "`request`",
      fields?.keyAt("request") ?? owner,
      "request",
    ),
    response: readRules(
      report,
      fields?.of("response") ?? null,
      "`response`",
      fields?.keyAt("response") ?? owner,
      "response",
    ),
  };
}

/** Headers that a rule may not touch because they frame the message or belong to one hop, in either direction. */
const FRAMING = new Set(["content-encoding", "content-type", "date", "set-cookie", "cookie"]);

function readRules(
  report: Report,
  tree: Tree | null,
  what: string,
  owner: Span,
  way: "request" | "response",
): HeaderRules {
  const fields = tree === null ? null : readFields(report, tree, what, owner, KEYS.headerRules);
  const setTree = fields?.of("set") ?? null;
  const set: [string, string][] = [];
  if (setTree !== null && setTree.kind !== "mapping")
    report.add("parse/expected-mapping", setTree.at, "`set` is not a mapping of header names to values", {
      hint: "write for example `{ cache-control: no-store }`",
    });
  for (const { key, keyAt, value } of setTree?.kind === "mapping" ? setTree.entries : []) {
    checkRuleHeader(report, key, keyAt, way);
    const text = readText(report, value, quote(key));
    if (text === null) continue;
    if (!/^[!-~]+(?:[ \t]+[!-~]+)*$/.test(text.value))
      report.add("service/header-value", text.at, `the value of ${quote(key)} is not visible ASCII`, {
        hint: "write the value as it goes over the wire, without blanks around it",
      });
    set.push([key, text.value]);
  }
  const remove = readTexts(report, fields?.of("remove") ?? null, "`remove`", { mayBeEmpty: true });
  for (const { value, at } of remove) {
    checkRuleHeader(report, value, at, way);
    if (set.some(([name]) => name === value))
      report.add("service/header-twice", at, `${quote(value)} is set and removed`, {
        hint: "setting replaces; remove it here",
      });
  }
  return { set: Object.fromEntries(set), remove: remove.map(({ value }) => value) };
}

function checkRuleHeader(report: Report, name: string, at: Span, way: "request" | "response"): void {
  checkHeader(report, name, at);
  const isCors = way === "response" && name.startsWith("access-control-");
  if (FRAMING.has(name) || isCors)
    report.add("service/header-reserved", at, `${quote(name)} is not for a header rule`, {
      hint: isCors ? "use `cors`" : "the service says it, or the client",
    });
}

function readIdentityHeaders(report: Report, tree: Tree | null): { header: string; field: IdentityField; at: Span }[] {
  if (tree === null) return [];
  if (tree.kind !== "mapping") {
    const hint = "write for example `{ x-user: subject }`";
    report.add("parse/expected-mapping", tree.at, "`identity` is not a mapping of header names to fields", { hint });
    return [];
  }
  return tree.entries.flatMap(({ key, keyAt, value }) => {
    checkHeader(report, key, keyAt);
    if (CLIENTS.has(key))
      report.add("service/header-reserved", keyAt, `${quote(key)} cannot carry identity`, {
        hint: "choose a name of its own, such as `x-user`",
      });
    const field = readChoice(report, value, quote(key), FIELDS);
    return field === null ? [] : [{ header: key, field, at: keyAt }];
  });
}

function checkHeader(report: Report, name: string, at: Span): void {
  if (!HEADER.test(name) || name.length > 64) {
    const better = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 64);
    report.add("service/header", at, `${quote(name)} is not how a header is written`, {
      hint: better === "" ? "lower-case letters, digits and hyphens" : `write \`${better}\``,
    });
  } else if (RESERVED.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)))
    report.add("service/header-reserved", at, `${quote(name)} is set by the gateway on every request`, {
      hint: "remove it; the guide lists what every service receives",
    });
}
