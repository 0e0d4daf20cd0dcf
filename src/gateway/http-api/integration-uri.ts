/**
 * Where an integration sends a call: its URI with stage variables and path parameters filled in.
 *
 * In: the URI, the route's path, the stage's variables. Out: an origin, and the request target for a call.
 * Not here: `overwrite:path` and query mappings (they replace what is made here).
 * A public integration calls its URI as it is written: only `{name}` brings in what the client sent, and the client's
 * query is added. A private one (VPC link) gets the request's own path, with the stage's segment.
 * Source: API Gateway developer guide, "HTTP proxy integrations", "Private integrations", "Stage variables".
 * INVARIANT: parameters go in as they were sent, percent-encoded bytes included, and two harmless parts never make a
 * dot segment together.
 */
import { captureParameters } from "../../policy/index.ts";
import { hasLooseSegments } from "./request-target.ts";

export interface IntegrationUri {
  readonly origin: string;
  /** Null for one that takes the request's own path. */
  readonly template: readonly string[] | null;
  /** With the leading `?`; empty when the URI has none. */
  readonly query: string;
}

const URI = /^(https?:\/\/[^/?#@\\]+)(\/[^?#]*)?(\?[^#]*)?$/;
const VARIABLE = /\$\{stageVariables\.([A-Za-z0-9_]+)\}/g;

/** Null when the URI, filled in, is not an `http(s)` URL without credentials and fragment, or a stage variable is not there. */
export function parseIntegrationUri(
  uri: string,
  stageVariables: Readonly<Record<string, string>>,
  takesRequestPath: boolean,
): IntegrationUri | null {
  let isComplete = true;
  const filled = uri.replaceAll(VARIABLE, (_, name: string) => {
    const value = stageVariables[name];
    if (value === undefined) isComplete = false;
    return value ?? "";
  });
  const [, base, path, query = ""] = URI.exec(filled) ?? [];
  if (!isComplete || base === undefined || !URL.canParse(base)) return null;
  const { origin } = new URL(base);
  if (takesRequestPath && (path === undefined || path === "/")) return { origin, template: null, query };
  return { origin, template: (path ?? "/").split(/\{([^}]*)\}/), query };
}

/**
 * The path of a call, without query.
 * @param routePath of the route that answers; null for `$default`
 * @param ownPath what a private integration is sent
 * @returns null when no path can be made that means the same to everybody
 */
export function buildPath(
  uri: IntegrationUri,
  routePath: string | null,
  rawPath: string,
  ownPath: string,
  appends: boolean,
): string | null {
  const { template } = uri;
  if (template === null) return ownPath;
  if (template.length === 1) {
    const [written = "/"] = template;
    return appends ? `${written.endsWith("/") ? written.slice(0, -1) : written}${rawPath}` : written;
  }
  // As sent: captured from the path before decoding, whose segments are the same.
  const values = routePath === null ? {} : captureParameters(routePath, rawPath);
  let path = "";
  for (let i = 0; i < template.length; i++) {
    const part = template[i] as string;
    path += i % 2 === 0 ? part : (values[part.endsWith("+") ? part.slice(0, -1) : part] ?? "");
  }
  return hasLooseSegments(path) && !hasLooseSegments(rawPath) ? null : path;
}

/** The client's query behind the URI's own. Both with their leading `?`, or empty. */
export function joinQuery(own: string, sent: string): string {
  return own === "" || sent === "" ? own + sent : `${own}&${sent.slice(1)}`;
}
