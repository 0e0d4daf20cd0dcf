/**
 * The terms of Signature Version 4, between who verifies, who keeps credentials and who answers.
 * Source: IAM user guide, "AWS Signature Version 4 for API requests"; texts as API Gateway's REST APIs say them.
 */

/** A request as it was received. */
export interface RequestToVerify {
  readonly method: string;
  /** Path and query as received, not decoded. */
  readonly target: string;
  /** Flat names and values as received, in order, repeated ones included. */
  readonly headers: readonly string[];
  /** SHA-256 of the body in lower-case hexadecimal. */
  readonly payloadHash: string;
}

export interface VerifyOptions<P> {
  /** `execute-api`, `sts`. */
  readonly service: string;
  readonly region: string;
  readonly nowMs: number;
  readonly credentials: CredentialSource<P>;
  /** Whether `x-amz-content-sha256: UNSIGNED-PAYLOAD` is taken. Not confirmed on AWS; default false. */
  readonly allowUnsignedPayload?: boolean;
  /**
   * Whether each `x-amz-*` header of the request has to be signed, as S3 wants it. Other services were seen to take
   * requests with unsigned ones, and CloudFront adds one on the way to an API; default false.
   */
  readonly requireSignedAmzHeaders?: boolean;
}

/** Who knows secret keys. Answers at once. */
export interface CredentialSource<P> {
  find(accessKeyId: string, sessionToken: string | null, nowMs: number): CredentialLookup<P>;
}

export type CredentialLookup<P> =
  | { readonly ok: true; readonly secretAccessKey: string; readonly principal: P }
  | { readonly ok: false; readonly problem: "unknown" | "expired" };

export type SignatureResult<P> =
  | { readonly ok: true; readonly principal: P; readonly accessKeyId: string; readonly sessionToken: string | null }
  | { readonly ok: false; readonly refusal: SignatureRefusal };

/** Why a request's signature does not count. Nothing of it may be told to the client by an HTTP API but 403. */
export interface SignatureRefusal {
  readonly reason:
    | "signature-missing"
    | "signature-incomplete"
    | "signature-host-unsigned"
    | "signature-scope"
    | "signature-expired"
    | "signature-not-yet-current"
    | "credentials-unknown"
    | "credentials-expired"
    | "payload-mismatch"
    | "signature-mismatch";
  readonly errorType:
    | "MissingAuthenticationTokenException"
    | "IncompleteSignatureException"
    | "InvalidSignatureException"
    | "UnrecognizedClientException"
    | "ExpiredTokenException";
  /** For the debug record; holds no secret and no signature. */
  readonly message: string;
}
