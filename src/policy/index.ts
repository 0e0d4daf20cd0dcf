export type * from "./policy.ts";
export { METHODS } from "./policy.ts";
export { REASONS, type Caller, type Decision, type DecisionRequest, type Reason } from "./decision.ts";
