/**
 * Some of AWS's published vectors: a signature that AWS's own library made is accepted, and ours is the same.
 *
 * Source: awslabs/aws-c-auth, tests/aws-signing-test-suite/v4 (Apache-2.0), a row for each case chosen, by its name.
 * Key, Region, service, time and age are those of the suite.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { type SignatureResult, type VerifyOptions, signRequest, verifySignature } from "../../src/iam/index.ts";
import { asRead } from "./foreign-signers.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SCOPE = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
const DATE = "20150830T123600Z";
const TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
const LONG_TOKEN =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
const HOST = ["Host", "example.amazonaws.com"];
const VERIFY: VerifyOptions<string> = {
  service: "service",
  region: "us-east-1",
  nowMs: Date.UTC(2015, 7, 30, 12, 36, 0),
  credentials: { find: () => ({ ok: true, secretAccessKey: SECRET, principal: "example" }) },
};

interface Vector {
  readonly name: string;
  readonly method?: string;
  /** @default "/" */
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly token?: string;
  /** Names besides those of the signature itself. */
  readonly signed?: string;
  readonly signature: string;
  readonly querySignature: string;
}

const VECTORS: readonly Vector[] = [
  {
    name: "get-vanilla",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    querySignature: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d",
  },
  {
    name: "get-vanilla-query-order-key-case",
    target: "/?Param2=value2&Param1=value1",
    signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    querySignature: "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5",
  },
  {
    name: "get-vanilla-query-order-encoded",
    target: "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
    signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    querySignature: "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787",
  },
  {
    name: "get-vanilla-utf8-query",
    target: "/?\u1234=bar",
    signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    querySignature: "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600",
  },
  {
    name: "get-utf8",
    target: "/\u1234",
    signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    querySignature: "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44",
  },
  {
    name: "get-space-normalized",
    target: "/example space/",
    signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    querySignature: "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6",
  },
  {
    name: "get-relative-relative-normalized",
    target: "/example1/example2/../..",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    querySignature: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d",
  },
  {
    name: "get-slashes-normalized",
    target: "//example//",
    signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    querySignature: "c1834e8fb0307243711f0f907f6ab7311ed300d87f13792d7ee4da89ab93e082",
  },
  {
    name: "get-slash-pointless-dot-normalized",
    target: "/./example",
    signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
    querySignature: "35034b1a0bdd969f346975386daf8aedfd4976573b8348cf4f67eaa41c5857de",
  },
  {
    name: "get-header-key-duplicate",
    headers: ["My-Header1", "value2", "My-Header1", "value2", "My-Header1", "value1"],
    signed: "my-header1",
    signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    querySignature: "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97",
  },
  {
    name: "get-header-value-trim",
    headers: ["My-Header1", " value1", "My-Header2", ' "a   b   c"'],
    signed: "my-header1;my-header2",
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    querySignature: "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4",
  },
  {
    name: "get-header-value-multiline",
    headers: ["My-Header1", "value1\n  value2\n     value3"],
    signed: "my-header1",
    signature: "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
    querySignature: "e6f5def831211aca02987a44b96826706278c7bc078112ae0263659c5b2f2d56",
  },
  {
    name: "get-vanilla-with-session-token",
    token: TOKEN,
    signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    querySignature: "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c",
  },
  {
    name: "post-sts-header-before",
    method: "POST",
    token: LONG_TOKEN,
    signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    querySignature: "46c2e3c63c1dbe7d39f8ada16fe7f001c1f56c5791441565323677f96308871c",
  },
  {
    name: "post-x-www-form-urlencoded-parameters",
    method: "POST",
    headers: ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8", "Content-Length", "13"],
    body: "Param1=value1",
    signed: "content-length;content-type",
    signature: "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
    querySignature: "0dbeb9b026c7b6675f266b8427efec9b4fa8b1f6ef1477d717aea231106eab4d",
  },
];

/** The request of the vector as its suite signs it, whose answer is the one expected. */
function partsOf(vector: Vector) {
  const { body = "", headers = [], method = "GET", target = "/", token = null } = vector;
  const payloadHash = createHash("sha256").update(body).digest("hex");
  // The suite says the body's digest in a header where it signs a body, though not in a URL.
  const declared = body === "" ? [] : ["x-amz-content-sha256", payloadHash];
  return { method, target: asRead(target), headers: [...HOST, ...headers], declared, payloadHash, token };
}

