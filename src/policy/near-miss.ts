/**
 * For a refusal: what would change it, one sentence each, for the people who own the policy.
 * Not here: the decision itself. These sentences never take part in it and never reach the client.
 */
import { matchRoute } from "./compile-routes.ts";
import type { DecisionRequest } from "./decision.ts";
import { type RoleVerdict, judgeRole } from "./judge-role.ts";
import { listRoutes } from "./list-routes.ts";
import { METHODS, type Policy, type Role } from "./policy.ts";

const MAX_SENTENCES = 5;

/** Other methods, the same path without or with its last slash, the other exposure, an environment that exists. */
export function explainNoRoute(policy: Policy, unknownEnvironment: string | null, request: DecisionRequest): string[] {
  if (unknownEnvironment !== null) {
    const known = policy.environments.map((environment) => `\`${environment.name}\``).join(", ");
    return [`the policy has no environment \`${unknownEnvironment}\`, it has ${known}`];
  }
  const { exposure, method, path } = request;
  const routes = listRoutes(policy, exposure);
  const sentences: string[] = [];
  const others = METHODS.filter((other) => other !== method && matchRoute(routes, other, path) !== null);
  if (others.length > 0) sentences.push(`the path has a route for ${others.map((other) => `\`${other}\``).join(", ")}`);
  const twin = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
  if (twin !== "" && matchRoute(routes, method, twin) !== null)
    sentences.push(`\`${twin}\` has a route; a slash at the end makes another path`);
  const opposite = exposure === "public" ? "private" : "public";
  const elsewhere = matchRoute(listRoutes(policy, opposite), method, path);
  if (elsewhere !== null)
    sentences.push(`the ${opposite} service \`${elsewhere.route.service}\` has the route \`${elsewhere.route.key}\``);
  return sentences;
}

/** Memberships that would allow the permission, leaving out the roles that the caller holds anyway. */
export function explainMemberships(policy: Policy, permission: string, held: readonly Role[] = []): string[] {
  const sentences = policy.roles
    .filter((role) => !held.includes(role) && judgeRole(policy, role, permission, null).outcome === "allows")
    .flatMap(listMemberships);
  if (sentences.length <= MAX_SENTENCES) return sentences;
  const left = sentences.length - MAX_SENTENCES;
  return [...sentences.slice(0, MAX_SENTENCES), `${left} other membership${left === 1 ? "" : "s"} would allow it`];
}

/** What one role that the caller holds lacks. */
export function explainRole({ role, outcome }: RoleVerdict, permission: string, sourceIp: string): string[] {
  if (outcome === "condition-not-met")
    return [`role \`${role.name}\` would allow it ${fromBlocks(role)}, the request came from \`${sourceIp}\``];
  if (outcome === "outside-boundary")
    return [`role \`${role.name}\` would allow it if boundary \`${role.boundary}\` had \`${permission}\``];
  return [];
}

function listMemberships(role: Role): string[] {
  const { groups, subjects, clientIds } = role.members;
  const condition = role.when === null ? "" : ` ${fromBlocks(role)}`;
  return [
    ...groups.map((name) => `would be allowed in group \`${name}\`${condition}`),
    ...subjects.map((name) => `would be allowed for subject \`${name}\`${condition}`),
    ...clientIds.map((name) => `would be allowed for client \`${name}\`${condition}`),
  ];
}

function fromBlocks(role: Role): string {
  return `from ${(role.when?.sourceIp ?? []).map((block) => `\`${block}\``).join(" or ")}`;
}
