/** What a policy means in one environment, in plain JSON, and how two such meanings differ. */
export { type AccessLogFormat, type LogFormatProblem, parseAccessLogFormat } from "./access-log-format.ts";
export type * from "./account.ts";
export { type AccountProblem, type AccountProblemCode, ACCOUNT_PROBLEMS } from "./account-problems.ts";
export type * from "./artifacts.ts";
export { documentForAws } from "./aws-document.ts";
export { canonicalCondition, canonicalHttpApi, digestArtifacts, digestHttpApi, sortBy } from "./canonical.ts";
export { checkAccount, partitionOfRegion } from "./check-account.ts";
export { providerArn } from "./check-account-roles.ts";
export { type Change, renderChanges } from "./change.ts";
export {
  type ContextMoment,
  type ContextVariable,
  type ContextVariableName,
  CONTEXT_VARIABLES,
  findContextVariable,
} from "./context-variables.ts";
export {
  type DecisionFacts,
  CURRENT_TIME_KEY,
  SOURCE_IP_KEY,
  TOKEN_AGE_KEY,
  claimKey,
  contextOf,
  minuteKey,
  pathKey,
  readContextKey,
  weekdayKey,
} from "./decision-context.ts";
export { diffArtifacts } from "./diff-artifacts.ts";
export type * from "./http-api.ts";
export { canonicalHttpRouteKey, parametersOfKey, readRouteKey, routeTakes } from "./http-route-key.ts";
export {
  type MappingProblem,
  type ParameterChange,
  type RequestMapping,
  type ResponseMapping,
  RESERVED_HEADERS,
  isReservedHeader,
  parseRequestParameters,
  parseResponseParameters,
} from "./parameter-mapping.ts";
export type { JsonStep } from "./parameter-mapping-json-path.ts";
export { type MappingValue, type Selection, parseValue } from "./parameter-mapping-value.ts";
export { integrationIdOf, stableId } from "./stable-id.ts";
export { ACCOUNT_THROTTLE, rateOfSettings } from "./throttle-settings.ts";
