/** Asks the running instance whether it would accept a token, and whose it is. */
import { GatehouseError } from "../core/index.ts";
import type { Caller } from "../policy/index.ts";
import { callControl } from "./control.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";

/** `environment` is the one that runs: another one may not take the token, or take it for somebody else's. */
export type JudgedToken = { readonly environment: string } & (
  | {
      readonly ok: true;
      readonly caller: Caller;
      /** Names of the roles that it holds. */
      readonly roles: readonly string[];
    }
  | { readonly ok: false; readonly reason: string; readonly meaning: string }
);

/**
 * The token as the running environment takes it; `wanted` is the environment that is asked about, if one is named.
 *
 * @throws GH_CONTROL_NOT_RUNNING, GH_CLI_USAGE when another environment runs
 */
export async function judgeToken(
  stateDir: string | undefined,
  policyFile: string | undefined,
  wanted: string | undefined,
  token: string,
): Promise<JudgedToken> {
  const paths = statePaths(stateDirOf(stateDir, policyFile));
  const judged = (await callControl(paths.controlSocket, "judge", { token })) as JudgedToken;
  if (wanted === undefined || wanted === judged.environment) return judged;
  const problem = `\`${judged.environment}\` runs and can judge tokens for itself only; leave \`--env\` out, or give \`--claims\` for \`${wanted}\``;
  throw new GatehouseError("GH_CLI_USAGE", { problem });
}
