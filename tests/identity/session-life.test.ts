import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Session, SessionState } from "../../src/identity/index.ts";
import { BASE_URL, Browser, type Setup, USED_CLAIMS, setUpSignIn } from "./sign-in-setup.ts";

const SAME_ORIGIN = { "sec-fetch-site": "same-origin" };

let setup: Setup;
let browser: Browser;

before(async () => {
  setup = await setUpSignIn();
});
after(async () => setup.close());
beforeEach(async () => {
  setup.clock.set(Date.now());
  setup.fault = null;
  browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  setup.sent.length = 0;
});

function sessionOf(state: SessionState): Session {
  assert.ok("session" in state, `no session: ${state.state}`);
  return state.session;
}

function read(minimumSeconds?: number): SessionState {
  return setup.sessions.read(browser.cookieHeader(), minimumSeconds);
}

function tokenCalls(): number {
  return setup.sent.filter((line) => line === "POST /token").length;
}

/** To this many seconds before the right of the browser's session ends. */
function goToRemaining(seconds: number): void {
  const { expiresAtSeconds } = sessionOf(read()).identity;
  setup.clock.set((expiresAtSeconds - seconds) * 1000);
}

/** As from a provider that gives none. */
async function fetchWithoutRefreshToken(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!url.endsWith("/token")) return response;
  const { refresh_token: _, ...rest } = (await response.json()) as Record<string, unknown>;
  return Response.json(rest);
}

