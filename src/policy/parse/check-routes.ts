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

/** Visits of nodes over all routes; a policy of people stays far below. */
const MAX_VISITS = 1_000_000;

/** What is left of the visits. */
interface Budget {
  visits: number;
}

/** An `ANY` route whose path is more specific than that of a route with a method, both fitting one request. */
function checkOrder(report: Report, routes: readonly PolicyRoute[]): void {
  const anyRoutes = routes.filter((route) => route.method === "ANY");
  if (anyRoutes.length === 0 || anyRoutes.length === routes.length) return;
  const trees = { full: newNode(), greedy: newNode() };
  for (const route of routes) if (route.method !== "ANY") addRoute(trees[tierOf(route)], route);
  const budget = { visits: MAX_VISITS };
  for (const route of anyRoutes) {
    const other = findLessSpecific(trees[tierOf(route)], splitPath(route), 0, budget);
    if (budget.visits <= 0) {
      report.add(
        "route/order-unconfirmed",
        route.at,
        `${quote(route.key)} and what follows were not compared with every route`,
        {
          hint: "there are too many; name the methods of routes instead of `ANY`",
        },
      );
      return;
    }
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

/**
 * Walks along equal segments from the segment `at` on; where the `ANY` route is more specific, looks whether the rest
 * can fit one request.
 */
function findLessSpecific(
  node: Node | null,
  segments: readonly string[],
  at: number,
  budget: Budget,
): PolicyRoute | null {
  const segment = segments[at];
  if (node === null || segment === undefined || budget.visits-- <= 0) return null;
  if (segment.endsWith("+}")) return null;
  if (node.greedy !== null) return node.greedy;
  const isLiteral = !segment.startsWith("{");
  const wider = isLiteral && node.parameter !== null ? findOverlap(node.parameter, segments, at + 1, budget) : null;
  return wider ?? findLessSpecific(childOf(node, segment), segments, at + 1, budget);
}

/** Any route below `node` that fits a request which the segments from `at` on fit too. */
function findOverlap(node: Node, segments: readonly string[], at: number, budget: Budget): PolicyRoute | null {
  const segment = segments[at];
  if (budget.visits-- <= 0) return null;
  if (node.greedy !== null && segment !== undefined) return node.greedy;
  if (segment === undefined) return node.route;
  if (segment.endsWith("+}")) return findGreedyBelow(node, budget);
  if (segment.startsWith("{"))
    for (const child of node.literals.values()) {
      const found = findOverlap(child, segments, at + 1, budget);
      if (found !== null) return found;
    }
  else {
    const child = node.literals.get(segment);
    const found = child === undefined ? null : findOverlap(child, segments, at + 1, budget);
    if (found !== null) return found;
  }
  return node.parameter === null ? null : findOverlap(node.parameter, segments, at + 1, budget);
}

function findGreedyBelow(node: Node, budget: Budget): PolicyRoute | null {
  if (node.greedy !== null) return node.greedy;
  if (budget.visits-- <= 0) return null;
  for (const child of node.literals.values()) {
    const found = findGreedyBelow(child, budget);
    if (found !== null) return found;
  }
  return node.parameter === null ? null : findGreedyBelow(node.parameter, budget);
}
