/** The language: what a policy file may say, whether it says it right, and what it means for one request. */
export type * from "./policy.ts";
export { METHODS } from "./policy.ts";
export { REASONS, type Caller, type Decision, type DecisionRequest, type Reason } from "./decision.ts";
export {
  type RouteFinder,
  type RouteMatch,
  type RoutePattern,
  type Router,
  compileRouteFinder,
  compileRoutes,
  matchRoute,
} from "./compile-routes.ts";
export { decide } from "./decide.ts";
export { type Finding, type Guardrail, GUARDRAILS } from "./guardrails.ts";
export { WAIVER_FINDINGS, lintPolicy } from "./lint-policy.ts";
export { type NormalPath, normalizePath } from "./normalize-path.ts";
export { isPermission, isPermissionPattern, permissionMatches } from "./permission.ts";
export { type ParsedPolicy, parsePolicy } from "./parse/parse-policy.ts";
export { type RuleId, RULES } from "./rules.ts";
export { isAddressInBlocks } from "./source-address.ts";
