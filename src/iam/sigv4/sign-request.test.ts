import assert from "node:assert/strict";
import { test } from "node:test";
import { type SignOptions, signRequest } from "./sign-request.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Key, Region, service and time of AWS's signature test suite. */
const OPTIONS: SignOptions = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
  service: "service",
  region: "us-east-1",
  nowMs: Date.UTC(2015, 7, 30, 12, 36, 0),
};
const VANILLA = {
  method: "GET",
  target: "/",
  headers: ["Host", "example.amazonaws.com"],
  payloadHash: EMPTY,
};
const VANILLA_HEADERS = [
  "Host",
  "example.amazonaws.com",
  "x-amz-date",
  "20150830T123600Z",
  "authorization",
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
];

test("a request is signed as AWS's suite says", () => {
  assert.deepEqual(signRequest(VANILLA, OPTIONS), { target: "/", headers: VANILLA_HEADERS });
});

test("signing again replaces the signature and what belongs to it", () => {
  const headers = [...VANILLA_HEADERS, "X-Amz-Security-Token", "of an earlier session"];
  assert.deepEqual(signRequest({ ...VANILLA, headers }, OPTIONS), { target: "/", headers: VANILLA_HEADERS });
});

test("a session token becomes a signed header, or a parameter of a presigned URL", () => {
  const options = { ...OPTIONS, sessionToken: "a+b/c==" };
  const { headers } = signRequest(VANILLA, options);
  assert.deepEqual(headers.slice(2, 6), ["x-amz-date", "20150830T123600Z", "x-amz-security-token", "a+b/c=="]);
  assert.match(headers[7] ?? "", /, SignedHeaders=host;x-amz-date;x-amz-security-token, /);
  const presigned = signRequest(VANILLA, { ...options, presign: { expiresSeconds: 60 } });
  assert.deepEqual(presigned.headers, VANILLA.headers);
  assert.match(
    presigned.target,
    /^\/\?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-Security-Token=a%2Bb%2Fc%3D%3D&X-Amz-SignedHeaders=host&X-Amz-Signature=[0-9a-f]{64}$/,
  );
});

test("presigning again replaces the signature, and keeps the rest of the query as it is written", () => {
  const options = { ...OPTIONS, presign: { expiresSeconds: 60 } };
  const once = signRequest({ ...VANILLA, target: "/a?b=%7e+1&c" }, options);
  assert.match(once.target, /^\/a\?b=%7e\+1&c&X-Amz-Algorithm=/);
  assert.deepEqual(signRequest({ ...VANILLA, target: once.target }, options), once);
});

test("headers that hops change are sent and not signed", () => {
  const names =
    "Authorization baggage Cache-Control Connection Expect From Keep-Alive Max-Forwards Pragma Proxy-Connection Referer Sec-Fetch-Mode TE traceparent tracestate Trailer Transfer-Encoding Upgrade User-Agent X-Amzn-Trace-Id";
  const changing = names.split(" ").flatMap((name) => [name, "value"]);
  const { headers } = signRequest({ ...VANILLA, headers: [...VANILLA.headers, ...changing] }, OPTIONS);
  assert.deepEqual(headers.slice(-2), VANILLA_HEADERS.slice(-2));
  assert.equal(headers.includes("User-Agent"), true);
});

test("the digest in the request is what is signed", () => {
  const unsigned = { ...VANILLA, headers: [...VANILLA.headers, "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"] };
  assert.equal(
    signRequest({ ...unsigned, payloadHash: "0" }, OPTIONS).headers.at(-1),
    signRequest(unsigned, OPTIONS).headers.at(-1),
  );
  assert.notEqual(
    signRequest({ ...VANILLA, payloadHash: "0" }, OPTIONS).headers.at(-1),
    signRequest(VANILLA, OPTIONS).headers.at(-1),
  );
});

test("a request without host is not signed", () => {
  assert.throws(() => signRequest({ ...VANILLA, headers: ["accept", "*/*"] }, OPTIONS), {
    code: "GH_INTERNAL",
    message: "internal error: a request to sign has no host",
  });
});

test("a presigned URL holds for a second at least and for a week at most", () => {
  for (const expiresSeconds of [0, -1, 604_801, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => signRequest(VANILLA, { ...OPTIONS, presign: { expiresSeconds } }), { code: "GH_INTERNAL" });
});