describe("a right that ends soon", () => {
  test("needs a refresh when it does not outlive what is asked, thirty seconds unless said", () => {
    goToRemaining(31);
    assert.equal(read().state, "valid");
    assert.equal(read(31).state, "valid");
    assert.equal(read(32).state, "needs-refresh");
    setup.clock.advance(1001);
    assert.equal(read().state, "needs-refresh");
    assert.equal(read(1).state, "valid");
    setup.clock.advance(30_000);
    assert.equal(read(0).state, "needs-refresh");
  });

  test("is renewed by one call for a hundred who wait, and all get the same session", async () => {
    goToRemaining(5);
    const session = sessionOf(read());
    const results = await Promise.all(Array.from({ length: 100 }, async () => setup.sessions.refresh(session, 30)));
    assert.equal(tokenCalls(), 1);
    const [first] = results;
    assert.ok(first?.ok);
    for (const result of results) {
      assert.ok(result.ok);
      assert.equal(result.session, first.session);
      assert.equal(result.setCookie.length, 1);
    }
    assert.equal(first.session.id, session.id);
    assert.equal(first.session.serial, 1);
    assert.notEqual(first.session.refreshToken?.reveal(), session.refreshToken?.reveal());
    browser.keep(BASE_URL, first.setCookie);
    assert.equal(sessionOf(read(0)).identity.subject, "ada");
    assert.equal(tokenCalls(), 1);
  });

  test("needs no call while it outlives what is asked", async () => {
    const session = sessionOf(read());
    assert.deepEqual(await setup.sessions.refresh(session, 30), { ok: true, session, setCookie: [] });
    assert.equal(tokenCalls(), 0);
  });

  test("that is always shorter than what is asked is renewed at half its life, not each time", () => {
    assert.equal(read(10_000).state, "valid");
    goToRemaining(460);
    assert.equal(read(10_000).state, "valid");
    goToRemaining(440);
    assert.equal(read(10_000).state, "needs-refresh");
  });

  test("renewed for an open stream: the old cookie leads to the new session for as long as it would not idle out", async () => {
    for (const [by, state] of [
      ["request", "session-expired"],
      ["stream", "valid"],
    ] as const) {
      setup.clock.set(Date.now());
      const own = new Browser(setup.sessions);
      await own.signIn("ada");
      setup.clock.advance(470_000);
      const old = sessionOf(setup.sessions.read(own.cookieHeader()));
      const renewed = await setup.sessions.refresh(old, 10_000, by);
      assert.ok(renewed.ok);
      setup.clock.advance(310_000);
      const later = await setup.sessions.refresh(sessionOf(setup.sessions.read(own.cookieHeader(), 0)), 0);
      assert.equal(later.ok ? "valid" : later.reason, state);
    }
  });

  test("renewed for an open stream also when nothing else of the browser has come for longer than the idle limit", async () => {
    const own = new Browser(setup.sessions);
    await own.signIn("ada");
    const old = sessionOf(setup.sessions.read(own.cookieHeader()));
    const idle = { ...old, activeAtSeconds: old.activeAtSeconds - 1800 };
    assert.deepEqual(await setup.sessions.refresh(idle, 10_000), { ok: false, reason: "session-expired" });
    setup.clock.advance(470_000);
    const renewed = await setup.sessions.refresh(idle, 10_000, "stream");
    assert.equal(renewed.ok ? renewed.session.serial : renewed.reason, 1);
  });

  test("without a refresh token is good to its end, whoever asks for more", async () => {
    const sessions = setup.newSessions({ fetch: fetchWithoutRefreshToken });
    const own = new Browser(sessions);
    await own.signIn("ada");
    const session = sessionOf(sessions.read(own.cookieHeader()));
    for (const leftSeconds of [900, 20, 1]) {
      setup.clock.set((session.identity.expiresAtSeconds - leftSeconds) * 1000);
      for (const by of ["request", "stream"] as const)
        assert.deepEqual(await sessions.refresh(session, 30, by), { ok: true, session, setCookie: [] });
    }
    setup.clock.set(session.identity.expiresAtSeconds * 1000);
    assert.deepEqual(await sessions.refresh(session, 30, "stream"), { ok: false, reason: "session-expired" });
  });

  test("of two sessions refreshed at once gives each its own", async () => {
    const other = new Browser(setup.sessions);
    await other.signIn("bob");
    setup.sent.length = 0;
    goToRemaining(5);
    const sessions = [sessionOf(read()), sessionOf(setup.sessions.read(other.cookieHeader()))];
    const results = await Promise.all([...sessions, ...sessions].map(async (one) => setup.sessions.refresh(one, 30)));
    assert.deepEqual(
      results.map((result) => (result.ok ? result.session.identity.subject : result.reason)),
      ["ada", "bob", "ada", "bob"],
    );
    assert.equal(tokenCalls(), 2);
  });

  test("renewed: the old cookie leads to the new session within the grace, and to none after it", async () => {
    goToRemaining(5);
    const old = sessionOf(read());
    const renewed = await setup.sessions.refresh(old, 30);
    assert.ok(renewed.ok);
    assert.equal(read().state, "needs-refresh");
    setup.clock.advance(4000);
    const again = await setup.sessions.refresh(old, 30);
    assert.ok(again.ok);
    assert.equal(again.session, renewed.session);
    assert.equal(again.setCookie.length, 1);
    assert.equal(tokenCalls(), 1);
    setup.clock.advance(296_001);
    assert.deepEqual(await setup.sessions.refresh(old, 30), { ok: false, reason: "session-expired" });
    assert.equal(tokenCalls(), 1);
    browser.keep(BASE_URL, renewed.setCookie);
    assert.equal(sessionOf(read(0)).identity.subject, "ada");
  });

  test("follows what the provider says of the person now", async () => {
    const ada = setup.people.people.find(({ name }) => name === "ada");
    const groups = ada?.groups as string[];
    groups.splice(0, groups.length, "former");
    goToRemaining(5);
    const renewed = await setup.sessions.refresh(sessionOf(read()), 30);
    groups.splice(0, groups.length, "support");
    assert.ok(renewed.ok);
    assert.deepEqual(renewed.session.identity.groups, ["former"]);
  });

  test("that the provider does not renew ends the session for good", async () => {
    goToRemaining(5);
    const session = sessionOf(read());
    const cookie = browser.cookieHeader();
    setup.fault = (url) =>
      url.endsWith("/token") ? Promise.resolve(Response.json({ error: "invalid_grant" }, { status: 400 })) : null;
    assert.deepEqual(await setup.sessions.refresh(session, 30), { ok: false, reason: "session-expired" });
    setup.fault = null;
    assert.equal(setup.sessions.read(cookie).state, "expired");
    assert.deepEqual(await setup.sessions.refresh(session, 30), { ok: false, reason: "session-expired" });
  });

  test("that becomes another person's is refused", async () => {
    const other = new Browser(setup.sessions);
    await other.signIn("bob");
    goToRemaining(5);
    const bob = sessionOf(setup.sessions.read(other.cookieHeader()));
    const mixed = { ...sessionOf(read()), refreshToken: bob.refreshToken };
    assert.deepEqual(await setup.sessions.refresh(mixed, 30), { ok: false, reason: "session-expired" });
  });

  for (const [title, fault] of Object.entries<() => Promise<Response>>({
    "does not answer": async () => Promise.reject(new Error("down")),
    "answers 500": async () => Response.json({}, { status: 500 }),
    "answers HTML": async () => new Response("<html>", { status: 200, headers: { "content-type": "text/html" } }),
    "answers that we are too many": async () => Response.json({ error: "slow_down" }, { status: 429 }),
    "does not know us": async () => Response.json({ error: "invalid_client" }, { status: 401 }),
    redirects: async () => new Response(null, { status: 302, headers: { location: "https://evil.test/token" } }),
  })) {
    test(`while the provider ${title} keeps the session, asks once a second, and goes on when it is back`, async () => {
      goToRemaining(5);
      const session = sessionOf(read());
      const unavailable = { ok: false, reason: "provider-unavailable" };
      setup.fault = (url) => (url.endsWith("/token") ? fault() : null);
      assert.deepEqual(await setup.sessions.refresh(session, 30), unavailable);
      setup.fault = null;
      setup.clock.advance(999);
      assert.deepEqual(await setup.sessions.refresh(session, 30), unavailable);
      assert.equal(tokenCalls(), 1);
      setup.clock.advance(1);
      assert.equal((await setup.sessions.refresh(session, 30)).ok, true);
    });
  }
});

