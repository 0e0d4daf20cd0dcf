/** What a provider tells of a sign-out, and what only looks like that. Through the gateway, with a provider that signs anything. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, it } from "node:test";
import { type ManualClock, Secret, createManualClock } from "../../src/core/index.ts";
import {
  type KeySource,
  type Revocations,
  type Sessions,
  type WebResponse,
  createKeySource,
  createRevocations,
  createSessions,
  createTokenVerifier,
} from "../../src/identity/index.ts";
import { asCookieHeader, createCookieSessions } from "../../src/identity/session-cookie.ts";
import { createSealer } from "../../src/identity/sealed-text.ts";
import { createSessionCodec } from "../../src/identity/session.ts";
import { type Fixture, startGateway } from "../gateway/fixture.ts";
import { ask } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { type SigningIssuer, startSigningIssuer } from "../support/signing-issuer.ts";
import { row } from "./catalogue.ts";

const BASE_URL = "https://shop.localhost:8443";
const PATH = "/_gatehouse/backchannel-logout";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const CLIENT = "shop-edge";
const SEAL_KEY = new Secret<Uint8Array>(randomBytes(32));
const CLAIMS = { groups: "groups", name: "name" };

let issuer: SigningIssuer;
let clock: ManualClock;
let keys: KeySource;
let sessions: Sessions;
let revocations: Revocations;
let counter = 0;

before(async () => {
  issuer = await startSigningIssuer(null, [
    { kid: "one", alg: "RS256" },
    { kid: "hidden", alg: "RS256", isPublished: false },
  ]);
});
after(async () => issuer.close());
beforeEach(async () => {
  clock = createManualClock(1_800_000_000_000);
  keys?.close();
  keys = createKeySource({ issuer: issuer.issuer, clock, allowHttpLoopback: true });
  await keys.load();
  revocations = createRevocations({ clock });
  sessions = createSessions({ ...optionsOf(), revocations, keys });
});
after(() => keys.close());

/** A session as sign-in would have made it, with the provider's own session. */
function cookieOf(subject: string, sid: string | null): string {
  const sealedFor = JSON.stringify([BASE_URL, "shop-api", CLAIMS.groups, CLAIMS.name]);
  const codec = createSessionCodec(createSealer([SEAL_KEY], "session", sealedFor), []);
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  const setCookie = createCookieSessions(codec).cookiesFor({
    id: randomBytes(16).toString("base64url"),
    identity: {
      kind: "person",
      issuer: issuer.issuer,
      issuerName: null,
      subject,
      clientId: CLIENT,
      name: subject,
      groups: ["support"],
      claims: {},
      tokenId: null,
      issuedAtSeconds: nowSeconds,
      authTimeSeconds: null,
      expiresAtSeconds: nowSeconds + 900,
      via: "session",
      key: JSON.stringify([issuer.issuer, subject]),
    },
    refreshToken: null,
    providerSession: sid,
    obtainedAtSeconds: nowSeconds,
    startedAtSeconds: nowSeconds,
    activeAtSeconds: nowSeconds,
    serial: 0,
    handle: null,
  });
  return asCookieHeader(setCookie) ?? "";
}

type Claims = Readonly<Record<string, unknown>>;

function claimsOf(more: Claims = {}): Claims {
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  return {
    iss: issuer.issuer,
    aud: CLIENT,
    iat: nowSeconds,
    exp: nowSeconds + 120,
    jti: `logout-${++counter}`,
    events: { [EVENT]: {} },
    sid: "p1",
    sub: "ada",
    ...more,
  };
}

async function signed(more: Claims = {}, header: Claims = {}, kid = "one"): Promise<string> {
  const payload = Object.fromEntries(Object.entries(claimsOf(more)).filter(([, value]) => value !== undefined));
  return issuer.sign(payload, { typ: "logout+jwt", ...header }, kid);
}

async function tell(token: string, method = "POST"): Promise<WebResponse> {
  const body = new URLSearchParams({ logout_token: token }).toString();
  const answer = await sessions.handle({ method, path: PATH, query: "", cookieHeader: undefined, headers: {}, body });
  assert.ok(answer !== null);
  if (token.length > 20) assert.ok(!JSON.stringify(answer).includes(token), "the token is told to nobody");
  return answer;
}

