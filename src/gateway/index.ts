/** The data plane: executes compiled artifacts on every request, between the edge and the services. */
export { type Gateway, type GatewayDeps, type GatewayStats, type PreparedRuntime, createGateway } from "./gateway.ts";
export type { GatewayLimits } from "./limits.ts";
export { type GatewayRuntime, throttledRates } from "./runtime.ts";
export { type ThrottleLayout, ThrottleMemory } from "./shared-throttle.ts";
export { RECORD_REASONS, ROAD_REASONS, type RecordReason, type RoadReason } from "./reasons.ts";
export type { CallRecord } from "./http-api/call-record.ts";
export { formatCallRecord } from "./http-api/call-record.ts";
export {
  type ApiGateway,
  type ApiGatewayDeps,
  type ApiGatewayStats,
  type ListenAddress,
  createApiGateway,
} from "./http-api/api-gateway.ts";
export { type SwitchName, type Switches, listSwitches, readSwitches } from "./http-api/switches.ts";
export { type IssuerCheck, checkIssuer } from "./http-api/jwt-check-issuer.ts";
export {
  type HeaderChange,
  type HeaderFate,
  type HeaderPassage,
  type HeaderStory,
  explainHeaders,
} from "./explain-headers.ts";
export { HEADER_REASONS, type HeaderReason } from "./header-reasons.ts";
