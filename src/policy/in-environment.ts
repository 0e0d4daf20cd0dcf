/**
 * The policy as it is in one environment: what the environment says differently is in its place.
 * Source: docs/spec/policy-language.md chapter 15.
 */
import type { Environment, Policy, PolicyRoute, Role, Service } from "./policy.ts";

const applied = new WeakMap<Policy, Map<string, Policy>>();

/** The same object each time for the same policy; the policy itself when the environment overrides nothing. */
export function inEnvironment(policy: Policy, environment: Environment): Policy {
  let known = applied.get(policy);
  if (known === undefined) applied.set(policy, (known = new Map()));
  let found = known.get(environment.name);
  if (found === undefined) known.set(environment.name, (found = apply(policy, environment)));
  return found;
}

function apply(policy: Policy, { overrides }: Environment): Policy {
  const { audience, issuers, login, throttle, cors, routes, roles } = overrides;
  const isSame =
    audience === null &&
    issuers === null &&
    login === null &&
    cors === null &&
    throttle.default === null &&
    throttle.perIdentity === null &&
    Object.keys(routes).length + Object.keys(roles).length === 0;
  if (isSame) return policy;
  return {
    ...policy,
    identity: {
      ...policy.identity,
      audience: audience ?? policy.identity.audience,
      issuers: policy.identity.issuers
        .filter(({ name }) => issuers === null || issuers.includes(name))
        .map((one) => (one.hasOwnAudience || audience === null ? one : { ...one, audience })),
      login: login ?? policy.identity.login,
    },
    throttle: {
      default: throttle.default ?? policy.throttle.default,
      perIdentity: throttle.perIdentity ?? policy.throttle.perIdentity,
    },
    cors: cors ?? policy.cors,
    services: policy.services.map((service) => overrideRoutes(service, routes)),
    roles: policy.roles.map((role) => overrideRole(role, roles)),
  };
}

function overrideRoutes(service: Service, routes: Environment["overrides"]["routes"]): Service {
  if (!service.routes.some(({ key }) => Object.hasOwn(routes, key))) return service;
  const change = (route: PolicyRoute): PolicyRoute => {
    const own = Object.hasOwn(routes, route.key) ? routes[route.key] : undefined;
    if (own === undefined) return route;
    return {
      ...route,
      throttle: own.throttle ?? route.throttle,
      timeoutMs: own.timeoutMs ?? route.timeoutMs,
      maxBodyBytes: own.maxBodyBytes ?? route.maxBodyBytes,
      retries: own.retries ?? route.retries,
    };
  };
  return { ...service, routes: service.routes.map(change) };
}

function overrideRole(role: Role, roles: Environment["overrides"]["roles"]): Role {
  const own = Object.hasOwn(roles, role.name) ? roles[role.name] : undefined;
  return own === undefined ? role : { ...role, members: own.members ?? role.members, when: own.when ?? role.when };
}
