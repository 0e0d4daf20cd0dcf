/**
 * Guardrails on a checked policy, with its waivers applied.
 * A waived finding stays visible as information with the waiver's words; a waiver that has ended, that waives nothing
 * or that holds for years is itself a finding. None of these can be waived.
 * INVARIANT: a waiver of an included file covers nothing outside that file.
 */
import { type Clock, type Diagnostic, type Severity, systemClock } from "../core/index.ts";
import { type Finding, GUARDRAILS } from "./guardrails.ts";
import type { Policy, Waiver } from "./policy.ts";

interface WaiverFinding {
  readonly severity: Severity;
  readonly why: string;
  readonly fix: string;
}

/** Findings about waivers themselves. */
export const WAIVER_FINDINGS = {
  "guardrail/waiver-expired": {
    severity: "warning",
    why: "what it waived is found again, and somebody has to decide",
    fix: "correct what it waived and remove it, or decide again and set a new expiry",
  },
  "guardrail/waiver-unused": {
    severity: "warning",
    why: "it would hide a finding that nobody has looked at",
    fix: "remove it",
  },
  "guardrail/waiver-long": {
    severity: "warning",
    why: "an exception that nobody looks at for more than a year is a rule",
    fix: "set an expiry within a year, and decide again then",
  },
} as const satisfies Record<`guardrail/${string}`, WaiverFinding>;

const LONGEST_WAIVER_MS = 366 * 86_400_000;

/** All findings in the order of the file. The clock says which waivers still hold. */
export function lintPolicy(policy: Policy, clock: Clock = systemClock): Diagnostic[] {
  const nowMs = clock.nowMs();
  const holding = policy.waivers.filter((waiver) => nowMs < waiver.expiresAtMs);
  const used = new Set<Waiver>();
  const found: Diagnostic[] = [];
  for (const [rule, { severity, fix, find }] of Object.entries(GUARDRAILS))
    for (const finding of find(policy)) {
      const { subject, at, message, related = [] } = finding;
      const waiver = holding.find(
        (one) =>
          one.rule === rule && (one.subject === null || one.subject === subject) && reaches(policy, one, finding),
      );
      if (waiver === undefined)
        found.push({
          id: rule,
          severity,
          message,
          span: at,
          hint: finding.fix ?? fix,
          ...(related.length === 0 ? {} : { related }),
        });
      else {
        used.add(waiver);
        const { owner, reason } = waiver;
        const until = lastDay(waiver);
        found.push({
          id: rule,
          severity: "info",
          message: `${message}; waived until ${until} by ${owner}: ${reason}`,
          waived: { severity, message, owner, reason, until },
          span: at,
          related: [...related, { message: "the waiver", span: waiver.at }],
        });
      }
    }
  const addWaiver = (id: keyof typeof WAIVER_FINDINGS, waiver: Waiver, message: string): void => {
    const { severity, fix } = WAIVER_FINDINGS[id];
    found.push({ id, severity, message, span: waiver.at, hint: fix });
  };
  for (const waiver of policy.waivers) {
    const name = `the waiver of \`${waiver.rule}\``;
    if (!holding.includes(waiver))
      addWaiver("guardrail/waiver-expired", waiver, `${name} by ${waiver.owner} ended on ${lastDay(waiver)}`);
    else if (!used.has(waiver)) {
      const where = waiver.at.file === policy.file ? "" : " in its own file, and it reaches no other";
      addWaiver("guardrail/waiver-unused", waiver, `${name} waives nothing${where}`);
    } else if (waiver.expiresAtMs - nowMs > LONGEST_WAIVER_MS)
      addWaiver("guardrail/waiver-long", waiver, `${name} by ${waiver.owner} holds until ${lastDay(waiver)}`);
  }
  return found.toSorted((a, b) => a.span.start - b.span.start);
}

/**
 * Whether a waiver may cover a finding by where both stand: whoever owns an included file decides about that file alone,
 * and not about a finding that has another file's lines in it.
 */
function reaches(policy: Policy, { at: { file } }: Waiver, { at, related = [] }: Finding): boolean {
  return file === policy.file || [at, ...related.map(({ span }) => span)].every((place) => place.file === file);
}

function lastDay(waiver: Waiver): string {
  return new Date(waiver.expiresAtMs - 1).toISOString().slice(0, 10);
}
