/** Who signs with temporary credentials: one session of one role. */
import type { WrittenDocument } from "../iam/index.ts";

export interface Principal {
  readonly accountId: string;
  /** `arn:{partition}:sts::{account}:assumed-role/{role}/{session}`. */
  readonly arn: string;
  /** `AROA…:{session}`. */
  readonly userId: string;
  readonly accessKeyId: string;
  readonly roleName: string;
  readonly roleArn: string;
  readonly sessionName: string;
  /** Given with the request for credentials; they can only take away. */
  readonly sessionPolicies: readonly WrittenDocument[];
  /** `aws:PrincipalTag/…` of the session. */
  readonly tags: Readonly<Record<string, string>>;
  /** Of the token that the credentials were given for. */
  readonly token: { readonly issuer: string; readonly subject: string; readonly audience: string };
  /** What the directory that let the role be assumed wants to know again; plain JSON, small. */
  readonly facts: unknown;
  readonly expiresAtMs: number;
}
