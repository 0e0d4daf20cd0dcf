/** The routes that can answer on one listener for one host name, as one list. */
import type { Environment, Exposure, Policy, PolicyRoute, Service } from "./policy.ts";

const routeLists = new WeakMap<Policy, Map<string, readonly PolicyRoute[]>>();

/** The host name that a service answers for in an environment. */
export function hostOf(service: Service, environment: Environment): string {
  return Object.hasOwn(service.hosts, environment.name)
    ? (service.hosts[environment.name] ?? environment.domain)
    : environment.domain;
}

/** In the order of the policy; the same list each time for the same policy. */
export function listRoutes(
  policy: Policy,
  environment: Environment,
  exposure: Exposure,
  host: string,
): readonly PolicyRoute[] {
  let lists = routeLists.get(policy);
  if (lists === undefined) routeLists.set(policy, (lists = new Map()));
  const key = `${environment.name} ${exposure} ${host}`;
  let routes = lists.get(key);
  if (routes === undefined) {
    routes = policy.services
      .filter((service) => service.exposure === exposure && hostOf(service, environment) === host)
      .flatMap((service) => service.routes);
    // Hosts come from requests: what nobody answers for is not remembered.
    if (routes.length > 0) lists.set(key, routes);
  }
  return routes;
}
