/** People of two providers, both real: the choice, who somebody is afterwards, and that nothing of one counts at the other. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { type Session, type Sessions, createKeySource } from "../../src/identity/index.ts";
import { createFakeIssuer } from "../../src/identity/testing/fake-issuer.ts";
import { type TestKey, createTestKey, mintToken, publicJwk } from "../../src/identity/testing/token-mint.ts";
import { Secret } from "../../src/core/index.ts";
import { AUDIENCE, BASE_URL, Browser, type Setup, setUpSignIn } from "./sign-in-setup.ts";

const LOGIN = `${BASE_URL}/_gatehouse/login`;
const CALLBACK = `${BASE_URL}/_gatehouse/callback`;
const CLAIMS = { groups: "groups", name: "preferred_username" };
const SAME_ORIGIN = { "sec-fetch-site": "same-origin" };

let own: Setup;
let partner: Setup;
let sessions: Sessions;
let ownKey: TestKey;
let partnerKey: TestKey;
let browser: Browser;
/** What the sessions sent, each to where. */
const sent: string[] = [];
let fault: ((url: string) => Promise<Response> | null) | null = null;

function logoutKeysOf(issuer: string, key: TestKey) {
  const fake = createFakeIssuer([publicJwk(key)], issuer);
  return createKeySource({ issuer, clock: own.clock, fetch: fake.fetch, allowHttpLoopback: true });
}

function newSessions(name = "partner", audience = AUDIENCE): Sessions {
  const { issuer } = partner.provider;
  const trusted = { name, issuer, audience, claims: CLAIMS };
  return own.newSessions({
    keys: logoutKeysOf(own.provider.issuer, ownKey),
    verifier: own.newVerifier({ workloadIssuers: [{ ...trusted, hasPeople: true, keys: partner.keys }] }),
    furtherProviders: [
      {
        ...trusted,
        login: {
          clientId: "partner-edge",
          clientSecret: new Secret("partner-secret"),
          scopes: ["openid", "groups", "offline_access"],
          title: "Partner & Sons",
        },
        keys: logoutKeysOf(issuer, partnerKey),
      },
    ],
    fetch: async (url, init) => {
      sent.push(`${init.method ?? "GET"} ${url}`);
      return fault?.(url) ?? fetch(url, init);
    },
  });
}

before(async () => {
  own = await setUpSignIn();
  partner = await setUpSignIn({
    loginClient: {
      clientId: "partner-edge",
      clientSecret: "partner-secret",
      redirectUris: [`${CALLBACK}/partner`],
      postLogoutRedirectUris: [`${BASE_URL}/_gatehouse/signed-out`],
    },
  });
  ownKey = createTestKey("logout-own", "rsa");
  partnerKey = createTestKey("logout-partner", "rsa");
  sessions = newSessions();
});
after(async () => {
  await own.close();
  await partner.close();
});
beforeEach(() => {
  own.clock.set(Date.now());
  fault = null;
  sent.length = 0;
  browser = new Browser(sessions);
});

type Provider = "_" | "partner";

function loginAt(provider: Provider, returnTo = "/"): string {
  return `${LOGIN}?provider=${provider}&return_to=${encodeURIComponent(returnTo)}`;
}

/** As far as the address that carries the code back. */
async function callbackOf(by: Browser, provider: Provider, name: string, returnTo = "/"): Promise<string> {
  const page = await by.open(loginAt(provider, returnTo), undefined, {}, CALLBACK);
  return page.url.startsWith(CALLBACK) ? page.url : by.enterPassword(page.url, name);
}

async function signIn(by: Browser, provider: Provider, name: string): Promise<Session> {
  await by.open(await callbackOf(by, provider, name));
  return sessionOf(by.cookieHeader());
}

function sessionOf(cookieHeader: string | undefined): Session {
  const state = sessions.read(cookieHeader, 0);
  assert.ok("session" in state, `no session: ${state.state}`);
  return state.session;
}

function tokenCalls(): readonly string[] {
  return sent.filter((line) => line.endsWith("/token"));
}