const stateOf = (cookie: string): string => sessions.read(cookie).state;

row(77, () => {
  it("a good one ends the sessions that began with the provider's, and no others", async () => {
    const cookies = [cookieOf("ada", "p1"), cookieOf("ada", "p2"), cookieOf("ada", null), cookieOf("bob", "p1b")];
    const answer = await tell(await signed());
    assert.deepEqual(
      [answer.status, answer.body, answer.headers["cache-control"], answer.reason],
      [200, "", "no-store", "logout-finished"],
    );
    assert.deepEqual(cookies.map(stateOf), ["expired", "valid", "valid", "valid"]);
  });

  it("one that names only the person ends all of that person's sessions up to now, and lets them sign in again", async () => {
    const cookies = [cookieOf("ada", "p1"), cookieOf("ada", null), cookieOf("bob", null)];
    assert.equal((await tell(await signed({ sid: undefined }))).status, 200);
    assert.deepEqual(cookies.map(stateOf), ["expired", "expired", "valid"]);
    clock.advance(1000);
    assert.equal(stateOf(cookieOf("ada", "p3")), "valid");
  });

  const rows: [what: string, claims: Claims, header: Claims, problem: string][] = [
    ["without a signature", {}, { alg: "none" }, "the algorithm is not accepted"],
    ["under the public key as a secret", {}, { alg: "HS256" }, "the algorithm is not accepted"],
    ["without the event", { events: undefined }, {}, "it tells of no sign-out"],
    ["with another event", { events: { "https://example.com/else": {} } }, {}, "it tells of no sign-out"],
    ["with an event that is a list", { events: [EVENT] }, {}, "it tells of no sign-out"],
    ["with an event that is a text", { events: { [EVENT]: "yes" } }, {}, "it tells of no sign-out"],
    ["with a nonce", { nonce: "n" }, {}, "it has a `nonce`"],
    ["with a nonce of null", { nonce: null }, {}, "it has a `nonce`"],
    ["without an id", { jti: undefined }, {}, "`jti` is missing"],
    ["with an empty id", { jti: "" }, {}, "`jti` is missing"],
    ["for another client", { aud: "other" }, {}, "the audience is another one"],
    ["for a client of which ours is a part", { aud: `${CLIENT}-2` }, {}, "the audience is another one"],
    ["for nobody", { aud: undefined }, {}, "the audience is another one"],
    ["of another issuer", { iss: "https://evil.example" }, {}, "the issuer is another one"],
    ["of an issuer with a slash more", { iss: "+/" }, {}, "the issuer is another one"],
    ["of no time", { iat: undefined }, {}, "`iat` is missing or not of now"],
    ["of ten minutes ago", { iat: 1_799_999_400 }, {}, "`iat` is missing or not of now"],
    ["of tomorrow", { iat: 1_800_086_400 }, {}, "`iat` is missing or not of now"],
    ["that has expired", { exp: 1_800_000_000 }, {}, "the token has expired"],
    ["with an end that is a text", { exp: "1900000000" }, {}, "the token has expired"],
    ["that names nobody", { sub: undefined, sid: undefined }, {}, "neither `sub` nor `sid` is there"],
    ["with a list of persons", { sub: ["ada"] }, {}, "`sub` or `sid` is no text"],
    ["with an empty session", { sid: "" }, {}, "`sub` or `sid` is no text"],
    ["of the kind of access tokens", {}, { typ: "at+jwt" }, "the token is of another kind"],
    ["with a critical header", {}, { crit: ["b64"], b64: true }, "a header is not understood"],
    ["with an unencoded payload", {}, { b64: false }, "a header is not understood"],
  ];
  for (const [what, claims, header, problem] of rows)
    it(`one ${what} ends nothing`, async () => {
      const cookie = cookieOf("ada", "p1");
      const iss = claims["iss"] === "+/" ? { iss: `${issuer.issuer}/` } : {};
      const answer = await tell(await signed({ ...claims, ...iss }, header));
      assert.deepEqual(
        [answer.status, JSON.parse(answer.body), answer.reason],
        [400, { error: "invalid_request", error_description: problem }, "logout-token-refused"],
      );
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.equal(stateOf(cookie), "valid");
      assert.deepEqual(revocations.list(), []);
    });

  it("one that was used before ends nothing more", async () => {
    const token = await signed({ sid: undefined });
    assert.equal((await tell(token)).status, 200);
    clock.advance(1000);
    const cookie = cookieOf("ada", "p9");
    assert.equal((await tell(token)).status, 400);
    assert.equal(stateOf(cookie), "valid");
  });

  it("an ID token in its place ends nothing, nor does one that is changed, cut, or under a key that is not published", async () => {
    const cookie = cookieOf("ada", "p1");
    const idToken = await issuer.sign(claimsOf({ events: undefined, nonce: "n" }), { typ: "JWT" });
    const good = await signed();
    const hidden = await signed({}, {}, "hidden");
    const tokens = [idToken, `${good.slice(0, -6)}AAAAAA`, good.slice(0, 40), "", "a.b.c", hidden, "x".repeat(9000)];
    for (const token of tokens) assert.equal((await tell(token)).status, 400);
    assert.equal(stateOf(cookie), "valid");
  });

  it("a good one is no bearer token, and a bearer token is no good one", async () => {
    const verifier = createTokenVerifier({ issuer: issuer.issuer, audience: CLIENT, claims: CLAIMS, keys, clock });
    assert.deepEqual(await verifier.verify(await signed()), { ok: false, reason: "token-type" });
  });

  it("without the provider's keys nobody is believed, and the provider is told to come again", async () => {
    const away = createKeySource({
      issuer: issuer.issuer,
      clock,
      allowHttpLoopback: true,
      fetch: async () => Promise.reject(new Error("away")),
    });
    const without = createSessions({ ...optionsOf(), keys: away });
    const body = new URLSearchParams({ logout_token: await signed() }).toString();
    const asked = { method: "POST", path: PATH, query: "", cookieHeader: undefined, headers: {}, body };
    const answer = await without.handle(asked);
    assert.deepEqual([answer?.status, answer?.headers["retry-after"]], [503, "5"]);
    away.close();
  });

  it("other methods, no token, two tokens", async () => {
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const answer = await tell(await signed(), method);
      assert.deepEqual([answer.status, answer.headers["allow"]], [405, "POST"]);
    }
    for (const body of ["", "logout_token=", "token=x", "logout_token=a&logout_token=b", undefined]) {
      const asked = { method: "POST", path: PATH, query: "", cookieHeader: undefined, headers: {}, body };
      assert.equal((await sessions.handle(asked))?.status, 400);
    }
  });

  it("through the gateway: the session is over at once, and a large body is not read", async (t) => {
    const service = await startService(t);
    const fixture: Fixture = await startGateway(
      t,
      {
        routes: [{ key: "GET /orders", upstream: service.origin, login: true }],
        roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
      },
      { clock, wrap: (runtime) => ({ ...runtime, sessions }) },
    );
    const cookie = cookieOf("ada", "p1");
    const orders = async (): Promise<number> =>
      (await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Cookie: ${cookie}`])).status;
    const post = async (body: string): Promise<number> => {
      const lines = ["Content-Type: application/x-www-form-urlencoded", `Content-Length: ${body.length}`];
      return (await ask(fixture.publicSocket, `POST ${PATH} HTTP/1.1`, lines, body)).status;
    };
    assert.equal(await orders(), 200);
    assert.equal(await post(`logout_token=${"x".repeat(20_000)}`), 413);
    assert.equal(await post(`logout_token=${await signed({ jti: undefined })}`), 400);
    assert.equal(await orders(), 200);
    assert.equal(await post(`logout_token=${await signed()}`), 200);
    assert.equal(await orders(), 401);
    assert.equal(service.seen.length, 2);
  });
});

function optionsOf(): Parameters<typeof createSessions>[0] {
  return {
    issuer: issuer.issuer,
    login: {
      clientId: CLIENT,
      clientSecret: null,
      scopes: ["openid"],
      sessionIdleMs: 1_800_000,
      sessionMaxMs: 43_200_000,
    },
    baseUrl: BASE_URL,
    audience: "shop-api",
    claims: CLAIMS,
    verifier: createTokenVerifier({ issuer: issuer.issuer, audience: "shop-api", claims: CLAIMS, keys, clock }),
    sealKeys: [SEAL_KEY],
    clock,
    allowHttpLoopback: true,
  };
}
