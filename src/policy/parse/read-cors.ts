/** Reads `cors:`: what browsers of other origins may do, in the words of an HTTP API. */
import type { Span } from "../../core/index.ts";
import { checkOrigin } from "../origin.ts";
import { type Cors, type Located, METHODS } from "../policy.ts";
import { KEYS } from "./keys.ts";
import type { Tree } from "./read-tree.ts";
import { readBoolean, readDuration, readFields, readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** SOURCE: API Gateway, CORS configuration of an HTTP API: MaxAge -1 to 86400 seconds. */
const MAX_AGE = { minMs: 0, maxMs: 86_400_000, range: "at most 1 day" };
const TOKEN = /^[a-z0-9!#$%&'+.^_`|~-]+$/;

/** SOURCE: Fetch standard, forbidden request-header names: browsers do not let pages set them. */
const BROWSERS_OWN = new Set([
  "accept-charset",
  "accept-encoding",
  "connection",
  "content-length",
  "cookie",
  "cookie2",
  "date",
  "dnt",
  "expect",
  "host",
  "keep-alive",
  "origin",
  "referer",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
]);
/** SOURCE: Fetch standard, forbidden response-header names: browsers do not show them to pages. */
const NEVER_SHOWN = new Set(["set-cookie", "set-cookie2"]);

export function readCors(report: Report, tree: Tree | null, owner: Span): Cors | null {
  const fields = tree === null ? null : readFields(report, tree, "`cors`", owner, KEYS.cors);
  if (fields === null) return null;
  const credentials = readBoolean(report, fields.of("credentials"), "`credentials`", false);
  const origins = readTexts(report, fields.of("origins"), "`origins`", { mayBeEmpty: false });
  for (const origin of origins) checkCorsOrigin(report, origin, credentials, origins.length > 1);
  const methods = readTexts(report, fields.of("methods"), "`methods`", { mayBeEmpty: false });
  const headers = readTexts(report, fields.of("headers"), "`headers`", { mayBeEmpty: true });
  const exposed = readTexts(report, fields.of("expose_headers"), "`expose_headers`", { mayBeEmpty: true });
  for (const { value, at } of methods) checkMethod(report, value, at);
  for (const { value, at } of headers) checkName(report, value, at, isBrowsersOwn, "is never sent at a page's wish");
  for (const { value, at } of exposed)
    checkName(report, value, at, (name) => NEVER_SHOWN.has(name), "is never shown to pages");
  if (credentials)
    for (const { value, at } of [...methods, ...headers, ...exposed])
      if (value === "*")
        report.add("cors/credentials", at, "beside `credentials` browsers take `*` for a name", {
          hint: "name each one",
        });
  return {
    origins: origins.map(({ value }) => value),
    methods: methods.map(({ value }) => value),
    headers: headers.map(({ value }) => value),
    exposeHeaders: exposed.map(({ value }) => value),
    maxAgeMs: readDuration(report, fields.of("max_age"), "`max_age`", MAX_AGE) ?? 0,
    credentials,
    at: owner,
  };
}

function checkCorsOrigin(
  report: Report,
  { value, at }: Located<string>,
  credentials: boolean,
  hasOthers: boolean,
): void {
  if (value === "*") {
    if (credentials || hasOthers)
      report.add("cors/origin", at, credentials ? "`*` cannot be had with `credentials`" : "`*` stands beside others", {
        hint: credentials ? "name each origin" : "write `*` alone, or name each origin",
      });
    return;
  }
  const checked = checkOrigin(value);
  if (checked.ok && checked.value === value) return;
  const lower = checkOrigin(value.toLowerCase());
  const hint = value.includes("*")
    ? "name each origin; patterns are not taken"
    : value === "null"
      ? "pages without an origin of their own cannot be told apart; serve them from an origin"
      : "write scheme, host and port as browsers do: `https://app.example.org`";
  if (!checked.ok && checked.concealed === true)
    report.add("cors/origin", at, "an origin holds credentials", { hint: checked.hint, concealed: true });
  else
    report.add("cors/origin", at, `${quote(value)} is not an origin`, {
      hint: checked.ok ? `write \`${checked.value}\`` : lower.ok ? `write \`${lower.value}\`` : hint,
    });
}

function checkMethod(report: Report, value: string, at: Span): void {
  const known = METHODS.filter((method) => method !== "ANY");
  if (value === "*" || known.some((method) => method === value)) return;
  const upper = known.find((method) => method === value.toUpperCase());
  const hint = upper === undefined ? `write one of ${known.join(", ")}, or \`*\`` : `write \`${upper}\``;
  report.add("route/method", at, `${quote(value)} is not a method`, { hint });
}

function isBrowsersOwn(name: string): boolean {
  return BROWSERS_OWN.has(name) || /^(?:access-control-request-|proxy-|sec-)/.test(name);
}

function checkName(report: Report, name: string, at: Span, isUseless: (name: string) => boolean, why: string): void {
  const lower = name.toLowerCase();
  if (name !== "*" && !TOKEN.test(name))
    report.add("cors/header", at, `${quote(name)} is not how a header is written`, {
      hint: TOKEN.test(lower) ? `write ${quote(lower)}` : "write a header's name: letters, digits and hyphens",
    });
  else if (isUseless(name))
    report.add("cors/header", at, `${quote(name)} ${why}`, {
      hint: name === "cookie" ? "remove it; cookies are sent with `credentials: true`" : "remove it",
    });
}
