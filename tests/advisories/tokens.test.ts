/** Rows 33 to 41, 49 and 54 to 57: tokens whose form, key or signature is not what it seems. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import {
  type Headers,
  createTestKey,
  encodeSegment,
  mintToken,
  publicJwk,
  signSegments,
} from "../../src/identity/testing/token-mint.ts";
import { row } from "./catalogue.ts";
import { forbidden, get } from "./road.ts";
import { assume } from "./signed-calls.ts";
import { SHARED_SECRET, type TokenRoad, ed25519, p256, rsa, signHmac, startTokenRoad, stranger } from "./token-road.ts";

let road: TokenRoad;
before(async () => {
  road = await startTokenRoad();
});
after(async () => road.stop());

const spki = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const pkcs1 = rsa.publicKey.export({ type: "pkcs1", format: "pem" }).toString();
const partsOf = (token: string): [string, string, string] => token.split(".") as [string, string, string];

/** Each secret as the key of an HMAC, under each of its sizes. */
async function assertNoHmac(secrets: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const tokens = Object.entries(secrets).flatMap(([label, secret]) =>
    ["HS256", "HS384", "HS512"].map((alg) => [`${alg} with ${label}`, road.hmacWith(secret, alg)] as const),
  );
  await road.assertNoToken(Object.fromEntries(tokens), "token-algorithm");
}

row(33, () => {
  it("the text of the public key is no secret, whatever stands before it", async () => {
    await assertNoHmac({
      PEM: spki,
      "PEM behind a space": ` ${spki}`,
      "PEM behind a hash": `#${spki}`,
      "PEM behind a zero-width byte": `\u200b${spki}`,
      "PEM behind a byte order mark": `\ufeff${spki}`,
      "PEM in one line": spki.replaceAll("\n", ""),
      "PEM without its last line break": spki.trimEnd(),
      "PEM of Windows": spki.replaceAll("\n", "\r\n"),
    });
  });

  it("nor is it in another notation", async () => {
    await assertNoHmac({
      DER: rsa.publicKey.export({ type: "spki", format: "der" }),
      "PKCS#1": pkcs1,
      "PKCS#1 in DER": rsa.publicKey.export({ type: "pkcs1", format: "der" }),
      JWK: JSON.stringify(publicJwk(rsa)),
      "the modulus": String(publicJwk(rsa)["n"]),
    });
  });
});

row(34, () => {
  it("a key as SSH writes it is no secret", async () => {
    const raw = Buffer.from(String(publicJwk(ed25519)["x"]), "base64url");
    const field = (bytes: Buffer): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const blob = Buffer.concat([field(Buffer.from("ssh-ed25519")), field(raw)]).toString("base64");
    await assertNoHmac({
      SSH: `ssh-ed25519 ${blob}`,
      "SSH with a comment": `ssh-ed25519 ${blob} idp@example\n`,
      "the bytes of the key": raw,
      "an EC key as PEM": p256.publicKey.export({ type: "spki", format: "pem" }).toString(),
      nothing: "",
    });
  });

  it("a secret that is published is no key", async () => {
    await road.assertNoToken(
      { "HS256 under its name": road.hmacWith(SHARED_SECRET, "HS256", "shared") },
      "token-algorithm",
    );
    await road.assertNoToken({ "RS256 under its name": road.withHeader({ kid: "shared" }) }, "token-unknown-key");
  });
});

