/** Reads `cors:`: what browsers of other origins may do, in the words of an HTTP API. */
import type { Span } from "../../core/index.ts";
import { checkOrigin } from "../origin.ts";
import { type Cors, METHODS } from "../policy.ts";
import { KEYS } from "./keys.ts";
import type { Tree } from "./read-tree.ts";
import { readBoolean, readDuration, readFields, readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** SOURCE: API Gateway, CORS configuration of an HTTP API: MaxAge -1 to 86400 seconds. */
const MAX_AGE = { minMs: 0, maxMs: 86_400_000, range: "at most 1 day" };
const TOKEN = /^[a-z0-9!#$%&'+.^_`|~-]+$/;

export function readCors(report: Report, tree: Tree | null, owner: Span): Cors | null {
  const fields = tree === null ? null : readFields(report, tree, "`cors`", owner, KEYS.cors);
  if (fields === null) return null;
  const credentials = readBoolean(report, fields.of("credentials"), "`credentials`", false);
  const origins = readTexts(report, fields.of("origins"), "`origins`", { mayBeEmpty: false });
  for (const { value, at } of origins) {
    if (value === "*") {
      if (credentials || origins.length > 1)
        report.add(
          "cors/origin",
          at,
          credentials ? "`*` cannot be had with `credentials`" : "`*` stands beside others",
          {
            hint: "name each origin",
          },
        );
      continue;
    }
    const checked = checkOrigin(value);
    if (!checked.ok || checked.value !== value)
      report.add("cors/origin", at, `${quote(value)} is not an origin`, {
        hint: checked.ok
          ? `write \`${checked.value}\``
          : "write scheme, host and port as browsers do: `https://app.example.org`",
        ...(!checked.ok && checked.concealed === true ? { concealed: true as const } : {}),
      });
  }
  const methods = readTexts(report, fields.of("methods"), "`methods`", { mayBeEmpty: false });
  for (const { value, at } of methods)
    if (value === "ANY" || (value !== "*" && !METHODS.some((method) => method === value)))
      report.add("route/method", at, `${quote(value)} is not a method`, {
        hint: `write one of ${METHODS.filter((method) => method !== "ANY").join(", ")}`,
      });
  return {
    origins: origins.map(({ value }) => value),
    methods: methods.map(({ value }) => value),
    headers: readHeaderNames(report, fields.of("headers"), "`headers`"),
    exposeHeaders: readHeaderNames(report, fields.of("expose_headers"), "`expose_headers`"),
    maxAgeMs: readDuration(report, fields.of("max_age"), "`max_age`", MAX_AGE) ?? 0,
    credentials,
    at: owner,
  };
}

function readHeaderNames(report: Report, tree: Tree | null, what: string): string[] {
  const names = readTexts(report, tree, what, { mayBeEmpty: true });
  for (const { value, at } of names)
    if (value !== "*" && !TOKEN.test(value))
      report.add("cors/header", at, `${quote(value)} is not how a header is written`, {
        hint: TOKEN.test(value.toLowerCase()) ? `write \`${value.toLowerCase()}\`` : "write the name in lower case",
      });
  return names.map(({ value }) => value);
}
