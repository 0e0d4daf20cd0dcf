/**
 * What a request says about its signature, in its `Authorization` header or in its query.
 *
 * In:  headers and query in canonical form. Out: the claim with every part present and well formed, or the refusal.
 * Not here: whether any of it is true.
 * Source: IAM user guide, "Elements of an AWS API request signature" and "Authentication methods".
 * Stricter than AWS, which takes the first or the last of several: a part that is there twice is refused, and
 * `SignedHeaders` has to be in lower case, sorted and without repetition, as the guide asks of signers.
 */
import { type HeaderValues, type Query, type QueryParameter, decodeParameter } from "./canonical-request.ts";
import { type Refused, refuse, refuseForm } from "./refusal.ts";
import { formatIsoBasic, parseHttpDate, parseIsoBasic } from "./timestamp.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";
const OTHER_ALGORITHM = /^AWS4-[A-Z0-9-]{1,40}$/;
const HEADER_NAME = /^(?::authority|[!#$%&'*+\-.^_`|~0-9a-z]+)$/;
const MAX_EXPIRES_SECONDS = 604_800;
/** Any of these in a query means that it carries a signature. */
const MARKS = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"] as const;
const REQUIRED_PARAMETERS = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-SignedHeaders",
  "X-Amz-Date",
] as const;
const PARAMETERS = new Set<string>([...REQUIRED_PARAMETERS, "X-Amz-Expires", "X-Amz-Security-Token"]);
const REQUIRED_PARTS = ["Credential", "Signature", "SignedHeaders"] as const;
const NOTHING: ReadonlyMap<string, string> = new Map();

/** How the request says that it is signed. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  /** The scope's parts as written, the last being `aws4_request` if it is right. */
  readonly scope: {
    readonly date: string;
    readonly region: string;
    readonly service: string;
    readonly terminator: string;
  };
  /** Lower case, ascending. Empty if none was named. */
  readonly signedHeaders: readonly string[];
  /** As written: any text. */
  readonly signature: string;
  readonly timeMs: number;
  /** The time as `20150830T123600Z`. */
  readonly timestamp: string;
  /** How long a presigned URL holds; null for a header, and for a URL that does not say. */
  readonly expiresSeconds: number | null;
  readonly sessionToken: string | null;
}

export type ClaimResult = { readonly ok: true; readonly claim: SignatureClaim } | Refused;

/** INVARIANT: a request that is signed in two ways, or twice, is refused whatever the signatures are. */
export function readClaim(headers: HeaderValues, query: Query): ClaimResult {
  const authorizations = headers.get("authorization");
  const mark = MARKS.find((name) => query.parameters.some((parameter) => parameter.name === name));
  if (authorizations !== undefined && mark !== undefined)
    return refuse(
      "signature-incomplete",
      "InvalidSignatureException",
      `Found both '${mark}' as a query-string param and 'Authorization' as HTTP header.`,
    );
  if (authorizations === undefined && mark === undefined)
    return refuse(
      "signature-missing",
      "MissingAuthenticationTokenException",
      "Request is missing Authentication Token",
    );
  if (query.isMalformed) return refuseForm("The query string holds an incomplete or illegal escape.");
  for (const name of ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"])
    if ((headers.get(name)?.length ?? 0) > 1) return refuseForm(`The header '${name}' is there more than once.`);
  return authorizations === undefined
    ? readParameters(query.parameters)
    : readAuthorization(authorizations[0] ?? "", headers);
}

function readAuthorization(authorization: string, headers: HeaderValues): ClaimResult {
  if (authorization === "") return refuseForm("Authorization header cannot be empty.");
  const space = authorization.indexOf(" ");
  const algorithm = space === -1 ? authorization : authorization.slice(0, space);
  if (algorithm !== ALGORITHM && OTHER_ALGORITHM.test(algorithm)) return refuseAlgorithm(algorithm);
  // Another scheme has none of the parts, whatever its token looks like.
  const parts = algorithm === ALGORITHM && space !== -1 ? readParts(authorization.slice(space + 1)) : NOTHING;
  if (typeof parts === "string") return refuseForm(parts);
  const date = headers.get("x-amz-date")?.[0];
  const dates = headers.get("date");
  const missing = REQUIRED_PARTS.filter((name) => !parts.has(name)).map(
    (name) => `Authorization header requires '${name}' parameter.`,
  );
  if (date === undefined && dates === undefined)
    missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (missing.length > 0) return refuseForm(missing.join(" "));
  if (date === undefined && dates !== undefined && dates.length > 1)
    return refuseForm("The header 'date' is there more than once.");
  return completeClaim({
    credential: parts.get("Credential") ?? "",
    signedHeaders: parts.get("SignedHeaders") ?? "",
    signature: parts.get("Signature") ?? "",
    date: date ?? dates?.[0] ?? "",
    isDateHeader: date === undefined,
    expiresSeconds: null,
    sessionToken: headers.get("x-amz-security-token")?.[0] ?? null,
  });
}

/** `Credential=…, SignedHeaders=…, Signature=…` in any order; or what is wrong with it. */
function readParts(text: string): ReadonlyMap<string, string> | string {
  const parts = new Map<string, string>();
  for (const padded of text.split(",")) {
    const part = padded.trim();
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals === -1) return "The Authorization header holds a part that is no key=value pair (missing equal-sign).";
    const name = REQUIRED_PARTS.find((known) => known === part.slice(0, equals));
    if (name === undefined) return "The Authorization header holds a parameter that Signature Version 4 has not.";
    if (parts.has(name)) return `The Authorization header holds '${name}' more than once.`;
    parts.set(name, part.slice(equals + 1));
  }
  return parts;
}

