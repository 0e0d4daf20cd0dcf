/**
 * Tokens that are bound to a key or a certificate, from their header to the service: proofs by openid-client, refusals
 * with their challenges and records.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { request } from "node:http";
import { type TestContext, describe, test } from "node:test";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import * as client from "openid-client";
import type { IdentityArtifact } from "../../src/model/index.ts";
import { BASE_URL, type Fixture, ISSUER, START_MS, startGateway } from "./fixture.ts";
import { type RawAnswer, ask, headerOf } from "./raw-client.ts";
import { type Service, startService } from "./service.ts";

const ALGS = 'algs="RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA"';
const CERTIFICATE = createHash("sha256").update("certificate").digest("hex");
const X5T = Buffer.from(CERTIFICATE, "hex").toString("base64url");
const SEEN = `X-Gatehouse-Client-Certificate: ${CERTIFICATE}`;

interface Setup {
  readonly fixture: Fixture;
  readonly service: Service;
  /** A token that is bound to the key of openid-client. */
  readonly token: string;
  /** Asks by openid-client, which makes the proof. */
  readonly call: (path: string, method?: string) => Promise<Response>;
  /** What openid-client would send. */
  readonly proofFor: (path: string) => Promise<string>;
}

async function setUp(t: TestContext, tokens: IdentityArtifact["tokens"]): Promise<Setup> {
  const service = await startService(t);
  const fixture = await startGateway(
    t,
    {
      routes: [
        { key: "ANY /orders/{id}", upstream: service.origin },
        { key: "GET /inside", upstream: service.origin, exposure: "private" },
        { key: "GET /open", upstream: service.origin, needs: null },
        { key: "GET /kept", upstream: service.origin, needs: null, keepHeaders: ["authorization"] },
        { key: "GET /proof", upstream: service.origin, needs: null, keepHeaders: ["dpop"] },
        {
          key: "GET /removed",
          upstream: service.origin,
          needs: null,
          keepHeaders: ["authorization"],
          requestHeaders: { remove: ["dpop", "x-amz-security-token"] },
        },
      ],
      roles: [{ name: "support", groups: ["support"], can: ["*/orders/*", "GET/inside"] }],
    },
    { trust: { usedClaims: [], issuers: [], ...(tokens === undefined ? {} : { tokens }) } },
  );
  const keys = await generateKeyPair("ES256");
  const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey));
  const token = await fixture.token({ cnf: { jkt } });
  const config = new client.Configuration({ issuer: ISSUER }, "shop-app", {
    [client.clockSkew]: Math.round((START_MS - Date.now()) / 1000),
  });
  const DPoP = client.getDPoPHandle(config, keys);
  const fetchThere = async (path: string, method: string, send: client.CustomFetch): Promise<Response> => {
    config[client.customFetch] = send;
    return client.fetchProtectedResource(config, token, new URL(`${BASE_URL}${path}`), method, null, undefined, {
      DPoP,
    });
  };
  return {
    fixture,
    service,
    token,
    call: (path, method = "GET") => fetchThere(path, method, throughSocket(fixture.publicSocket)),
    async proofFor(path) {
      let proof = "";
      await fetchThere(path, "GET", async (_url, { headers }) => {
        proof = new Headers(headers).get("dpop") ?? "";
        return new Response(null);
      });
      return proof;
    },
  };
}

function throughSocket(socketPath: string): client.CustomFetch {
  return async (address, { method, headers }) => {
    const { host, pathname, search } = new URL(address);
    return new Promise((resolve, reject) => {
      const sent = { ...Object.fromEntries(new Headers(headers)), host };
      request({ socketPath, method, path: pathname + search, headers: sent, agent: false }, (answer) => {
        const got = new Headers();
        for (let i = 0; i + 1 < answer.rawHeaders.length; i += 2)
          got.append(answer.rawHeaders[i] ?? "", answer.rawHeaders[i + 1] ?? "");
        answer.resume();
        answer.once("end", () => resolve(new Response(null, { status: answer.statusCode ?? 0, headers: got })));
      })
        .once("error", reject)
        .end();
    });
  };
}

const DPOP: IdentityArtifact["tokens"] = { proof: ["dpop"], requireProof: false, profile: null };
const MTLS: IdentityArtifact["tokens"] = { proof: ["mtls"], requireProof: false, profile: null };

function challenge(answer: RawAnswer): readonly [status: number, challenge: string | null] {
  return [answer.status, headerOf(answer, "www-authenticate")];
}

