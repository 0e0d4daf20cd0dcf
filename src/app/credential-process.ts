/**
 * Temporary credentials in the form that AWS's SDKs and the `aws` command take from a `credential_process`.
 *
 * In: who asks, and for which role. Out: the document that the program prints.
 * A token is got (get-token's roads), judged by the running instance, and exchanged at its STS as any client would.
 * INVARIANT: nothing is kept; no token and no key is in a fault.
 * Source: AWS SDKs and tools reference guide, "Process credential provider"; STS API reference, AssumeRoleWithWebIdentity.
 */
import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { GatehouseError, type Reporter } from "../core/index.ts";
import { callControl } from "./control.ts";
import type { JudgedToken } from "./judge-token.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";
import type { Status } from "./status.ts";
import { type TokenRequest, getToken } from "./token.ts";

export interface CredentialRequest extends TokenRequest {
  /** Name or ARN. @default the only one that the identity holds */
  readonly role?: string | undefined;
}

/** Field names and version are AWS's. */
export interface ProcessCredentials {
  readonly Version: 1;
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  /** ISO 8601. */
  readonly Expiration: string;
}

const TIMEOUT_MS = 10_000;

/** @throws GH_CONTROL_NOT_RUNNING, GH_APP_NO_CREDENTIALS, GH_APP_ROLES, and what `getToken` throws */
export async function getProcessCredentials(
  request: CredentialRequest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<ProcessCredentials> {
  const { accessToken } = await getToken(request, reporter, signal);
  const { controlSocket } = statePaths(stateDirOf(request.stateDir, undefined));
  const judged = (await callControl(controlSocket, "judge", { token: accessToken })) as JudgedToken;
  if (!judged.ok) throw new GatehouseError("GH_APP_NO_CREDENTIALS", { reason: judged.meaning });
  const status = (await callControl(controlSocket, "status")) as Status;
  const { subject } = judged.caller;
  const arn = chooseRole(subject, judged.roles, status.sts.roles, request.role);
  return assumeRole(status, arn, sessionNameOf(subject), accessToken);
}

/**
 * The ARN of the role that is meant. A role whose grants have different conditions has several ARNs: then a name is not
 * enough.
 */
export function chooseRole(
  who: string,
  held: readonly string[],
  roles: Status["sts"]["roles"],
  wanted: string | undefined,
): string {
  const all = roles.filter(({ name }) => held.includes(name));
  const fitting = wanted === undefined ? all : all.filter(({ name, arn }) => name === wanted || arn === wanted);
  const [only, another] = fitting;
  if (only !== undefined && another === undefined) return only.arn;
  const choices = only === undefined ? all : fitting;
  const isName = (name: string): boolean => all.filter((each) => each.name === name).length === 1;
  const listed = choices.map(({ name, arn }) => `\`${isName(name) ? name : arn}\``).join(", ");
  throw new GatehouseError("GH_APP_ROLES", {
    who,
    problem:
      only === undefined
        ? wanted === undefined
          ? "holds no role"
          : `does not hold role \`${wanted}\`, but ${listed === "" ? "none" : listed}`
        : `holds several roles: ${listed}`,
  });
}

/** A subject may hold anything, the name of a session only this. SOURCE: STS API reference, RoleSessionName. */
export function sessionNameOf(subject: string): string {
  return subject
    .replaceAll(/[^\w+=,.@-]/g, "-")
    .slice(0, 64)
    .padEnd(2, "-");
}

async function assumeRole(status: Status, arn: string, session: string, token: string): Promise<ProcessCredentials> {
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: arn,
    RoleSessionName: session,
    WebIdentityToken: token,
  });
  const answer = await askSts(status, form.toString());
  const credentials = at(answer, "AssumeRoleWithWebIdentityResponse", "AssumeRoleWithWebIdentityResult", "Credentials");
  const [key, secret, sessionToken, expiration] = [
    at(credentials, "AccessKeyId"),
    at(credentials, "SecretAccessKey"),
    at(credentials, "SessionToken"),
    at(credentials, "Expiration"),
  ];
  if (
    typeof key !== "string" ||
    typeof secret !== "string" ||
    typeof sessionToken !== "string" ||
    typeof expiration !== "number"
  ) {
    const told = at(answer, "Error", "Message");
    const reason = typeof told === "string" ? told : "the answer of STS cannot be used";
    throw new GatehouseError("GH_APP_NO_CREDENTIALS", { reason });
  }
  return {
    Version: 1,
    AccessKeyId: key,
    SecretAccessKey: secret,
    SessionToken: sessionToken,
    Expiration: new Date(expiration * 1000).toISOString().replace(".000Z", "Z"),
  };
}

/** The value at a path of names; undefined where it ends. */
function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, name);
  }
  return found;
}

/** The instance is on this machine, whatever its domain leads to elsewhere. */
async function askSts({ sts, edge }: Status, form: string): Promise<unknown> {
  const url = new URL(sts.address);
  const text = await new Promise<string>((resolve, reject) => {
    const call = httpsRequest(
      {
        host: "127.0.0.1",
        port: url.port === "" ? 443 : Number(url.port),
        servername: url.hostname,
        method: "POST",
        path: url.pathname,
        headers: {
          host: url.host,
          accept: "application/json",
          "content-type": "application/x-www-form-urlencoded",
          "content-length": Buffer.byteLength(form),
        },
        ...(edge.caFile === null ? {} : { ca: readFileSync(edge.caFile) }),
        agent: false,
        timeout: TIMEOUT_MS,
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.once("end", () => resolve(body));
        response.once("error", reject);
      },
    );
    call.once("timeout", () => call.destroy(new Error("it did not answer in time")));
    call.once("error", reject);
    call.end(form);
  }).catch((cause: unknown) => {
    const reason = `STS cannot be reached: ${cause instanceof Error ? cause.message : "unknown fault"}`;
    throw new GatehouseError("GH_APP_NO_CREDENTIALS", { reason }, { cause });
  });
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
