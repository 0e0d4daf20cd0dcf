/**
 * The condition operators of IAM: how one value of the policy is compared with one value of the request.
 *
 * In: operator name and policy value, at compile time. Out: a comparison that says yes, no, or null when the request's
 * value is not of the operator's kind and nothing can be said. Not here: sets, missing keys, negation (condition.ts).
 * Policy variables are for text, ARNs and `Bool`; to every other operator `${` is no value at all.
 * Source: IAM user guide, "IAM JSON policy elements: Condition operators".
 */
import { type Result, err, ok } from "../core/index.ts";
import { blockContains, parseAddress, parseBlock } from "./address.ts";
import { bindsArn, compileArnPattern, matchArn, splitArn } from "./arn.ts";
import { type Resolve, bindPattern, compilePattern, literalOf, matchPattern } from "./wildcard.ts";

/** `unbound` is a policy variable without a value. */
export type Compared = boolean | null | "unbound";
export type Comparison = (value: string, resolve: Resolve) => Compared;

/** The comparison with one value of the policy. Operators that take no policy variables do not look at `variables`. */
export type Prepare = (text: string, dialect: { readonly variables: boolean }) => Result<Comparison, string>;

export interface Operator {
  readonly negated: boolean;
  readonly prepare: Prepare;
}

const compareText =
  ({ wildcards, fold }: { readonly wildcards: boolean; readonly fold: boolean }): Prepare =>
  (text, { variables }) => {
    const compiled = compilePattern(text, { wildcards, variables });
    if (!compiled.ok) return compiled;
    const pattern = compiled.value;
    return ok((value, resolve) => {
      const bound = bindPattern(pattern, resolve);
      if (bound === null) return "unbound";
      if (!fold) return matchPattern(bound, value);
      return literalOf(bound)?.toLowerCase() === value.toLowerCase();
    });
  };

const compareArn: Prepare = (text, dialect) => {
  const compiled = compileArnPattern(text, dialect);
  if (!compiled.ok) return compiled;
  return ok((value, resolve) => {
    const arn = splitArn(value);
    if (arn !== null) return matchArn(compiled.value, arn, resolve) ?? "unbound";
    return bindsArn(compiled.value, resolve) ? null : "unbound";
  });
};

const compareBoolean: Prepare = (text, { variables }) => {
  const compiled = compilePattern(text, { wildcards: false, variables });
  if (!compiled.ok) return compiled;
  const pattern = compiled.value;
  if (!pattern.hasVariables && parseBoolean(literalOf(pattern) ?? "") === null)
    return err(`\`${text}\` is neither \`true\` nor \`false\``);
  return ok((value, resolve) => {
    const bound = bindPattern(pattern, resolve);
    if (bound === null) return "unbound";
    const [wanted, given] = [parseBoolean(literalOf(bound) ?? ""), parseBoolean(value)];
    return wanted === null || given === null ? null : wanted === given;
  });
};

/** Values of both sides are base64 for the bytes that are compared. */
const compareBinary: Prepare = (text) => {
  const wanted = parseBytes(text);
  if (wanted === null) return err(`\`${text}\` is not base64`);
  return ok((value) => {
    const given = parseBytes(value);
    return given === null ? null : given === wanted;
  });
};

const compareAddress: Prepare = (text) => {
  const block = parseBlock(text);
  if (block === null) return err(`\`${text}\` is not an IP address or CIDR block`);
  return ok((value) => {
    const address = parseAddress(value);
    return address === null ? null : blockContains(block, address);
  });
};

const compareOrdered =
  (parse: (text: string) => number | null, kind: string, test: (given: number, wanted: number) => boolean): Prepare =>
  (text) => {
    const wanted = parse(text);
    if (wanted === null) return err(`\`${text}\` is not a ${kind}`);
    return ok((value) => {
      const given = parse(value);
      return given === null ? null : test(given, wanted);
    });
  };

const equalText = compareText({ wildcards: false, fold: false });
const equalFolded = compareText({ wildcards: false, fold: true });
const likeText = compareText({ wildcards: true, fold: false });

function ordered(name: "Numeric" | "Date"): [string, Operator][] {
  const compare = (test: (given: number, wanted: number) => boolean): Prepare =>
    name === "Numeric" ? compareOrdered(parseNumber, "number", test) : compareOrdered(parseInstant, "date", test);
  const equal = compare((given, wanted) => given === wanted);
  return [
    [`${name}Equals`, { negated: false, prepare: equal }],
    [`${name}NotEquals`, { negated: true, prepare: equal }],
    [`${name}LessThan`, { negated: false, prepare: compare((given, wanted) => given < wanted) }],
    [`${name}LessThanEquals`, { negated: false, prepare: compare((given, wanted) => given <= wanted) }],
    [`${name}GreaterThan`, { negated: false, prepare: compare((given, wanted) => given > wanted) }],
    [`${name}GreaterThanEquals`, { negated: false, prepare: compare((given, wanted) => given >= wanted) }],
  ];
}

/** Every operator but `Null`, without prefix or suffix. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["StringEquals", { negated: false, prepare: equalText }],
  ["StringNotEquals", { negated: true, prepare: equalText }],
  ["StringEqualsIgnoreCase", { negated: false, prepare: equalFolded }],
  ["StringNotEqualsIgnoreCase", { negated: true, prepare: equalFolded }],
  ["StringLike", { negated: false, prepare: likeText }],
  ["StringNotLike", { negated: true, prepare: likeText }],
  ["ArnEquals", { negated: false, prepare: compareArn }],
  ["ArnLike", { negated: false, prepare: compareArn }],
  ["ArnNotEquals", { negated: true, prepare: compareArn }],
  ["ArnNotLike", { negated: true, prepare: compareArn }],
  ["Bool", { negated: false, prepare: compareBoolean }],
  ["BinaryEquals", { negated: false, prepare: compareBinary }],
  ["IpAddress", { negated: false, prepare: compareAddress }],
  ["NotIpAddress", { negated: true, prepare: compareAddress }],
  ...ordered("Numeric"),
  ...ordered("Date"),
]);

export function parseBoolean(text: string): boolean | null {
  const folded = text.toLowerCase();
  return folded === "true" ? true : folded === "false" ? false : null;
}

function parseNumber(text: string): number | null {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

/** One text for each sequence of bytes. */
function parseBytes(text: string): string | null {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return null;
  return Buffer.from(text, "base64").toString("base64");
}

const MONTH = /^\d{4}-\d{2}$/;
const INSTANT = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Milliseconds since the epoch, of seconds since the epoch or of a date in W3C's form of ISO 8601, from the month on: a
 * year by itself is a number of seconds.
 */
function parseInstant(text: string): number | null {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  if (MONTH.test(text)) return parseInstant(`${text}-01`);
  const day = INSTANT.exec(text)?.[1];
  if (day === undefined) return null;
  const milliseconds = Date.parse(text);
  // 2026-02-30 rolls over into March in Date.parse: a date that does not exist is not a date.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(milliseconds) || new Date(midnight).toISOString().slice(0, 10) !== day) return null;
  return milliseconds;
}
