/**
 * Whether a condition (`when:`) holds for one request of one caller.
 * INVARIANT: total; what is not known (an address, a time, a claim, a parameter) makes the part that asks for it fail.
 * Source: docs/spec/policy-language.md chapter 13.
 */
import { formatDuration, localTime } from "../core/index.ts";
import type { Caller } from "./decision.ts";
import { claimOf } from "./members.ts";
import type { Condition, Hours, PathCondition } from "./policy.ts";
import { isAddressInBlocks } from "./source-address.ts";

/** What a condition may ask about. */
export interface Circumstances {
  readonly caller: Caller;
  readonly sourceIp: string;
  readonly atMs: number | null;
  /** Path parameters of the route that answers, by name. */
  readonly params: Readonly<Record<string, string>>;
}

/** The first part that does not hold, in words; null when the whole condition holds. */
export function findUnmet(condition: Condition, now: Circumstances): string | null {
  const { sourceIp, afterMs, beforeMs, hours, path, claims, tokenAgeMs } = condition;
  if (sourceIp !== null && !isAddressInBlocks(now.sourceIp, sourceIp))
    return `${describeBlocks(sourceIp)}, the request came from \`${now.sourceIp}\``;
  if (afterMs !== null && !(now.atMs !== null && now.atMs >= afterMs)) return `from ${formatInstant(afterMs)} on`;
  if (beforeMs !== null && !(now.atMs !== null && now.atMs < beforeMs)) return `before ${formatInstant(beforeMs)}`;
  if (hours !== null && !isWithinHours(hours, now.atMs)) return describeHours(hours);
  const unmetPath = path.find((part) => !pathHolds(part, now));
  if (unmetPath !== undefined) return describePath(unmetPath);
  for (const { claim, values } of claims)
    if (!claimOf(now.caller, claim).some((value) => values.includes(value))) return describeClaim(claim, values);
  if (tokenAgeMs !== null && !isYoung(now, tokenAgeMs)) return describeAge(tokenAgeMs);
  return null;
}

function isWithinHours({ days, fromMinute, toMinute, zone }: Hours, atMs: number | null): boolean {
  const local = atMs === null ? null : localTime(atMs, zone);
  if (local === null) return false;
  return days.some((day) => day === local.weekday) && local.minute >= fromMinute && local.minute < toMinute;
}

function pathHolds({ parameter, values, claim }: PathCondition, { caller, params }: Circumstances): boolean {
  const given = Object.hasOwn(params, parameter) ? params[parameter] : undefined;
  if (given === undefined) return false;
  return values !== null ? values.includes(given) : claim !== null && claimOf(caller, claim).includes(given);
}

/** In whole seconds, as `iat` is: a token is `tokenAge` old until the next second begins. */
function isYoung({ caller, atMs }: Circumstances, limitMs: number): boolean {
  const issuedAt = caller.issuedAtSeconds ?? null;
  return (
    issuedAt !== null && atMs !== null && Math.floor(atMs / 1000) - Math.floor(issuedAt) <= Math.floor(limitMs / 1000)
  );
}

/** Every part of a condition in words, joined by `and`. */
export function describeCondition(condition: Condition): string {
  const { sourceIp, afterMs, beforeMs, hours, path, claims, tokenAgeMs } = condition;
  return [
    ...(sourceIp === null ? [] : [describeBlocks(sourceIp)]),
    ...(afterMs === null ? [] : [`from ${formatInstant(afterMs)} on`]),
    ...(beforeMs === null ? [] : [`before ${formatInstant(beforeMs)}`]),
    ...(hours === null ? [] : [describeHours(hours)]),
    ...path.map(describePath),
    ...claims.map(({ claim, values }) => describeClaim(claim, values)),
    ...(tokenAgeMs === null ? [] : [describeAge(tokenAgeMs)]),
  ].join(" and ");
}

function describeBlocks(blocks: readonly string[]): string {
  return `from ${blocks.map((block) => `\`${block}\``).join(" or ")}`;
}

function describeHours({ days, fromMinute, toMinute, zone }: Hours): string {
  return `on ${days.join(", ")} from ${formatMinute(fromMinute)} to ${formatMinute(toMinute)} in ${zone}`;
}

function describePath({ parameter, values, claim }: PathCondition): string {
  if (values === null) return `with \`{${parameter}}\` equal to the caller's claim \`${claim}\``;
  return `with \`{${parameter}}\` ${values.map((value) => `\`${value}\``).join(" or ")}`;
}

function describeClaim(claim: string, values: readonly string[]): string {
  return `with claim \`${claim}\` ${values.map((value) => `\`${value}\``).join(" or ")}`;
}

function describeAge(ms: number): string {
  return `with a token of at most ${formatDuration(ms)}`;
}

export function formatInstant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z").replace("T00:00:00Z", "");
}

function formatMinute(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
