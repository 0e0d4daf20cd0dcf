/**
 * The HTTP APIs of a live account in one Region, with all that answers a call or says who may make it.
 *
 * In: clients, which APIs. Out: the content of an account file, and what of the account cannot run outside of AWS.
 * Not here: whether the account is right, and what stands for what is not said (src/app/read-account.ts).
 * Roles and providers are read only when a route asks for signatures, so that whoever has none needs no rights to IAM.
 * Source: API Gateway v2, IAM and STS API references.
 * INVARIANT: everything is read, nothing is changed; two reads of an account that did not change give the same bytes.
 */
import type { Severity } from "../core/index.ts";
import { ask } from "./ask.ts";
import type { AwsClients } from "./clients.ts";
import { type LiveApi, readApis } from "./read-apis.ts";
import { readDomains } from "./read-domains.ts";
import { readRoles } from "./read-roles.ts";

export interface LiveSelection {
  /** Absent: every HTTP API of the Region. */
  readonly apiIds?: readonly string[];
}

export interface LiveFinding {
  readonly severity: Exclude<Severity, "info">;
  readonly id:
    | "pull/left-out"
    | "pull/left-out-open"
    | "pull/not-deployed"
    | "pull/mutual-tls"
    | "pull/no-such-api"
    | "pull/no-apis";
  /** `a1b2c3d4e5 GET /pets`. */
  readonly at: string;
  /** One line, lower case, no full stop. */
  readonly message: string;
  readonly hint: string;
}

export interface LiveAccount {
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly apis: readonly LiveApi[];
  readonly domainNames: readonly unknown[];
  readonly oidcProviders: readonly unknown[];
  readonly roles: readonly unknown[];
}

/** @throws GH_AWS_* */
export async function readLiveAccount(
  clients: AwsClients,
  { apiIds }: LiveSelection,
  say: (text: string) => void,
): Promise<{ readonly account: LiveAccount; readonly findings: readonly LiveFinding[] }> {
  const { GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
  const caller = await ask("sts:GetCallerIdentity", () => clients.sts.send(new GetCallerIdentityCommand({})));
  const [, partition = "aws"] = (caller.Arn ?? "").split(":");
  const findings: LiveFinding[] = [];
  const { region } = clients;
  say(`account ${caller.Account ?? "?"}, ${region}`);
  const apis = await readApis(clients.apis, apiIds ?? null, findings, say);
  const domainNames = await readDomains(clients.apis, apis, findings);
  const areSigned = apis.some(({ routes }) => routes.some(({ authorizationType }) => authorizationType === "AWS_IAM"));
  const { roles, oidcProviders } = areSigned ? await readRoles(clients.iam, say) : { roles: [], oidcProviders: [] };
  return {
    account: { accountId: caller.Account ?? "", region, partition, apis, domainNames, oidcProviders, roles },
    findings,
  };
}
