import assert from "node:assert/strict";
import { test } from "node:test";
import { signRequest } from "./sign-request.ts";
import type { CredentialSource, RequestToVerify, SignatureRefusal, VerifyOptions } from "./signature.ts";
import { verifySignature } from "./verify-signature.ts";

const NOW_MS = Date.UTC(2026, 9, 1, 12, 0, 0);
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const OTHER = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
const KEY_ID = "ASIAEXAMPLE";
const SECRET = "not-a-secret-but-for-this-test";
const TOKEN = "token-of-this-test";

const credentials: CredentialSource<string> = {
  find(accessKeyId, sessionToken) {
    if (accessKeyId === "AKIAEXPIRED") return { ok: false, problem: "expired" };
    if (accessKeyId === "AKIAPLAIN" && sessionToken === null)
      return { ok: true, secretAccessKey: SECRET, principal: "user" };
    if (accessKeyId === KEY_ID && sessionToken === TOKEN)
      return { ok: true, secretAccessKey: SECRET, principal: "role" };
    return { ok: false, problem: "unknown" };
  },
};
const options: VerifyOptions<string> = { service: "execute-api", region: "eu-west-1", nowMs: NOW_MS, credentials };

interface Making {
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly accessKeyId?: string;
  readonly sessionToken?: string | null;
  readonly service?: string;
  readonly region?: string;
  readonly nowMs?: number;
  readonly expiresSeconds?: number;
  readonly payloadHash?: string;
}

function signed(making: Making = {}): RequestToVerify {
  const payloadHash = making.payloadHash ?? EMPTY;
  const request = {
    method: "GET",
    target: making.target ?? "/pets/1?b=2&a=1",
    headers: making.headers ?? ["Host", "api.example.com", "Accept", "*/*"],
    payloadHash,
  };
  const out = signRequest(request, {
    accessKeyId: making.accessKeyId ?? KEY_ID,
    secretAccessKey: SECRET,
    sessionToken: making.sessionToken === undefined ? TOKEN : making.sessionToken,
    service: making.service ?? "execute-api",
    region: making.region ?? "eu-west-1",
    nowMs: making.nowMs ?? NOW_MS,
    ...(making.expiresSeconds === undefined ? {} : { presign: { expiresSeconds: making.expiresSeconds } }),
  });
  return { method: "GET", target: out.target, headers: out.headers, payloadHash };
}

/** The request with each header of the name replaced; null takes it away. */
function withHeader(request: RequestToVerify, name: string, change: (value: string) => string | null): RequestToVerify {
  const headers: string[] = [];
  for (let index = 0; index < request.headers.length; index += 2) {
    const [key = "", value = ""] = [request.headers[index], request.headers[index + 1]];
    const next = key.toLowerCase() === name ? change(value) : value;
    if (next !== null) headers.push(key, next);
  }
  return { ...request, headers };
}

function withAuthorization(change: (value: string) => string | null, making: Making = {}): RequestToVerify {
  return withHeader(signed(making), "authorization", change);
}

function plus(request: RequestToVerify, ...headers: readonly string[]): RequestToVerify {
  return { ...request, headers: [...request.headers, ...headers] };
}

function withTarget(request: RequestToVerify, change: (target: string) => string): RequestToVerify {
  return { ...request, target: change(request.target) };
}

function refusalOf(request: RequestToVerify, changes: Partial<VerifyOptions<string>> = {}): SignatureRefusal {
  const result = verifySignature(request, { ...options, ...changes });
  assert.equal(result.ok, false);
  return result.refusal;
}

