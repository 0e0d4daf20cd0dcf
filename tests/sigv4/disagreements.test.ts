/**
 * Where the signers differ from each other, and whom we follow.
 *
 * A row is one request, what each signer puts on the wire for it, and whether that is accepted. Where AWS says nothing
 * we follow @smithy/signature-v4, which is AWS's, and for the query what AWS's front ends are known to do: decode and
 * encode again.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, test } from "node:test";
import { type SignatureRefusal, verifySignature } from "../../src/iam/index.ts";
import {
  type ForeignSigner,
  type MeantRequest,
  type SignerName,
  type WireRequest,
  loadSigners,
} from "./foreign-signers.ts";

const NOW_MS = Date.UTC(2026, 9, 1, 12, 0, 0);
const MEANT: MeantRequest = {
  method: "GET",
  path: "/pets",
  query: [],
  headers: [["host", "api.example.com"]],
  body: Buffer.alloc(0),
  accessKeyId: "AKIAEXAMPLE",
  secretAccessKey: "not-a-secret-but-for-this-test",
  sessionToken: null,
  service: "execute-api",
  region: "eu-west-1",
  nowMs: NOW_MS,
  expiresSeconds: null,
};

const signers = new Map<SignerName, ForeignSigner>();

before(
  async () => {
    for (const signer of await loadSigners()) signers.set(signer.name, signer);
  },
  { timeout: 600_000 },
);

async function sign(name: SignerName, changes: Partial<MeantRequest>): Promise<WireRequest> {
  const [wire] = (await signers.get(name)?.sign([{ ...MEANT, ...changes }])) ?? [];
  assert.ok(wire);
  return wire;
}

type Outcome = "accepted" | SignatureRefusal["reason"];

function outcomeOf(wire: WireRequest, changes: Partial<MeantRequest> = {}, nowMs = NOW_MS): Outcome {
  const { method, body, secretAccessKey, service, region } = { ...MEANT, ...changes };
  const result = verifySignature(
    { ...wire, method, payloadHash: createHash("sha256").update(body).digest("hex") },
    { service, region, nowMs, credentials: { find: () => ({ ok: true, secretAccessKey, principal: 1 }) } },
  );
  return result.ok ? "accepted" : result.refusal.reason;
}

function signedHeaders(wire: WireRequest): string {
  return /SignedHeaders=([^,]*)/.exec(wire.headers.join("\n"))?.[1] ?? "";
}

async function outcomes(changes: Partial<MeantRequest>): Promise<Partial<Record<SignerName, Outcome>>> {
  const found: Partial<Record<SignerName, Outcome>> = {};
  for (const name of signers.keys()) found[name] = outcomeOf(await sign(name, changes), changes);
  return found;
}

/**
 * botocore and aws4 take the query as it is written; the path stands in for it here, since `query` is encoded. botocore
 * signs the text as it stands, which is right for the URLs that it writes itself. aws4 decodes it.
 */
const written: [query: string, aws4: Outcome, botocore: Outcome][] = [
  ["a=b%20c", "accepted", "accepted"],
  ["a=b+c", "accepted", "signature-mismatch"],
  ["a=b=c", "accepted", "signature-mismatch"],
  ["a=%7e%2f", "accepted", "signature-mismatch"],
  ["a=%41", "accepted", "signature-mismatch"],
  ["a=b/c?d", "accepted", "signature-mismatch"],
  // Signed by botocore as a parameter without name and value.
  ["a=1&&b=2", "accepted", "signature-mismatch"],
  // Repaired by aws4 before it is sent.
  ["a=%zz", "accepted", "signature-incomplete"],
];

for (const [query, aws4, botocore] of written)
  test(`a query that the caller wrote, \`${query}\`: aws4 ${aws4}, botocore ${botocore}`, async () => {
    const changes = { path: `/pets?${query}` };
    assert.equal(outcomeOf(await sign("aws4", changes)), aws4);
    assert.equal(outcomeOf(await sign("botocore", changes)), botocore);
  });

test("dot segments and slashes: all three agree, for paths that RFC 3986 resolves otherwise too", async () => {
  for (const path of ["/a/b/..", "/a/b/../", "/../a", "//", "/a//..//b", "/./", "/a/.", "/..", "/%2e%2e/a"])
    assert.deepEqual(await outcomes({ path }), { smithy: "accepted", aws4: "accepted", botocore: "accepted" }, path);
});

