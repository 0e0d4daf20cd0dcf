/** Caddy: found, started, kept running, and programmed through its admin API. */
export { type AdminApi, createAdminApi } from "./admin-api.ts";
export { applyConfig } from "./apply-config.ts";
export { type AttachedCaddy, attachCaddy } from "./attach-caddy.ts";
export { type CaddyEnd, type CaddyProcess, type CaddyStart, startCaddy } from "./caddy-process.ts";
export { MINIMUM_CADDY, isGoodEnough, parseCaddyVersion } from "./caddy-version.ts";
export { type FoundCaddy, findCaddy } from "./find-caddy.ts";
export { findLoopbackAddresses } from "./loopback.ts";
export { type EdgeEvent, type SuperviseOptions, type SupervisedCaddy, superviseCaddy } from "./supervise-caddy.ts";
