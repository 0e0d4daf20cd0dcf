/**
 * Who knows roles and what it takes to assume one: an account as AWS judges it, or the policy of an environment.
 *
 * A directory verifies the token itself, since which issuers and audiences count is a matter of the roles.
 */
import type { WrittenDocument } from "../iam/index.ts";
import type { StsRefusal } from "./sts-error.ts";

export interface RoleDirectory {
  /** Never rejects for what a client sent. */
  assume(attempt: AssumeAttempt): Promise<AssumedRole | StsRefusal>;
  /** The document behind an ARN of `PolicyArns`; null when there is none. */
  managedPolicy(arn: string): WrittenDocument | null;
}

export interface AssumeAttempt {
  readonly roleArn: string;
  readonly sessionName: string;
  readonly token: string;
  readonly durationSeconds: number;
  readonly nowMs: number;
}

export interface AssumedRole {
  readonly ok: true;
  readonly role: {
    readonly partition: string;
    readonly accountId: string;
    readonly roleName: string;
    readonly arn: string;
    /** `AROA…`. */
    readonly roleId: string;
    readonly maxSessionSeconds: number;
  };
  readonly token: { readonly issuer: string; readonly subject: string; readonly audience: string };
  /** `Provider` of the answer: the ARN of the OIDC provider. */
  readonly provider: string;
  /** Session tags of the token. */
  readonly tags: Readonly<Record<string, string>>;
  /** Plain JSON that comes back as `Principal.facts`. */
  readonly facts: unknown;
}

/** The one text for everything that a role does not let happen, so that nothing is told about roles. */
export const NOT_AUTHORIZED = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