row(35, () => {
  it("the algorithm comes from the key, though the published key names none", async () => {
    assert.equal(road.idp.jwks.get(rsa.kid)?.["alg"], undefined);
    const algorithms = ["HS256", "RS1", "none", "RSA-OAEP", "dir", "", "rs256", "constructor", "ES256K"];
    await road.assertNoToken(
      Object.fromEntries(algorithms.map((alg) => [`alg ${alg}`, road.withHeader({ alg })])),
      "token-algorithm",
    );
    await road.assertToken(road.withHeader({}));
  });

  it("nor is it another one that the list has, with a key of another type", async () => {
    await road.assertNoToken(
      {
        "RS256 with an EC key": road.withHeader({ kid: p256.kid }),
        "ES256 with an RSA key": mintToken(p256, road.claims(), { alg: "ES256", kid: rsa.kid }),
        "EdDSA with an RSA key": mintToken(ed25519, road.claims(), { alg: "EdDSA", kid: rsa.kid }),
      },
      "token-algorithm",
    );
    const signature = partsOf(road.withHeader({}))[2];
    const renamed = (alg: string): string =>
      `${encodeSegment(JSON.stringify({ alg, kid: rsa.kid }))}.${partsOf(road.withHeader({}))[1]}.${signature}`;
    await road.assertNoToken({ PS256: renamed("PS256"), RS512: renamed("RS512") }, "token-signature");
  });
});

row(36, () => {
  it("a client's secret signs no token of its provider", async () => {
    const secret = "billing-development-secret";
    const { issuer, keys } = road.instance.status.identity;
    const { kid } = keys.keys[0] ?? {};
    const claims = { ...road.claims(), iss: issuer, sub: "billing", client_id: "billing" };
    const tokens = ["HS256", "HS384", "HS512"].flatMap((alg) =>
      [kid ?? "", undefined, "billing"].map((name) => {
        const header = { alg, typ: "at+jwt", kid: name };
        return [
          `${alg} by ${name === kid ? "the key's name" : String(name)}`,
          signHmac(secret, header, claims),
        ] as const;
      }),
    );
    road.guard(secret);
    await road.assertNoToken(Object.fromEntries(tokens), "token-algorithm");
  });
});

row(37, () => {
  const NONE = ["none", "None", "nOnE", "NONE", "none ", "", null, undefined, ["RS256"], { alg: "RS256" }, 0, true];
  it("a token without signature is none, however it says so", async () => {
    const tokens = NONE.map((alg) => [`alg ${JSON.stringify(alg)}`, road.unsigned({ alg, kid: rsa.kid })] as const);
    await road.assertNoToken(Object.fromEntries(tokens), "token-algorithm");
  });

  it("nor with a good signature behind it", async () => {
    const tokens = NONE.map((alg) => [`alg ${JSON.stringify(alg)}`, road.withHeader({ alg })] as const);
    await road.assertNoToken(Object.fromEntries(tokens), "token-algorithm");
  });

  it("an empty signature is a wrong one", async () => {
    const [header, payload] = partsOf(road.withHeader({}));
    await road.assertNoToken({ "empty signature": `${header}.${payload}.` }, "token-signature");
    await road.assertNoToken(
      { "two segments": `${header}.${payload}`, "a.b.": "a.b.", "..": "..", "header alone": header },
      "token-malformed",
    );
  });

  it("the exchange for credentials takes none of these, nor a forged one of another kind", async () => {
    const [header, payload, signature] = partsOf(road.withHeader({}));
    const forged = [
      road.unsigned({ alg: "none", kid: rsa.kid }),
      road.withHeader({ alg: "none" }),
      road.hmacWith(spki),
      road.withHeader({ crit: ["x-policy"] }),
      mintToken(stranger, road.claims(), { jwk: publicJwk(stranger) as Headers["jwk"] }),
      `${header}.${payload}.`,
      `${header}.${encodeSegment(JSON.stringify(road.claims({ groups: ["admin"] })))}.${signature}`,
    ];
    for (const token of forged) {
      const { status, code, body } = await assume(road, token);
      assert.deepEqual([status, code, body.includes("AccessKeyId")], [400, "InvalidIdentityToken", false]);
    }
    assert.deepEqual(
      (await road.takeRecords()).map(({ status, reason, subject }) => [status, reason, subject]),
      forged.map(() => [400, "own-endpoint", null]),
    );
  });
});

