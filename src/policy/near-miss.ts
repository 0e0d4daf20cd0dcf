/**
 * For a refusal: what would change it, one sentence each, for the people who own the policy.
 * Not here: the decision itself. These sentences never take part in it and never reach the client.
 */
import { matchRoute } from "./compile-routes.ts";
import { describeCondition } from "./condition.ts";
import type { DecisionRequest } from "./decision.ts";
import { type RoleVerdict, judgeRole } from "./judge-role.ts";
import { hostOf, listRoutes } from "./list-routes.ts";
import { describeMembers } from "./members.ts";
import { type Environment, type Exposure, METHODS, type Members, type Policy, type Role } from "./policy.ts";
import { permissionMatches } from "./permission.ts";
import { isReservedPath } from "./route-key.ts";

const MAX_SENTENCES = 5;

export function explainUnknownEnvironment(policy: Policy, name: string): string[] {
  const known = policy.environments.map((environment) => `\`${environment.name}\``).join(", ");
  return [`the policy has no environment \`${name}\`, it has ${known}`];
}

/** Other methods, the same path without or with its last slash, the other exposure, another host. */
export function explainNoRoute(policy: Policy, environment: Environment, request: DecisionRequest): string[] {
  const { exposure, host = environment.domain, method, path } = request;
  if (isReservedPath(path)) return ["`/_gatehouse` and what is below it belongs to the gateway"];
  const routes = listRoutes(policy, environment, exposure, host);
  const sentences: string[] = [];
  const others = METHODS.filter((other) => other !== method && matchRoute(routes, other, path) !== null);
  if (others.length > 0) sentences.push(`the path has a route for ${others.map((other) => `\`${other}\``).join(", ")}`);
  const twin = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
  if (twin !== "" && matchRoute(routes, method, twin) !== null)
    sentences.push(`\`${twin}\` has a route; a slash at the end makes another path`);
  const opposite: Exposure = exposure === "public" ? "private" : "public";
  const elsewhere = matchRoute(listRoutes(policy, environment, opposite, host), method, path);
  if (elsewhere !== null)
    sentences.push(`the ${opposite} service \`${elsewhere.route.service}\` has the route \`${elsewhere.route.key}\``);
  const hosts = new Set(policy.services.map((service) => hostOf(service, environment)));
  for (const other of hosts)
    if (other !== host && matchRoute(listRoutes(policy, environment, exposure, other), method, path) !== null)
      sentences.push(`host \`${other}\` has the route`);
  return sentences;
}

/** Memberships that would allow the permission, leaving out the roles that the caller holds anyway. */
export function explainMemberships(policy: Policy, permission: string, held: readonly Role[] = []): string[] {
  const sentences = policy.roles
    .filter((role) => !held.includes(role) && judgeRole(policy, role, permission, null).outcome === "allows")
    .flatMap((role) => listMemberships(role, permission));
  if (sentences.length <= MAX_SENTENCES) return sentences;
  const left = sentences.length - MAX_SENTENCES;
  return [...sentences.slice(0, MAX_SENTENCES), `${left} other membership${left === 1 ? "" : "s"} would allow it`];
}

/** What one role that the caller holds lacks. */
export function explainRole({ role, outcome, unmet }: RoleVerdict, permission: string): string[] {
  if (outcome === "condition-not-met") return [`role \`${role.name}\` would allow it ${unmet ?? ""}`];
  if (outcome === "outside-boundary")
    return [`role \`${role.name}\` would allow it if boundary \`${role.boundary}\` had \`${permission}\``];
  return [];
}

/** One sentence for each way into the role. */
function listMemberships(role: Role, permission: string): string[] {
  const when = describeWhen(role, permission);
  return waysInto(role.members).map((way) => `would be allowed ${way}${when}`);
}

function waysInto(members: Members): string[] {
  switch (members.kind) {
    case "any":
      return members.of.flatMap(waysInto);
    case "all":
    case "not":
      return [`to ${describeMembers(members)}`];
    default: {
      const preposition = members.kind === "groups" ? "in" : members.kind === "claim" ? "with" : "for";
      return members.values.map((value) => `${preposition} ${describeMembers({ ...members, values: [value] })}`);
    }
  }
}

/** The role's condition, and that of its first grant for the permission. */
function describeWhen(role: Role, permission: string): string {
  const grants = role.can.filter(({ value }) => permissionMatches(value, permission));
  const grant = grants.find(({ when }) => when === null) ?? grants[0];
  const conditions = [role.when, grant?.when ?? null].filter((condition) => condition !== null);
  return conditions.map((condition) => ` ${describeCondition(condition)}`).join(" and");
}
