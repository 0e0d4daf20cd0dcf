/** Reads `when:`: the circumstances in which a role or a grant holds. */
import { type Span, isTimeZone, suggest } from "../../core/index.ts";
import {
  type ClaimCondition,
  type Condition,
  type Hours,
  type Located,
  type PathCondition,
  WEEKDAYS,
  type Weekday,
} from "../policy.ts";
import { KEYS } from "./keys.ts";
import { readBlocks } from "./read-blocks.ts";
import type { Entry, Tree } from "./read-tree.ts";
import {
  checkText,
  looksLikePattern,
  readDuration,
  readFields,
  readInstant,
  readSpelling,
  readText,
  readTexts,
  readValues,
} from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const DAY_MS = 86_400_000;
const TOKEN_AGE = { minMs: 1000, maxMs: 30 * DAY_MS, range: "between 1 second and 30 days" };
const CLAIM_PREFIX = "claim:";

/** Null when there is none. A part that could not be read never holds, but then there is no policy either. */
export function readCondition(report: Report, tree: Tree | null, owner: Span): Condition | null {
  const fields = tree === null ? null : readFields(report, tree, "`when`", owner, KEYS.when);
  if (tree === null || fields === null) return null;
  if (tree.kind === "mapping" && tree.entries.length === 0)
    report.add("parse/empty-mapping", owner, "`when` is empty", {
      hint: "add `source_ip: [10.0.0.0/16]`, or remove it",
    });
  const sourceIp = fields.of("source_ip");
  const after = readInstant(report, fields.of("after"), "`after`");
  const before = readInstant(report, fields.of("before"), "`before`");
  if (after !== null && before !== null && after >= before)
    report.add("condition/never", fields.of("before")?.at ?? owner, "`before` is not later than `after`", {
      hint: "no time is both; write a later `before`",
    });
  return {
    sourceIp: sourceIp === null ? null : readBlocks(report, sourceIp, "`source_ip`"),
    afterMs: after,
    beforeMs: before,
    hours: readHours(report, fields.of("hours"), fields.keyAt("hours")),
    path: readPath(report, fields.of("path")),
    claims: [
      ...readClaims(report, fields.of("claim")),
      ...(["acr", "amr"] as const).flatMap((claim) => readClaimList(report, fields.of(claim), claim)),
    ],
    tokenAgeMs: readDuration(report, fields.of("token_age"), "`token_age`", TOKEN_AGE),
    at: owner,
  };
}

function readHours(report: Report, tree: Tree | null, owner: Span): Hours | null {
  const fields = tree === null ? null : readFields(report, tree, "`hours`", owner, KEYS.hours);
  if (fields === null) return null;
  const from = readMinute(report, fields.of("from"), "`from`");
  const to = readMinute(report, fields.of("to"), "`to`");
  if (from !== null && to !== null && from >= to)
    report.add("condition/never", fields.of("to")?.at ?? owner, "`to` is not later than `from`", {
      hint: 'a time over midnight is two roles or grants, one up to `"24:00"` and one from `"00:00"`',
    });
  const zone = readText(report, fields.of("zone"), "`zone`");
  if (zone !== null && !report.isFull() && !isTimeZone(zone.value))
    report.add("condition/zone", zone.at, `${quote(zone.value)} is not a time zone`, {
      hint: "write a name of the IANA database, for example `Europe/Berlin` or `UTC`",
    });
  const days = fields.of("days") === null ? WEEKDAYS : readDays(report, fields.of("days"));
  return { days, fromMinute: from ?? 0, toMinute: to ?? 1440, zone: zone?.value ?? "UTC" };
}

function readDays(report: Report, tree: Tree | null): Weekday[] {
  return readTexts(report, tree, "`days`", { mayBeEmpty: false }).flatMap(({ value, at }) => {
    const day = WEEKDAYS.find((known) => known === value);
    if (day === undefined)
      report.add("parse/choice", at, `${quote(value)} is not a day of the week`, {
        hint: () => suggest(value, WEEKDAYS),
      });
    return day ?? [];
  });
}

/** Minutes since midnight; `24:00` is the end of the day. */
function readMinute(report: Report, tree: Tree | null, what: string): number | null {
  const text = readSpelling(report, tree, what);
  if (text === null) return null;
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(text.value) ?? [];
  const total = Number(hour) * 60 + Number(minute);
  if (hour !== undefined && Number(minute) < 60 && total <= 1440) return total;
  report.add("condition/hours", text.at, `${quote(text.value)} is not a time of day`, {
    hint: 'write hours and minutes in quotes: `"08:00"`, `"24:00"` for the end of the day',
  });
  return null;
}

/** Where the parameter of a condition stands; the policy itself has no use for it. */
const parameterPlaces = new WeakMap<PathCondition, Span>();

export function placeOfParameter(condition: PathCondition, otherwise: Span): Span {
  return parameterPlaces.get(condition) ?? otherwise;
}

function readPath(report: Report, tree: Tree | null): PathCondition[] {
  return readUserKeys(report, tree, "`path`", "write `{ customer: claim:sub }` or `{ region: [eu, us] }`").map(
    ({ key, keyAt, value }) => {
      const condition = readPathValue(report, key, value);
      parameterPlaces.set(condition, keyAt);
      return condition;
    },
  );
}

function readPathValue(report: Report, key: string, value: Tree): PathCondition {
  const text =
    value.kind === "text" && value.text.startsWith(CLAIM_PREFIX) ? readText(report, value, quote(key)) : null;
  if (text === null) return { parameter: key, values: readWholeValues(report, value, quote(key)), claim: null };
  const claim = text.value.slice(CLAIM_PREFIX.length);
  if (claim.trim() === "")
    report.add("parse/empty-text", text.at, `${quote(key)} names no claim`, { hint: "write for example `claim:sub`" });
  return { parameter: key, values: null, claim };
}

function readClaims(report: Report, tree: Tree | null): ClaimCondition[] {
  return readUserKeys(report, tree, "`claim`", "write `{ email_verified: true }` or `{ plan: [gold, silver] }`").map(
    ({ key, value }) => ({ claim: key, values: readWholeValues(report, value, quote(key)) }),
  );
}

function readClaimList(report: Report, tree: Tree | null, claim: string): ClaimCondition[] {
  if (tree === null) return [];
  const values = readTexts(report, tree, `\`${claim}\``, { mayBeEmpty: false });
  return [{ claim, values: checkWhole(report, values) }];
}

function readWholeValues(report: Report, tree: Tree, what: string): readonly string[] {
  return checkWhole(report, readValues(report, tree, what));
}

/** Values are compared whole: who writes a pattern means something that does not happen. */
function checkWhole(report: Report, values: readonly Located<string>[]): readonly string[] {
  for (const { value, at } of values)
    if (looksLikePattern(value))
      report.add("condition/never", at, `${quote(value)} is compared whole, as no pattern`, {
        hint: "write each value that is meant",
      });
  return values.map(({ value }) => value);
}

/** The entries of a mapping whose keys are claims or parameters. */
function readUserKeys(report: Report, tree: Tree | null, what: string, hint: string): readonly Entry[] {
  if (tree === null) return [];
  if (tree.kind !== "mapping") {
    report.add("parse/expected-mapping", tree.at, `${what} is not a mapping of names to values`, { hint });
    return [];
  }
  if (tree.entries.length === 0) report.add("parse/empty-mapping", tree.at, `${what} is empty`, { hint });
  return tree.entries.filter(({ key, keyAt }) => checkText(report, key, keyAt, `a key of ${what}`));
}
