/**
 * Signatures of signers that nobody here wrote: each is accepted, each change after signing is refused, and our own
 * signature of the same request is the same.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, test } from "node:test";
import { type RequestToVerify, type SignatureResult, signRequest, verifySignature } from "../../src/iam/index.ts";
import { createRandom } from "../engines/random.ts";
import {
  type ForeignSigner,
  type MeantRequest,
  type SignerName,
  type WireRequest,
  loadSigners,
} from "./foreign-signers.ts";
import { type Generated, generateRequests } from "./generate-request.ts";
import { mutationsOf, respell } from "./mutations.ts";

const SEED = 20_261_001;
const COUNT = 3000;

interface Signed extends Generated {
  readonly wire: WireRequest;
}

const signed = new Map<SignerName, readonly Signed[]>();

before(
  async () => {
    const signers = await loadSigners();
    for (const signer of signers) signed.set(signer.name, await signAll(signer));
  },
  { timeout: 600_000 },
);

async function signAll(signer: ForeignSigner): Promise<readonly Signed[]> {
  const generated = generateRequests(signer.name, COUNT, SEED);
  const wires = await signer.sign(generated.map(({ meant }) => meant));
  return generated.map((one, index) => ({ ...one, wire: wires[index] as WireRequest }));
}

function verify(meant: MeantRequest, request: RequestToVerify, isTokenKnown = true): SignatureResult<string> {
  return verifySignature(request, {
    service: meant.service,
    region: meant.region,
    nowMs: meant.nowMs,
    credentials: {
      find(accessKeyId, sessionToken) {
        if (accessKeyId !== meant.accessKeyId || (isTokenKnown && sessionToken !== meant.sessionToken))
          return { ok: false, problem: "unknown" };
        return { ok: true, secretAccessKey: meant.secretAccessKey, principal: "caller" };
      },
    },
  });
}

function received(meant: MeantRequest, wire: WireRequest): RequestToVerify {
  return {
    method: meant.method,
    target: wire.target,
    headers: wire.headers,
    payloadHash: createHash("sha256").update(meant.body).digest("hex"),
  };
}

for (const name of ["smithy", "aws4", "botocore"] as const) {
  test(`${name}: ${COUNT} signed requests are accepted`, () => {
    for (const { meant, wire } of signed.get(name) ?? []) {
      const expected = {
        ok: true,
        principal: "caller",
        accessKeyId: meant.accessKeyId,
        sessionToken: meant.sessionToken,
      };
      assert.deepEqual(verify(meant, received(meant, wire)), expected, JSON.stringify([meant.path, wire.target]));
    }
    assert.equal(signed.get(name)?.length, COUNT);
  });

  test(`${name}: the same query in another spelling is accepted`, () => {
    const random = createRandom(SEED);
    let changed = 0;
    for (const { meant, wire } of signed.get(name) ?? []) {
      const target = respell(wire.target, random);
      if (target !== wire.target) changed += 1;
      assert.equal(verify(meant, received(meant, { ...wire, target })).ok, true, `${wire.target} ${target}`);
    }
    assert.ok(changed > COUNT / 3, `${changed}`);
  });

  test(`${name}: whatever is changed after signing is refused`, (t) => {
    const random = createRandom(SEED);
    const counts = new Map<string, number>();
    for (const { meant, wire } of signed.get(name) ?? [])
      for (const mutation of mutationsOf(meant, received(meant, wire), random)) {
        const result = verify(meant, mutation.request, mutation.name !== "token, known");
        const reason = result.ok ? "accepted" : result.refusal.reason;
        assert.ok(
          mutation.reasons.includes(reason),
          `${mutation.name}: ${reason}\n${JSON.stringify(mutation.request)}\n${wire.target}`,
        );
        counts.set(mutation.name, (counts.get(mutation.name) ?? 0) + 1);
      }
    t.diagnostic(`${[...counts.values()].reduce((sum, count) => sum + count, 0)} changed requests refused`);
    for (const [mutation, count] of counts) assert.ok(count >= 100, `${mutation} ${count}`);
    assert.deepEqual([...counts.keys()].toSorted(), [
      "body",
      "date",
      "expiry",
      "header gone",
      "header list",
      "header value",
      "key",
      "method",
      "parameter added",
      "parameter gone",
      "parameter value",
      "path byte",
      "path longer",
      "scope date",
      "scope region",
      "scope service",
      "signature digit",
      "token",
      "token, known",
    ]);
  });

  test(`${name}: our signature of the same request is the same`, (t) => {
    let compared = 0;
    for (const { meant, wire, isAgreed } of signed.get(name) ?? []) {
      if (!isAgreed) continue;
      compared += 1;
      const { payloadHash } = received(meant, wire);
      const ours = signRequest(
        { method: meant.method, target: wire.target, headers: wire.headers, payloadHash },
        { ...meant, ...(meant.expiresSeconds === null ? {} : { presign: { expiresSeconds: meant.expiresSeconds } }) },
      );
      assert.deepEqual(sortedParameters(ours.target), sortedParameters(wire.target));
      assert.deepEqual(sortedHeaders(ours.headers), sortedHeaders(wire.headers));
    }
    t.diagnostic(`${compared} signatures compared`);
    assert.ok(compared > COUNT / 2, `${compared}`);
  });
}

function sortedParameters(target: string): readonly (readonly string[])[] {
  const mark = target.indexOf("?");
  return [...new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1))].toSorted(byText);
}

function sortedHeaders(headers: readonly string[]): readonly (readonly string[])[] {
  const pairs: string[][] = [];
  for (let index = 0; index < headers.length; index += 2)
    pairs.push([(headers[index] ?? "").toLowerCase(), headers[index + 1] ?? ""]);
  return pairs.toSorted(byText);
}

function byText(a: readonly string[], b: readonly string[]): number {
  return a.join("\n") < b.join("\n") ? -1 : 1;
}
