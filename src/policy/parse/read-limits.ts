/** Reads `throttle:`, `secrets:` and `guardrails:`. */
import { type Span, suggest } from "../../core/index.ts";
import { GUARDRAILS } from "../guardrails.ts";
import type { Environment, Policy, SecretSchedule, Waiver } from "../policy.ts";
import { KEYS } from "./keys.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { readDuration, readFields, readList, readNamed, readRate, readText } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** SOURCE: API Gateway quotas, account throttle of 10,000 requests per second with a burst of 5,000. */
const ACCOUNT_RATE = { ratePerSecond: 10_000, burst: 5000 };

export function readThrottle(report: Report, entry: Entry | null): Policy["throttle"] {
  const own = readThrottleOverride(
    report,
    entry?.value ?? null,
    entry?.keyAt ?? { file: report.file, start: 0, end: 0 },
  );
  return { default: own.default ?? ACCOUNT_RATE, perIdentity: own.perIdentity };
}

/** Null is what the policy says outside of the environment. */
export function readThrottleOverride(
  report: Report,
  tree: Tree | null,
  owner: Span,
): Environment["overrides"]["throttle"] {
  const fields = tree === null ? null : readFields(report, tree, "`throttle`", owner, KEYS.throttle);
  return {
    default: readRate(report, fields?.of("default") ?? null, "`default`"),
    perIdentity: readRate(report, fields?.of("per_identity") ?? null, "`per_identity`"),
  };
}

/** The secret by which assertions for services are signed. */
export const ASSERTION_KEY = "assertion-key";
/** Longer than any assertion lives, and than a service keeps keys. */
const LEAST_ASSERTION_OVERLAP_MS = DAY_MS;

export function readSecrets(report: Report, entry: Entry | null): SecretSchedule[] {
  if (entry === null) return [];
  const example = "login-client: { rotate: 90 days, overlap: 1 day }";
  return readNamed(report, entry.value, "`secrets`", "secret", { mayBeEmpty: true, example }).map((item) =>
    readSchedule(report, item),
  );
}

function readSchedule(report: Report, { key, keyAt, value }: Entry): SecretSchedule {
  const fields = readFields(report, value, `secret ${quote(key)}`, keyAt, KEYS.secret);
  const limits = { minMs: HOUR_MS, maxMs: 3650 * DAY_MS, range: "between 1 hour and 3650 days" };
  const rotateMs = readDuration(report, fields?.of("rotate") ?? null, "`rotate`", limits);
  const overlap = fields?.of("overlap") ?? null;
  const overlapMs = readDuration(report, overlap, "`overlap`", { ...limits, minMs: 0, range: "at most 3650 days" });
  if (rotateMs !== null && overlapMs !== null && overlapMs >= rotateMs)
    report.add("secret/overlap", overlap?.at ?? keyAt, "`overlap` is not shorter than `rotate`", {
      hint: "the old value ends before the next one comes",
    });
  else if (key === ASSERTION_KEY && overlapMs !== null && overlapMs < LEAST_ASSERTION_OVERLAP_MS)
    report.add("secret/assertion-overlap", overlap?.at ?? keyAt, "`overlap` of `assertion-key` is shorter than a day", {
      hint: "write `rotate: 30 days, overlap: 1 day`: services keep keys, and check what the old one signed",
    });
  return { name: key, rotateMs: rotateMs ?? 0, overlapMs: overlapMs ?? 0, at: keyAt };
}

/** The waivers of one file. */
export function readWaivers(report: Report, entry: Entry | null): Waiver[] {
  if (entry === null) return [];
  const fields = readFields(report, entry.value, "`guardrails`", entry.keyAt, KEYS.guardrails);
  const items = readList(report, fields?.of("waive") ?? null, "`waive`", { mayBeEmpty: true }) ?? [];
  return items.map((item) => readWaiver(report, item));
}

function readWaiver(report: Report, tree: Tree): Waiver {
  const owner: Span = tree.at;
  const fields = readFields(report, tree, "a waiver", owner, KEYS.waiver);
  const text = (key: "rule" | "reason" | "owner" | "for"): string | null =>
    readText(report, fields?.of(key) ?? null, `\`${key}\``)?.value ?? null;
  const rule = text("rule") ?? "";
  const known = Object.keys(GUARDRAILS);
  if (rule !== "" && !known.includes(rule))
    report.add("reference/rule", fields?.of("rule")?.at ?? owner, `there is no guardrail ${quote(rule)}`, {
      hint: () => suggest(rule, known),
    });
  return {
    rule,
    subject: text("for"),
    reason: text("reason") ?? "",
    owner: text("owner") ?? "",
    expiresAtMs: readExpiry(report, fields?.of("expiry") ?? null),
    at: owner,
  };
}

/** The end of the day in UTC. */
function readExpiry(report: Report, tree: Tree | null): number {
  const text = readText(report, tree, "`expiry`");
  if (text === null) return 0;
  const startMs = /^\d{4}-\d{2}-\d{2}$/.test(text.value) ? Date.parse(`${text.value}T00:00:00Z`) : Number.NaN;
  // Days that no month has are moved on by some engines instead of being refused.
  if (!Number.isNaN(startMs) && new Date(startMs).toISOString().startsWith(text.value)) return startMs + DAY_MS;
  report.add("waiver/expiry", text.at, `${quote(text.value)} is not a date`, {
    hint: "write year, month and day: `2027-01-31`",
  });
  return 0;
}