describe("limits", () => {
  test("an idle session ends at its limit, to the millisecond", () => {
    const { activeAtSeconds } = sessionOf(read());
    setup.clock.set(activeAtSeconds * 1000 + 1_800_000 - 1);
    assert.equal(read().state, "needs-refresh");
    setup.clock.advance(1);
    assert.equal(read().state, "expired");
  });

  test("an active session is written again once a minute, however many requests there are", () => {
    const session = sessionOf(read());
    setup.clock.set((session.activeAtSeconds + 59) * 1000 + 999);
    assert.deepEqual(setup.sessions.touch(session), []);
    setup.clock.advance(1);
    const setCookie = setup.sessions.touch(session);
    assert.equal(setCookie.length, 1);
    for (let i = 0; i < 59; i++) {
      assert.deepEqual(setup.sessions.touch(session), []);
      setup.clock.advance(1000);
    }
    browser.keep(BASE_URL, setCookie);
    const kept = sessionOf(read());
    assert.equal(kept.activeAtSeconds, session.activeAtSeconds + 60);
    assert.deepEqual(
      { ...kept, activeAtSeconds: 0, refreshToken: 0 },
      { ...session, activeAtSeconds: 0, refreshToken: 0 },
    );
    assert.equal(kept.refreshToken?.reveal(), session.refreshToken?.reveal());
  });

  test("no activity moves the absolute limit", async () => {
    const { startedAtSeconds } = sessionOf(read());
    const short = setup.newSessions({
      login: {
        clientId: "shop-edge",
        clientSecret: null,
        scopes: ["openid"],
        sessionIdleMs: 3_600_000,
        sessionMaxMs: 7_200_000,
      },
    });
    for (let minutes = 0; minutes < 119; minutes++) {
      setup.clock.set((startedAtSeconds + minutes * 60) * 1000);
      const state = short.read(browser.cookieHeader());
      browser.keep(BASE_URL, short.touch(sessionOf(state)));
    }
    setup.clock.set(startedAtSeconds * 1000 + 7_200_000 - 1);
    assert.equal(short.read(browser.cookieHeader()).state, "needs-refresh");
    setup.clock.advance(1);
    assert.equal(short.read(browser.cookieHeader()).state, "expired");
  });

  test("a session past its limits is not refreshed either", async () => {
    const session = sessionOf(read());
    setup.clock.set(session.activeAtSeconds * 1000 + 1_800_000);
    assert.deepEqual(await setup.sessions.refresh(session, 30), { ok: false, reason: "session-expired" });
    assert.equal(tokenCalls(), 0);
  });

  test("without a refresh token a session is good to the last second of its right", async () => {
    const sessions = setup.newSessions({ fetch: fetchWithoutRefreshToken });
    const other = new Browser(sessions);
    await other.signIn("bob");
    const { expiresAtSeconds } = sessionOf(sessions.read(other.cookieHeader())).identity;
    setup.clock.set(expiresAtSeconds * 1000 - 1);
    assert.equal(sessions.read(other.cookieHeader(), 30).state, "valid");
    setup.clock.advance(1);
    assert.equal(sessions.read(other.cookieHeader(), 30).state, "expired");
  });
});

