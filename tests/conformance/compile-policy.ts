/** What parser and compiler say about a policy, by rule. Guardrails are about what is wise, not about what AWS takes. */
import { findCompileProblems } from "../../src/compile/index.ts";
import { parsePolicy } from "../../src/policy/index.ts";

export function findPolicyFindings(text: string, environment: string): readonly string[] {
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text, () => ({
    ok: false,
    reason: "there is none",
  }));
  const found = [...diagnostics];
  if (policy !== null) found.push(...findCompileProblems(policy, environment, sources));
  return found.map(({ id }) => id);
}
