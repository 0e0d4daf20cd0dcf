/**
 * The OpenID providers of an account and the roles that tokens of theirs can assume, with every document that decides.
 *
 * Source: IAM API reference; documents come percent-encoded (RFC 3986).
 * INVARIANT: of a role that is read, no policy is missing: one that cannot be had ends the read.
 */
import type { IAMClient, Role } from "@aws-sdk/client-iam";
import { GatehouseError } from "../core/index.ts";
import { ask, askPages } from "./ask.ts";
import { byText, defined } from "./read-apis.ts";

/** @throws GH_AWS_* */
export async function readRoles(
  client: IAMClient,
  say: (text: string) => void,
): Promise<{ readonly roles: readonly unknown[]; readonly oidcProviders: readonly unknown[] }> {
  const sdk = await import("@aws-sdk/client-iam");
  const { OpenIDConnectProviderList: providers = [] } = await ask("iam:ListOpenIDConnectProviders", () =>
    client.send(new sdk.ListOpenIDConnectProvidersCommand({})),
  );
  const oidcProviders: { url: string; clientIdList: readonly string[] }[] = [];
  for (const { Arn } of providers) {
    const { Url = "", ClientIDList = [] } = await ask("iam:GetOpenIDConnectProvider", () =>
      client.send(new sdk.GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: Arn })),
    );
    oidcProviders.push({ url: /^https?:\/\//.test(Url) ? Url : `https://${Url}`, clientIdList: ClientIDList });
  }
  const all = await askPages("iam:ListRoles", async (Marker) => {
    const { Roles = [], IsTruncated, Marker: next } = await client.send(new sdk.ListRolesCommand({ Marker }));
    return { items: Roles, next: IsTruncated === true ? next : undefined };
  });
  const federated = all.filter(({ AssumeRolePolicyDocument: text }) => isForTokens(readDocument(text, "trust")));
  const managed = new Map<string, Promise<unknown>>();
  const roles: unknown[] = [];
  for (const { RoleName = "" } of federated.toSorted(byText(({ RoleName: name }) => name))) {
    say(`role ${RoleName}`);
    const { Role: role } = await ask("iam:GetRole", () => client.send(new sdk.GetRoleCommand({ RoleName })));
    if (role !== undefined) roles.push(await readRole(client, role, managed));
  }
  return { roles, oidcProviders: oidcProviders.toSorted(byText(({ url }) => url)) };
}

async function readRole(client: IAMClient, role: Role, managed: Map<string, Promise<unknown>>): Promise<unknown> {
  const sdk = await import("@aws-sdk/client-iam");
  const { RoleName = "", Arn, RoleId, MaxSessionDuration, Tags = [], PermissionsBoundary } = role;
  const inline = await askPages("iam:ListRolePolicies", async (Marker) => {
    const page = await client.send(new sdk.ListRolePoliciesCommand({ RoleName, Marker }));
    return { items: page.PolicyNames ?? [], next: page.IsTruncated === true ? page.Marker : undefined };
  });
  const attached = await askPages("iam:ListAttachedRolePolicies", async (Marker) => {
    const page = await client.send(new sdk.ListAttachedRolePoliciesCommand({ RoleName, Marker }));
    return { items: page.AttachedPolicies ?? [], next: page.IsTruncated === true ? page.Marker : undefined };
  });
  const policies: unknown[] = [];
  for (const PolicyName of inline.toSorted()) {
    const { PolicyDocument } = await ask("iam:GetRolePolicy", () =>
      client.send(new sdk.GetRolePolicyCommand({ RoleName, PolicyName })),
    );
    policies.push(readDocument(PolicyDocument, `${RoleName}/${PolicyName}`));
  }
  for (const { PolicyArn = "" } of attached.toSorted(byText(({ PolicyArn: arn }) => arn)))
    policies.push(await readManaged(client, PolicyArn, managed));
  const boundary = PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    roleName: RoleName,
    ...defined({
      arn: Arn,
      roleId: RoleId,
      maxSessionDuration: MaxSessionDuration,
      tags: Tags.length === 0 ? undefined : Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])),
    }),
    assumeRolePolicyDocument: readDocument(role.AssumeRolePolicyDocument, `trust of ${RoleName}`),
    policies,
    ...(boundary === undefined ? {} : { permissionsBoundary: await readManaged(client, boundary, managed) }),
  };
}

/** The version that counts. One policy is often attached to many roles: it is read once. */
function readManaged(client: IAMClient, arn: string, managed: Map<string, Promise<unknown>>): Promise<unknown> {
  const read = async (): Promise<unknown> => {
    const sdk = await import("@aws-sdk/client-iam");
    const { Policy } = await ask("iam:GetPolicy", () => client.send(new sdk.GetPolicyCommand({ PolicyArn: arn })));
    const VersionId = Policy?.DefaultVersionId;
    const { PolicyVersion } = await ask("iam:GetPolicyVersion", () =>
      client.send(new sdk.GetPolicyVersionCommand({ PolicyArn: arn, VersionId })),
    );
    return readDocument(PolicyVersion?.Document, arn);
  };
  const known = managed.get(arn) ?? read();
  managed.set(arn, known);
  return known;
}

/** @throws GH_AWS_REFUSED for what is no document */
function readDocument(text: string | undefined, what: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(text ?? ""));
  } catch (cause) {
    throw new GatehouseError("GH_AWS_REFUSED", { action: what, reason: "the document cannot be read" }, { cause });
  }
}

/** Whether some token can assume the role: its trust names an OpenID provider, or everybody. */
function isForTokens(trust: unknown): boolean {
  const { Statement = [] } = (trust ?? {}) as { readonly Statement?: unknown };
  return [Statement].flat().some((statement) => {
    const { Effect, Principal } = statement as { readonly Effect?: unknown; readonly Principal?: unknown };
    if (Effect !== "Allow") return false;
    if (typeof Principal !== "object" || Principal === null) return Principal === "*";
    const { Federated, AWS } = Principal as { readonly Federated?: unknown; readonly AWS?: unknown };
    const names = [Federated].flat().filter((name) => typeof name === "string");
    return names.some((name) => name.includes(":oidc-provider/")) || [AWS].flat().includes("*");
  });
}
