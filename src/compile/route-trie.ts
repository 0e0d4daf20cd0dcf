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
  /** The literal children, deepest first. */
  deepest: readonly Child[];
  /** Made when first asked for, see `childrenAbove`. */
  above: Above | null;
}

export type Child = readonly [label: string, node: TrieNode];

interface Above {
  readonly byLiteral: ReadonlyMap<string, readonly Child[]>;
  /** Children below which a parameter stands, so that any segment can follow. */
  readonly free: readonly Child[];
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
  measure(root);
  return { methods, root, longest };
}

function newNode(): TrieNode {
  return { literals: new Map(), parameter: null, leaf: null, greedy: null, depth: 0, deepest: [], above: null };
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

function measure(node: TrieNode): number {
  let depth = node.greedy === null ? 0 : Infinity;
  for (const child of node.literals.values()) depth = Math.max(depth, measure(child) + 1);
  if (node.parameter !== null) depth = Math.max(depth, measure(node.parameter) + 1);
  node.depth = depth;
  const children = [...node.literals];
  node.deepest = children.length > 1 ? children.sort(([, a], [, b]) => compareDepth(b, a)) : children;
  return depth;
}

function compareDepth(a: TrieNode, b: TrieNode): number {
  return a.depth === b.depth ? 0 : a.depth < b.depth ? -1 : 1;
}

/** The literal children of a node below which a segment can follow, as lists of which each has the deepest first. */
export function childrenAbove(node: TrieNode, segment: string): readonly (readonly Child[])[] {
  node.above ??= indexAbove(node);
  return [node.above.byLiteral.get(segment) ?? [], node.above.free];
}

function indexAbove(node: TrieNode): Above {
  const byLiteral = new Map<string, Child[]>();
  const free: Child[] = [];
  for (const child of node.deepest) {
    const [, below] = child;
    if (below.parameter !== null || below.greedy !== null) free.push(child);
    else
      for (const label of below.literals.keys()) {
        const list = byLiteral.get(label);
        if (list === undefined) byLiteral.set(label, [child]);
        else list.push(child);
      }
  }
  return { byLiteral, free };
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