function readParameters(parameters: readonly QueryParameter[]): ClaimResult {
  const found = new Map<string, string>();
  for (const { name, value } of parameters) {
    if (!PARAMETERS.has(name)) continue;
    if (found.has(name)) return refuseForm(`The query-string parameter '${name}' is there more than once.`);
    const decoded = decodeParameter(value);
    if (decoded === null) return refuseForm(`The query-string parameter '${name}' is not UTF-8.`);
    found.set(name, decoded);
  }
  const missing = REQUIRED_PARAMETERS.filter((name) => !found.has(name)).map(
    (name) => `AWS query-string parameters must include '${name}'.`,
  );
  if (missing.length > 0) return refuseForm(`${missing.join(" ")} Re-examine the query-string parameters.`);
  const algorithm = found.get("X-Amz-Algorithm") ?? "";
  if (algorithm !== ALGORITHM) return refuseAlgorithm(algorithm);
  const expires = found.get("X-Amz-Expires") ?? null;
  if (expires !== null && !/^\d{1,10}$/.test(expires)) return refuseForm("X-Amz-Expires should be a number.");
  const expiresSeconds = expires === null ? null : Number(expires);
  if (expiresSeconds === 0) return refuseForm("X-Amz-Expires must be at least 1 second.");
  if (expiresSeconds !== null && expiresSeconds > MAX_EXPIRES_SECONDS)
    return refuseForm(
      `X-Amz-Expires must be less than a week (in seconds); that is, at most ${MAX_EXPIRES_SECONDS} seconds.`,
    );
  return completeClaim({
    credential: found.get("X-Amz-Credential") ?? "",
    signedHeaders: found.get("X-Amz-SignedHeaders") ?? "",
    signature: found.get("X-Amz-Signature") ?? "",
    date: found.get("X-Amz-Date") ?? "",
    isDateHeader: false,
    expiresSeconds,
    sessionToken: found.get("X-Amz-Security-Token") ?? null,
  });
}

function completeClaim(parts: {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  /** Whether it is that of `Date`, which has two forms. */
  readonly isDateHeader: boolean;
  readonly expiresSeconds: number | null;
  readonly sessionToken: string | null;
}): ClaimResult {
  const { signature, expiresSeconds, sessionToken } = parts;
  const isoMs = parseIsoBasic(parts.date);
  const timeMs = isoMs ?? (parts.isDateHeader ? parseHttpDate(parts.date) : null);
  if (timeMs === null) return refuseForm("Date must be in ISO-8601 'basic format'.");
  const elements = parts.credential.split("/");
  const [accessKeyId = "", date = "", region = "", service = "", terminator = ""] = elements;
  if (elements.length !== 5)
    return refuseForm("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.");
  const signedHeaders = parts.signedHeaders === "" ? [] : parts.signedHeaders.split(";");
  let previous = "";
  for (const name of signedHeaders) {
    if (!HEADER_NAME.test(name) || name <= previous)
      return refuseForm("SignedHeaders must be names of headers in lower case, sorted, each once.");
    previous = name;
  }
  const scope = { date, region, service, terminator };
  const timestamp = isoMs === null ? formatIsoBasic(timeMs) : parts.date;
  return {
    ok: true,
    claim: { accessKeyId, scope, signedHeaders, signature, timeMs, timestamp, expiresSeconds, sessionToken },
  };
}

function refuseAlgorithm(algorithm: string): Refused {
  // API Gateway's HTTP APIs take no asymmetric signatures (SigV4A) either.
  const named = OTHER_ALGORITHM.test(algorithm) ? ` '${algorithm}'` : "";
  return refuseForm(`Unsupported AWS 'algorithm'${named} (only ${ALGORITHM} for now).`);
}