test("a parameter without a name: aws4 takes it away, the others send and sign it", async () => {
  const query = [["", "v"]] as const;
  assert.equal((await sign("aws4", { query })).target, "/pets?");
  assert.equal((await sign("smithy", { query })).target, "/pets?=v");
  assert.equal((await sign("botocore", { query })).target, "/pets?=v");
  assert.deepEqual(await outcomes({ query }), { smithy: "accepted", aws4: "accepted", botocore: "accepted" });
});

test("a repeated parameter of a presigned URL: botocore keeps the first, the others all", async () => {
  const changes = {
    query: [
      ["a", "1"],
      ["a", "2"],
    ] as const,
    expiresSeconds: 60,
  };
  assert.match((await sign("botocore", changes)).target, /^\/pets\?a=1&X-Amz-Algorithm=/);
  assert.match((await sign("smithy", changes)).target, /^\/pets\?a=1&a=2&X-Amz-Algorithm=/);
  assert.match((await sign("aws4", changes)).target, /^\/pets\?a=1&a=2&X-Amz-Date=/);
  assert.deepEqual(await outcomes(changes), { smithy: "accepted", aws4: "accepted", botocore: "accepted" });
});

test("x-amz headers of a presigned URL: smithy moves them into the query, the others sign them as headers", async () => {
  const changes = { headers: [...MEANT.headers, ["x-amz-meta-a", "1"]] as const, expiresSeconds: 60 };
  assert.deepEqual((await sign("smithy", changes)).headers, ["host", "api.example.com"]);
  for (const name of ["aws4", "botocore"] as const)
    assert.match((await sign(name, changes)).target, /&X-Amz-SignedHeaders=host%3Bx-amz-meta-a&/);
  assert.deepEqual(await outcomes(changes), { smithy: "accepted", aws4: "accepted", botocore: "accepted" });
});

test("which headers are signed differs, and each list is honoured", async () => {
  const names = ["accept", "cache-control", "expect", "pragma", "range", "referer", "traceparent", "user-agent", "via"];
  const changes = { headers: [...MEANT.headers, ...names.map((name) => [name, "v"] as const)] };
  assert.equal(
    signedHeaders(await sign("smithy", changes)),
    "accept;host;range;traceparent;via;x-amz-content-sha256;x-amz-date",
  );
  assert.equal(
    signedHeaders(await sign("aws4", changes)),
    "accept;cache-control;host;pragma;referer;traceparent;via;x-amz-date",
  );
  assert.equal(
    signedHeaders(await sign("botocore", changes)),
    "accept;cache-control;host;pragma;range;referer;via;x-amz-date",
  );
  assert.deepEqual(await outcomes(changes), { smithy: "accepted", aws4: "accepted", botocore: "accepted" });
});

test("white space beyond ASCII: aws4 and botocore turn it into a space, smithy signs it, as the bytes say", async () => {
  const changes = { headers: [...MEANT.headers, ["x-b", "a\u00a0b"]] as const };
  assert.deepEqual(await outcomes(changes), {
    smithy: "accepted",
    aws4: "signature-mismatch",
    botocore: "signature-mismatch",
  });
});

test("aws4 presigns without an age if it is given none: such a URL holds for the five minutes of any signature", async () => {
  const wire = await sign("aws4", { expiresSeconds: 60, isAgeSaid: false });
  assert.doesNotMatch(wire.target, /X-Amz-Expires/);
  assert.equal(outcomeOf(wire, {}, NOW_MS + 300_000), "accepted");
  assert.equal(outcomeOf(wire, {}, NOW_MS + 300_001), "signature-expired");
});

test("an empty content-type of a request with a body: aws4 adds another one and lists it twice, which is refused", async () => {
  const changes = {
    headers: [...MEANT.headers, ["content-type", ""]] as const,
    body: Buffer.from("a"),
    method: "POST",
  };
  assert.deepEqual(await outcomes(changes), {
    smithy: "accepted",
    aws4: "signature-incomplete",
    botocore: "accepted",
  });
});

test("`Date` instead of x-amz-date: only botocore signs so, and smithy takes the header away", async () => {
  const changes = { headers: [...MEANT.headers, ["date", "Thu, 01 Oct 2026 12:00:00 GMT"]] as const };
  const wire = await sign("botocore", changes);
  assert.equal(signedHeaders(wire), "date;host");
  assert.equal(outcomeOf(wire), "accepted");
  assert.equal(outcomeOf(wire, {}, NOW_MS + 300_001), "signature-expired");
  assert.equal((await sign("smithy", changes)).headers.includes("date"), false);
});

test("a method in small letters: botocore signs capitals, the others what they are given", async () => {
  assert.deepEqual(await outcomes({ method: "get" }), {
    smithy: "accepted",
    aws4: "accepted",
    botocore: "signature-mismatch",
  });
});
