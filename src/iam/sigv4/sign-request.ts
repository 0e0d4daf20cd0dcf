/**
 * Signs a request as AWS's own signers do, in the `Authorization` header or as a presigned URL.
 *
 * In:  a request as it will be on the wire, every header that is to be signed included, `host` among them.
 * Out: its target and headers with the signature; earlier signatures, their date and token are replaced.
 * Not signed: what hops change on the way, which is the union of what @smithy/signature-v4 and botocore leave out.
 * Source: as src/iam/sigv4/canonical-request.ts.
 */
import { GatehouseError } from "../../core/index.ts";
import {
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  compare,
  digestOf,
  readHeaders,
  readQuery,
  signedValues,
  splitTarget,
} from "./canonical-request.ts";
import { scopeText, signDigest } from "./signing-key.ts";
import { formatIsoBasic } from "./timestamp.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";
const MAX_EXPIRES_SECONDS = 604_800;
const OF_SIGNATURES = new Set(["authorization", "x-amz-date", "x-amz-security-token"]);
const PARAMETER_OF_SIGNATURES = /^X-Amz-(?:Algorithm|Credential|Date|Expires|SignedHeaders|Security-Token|Signature)$/;
const UNSIGNED = new Set([
  "authorization",
  "baggage",
  "cache-control",
  "connection",
  "expect",
  "from",
  "keep-alive",
  "max-forwards",
  "pragma",
  "referer",
  "te",
  "traceparent",
  "tracestate",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "x-amzn-trace-id",
]);

export interface RequestToSign {
  readonly method: string;
  /** Path and query as they will be on the wire: percent-encoded once. */
  readonly target: string;
  /** Flat names and values in order. */
  readonly headers: readonly string[];
  /** SHA-256 of the body in lower-case hexadecimal; the value of `x-amz-content-sha256` if that is among the headers. */
  readonly payloadHash: string;
}

export interface SignOptions {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken: string | null;
  readonly service: string;
  readonly region: string;
  readonly nowMs: number;
  /** Signs in the query, for 1 to 604,800 seconds. */
  readonly presign?: { readonly expiresSeconds: number };
}

/** The request's target and headers with its signature. Throws GH_INTERNAL for a request without `host`. */
export function signRequest(
  request: RequestToSign,
  options: SignOptions,
): { readonly target: string; readonly headers: string[] } {
  const { accessKeyId, secretAccessKey, sessionToken, region, service } = options;
  const timestamp = formatIsoBasic(options.nowMs);
  const scope = { date: timestamp.slice(0, 8), region, service };
  const credential = `${accessKeyId}/${scopeText(scope)}`;
  const headers = withoutSignature(request.headers);
  if (options.presign === undefined) {
    headers.push("x-amz-date", timestamp);
    if (sessionToken !== null) headers.push("x-amz-security-token", sessionToken);
  }
  const values = readHeaders(headers);
  if (signedValues(values, "host") === undefined)
    throw new GatehouseError("GH_INTERNAL", { problem: "a request to sign has no host" });
  const signedHeaders = [...values.keys()].filter(isSigned).toSorted(compare);
  const { path, query } = splitTarget(request.target);
  let parameters = readQuery(query).parameters;
  let target = request.target;
  if (options.presign !== undefined) {
    const kept = query.split("&").filter((text) => text !== "" && !isOfSignature(text));
    const added = presignParameters({ ...options.presign, credential, timestamp, signedHeaders, sessionToken });
    target = `${path}?${[...kept, ...added].join("&")}`;
    parameters = readQuery(splitTarget(target).query).parameters;
  }
  const canonical = canonicalRequest({
    method: request.method,
    path: canonicalPath(path),
    query: canonicalQuery(parameters),
    headers: values,
    signedHeaders,
    payloadHash: values.get("x-amz-content-sha256")?.join(",") ?? request.payloadHash,
  });
  const signature = signDigest(secretAccessKey, scope, timestamp, digestOf(canonical ?? ""));
  if (options.presign !== undefined) return { target: `${target}&X-Amz-Signature=${signature}`, headers };
  headers.push(
    "authorization",
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`,
  );
  return { target, headers };
}

function withoutSignature(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name = "", value = ""] = [headers[index], headers[index + 1]];
    if (!OF_SIGNATURES.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

function presignParameters(parts: {
  readonly expiresSeconds: number;
  readonly credential: string;
  readonly timestamp: string;
  readonly signedHeaders: readonly string[];
  readonly sessionToken: string | null;
}): string[] {
  const { expiresSeconds, credential, timestamp, signedHeaders, sessionToken } = parts;
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS)
    throw new GatehouseError("GH_INTERNAL", { problem: `a presigned URL cannot hold for ${expiresSeconds} seconds` });
  const parameters = [
    ["X-Amz-Algorithm", ALGORITHM],
    ["X-Amz-Credential", credential],
    ["X-Amz-Date", timestamp],
    ["X-Amz-Expires", String(expiresSeconds)],
    ...(sessionToken === null ? [] : [["X-Amz-Security-Token", sessionToken]]),
    ["X-Amz-SignedHeaders", signedHeaders.join(";")],
  ];
  return parameters.map(([name = "", value = ""]) => `${name}=${encodeURIComponent(value)}`);
}

function isOfSignature(parameter: string): boolean {
  const name = readQuery(parameter).parameters[0]?.name ?? "";
  return PARAMETER_OF_SIGNATURES.test(name);
}

function isSigned(name: string): boolean {
  return !UNSIGNED.has(name) && !name.startsWith("proxy-") && !name.startsWith("sec-");
}