describe("the choice", () => {
  test("is a page of links without script, which keep where the person wanted to go, and remembers nothing", async () => {
    const page = await browser.send(`${LOGIN}?return_to=%2Forders%3Fa%3D1%26b%3D2`);
    assert.equal(page.status, 200);
    const links = [...page.body.matchAll(/<a href="([^"]*)">([^<]*)<\/a>/g)].map(([, href, text]) => [href, text]);
    assert.deepEqual(links, [
      ["/_gatehouse/login?provider=_&amp;return_to=%2Forders%3Fa%3D1%26b%3D2", new URL(own.provider.issuer).host],
      ["/_gatehouse/login?provider=partner&amp;return_to=%2Forders%3Fa%3D1%26b%3D2", "Partner &amp; Sons"],
    ]);
    assert.doesNotMatch(page.body, /<script|<form|\son\w+=/i);
    assert.deepEqual(page.setCookie, []);
    assert.deepEqual(sent, []);
    assert.equal(page.headers["cache-control"], "no-store");
  });

  test("comes before sign-in at a route, with the way back", async () => {
    const started = await sessions.startLogin("/orders?state=open");
    assert.deepEqual([started.status, started.reason], [302, "login-choice"]);
    assert.equal(started.headers["location"], "/_gatehouse/login?return_to=%2Forders%3Fstate%3Dopen");
    assert.equal(started.headers["set-cookie"], undefined);
  });

  test("keeps what a route asks of the sign-in; who has a session is asked by its own provider", async () => {
    const asked = { acr: ["mfa"], maxAgeSeconds: 300 };
    const started = await sessions.startLogin("/orders", undefined, asked);
    const choice = "/_gatehouse/login?return_to=%2Forders&acr_values=mfa&max_age=300";
    assert.equal(started.headers["location"], choice);
    const page = await browser.send(`${BASE_URL}${choice}`);
    assert.match(page.body, /provider=partner&amp;return_to=%2Forders&amp;acr_values=mfa&amp;max_age=300"/);
    await signIn(browser, "partner", "ada");
    const again = await sessions.startLogin("/orders", browser.cookieHeader(), asked);
    const location = new URL(String(again.headers["location"]));
    assert.deepEqual(
      [location.origin, location.searchParams.get("acr_values"), location.searchParams.get("max_age")],
      [partner.provider.issuer, "mfa", "300"],
    );
  });

  test("leads nowhere else: another site is not where it comes back to", async () => {
    for (const elsewhere of ["https://evil.example/", "//evil.example", "/\\evil.example"]) {
      const page = await browser.send(`${LOGIN}?return_to=${encodeURIComponent(elsewhere)}`);
      assert.doesNotMatch(page.body, /evil/);
      const started = await sessions.startLogin(elsewhere);
      assert.equal(started.headers["location"], "/_gatehouse/login?return_to=%2F");
    }
  });

  test("is asked for again with 400 when nobody has that name, or there are two", async () => {
    for (const query of ["provider=other", "provider=", "provider=constructor", "provider=_&provider=partner"]) {
      const page = await browser.send(`${LOGIN}?${query}&return_to=%2Forders`);
      assert.equal(page.status, 400, query);
      assert.match(page.body, /href="\/_gatehouse\/login\?provider=partner&amp;return_to=%2Forders"/);
      assert.deepEqual(page.setCookie, []);
    }
    assert.deepEqual(sent, []);
  });

  test("does not end the session of who looks at it", async () => {
    await signIn(browser, "_", "ada");
    await browser.send(LOGIN, undefined, SAME_ORIGIN);
    assert.equal(sessionOf(browser.cookieHeader()).identity.subject, "ada");
  });

  test("is not there with one provider, whatever is asked for", async () => {
    for (const query of ["", "?provider=partner"]) {
      const answer = await own.sessions.handle({
        method: "GET",
        path: "/_gatehouse/login",
        query,
        cookieHeader: undefined,
        headers: {},
      });
      assert.equal(answer?.status, 302);
      assert.ok(String(answer?.headers["location"]).startsWith(`${own.provider.issuer}/`));
    }
    const started = await own.sessions.startLogin("/orders");
    assert.ok(String(started.headers["location"]).startsWith(`${own.provider.issuer}/`));
  });
});

describe("PL-3.20, PL-3.21: a person of a further issuer", () => {
  test("is that issuer's, by name, and comes back to the page that was wanted", async () => {
    const page = await browser.open(await callbackOf(browser, "partner", "ada", "/orders?x=1"));
    assert.equal(page.url, `${BASE_URL}/orders?x=1`);
    const { identity } = sessionOf(browser.cookieHeader());
    const { issuer } = partner.provider;
    assert.deepEqual(
      [identity.kind, identity.issuer, identity.issuerName, identity.subject, identity.groups, identity.key],
      ["person", issuer, "partner", "ada", ["support"], JSON.stringify([issuer, "ada"])],
    );
    assert.deepEqual(tokenCalls(), [`POST ${issuer}/token`]);
  });

  test("is another than the one with the same subject at the provider", async () => {
    const other = new Browser(sessions);
    const [mine, theirs] = [await signIn(browser, "_", "ada"), await signIn(other, "partner", "ada")];
    assert.deepEqual([mine.identity.issuerName, theirs.identity.issuerName], [null, "partner"]);
    assert.equal(mine.identity.subject, theirs.identity.subject);
    assert.notEqual(mine.identity.key, theirs.identity.key);
  });

  test("is asked for with our client there, and an address of its own for the answer", async () => {
    const { headers } = await browser.send(loginAt("partner"));
    const location = new URL(headers["location"] ?? "");
    const asked = ["client_id", "redirect_uri", "scope"].map((name) => location.searchParams.get(name));
    assert.equal(location.origin, partner.provider.issuer);
    assert.deepEqual(asked, ["partner-edge", `${CALLBACK}/partner`, "openid groups offline_access"]);
  });

  test("is renewed by its own provider alone", async () => {
    const session = await signIn(browser, "partner", "ada");
    sent.length = 0;
    own.clock.set((session.identity.expiresAtSeconds - 5) * 1000);
    const renewed = await sessions.refresh(session, 30);
    assert.ok(renewed.ok);
    assert.deepEqual(tokenCalls(), [`POST ${partner.provider.issuer}/token`]);
    assert.deepEqual([renewed.session.identity.issuerName, renewed.session.serial], ["partner", 1]);
  });

  test("stays signed in while the other provider is away", async () => {
    const session = await signIn(browser, "partner", "ada");
    fault = (url) => (url.startsWith(own.provider.issuer) ? Promise.reject(new TypeError("away")) : null);
    own.clock.set((session.identity.expiresAtSeconds - 5) * 1000);
    assert.equal((await sessions.refresh(session, 30)).ok, true);
    assert.equal((await browser.send(`${BASE_URL}/_gatehouse/logout`)).status, 200);
  });

  test("signs out at its own provider", async () => {
    await signIn(browser, "partner", "ada");
    const old = browser.cookieHeader();
    sent.length = 0;
    const answer = await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, SAME_ORIGIN);
    const location = new URL(answer.headers["location"] ?? "");
    assert.deepEqual(
      [answer.status, location.origin, location.searchParams.get("client_id")],
      [303, partner.provider.issuer, "partner-edge"],
    );
    assert.deepEqual(
      sent.filter((line) => line.includes("revocation")),
      [`POST ${partner.provider.issuer}/token/revocation`],
    );
    assert.equal(sessions.read(old).state, "expired");
  });

  test("without a session is sent to no provider to sign out", async () => {
    const answer = await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, SAME_ORIGIN);
    assert.equal(answer.headers["location"], "/_gatehouse/signed-out");
    assert.deepEqual(sent, []);
  });

  test("is nobody when the issuer has another name, another audience, or no sign-in any longer", async () => {
    await signIn(browser, "partner", "ada");
    const cookie = browser.cookieHeader();
    assert.equal(newSessions().read(cookie).state, "valid");
    assert.equal(newSessions("other").read(cookie).state, "invalid");
    assert.equal(newSessions("partner", "other-api").read(cookie).state, "invalid");
    assert.equal(own.sessions.read(cookie).state, "invalid");
  });

  test("keeps the session of a person of the provider good when the issuer comes or goes", async () => {
    await signIn(browser, "_", "ada");
    assert.equal(own.sessions.read(browser.cookieHeader()).state, "valid");
  });
});

