/**
 * Condition blocks of a statement: AND between operators and keys, OR between the values of one key.
 *
 * In: the block as written. Out: compiled conditions and their truth for one request.
 * Source: IAM user guide, "Condition operators", "Multivalued context keys".
 * INVARIANT: what cannot be decided (a value of the wrong kind, several values where one is compared) makes an Allow
 * not apply and a Deny apply.
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

/** Compiles one key under one operator. */
export function compileCondition(
  name: string,
  key: string,
  values: readonly string[],
): Result<Condition, ConditionProblem> {
  const at = `${name}.${key}`;
  if (values.length === 0) return err({ kind: "value", at, problem: "there is no value" });
  if (name === "Null") return compileNull(at, key, values);
  const parts = /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const operator = OPERATORS.get(parts?.[2] ?? "");
  if (parts === null || operator === undefined) return err({ kind: "operator", operator: name });
  const comparisons: Comparison[] = [];
  for (const value of values) {
    const prepared = operator.prepare(value);
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
  const missing = values.length === 0;
  if (condition.absent !== null) return condition.absent.includes(missing);
  if (missing) {
    if (condition.ifExists || condition.set === "all") return true;
    if (condition.set === "any") return false;
    return condition.negated && bindsAll(condition, resolve);
  }
  if (condition.set === "one" && values.length > 1) return null;
  const wanted = condition.set === "any";
  let outcome: Compared = !wanted;
  for (const value of values) {
    const held = compareOne(condition, value, resolve);
    if (held === "unbound") return held;
    if (held === wanted) return wanted;
    if (held === null) outcome = null;
  }
  return outcome;
}

/** One value of the request against all values of the policy. */
function compareOne(condition: Condition, value: string, resolve: Resolve): Compared {
  let outcome: boolean | null = false;
  for (const comparison of condition.comparisons) {
    const held = comparison(value, resolve);
    if (held === "unbound") return held;
    if (held === true) outcome = true;
    else if (held === null && outcome === false) outcome = null;
  }
  return condition.negated && outcome !== null ? !outcome : outcome;
}

/** A negated operator holds for a missing key, but not when the value to compare with is not there either. */
function bindsAll(condition: Condition, resolve: Resolve): boolean {
  return condition.comparisons.every((comparison) => comparison("", resolve) !== "unbound");
}