function verify(vector: Vector, changes: { target?: string; headers?: readonly string[] }): SignatureResult<string> {
  const { method, target, headers, payloadHash } = partsOf(vector);
  return verifySignature({ method, target, headers, payloadHash, ...changes }, VERIFY);
}

function headersOf(vector: Vector): string[] {
  const { headers, declared, token } = partsOf(vector);
  const tokens = token === null ? [] : ["X-Amz-Security-Token", token];
  const names = [
    "host",
    "x-amz-date",
    ...(vector.signed ?? "").split(";"),
    ...(declared.length > 0 ? ["x-amz-content-sha256"] : []),
  ];
  if (token !== null) names.push("x-amz-security-token");
  const list = names
    .filter((name) => name !== "")
    .toSorted()
    .join(";");
  const authorization = `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=${list}, Signature=${vector.signature}`;
  return [...headers, ...declared, ...tokens, "X-Amz-Date", DATE, "Authorization", authorization];
}

function urlOf(vector: Vector): string {
  const { target, token } = partsOf(vector);
  const list = ["host", ...(vector.signed ?? "").split(";")]
    .filter((name) => name !== "")
    .toSorted()
    .join("%3B");
  const tokens = token === null ? "" : `&X-Amz-Security-Token=${encodeURIComponent(token)}`;
  return `${target}${target.includes("?") ? "&" : "?"}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(SCOPE)}&X-Amz-Date=${DATE}&X-Amz-SignedHeaders=${list}&X-Amz-Expires=3600${tokens}&X-Amz-Signature=${vector.querySignature}`;
}

for (const vector of VECTORS) {
  const { method, target, headers, declared, payloadHash, token } = partsOf(vector);
  const expected = { ok: true, principal: "example", accessKeyId: "AKIDEXAMPLE", sessionToken: token };
  const options = { ...VERIFY, accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET, sessionToken: token };

  test(`${vector.name}: accepted in the header`, () => {
    assert.deepEqual(verify(vector, { headers: headersOf(vector) }), expected);
  });

  test(`${vector.name}: accepted in the query`, () => {
    assert.deepEqual(verify(vector, { target: urlOf(vector) }), expected);
  });

  test(`${vector.name}: signed with the same outcome`, () => {
    const signed = signRequest({ method, target, headers: [...headers, ...declared], payloadHash }, options);
    assert.equal(signed.headers.at(-1), headersOf(vector).at(-1));
    const presigned = signRequest(
      { method, target, headers, payloadHash },
      { ...options, presign: { expiresSeconds: 3600 } },
    );
    assert.equal(presigned.target.slice(-64), vector.querySignature);
  });
}

test("get-relative-unnormalized: a path that was signed with its dots is refused, as for every service but S3", () => {
  const vector: Vector = {
    name: "get-relative-unnormalized",
    target: "/example/..",
    signature: "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282",
    querySignature: "cbcb213b928a077e43275df47b500f1dfaa864ab3f5a18f6b95f4ff0938167ee",
  };
  for (const changes of [{ headers: headersOf(vector) }, { target: urlOf(vector) }]) {
    const result = verify(vector, changes);
    assert.equal(result.ok ? "" : result.refusal.reason, "signature-mismatch");
  }
});

test("post-sts-header-after: a token that is added after signing is accepted in a header, and refused in a URL", () => {
  const vector: Vector = {
    name: "post-sts-header-after",
    method: "POST",
    token: LONG_TOKEN,
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    querySignature: "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b",
  };
  // Whose session it is says the key together with the token, signed or not.
  const headers = headersOf(vector).map((text) =>
    text.replace("host;x-amz-date;x-amz-security-token", "host;x-amz-date"),
  );
  assert.equal(verify(vector, { headers }).ok, true);
  // Only some services, API Gateway not among them, leave the parameter out of what is signed.
  const result = verify(vector, { target: urlOf(vector) });
  assert.equal(result.ok ? "" : result.refusal.reason, "signature-mismatch");
});
