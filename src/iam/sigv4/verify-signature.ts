/**
 * Whether a request is signed by whom it says: Signature Version 4 in the `Authorization` header or in the query.
 *
 * In:  the request as received; who knows secret keys. Out: the principal of the key, or one reason.
 * Order of the checks: presence, form, `host` signed, scope, time, key, payload, signature.
 * Source: API Gateway developer guide and IAM user guide on signed requests; the window of five minutes and its texts as
 *      callers of API Gateway were told them.
 * INVARIANT: total: whatever a client sends is an outcome, found in time that grows with its length only.
 * INVARIANT: a message holds no secret, no token and no signature.
 */
import { timingSafeEqual } from "node:crypto";
import {
  type HeaderValues,
  type QueryParameter,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  digestOf,
  readHeaders,
  readQuery,
  splitTarget,
} from "./canonical-request.ts";
import { type SignatureClaim, readClaim } from "./read-claim.ts";
import { type Refused, naming, refuse } from "./refusal.ts";
import type { RequestToVerify, SignatureResult, VerifyOptions } from "./signature.ts";
import { signDigest } from "./signing-key.ts";
import { formatIsoBasic } from "./timestamp.ts";

const WINDOW_MS = 300_000;
const TERMINATOR = "aws4_request";
const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";
const SIGNATURE = /^[0-9a-f]{64}$/;
const SHOWN_PATH_LENGTH = 200;

/**
 * The principal whose key signed the request, or why the signature does not count. Does not throw unless the source of
 * credentials does. The outcome says nothing about what the principal may do.
 */
export function verifySignature<P>(request: RequestToVerify, options: VerifyOptions<P>): SignatureResult<P> {
  const { path, query } = splitTarget(request.target);
  const headers = readHeaders(request.headers);
  const { parameters, isMalformed } = readQuery(query);
  const read = readClaim(headers, { parameters, isMalformed });
  if (!read.ok) return read;
  const { claim } = read;
  const refused =
    checkSigned(claim, headers, options.requireSignedAmzHeaders === true) ??
    checkScope(claim, options.region, options.service) ??
    checkTime(claim, options.nowMs);
  if (refused !== null) return refused;

  const { accessKeyId, sessionToken } = claim;
  const lookup = options.credentials.find(accessKeyId, sessionToken, options.nowMs);
  if (!lookup.ok)
    return lookup.problem === "expired"
      ? refuse("credentials-expired", "ExpiredTokenException", "The security token included in the request is expired")
      : refuse(
          "credentials-unknown",
          "UnrecognizedClientException",
          "The security token included in the request is invalid.",
        );

  const declared = headers.get("x-amz-content-sha256")?.[0] ?? request.payloadHash;
  const mismatch = checkPayload(declared, request.payloadHash, options.allowUnsignedPayload === true);
  if (mismatch !== null) return mismatch;

  const canonical = {
    method: request.method,
    path: canonicalPath(path),
    query: canonicalQuery(parameters),
    headers,
    signedHeaders: claim.signedHeaders,
    payloadHash: declared,
  };
  const text = canonicalRequest(canonical);
  if (text === null) return refuseMismatch("A signed header is not in the request.", canonical.path, parameters, claim);
  const scope = { date: claim.scope.date, region: options.region, service: options.service };
  const expected = signDigest(lookup.secretAccessKey, scope, claim.timestamp, digestOf(text));
  if (!isSame(claim.signature, expected))
    return refuseMismatch(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
      canonical.path,
      parameters,
      claim,
    );
  return { ok: true, principal: lookup.principal, accessKeyId, sessionToken };
}