describe("signing out", () => {
  test("asks first, on a page without script that can only post to us and the provider", async () => {
    const page = await browser.send(`${BASE_URL}/_gatehouse/logout`);
    assert.equal(page.status, 200);
    assert.match(page.body, /<form method="post" action="\/_gatehouse\/logout"><button>Sign out<\/button><\/form>/);
    assert.match(
      page.headers["content-security-policy"] ?? "",
      new RegExp(
        `^default-src 'none'; style-src 'sha256-[\\w+/]{43}='; form-action 'self' https: ${setup.provider.issuer}; base-uri 'none'; frame-ancestors 'none'$`,
      ),
    );
    assert.equal(read().state, "valid");
  });

  test("ends the session here and at the provider, and leads back to a page that says so", async () => {
    const held = browser.cookieHeader();
    const page = await browser.open(`${BASE_URL}/_gatehouse/logout`, {}, SAME_ORIGIN);
    assert.equal(page.url, `${BASE_URL}/_gatehouse/signed-out`);
    assert.match(page.body, /You are signed out/);
    assert.equal(read().state, "none");
    assert.equal(setup.sessions.read(held).state, "expired");
    const next = await browser.openSignIn("/");
    assert.equal(new URL(next.url).origin, setup.provider.issuer);
    assert.match(next.body, /Password/);
  });

  test("takes the worth of a copied cookie: its refresh token is revoked", async () => {
    const copied = sessionOf(read());
    await browser.open(`${BASE_URL}/_gatehouse/logout`, {}, SAME_ORIGIN);
    goToEnd(copied);
    const restarted = setup.newSessions();
    assert.deepEqual(await restarted.refresh(copied, 30), { ok: false, reason: "session-expired" });
  });

  test("puts no token into the address", async () => {
    const answer = await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, SAME_ORIGIN);
    assert.equal(answer.status, 303);
    assert.deepEqual(Object.fromEntries(new URL(answer.headers["location"] ?? "").searchParams), {
      client_id: "shop-edge",
      post_logout_redirect_uri: `${BASE_URL}/_gatehouse/signed-out`,
    });
    assert.deepEqual(answer.setCookie, ["__Host-gatehouse=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"]);
  });

  for (const [title, headers] of Object.entries<Record<string, string>>({
    "another site": { "sec-fetch-site": "cross-site" },
    "a sibling host": { "sec-fetch-site": "same-site" },
    "another origin, in a browser without fetch metadata": { origin: "https://evil.test" },
    "no origin at all": {},
    "an opaque origin": { origin: "null" },
  })) {
    test(`is not done for ${title}`, async () => {
      const answer = await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, headers);
      assert.equal(answer.status, 403);
      assert.deepEqual(answer.setCookie, []);
      assert.equal(read().state, "valid");
    });
  }

  test("is done for our own origin in a browser without fetch metadata", async () => {
    const answer = await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, { origin: BASE_URL });
    assert.equal(answer.status, 303);
  });

  test("works here while the provider does not answer", async () => {
    const held = browser.cookieHeader();
    const sessions = setup.newSessions({ fetch: async () => Promise.reject(new Error("down")) });
    const request = { method: "POST", path: "/_gatehouse/logout", query: "", cookieHeader: held, headers: SAME_ORIGIN };
    const answer = await sessions.handle(request);
    assert.equal(answer?.status, 303);
    assert.equal(answer.headers["location"], "/_gatehouse/signed-out");
    assert.equal(sessions.read(held).state, "expired");
  });

  test("wins over a refresh that is under way", async () => {
    goToRemaining(5);
    const session = sessionOf(read());
    const refreshing = setup.sessions.refresh(session, 30);
    await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, SAME_ORIGIN);
    assert.deepEqual(await refreshing, { ok: false, reason: "session-expired" });
  });
});

