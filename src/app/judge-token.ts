/** Asks the running instance whether it would accept a token, and whose it is. */
import type { Caller } from "../policy/index.ts";
import { callControl } from "./control.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";

export type JudgedToken =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly reason: string; readonly meaning: string };

/** @throws GH_CONTROL_NOT_RUNNING */
export async function judgeToken(
  stateDir: string | undefined,
  policyFile: string | undefined,
  token: string,
): Promise<JudgedToken> {
  const paths = statePaths(stateDirOf(stateDir, policyFile));
  return (await callControl(paths.controlSocket, "judge", { token })) as JudgedToken;
}
