/**
 * Where the other evaluator is known to see a condition, or a variable, in another way than AWS or than Gatehouse.
 *
 * In: a question on which both disagree. Out: the names of what is known about it, and the same question without that: a
 * condition that is known to be seen differently is replaced by what Gatehouse says about it alone (a true one is left out;
 * a statement with a false one is left out), a variable with an empty value by nothing. Both have to agree on what is left,
 * and Gatehouse has to say about it what it said before; so nothing else hides behind a known difference.
 * Each is a case in cases/iam with its source.
 */
import {
  type RequestContext,
  type WrittenDocument,
  type WrittenStatement,
  compileDocument,
  evaluate,
} from "../../src/iam/index.ts";
import type { Question } from "./generate-question.ts";

/** One key under one operator. */
export interface ConditionItem {
  readonly set: "ForAllValues" | "ForAnyValue" | null;
  /** Without prefix and suffix. */
  readonly operator: string;
  readonly ifExists: boolean;
  readonly wanted: readonly string[];
  /** Null when the request does not have the key. */
  readonly given: readonly string[] | null;
  /** Whether the request has the key as a list. */
  readonly isList: boolean;
  /** The text with the values of its variables; null when one has none. */
  readonly bind: (text: string) => string | null;
}

const isText = (operator: string): boolean => operator.startsWith("String");
const isNegated = (operator: string): boolean => operator.includes("Not");
const isNullData = ({ given }: ConditionItem): boolean => given !== null && given.every((value) => value === "");
const anyPair = (item: ConditionItem, test: (given: string, wanted: string) => boolean): boolean =>
  (item.given ?? []).some((given) => item.wanted.some((wanted) => test(given, wanted)));

/** What is known, by name; for each the conditions that it is about, as narrow as it can be said. */
export const KNOWN_DIFFERENCES: Readonly<Record<string, (item: ConditionItem) => boolean>> = {
  "ForAnyValue with IfExists and no key": ({ set, ifExists, given }) =>
    set === "ForAnyValue" && ifExists && given === null,
  "null data set": (item) => isNullData(item) && (item.set !== null || item.operator === "Null"),
  "plain operator on a list": ({ set, operator, isList }) => set === null && operator !== "Null" && isList,
  "seconds since the epoch beside a date": (item) =>
    item.operator.startsWith("Date") && anyPair(item, (given, wanted) => isEpoch(given) !== isEpoch(wanted)),
  "30 February": (item) => item.operator.startsWith("Date") && (item.given ?? []).includes("2026-02-30"),
  "a block of all addresses of version 4": (item) =>
    item.operator.endsWith("IpAddress") &&
    anyPair(item, (given, wanted) => wanted === "0.0.0.0/0" && given.includes(".")),
  "a single address of the other version": (item) =>
    item.operator === "NotIpAddress" &&
    anyPair(item, (given, wanted) => !wanted.includes("/") && given.includes(":") !== wanted.includes(":")),
  "two spellings of an address": (item) =>
    item.operator.endsWith("IpAddress") &&
    anyPair(
      item,
      (given, wanted) => given.includes(":ffff:") || (given === "2001:DB8:0:0::7" && wanted === "2001:db8::7"),
    ),
  "two spellings of bytes": (item) => item.operator === "BinaryEquals" && (item.given ?? []).includes("QR=="),
  "a value of the wrong kind": ({ operator, given }) => (given ?? []).some((value) => !isOfKind(operator, value)),
  "special variable where no wildcards are": ({ operator, wanted }) =>
    isText(operator) && !operator.endsWith("Like") && wanted.some((text) => /\$\{[*?$]\}/.test(text)),
  "neither key nor variable": ({ set, operator, ifExists, wanted, given, bind }) =>
    set === null && isNegated(operator) && !ifExists && given === null && wanted.some((text) => bind(text) === null),
  "a value that fits beside a variable without value": ({ operator, wanted, bind }) =>
    !isNegated(operator) && wanted.length > 1 && wanted.some((text) => bind(text) === null),
  "a variable under Bool that is no boolean": ({ operator, wanted, bind }) =>
    operator === "Bool" && wanted.some((text) => !isOfKind(operator, bind(text) ?? "")),
};

export const EMPTY_VARIABLE = "a variable with an empty value";

export interface WithoutDifferences {
  readonly names: ReadonlySet<string>;
  readonly question: Question;
}