function checkSigned(claim: SignatureClaim, headers: HeaderValues, areAmzRequired: boolean): Refused | null {
  const signed = new Set(claim.signedHeaders);
  if (!signed.has("host") && !signed.has(":authority"))
    return refuse(
      "signature-host-unsigned",
      "InvalidSignatureException",
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
  // Hops drop what `Connection` names, and it is signed by nobody: the service would miss what the signer vouched for.
  for (const option of (headers.get("connection") ?? []).join(",").split(",")) {
    const name = option.trim().toLowerCase();
    if (signed.has(name))
      return refuse(
        "signature-incomplete",
        "InvalidSignatureException",
        `${naming("'Connection' takes a 'SignedHeader' away:", name)}.`,
      );
  }
  if (!areAmzRequired) return null;
  for (const name of headers.keys())
    if (name.startsWith("x-amz-") && !signed.has(name))
      return refuse(
        "signature-incomplete",
        "InvalidSignatureException",
        `${naming("There is a header that must be a 'SignedHeader' in the AWS Authorization:", name)}.`,
      );
  return null;
}

function checkScope(claim: SignatureClaim, region: string, service: string): Refused | null {
  const { scope, timestamp } = claim;
  const wrong: string[] = [];
  if (scope.region !== region)
    wrong.push(`${naming("Credential should be scoped to a valid region, not", scope.region)}.`);
  if (scope.service !== service) wrong.push(`Credential should be scoped to correct service: '${service}'.`);
  if (scope.terminator !== TERMINATOR)
    wrong.push(`Credential should be scoped with a valid terminator: '${TERMINATOR}'.`);
  if (scope.date !== timestamp.slice(0, 8))
    wrong.push(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${timestamp.slice(0, 8)}', from '${timestamp}'.`,
    );
  return wrong.length === 0 ? null : refuse("signature-scope", "InvalidSignatureException", wrong.join(" "));
}

/** Both ends belong to the window. A presigned URL that says how long it holds is not bound by the window's start. */
function checkTime(claim: SignatureClaim, nowMs: number): Refused | null {
  const { timeMs, timestamp, expiresSeconds } = claim;
  const isEarly = timeMs > nowMs + WINDOW_MS;
  const endMs = expiresSeconds === null ? timeMs + WINDOW_MS : timeMs + expiresSeconds * 1000;
  if (!isEarly && endMs >= nowMs) return null;
  const now = formatIsoBasic(nowMs);
  if (isEarly)
    return refuse(
      "signature-not-yet-current",
      "InvalidSignatureException",
      `Signature not yet current: ${timestamp} is still later than ${formatIsoBasic(nowMs + WINDOW_MS)} (${now} + 5 min.)`,
    );
  return refuse(
    "signature-expired",
    "InvalidSignatureException",
    expiresSeconds === null
      ? `Signature expired: ${timestamp} is now earlier than ${formatIsoBasic(nowMs - WINDOW_MS)} (${now} - 5 min.)`
      : `Signature expired: ${formatIsoBasic(endMs)} is now earlier than ${now} (${timestamp} + ${expiresSeconds} s.)`,
  );
}

function checkPayload(declared: string, payloadHash: string, isUnsignedAllowed: boolean): Refused | null {
  if (declared === payloadHash) return null;
  if (declared !== UNSIGNED_PAYLOAD)
    return refuse(
      "payload-mismatch",
      "InvalidSignatureException",
      "The header 'x-amz-content-sha256' is not the SHA-256 of the body.",
    );
  if (isUnsignedAllowed) return null;
  return refuse(
    "payload-mismatch",
    "InvalidSignatureException",
    `The header 'x-amz-content-sha256' says ${UNSIGNED_PAYLOAD}, which is not taken here.`,
  );
}

/** Of the canonical request the text shows what a signer gets wrong most often, and no value of a header or parameter. */
function refuseMismatch(
  text: string,
  path: string,
  parameters: readonly QueryParameter[],
  claim: SignatureClaim,
): Refused {
  const shownPath = path.length > SHOWN_PATH_LENGTH ? `${path.slice(0, SHOWN_PATH_LENGTH)}…` : path;
  return refuse(
    "signature-mismatch",
    "InvalidSignatureException",
    `${text} The canonical request has the path '${shownPath}', ${parameters.length} query parameter(s) and ${claim.signedHeaders.length} signed header(s).`,
  );
}

function isSame(given: string, expected: string): boolean {
  return SIGNATURE.test(given) && timingSafeEqual(Buffer.from(given, "latin1"), Buffer.from(expected, "latin1"));
}
