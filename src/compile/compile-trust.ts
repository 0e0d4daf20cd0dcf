/**
 * Who may take a role on, on AWS: whoever brings a token that Gatehouse minted for this very role.
 *
 * In: an environment, a role. Out: the OpenID provider that AWS has to know, and the role's trust policy; null where the
 * environment needs none (embedded gateway, JWT authorizer) or trusts another provider (`federation: direct`).
 * INVARIANT: a token for one role is none for another, whatever their names are; membership was decided when it was minted.
 * Source: IAM user guide, "Creating a role for OpenID Connect federation".
 */
import { STS_AUDIENCE, brokeredPrefix } from "../core/index.ts";
import type { PolicyDocument } from "../iam/index.ts";
import type { OidcProvider } from "../model/index.ts";
import type { Environment } from "../policy/index.ts";
import type { Target } from "./target.ts";

export interface BrokeredTrust {
  readonly provider: OidcProvider;
  /** The trust policy of every IAM role of this role of the policy. */
  trustOf(roleName: string): PolicyDocument;
}

export function brokeredTrust(
  { domain, gateway }: Environment,
  { partition, account }: Pick<Target, "partition" | "account">,
): BrokeredTrust | null {
  if (gateway.kind !== "aws" || gateway.authorize !== "iam" || gateway.federation !== "brokered") return null;
  const name = `${domain}/_gatehouse`;
  return {
    provider: { url: `https://${name}`, clientIdList: [STS_AUDIENCE] },
    trustOf: (roleName) => ({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Brokered",
          Effect: "Allow",
          Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${name}` },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: { [`${name}:aud`]: STS_AUDIENCE },
            StringLike: { [`${name}:sub`]: `${brokeredPrefix(roleName)}*` },
          },
        },
      ],
    }),
  };
}
