/**
 * Where an integration sends a request: the URI of an HTTP_PROXY integration with the route's parameters filled in.
 *
 * In: the URI and route path of the model. Out: the origin, and how the request target is made.
 * Source: API Gateway developer guide, "HTTP proxy integrations" and "Private integrations".
 * INVARIANT: a filled-in target is put to `normalizePath` again, so that two harmless parts cannot make a harmful whole.
 */
import { normalizePath } from "../policy/index.ts";

export interface IntegrationTarget {
  readonly origin: string;
  /** Null: the request target goes on as it came. Else makes it; null means that no unambiguous target can be made. */
  readonly build: ((rawPath: string, query: string) => string | null) | null;
}

const URI = /^(https?:\/\/[^/?#@\\]+)(\/[^?#]*)?$/;

/** Null when the URI is not an `http(s)` URL without credentials, query and fragment. */
export function parseIntegrationTarget(
  uri: string,
  routePath: string | null,
  passesPath: boolean,
): IntegrationTarget | null {
  const [, base, template = "/"] = URI.exec(uri) ?? [];
  if (base === undefined || !URL.canParse(base)) return null;
  const { origin } = new URL(base);
  const parameters = routePath === null ? [] : parametersOf(routePath);
  if (passesPath || (routePath !== null && routePath.replaceAll("+}", "}") === template))
    return { origin, build: null };
  const parts = template.split(/\{([^}]*)\}/);
  // Odd parts are names: each must be one that the route captures.
  if (parts.some((part, index) => index % 2 === 1 && !parameters.some((parameter) => parameter.name === part)))
    return null;
  return { origin, build: (rawPath, query) => fill(parts, parameters, rawPath, query) };
}

interface Parameter {
  readonly name: string;
  readonly segment: number;
  readonly isGreedy: boolean;
}

function parametersOf(routePath: string): Parameter[] {
  return routePath
    .slice(1)
    .split("/")
    .flatMap((text, segment) => {
      if (!text.startsWith("{")) return [];
      const isGreedy = text.endsWith("+}");
      return [{ name: text.slice(1, isGreedy ? -2 : -1), segment, isGreedy }];
    });
}

/** Parameters are filled in as they were sent: an encoded byte stays encoded. */
function fill(
  parts: readonly string[],
  parameters: readonly Parameter[],
  rawPath: string,
  query: string,
): string | null {
  const segments = rawPath.slice(1).split("/");
  let target = "";
  for (const [index, part] of parts.entries()) {
    const parameter = index % 2 === 1 ? parameters.find(({ name }) => name === part) : undefined;
    if (parameter === undefined) target += part;
    else
      target += parameter.isGreedy ? segments.slice(parameter.segment).join("/") : (segments[parameter.segment] ?? "");
  }
  return normalizePath(target).ok ? target + query : null;
}