const accepted: [name: string, request: RequestToVerify, changes?: Partial<VerifyOptions<string>>][] = [
  ["a signed request", signed()],
  ["a presigned URL", signed({ expiresSeconds: 60 })],
  ["four minutes early", signed({ nowMs: NOW_MS + 240_000 })],
  ["four minutes late", signed({ nowMs: NOW_MS - 240_000 })],
  ["five minutes early, to the second", signed({ nowMs: NOW_MS + 300_000 })],
  ["five minutes late, to the second", signed({ nowMs: NOW_MS - 300_000 })],
  ["a presigned URL in its last second", signed({ expiresSeconds: 3600, nowMs: NOW_MS - 3_600_000 })],
  ["a presigned URL of a week", signed({ expiresSeconds: 604_800, nowMs: NOW_MS - 604_800_000 })],
  ["headers that nobody signed", plus(signed(), "x-forwarded-for", "192.0.2.1", "x-amz-cf-id", "abc")],
  ["options of the connection that nobody signed", plus(signed(), "Connection", "keep-alive, x-forwarded-for, te")],
  ["the body's digest", signed({ headers: ["host", "a", "x-amz-content-sha256", EMPTY] })],
  ["no space after commas", withAuthorization((value) => value.replaceAll(", ", ","))],
  ["another order of the parts", withAuthorization(reverseParts)],
  ["white space around the header", withAuthorization((value) => `  ${value} \t`)],
  ["a repeated header", signed({ headers: ["host", "a", "x-b", "2", "X-B", " 1  2 ", "x-b", ""] })],
  [
    "white space that a hop added",
    withHeader(signed({ headers: ["host", "a", "x-b", "1 2"] }), "x-b", () => " 1   2\t"),
  ],
  ["a hop that knows `:authority` as `host`", renamed(signed({ headers: [":authority", "a"] }), ":authority", "Host")],
  ["a hop that knows `host` as `:authority`", renamed(signed(), "Host", ":authority")],
  ["another spelling of the query", withTarget(signed({ target: "/?q=a%20b%2A~" }), () => "/?q=a+b*%7e")],
  ["another order of the query", withTarget(signed({ target: "/?b=2&a=1&b=1" }), () => "/?b=1&&b=2&a=1&")],
  ["a path that means the same", withTarget(signed({ target: "/a/c%20d" }), () => "/a//b/.././c%20d")],
  [
    "an unsigned payload where it is allowed",
    signed({ headers: ["host", "a", "x-amz-content-sha256", "UNSIGNED-PAYLOAD"] }),
    { allowUnsignedPayload: true },
  ],
  [
    "signed x-amz headers where they have to be",
    signed({ headers: ["host", "a", "x-amz-b", "c"] }),
    { requireSignedAmzHeaders: true },
  ],
];

for (const [name, request, changes] of accepted)
  test(`accepted: ${name}`, () => {
    assert.deepEqual(verifySignature(request, { ...options, ...changes }), {
      ok: true,
      principal: "role",
      accessKeyId: KEY_ID,
      sessionToken: TOKEN,
    });
  });

test("a long-lived key has no session token", () => {
  assert.deepEqual(verifySignature(signed({ accessKeyId: "AKIAPLAIN", sessionToken: null }), options), {
    ok: true,
    principal: "user",
    accessKeyId: "AKIAPLAIN",
    sessionToken: null,
  });
});

test("without x-amz-date the time is that of `Date`, in either form", () => {
  for (const date of ["Thu, 01 Oct 2026 12:00:00 GMT", "Thu, 01 Oct 2026 12:00:00 -0000", "20261001T120000Z"]) {
    const request = withHeader(signed(), "x-amz-date", () => null);
    // The date is bound by the string to sign, so a signer may leave the header itself out.
    const unsigned = withHeader(request, "authorization", (value) => value.replace(";x-amz-date", ""));
    assert.equal(refusalOf(plus(unsigned, "date", date)).reason, "signature-mismatch");
    assert.equal(
      refusalOf(plus(unsigned, "date", "Thu, 01 Oct 2026 12:06:00 GMT")).reason,
      "signature-not-yet-current",
    );
  }
});

type Row = [
  name: string,
  request: RequestToVerify,
  reason: SignatureRefusal["reason"],
  errorType: SignatureRefusal["errorType"],
  message: string | RegExp,
  changes?: Partial<VerifyOptions<string>>,
];

const INCOMPLETE = ["signature-incomplete", "IncompleteSignatureException"] as const;
const MISMATCH = ["signature-mismatch", "InvalidSignatureException"] as const;
const CALCULATED = /^The request signature we calculated does not match the signature you provided\. /;
const NO_PARTS =
  "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.";
const REPEATED_LIST = "SignedHeaders must be names of headers in lower case, sorted, each once.";

