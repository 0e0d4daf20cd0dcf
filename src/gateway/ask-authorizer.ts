/** What the roles of a runtime say to a request of an identity, when it arrives and while it lasts. */
import type { Identity } from "../identity/index.ts";
import type { Arrival } from "./arrival.ts";
import type { Authorization } from "./authorizer.ts";
import { type RoutePlan, STAGE } from "./route-plan.ts";
import type { Runtime } from "./runtime.ts";

/** @param atMs by which conditions on time are judged */
export function askAuthorizer(
  runtime: Runtime,
  { method, path, sourceIp }: Arrival,
  plan: RoutePlan,
  identity: Identity,
  atMs: number,
): Authorization {
  return runtime.authorizer.authorize(runtime.factsOf(identity).roleSet, {
    apiId: plan.apiId,
    stage: STAGE,
    method,
    path: path ?? "",
    routePath: plan.path,
    sourceIp,
    atMs,
    identity,
  });
}
