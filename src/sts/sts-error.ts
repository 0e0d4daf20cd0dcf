/**
 * What STS refuses a request with: a closed list of codes, each with its status.
 *
 * Not here: RegionDisabledException and IDPRejectedClaim, since no Region is switched off and no provider is asked about
 * a single token.
 * Source: STS API reference, AssumeRoleWithWebIdentity and "Common error types"; statuses of signed requests as the
 * service answers them.
 */
const STATUS = {
  AccessDenied: 403,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IDPCommunicationError: 400,
  IncompleteSignature: 403,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidIdentityToken: 400,
  MalformedInput: 400,
  MalformedPolicyDocument: 400,
  MalformedQueryString: 400,
  MethodNotAllowed: 405,
  MissingAction: 400,
  MissingAuthenticationToken: 403,
  PackedPolicyTooLarge: 400,
  SignatureDoesNotMatch: 403,
  ValidationError: 400,
} as const;

export type StsErrorCode = keyof typeof STATUS;

export interface StsRefusal {
  readonly ok: false;
  readonly code: StsErrorCode;
  /** For the client: holds no token, no key and no signature. */
  readonly message: string;
}

export function refuse(code: StsErrorCode, message: string): StsRefusal {
  return { ok: false, code, message };
}

export function statusOf(code: StsErrorCode): number {
  return STATUS[code];
}
