/**
 * Reads `headers:` of a service: what must arrive unchanged, and under which names identity arrives.
 * A header is either the client's or the gateway's, never both.
 */
import type { Span } from "../../core/index.ts";
import type { IdentityField, Service } from "../policy.ts";
import type { Tree } from "./read-tree.ts";
import { readChoice, readFields, readTexts } from "./read-values.ts";
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
  if (tree === null) return { keep: [], identity: {} };
  const fields = readFields(report, tree, "`headers`", owner, { required: {}, optional: ["keep", "identity"] });
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
  };
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
