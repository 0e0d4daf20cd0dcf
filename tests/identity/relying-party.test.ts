/** Each row of relying-party-cases.ts, asked of a sign-in with a provider that does just that. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Secret, systemClock } from "../../src/core/index.ts";
import { type Sessions, createKeySource, createSessions, createTokenVerifier } from "../../src/identity/index.ts";
import {
  type Misbehaviour,
  type MisbehavingProvider,
  startMisbehavingProvider,
} from "../support/misbehaving-provider.ts";
import { CLIENT_CASES, CLIENT_ID, type RelyingPartyCase, RELYING_PARTY_CASES, SUBJECT } from "./relying-party-cases.ts";
import { AUDIENCE, BASE_URL, SEAL_KEY } from "./sign-in-setup.ts";

const CALLBACK = `${BASE_URL}/_gatehouse/callback`;
/** With what RFC 6749 asks to be encoded in a header, and with what a form encodes. */
const CLIENT_SECRET = "a secret: 100%+& of it";
const CLAIMS = { groups: "groups", name: "preferred_username" };
const RETURN_TO = "/orders?state=open";

let provider: MisbehavingProvider;

before(async () => {
  provider = await startMisbehavingProvider({
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    audience: AUDIENCE,
    subject: SUBJECT,
  });
});
after(async () => provider.close());

interface Answered {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  readonly location: string | undefined;
  readonly setCookie: readonly string[];
}

interface SignedIn {
  readonly started: Answered;
  /** Null when the browser was not sent to the provider. */
  readonly finished: Answered | null;
  /** What the session of the browser is worth afterwards. */
  readonly session: ReturnType<Sessions["read"]>;
}

/** One sign-in from a browser that follows: to the provider, back, and no further. */
async function signIn(how: Misbehaviour, hasSecret = true): Promise<SignedIn> {
  provider.behave(how);
  const { issuer } = provider;
  // The library that reads the answers knows no other.
  const clock = systemClock;
  const keys = createKeySource({ issuer, clock, allowHttpLoopback: true });
  // A provider whose discovery cannot be used has no keys either.
  await keys.load().catch(() => null);
  provider.rotate();
  const verifier = createTokenVerifier({ issuer, audience: AUDIENCE, claims: CLAIMS, keys, clock });
  const sessions = createSessions({
    issuer,
    login: {
      clientId: CLIENT_ID,
      clientSecret: hasSecret ? new Secret(CLIENT_SECRET) : null,
      scopes: ["openid", "profile"],
      sessionIdleMs: 1_800_000,
      sessionMaxMs: 43_200_000,
    },
    baseUrl: BASE_URL,
    audience: AUDIENCE,
    claims: CLAIMS,
    verifier,
    sealKeys: [SEAL_KEY],
    clock,
    allowHttpLoopback: true,
  });
  try {
    const started = await ask(sessions, `/_gatehouse/login?return_to=${encodeURIComponent(RETURN_TO)}`);
    if (started.status !== 302) return { started, finished: null, session: sessions.read(undefined) };
    const redirect = await fetch(started.location ?? "", { redirect: "manual" });
    const back = new URL(redirect.headers.get("location") ?? "");
    assert.equal(`${back.origin}${back.pathname}`, CALLBACK);
    const finished = await ask(sessions, `${back.pathname}${back.search}`, cookiesOf(started));
    return { started, finished, session: sessions.read(cookiesOf(finished)) };
  } finally {
    keys.close();
  }
}

async function ask(sessions: Sessions, target: string, cookieHeader?: string): Promise<Answered> {
  const { pathname, search } = new URL(target, BASE_URL);
  const answer = await sessions.handle({ method: "GET", path: pathname, query: search, cookieHeader, headers: {} });
  assert.ok(answer !== null);
  const { status, reason, body, headers } = answer;
  const location = headers["location"];
  return {
    status,
    reason,
    body,
    location: typeof location === "string" ? location : undefined,
    setCookie: [headers["set-cookie"] ?? []].flat(),
  };
}

/** What a browser keeps of an answer. */
function cookiesOf({ setCookie }: Answered): string {
  const kept = setCookie.filter((line) => !line.includes("Max-Age=0"));
  return kept.map((line) => line.slice(0, line.indexOf(";"))).join("; ");
}

function isSessionCookie(line: string): boolean {
  return /^__Host-gatehouse(?:\.\d)?=/.test(line);
}

function assertOutcome({ started, finished, session }: SignedIn, { outcome }: RelyingPartyCase): void {
  const answer = outcome.isAtStart === true ? started : finished;
  if (outcome.isAtStart === true) assert.equal(finished, null);
  assert.ok(answer !== null, `not started: ${started.reason}`);
  assert.deepEqual([answer.status, answer.reason], [outcome.status, outcome.reason], answer.body);
  if (outcome.token !== undefined) assert.ok(answer.body.includes(`${outcome.token}.`), answer.body);
  if (outcome.reason === "login-finished") {
    assert.equal(answer.location, RETURN_TO);
    assert.equal(session.state, "valid");
    assert.ok("session" in session);
    const { kind, subject, groups } = session.session.identity;
    assert.deepEqual({ kind, subject, groups }, { kind: "person", subject: SUBJECT, groups: ["support"] });
    return;
  }
  assert.deepEqual(answer.setCookie.filter(isSessionCookie), []);
  assert.equal(answer.location, undefined);
  assert.equal(session.state, "none");
}

