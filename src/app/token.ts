/**
 * A token for a person or client: from the embedded provider of the running instance, or by device login from a real one.
 * Nothing is kept: the token is handed out and forgotten.
 */
import { GatehouseError, type Reporter } from "../core/index.ts";
import { deviceLogin } from "../identity/index.ts";
import { callControl } from "./control.ts";
import { isLoaded, loadEnvironment, stateDirOf } from "./load-policy.ts";
import { readInstance, statePaths } from "./state.ts";

export interface TokenRequest {
  readonly as?: string | undefined;
  readonly stateDir?: string | undefined;
  /** Public client for device login at a real provider; by default the policy's sign-in client. */
  readonly clientId?: string | undefined;
}

export interface IssuedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/** @throws GH_CONTROL_NOT_RUNNING, GH_APP_UNKNOWN_NAME, GH_CLI_USAGE, GH_IDENTITY_* */
export async function getToken(request: TokenRequest, reporter: Reporter, signal: AbortSignal): Promise<IssuedToken> {
  const paths = statePaths(stateDirOf(request.stateDir, undefined));
  const answer = (await callControl(paths.controlSocket, "token", { as: request.as ?? "" })) as
    | ({ readonly kind: "token" } & IssuedToken)
    | { readonly kind: "login"; readonly issuer: string };
  if (answer.kind === "token") return { accessToken: answer.accessToken, expiresInSeconds: answer.expiresInSeconds };

  const instance = readInstance(paths);
  const loaded = instance === null ? null : loadEnvironment(instance.policyFile, instance.environment);
  if (loaded === null || !isLoaded(loaded)) {
    throw new GatehouseError("GH_CLI_USAGE", { problem: "the policy of the running instance cannot be read" });
  }
  const { identity } = loaded.artifacts;
  const clientId = request.clientId ?? identity.login?.clientId;
  if (clientId === undefined) {
    throw new GatehouseError("GH_CLI_USAGE", {
      problem: "`--client ID` is needed: the policy names no sign-in client",
    });
  }
  return deviceLogin({
    issuer: answer.issuer,
    clientId,
    scopes: identity.login?.scopes ?? ["openid"],
    audience: identity.audience,
    onPrompt: ({ verificationUri, userCode }) => reporter.info(`open ${verificationUri} and enter ${userCode}`),
    signal,
  });
}
