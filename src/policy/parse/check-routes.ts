/**
 * Routes against each other, by listener: keys that API Gateway takes for one route, and pairs whose order AWS leaves
 * open.
 * Source: API Gateway CreateRoute (ConflictException); docs/spec/policy-language.md chapters 5 and 7.
 */
import type { PolicyRoute } from "../policy.ts";
import { canonicalRouteKey } from "../route-key.ts";
import { type Report, quote } from "./report.ts";

/** `routes` all stand behind one listener. */
export function checkRoutes(report: Report, routes: readonly PolicyRoute[]): void {
  const distinct = new Map<string, PolicyRoute>();
  for (const route of routes) {
    const key = canonicalRouteKey(route.method, route.path);
    const first = distinct.get(key);
    if (first === undefined) distinct.set(key, route);
    else
      report.add("route/conflict", route.at, describeConflict(route, first), {
        hint: `${route.key === first.key ? "" : "parameter names do not make a difference; "}keep one of the two, in one service`,
        related: [{ message: `first here, in service \`${first.service}\``, span: first.at }],
      });
  }
  checkOrder(report, [...distinct.values()]);
}

function describeConflict(route: PolicyRoute, first: PolicyRoute): string {
  if (route.key !== first.key) return `${quote(route.key)} is the same route as ${quote(first.key)}`;
  return `${quote(route.key)} stands in service ${quote(first.service)} too`;
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | null;
  route: PolicyRoute | null;
  greedy: PolicyRoute | null;
}

/** An `ANY` route whose path is more specific than that of a route with a method, both fitting one request. */
function checkOrder(report: Report, routes: readonly PolicyRoute[]): void {
  const anyRoutes = routes.filter((route) => route.method === "ANY");
  if (anyRoutes.length === 0 || anyRoutes.length === routes.length) return;
  const trees = { full: newNode(), greedy: newNode() };
  for (const route of routes) if (route.method !== "ANY") addRoute(trees[tierOf(route)], route);
  for (const route of anyRoutes) {
    const other = findLessSpecific(trees[tierOf(route)], splitPath(route));
    if (other !== null)
      report.add(
        "route/order-unconfirmed",
        route.at,
        `${quote(route.key)} and ${quote(other.key)} fit the same requests`,
        {
          hint: `${quote(other.key)} answers them, because a method counts before the path; name the methods of ${quote(route.key)} to be clear`,
          related: [{ message: "the route that answers", span: other.at }],
        },
      );
  }
}

function tierOf(route: PolicyRoute): "full" | "greedy" {
  return route.path.endsWith("+}") ? "greedy" : "full";
}

function splitPath(route: PolicyRoute): string[] {
  return route.path.slice(1).split("/");
}

function newNode(): Node {
  return { literals: new Map(), parameter: null, route: null, greedy: null };
}

function addRoute(root: Node, route: PolicyRoute): void {
  let node = root;
  for (const segment of splitPath(route)) {
    if (segment.endsWith("+}")) {
      node.greedy ??= route;
      return;
    }
    node = childOf(node, segment) ?? addChild(node, segment);
  }
  node.route ??= route;
}

function childOf(node: Node, segment: string): Node | null {
  return segment.startsWith("{") ? node.parameter : (node.literals.get(segment) ?? null);
}

function addChild(node: Node, segment: string): Node {
  const child = newNode();
  if (segment.startsWith("{")) node.parameter = child;
  else node.literals.set(segment, child);
  return child;
}

/** Walks along equal segments; where the `ANY` route is more specific, looks whether the rest can fit one request. */
function findLessSpecific(node: Node | null, segments: readonly string[]): PolicyRoute | null {
  const [segment, ...rest] = segments;
  if (node === null || segment === undefined) return null;
  if (segment.endsWith("+}")) return null;
  if (node.greedy !== null) return node.greedy;
  const isLiteral = !segment.startsWith("{");
  const wider = isLiteral && node.parameter !== null ? findOverlap(node.parameter, rest) : null;
  return wider ?? findLessSpecific(childOf(node, segment), rest);
}

/** Any route below `node` that fits a request which `segments` fits too. */
function findOverlap(node: Node, segments: readonly string[]): PolicyRoute | null {
  const [segment, ...rest] = segments;
  if (node.greedy !== null && segment !== undefined) return node.greedy;
  if (segment === undefined) return node.route;
  if (segment.endsWith("+}")) return findGreedyBelow(node);
  const below = segment.startsWith("{") ? [...node.literals.values()] : [node.literals.get(segment)];
  for (const child of [...below, node.parameter]) {
    const found = child === null || child === undefined ? null : findOverlap(child, rest);
    if (found !== null) return found;
  }
  return null;
}

function findGreedyBelow(node: Node): PolicyRoute | null {
  if (node.greedy !== null) return node.greedy;
  for (const child of [...node.literals.values(), node.parameter]) {
    const found = child === null ? null : findGreedyBelow(child);
    if (found !== null) return found;
  }
  return null;
}
