/**
 * Condition blocks of a statement: AND between operators and keys, OR between the values of one key.
 *
 * In: the block as written. Out: compiled conditions and their truth for one request.
 * A key without a value makes a plain operator false, a negated one true, `...IfExists` and `ForAllValues` true and
 * `ForAnyValue` false. For sets and for `Null` a key whose values are all empty has no value ("null data set").
 * A policy variable without a value makes the statement void, unless the key itself is missing and need not be there.
 * Source: IAM user guide, "Condition operators", "Multivalued context keys", "Policy elements: variables".
 * INVARIANT: what cannot be decided (a value of the wrong kind, several values where one is compared, a value of the
 * policy that fits beside one with a variable that has no value) makes an Allow not apply and a Deny apply.
 */
import { type Result, err, ok } from "../core/index.ts";
import { type Compared, type Comparison, OPERATORS, parseBoolean } from "./condition-operators.ts";
import type { Resolve } from "./wildcard.ts";

export interface Condition {
  /** Context key, lower case. */
  readonly key: string;
  readonly set: "one" | "all" | "any";
  readonly negated: boolean;
  readonly ifExists: boolean;
  /** For `Null`: whether the key must be absent, one entry per value; else null. */
  readonly absent: readonly boolean[] | null;
  readonly comparisons: readonly Comparison[];
}

/** The values of a context key by its lower-case name; empty when the request does not have it. */
export type Lookup = (key: string) => readonly string[];

export type ConditionProblem =
  | { readonly kind: "operator"; readonly operator: string }
  | { readonly kind: "value"; readonly at: string; readonly problem: string };

/** Compiles one key under one operator. With `variables` false, `${...}` in a value is plain text. */
export function compileCondition(
  name: string,
  key: string,
  values: readonly string[],
  dialect: { readonly variables: boolean },
): Result<Condition, ConditionProblem> {
  const at = `${name}.${key}`;
  if (values.length === 0) return err({ kind: "value", at, problem: "there is no value" });
  if (name === "Null") return compileNull(at, key, values);
  const parts = /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const operator = OPERATORS.get(parts?.[2] ?? "");
  if (parts === null || operator === undefined) return err({ kind: "operator", operator: name });
  const comparisons: Comparison[] = [];
  for (const value of values) {
    const prepared = operator.prepare(value, dialect);
    if (!prepared.ok) return err({ kind: "value", at, problem: prepared.error });
    comparisons.push(prepared.value);
  }
  return ok({
    key: key.toLowerCase(),
    set: parts[1] === "ForAllValues:" ? "all" : parts[1] === "ForAnyValue:" ? "any" : "one",
    negated: operator.negated,
    ifExists: parts[3] !== undefined,
    absent: null,
    comparisons,
  });
}

function compileNull(at: string, key: string, values: readonly string[]): Result<Condition, ConditionProblem> {
  const absent: boolean[] = [];
  for (const value of values) {
    const wanted = parseBoolean(value);
    if (wanted === null) return err({ kind: "value", at, problem: `\`${value}\` is neither \`true\` nor \`false\`` });
    absent.push(wanted);
  }
  return ok({ key: key.toLowerCase(), set: "one", negated: false, ifExists: false, absent, comparisons: [] });
}

/** Whether a statement of that effect applies as far as its conditions go. */
export function conditionsHold(
  conditions: readonly Condition[],
  effect: "Allow" | "Deny",
  lookup: Lookup,
  resolve: Resolve,
): boolean {
  let undecided = false;
  for (const condition of conditions) {
    const held = holds(condition, lookup(condition.key), resolve);
    if (held === false || held === "unbound") return false;
    if (held === null) undecided = true;
  }
  return !undecided || effect === "Deny";
}

function holds(condition: Condition, values: readonly string[], resolve: Resolve): Compared {
  const { set } = condition;
  if (condition.absent !== null) return condition.absent.includes(isNullData(values));
  if (set === "one") {
    if (values.length > 1) return null;
    const [value] = values;
    if (value !== undefined) return compareOne(condition, value, resolve);
    return condition.ifExists || (condition.negated && bindsAll(condition, resolve));
  }
  if (isNullData(values)) return set === "all" || (condition.ifExists && values.length === 0);
  const wanted = set === "any";
  let outcome: Compared = !wanted;
  for (const value of values) {
    const held = compareOne(condition, value, resolve);
    if (held === wanted) return wanted;
    // One undecided value is enough for `any`; a void one spoils `all`.
    if (held === null || (held === "unbound" && outcome !== null)) outcome = held;
    if (held === "unbound" && set === "all") return held;
  }
  return outcome;
}

/** No value, or nothing but empty ones. */
function isNullData(values: readonly string[]): boolean {
  return values.every((value) => value === "");
}

/** One value of the request against all values of the policy. */
function compareOne(condition: Condition, value: string, resolve: Resolve): Compared {
  let outcome: boolean | null = false;
  let isBound = true;
  for (const comparison of condition.comparisons) {
    const held = comparison(value, resolve);
    if (held === "unbound") isBound = false;
    else if (held === true) outcome = true;
    else if (held === null && outcome === false) outcome = null;
  }
  if (!isBound) return outcome === true && !condition.negated ? null : "unbound";
  return condition.negated && outcome !== null ? !outcome : outcome;
}

/** A negated operator holds for a missing key, but not when the value to compare with is not there either. */
function bindsAll(condition: Condition, resolve: Resolve): boolean {
  return condition.comparisons.every((comparison) => comparison("", resolve) !== "unbound");
}