row(38, () => {
  it("a kid is a name among the keys that were fetched", async () => {
    const kids = [
      "../../../../dev/null",
      "/etc/passwd",
      "__proto__",
      "constructor",
      "toString",
      "RSA-1",
      "rsa-1 ",
      "rsa-1\u0000",
      "",
      "x' UNION SELECT 'k",
      "https://evil.test/key",
      "k".repeat(4000),
    ];
    const tokens = kids.map((kid) => [`kid ${kid.slice(0, 20)}`, road.withHeader({ kid })] as const);
    await road.assertNoToken(Object.fromEntries(tokens), "token-unknown-key");
    await road.assertNoToken({ "no kid": road.withHeader({ kid: undefined }) }, "token-unknown-key");
  });

  it("and a text", async () => {
    const kids = [1, null, true, ["rsa-1"], { kid: "rsa-1" }];
    const tokens = kids.map((kid) => [`kid ${JSON.stringify(kid)}`, road.withHeader({ kid })] as const);
    await road.assertNoToken(Object.fromEntries(tokens), "token-malformed");
  });

  it("one that is too long is not read", async () => {
    const tokens = {
      "9 kB": road.withHeader({ kid: "k".repeat(7000) }),
      "60 kB": road.withHeader({ kid: "k".repeat(45_000) }),
    };
    await road.assertNoToken(tokens, "token-too-large");
  });

  it("nor is a head of any length at the edge", async () => {
    const hits = road.backend.arrived.length;
    // Up to Caddy's limit the gateway refuses, then Caddy does: never one that has no answer from the other.
    for (const bytes of [100_000, 120_000, 126_000, 127_500, 131_000, 147_000, 250_000, 290_000])
      for (let round = 0; round < 5; round++) {
        const { answer } = await road.exchange("edge", get("/orders", `Authorization: Bearer ${"a".repeat(bytes)}`));
        assert.deepEqual([bytes, answer.status], [bytes, bytes <= 126_000 ? 401 : 431]);
      }
    const reasons = (await road.takeRecords()).map(({ reason }) => reason);
    assert.deepEqual(
      reasons,
      Array.from({ length: 15 }, () => "token-too-large"),
    );
    assert.equal(road.backend.arrived.length, hits);
  });
});

