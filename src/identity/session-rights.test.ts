/** Which of a provider's two tokens a session relies on, and when neither will do. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createManualClock } from "../core/index.ts";
import { createKeySource } from "./key-source.ts";
import { readRight } from "./session-rights.ts";
import { createFakeIssuer, createManualSchedule } from "./testing/fake-issuer.ts";
import { type Claims, createTestKey, mintToken, publicJwk } from "./testing/token-mint.ts";
import { type TokenVerifier, createTokenVerifier } from "./token-verifier.ts";

const NOW_SECONDS = 1_800_000_000;
const key = createTestKey("k1", "p256");
const fake = createFakeIssuer([publicJwk(key)]);
let verifier: TokenVerifier;

before(async () => {
  const clock = createManualClock(NOW_SECONDS * 1000);
  const { schedule } = createManualSchedule();
  const keys = createKeySource({ issuer: fake.issuer, clock, fetch: fake.fetch, allowHttpLoopback: false, schedule });
  await keys.load();
  const claims = { groups: "groups", name: "preferred_username" };
  verifier = createTokenVerifier({ issuer: fake.issuer, audience: "shop-api", claims, keys, clock });
});

function mint(more: Claims): string {
  return mintToken(
    key,
    { iss: fake.issuer, sub: "ada", exp: NOW_SECONDS + 300, ...more },
    { alg: "ES256", typ: "JWT" },
  );
}

const accessToken = mint({ aud: "shop-api", groups: ["from-access"] });
const idToken = mint({ aud: "shop-edge", groups: ["from-id"], preferred_username: "Ada", exp: NOW_SECONDS + 60 });

async function read(tokens: { accessToken: string; idToken: string | null }): Promise<unknown> {
  const right = await readRight(tokens, verifier, verifier.withAudience("shop-edge"));
  return right.ok ? [right.identity.groups, right.identity.name, right.identity.expiresAtSeconds] : right.reason;
}

test("an access token for our audience gives the right, the ID token at most the name", async () => {
  assert.deepEqual(await read({ accessToken, idToken }), [["from-access"], "Ada", NOW_SECONDS + 300]);
  assert.deepEqual(await read({ accessToken, idToken: null }), [["from-access"], null, NOW_SECONDS + 300]);
});

test("where the access token is for somebody else, the ID token gives the right", async () => {
  const fromId = [["from-id"], "Ada", NOW_SECONDS + 60];
  assert.deepEqual(await read({ accessToken: "opaque", idToken }), fromId);
  assert.deepEqual(await read({ accessToken: mint({ aud: "userinfo" }), idToken }), fromId);
});

test("when somebody signed in is what the access token says, else the ID token", async () => {
  const timeOf = async (access: Claims, id: Claims): Promise<unknown> => {
    const tokens = { accessToken: mint({ aud: "shop-api", ...access }), idToken: mint({ aud: "shop-edge", ...id }) };
    const right = await readRight(tokens, verifier, verifier.withAudience("shop-edge"));
    return right.ok ? right.identity.authTimeSeconds : right.reason;
  };
  assert.equal(await timeOf({ auth_time: NOW_SECONDS - 5 }, { auth_time: NOW_SECONDS - 9 }), NOW_SECONDS - 5);
  assert.equal(await timeOf({}, { auth_time: NOW_SECONDS - 9 }), NOW_SECONDS - 9);
  assert.equal(await timeOf({}, {}), null);
});

test("neither token is taken for what it is not", async () => {
  const stranger = mintToken(
    createTestKey("k1", "p256"),
    { iss: fake.issuer, sub: "ada", aud: "shop-api", exp: NOW_SECONDS + 300 },
    { alg: "ES256" },
  );
  assert.equal(await read({ accessToken: "opaque", idToken: null }), "token-malformed");
  assert.equal(await read({ accessToken: stranger, idToken }), "token-signature");
  assert.equal(await read({ accessToken: mint({ aud: "shop-api", exp: NOW_SECONDS }), idToken }), "token-expired");
  assert.equal(await read({ accessToken: mint({ aud: "shop-api", cnf: {} }), idToken }), "token-sender-constrained");
  assert.equal(await read({ accessToken, idToken: accessToken }), "token-audience");
  assert.equal(await read({ accessToken: "opaque", idToken: mint({ aud: "other" }) }), "token-audience");
  assert.equal(
    await read({ accessToken, idToken: mint({ aud: "shop-edge", iss: "https://evil.test" }) }),
    "token-issuer",
  );
});

test("whoever signs in is a person, by a session", async () => {
  const machineLike = mint({ aud: "shop-api", client_id: "ada" });
  const right = await readRight({ accessToken: machineLike, idToken }, verifier, verifier.withAudience("shop-edge"));
  assert.ok(right.ok);
  assert.deepEqual([right.identity.kind, right.identity.via], ["person", "session"]);
});
