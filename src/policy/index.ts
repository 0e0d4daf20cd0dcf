/** The language: what a policy file may say, whether it says it right, and what it means for one request. */
export type * from "./policy.ts";
export { METHODS, WEEKDAYS } from "./policy.ts";
export { describeAuthentication, isAuthenticated } from "./authentication.ts";
export { REASONS, type Caller, type Decision, type DecisionRequest, type Reason } from "./decision.ts";
export {
  type RouteFinder,
  type RouteMatch,
  type RoutePattern,
  type Router,
  captureParameters,
  compileRouteFinder,
  compileRoutes,
  matchRoute,
} from "./compile-routes.ts";
export { describeCondition } from "./condition.ts";
export { decide } from "./decide.ts";
export { type FormattedPolicy, formatPolicy } from "./format/format-policy.ts";
export { type Finding, type Guardrail, GUARDRAILS } from "./guardrails.ts";
export { inEnvironment } from "./in-environment.ts";
export { type RoleVerdict, judgeRole } from "./judge-role.ts";
export { hostOf, listRoutes } from "./list-routes.ts";
export { WAIVER_FINDINGS, lintPolicy } from "./lint-policy.ts";
export { describeMembers, isMember, listLeaves } from "./members.ts";
export { type NormalPath, normalizePath } from "./normalize-path.ts";
export { isPermission, isPermissionPattern, permissionMatches } from "./permission.ts";
export { type ParsedPolicy, parsePolicy } from "./parse/parse-policy.ts";
export { ASSERTION_KEY } from "./parse/read-limits.ts";
export type { ReadInclude } from "./parse/read-includes.ts";
export type * from "./policy-tests/policy-test.ts";
export { type ReadPolicyTests, labelOf, readPolicyTests } from "./policy-tests/read-policy-tests.ts";
export { code, joinWords, plain, plainCondition, plainMembers } from "./reach/code.ts";
export { createExampleFinder } from "./reach/cells.ts";
export type { AccessChange, ChangedRoute } from "./reach/diff-access.ts";
export { type PolicyDiff, type PolicyPlace, diffPolicies, widensAccess } from "./reach/diff-policies.ts";
export type { Example } from "./reach/prove.ts";
export type { SettingChange } from "./reach/setting-change.ts";
export {
  type Way,
  describeConditions,
  describeWay,
  leadsTo,
  leftToMeet,
  listWays,
  listWaysOfRole,
} from "./reach/ways.ts";
export { type RuleId, RULES } from "./rules.ts";
export { isAddressInBlocks } from "./source-address.ts";
export { listUsedClaims } from "./used-claims.ts";
export { policyJsonSchema } from "./schema/json-schema.ts";
