/**
 * Conditions of the language as condition blocks of IAM statements that say exactly what `findUnmet` says.
 *
 * In: conditions that all have to hold. Out: one block, or the claim that is asked for in more ways than a block can hold.
 * Keys and values are those of model/decision-context.ts. A block joins by AND, but can hold each pair of operator and
 * key once: what has one value is intersected; what cannot be is written with an operator that is spelled otherwise and
 * means the same beside the first one (`...IfExists`, as the first one fails without the key; `StringLike` without
 * wildcards).
 * Source: IAM user guide, "Condition operators", "Multivalued context keys", "Policy elements: variables";
 * docs/spec/policy-language.md chapter 13.
 */
import type { Statement } from "../iam/index.ts";
import {
  CURRENT_TIME_KEY,
  SOURCE_IP_KEY,
  TOKEN_AGE_KEY,
  claimKey,
  minuteKey,
  pathKey,
  weekdayKey,
} from "../model/index.ts";
import type { Condition, Hours } from "../policy/index.ts";
import { intersectBlocks } from "./intersect-blocks.ts";

export type ConditionBlock = NonNullable<Statement["Condition"]>;

export type JoinedConditions =
  | { readonly ok: true; readonly block: ConditionBlock | null }
  | { readonly ok: false; readonly claim: string; readonly ways: number };

/** What one key has to fulfil, each list by itself: one of its values fits. */
interface Demands {
  readonly operator: string;
  readonly key: string;
  readonly lists: (readonly string[])[];
}

const ANY_TEXT = "ForAnyValue:StringEquals";

/** The block of conditions that all have to hold; null when there is nothing to hold. */
export function joinConditions(conditions: readonly Condition[]): JoinedConditions {
  const demands = new Map<string, Demands>();
  const claims = new Map<string, string>();
  const add = (operator: string, key: string, values: readonly string[]): void => {
    // IAM folds the case of keys.
    const id = `${operator} ${key.toLowerCase()}`;
    const known = demands.get(id);
    if (known === undefined) demands.set(id, { operator, key, lists: [values] });
    else known.lists.push(values);
  };
  const addClaim = (claim: string, values: readonly string[]): void => {
    claims.set(claimKey(claim), claim);
    add(ANY_TEXT, claimKey(claim), values);
  };
  for (const { sourceIp, afterMs, beforeMs, hours, path, claims: asked, tokenAgeMs } of conditions) {
    if (sourceIp !== null) add("IpAddress", SOURCE_IP_KEY, sourceIp);
    if (afterMs !== null) add("DateGreaterThanEquals", CURRENT_TIME_KEY, [instantText(afterMs)]);
    if (beforeMs !== null) add("DateLessThan", CURRENT_TIME_KEY, [instantText(beforeMs)]);
    if (hours !== null) addHours(hours, add);
    for (const { parameter, values, claim } of path) {
      if (values !== null) add("StringEquals", pathKey(parameter), values.map(literalText));
      else if (claim !== null) addClaim(claim, [`\${${pathKey(parameter)}}`]);
    }
    for (const { claim, values } of asked) addClaim(claim, values.map(literalText));
    if (tokenAgeMs !== null) add("NumericLessThanEquals", TOKEN_AGE_KEY, [String(Math.floor(tokenAgeMs / 1000))]);
  }
  const block: Record<string, Record<string, readonly string[]>> = {};
  for (const { operator, key, lists } of demands.values()) {
    const needed = REDUCE[operator]?.(lists) ?? lists;
    const spellings = spellingsOf(operator);
    if (needed.length > spellings.length) return { ok: false, claim: claims.get(key) ?? key, ways: needed.length };
    for (const [index, values] of needed.entries()) {
      const spelling = spellings[index] ?? operator;
      const written = spelling.includes("StringLike") ? values.map(withoutWildcards) : values;
      (block[spelling] ??= {})[key] = [...new Set(written)];
    }
  }
  return { ok: true, block: demands.size === 0 ? null : block };
}

function addHours({ days, fromMinute, toMinute, zone }: Hours, add: (o: string, k: string, v: string[]) => void): void {
  add("StringEquals", weekdayKey(zone), [...days]);
  add("NumericGreaterThanEquals", minuteKey(zone), [String(fromMinute)]);
  add("NumericLessThan", minuteKey(zone), [String(toMinute)]);
}

type Reduce = (lists: readonly (readonly string[])[]) => readonly (readonly string[])[];

/** By operator: fewer lists that together ask for the same. */
const REDUCE: Readonly<Record<string, Reduce>> = {
  IpAddress: intersectAll(intersectBlocks),
  StringEquals: intersectAll((a, b) => a.filter((value) => b.includes(value))),
  DateGreaterThanEquals: extreme((a, b) => Date.parse(a) - Date.parse(b)),
  DateLessThan: extreme((a, b) => Date.parse(b) - Date.parse(a)),
  NumericGreaterThanEquals: extreme((a, b) => Number(a) - Number(b)),
  NumericLessThan: extreme((a, b) => Number(b) - Number(a)),
  NumericLessThanEquals: extreme((a, b) => Number(b) - Number(a)),
  [ANY_TEXT]: withoutImplied,
};

/** Of a key with one value: the values that all lists have. Two lists without a common value say "never" side by side. */
function intersectAll(intersect: (a: readonly string[], b: readonly string[]) => readonly string[]): Reduce {
  return (lists) => {
    let all = lists[0] ?? [];
    for (const list of lists.slice(1)) {
      const both = intersect(all, list);
      if (both.length === 0) return [all, list];
      all = both;
    }
    return [all];
  };
}

/** Of single values the greatest in this order, which asks for the most. */
function extreme(compare: (a: string, b: string) => number): Reduce {
  return (lists) => {
    const [greatest] = lists.flat().sort((a, b) => compare(b, a));
    return greatest === undefined ? [] : [[greatest]];
  };
}

/** Of a key with several values, where two lists may be met by different ones: those that no other one implies. */
function withoutImplied(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const isWithin = (a: readonly string[], b: readonly string[]): boolean => a.every((value) => b.includes(value));
  return lists.filter(
    (list, index) =>
      !lists.some(
        (other, place) => place !== index && isWithin(other, list) && (!isWithin(list, other) || place < index),
      ),
  );
}

/** Operators that mean the same side by side, the plain one first. */
function spellingsOf(operator: string): string[] {
  const plain = [operator, `${operator}IfExists`];
  return operator.includes("StringEquals")
    ? [...plain, ...plain.map((spelling) => spelling.replace("StringEquals", "StringLike"))]
    : plain;
}

/** A text as a value of `StringEquals`: `${` would begin a variable. */
function literalText(text: string): string {
  return text.replaceAll("${", "${$}{");
}

/** The same value for `StringLike`, where `*` and `?` are wildcards. What stands in `${...}` stays. */
function withoutWildcards(value: string): string {
  return value.replace(/\$\{[^}]*\}|[*?]/g, (part) => (part.length === 1 ? `\${${part}}` : part));
}

function instantText(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