describe("an answer of one provider to a sign-in at the other", () => {
  /** The code of the one, brought to where the other's is awaited, with the state that is awaited there. */
  async function crossed(begunAt: Provider, answeredBy: Provider, keepIss: boolean): Promise<string> {
    const state = await stateOf(await browser.send(loginAt(begunAt)));
    const foreign = new URL(await callbackOf(new Browser(sessions), answeredBy, "bob"));
    const url = new URL(begunAt === "_" ? CALLBACK : `${CALLBACK}/partner`);
    url.search = foreign.search;
    url.searchParams.set("state", state);
    if (!keepIss) url.searchParams.delete("iss");
    return url.href;
  }

  async function stateOf({ headers }: { readonly headers: Record<string, string> }): Promise<string> {
    return new URL(headers["location"] ?? "").searchParams.get("state") ?? "";
  }

  for (const [begunAt, answeredBy] of [
    ["_", "partner"],
    ["partner", "_"],
  ] as const)
    for (const keepIss of [true, false])
      test(`${begunAt} by ${answeredBy}, ${keepIss ? "with its issuer" : "without an issuer"}: refused, the code is sent to nobody`, async () => {
        const url = await crossed(begunAt, answeredBy, keepIss);
        sent.length = 0;
        const answer = await browser.send(url);
        assert.equal(answer.status, 400);
        assert.match(answer.body, /did not fit the sign-in that was started here/);
        assert.deepEqual(tokenCalls(), []);
        assert.equal(sessions.read(browser.cookieHeader()).state, "none");
      });

  test("at the other's address: refused, the code is sent to nobody", async () => {
    for (const provider of ["_", "partner"] as const) {
      const callback = new URL(await callbackOf(browser, provider, "ada"));
      callback.pathname = provider === "_" ? "/_gatehouse/callback/partner" : "/_gatehouse/callback";
      sent.length = 0;
      const answer = await browser.send(callback.href);
      assert.equal(answer.status, 400);
      assert.match(answer.body, /started in another browser/);
      assert.deepEqual(tokenCalls(), []);
    }
    assert.equal(sessions.read(browser.cookieHeader()).state, "none");
  });
});

