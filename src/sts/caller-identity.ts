/**
 * GetCallerIdentity: who signed this very request, in the header or in the query.
 *
 * The embedded endpoint stands for the endpoint of every Region: whatever Region the signature is scoped to is taken.
 * Source: STS API reference, GetCallerIdentity; IAM user guide, "Troubleshoot Signature Version 4 signing".
 */
import { createHash } from "node:crypto";
import { type CredentialSource, type SignatureRefusal, verifySignature } from "../iam/index.ts";
import type { Principal } from "./principal.ts";
import type { StsRequest } from "./query-protocol.ts";
import { type StsErrorCode, type StsRefusal, refuse } from "./sts-error.ts";

export function findCaller(
  request: StsRequest,
  credentials: CredentialSource<Principal>,
  nowMs: number,
): { readonly ok: true; readonly principal: Principal } | StsRefusal {
  const { method, target, headers, body } = request;
  const payloadHash = createHash("sha256").update(body).digest("hex");
  const region = scopedRegion(request) ?? "us-east-1";
  const verified = verifySignature<Principal>(
    { method, target, headers, payloadHash },
    { service: "sts", region, nowMs, credentials },
  );
  if (verified.ok) return { ok: true, principal: verified.principal };
  const { reason, message } = verified.refusal;
  return refuse(CODES[reason], TEXTS[reason] ?? message);
}

const CODES: Readonly<Record<SignatureRefusal["reason"], StsErrorCode>> = {
  "signature-missing": "MissingAuthenticationToken",
  "signature-incomplete": "IncompleteSignature",
  "signature-host-unsigned": "SignatureDoesNotMatch",
  "signature-scope": "SignatureDoesNotMatch",
  "signature-expired": "SignatureDoesNotMatch",
  "signature-not-yet-current": "SignatureDoesNotMatch",
  "credentials-unknown": "InvalidClientTokenId",
  "credentials-expired": "ExpiredToken",
  "payload-mismatch": "SignatureDoesNotMatch",
  "signature-mismatch": "SignatureDoesNotMatch",
};

/** Where STS has words of its own. */
const TEXTS: Partial<Readonly<Record<SignatureRefusal["reason"], string>>> = {
  "signature-missing": "Request is missing Authentication Token",
  "signature-mismatch":
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
};

const SCOPE = /Credential=[^/,\s&]+\/\d{8}\/([a-z0-9-]{1,40})\//;

/** The Region that the signature says it is for; null when it says none. */
function scopedRegion({ target, headers }: StsRequest): string | null {
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (headers[i]?.toLowerCase() === "authorization") return SCOPE.exec(headers[i + 1] ?? "")?.[1] ?? null;
  return SCOPE.exec(target.replaceAll(/%2f/gi, "/"))?.[1] ?? null;
}
