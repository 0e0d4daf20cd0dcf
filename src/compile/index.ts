/** From a policy and an environment to what the engines execute. */
export { type CaddyConfig, type EdgeRuntime, bootstrapCaddy, compileCaddy } from "./caddy.ts";
export { type Compiled, compile, findCompileProblems } from "./compile.ts";
export {
  CAPABILITIES,
  CAPABILITY_TARGETS,
  type Capability,
  type CapabilityTarget,
  type Verdict,
} from "./capabilities.ts";
