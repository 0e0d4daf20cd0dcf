/**
 * Route keys as API Gateway's HTTP APIs take them: `METHOD /path`.
 * Out: method and path, or every problem with where in the key it stands. A path that no request in normal form can have
 * is refused here, so the router never sees one.
 * Source: API Gateway developer guide, "Create routes for HTTP APIs"; docs/spec/policy-language.md chapter 5.
 */
import { normalizePath } from "./normalize-path.ts";
import { METHODS, type Method } from "./policy.ts";
import type { RuleId } from "./rules.ts";

export interface RouteKeyProblem {
  readonly id: Extract<RuleId, `route/${string}`>;
  readonly message: string;
  readonly hint: string;
  /** Offsets within the key. */
  readonly start: number;
  readonly end: number;
}

export type RouteKey =
  | { readonly ok: true; readonly method: Method; readonly path: string }
  | { readonly ok: false; readonly problems: readonly RouteKeyProblem[] };

const PARAMETER = /^\{([A-Za-z][A-Za-z0-9_-]*)(\+?)\}$/;
const LITERAL = /^[A-Za-z0-9\-._~!$&'()+,=:@]+$/;
const EXAMPLE = "write `GET /orders/{id}`";

export function parseRouteKey(key: string): RouteKey {
  const [, methodText = "", path = ""] = /^([A-Za-z]+) (\/\S*)$/.exec(key) ?? [];
  if (path === "") {
    const message = `\`${key.slice(0, 60)}\` is not method and path`;
    return { ok: false, problems: [{ id: "route/key", message, hint: EXAMPLE, start: 0, end: key.length }] };
  }
  const method = METHODS.find((known) => known === methodText);
  const problems = [
    ...(method === undefined ? [describeMethod(methodText)] : []),
    ...checkPath(path, methodText.length + 1),
  ];
  return method !== undefined && problems.length === 0 ? { ok: true, method, path } : { ok: false, problems };
}

/** `/_gatehouse` and everything below it: no route answers there. */
export function isReservedPath(path: string): boolean {
  return path === "/_gatehouse" || path.startsWith("/_gatehouse/");
}

/** One text for all keys that API Gateway takes for the same route: parameters without their names. */
export function canonicalRouteKey(method: string, path: string): string {
  return `${method} ${path.replace(/\{[^}]*?(\+?)\}/g, "{$1}")}`;
}

function describeMethod(text: string): RouteKeyProblem {
  const upper = METHODS.find((known) => known === text.toUpperCase());
  return {
    id: "route/method",
    message: `\`${text}\` is not a method`,
    hint: upper === undefined ? `write one of ${METHODS.join(", ")}` : `write \`${upper}\``,
    start: 0,
    end: text.length,
  };
}

function checkPath(path: string, offset: number): RouteKeyProblem[] {
  const problems: RouteKeyProblem[] = [];
  const names = new Set<string>();
  const segments = path.slice(1).split("/");
  let start = offset + 1;
  for (const [index, segment] of segments.entries()) {
    const end = start + segment.length;
    const add = (id: RouteKeyProblem["id"], message: string, hint: string): void => {
      problems.push({ id, message, hint, start, end: Math.max(end, start + 1) });
    };
    const [, name, plus] = PARAMETER.exec(segment) ?? [];
    if (segment === "") {
      if (path === "/") break;
      if (index === segments.length - 1)
        problems.push({
          id: "route/trailing-slash",
          message: "the path ends in a slash",
          hint: `write \`${path.slice(0, -1)}\`, or \`${path}{rest+}\` for what is below`,
          start: start - 1,
          end: start,
        });
      else add("route/path", "the path has an empty segment", "write one slash");
    } else if (name !== undefined) {
      if (plus === "+" && index < segments.length - 1)
        add("route/greedy", `\`${segment}\` is not the last segment`, "only the last segment can take the rest");
      if (names.has(name)) add("route/parameter", `\`{${name}}\` stands twice in the path`, "give it another name");
      names.add(name);
    } else if (/[{}]/.test(segment))
      add(
        "route/parameter",
        `\`${segment}\` is not a whole parameter`,
        "write one parameter as the whole segment, `{id}`",
      );
    else if (!LITERAL.test(segment) || segment.startsWith(":"))
      add("route/path", `\`${segment}\` cannot be a segment`, hintForSegment(segment));
    start = end + 1;
  }
  if (problems.length > 0) return problems;
  if (!normalizePath(path.replace(/\{[^}]*\}/g, "x")).ok)
    return [wholePath("route/path", path, offset, "no request can have this path", "remove segments of dots")];
  if (isReservedPath(path))
    return [wholePath("route/reserved", path, offset, "`/_gatehouse` belongs to the gateway", "choose another path")];
  return [];
}

function wholePath(
  id: RouteKeyProblem["id"],
  path: string,
  start: number,
  message: string,
  hint: string,
): RouteKeyProblem {
  return { id, message, hint, start, end: start + path.length };
}

function hintForSegment(segment: string): string {
  const name = segment.slice(1).replace(/[^A-Za-z0-9_-]/g, "");
  if (segment.startsWith(":") && /^[A-Za-z]/.test(name)) return `write \`{${name}}\``;
  if (segment.includes("*")) return "write `{name}` for one segment, `{name+}` for the rest of the path";
  if (segment.includes("?") || segment.includes("#")) return "leave out the query; it takes no part in routing";
  return "write ASCII letters, digits and - . _ ~ ! $ & ' ( ) + , = : @";
}