const refused: Row[] = [
  // Presence.
  [
    "no signature",
    { ...signed(), headers: ["host", "a"] },
    "signature-missing",
    "MissingAuthenticationTokenException",
    "Request is missing Authentication Token",
  ],
  [
    "a query that has no more than a date",
    { ...signed(), target: "/?X-Amz-Date=20261001T120000Z", headers: ["host", "a"] },
    "signature-missing",
    "MissingAuthenticationTokenException",
    "Request is missing Authentication Token",
  ],
  [
    "both forms",
    { ...signed(), target: signed({ expiresSeconds: 60 }).target },
    "signature-incomplete",
    "InvalidSignatureException",
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  ],
  [
    "a header and a parameter that would not be signed",
    withTarget(signed(), (target) => `${target}&%58-Amz-Signature=1`),
    "signature-incomplete",
    "InvalidSignatureException",
    "Found both 'X-Amz-Signature' as a query-string param and 'Authorization' as HTTP header.",
  ],
  // Form of the header.
  ["an empty header", withAuthorization(() => ""), ...INCOMPLETE, "Authorization header cannot be empty."],
  [
    "another scheme",
    withAuthorization(() => "Bearer Credential=1,Signature=2,SignedHeaders=host"),
    ...INCOMPLETE,
    NO_PARTS,
  ],
  ["nothing but the algorithm", withAuthorization(() => "AWS4-HMAC-SHA256"), ...INCOMPLETE, NO_PARTS],
  [
    "nothing at all, and no date",
    withHeader(
      withAuthorization(() => "x"),
      "x-amz-date",
      () => null,
    ),
    ...INCOMPLETE,
    `${NO_PARTS} Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.`,
  ],
  [
    "no signature among the parts",
    withAuthorization((value) => value.replace(/, Signature=.*/, "")),
    ...INCOMPLETE,
    "Authorization header requires 'Signature' parameter.",
  ],
  [
    "a part without a value",
    withAuthorization((value) => value.replace("Credential=", "Credential")),
    ...INCOMPLETE,
    "The Authorization header holds a part that is no key=value pair (missing equal-sign).",
  ],
  [
    "a part twice",
    withAuthorization((value) => `${value}, SignedHeaders=host`),
    ...INCOMPLETE,
    "The Authorization header holds 'SignedHeaders' more than once.",
  ],
  [
    "a part that is not of the form",
    withAuthorization((value) => `${value}, Region=eu-west-1`),
    ...INCOMPLETE,
    "The Authorization header holds a parameter that Signature Version 4 has not.",
  ],
  [
    "an asymmetric signature",
    withAuthorization((value) => value.replace("HMAC-SHA256", "ECDSA-P256-SHA256")),
    ...INCOMPLETE,
    "Unsupported AWS 'algorithm' 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now).",
  ],
  [
    "two Authorization headers",
    plus(signed(), "authorization", "Bearer x"),
    ...INCOMPLETE,
    "The header 'authorization' is there more than once.",
  ],
  [
    "two dates",
    plus(signed(), "X-Amz-Date", "20261001T120000Z"),
    ...INCOMPLETE,
    "The header 'x-amz-date' is there more than once.",
  ],
  [
    "two session tokens",
    plus(signed(), "X-Amz-Security-Token", TOKEN),
    ...INCOMPLETE,
    "The header 'x-amz-security-token' is there more than once.",
  ],
  [
    "two digests",
    plus(signed(), "x-amz-content-sha256", EMPTY, "x-amz-content-sha256", EMPTY),
    ...INCOMPLETE,
    "The header 'x-amz-content-sha256' is there more than once.",
  ],
  [
    "two `Date` headers without x-amz-date",
    plus(
      withHeader(signed(), "x-amz-date", () => null),
      "date",
      "20261001T120000Z",
      "date",
      "20261001T120000Z",
    ),
    ...INCOMPLETE,
    "The header 'date' is there more than once.",
  ],
  [
    "a date of another form",
    withHeader(signed(), "x-amz-date", () => "2026-10-01T12:00:00Z"),
    ...INCOMPLETE,
    "Date must be in ISO-8601 'basic format'.",
  ],
  [
    "a bad x-amz-date, whatever `Date` says",
    plus(
      withHeader(signed(), "x-amz-date", () => "now"),
      "date",
      "20261001T120000Z",
    ),
    ...INCOMPLETE,
    "Date must be in ISO-8601 'basic format'.",
  ],
  ...["a/b/c/d", "a/b/c/d/e/f", "a", ""].map((credential): Row => [
    `a credential of the form \`${credential}\``,
    withAuthorization((value) => value.replace(/Credential=[^,]*/, `Credential=${credential}`)),
    ...INCOMPLETE,
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
  ]),
  ...["x-amz-date;host", "host;host", "Host;x-amz-date", "host;", ";host", "host;a b", "host;ä", "host,x"].map(
    (list): Row => [
      `signed headers \`${list}\``,
      withAuthorization((value) => value.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`)),
      ...INCOMPLETE,
      list === "host,x"
        ? "The Authorization header holds a part that is no key=value pair (missing equal-sign)."
        : REPEATED_LIST,
    ],
  ),
  ...["/?a=%", "/?a=%2", "/?%zz=1"].map((target): Row => [
    `a broken escape in \`${target}\``,
    signed({ target }),
    ...INCOMPLETE,
    "The query string holds an incomplete or illegal escape.",
  ]),
  // Form of the query.
  ...["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"].map((name): Row => [
    `a presigned URL without X-Amz-${name}`,
    withTarget(signed({ expiresSeconds: 60 }), (target) => target.replace(new RegExp(`X-Amz-${name}=[^&]*`), "")),
    ...INCOMPLETE,
    `AWS query-string parameters must include 'X-Amz-${name}'. Re-examine the query-string parameters.`,
  ]),
  ...["Algorithm", "Credential", "Signature", "SignedHeaders", "Date", "Expires", "Security-Token"].map((name): Row => [
    `a presigned URL with X-Amz-${name} twice`,
    withTarget(signed({ expiresSeconds: 60 }), (target) => `${target}&X-Amz-${name}=1`),
    ...INCOMPLETE,
    `The query-string parameter 'X-Amz-${name}' is there more than once.`,
  ]),
  [
    "an asymmetric presigned URL",
    withTarget(signed({ expiresSeconds: 60 }), (target) => target.replace("HMAC-SHA256", "ECDSA-P256-SHA256")),
    ...INCOMPLETE,
    "Unsupported AWS 'algorithm' 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now).",
  ],
  [
    "a presigned URL with another algorithm",
    withTarget(signed({ expiresSeconds: 60 }), (target) => target.replace("AWS4-HMAC-SHA256", "none")),
    ...INCOMPLETE,
    "Unsupported AWS 'algorithm' (only AWS4-HMAC-SHA256 for now).",
  ],
  ...[
    ["604801", "X-Amz-Expires must be less than a week (in seconds); that is, at most 604800 seconds."],
    ["0", "X-Amz-Expires must be at least 1 second."],
    ["-1", "X-Amz-Expires should be a number."],
    ["1e3", "X-Amz-Expires should be a number."],
    ["99999999999", "X-Amz-Expires should be a number."],
    ["", "X-Amz-Expires should be a number."],
  ].map(([seconds = "", message = ""]): Row => [
    `a presigned URL for \`${seconds}\` seconds`,
    withTarget(signed({ expiresSeconds: 60 }), (target) =>
      target.replace("X-Amz-Expires=60", `X-Amz-Expires=${seconds}`),
    ),
    ...INCOMPLETE,
    message,
  ]),
  [
    "a credential that is no UTF-8",
    withTarget(signed({ expiresSeconds: 60 }), (target) => target.replace("Credential=ASIA", "Credential=%FF")),
    ...INCOMPLETE,
    "The query-string parameter 'X-Amz-Credential' is not UTF-8.",
  ],
  // Signed headers.
  ...["", "x-amz-date"].map((list): Row => [
    `the host unsigned in \`${list}\``,
    withAuthorization((value) => value.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`)),
    "signature-host-unsigned",
    "InvalidSignatureException",
    "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
  ]),
  [
    "an unsigned x-amz header where all have to be",
    plus(signed(), "x-amz-target", "a"),
    "signature-incomplete",
    "InvalidSignatureException",
    "There is a header that must be a 'SignedHeader' in the AWS Authorization: 'x-amz-target'.",
    { requireSignedAmzHeaders: true },
  ],
  // Scope.
  [
    "another Region",
    signed({ region: "us-east-1" }),
    "signature-scope",
    "InvalidSignatureException",
    "Credential should be scoped to a valid region, not 'us-east-1'.",
  ],
  [
    "another service",
    signed({ service: "s3" }),
    "signature-scope",
    "InvalidSignatureException",
    "Credential should be scoped to correct service: 'execute-api'.",
  ],
  [
    "another end of the scope",
    withAuthorization((value) => value.replace("aws4_request", "aws5_request")),
    "signature-scope",
    "InvalidSignatureException",
    "Credential should be scoped with a valid terminator: 'aws4_request'.",
  ],
  [
    "another day in the scope",
    withAuthorization((value) => value.replace("/20261001/", "/20260930/")),
    "signature-scope",
    "InvalidSignatureException",
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261001', from '20261001T120000Z'.",
  ],
  [
    "everything in the scope",
    withAuthorization((value) => value.replace(/Credential=[^,]*/, "Credential=a/b/c d/e/f")),
    "signature-scope",
    "InvalidSignatureException",
    "Credential should be scoped to a valid region, not. Credential should be scoped to correct service: 'execute-api'. Credential should be scoped with a valid terminator: 'aws4_request'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261001', from '20261001T120000Z'.",
  ],
  // Time.
  [
    "six minutes early",
    signed({ nowMs: NOW_MS + 360_000 }),
    "signature-not-yet-current",
    "InvalidSignatureException",
    "Signature not yet current: 20261001T120600Z is still later than 20261001T120500Z (20261001T120000Z + 5 min.)",
  ],
  [
    "a second too early",
    signed({ nowMs: NOW_MS + 301_000 }),
    "signature-not-yet-current",
    "InvalidSignatureException",
    "Signature not yet current: 20261001T120501Z is still later than 20261001T120500Z (20261001T120000Z + 5 min.)",
  ],
  [
    "six minutes late",
    signed({ nowMs: NOW_MS - 360_000 }),
    "signature-expired",
    "InvalidSignatureException",
    "Signature expired: 20261001T115400Z is now earlier than 20261001T115500Z (20261001T120000Z - 5 min.)",
  ],
  [
    "a second too late",
    signed({ nowMs: NOW_MS - 301_000 }),
    "signature-expired",
    "InvalidSignatureException",
    "Signature expired: 20261001T115459Z is now earlier than 20261001T115500Z (20261001T120000Z - 5 min.)",
  ],
  [
    "a presigned URL a second after its end",
    signed({ expiresSeconds: 3600, nowMs: NOW_MS - 3_601_000 }),
    "signature-expired",
    "InvalidSignatureException",
    "Signature expired: 20261001T115959Z is now earlier than 20261001T120000Z (20261001T105959Z + 3600 s.)",
  ],
  [
    "a presigned URL from the future",
    signed({ expiresSeconds: 3600, nowMs: NOW_MS + 360_000 }),
    "signature-not-yet-current",
    "InvalidSignatureException",
    "Signature not yet current: 20261001T120600Z is still later than 20261001T120500Z (20261001T120000Z + 5 min.)",
  ],
  [
    "a presigned URL that does not say how long it holds, six minutes late",
    withTarget(signed({ expiresSeconds: 3600, nowMs: NOW_MS - 360_000 }), (target) =>
      target.replace("&X-Amz-Expires=3600", ""),
    ),
    "signature-expired",
    "InvalidSignatureException",
    "Signature expired: 20261001T115400Z is now earlier than 20261001T115500Z (20261001T120000Z - 5 min.)",
  ],
  // Keys.
  [
    "an unknown key",
    signed({ accessKeyId: "AKIANOBODY" }),
    "credentials-unknown",
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
  ],
  [
    "a temporary key without its token",
    signed({ sessionToken: null }),
    "credentials-unknown",
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
  ],
  [
    "a temporary key with another token",
    withHeader(signed(), "x-amz-security-token", () => "other"),
    "credentials-unknown",
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
  ],
  [
    "an expired session",
    signed({ accessKeyId: "AKIAEXPIRED" }),
    "credentials-expired",
    "ExpiredTokenException",
    "The security token included in the request is expired",
  ],
  // Payload.
  ...["accept", "close, ACCEPT", "host"].map((written): (typeof refused)[number] => [
    `a signed header that the next hop would drop: ${written}`,
    plus(signed(), "connection", written),
    "signature-incomplete",
    "InvalidSignatureException",
    `'Connection' takes a 'SignedHeader' away: '${written.split(", ").at(-1)?.toLowerCase()}'.`,
  ]),
  [
    "a digest of another body",
    signed({ headers: ["host", "a", "x-amz-content-sha256", OTHER] }),
    "payload-mismatch",
    "InvalidSignatureException",
    "The header 'x-amz-content-sha256' is not the SHA-256 of the body.",
  ],
  [
    "a digest in capitals",
    signed({ headers: ["host", "a", "x-amz-content-sha256", EMPTY.toUpperCase()] }),
    "payload-mismatch",
    "InvalidSignatureException",
    "The header 'x-amz-content-sha256' is not the SHA-256 of the body.",
  ],
  [
    "an unsigned payload",
    signed({ headers: ["host", "a", "x-amz-content-sha256", "UNSIGNED-PAYLOAD"] }),
    "payload-mismatch",
    "InvalidSignatureException",
    "The header 'x-amz-content-sha256' says UNSIGNED-PAYLOAD, which is not taken here.",
  ],
  [
    "a streamed payload, even where unsigned ones are allowed",
    signed({ headers: ["host", "a", "x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"] }),
    "payload-mismatch",
    "InvalidSignatureException",
    "The header 'x-amz-content-sha256' is not the SHA-256 of the body.",
    { allowUnsignedPayload: true },
  ],
  // Signature.
  ["another body", { ...signed(), payloadHash: OTHER }, ...MISMATCH, CALCULATED],
  [
    "another body of a presigned URL",
    { ...signed({ expiresSeconds: 60 }), payloadHash: OTHER },
    ...MISMATCH,
    CALCULATED,
  ],
  ["another method", { ...signed(), method: "HEAD" }, ...MISMATCH, CALCULATED],
  ["the method in lower case", { ...signed(), method: "get" }, ...MISMATCH, CALCULATED],
  ["another host", withHeader(signed(), "host", () => "other.example.com"), ...MISMATCH, CALCULATED],
  ["a second host", plus(signed(), "host", "other.example.com"), ...MISMATCH, CALCULATED],
  ["another path", withTarget(signed({ target: "/pets/1" }), () => "/pets/2"), ...MISMATCH, CALCULATED],
  ["the path in other letters", withTarget(signed({ target: "/pets" }), () => "/Pets"), ...MISMATCH, CALCULATED],
  ["a slash at the end", withTarget(signed({ target: "/pets" }), () => "/pets/"), ...MISMATCH, CALCULATED],
  ["an escape that was none", withTarget(signed({ target: "/a/b" }), () => "/a%2Fb"), ...MISMATCH, CALCULATED],
  ["an escape in small letters", withTarget(signed({ target: "/a%2Fb" }), () => "/a%2fb"), ...MISMATCH, CALCULATED],
  [
    "encoded dots, which are no dot segments",
    withTarget(signed({ target: "/a" }), () => "/b/%2e%2e/a"),
    ...MISMATCH,
    CALCULATED,
  ],
  ["another parameter", withTarget(signed(), (target) => `${target}&c=3`), ...MISMATCH, CALCULATED],
  ["a parameter twice", withTarget(signed(), (target) => `${target}&a=1`), ...MISMATCH, CALCULATED],
  ["a parameter less", withTarget(signed(), () => "/pets/1?a=1"), ...MISMATCH, CALCULATED],
  ["another date", withHeader(signed(), "x-amz-date", () => "20261001T120001Z"), ...MISMATCH, CALCULATED],
  ["a header's value", withHeader(signed(), "accept", () => "*"), ...MISMATCH, CALCULATED],
  ["a header again", plus(signed(), "accept", "*/*"), ...MISMATCH, CALCULATED],
  [
    "repeated headers in another order",
    { ...signed({ headers: ["host", "a", "x-b", "1", "x-b", "2"] }), ...reordered() },
    ...MISMATCH,
    CALCULATED,
  ],
  [
    "a signed header that is gone",
    withHeader(signed(), "accept", () => null),
    ...MISMATCH,
    /^A signed header is not in the request\. /,
  ],
  [
    "an empty signed header that is gone",
    withHeader(signed({ headers: ["host", "a", "x-b", ""] }), "x-b", () => null),
    ...MISMATCH,
    /^A signed header is not in the request\. /,
  ],
  ["a digit of the signature", withAuthorization(changeLast), ...MISMATCH, CALCULATED],
  ["a shorter signature", withAuthorization((value) => value.slice(0, -1)), ...MISMATCH, CALCULATED],
  ["a longer signature", withAuthorization((value) => `${value}0`), ...MISMATCH, CALCULATED],
  [
    "no digit in the signature",
    withAuthorization((value) => value.replace(/Signature=.*/, "Signature=")),
    ...MISMATCH,
    CALCULATED,
  ],
  [
    "the signature in capitals",
    withAuthorization((value) => value.replace(/Signature=.*/, (part) => `Signature=${part.slice(10).toUpperCase()}`)),
    ...MISMATCH,
    CALCULATED,
  ],
  [
    "a digit of a presigned URL that is another character with the same last byte",
    withTarget(signed({ expiresSeconds: 60 }), (target) =>
      target.replace(/(?<=Signature=)./, (digit) =>
        encodeURIComponent(String.fromCharCode(0x100 + digit.charCodeAt(0))),
      ),
    ),
    ...MISMATCH,
    CALCULATED,
  ],
  [
    "a longer life for a presigned URL",
    withTarget(signed({ expiresSeconds: 60 }), (target) => target.replace("Expires=60", "Expires=61")),
    ...MISMATCH,
    CALCULATED,
  ],
  [
    "a presigned URL whose end was cut off",
    withTarget(signed({ expiresSeconds: 60 }), (target) => target.replace("&X-Amz-Expires=60", "")),
    ...MISMATCH,
    CALCULATED,
  ],
];

for (const [name, request, reason, errorType, message, changes] of refused)
  test(`refused, ${reason}: ${name}`, () => {
    const refusal = refusalOf(request, changes);
    assert.deepEqual({ reason: refusal.reason, errorType: refusal.errorType }, { reason, errorType });
    if (typeof message === "string") assert.equal(refusal.message, message);
    else assert.match(refusal.message, message);
  });

test("the checks come in their order: of several faults the earliest is told", () => {
  // Each step mends one fault of a request that has all of them.
  let request = signed({
    accessKeyId: "AKIANOBODY",
    sessionToken: null,
    region: "us-east-1",
    nowMs: NOW_MS - 900_000,
    headers: ["host", "a", "x-amz-content-sha256", OTHER],
  });
  const found: string[] = [];
  const note = (next: RequestToVerify): void => {
    request = next;
    found.push(refusalOf(request).reason);
  };
  note({ ...request, headers: request.headers.slice(0, -2) });
  note(
    plus(request, "authorization", "AWS4-HMAC-SHA256 Credential=AKIANOBODY/1/2/3/4, Signature=0, SignedHeaders=B;a"),
  );
  note(withHeader(request, "authorization", (value) => value.replace("B;a", "x-amz-date")));
  note(withHeader(request, "authorization", (value) => value.replace("x-amz-date", "host")));
  note(
    withHeader(request, "authorization", (value) =>
      value.replace("1/2/3/4", "20261001/eu-west-1/execute-api/aws4_request"),
    ),
  );
  note(withHeader(request, "x-amz-date", () => "20261001T120000Z"));
  note(withHeader(request, "authorization", (value) => value.replace("AKIANOBODY", "AKIAPLAIN")));
  note(withHeader(request, "x-amz-content-sha256", () => EMPTY));
  assert.deepEqual(found, [
    "signature-missing",
    "signature-incomplete",
    "signature-host-unsigned",
    "signature-scope",
    "signature-expired",
    "credentials-unknown",
    "payload-mismatch",
    "signature-mismatch",
  ]);
});

test("a changed secret takes effect at once", () => {
  const request = signed();
  assert.equal(verifySignature(request, options).ok, true);
  const changed: CredentialSource<string> = {
    find: () => ({ ok: true, secretAccessKey: `${SECRET}2`, principal: "role" }),
  };
  assert.equal(refusalOf(request, { credentials: changed }).reason, "signature-mismatch");
  assert.equal(verifySignature(request, options).ok, true);
});

function reverseParts(value: string): string {
  const space = value.indexOf(" ");
  return `${value.slice(0, space)} ${value
    .slice(space + 1)
    .split(", ")
    .toReversed()
    .join(", ")}`;
}

function renamed(request: RequestToVerify, from: string, to: string): RequestToVerify {
  return { ...request, headers: request.headers.map((text) => (text === from ? to : text)) };
}

function reordered(): Pick<RequestToVerify, "headers"> {
  const headers = [...signed({ headers: ["host", "a", "x-b", "1", "x-b", "2"] }).headers];
  [headers[3], headers[5]] = [headers[5] ?? "", headers[3] ?? ""];
  return { headers };
}

function changeLast(value: string): string {
  return `${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}`;
}
