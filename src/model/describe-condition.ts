/**
 * The condition of a statement in words: those that Gatehouse writes as the policy would say them, any other as it is.
 * In: a condition block. Out: `from `10.0.0.0/8` and with claim `acr` `gold``; `without a condition` for none.
 */
import { canonicalJson, formatDuration } from "../core/index.ts";
import type { Statement } from "../iam/index.ts";
import { CURRENT_TIME_KEY, SOURCE_IP_KEY, TOKEN_AGE_KEY, readContextKey } from "./decision-context.ts";

export type ConditionBlock = NonNullable<Statement["Condition"]>;

/** One operator with one key. */
interface Part {
  /** Without what only spells the same operator otherwise (compile/iam-condition.ts). */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
  /** The operator as it is written. */
  readonly written: string;
}

const ORDER = ["source", "time", "hours", "path", "claim", "age", "other"] as const;
type Rank = (typeof ORDER)[number];

export function describeConditionBlock(block: ConditionBlock | null): string {
  if (block === null) return "without a condition";
  const parts = Object.entries(block).flatMap(([written, keys]) =>
    Object.entries(keys).map(([key, values]) => readPart(written, key, [values].flat())),
  );
  const said = describeParts(parts);
  return ORDER.flatMap((rank) => said.filter((one) => one.rank === rank).map(({ text }) => text)).join(" and ");
}

function readPart(written: string, key: string, values: readonly string[]): Part {
  const isPattern = values.some((value) => /[*?]/.test(value.replace(/\$\{[^}]*\}/g, "")));
  const plain = written.replace(/IfExists$/, "");
  const operator = isPattern ? plain : plain.replace(/StringLike$/, "StringEquals");
  return { operator, key, values, written };
}

function describeParts(parts: readonly Part[]): { rank: Rank; text: string }[] {
  const said: { rank: Rank; text: string }[] = [];
  const zones = new Map<string, { days?: readonly string[]; from?: string; to?: string }>();
  for (const part of parts) {
    const read = readContextKey(part.key);
    if (read?.kind === "weekday" && part.written === "StringEquals")
      zones.set(read.name, { ...zones.get(read.name), days: part.values });
    else if (read?.kind === "minute" && part.operator === "NumericGreaterThanEquals")
      zones.set(read.name, { ...zones.get(read.name), from: part.values[0] ?? "" });
    else if (read?.kind === "minute" && part.operator === "NumericLessThan")
      zones.set(read.name, { ...zones.get(read.name), to: part.values[0] ?? "" });
    else said.push(describePart(part));
  }
  for (const [zone, { days, from, to }] of zones) {
    const when = days === undefined ? "" : `on ${days.join(", ")} `;
    said.push({ rank: "hours", text: `${when}from ${showMinute(from)} to ${showMinute(to)} in ${zone}` });
  }
  return said;
}

function describePart({ operator, key, values, written }: Part): { rank: Rank; text: string } {
  const listed = values.map((value) => `\`${readLiteral(value)}\``).join(" or ");
  const first = values[0] ?? "";
  switch (`${operator} ${key}`) {
    case `IpAddress ${SOURCE_IP_KEY}`:
      return { rank: "source", text: `from ${listed}` };
    case `DateGreaterThanEquals ${CURRENT_TIME_KEY}`:
      return { rank: "time", text: `from ${showInstant(first)} on` };
    case `DateLessThan ${CURRENT_TIME_KEY}`:
      return { rank: "time", text: `before ${showInstant(first)}` };
    case `NumericLessThanEquals ${TOKEN_AGE_KEY}`:
      return { rank: "age", text: `with a token of at most ${formatDuration(Number(first) * 1000)}` };
  }
  const read = readContextKey(key);
  if (read?.kind === "path" && operator === "StringEquals")
    return { rank: "path", text: `with \`{${read.name}}\` ${listed}` };
  if (read?.kind === "weekday" && operator === "StringEquals")
    return { rank: "hours", text: `on ${values.join(", ")} in ${read.name}` };
  if (read?.kind === "claim" && operator === "ForAnyValue:StringEquals") {
    const parameter = readContextKey(/^\$\{([^}]+)\}$/.exec(first)?.[1] ?? "");
    return parameter?.kind === "path"
      ? { rank: "path", text: `with \`{${parameter.name}}\` equal to the caller's claim \`${read.name}\`` }
      : { rank: "claim", text: `with claim \`${read.name}\` ${listed}` };
  }
  return { rank: "other", text: `under \`${canonicalJson({ [written]: { [key]: values } })}\`` };
}

/** `${$}`, `${*}` and `${?}` are the characters themselves. */
function readLiteral(value: string): string {
  return value.replace(/\$\{([$*?])\}/g, "$1");
}

function showInstant(text: string): string {
  return text.replace("T00:00:00Z", "");
}

function showMinute(text: string | undefined): string {
  const minute = Number(text);
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