row(39, () => {
  it("a token brings no key of its own, and nobody asks where it says", async () => {
    let calls = 0;
    const elsewhere = createServer((socket) => {
      calls++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/jwks`;
    const asked = road.idp.asked.length;
    const headers: Readonly<Record<string, Headers>> = {
      jwk: { jwk: publicJwk(stranger) as Headers["jwk"] },
      jku: { jku: url },
      "jku as a list": { jku: [url] },
      x5u: { x5u: url },
      x5c: { x5c: ["MIIB"] },
      x5t: { x5t: "AAAA", "x5t#S256": "AAAA" },
      "all of them": { jwk: publicJwk(stranger) as Headers["jwk"], jku: url, x5u: url, x5c: ["MIIB"] },
    };
    const tokens = Object.entries(headers).map(
      ([label, header]) => [label, mintToken(stranger, road.claims(), header)] as const,
    );
    await road.assertNoToken(Object.fromEntries(tokens), "token-signature");
    await road.assertNoToken(
      { "a key under another name": mintToken(stranger, road.claims(), { jku: url, kid: "evil" }) },
      "token-unknown-key",
    );
    await new Promise<void>((resolve) => elsewhere.close(() => resolve()));
    assert.equal(calls, 0);
    // At most the issuer's own two documents, for the name that was not known.
    assert.ok(road.idp.asked.length - asked <= 2);
  });
});

row(40, () => {
  it("a critical header that is not understood refuses the token, and none is understood", async () => {
    const values = [["x-policy"], [], "exp", ["alg"], ["exp"], ["exp", "exp"], null, {}, [1], 1, [[]]];
    const tokens = values.map(
      (crit) => [`crit ${JSON.stringify(crit)}`, road.withHeader({ crit, "x-policy": true, exp: 1 })] as const,
    );
    await road.assertNoToken(Object.fromEntries(tokens), "token-critical");
  });

  it("nor does it come twice", async () => {
    const text = `{"alg":"RS256","kid":"rsa-1","crit":["exp"],"crit":[]}`;
    await road.assertNoToken({ "crit twice": road.withHeaderText(text) }, "token-malformed");
  });
});

row(41, () => {
  it("a payload is encoded, whatever the header says", async () => {
    await road.assertNoToken(
      {
        "b64 false and critical": road.withHeader({ crit: ["b64"], b64: false }),
        "b64 true and critical": road.withHeader({ crit: ["b64"], b64: true }),
        "b64 false": road.withHeader({ b64: false }),
        "b64 as text": road.withHeader({ b64: "false" }),
      },
      "token-critical",
    );
    const header = JSON.stringify({ alg: "RS256", kid: rsa.kid, crit: ["b64"], b64: false });
    const [, , signature] = partsOf(signSegments(header, "{}", "RS256", rsa.privateKey));
    await road.assertNoToken(
      {
        "a payload as it is": `${encodeSegment(header)}.{"sub":"root"}.${signature}`,
        "a header that is no JSON": road.withHeaderText('{"alg":"none"'),
        "an unsigned header that is no JSON": `${encodeSegment("{alg:none}")}.${encodeSegment("{}")}.`,
        "a header that is a list": road.withHeaderText('["RS256"]'),
      },
      "token-malformed",
    );
  });
});

row(49, () => {
  it("what is remembered of a token is for that whole text alone", async () => {
    const good = road.withHeader({});
    const [header, payload, signature] = partsOf(good);
    await road.assertToken(good);
    const other = encodeSegment(JSON.stringify(road.claims({ sub: "root", groups: ["admin"] })));
    const otherHeader = encodeSegment(JSON.stringify({ alg: "RS256", typ: "JWT", kid: rsa.kid }));
    await road.assertNoToken(
      {
        "same header and signature": `${header}.${other}.${signature}`,
        "same payload and signature": `${otherHeader}.${payload}.${signature}`,
        "same beginning": `${good.slice(0, -4)}AAAA`,
      },
      "token-signature",
    );
    await road.assertToken(good);
  });

  it("two tokens of one jti are two tokens", async () => {
    const jti = "00000000-0000-4000-8000-000000000000";
    await road.assertToken(road.withClaims({ jti, sub: "first" }), "first");
    await road.assertToken(road.withClaims({ jti, sub: "second" }), "second");
    await road.assertToken(road.withClaims({ jti, sub: "first" }), "first");
    const token = road.withClaims({ jti, sub: "third", groups: [] });
    road.guard(token);
    await road.assertRefusedAtBoth([get("/orders", `Authorization: Bearer ${token}`)], forbidden("no-role"));
  });
});

row(54, () => {
  it("a member that comes twice is read by nobody", async () => {
    const rest = JSON.stringify(road.claims()).slice(1);
    await road.assertNoToken(
      {
        "subject twice": road.withPayloadText(`{"sub":"root",${rest}`),
        "subject twice, once escaped": road.withPayloadText(`{"\\u0073ub":"root",${rest}`),
        "groups twice": road.withPayloadText(`{"groups":["admin"],${rest}`),
        "twice within": road.withPayloadText(`{"x":[{"a":1,"a":2}],${rest}`),
        "alg twice": road.withHeaderText('{"alg":"none","alg":"RS256","kid":"rsa-1"}'),
        "alg twice, once escaped": road.withHeaderText('{"alg":"RS256","\\u0061lg":"none","kid":"rsa-1"}'),
        "kid twice": road.withHeaderText('{"alg":"RS256","kid":"x","kid":"rsa-1"}'),
      },
      "token-malformed",
    );
  });

  it("bytes around the JSON, or in another coding, are no token", async () => {
    const text = JSON.stringify(road.claims());
    await road.assertNoToken(
      {
        "byte order mark": road.withPayloadText(`\ufeff${text}`),
        "bytes behind": road.withPayloadText(`${text} {}`),
        "a NUL behind": road.withPayloadText(`${text}\u0000`),
        "a comment": road.withPayloadText(`/**/${text}`),
        "a list": road.withPayloadText(`[${text}]`),
        null: road.withPayloadText("null"),
      },
      "token-malformed",
    );
  });

  it("base64url has one spelling", async () => {
    const good = road.withHeader({});
    const [header, payload, signature] = partsOf(good);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const loose = signature.slice(0, -1) + (alphabet[alphabet.indexOf(signature.at(-1) ?? "A") ^ 1] ?? "");
    await road.assertNoToken(
      {
        padded: `${good}==`,
        "padded header": `${header}=.${payload}.${signature}`,
        "other letters": `${header}.${payload}.+/${signature.slice(2)}`,
        "last bits set": `${header}.${payload}.${loose}`,
        "a space within": `${header}. ${payload}.${signature}`,
        "two dots": `${header}..${signature}`,
        "three dots": `${good}.`,
        "four dots": `${good}.a.b`,
        "a dot before": `.${good}`,
        "7,000 dots": ".".repeat(7000),
      },
      "token-malformed",
    );
  });
});

row(55, () => {
  it("no JSON form of a signature is a token", async () => {
    const good = partsOf(road.withHeader({}));
    const bad = partsOf(mintToken(stranger, road.claims({ groups: ["admin"] })));
    const entry = ([header, , signature]: readonly string[]): object => ({ protected: header, signature });
    await road.assertNoToken(
      {
        "good and bad": JSON.stringify({ payload: bad[1], signatures: [entry(good), entry(bad)] }),
        "bad and good": JSON.stringify({ payload: bad[1], signatures: [entry(bad), entry(good)] }),
        flattened: JSON.stringify({ payload: good[1], ...entry(good) }),
        "an unprotected header": JSON.stringify({ payload: good[1], header: { alg: "none" }, ...entry(good) }),
        detached: `${good[0]}..${good[2]}`,
        encoded: encodeSegment(JSON.stringify({ payload: good[1], ...entry(good) })),
      },
      "token-malformed",
    );
  });
});

row(56, () => {
  it("an ECDSA signature has two numbers of the right size", async () => {
    const payload = encodeSegment(JSON.stringify(road.claims()));
    const signed = (signature: Uint8Array): string =>
      `${encodeSegment(JSON.stringify({ alg: "ES256", kid: p256.kid }))}.${payload}.${encodeSegment(signature)}`;
    const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    await road.assertNoToken(
      {
        "r = s = 0": signed(new Uint8Array(64)),
        "r = s = n": signed(Buffer.from(order.repeat(2), "hex")),
        "r = 0": signed(Buffer.from("0".repeat(64) + order, "hex")),
        DER: signed(Buffer.from("3006020101020101", "hex")),
        "one byte short": signed(new Uint8Array(63).fill(1)),
        "one byte long": signed(new Uint8Array(65).fill(1)),
        "a kilobyte": signed(new Uint8Array(1024).fill(1)),
      },
      "token-signature",
    );
    await road.assertToken(mintToken(p256, road.claims(), { alg: "ES256" }));
  });

  it("a curve has one algorithm", async () => {
    const p384 = createTestKey(p256.kid, "p384");
    await road.assertNoToken(
      {
        "ES384 under a P-256 key's name": mintToken(p384, road.claims(), { alg: "ES384" }),
        "ES384 by the P-256 key": mintToken(p256, road.claims(), { alg: "ES384" }),
        ES512: mintToken(p256, road.claims(), { alg: "ES512" }),
      },
      "token-algorithm",
    );
  });
});

row(57, () => {
  it("of two faults the signature is the one that counts, each time", async () => {
    const past = { iat: 1, exp: 2 };
    const wrong = mintToken(stranger, road.claims(past));
    await road.assertNoToken(
      {
        "expired and wrongly signed": wrong,
        "for another audience and wrongly signed": mintToken(stranger, road.claims({ aud: "other" })),
        "not yet valid and wrongly signed": mintToken(stranger, road.claims({ nbf: 9_999_999_999 })),
        "without times and wrongly signed": mintToken(stranger, road.claims({ exp: undefined })),
      },
      "token-signature",
    );
    await road.assertNoToken({ "the first once more": wrong }, "token-signature");
    await road.assertNoToken({ "expired and well signed": road.withClaims(past) }, "token-expired");
  });
});