describe("PL-3.18: a token that is bound to a key", () => {
  test("is taken with openid-client's proof, and neither token nor proof reaches the service", async (t) => {
    const { fixture, service, token, call } = await setUp(t, DPOP);
    for (const [path, method] of [
      ["/orders/7", "GET"],
      ["/orders/7?full=yes", "POST"],
      ["/orders/a%20b%c3%a4~", "GET"],
    ] as const)
      assert.equal((await call(path, method)).status, 200, path);
    assert.equal(service.seen.length, 3);
    for (const { headers } of service.seen) {
      const names = headers.map(([name]) => name.toLowerCase());
      for (const name of ["authorization", "dpop", "x-gatehouse-client-certificate"]) assert.ok(!names.includes(name));
      assert.ok(names.includes("x-gatehouse-assertion"));
    }
    const { status, reason, subject, role, removedHeaders } = await fixture.record(0);
    assert.deepEqual([status, reason, subject, role, removedHeaders], [200, "role-grants", "ada", "support", []]);
    assert.ok(!JSON.stringify(fixture.records).includes(token.slice(0, 24)));
  });

  test("is refused in every other way, with the challenge and the reason that it is", async (t) => {
    const { fixture, service, token, proofFor } = await setUp(t, DPOP);
    const plain = await fixture.token();
    const proof = await proofFor("/orders/7");
    const asOne = `Authorization: DPoP ${token}`;
    const send = (...headers: readonly string[]) => ask(fixture.publicSocket, "GET /orders/7 HTTP/1.1", headers);
    assert.equal((await send(asOne, `DPoP: ${proof}`)).status, 200);
    const refusals = [
      [[asOne, `DPoP: ${proof}`], "proof-replayed", "invalid_dpop_proof", "the DPoP proof was used before"],
      [[asOne], "proof-missing", "invalid_dpop_proof", "there is no DPoP proof"],
      [
        [asOne, `DPoP: ${await proofFor("/orders/7")}`, `dpop: ${await proofFor("/orders/7")}`],
        "proof-repeated",
        "invalid_dpop_proof",
        "there is more than one DPoP proof",
      ],
      [
        [asOne, `DPoP: ${await proofFor("/orders/8")}`],
        "proof-request",
        "invalid_dpop_proof",
        "the DPoP proof is for another request",
      ],
      [
        [`Authorization: Bearer ${token}`, `DPoP: ${await proofFor("/orders/7")}`],
        "token-sender-constrained",
        "invalid_token",
        "the token is bound to a key that was not proven",
      ],
      [
        [`Authorization: DPoP ${plain}`, `DPoP: ${await proofFor("/orders/7")}`],
        "token-not-bound",
        "invalid_token",
        "the token is not bound to a key",
      ],
      [
        ["Authorization: DPoP x", "DPoP: x"],
        "token-malformed",
        "invalid_token",
        "token contains an invalid number of segments",
      ],
    ] as const;
    for (const [headers, , error, description] of refusals)
      assert.deepEqual(challenge(await send(...headers)), [
        401,
        `DPoP scope="", error="${error}", error_description="${description}", ${ALGS}`,
      ]);
    assert.deepEqual(challenge(await send()), [401, `Bearer | DPoP ${ALGS}`]);
    assert.equal((await send(`Authorization: Bearer ${plain}`)).status, 200);
    await fixture.record(refusals.length + 2);
    assert.deepEqual(
      fixture.records.map(({ status, reason, subject }) => [status, reason, subject]),
      [
        [200, "role-grants", "ada"],
        ...refusals.map(([, reason]) => [401, reason, null]),
        [401, "unauthenticated", null],
        [200, "role-grants", "ada"],
      ],
    );
    assert.equal(service.seen.length, 2);
  });

  test("is refused with another key's proof, which is the token's fault", async (t) => {
    const { fixture, proofFor } = await setUp(t, DPOP);
    const foreign = await fixture.token({ cnf: { jkt: X5T } });
    const headers = [`Authorization: DPoP ${foreign}`, `DPoP: ${await proofFor("/orders/7")}`];
    assert.deepEqual(challenge(await ask(fixture.publicSocket, "GET /orders/7 HTTP/1.1", headers)), [
      401,
      `DPoP scope="", error="invalid_token", error_description="the DPoP proof is by another key than the token is bound to", ${ALGS}`,
    ]);
    assert.equal((await fixture.record(0)).reason, "proof-key");
  });

  test("is nobody's where the policy lists no proof, and its scheme is unknown there", async (t) => {
    const { fixture, token, proofFor } = await setUp(t, undefined);
    const send = (scheme: string, proof: string) =>
      ask(fixture.publicSocket, "GET /orders/7 HTTP/1.1", [`Authorization: ${scheme} ${token}`, `DPoP: ${proof}`]);
    assert.deepEqual(challenge(await send("DPoP", await proofFor("/orders/7"))), [401, "Bearer"]);
    assert.deepEqual(challenge(await send("Bearer", await proofFor("/orders/7"))), [
      401,
      'Bearer scope="" error="invalid_token" error_description="the token is bound to a key that was not proven"',
    ]);
    assert.deepEqual(
      [(await fixture.record(0)).reason, (await fixture.record(1)).reason],
      ["unauthenticated", "token-sender-constrained"],
    );
  });
});

