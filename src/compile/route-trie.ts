/**
 * The routes of one API as a tree of segments for each method, with the order in which the router prefers them.
 *
 * In: routes in any order. Out: one tree for each group of methods that see the same routes.
 * INVARIANT: the order is the router's (policy/compile-routes.ts): routes without `{rest+}` before those with it, within
 * these the exact method before `ANY`, then from the left a literal, `{name}`, `{rest+}`.
 */
import { METHODS, type PolicyRoute } from "../policy/index.ts";
import { MANY, ONE, type Pattern, templateOf } from "./route-pattern.ts";

export interface ApiRoute {
  readonly route: PolicyRoute;
  readonly template: Pattern;
}

/** A route where it ends in a tree. The lesser rank goes first among routes that fit the same path. */
export interface Ending {
  readonly route: ApiRoute;
  readonly rank: string;
}

export interface TrieNode {
  readonly literals: Map<string, TrieNode>;
  parameter: TrieNode | null;
  leaf: Ending | null;
  greedy: Ending | null;
  /** The most segments that a route can still take below this node. */
  depth: number;
  /** Equal for nodes below which the same segments lead to routes of the same kind. */
  shape: number;
  /** The labels of the literal children by the shape they lead to, the deepest shape first. */
  kinds: readonly ChildKind[];
}

export interface ChildKind {
  readonly depth: number;
  readonly labels: string[];
}

export interface MethodGroup {
  /** Request methods that see exactly these routes. */
  readonly methods: readonly string[];
  readonly root: TrieNode;
  /** The most segments a template has. */
  readonly longest: number;
}

const REQUEST_METHODS = METHODS.filter((method) => method !== "ANY");

/** One group for each method that some route names, and one for all other methods when there are `ANY` routes. */
export function groupByMethod(routes: readonly ApiRoute[]): MethodGroup[] {
  const byMethod = new Map<string, ApiRoute[]>();
  for (const route of routes) {
    const list = byMethod.get(route.route.method);
    if (list === undefined) byMethod.set(route.route.method, [route]);
    else list.push(route);
  }
  const any = byMethod.get("ANY") ?? [];
  const groups: MethodGroup[] = [];
  for (const method of REQUEST_METHODS) {
    const own = byMethod.get(method);
    if (own !== undefined) groups.push(buildGroup([method], [...own, ...any]));
  }
  const others = REQUEST_METHODS.filter((method) => !byMethod.has(method));
  if (any.length > 0 && others.length > 0) groups.push(buildGroup(others, any));
  return groups;
}

function buildGroup(methods: readonly string[], routes: readonly ApiRoute[]): MethodGroup {
  const root = newNode();
  let longest = 0;
  for (const route of routes) {
    longest = Math.max(longest, route.template.length);
    insert(root, route);
  }
  measure(root, new Map());
  return { methods, root, longest };
}

function newNode(): TrieNode {
  return { literals: new Map(), parameter: null, leaf: null, greedy: null, depth: 0, shape: 0, kinds: [] };
}

function insert(root: TrieNode, route: ApiRoute): void {
  const ending: Ending = { route, rank: rankOf(route) };
  let node = root;
  for (const token of route.template) {
    if (token === MANY) {
      node.greedy = first(node.greedy, ending);
      return;
    }
    if (token === ONE) node = node.parameter ??= newNode();
    else {
      let next = node.literals.get(token);
      if (next === undefined) node.literals.set(token, (next = newNode()));
      node = next;
    }
  }
  node.leaf = first(node.leaf, ending);
}

/** Fills in depth, shape and kinds from the leaves up; `shapes` numbers what was seen before. */
function measure(node: TrieNode, shapes: Map<string, number>): void {
  let depth = node.greedy === null ? 0 : Infinity;
  const kinds = new Map<number, ChildKind>();
  const described: string[] = [describeEnding(node.leaf), describeEnding(node.greedy)];
  if (node.parameter !== null) {
    measure(node.parameter, shapes);
    depth = Math.max(depth, node.parameter.depth + 1);
    described.push(`{}${node.parameter.shape}`);
  }
  for (const [label, child] of [...node.literals].sort(([a], [b]) => (a < b ? -1 : 1))) {
    measure(child, shapes);
    depth = Math.max(depth, child.depth + 1);
    described.push(`${label}/${child.shape}`);
    const kind = kinds.get(child.shape);
    if (kind === undefined) kinds.set(child.shape, { depth: child.depth, labels: [label] });
    else kind.labels.push(label);
  }
  node.depth = depth;
  node.kinds = [...kinds.values()].sort((a, b) => (a.depth === b.depth ? 0 : a.depth < b.depth ? 1 : -1));
  const description = described.join(" ");
  node.shape = shapes.get(description) ?? shapes.size;
  shapes.set(description, node.shape);
}

function describeEnding(ending: Ending | null): string {
  return ending === null ? "-" : ending.route.route.method === "ANY" ? "any" : "exact";
}

/** The one that the router prefers. */
export function first(a: Ending | null, b: Ending | null): Ending | null {
  if (a === null || b === null) return a ?? b;
  return b.rank < a.rank ? b : a;
}

function rankOf({ route, template }: ApiRoute): string {
  const tier = (template.includes(MANY) ? 2 : 0) + (route.method === "ANY" ? 1 : 0);
  return `${tier}${template.map((token) => (typeof token === "string" ? 0 : token)).join("")}`;
}

export function apiRouteOf(route: PolicyRoute): ApiRoute {
  return { route, template: templateOf(route.path) };
}
