/**
 * What a route says about headers, in both directions.
 *
 * In: a route's artifact and integration. Out: what the passes over heads need.
 * Not here: the rest of a route (route-plan.ts), the passes themselves (request-head.ts, service-headers.ts,
 * response-head.ts).
 */
import type { IdentityField, Integration, RouteArtifact } from "../model/index.ts";
import { foldHeaderName, isOwnRequestHeader, isReservedName } from "./header-names.ts";
import { type HeaderRules, compileHeaderRules, isRequestRuleName, isResponseRuleName } from "./header-rules.ts";
import type { HeadRules } from "./request-head.ts";

export interface HeaderPlan {
  readonly headRules: HeadRules;
  /** Flat names and values that the policy adds to a request. */
  readonly requestHeaders: readonly string[];
  readonly responseRules: HeaderRules;
  readonly ownIdentityHeaders: readonly (readonly [name: string, field: IdentityField])[];
  /** The service sees the client's `Host`, else that of its own URL. */
  readonly keepsHost: boolean;
}

/** The plan, or the name of a header that is not for a rule of a policy. */
export function planHeaders(
  artifact: RouteArtifact,
  integration: Integration,
): HeaderPlan | { readonly refused: string } {
  const ownIdentityHeaders = Object.entries(artifact.identityHeaders);
  const identityNames = new Set(ownIdentityHeaders.map(([name]) => foldHeaderName(name)));
  const request = compileHeaderRules(artifact.requestHeaders, (name) => isRequestRuleName(name, identityNames));
  if ("refused" in request) return request;
  const responseRules = compileHeaderRules(artifact.responseHeaders, isResponseRuleName);
  if ("refused" in responseRules) return responseRules;
  return {
    headRules: headRules(artifact, identityNames, request.dropped),
    requestHeaders: request.set,
    responseRules,
    ownIdentityHeaders,
    keepsHost: integration.connectionType === "VPC_LINK",
  };
}

function headRules(
  { keepHeaders }: RouteArtifact,
  identityNames: ReadonlySet<string>,
  dropped: ReadonlySet<string> | null,
): HeadRules {
  const mayPass = (name: string): boolean => !identityNames.has(name) && dropped?.has(foldHeaderName(name)) !== true;
  const keep = new Set(
    keepHeaders.filter((name) => isReservedName(name) && !isOwnRequestHeader(name) && mayPass(name)),
  );
  // A service that verifies proofs itself needs both.
  if ((keepHeaders.includes("dpop") || keepHeaders.includes("authorization")) && mayPass("dpop")) keep.add("dpop");
  return {
    keepAuthorization: keepHeaders.includes("authorization") && mayPass("authorization"),
    keep: keep.size === 0 ? null : keep,
    identityNames: identityNames.size === 0 ? null : identityNames,
    dropped,
  };
}
