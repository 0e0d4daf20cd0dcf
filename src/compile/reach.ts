/**
 * Which routes the paths of a pattern go to: exactly those to which the router sends at least one of them.
 *
 * In: the routes of one method as a tree, a pattern. Out: the set of routes.
 * How: both are read together, segment by segment. At each place only some segments can make a difference: the fixed
 * ones of the pattern, those of the tree, any other one, and the empty one at the end. Where the pattern still needs
 * more segments than any route below has, only a `{rest+}` that was already passed can answer; so nothing is searched.
 * Of siblings below which everything is alike one is searched, and the others only if a route was found below it.
 */
import { MANY, type Pattern } from "./route-pattern.ts";
import { type ApiRoute, type Ending, type TrieNode, first } from "./route-trie.ts";

/** A segment that stands neither in the pattern nor in the tree. */
const OTHER = Symbol("any other segment");
type Label = string | typeof OTHER;

export function reachedRoutes(root: TrieNode, pattern: Pattern): ReadonlySet<ApiRoute> {
  /** Every route found, also more than once. */
  const hits: ApiRoute[] = [];
  const add = (ending: Ending | null): void => {
    if (ending !== null) hits.push(ending.route);
  };
  const isAccepted = (states: readonly number[]): boolean => states.includes(pattern.length);

  const visit = (nodes: readonly TrieNode[], passed: Ending | null, states: readonly number[], at: number): void => {
    const depth = depthOf(nodes);
    const open: number[] = [];
    for (const state of states) {
      if (state === pattern.length) continue;
      if (pattern.length - state > depth) add(passed);
      else open.push(state);
    }
    if (open.length === 0) return;
    let fallback = passed;
    for (const node of nodes) fallback = first(fallback, node.greedy);

    const follow = (label: Label): void => {
      const nextStates = step(pattern, open, label);
      if (nextStates.length === 0) return;
      const nextNodes: TrieNode[] = [];
      for (const node of nodes) {
        const literal = label === OTHER ? undefined : node.literals.get(label);
        if (literal !== undefined) nextNodes.push(literal);
        if (node.parameter !== null) nextNodes.push(node.parameter);
      }
      if (nextNodes.length === 0) {
        add(fallback);
        return;
      }
      if (isAccepted(nextStates)) add(leafOf(nextNodes) ?? fallback);
      visit(nextNodes, fallback, nextStates, at + 1);
    };

    const followed = new Set([""]);
    for (const state of open) {
      const token = pattern[state];
      if (typeof token !== "string" || followed.has(token)) continue;
      followed.add(token);
      follow(token);
    }
    if (open.some((state) => typeof pattern[state] !== "string")) {
      const needed = pattern.length - Math.max(...step(pattern, open, OTHER));
      const isHitBelow = (label: string): boolean => {
        const before = hits.length;
        follow(label);
        return hits.slice(before).some(({ template }) => template[at] === label);
      };
      followKinds(nodes, needed, followed, isHitBelow);
      follow(OTHER);
    }
    // The path ends with a slash here: no `{name}` and no `{rest+}` begins with an empty segment.
    if (isAccepted(step(pattern, open, ""))) {
      const leaves = nodes.flatMap((node) => node.literals.get("") ?? []);
      add(leafOf(leaves) ?? passed);
    }
  };

  visit([root], null, [0], 0);
  return new Set(hits);
}

/** Follows the labels of literal children that can make a difference: deep enough, and not like one that made none. */
function followKinds(
  nodes: readonly TrieNode[],
  needed: number,
  followed: Set<string>,
  isHitBelow: (label: string) => boolean,
): void {
  const barren = new Set<string>();
  for (const { kinds } of nodes)
    for (const { depth, labels } of kinds) {
      if (depth < needed) break;
      for (const label of labels) {
        if (followed.has(label)) continue;
        followed.add(label);
        const alike = nodes.map((node) => node.literals.get(label)?.shape ?? "").join(" ");
        if (barren.has(alike)) continue;
        if (isHitBelow(label)) continue;
        barren.add(alike);
        if (nodes.length === 1) break;
      }
    }
}

/** Where the pattern can stand after one more segment; a state is the number of tokens behind it. */
function step(pattern: Pattern, states: readonly number[], label: Label): number[] {
  const next: number[] = [];
  const push = (state: number): void => {
    if (!next.includes(state)) next.push(state);
  };
  for (const state of states) {
    const token = pattern[state];
    if (typeof token === "string") {
      if (token === label) push(state + 1);
    } else if (token === MANY) {
      push(state + 1);
      push(state);
    } else if (token !== undefined && label !== "") push(state + 1);
  }
  return next;
}

function depthOf(nodes: readonly TrieNode[]): number {
  let depth = 0;
  for (const node of nodes) depth = Math.max(depth, node.depth);
  return depth;
}

function leafOf(nodes: readonly TrieNode[]): Ending | null {
  let leaf: Ending | null = null;
  for (const node of nodes) leaf = first(leaf, node.leaf);
  return leaf;
}