export function withoutKnownDifferences(question: Question): WithoutDifferences {
  const names = new Set<string>();
  const { context } = question;
  const clean = (document: WrittenDocument): WrittenDocument => {
    const statements = [document.Statement].flat().flatMap((each) => {
      const replaced = replaceEmptyVariables(each, context);
      if (replaced !== each) names.add(EMPTY_VARIABLE);
      return cleanStatement(replaced, context, names) ?? [];
    });
    const nothing: WrittenStatement = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
    return { ...document, Statement: statements.length === 0 ? [nothing] : statements };
  };
  const cleaned = {
    ...question,
    identity: question.identity.map(clean),
    boundary: question.boundary === null ? null : clean(question.boundary),
    session: question.session?.map(clean) ?? null,
  };
  return { names, question: cleaned };
}

function cleanStatement(
  statement: WrittenStatement,
  context: RequestContext,
  names: Set<string>,
): WrittenStatement | null {
  const { Condition, ...rest } = statement;
  if (Condition === undefined) return statement;
  const kept: Record<string, Record<string, string | readonly string[]>> = {};
  for (const [name, keys] of Object.entries(Condition))
    for (const [key, written] of Object.entries(keys)) {
      const wanted = [written].flat().map(String);
      const item = readItem(name, key, wanted, context);
      const known = Object.entries(KNOWN_DIFFERENCES).flatMap(([difference, isAbout]) =>
        isAbout(item) ? [difference] : [],
      );
      for (const difference of known) names.add(difference);
      if (known.length === 0) (kept[name] ??= {})[key] = wanted;
      else if (!appliesAlone(statement.Effect, name, key, wanted, context)) return null;
    }
  return { ...rest, Condition: kept };
}

export function readItem(name: string, key: string, wanted: readonly string[], context: RequestContext): ConditionItem {
  const [, set = null, operator = name, ifExists] =
    /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name) ?? [];
  const given = valueOf(context, key);
  return {
    set: set as ConditionItem["set"],
    operator,
    ifExists: ifExists !== undefined,
    wanted,
    given: given === null ? null : [given].flat(),
    isList: typeof given === "object" && given !== null,
    bind(text) {
      let isBound = true;
      const bound = text.replaceAll(VARIABLE, (_, variable: string, fallback: string | undefined) => {
        const value = valueOf(context, variable);
        if (typeof value === "string") return value;
        isBound &&= fallback !== undefined;
        return fallback?.slice(", '".length, -1) ?? "";
      });
      return isBound ? bound : null;
    },
  };
}

/** What Gatehouse says when the statement has this condition only. */
function appliesAlone(
  effect: "Allow" | "Deny",
  name: string,
  key: string,
  wanted: readonly string[],
  context: RequestContext,
): boolean {
  const document = compileDocument({
    Version: "2012-10-17",
    Statement: { Effect: effect, Action: "*", Resource: "*", Condition: { [name]: { [key]: wanted } } },
  });
  const { effect: outcome } = evaluate(
    { action: "a:B", resource: "arn:aws:a:::b", context },
    { identity: [document], boundary: null },
  );
  return outcome !== "ImplicitlyDenied";
}

/** A variable whose key has an empty value is replaced by it; the other evaluator takes it for one without value. */
function replaceEmptyVariables(statement: WrittenStatement, context: RequestContext): WrittenStatement {
  const replace = (text: string): string =>
    text.replaceAll(VARIABLE, (variable: string, key: string) => {
      return valueOf(context, key) === "" ? "" : variable;
    });
  // The one other operator that takes variables is `Bool`, to which empty text is no value.
  const { Condition = {}, ...rest } = statement;
  const text = JSON.stringify({ ...rest, Condition });
  const replaced = JSON.stringify({
    ...(JSON.parse(replace(JSON.stringify(rest))) as WrittenStatement),
    Condition: Object.fromEntries(
      Object.entries(Condition).map(([name, keys]) => [
        name,
        name.includes("Bool") ? keys : (JSON.parse(replace(JSON.stringify(keys))) as typeof keys),
      ]),
    ),
  });
  return replaced === text ? statement : (JSON.parse(replaced) as WrittenStatement);
}

const VARIABLE = /\$\{([^*?$,}][^,}]*)(, '[^']*')?\}/g;

function valueOf(context: RequestContext, key: string): string | readonly string[] | null {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found?.[1] ?? null;
}

function isEpoch(text: string): boolean {
  return /^\d+$/.test(text);
}

function isOfKind(operator: string, value: string): boolean {
  if (operator.startsWith("Numeric")) return /^-?\d+(\.\d+)?$/.test(value);
  if (operator.startsWith("Date")) return /^\d{4}-|^\d+$/.test(value);
  if (operator === "Bool") return /^(true|false)$/i.test(value);
  if (operator === "BinaryEquals") return /^[A-Za-z0-9+/]+=*$/.test(value) && value.length % 4 === 0;
  if (operator.endsWith("IpAddress")) return /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$|^[1-9]\d*(\.\d+){3}$/.test(value);
  return !operator.startsWith("Arn") || value.startsWith("arn:");
}