test("two hundred sign-ins of two people, answers in any order: nobody becomes another", async () => {
  const people = { _: ["ada", null], partner: ["bob", "partner"] } as const;
  const open: { readonly by: Browser; readonly provider: Provider; readonly callback: string }[] = [];
  for (let i = 0; i < 100; i++) {
    const by = new Browser(sessions);
    for (const provider of i % 2 === 0 ? (["_", "partner"] as const) : (["partner", "_"] as const))
      open.push({ by, provider, callback: await callbackOf(by, provider, people[provider][0]) });
  }
  // A fixed order that keeps no neighbours: 77 and 200 have no common divisor.
  const mixed = open.map((_, i) => open[(i * 77) % open.length] as (typeof open)[number]);
  let swaps = 0;
  for (let i = 0; i < mixed.length; i += 10)
    await Promise.all(
      mixed.slice(i, i + 10).map(async ({ by, provider, callback }) => {
        const { setCookie } = await by.send(callback);
        const cookie = setCookie.flatMap((line) => /^__Host-gatehouse=[^;]+/.exec(line)?.[0] ?? []).join();
        const state = sessions.read(cookie, 0);
        const { subject, issuerName } = "session" in state ? state.session.identity : { subject: "", issuerName: "" };
        if (subject !== people[provider][0] || issuerName !== people[provider][1]) swaps++;
      }),
    );
  assert.equal(mixed.length, 200);
  assert.equal(new Set(mixed).size, 200);
  assert.equal(swaps, 0);
});

describe("a provider tells of a sign-out", () => {
  let numbered = 0;
  function logoutToken(key: TestKey, issuer: string, clientId: string, jti = `jti-${++numbered}`): string {
    const nowSeconds = Math.floor(own.clock.nowMs() / 1000);
    const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
    const claims = { iss: issuer, aud: clientId, iat: nowSeconds, exp: nowSeconds + 60, jti, sub: "ada", events };
    return mintToken(key, claims, { typ: "logout+jwt" });
  }
  async function tell(token: string): Promise<number | undefined> {
    const answer = await sessions.handle({
      method: "POST",
      path: "/_gatehouse/backchannel-logout",
      query: "",
      cookieHeader: undefined,
      headers: {},
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    return answer?.status;
  }

  test("and ends the sessions that began there, not those of the same subject elsewhere", async () => {
    const other = new Browser(sessions);
    await signIn(browser, "_", "ada");
    await signIn(other, "partner", "ada");
    assert.equal(await tell(logoutToken(partnerKey, partner.provider.issuer, "partner-edge")), 200);
    assert.equal(sessions.read(other.cookieHeader()).state, "expired");
    assert.equal(sessions.read(browser.cookieHeader()).state, "valid");
    assert.equal(await tell(logoutToken(ownKey, own.provider.issuer, "shop-edge")), 200);
    assert.equal(sessions.read(browser.cookieHeader()).state, "expired");
  });

  test("by its own keys, for our client there, under its own numbers", async () => {
    own.clock.advance(2000);
    await signIn(browser, "_", "ada");
    const [mine, theirs] = [own.provider.issuer, partner.provider.issuer];
    assert.equal(await tell(logoutToken(partnerKey, mine, "shop-edge")), 400);
    assert.equal(await tell(logoutToken(ownKey, theirs, "partner-edge")), 400);
    assert.equal(await tell(logoutToken(partnerKey, theirs, "shop-edge")), 400);
    assert.equal(await tell(logoutToken(partnerKey, "https://other.example", "partner-edge")), 400);
    assert.equal(sessions.read(browser.cookieHeader()).state, "valid");
    assert.equal(await tell(logoutToken(partnerKey, theirs, "partner-edge", "same")), 200);
    assert.equal(sessions.read(browser.cookieHeader()).state, "valid");
    assert.equal(await tell(logoutToken(ownKey, mine, "shop-edge", "same")), 200);
    assert.equal(sessions.read(browser.cookieHeader()).state, "expired");
  });
});
