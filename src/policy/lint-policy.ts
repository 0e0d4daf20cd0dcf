/**
 * Guardrails on a checked policy, with its waivers applied.
 * A waived finding stays visible as information with the waiver's words; a waiver that has ended, or that waives
 * nothing, is itself a finding. Neither of these can be waived.
 */
import { type Clock, type Diagnostic, systemClock } from "../core/index.ts";
import { GUARDRAILS } from "./guardrails.ts";
import type { Policy, Waiver } from "./policy.ts";

/** Findings about waivers themselves. */
export const WAIVER_FINDINGS = {
  "guardrail/waiver-expired": { severity: "warning", why: "what it waived is found again, and somebody has to decide" },
  "guardrail/waiver-unused": { severity: "warning", why: "it would hide a finding that nobody has looked at" },
} as const satisfies Record<`guardrail/${string}`, Pick<Diagnostic, "severity"> & { readonly why: string }>;

/** All findings in the order of the file. The clock says which waivers still hold. */
export function lintPolicy(policy: Policy, clock: Clock = systemClock): Diagnostic[] {
  const nowMs = clock.nowMs();
  const holding = policy.waivers.filter((waiver) => nowMs < waiver.expiresAtMs);
  const used = new Set<Waiver>();
  const found: Diagnostic[] = [];
  for (const [rule, { severity, fix, find }] of Object.entries(GUARDRAILS))
    for (const { subject, at, message } of find(policy)) {
      const waiver = holding.find((one) => one.rule === rule && (one.subject === null || one.subject === subject));
      if (waiver === undefined) found.push({ id: rule, severity, message, span: at, hint: fix });
      else {
        used.add(waiver);
        found.push({
          id: rule,
          severity: "info",
          message: `${message}; waived until ${lastDay(waiver)} by ${waiver.owner}: ${waiver.reason}`,
          span: at,
          related: [{ message: "the waiver", span: waiver.at }],
        });
      }
    }
  for (const waiver of policy.waivers)
    if (!holding.includes(waiver))
      found.push({
        id: "guardrail/waiver-expired",
        severity: WAIVER_FINDINGS["guardrail/waiver-expired"].severity,
        message: `the waiver of \`${waiver.rule}\` by ${waiver.owner} ended on ${lastDay(waiver)}`,
        span: waiver.at,
        hint: "correct what it waived and remove it, or decide again and set a new expiry",
      });
    else if (!used.has(waiver))
      found.push({
        id: "guardrail/waiver-unused",
        severity: WAIVER_FINDINGS["guardrail/waiver-unused"].severity,
        message: `the waiver of \`${waiver.rule}\` waives nothing`,
        span: waiver.at,
        hint: "remove it",
      });
  return found.toSorted((a, b) => a.span.start - b.span.start);
}

function lastDay(waiver: Waiver): string {
  return new Date(waiver.expiresAtMs - 1).toISOString().slice(0, 10);
}
