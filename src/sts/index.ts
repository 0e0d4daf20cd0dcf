/** Temporary credentials for the tokens of a provider that roles trust. */
export {
  type AccountDirectory,
  type AccountDirectoryOptions,
  accountDirectory,
  providerArn,
  roleIdOf,
} from "./account-directory.ts";
export type { Principal } from "./principal.ts";
export type { StsAnswer, StsRequest } from "./query-protocol.ts";
export { type AssumeAttempt, type AssumedRole, NOT_AUTHORIZED, type RoleDirectory } from "./role-directory.ts";
export type { StsErrorCode, StsRefusal } from "./sts-error.ts";
export { type Sts, type StsOptions, createSts } from "./sts.ts";
