/**
 * What a policy asks of a target, and where it does so.
 * Out: one use for each feature and place: a role for its members, a `when`, a service for what its routes have, the policy.
 * Private services are left out, because no target but Gatehouse itself ever sees them.
 */
import type { Span } from "../core/index.ts";
import {
  type Condition,
  type Environment,
  type Members,
  type Policy,
  type PolicyRoute,
  type Role,
  type Service,
  describeMembers,
} from "../policy/index.ts";
import type { Feature } from "./capabilities.ts";

export interface FeatureUse {
  readonly feature: Feature;
  /** What uses it: a role, a route, a service, the environment; in backticks where it has a name. */
  readonly subject: string;
  /** Of members: the part in words. */
  readonly part: string | null;
  readonly span: Span;
  /** Further places of the same use. */
  readonly others: readonly { readonly subject: string; readonly span: Span }[];
}

/** The largest body that API Gateway takes, which is the default of a route. */
const DEFAULT_BODY_BYTES = 10_485_760;

/** `policy` is the policy as it is in the environment. */
export function listUses(policy: Policy, environment: Environment): FeatureUse[] {
  const uses: FeatureUse[] = [];
  const add = (feature: Feature, subject: string, span: Span, part: string | null = null): void => {
    uses.push({ feature, subject, part, span, others: [] });
  };
  const whole = `environment \`${environment.name}\``;
  if (policy.services.some(needsRoles)) add("roles", whole, environment.at);
  for (const { name, at } of policy.identity.issuers) add("issuers", `issuer \`${name}\``, at);
  for (const { tokens } of [policy.identity, ...policy.identity.issuers])
    if (tokens !== null) add("tokens", whole, tokens.at);
  if (policy.cors !== null) add("cors", whole, policy.cors.at);
  add("throttle-default", whole, environment.at);
  if (policy.throttle.perIdentity !== null) add("throttle-identity", whole, environment.at);
  if (environment.privateNetwork.length > 0) add("private-network", whole, environment.at);
  for (const role of policy.roles) uses.push(...listRoleUses(role));
  for (const service of policy.services)
    if (service.exposure === "private") add("private", `service \`${service.name}\``, service.at);
    else uses.push(...listServiceUses(service, environment));
  return uses;
}

function needsRoles({ exposure, routes }: Service): boolean {
  return exposure === "public" && routes.some(({ access }) => access.kind === "needs");
}

function listRoleUses(role: Role): FeatureUse[] {
  const uses = new Map<string, FeatureUse>();
  const add = (feature: Feature, subject: string, span: Span, part: string | null): void => {
    const key = `${feature} ${span.file} ${span.start}`;
    if (!uses.has(key)) uses.set(key, { feature, subject, part, span, others: [] });
  };
  const holder = `role \`${role.name}\``;
  for (const members of listParts(role.members))
    add(FEATURE_OF_MEMBERS[members.kind], holder, role.at, describeMembers(firstValue(members)));
  const addCondition = (condition: Condition | null, subject: string): void => {
    if (condition !== null)
      for (const feature of listConditionFeatures(condition)) add(feature, subject, condition.at, null);
  };
  addCondition(role.when, holder);
  for (const grant of role.can) addCondition(grant.when, `${holder}, where it can \`${grant.value}\`,`);
  return [...uses.values()];
}

const FEATURE_OF_MEMBERS = {
  groups: "member-groups",
  subject: "member-subject",
  client: "member-client",
  claim: "member-claim",
  any: "member-any",
  all: "member-all",
  not: "member-not",
} as const satisfies Record<Members["kind"], Feature>;

/** The expression and all expressions in it. */
function listParts(members: Members): Members[] {
  if (members.kind === "all" || members.kind === "any") return [members, ...members.of.flatMap(listParts)];
  return members.kind === "not" ? [members, ...listParts(members.of)] : [members];
}

/** One value speaks for all. */
function firstValue(members: Members): Members {
  return "values" in members ? { ...members, values: members.values.slice(0, 1) } : members;
}

function listConditionFeatures(condition: Condition): Feature[] {
  const { sourceIp, afterMs, beforeMs, hours, path, claims, tokenAgeMs } = condition;
  const parts: [Feature, boolean][] = [
    ["when-source-ip", sourceIp !== null],
    ["when-time", afterMs !== null || beforeMs !== null],
    ["when-hours", hours !== null],
    ["when-path", path.length > 0],
    ["when-claim", claims.length > 0],
    ["when-token-age", tokenAgeMs !== null],
  ];
  return parts.flatMap(([feature, isUsed]) => (isUsed ? feature : []));
}

function listServiceUses(service: Service, environment: Environment): FeatureUse[] {
  const { keep, identity, request, response } = service.headers;
  const ofService: [Feature, boolean][] = [
    ["login", service.login],
    ["host", Object.hasOwn(service.hosts, environment.name)],
    ["base-path", service.basePath !== ""],
    ["keep", keep.some((name) => name !== "authorization")],
    ["keep-authorization", keep.includes("authorization")],
    ["identity-headers", Object.keys(identity).length > 0],
    ["request-headers", Object.keys(request.set).length + request.remove.length > 0],
    ["response-headers", Object.keys(response.set).length + response.remove.length > 0],
  ];
  const uses = ofService.flatMap(([feature, isUsed]): FeatureUse[] =>
    isUsed ? [{ feature, subject: `service \`${service.name}\``, part: null, span: service.at, others: [] }] : [],
  );
  const ofRoutes: [Feature, (route: PolicyRoute) => boolean][] = [
    ["open", ({ access }) => access.kind === "open"],
    ["authentication", ({ authentication }) => authentication !== null],
    ["throttle", ({ throttle }) => throttle !== null],
    ["timeout", ({ timeoutMs }) => timeoutMs < 30_000],
    ["body", ({ maxBodyBytes }) => maxBodyBytes < DEFAULT_BODY_BYTES],
    ["streaming", ({ streaming }) => streaming],
    ["websocket", ({ websocket }) => websocket],
    ["retries", ({ retries }) => retries > 0],
  ];
  for (const [feature, isUsed] of ofRoutes) {
    const [first, ...others] = service.routes
      .filter(isUsed)
      .map(({ key, at }) => ({ subject: `route \`${key}\``, span: at }));
    if (first !== undefined) uses.push({ feature, ...first, part: null, others });
  }
  return uses;
}
