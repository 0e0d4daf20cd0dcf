/** Which claims of tokens a policy asks for, so that identities carry these and no others. */
import { ACR_CLAIM } from "./authentication.ts";
import { listLeaves } from "./members.ts";
import type { Condition, Policy } from "./policy.ts";

/** Paths of the claims that members, conditions and routes ask for, in any environment, sorted. */
export function listUsedClaims(policy: Policy): string[] {
  const used = new Set<string>();
  const addCondition = (condition: Condition | null): void => {
    for (const { claim } of condition?.path ?? []) if (claim !== null) used.add(claim);
    for (const { claim } of condition?.claims ?? []) used.add(claim);
  };
  const overrides = policy.environments.flatMap((environment) => Object.values(environment.overrides.roles));
  for (const { members, when } of [...policy.roles, ...overrides]) {
    for (const leaf of members === null ? [] : listLeaves(members)) if (leaf.kind === "claim") used.add(leaf.claim);
    addCondition(when);
  }
  for (const role of policy.roles) for (const grant of role.can) addCondition(grant.when);
  const routes = policy.services.flatMap((service) => service.routes);
  if (routes.some(({ authentication }) => authentication !== null && authentication.acr.length > 0))
    used.add(ACR_CLAIM);
  return [...used].sort();
}
