/** A good policy, and how the cases of a guardrail edit it. */
import assert from "node:assert/strict";
import { SHOP } from "../../testing/shop-policy.ts";

export type Edits = readonly (readonly [from: string, to: string])[];

export interface GuardrailCases {
  /** Edits in which it finds something, with every line that it finds, without the fix. */
  readonly bad: readonly (readonly [edits: Edits, ...found: string[]])[];
  /** Edits close to these in which it finds nothing. */
  readonly good: readonly Edits[];
}

/** A policy in which no guardrail finds anything. */
export const CLEAN = SHOP.replace(/waive: \[.*\]/, "waive: []")
  .replace("can: [orders:*]", "can: [orders:read, orders:write]")
  .replace("local: {", "local: { private_network: [127.0.0.0/8],");

/** `CLEAN` with edits, each of a place that is there exactly once. */
export function editClean(...edits: Edits): string {
  return edits.reduce((text, [from, to]) => {
    const parts = text.split(from);
    assert.equal(parts.length, 2, from);
    return parts.join(to);
  }, CLEAN);
}

/** Other members of the role `bot`. */
export function botMembers(members: string): readonly [string, string] {
  return ["members: { client_id: [billing], subject: [robot-7] }", `members: ${members}`];
}

/** A workload issuer `ci`; everything below moves down by one line. */
export function ciIssuer(issuer: string, rest = ""): readonly [string, string] {
  return [
    "claims: { groups: groups, name: name }",
    `claims: { groups: groups, name: name }\n  issuers: { ci: { issuer: "${issuer}"${rest} } }`,
  ];
}
