/** The data plane: executes compiled artifacts on every request, between the edge and the services. */
export { type Gateway, type GatewayDeps, type GatewayStats, type PreparedRuntime, createGateway } from "./gateway.ts";
export type { GatewayLimits } from "./limits.ts";
export { type GatewayRuntime, throttledRates } from "./runtime.ts";
export { type ThrottleLayout, ThrottleMemory } from "./shared-throttle.ts";
export { RECORD_REASONS, ROAD_REASONS, type RecordReason, type RoadReason } from "./reasons.ts";
