/**
 * What the environment's target does not hold up of what the policy uses, as findings from the table (capabilities.ts).
 * `no` is an error where it is used. `edge` is told for conditions only, because these decide who gets in: as
 * information where the broker alone has credentials of AWS, as a warning where callers can get them themselves.
 */
import type { Diagnostic } from "../core/index.ts";
import type { Environment, Policy } from "../policy/index.ts";
import { CAPABILITIES, type Capability, type CapabilityTarget, capabilityTargetOf } from "./capabilities.ts";
import { type FeatureUse, listUses } from "./used-features.ts";

const SHOWN_PLACES = 4;

/** `policy` is the policy as it is in the environment. */
export function checkCapabilities(policy: Policy, environment: Environment): Diagnostic[] {
  const target = capabilityTargetOf(environment);
  if (target === "embedded") return [];
  return listUses(policy, environment).flatMap((use) => {
    const capability: Capability = CAPABILITIES[use.feature];
    const verdict = capability.verdicts[target];
    if (verdict === "no") return describeMissing(use, capability, target);
    return verdict === "edge" && capability.group === "condition" ? describeEdge(use, capability, target) : [];
  });
}

function describeMissing(use: FeatureUse, capability: Capability, target: CapabilityTarget): Diagnostic[] {
  const { feature, subject, part, span, others } = use;
  const { group, what, clause, why, wayOut } = capability;
  const finding = { severity: "error", span, ...(wayOut === null ? {} : { hint: wayOut }) } as const;
  if (feature === "roles") return [{ id: "compile/role-not-enforceable-by-jwt", message: why, ...finding }];
  // Where roles cannot be held up at all, that is the one thing to say about them.
  if (group !== "other" && target === "aws-jwt") return [];
  if (group === "members") {
    const message = `${subject} is held by ${part ?? what}, and ${why}`;
    return [{ id: "compile/role-not-enforceable-by-iam", message, ...finding }];
  }
  const related = others.slice(0, SHOWN_PLACES).map((place) => ({ message: `${place.subject} too`, span: place.span }));
  if (others.length > SHOWN_PLACES) related.push({ message: `and ${others.length - SHOWN_PLACES} more`, span });
  return [
    {
      id: "compile/not-expressible",
      message: `${subject} uses ${what} (${clause}), and ${why}`,
      ...finding,
      ...(related.length === 0 ? {} : { related }),
    },
  ];
}

function describeEdge(
  { feature, subject, span }: FeatureUse,
  capability: Capability,
  target: CapabilityTarget,
): Diagnostic {
  const { what, clause, why } = capability;
  if (feature === "when-source-ip")
    return {
      id: "compile/source-ip-of-the-edge",
      severity: "info",
      message: `${subject} depends on ${what}, and ${why}`,
      span,
      hint: "the edge decides on the caller's address before; list its own address as well, so that AWS lets it pass",
    };
  return {
    id: "compile/decided-at-the-edge",
    severity: target === "aws-iam-direct" ? "warning" : "info",
    message: `${subject} depends on ${what} (${clause}), and ${why}`,
    span,
    hint:
      target === "aws-iam-direct"
        ? "Gatehouse decides it before AWS is called, but members can call AWS themselves; write `federation: brokered`"
        : "Gatehouse decides it before AWS is called; nobody else has credentials of the role",
  };
}
