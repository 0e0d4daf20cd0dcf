/** Ids that AWS would make up, made from what they stand for: the same file gives the same ids each time. */
import { hash } from "node:crypto";
import { canonicalHttpRouteKey } from "./http-route-key.ts";

/** Ten of `a-z0-9`, as API Gateway's own; `kind` keeps a route and an authorizer of one name apart. */
export function stableId(kind: "api" | "route" | "integration" | "authorizer", what: string): string {
  const bits = BigInt(`0x${hash("sha256", `${kind}\n${what}`, "hex").slice(0, 16)}`);
  return bits.toString(36).padStart(10, "0").slice(-10);
}

/** Of an integration, which has no name: from the first of the routes that lead to it, whatever order they are in. */
export function integrationIdOf(routeKeys: readonly string[]): string {
  const [first = ""] = routeKeys.map(canonicalHttpRouteKey).toSorted();
  return stableId("integration", first);
}
