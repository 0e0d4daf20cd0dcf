/**
 * Whom a token for AWS is about: a role of the policy, and who holds it, in one text that IAM can compare.
 *
 * `role:NAME:subject:ISSUER:SUBJECT`, where ISSUER is the name of a workload issuer and empty for the provider;
 * `role:NAME:sha256:DIGEST` for a subject that does not fit or has more than visible ASCII in it. Names of roles and issuers
 * have no `:`, so that no two holders have one text.
 * Here, since what mints it and what compiles the trust in it know nothing of each other.
 * INVARIANT: `role:NAME:*` matches all that is minted for the role NAME, and nothing that is minted for another one.
 * Source: STS API reference, AssumeRoleWithWebIdentity (`SubjectFromWebIdentityToken`: at most 255 characters).
 */
import { createHash } from "node:crypto";

/** `aud` of tokens for AWS STS. No service can have this name: names in a policy have no dots. */
export const STS_AUDIENCE = "sts.amazonaws.com";
const MAX_CHARS = 255;

/** What every subject of a role begins with, and that of no other role. */
export function brokeredPrefix(roleName: string): string {
  return `role:${roleName}:`;
}

/** @param issuerName null for the provider of the environment */
export function brokeredSubject(roleName: string, issuerName: string | null, subject: string): string {
  const prefix = brokeredPrefix(roleName);
  const plain = `${prefix}subject:${issuerName ?? ""}:${subject}`;
  if (plain.length <= MAX_CHARS && /^[\x21-\x7e]+$/.test(plain)) return plain;
  const holder = JSON.stringify([issuerName, subject]);
  return `${prefix}sha256:${createHash("sha256").update(holder).digest("base64url")}`;
}