/** What holds whatever the provider does. */
function assertRequests({ started }: SignedIn): void {
  assert.deepEqual(started.setCookie.filter(isSessionCookie), []);
  assert.ok(!provider.asked.some((path) => path.startsWith("/userinfo")));
  for (const asked of provider.authorizationRequests) {
    assert.equal(asked.get("response_type"), "code");
    assert.equal(asked.get("redirect_uri"), CALLBACK);
    assert.ok((asked.get("scope") ?? "").split(" ").includes("openid"));
    assert.equal(asked.get("code_challenge_method"), "S256");
    assert.match(asked.get("code_challenge") ?? "", /^[\w-]{43}$/);
    assert.match(asked.get("state") ?? "", /^[\w-]{8}\.[\w-]{200,}$/);
    assert.match(asked.get("nonce") ?? "", /^[\w-]{22}$/);
    for (const name of ["client_secret", "code_verifier"]) assert.equal(asked.get(name), null);
  }
  for (const { form } of provider.tokenRequests) {
    assert.equal(form.get("grant_type"), "authorization_code");
    assert.equal(form.get("redirect_uri"), CALLBACK);
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    assert.equal(challenge, provider.authorizationRequests.at(-1)?.get("code_challenge"));
  }
}

for (const { title, cases } of RELYING_PARTY_CASES) {
  describe(title, () => {
    for (const each of cases) {
      test(`the provider ${each.what}: ${each.outcome.reason}`, async () => {
        const signedIn = await signIn(each.provider);
        assertOutcome(signedIn, each);
        assertRequests(signedIn);
      });
      // The ID token is the answer to a sign-in whether it or the access token gives the right.
      if (each.provider.idToken === undefined || each.provider.accessToken !== undefined) continue;
      test(`the provider ${each.what}, and gives an opaque access token: ${each.outcome.reason}`, async () => {
        const signedIn = await signIn({ ...each.provider, accessToken: { text: "opaque" } });
        assertOutcome(signedIn, each);
        assertRequests(signedIn);
      });
    }
  });
}

test("an authorization response that does not fit sends the code to nobody", async () => {
  const responses = RELYING_PARTY_CASES.flatMap(({ cases }) => cases).filter(
    ({ provider: how, outcome }) => how.redirect !== undefined && outcome.status !== 302,
  );
  assert.ok(responses.length > 10);
  for (const each of responses) {
    await signIn(each.provider);
    assert.deepEqual(provider.tokenRequests, [], each.id);
  }
});

test("each attempt has a state, a nonce and a code challenge of its own", async () => {
  const seen = new Set<string | null>();
  for (let i = 0; i < 3; i++) {
    await signIn({});
    for (const name of ["state", "nonce", "code_challenge"])
      seen.add(provider.authorizationRequests.at(-1)?.get(name) ?? null);
  }
  assert.equal(seen.size, 9);
});

test("the code challenge is S256 with providers that say nothing about it, or that take plain ones", async () => {
  for (const methods of [undefined, ["plain"], ["plain", "S256"]]) {
    const signedIn = await signIn({ discovery: { code_challenge_methods_supported: methods } });
    assert.equal(signedIn.finished?.reason, "login-finished");
    assertRequests(signedIn);
  }
});

describe("the client shows who it is", () => {
  for (const { id, methods, hasSecret, used } of CLIENT_CASES) {
    test(`${id}: ${used}`, async () => {
      const signedIn = await signIn({ discovery: { token_endpoint_auth_methods_supported: methods } }, hasSecret);
      assert.equal(signedIn.finished?.reason, "login-finished");
      assertRequests(signedIn);
      assert.equal(provider.tokenRequests.length, 1);
      const [{ authorization, form } = assert.fail()] = provider.tokenRequests;
      const basic = authorization === undefined ? null : readBasic(authorization);
      assert.deepEqual(
        { basic, clientId: form.get("client_id"), secret: form.get("client_secret") },
        {
          basic: used === "client_secret_basic" ? [CLIENT_ID, CLIENT_SECRET] : null,
          clientId: used === "client_secret_basic" ? null : CLIENT_ID,
          secret: used === "client_secret_post" ? CLIENT_SECRET : null,
        },
      );
    });
  }
});

/** Both parts are form-encoded before they are joined. Source: RFC 6749, 2.3.1. */
function readBasic(authorization: string): string[] {
  const [scheme, value = ""] = authorization.split(" ");
  assert.equal(scheme, "Basic");
  const parts = Buffer.from(value, "base64").toString().split(":");
  return parts.map((part) => new URLSearchParams(`x=${part}`).get("x") ?? "");
}
