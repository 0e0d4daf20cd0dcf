import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { signRequest } from "./sign-request.ts";
import type { RequestToVerify, SignatureResult, VerifyOptions } from "./signature.ts";
import { verifySignature } from "./verify-signature.ts";

const NOW_MS = Date.UTC(2026, 9, 1, 12, 0, 0);
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SECRET = "CanarySecretOfThisTest";
const TOKEN = "CanaryTokenOfThisTest";
const options: VerifyOptions<string> = {
  service: "execute-api",
  region: "eu-west-1",
  nowMs: NOW_MS,
  credentials: {
    find: (accessKeyId) =>
      accessKeyId === "ASIAEXAMPLE"
        ? { ok: true, secretAccessKey: SECRET, principal: "role" }
        : { ok: false, problem: "unknown" },
  },
};
const RUNS = 3000;
const REASONS = new Set([
  "signature-missing",
  "signature-incomplete",
  "signature-host-unsigned",
  "signature-scope",
  "signature-expired",
  "signature-not-yet-current",
  "credentials-unknown",
  "payload-mismatch",
  "signature-mismatch",
]);

/** Text as a server reads it: one character for each byte, any byte. */
const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString("latin1"));
/** Pieces that signatures are made of, so that random text gets past the first check. */
const piece = fc.oneof(
  bytes,
  fc.constantFrom(
    ..."AWS4-HMAC-SHA256|Credential=|SignedHeaders=|Signature=|, |,|;|/|=|&|%|%2F|%ff|+|.|..|host|:authority".split(
      "|",
    ),
    ..."aws4_request|20261001|20261001T120000Z|eu-west-1|execute-api|x-amz-date|X-Amz-Expires=|UNSIGNED-PAYLOAD".split(
      "|",
    ),
    ..."X-Amz-Algorithm=|X-Amz-Credential=|X-Amz-Signature=|X-Amz-SignedHeaders=|X-Amz-Date=".split("|"),
    "AKIAEXAMPLE/20261001/eu-west-1/execute-api/aws4_request",
    "0".repeat(64),
    " ",
    "\t",
    "\u00a0",
    "__proto__",
  ),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const headerName = fc.oneof(
  fc.constantFrom("host", "authorization", "x-amz-date", "date", "x-amz-security-token", "x-amz-content-sha256"),
  bytes,
);
const anything: fc.Arbitrary<RequestToVerify> = fc.record({
  method: fc.oneof(fc.constant("GET"), bytes),
  target: fc.oneof(
    text,
    text.map((query) => `/?X-Amz-Algorithm=AWS4-HMAC-SHA256&${query}`),
  ),
  headers: fc.array(fc.oneof(headerName, text), { maxLength: 14 }),
  payloadHash: fc.constant(EMPTY),
});

function signed(isPresigned: boolean): RequestToVerify {
  const request = {
    method: "PUT",
    target: "/a/b%20c?d=1&e",
    headers: ["host", "api.example.com", "accept", "*/*", "x-b", "1", "x-b", ""],
    payloadHash: EMPTY,
  };
  const { target, headers } = signRequest(request, {
    accessKeyId: "ASIAEXAMPLE",
    secretAccessKey: SECRET,
    sessionToken: TOKEN,
    service: "execute-api",
    region: "eu-west-1",
    nowMs: NOW_MS,
    ...(isPresigned ? { presign: { expiresSeconds: 60 } } : {}),
  });
  return { ...request, target, headers };
}

function assertQuiet(result: SignatureResult<string>, request: RequestToVerify): void {
  assert.equal(result.ok, false);
  const { reason, message } = result.refusal;
  assert.equal(REASONS.has(reason), true, reason);
  assert.match(message, /^[\x20-\x7e…]{1,800}$/);
  const given = /Signature=([0-9a-f]{64})/.exec(`${request.headers.join(" ")} ${request.target}`)?.[1];
  // The path is shown, whatever somebody put there.
  const isInPath = given !== undefined && request.target.replace(/\?.*/s, "").includes(given);
  for (const secret of [SECRET, TOKEN, ...(given === undefined || isInPath ? [] : [given])])
    assert.equal(message.includes(secret), false);
}

test("any bytes are refused for a reason that is known, in text that is short, printable and without secrets", () => {
  const reasons = new Map<string, number>();
  fc.assert(
    fc.property(anything, (request) => {
      const result = verifySignature(request, options);
      assertQuiet(result, request);
      if (!result.ok) reasons.set(result.refusal.reason, (reasons.get(result.refusal.reason) ?? 0) + 1);
    }),
    { numRuns: RUNS, seed: 4 },
  );
  // Or else the pieces no longer reach anything.
  for (const reason of ["signature-missing", "signature-incomplete"])
    assert.ok((reasons.get(reason) ?? 0) > 100, reason);
});

test("a signed request into which something is put is refused or means the same", () => {
  const spot = fc.record({
    isPresigned: fc.boolean(),
    /** -1: the target; else this of the headers' names and values. */
    index: fc.integer({ min: -1, max: 13 }),
    at: fc.nat(400),
    length: fc.nat(3),
    text: fc.oneof(bytes, piece),
  });
  let refused = 0;
  fc.assert(
    fc.property(spot, ({ isPresigned, index, at, length, text: put }) => {
      const good = signed(isPresigned);
      const change = (old: string): string => {
        const start = at % (old.length + 1);
        return old.slice(0, start) + put + old.slice(start + length);
      };
      const request: RequestToVerify =
        index === -1
          ? { ...good, target: change(good.target) }
          : { ...good, headers: good.headers.map((old, i) => (i === index ? change(old) : old)) };
      const result = verifySignature(request, options);
      if (result.ok) {
        assert.deepEqual(meaningOf(request), meaningOf(good));
        return;
      }
      refused += 1;
      assertQuiet(result, request);
    }),
    { numRuns: RUNS, seed: 4 },
  );
  assert.ok(refused > RUNS / 2, `${refused}`);
});

/** Path without what normalisation removes, query as a set, headers without white space at the ends and doubled. */
function meaningOf({ target, headers }: RequestToVerify): unknown {
  const mark = target.indexOf("?");
  const segments: string[] = [];
  for (const segment of target.slice(0, mark).split("/"))
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  const query = [...new URLSearchParams(target.slice(mark + 1))].map((pair) => pair.join("\n")).toSorted();
  // Another name of the host is the same host; the parts of the Authorization may be spaced otherwise.
  const trimmed = headers.map((value) =>
    value
      .toLowerCase()
      .replace(":authority", "host")
      .replace(/[ \t\r\n]+/g, ""),
  );
  return { segments, query, headers: trimmed.map((value) => value.replace(/,+$/, "").replace(/,+/g, ",")) };
}

const LONG = 1_000_000;
const many = (piece_: string): string => piece_.repeat(Math.ceil(LONG / piece_.length));
const authorization = (value: string): RequestToVerify => ({
  ...signed(false),
  headers: ["host", "a", "x-amz-date", "20261001T120000Z", "authorization", value],
});
const names = Array.from({ length: 50_000 }, (_, index) => `h${String(index).padStart(6, "0")}`);

/** An empty reason: accepted. */
const long: [name: string, request: RequestToVerify, reason: string][] = [
  ["spaces in a header", { ...signed(false), headers: [...signed(false).headers, "x-c", `a${many(" ")}b`] }, ""],
  ["spaces in a signed header", withAccept(many("* ")), "signature-mismatch"],
  ["spaces in the Authorization", authorization(`AWS4-HMAC-SHA256${many(" ")}x`), "signature-incomplete"],
  ["commas in the Authorization", authorization(`AWS4-HMAC-SHA256 ${many(" ,")}`), "signature-incomplete"],
  ["equal signs in the Authorization", authorization(`AWS4-HMAC-SHA256 ${many("=")}`), "signature-incomplete"],
  ["slashes in the credential", withPart("Credential", many("/")), "signature-incomplete"],
  [
    "a long access key",
    withPart("Credential", `${many("a")}/20261001/eu-west-1/execute-api/aws4_request`),
    "credentials-unknown",
  ],
  ["a long Region", withPart("Credential", `a/20261001/${many("a")}/execute-api/aws4_request`), "signature-scope"],
  ["a long signature", withPart("Signature", many("0")), "signature-mismatch"],
  ["semicolons in the signed headers", withPart("SignedHeaders", many(";")), "signature-incomplete"],
  [
    "signed headers that are not there",
    withPart("SignedHeaders", `host;${names.map((name) => `i${name}`).join(";")}`),
    "signature-mismatch",
  ],
  [
    "signed headers that are there",
    {
      ...withPart("SignedHeaders", [...names, "host"].join(";")),
      headers: [
        ...withPart("SignedHeaders", [...names, "host"].join(";")).headers,
        ...names.flatMap((name) => [name, "a"]),
      ],
    },
    "signature-mismatch",
  ],
  [
    "one header again and again",
    { ...signed(false), headers: [...signed(false).headers, ...names.flatMap(() => ["accept", ""])] },
    "signature-mismatch",
  ],
  ["dot segments", { ...signed(false), target: many("/a/..") }, "signature-mismatch"],
  ["double dots", { ...signed(false), target: many("/..") }, "signature-mismatch"],
  ["slashes", { ...signed(false), target: many("/") }, "signature-mismatch"],
  ["bytes to encode", { ...signed(false), target: `/${many("\u00ff")}?${many("\u00ff")}` }, "signature-mismatch"],
  ["percent signs", { ...signed(false), target: `/?${many("%")}` }, "signature-incomplete"],
  ["ampersands", { ...signed(false), target: `/?${many("&")}` }, "signature-mismatch"],
  ["parameters", { ...signed(false), target: `/?${many("b&a=1&")}` }, "signature-mismatch"],
  [
    "long names of parameters",
    { ...signed(false), target: `/?${Array.from({ length: 100 }, (_, i) => `${"a".repeat(10_000)}${i}`).join("&")}` },
    "signature-mismatch",
  ],
  ["marks of a presigned URL", { ...signed(true), target: `/?${many("X-Amz-Algorithm&")}` }, "signature-incomplete"],
  [
    "digits of an age",
    { ...signed(true), target: signed(true).target.replace("Expires=60", `Expires=${many("1")}`) },
    "signature-incomplete",
  ],
];

// Whoever makes one of these quadratic waits for 10^12 steps, and the test's time is over.
for (const [name, request, reason] of long)
  test(`a million characters are judged in time: ${name}`, { timeout: 120_000 }, () => {
    const result = verifySignature(request, options);
    assert.equal(result.ok ? "" : result.refusal.reason, reason);
    if (!result.ok) assertQuiet(result, request);
  });

function withAccept(value: string): RequestToVerify {
  const good = signed(false);
  return { ...good, headers: good.headers.map((text_) => (text_ === "*/*" ? value : text_)) };
}

function withPart(name: string, value: string): RequestToVerify {
  const good = signed(false);
  const old = good.headers.at(-1) ?? "";
  return {
    ...good,
    headers: [...good.headers.slice(0, -1), old.replace(new RegExp(`${name}=[^,]*`), () => `${name}=${value}`)],
  };
}
