/** Reads `authentication:` of a route. */
import type { Authentication, PolicyRoute } from "../policy.ts";
import { KEYS } from "./keys.ts";
import type { Tree } from "./read-tree.ts";
import { looksLikePattern, readDuration, readFields, readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const MAX_AGE = { minMs: 1000, maxMs: 30 * 86_400_000, range: "between 1 second and 30 days" };
/**
 * `acr_values` is a list with spaces between, and stands in a quoted text of a header.
 * SOURCE: OpenID Connect Core 1.0 section 3.1.2.1, RFC 9470 section 3.
 */
const ACR = /^[!#-[\]-~]{1,128}$/;

/** Null when there is none. */
export function readAuthentication(
  report: Report,
  tree: Tree | null,
  access: PolicyRoute["access"],
): Authentication | null {
  if (tree === null) return null;
  if (access.kind === "open")
    report.add("route/authentication", tree.at, "an open route asks nobody how they signed in", {
      hint: "remove `authentication`, or write `needs` in place of `open`",
    });
  const fields = readFields(report, tree, "`authentication`", tree.at, KEYS.authentication);
  if (fields === null) return null;
  const [acr, maxAge] = [fields.of("acr"), fields.of("max_age")];
  if (acr === null && maxAge === null && !fields.hasUnknown)
    report.add("route/authentication", tree.at, "`authentication` asks for nothing", {
      hint: "write `acr: [mfa]`, `max_age: 5 minutes`, or both",
    });
  const values = acr === null ? [] : readTexts(report, acr, "`acr`", { mayBeEmpty: false });
  for (const { value, at } of values)
    if (!ACR.test(value))
      report.add("route/authentication", at, `${quote(value)} cannot be asked for as \`acr\``, {
        hint: 'write up to 128 visible ASCII characters without spaces, `"` and `\\`',
      });
    else if (looksLikePattern(value))
      report.add("route/authentication", at, `${quote(value)} looks like a pattern, and \`acr\` is compared whole`, {
        hint: "write each value as the provider does",
      });
  const maxAgeMs = readDuration(report, maxAge, "`max_age`", MAX_AGE);
  return {
    acr: values.map(({ value }) => value),
    maxAgeSeconds: maxAgeMs === null ? null : Math.floor(maxAgeMs / 1000),
  };
}
