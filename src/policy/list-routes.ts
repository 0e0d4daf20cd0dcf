/** The routes that stand behind one listener, as one list. */
import type { Exposure, Policy, PolicyRoute } from "./policy.ts";

const routeLists = new WeakMap<Policy, Readonly<Record<Exposure, readonly PolicyRoute[]>>>();

/** The routes of one exposure in the order of the policy; the same list each time for the same policy. */
export function listRoutes(policy: Policy, exposure: Exposure): readonly PolicyRoute[] {
  let lists = routeLists.get(policy);
  if (lists === undefined) {
    const of = (wanted: Exposure): readonly PolicyRoute[] =>
      policy.services.filter((service) => service.exposure === wanted).flatMap((service) => service.routes);
    routeLists.set(policy, (lists = { public: of("public"), private: of("private") }));
  }
  return lists[exposure];
}
