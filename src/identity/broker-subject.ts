/**
 * Whom a token for AWS is about: a role of the policy, and who holds it, in one text that IAM can compare.
 *
 * `role:NAME:subject:ISSUER:SUBJECT`, where ISSUER is empty for the provider; `role:NAME:sha256:DIGEST` for a subject that
 * does not fit or that has more than visible ASCII in it. Names of roles and issuers have no `:`, so that the first four
 * separate, and no two holders have one text.
 * INVARIANT: `role:NAME:*` matches what is minted for the role NAME, and nothing that is minted for another one.
 * Source: IAM user guide, "IAM and AWS STS quotas" (`sub` of at most 255 characters).
 */
import { createHash } from "node:crypto";
import type { Identity } from "./identity.ts";

/** `aud` of tokens for AWS STS. No service can have this name: names in a policy have no dots. */
export const STS_AUDIENCE = "sts.amazonaws.com";
const MAX_CHARS = 255;

export function brokeredSubject(
  { issuerName, subject }: Pick<Identity, "issuerName" | "subject">,
  roleName: string,
): string {
  const plain = `role:${roleName}:subject:${issuerName ?? ""}:${subject}`;
  if (plain.length <= MAX_CHARS && /^[\x21-\x7e]+$/.test(plain)) return plain;
  const digest = createHash("sha256")
    .update(JSON.stringify([issuerName, subject]))
    .digest("base64url");
  return `role:${roleName}:sha256:${digest}`;
}
