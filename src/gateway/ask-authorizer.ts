/**
 * What the roles of a runtime, and the route, say to a request of an identity, when it arrives and while it lasts.
 * How a caller signed in is asked last, and only of those whom a role lets in. Source: docs/spec PL-8.5, PL-8.8.
 */
import type { Identity } from "../identity/index.ts";
import { isAuthenticated } from "../policy/index.ts";
import type { Arrival } from "./arrival.ts";
import type { Authorization } from "./authorizer.ts";
import { type RoutePlan, STAGE } from "./route-plan.ts";
import type { Runtime } from "./runtime.ts";

export type RouteAuthorization =
  | Authorization
  | { readonly allowed: false; readonly reason: "authentication-needed"; readonly role: string };

/** @param atMs by which conditions on time are judged; how long ago somebody signed in counts when the request arrives */
export function askAuthorizer(
  runtime: Runtime,
  { method, path, sourceIp, atMs: arrivedAtMs }: Arrival,
  plan: RoutePlan,
  identity: Identity,
  atMs: number,
): RouteAuthorization {
  const said = runtime.authorizer.authorize(runtime.factsOf(identity).roleSet, {
    apiId: plan.apiId,
    stage: STAGE,
    method,
    path: path ?? "",
    routePath: plan.path,
    sourceIp,
    atMs,
    identity,
  });
  const { authentication } = plan;
  if (!said.allowed || authentication === null || isAuthenticated(authentication, identity, arrivedAtMs)) return said;
  return { allowed: false, reason: "authentication-needed", role: said.role };
}