const CREDENTIALS = ["Authorization: DPoP x", "DPoP: y", "X-Amz-Security-Token: z"];

test("a proof goes where `Authorization` goes: to a service that does all of this itself, and to no other", async (t) => {
  const { fixture, service } = await setUp(t, DPOP);
  for (const path of ["/open", "/kept", "/proof", "/removed"])
    await ask(fixture.publicSocket, `GET ${path} HTTP/1.1`, CREDENTIALS);
  const names = service.seen.map(({ headers }) =>
    headers.map(([name]) => name.toLowerCase()).filter((name) => /^(?:authorization|dpop|x-amz-.*)$/.test(name)),
  );
  const all = ["authorization", "dpop", "x-amz-security-token"];
  assert.deepEqual(names, [[], all, ["dpop"], ["authorization"]]);
});

describe("PL-3.19: a token that is bound to a certificate", () => {
  test("is taken when the edge saw the certificate, which the service is not told of", async (t) => {
    const { fixture, service } = await setUp(t, MTLS);
    const token = await fixture.token({ cnf: { "x5t#S256": X5T } });
    const send = (...headers: readonly string[]) =>
      ask(fixture.publicSocket, "GET /orders/7 HTTP/1.1", [`Authorization: Bearer ${token}`, ...headers]);
    assert.equal((await send(SEEN)).status, 200);
    assert.ok(service.seen.every(({ headers }) => headers.every(([name]) => !/certificate/i.test(name))));
    const refused = (description: string) =>
      [401, `Bearer scope="" error="invalid_token" error_description="${description}"`] as const;
    const missing = refused("the token is bound to a certificate that the client did not use");
    assert.deepEqual(challenge(await send()), missing);
    assert.deepEqual(challenge(await send("X-Gatehouse-Client-Certificate:")), missing);
    assert.deepEqual(challenge(await send(SEEN.replace("Client-Cert", "Client_Cert"))), missing);
    const another = `X-Gatehouse-Client-Certificate: ${"0".repeat(64)}`;
    assert.deepEqual(
      challenge(await send(another)),
      refused("the token is bound to another certificate than the client used"),
    );
    await fixture.record(4);
    assert.deepEqual(
      fixture.records.map(({ reason }) => reason),
      ["role-grants", "certificate-missing", "certificate-missing", "certificate-missing", "certificate-other"],
    );
  });

  test("is refused on the private listener, whatever a client writes into the header", async (t) => {
    const { fixture } = await setUp(t, MTLS);
    const token = await fixture.token({ cnf: { "x5t#S256": X5T } });
    const headers = [`Authorization: Bearer ${token}`, SEEN];
    assert.equal((await ask(fixture.privateSocket, "GET /inside HTTP/1.1", headers)).status, 401);
    assert.equal((await fixture.record(0)).reason, "certificate-missing");
    const plain = [`Authorization: Bearer ${await fixture.token()}`];
    assert.equal((await ask(fixture.privateSocket, "GET /inside HTTP/1.1", plain)).status, 200);
  });
});

test("PL-3.16: where a proof is needed, a plain token is refused with the scheme that would do", async (t) => {
  const { fixture, call } = await setUp(t, { proof: ["dpop"], requireProof: true, profile: null });
  const plain = [`Authorization: Bearer ${await fixture.token()}`];
  assert.deepEqual(challenge(await ask(fixture.publicSocket, "GET /orders/7 HTTP/1.1", plain)), [
    401,
    `DPoP scope="", error="invalid_token", error_description="the token is not bound to a key", ${ALGS}`,
  ]);
  assert.equal((await fixture.record(0)).reason, "token-not-bound");
  assert.equal((await call("/orders/7")).status, 200);
});
