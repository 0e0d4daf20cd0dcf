/** From a policy and an environment to what the engines execute. */
export { type CaddyConfig, type EdgeRuntime, bootstrapCaddy, compileCaddy } from "./caddy.ts";
export { type Compiled, compile } from "./compile.ts";
