/**
 * Where a request carries its token, and the token without what stands in front of it.
 *
 * In: an authorizer's identity source, the values of a request. Out: the token's text, or null when there is none.
 * Not here: what the token says (jwt-authorizer.ts).
 * Source: API Gateway developer guide, "Controlling access to HTTP APIs with JWT authorizers": one header or query
 * parameter, with or without `Bearer `.
 */
import type { Switches } from "./switches.ts";

/** Repeated ones joined with `,`; null when there is none. Header names have no case. */
export interface RequestValues {
  header(name: string): string | null;
  querystring(name: string): string | null;
}

export type ReadToken = (values: RequestValues) => string | null;

const SOURCE = /^\$request\.(header|querystring)\.([^\s]+)$/;
const BEARER = /^Bearer +/;
const BEARER_ANY_CASE = /^bearer +/i;

/** Null: not exactly one header or query parameter. */
export function compileIdentitySource(
  sources: readonly string[],
  switches: Pick<Switches, "jwt-bearer-prefix">,
): ReadToken | null {
  const [, place, name] = (sources.length === 1 ? SOURCE.exec(sources[0] ?? "") : null) ?? [];
  if (place === undefined || name === undefined) return null;
  const prefix = switches["jwt-bearer-prefix"] === "any-case" ? BEARER_ANY_CASE : BEARER;
  return (values) => {
    const value = place === "header" ? values.header(name) : values.querystring(name);
    if (value === null) return null;
    const token = value.replace(prefix, "").trim();
    return token === "" || (token.length === 6 && prefix.test(`${token} `)) ? null : token;
  };
}