function goToEnd(session: Session): void {
  setup.clock.set(session.identity.expiresAtSeconds * 1000 - 1000);
}

describe("other requests", () => {
  for (const [method, path, allow] of [
    ["POST", "/_gatehouse/login", "GET, HEAD"],
    ["POST", "/_gatehouse/callback", "GET"],
    ["DELETE", "/_gatehouse/logout", "GET, HEAD, POST"],
    ["constructor", "/_gatehouse/signed-out", "GET, HEAD"],
  ] as const) {
    test(`${method} ${path} is told what is allowed`, async () => {
      const answer = await setup.sessions.handle({ method, path, query: "", cookieHeader: undefined, headers: {} });
      assert.equal(answer?.status, 405);
      assert.equal(answer.headers["allow"], allow);
    });
  }

  for (const path of [
    "/",
    "/_gatehouse",
    "/_gatehouse/",
    "/_gatehouse/jwks.json",
    "/_gatehouse/login/",
    "/_GATEHOUSE/login",
    "__proto__",
    "constructor",
  ]) {
    test(`${path} is not answered here`, async () => {
      assert.equal(
        await setup.sessions.handle({ method: "GET", path, query: "", cookieHeader: undefined, headers: {} }),
        null,
      );
    });
  }
});

describe("claims that the policy asks for", () => {
  test("are in the session, renewed with its right, and its age is that of the latest token", async () => {
    const first = sessionOf(read()).identity;
    assert.deepEqual(first.claims, { amr: ["pwd", "mfa"], level: ["3"] });
    assert.equal(first.issuedAtSeconds, first.expiresAtSeconds - 900);
    goToRemaining(5);
    const refreshed = await setup.sessions.refresh(sessionOf(read()), 30);
    assert.ok(refreshed.ok);
    const { identity } = refreshed.session;
    assert.deepEqual(identity.claims, first.claims);
    assert.equal(identity.issuedAtSeconds, identity.expiresAtSeconds - 900);
  });

  test("since a reload are had by one refresh before anybody relies on the session", async () => {
    const usedClaims = [...USED_CLAIMS, "department"];
    const verifier = setup.newVerifier({ usedClaims });
    const reloaded = setup.newSessions({ verifier, usedClaims });
    const state = reloaded.read(browser.cookieHeader(), 0);
    assert.equal(state.state, "needs-refresh");
    const refreshed = await reloaded.refresh(sessionOf(state), 0);
    assert.ok(refreshed.ok);
    assert.equal(tokenCalls(), 1);
    browser.keep(BASE_URL, refreshed.setCookie);
    const next = reloaded.read(browser.cookieHeader(), 0);
    assert.equal(next.state, "valid");
    assert.deepEqual(sessionOf(next).identity.claims, { amr: ["pwd", "mfa"], department: ["sales"], level: ["3"] });
    assert.equal(sessionOf(next).id, sessionOf(state).id);
  });

  test("since a reload, while the provider is away, leave nobody signed in without them", async () => {
    const usedClaims = [...USED_CLAIMS, "department"];
    const reloaded = setup.newSessions({ verifier: setup.newVerifier({ usedClaims }), usedClaims });
    const session = sessionOf(reloaded.read(browser.cookieHeader(), 0));
    setup.fault = async () => Promise.reject(new Error("down"));
    assert.deepEqual(await reloaded.refresh(session, 0), { ok: false, reason: "provider-unavailable" });
  });

  test("since a reload send a session that cannot be renewed to sign in again", async () => {
    const sessions = setup.newSessions({ fetch: fetchWithoutRefreshToken });
    const other = new Browser(sessions);
    await other.signIn("bob");
    assert.equal(sessions.read(other.cookieHeader(), 0).state, "valid");
    const usedClaims = [...USED_CLAIMS, "department"];
    const reloaded = setup.newSessions({ verifier: setup.newVerifier({ usedClaims }), usedClaims });
    assert.deepEqual(reloaded.read(other.cookieHeader(), 0), { state: "expired" });
  });
});
