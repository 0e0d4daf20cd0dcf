/**
 * Signing in, and the session that comes of it, at the real development provider.
 *
 * What a session opens is asked of a gateway with a counting service behind it, not only of the sessions themselves.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, after, before, beforeEach, it, mock } from "node:test";
import { Secret } from "../../src/core/index.ts";
import type { Session } from "../../src/identity/index.ts";
import { type Fixture, startGateway } from "../gateway/fixture.ts";
import { ask } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { type Answer, BASE_URL, Browser, type Setup, setUpSignIn } from "../identity/sign-in-setup.ts";
import { row } from "./catalogue.ts";

const CALLBACK = `${BASE_URL}/_gatehouse/callback`;
const LOGIN = `${BASE_URL}/_gatehouse/login`;
const COOKIE = "__Host-gatehouse";

let setup: Setup;
let browser: Browser;

before(async () => {
  setup = await setUpSignIn();
});
after(async () => setup.close());
beforeEach(() => {
  setup.clock.set(Date.now());
  setup.fault = null;
  setup.sent.length = 0;
  browser = new Browser(setup.sessions);
});

function subjectOf(cookieHeader: string | undefined): string {
  const state = setup.sessions.read(cookieHeader);
  return "session" in state ? state.session.identity.subject : state.state;
}

function sessionOf(by: Browser, sessions = setup.sessions): Session {
  const state = sessions.read(by.cookieHeader(), 0);
  assert.ok("session" in state, `no session: ${state.state}`);
  return state.session;
}

/** The session cookie alone, as a `Cookie` header. */
function cookieOf(by: Browser): string {
  const parts = (by.cookieHeader() ?? "").split("; ").filter((part) => /^__Host-gatehouse(?:\.\d)?=/.test(part));
  assert.notEqual(parts.length, 0);
  return parts.join("; ");
}

function tokenCalls(): number {
  return setup.sent.filter((line) => line === "POST /token").length;
}

interface Guarded {
  /** Status, calls of the service so far, and the reason in the record, of a request with these cookies. */
  readonly ask: (cookie: string) => Promise<readonly [status: number, hits: number, reason: string | undefined]>;
  readonly records: Fixture["records"];
}

/** A route for people of the group `support`, behind a gateway that takes these sessions. */
async function startGuarded(t: TestContext, sessions = setup.sessions): Promise<Guarded> {
  const service = await startService(t);
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /orders", upstream: service.origin, login: true }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
    },
    { clock: setup.clock, wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions }) },
  );
  return {
    records: fixture.records,
    ask: async (cookie) => {
      const earlier = fixture.records.length;
      const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Cookie: ${cookie}`]);
      assert.equal(fixture.records.length, earlier + 1, "one record");
      if (answer.status === 401) assert.equal(answer.body, '{"message":"Unauthorized"}');
      assert.ok(!JSON.stringify(fixture.records).includes(cookie.slice(-40)), "the cookie is in the record");
      return [answer.status, service.hits(), fixture.records.at(-1)?.reason];
    },
  };
}

row(63, () => {
  const targets = [
    `https://shop.localhost:8443@evil.test/_gatehouse/callback`,
    "https://shop.localhost:8443%00.evil.test/_gatehouse/callback",
    "https://shop.localhost:8443%2eevil.test/_gatehouse/callback",
    "https://shop.localhost:8443.evil.test/_gatehouse/callback",
    "https://shop.localhost:8443\\.evil.test/_gatehouse/callback",
    `${CALLBACK}/../../evil`,
    `${CALLBACK}%2f`,
    `${CALLBACK}#x`,
    `${CALLBACK}?`,
    CALLBACK.toUpperCase(),
    CALLBACK.replace("localhost", "localhost."),
    CALLBACK.replace(":8443", ""),
    ` ${CALLBACK}`,
    "//evil.test",
  ];
  const asked = {
    client_id: "shop-edge",
    scope: "openid",
    code_challenge: "x".repeat(43),
    code_challenge_method: "S256",
  };
  async function authorize(query: URLSearchParams): Promise<void> {
    const response = await fetch(`${setup.provider.issuer}/auth?${query.toString()}`, { redirect: "manual" });
    assert.equal(response.status, 400);
    assert.equal(response.headers.get("location"), null);
    assert.match(await response.text(), /That did not work/);
  }
  for (const target of targets)
    it(`an address that only looks like ours: ${JSON.stringify(target)}`, async () => {
      for (const type of ["code", "token", "code id_token", "nonsense", ""])
        await authorize(new URLSearchParams({ ...asked, response_type: type, redirect_uri: target }));
    });

  it("none, an empty one, and two: the fault goes to the client's only address", async () => {
    for (const addresses of [[], [""], [CALLBACK, "https://evil.test/"], ["https://evil.test/", CALLBACK]]) {
      const query = new URLSearchParams({ ...asked, response_type: "nonsense" });
      for (const each of addresses) query.append("redirect_uri", each);
      const response = await fetch(`${setup.provider.issuer}/auth?${query.toString()}`, { redirect: "manual" });
      assert.equal(response.status, 303);
      assert.ok(response.headers.get("location")?.startsWith(`${CALLBACK}?error=`));
    }
  });
});

row(65, () => {
  it("200 sign-ins of two people at once, callbacks in another order: each browser gets its own", async () => {
    const names = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? "ada" : "bob"));
    const browsers = names.map(() => new Browser(setup.sessions));
    const callbacks = await Promise.all(browsers.map(async (one, i) => one.getCallback(names[i] ?? "")));
    const order = names.map((_, i) => (i * 77) % names.length);
    assert.equal(new Set(order).size, names.length);
    await Promise.all(order.map(async (i) => browsers[i]?.open(callbacks[i] ?? "")));
    assert.deepEqual(
      browsers.map((one) => subjectOf(one.cookieHeader())),
      names,
    );
    assert.equal(new Set(browsers.map((one) => sessionOf(one).id)).size, names.length);
  });

  it("callbacks that are swapped between two browsers sign nobody in", async () => {
    const other = new Browser(setup.sessions);
    const [mine, theirs] = [await browser.getCallback("ada"), await other.getCallback("bob")];
    setup.sent.length = 0;
    assert.deepEqual([(await browser.send(theirs)).status, (await other.send(mine)).status], [400, 400]);
    assert.deepEqual([subjectOf(browser.cookieHeader()), subjectOf(other.cookieHeader())], ["none", "none"]);
    assert.equal(tokenCalls(), 0);
  });
});

/** To ten seconds before the right of this session ends, so that every use of it needs a refresh. */
function goToEnd(session: Session): void {
  setup.clock.set((session.identity.expiresAtSeconds - 10) * 1000);
}

row(66, () => {
  it("ten requests of each of six sessions at once: six calls, and each gets its own", async () => {
    const names = ["ada", "bob", "ada", "bob", "ada", "bob"];
    const browsers = names.map(() => new Browser(setup.sessions));
    for (const [i, one] of browsers.entries()) await one.signIn(names[i] ?? "");
    const sessions = browsers.map((one) => sessionOf(one));
    goToEnd(sessions[0] ?? assert.fail());
    setup.sent.length = 0;
    const waiting = Array.from({ length: 10 }, () => sessions).flat();
    const results = await Promise.all(waiting.map(async (one) => setup.sessions.refresh(one, 30)));
    assert.equal(tokenCalls(), 6);
    for (const [i, result] of results.entries()) {
      assert.ok(result.ok);
      assert.equal(result.session.id, waiting[i]?.id);
      assert.equal(result.session.identity.subject, names[i % 6]);
    }
    assert.equal(new Set(results.map((result) => (result.ok ? result.session : null))).size, 6);
  });

  it("sessions whose ids and serials read alike when they are put together share nothing", async () => {
    const other = new Browser(setup.sessions);
    await browser.signIn("ada");
    await other.signIn("bob");
    const pairs = [
      [
        { id: "ab1", serial: 2 },
        { id: "ab", serial: 12 },
      ],
      [
        { id: "a:1", serial: 1 },
        { id: "a", serial: 11 },
      ],
      [
        { id: "", serial: 0 },
        { id: "0", serial: 0 },
      ],
    ] as const;
    for (const [first, second] of pairs) {
      setup.clock.set(Date.now());
      await browser.signIn("ada");
      await other.signIn("bob");
      const ada = { ...sessionOf(browser), ...first };
      const bob = { ...sessionOf(other), ...second };
      goToEnd(ada);
      setup.sent.length = 0;
      const results = await Promise.all([ada, bob, ada, bob].map(async (one) => setup.sessions.refresh(one, 30)));
      assert.deepEqual(
        results.map((result) => (result.ok ? result.session.identity.subject : result.reason)),
        ["ada", "bob", "ada", "bob"],
      );
      assert.equal(tokenCalls(), 2);
    }
  });
});

row(67, () => {
  it("opening the sign-in page takes the session that the browser holds, here and as a copy", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const held = cookieOf(browser);
    assert.deepEqual(await guarded.ask(held), [200, 1, "role-grants"]);
    const page = await browser.send(LOGIN, undefined, { "sec-fetch-site": "none" });
    assert.equal(page.status, 302);
    assert.ok(page.setCookie.includes(`${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`));
    assert.equal(subjectOf(browser.cookieHeader()), "none");
    // Back in the browser, or with what somebody kept of it.
    assert.deepEqual(await guarded.ask(held), [401, 1, "session-expired"]);
  });

  it("another person who signs in ends it in any case", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const held = cookieOf(browser);
    const fresh = new Browser(setup.sessions);
    const callback = await fresh.getCallback("bob");
    fresh.keep(BASE_URL, held.split("; "));
    assert.equal((await fresh.open(callback)).status, 200);
    assert.equal(subjectOf(fresh.cookieHeader()), "bob");
    assert.deepEqual(await guarded.ask(held), [401, 0, "session-expired"]);
  });

  it("another site cannot end it by sending the browser to the page", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const held = cookieOf(browser);
    for (const site of ["cross-site", "same-site"]) await browser.send(LOGIN, undefined, { "sec-fetch-site": site });
    assert.deepEqual(await guarded.ask(held), [200, 1, "role-grants"]);
  });
});

row(68, () => {
  it("a name that was there before signing in is never the session's", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const old = { cookie: cookieOf(browser), id: sessionOf(browser).id };
    for (const planted of [
      old.cookie,
      `${COOKIE}=1~planted`,
      `${COOKIE}=`,
      `${COOKIE}=${old.id}`,
      `gatehouse=planted; ${COOKIE}-x=planted`,
    ]) {
      const fresh = new Browser(setup.sessions);
      fresh.keep(BASE_URL, planted.split("; "));
      await fresh.signIn("ada");
      assert.equal(subjectOf(cookieOf(fresh)), "ada");
      assert.notEqual(sessionOf(fresh).id, old.id);
      assert.notEqual(cookieOf(fresh), planted);
      const [status, , reason] = await guarded.ask(planted);
      assert.equal(status, 401);
      assert.ok(["session-expired", "unauthenticated"].includes(reason ?? ""), reason);
    }
  });
});

row(69, () => {
  it("a group that was taken away is gone with the next refresh, and the role with it", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const ada = setup.people.people.find(({ name }) => name === "ada");
    const groups = ada?.groups as string[];
    assert.deepEqual(await guarded.ask(cookieOf(browser)), [200, 1, "role-grants"]);
    t.after(() => groups.splice(0, groups.length, "support"));
    groups.splice(0, groups.length);
    goToEnd(sessionOf(browser));
    assert.deepEqual(await guarded.ask(cookieOf(browser)), [403, 1, "no-role"]);
  });

  it("a person who is no longer known has no session after it", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const people = setup.people.people as (typeof setup.people.people)[number][];
    const [ada] = people.splice(
      people.findIndex(({ name }) => name === "ada"),
      1,
    );
    assert.ok(ada !== undefined);
    t.after(() => people.unshift(ada));
    goToEnd(sessionOf(browser));
    const held = cookieOf(browser);
    assert.deepEqual(await guarded.ask(held), [401, 0, "session-expired"]);
    // For good: also when the provider would know the person again.
    people.unshift(ada);
    t.after(() => people.shift());
    assert.deepEqual(await guarded.ask(held), [401, 0, "session-expired"]);
  });
});

/** Refused with a page: no session, no code sent to anybody, nothing that makes the browser come again by itself. */
function assertRefused(answer: Answer, by: Browser): void {
  assert.equal(answer.status, 400);
  assert.equal(answer.headers["location"], undefined);
  assert.equal(answer.headers["refresh"], undefined);
  assert.match(answer.body, /You are not signed in/);
  assert.deepEqual(
    answer.setCookie.filter((line) => line.startsWith(`${COOKIE}=`)),
    [],
  );
  assert.equal(subjectOf(by.cookieHeader()), "none");
}

row(70, () => {
  it("an answer for another browser, for none, and for one that began its own", async () => {
    const callback = await browser.getCallback("ada");
    const [stranger, other] = [new Browser(setup.sessions), new Browser(setup.sessions)];
    await other.openSignIn("/");
    setup.sent.length = 0;
    for (const by of [stranger, other]) assertRefused(await by.send(callback), by);
    assert.equal(tokenCalls(), 0);
  });

  it("a state that was used, with its cookie put back, and the same callback twice at once", async () => {
    const callback = await browser.getCallback("ada");
    const kept = (browser.cookieHeader() ?? "").split("; ");
    const answers = await Promise.all([browser.send(callback), browser.send(callback)]);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([302, 400]));
    assert.equal(tokenCalls(), 1);
    const thief = new Browser(setup.sessions);
    thief.keep(BASE_URL, kept);
    assertRefused(await thief.send(callback), thief);
    assert.equal(tokenCalls(), 1);
  });

  it("states of other forms", async () => {
    const good = new URL(await browser.getCallback("ada"));
    const state = good.searchParams.get("state") ?? "";
    setup.sent.length = 0;
    for (const wrong of [
      "",
      " ",
      state.toUpperCase(),
      ` ${state}`,
      `${state} `,
      `${state}\n`,
      state.slice(0, -1),
      `${state}A`,
      state.replace(".", ""),
      "__proto__",
      "constructor",
      "../login",
      "x".repeat(100_000),
    ]) {
      const url = new URL(good);
      url.searchParams.set("state", wrong);
      assertRefused(await browser.send(url.href), browser);
    }
    assert.equal(tokenCalls(), 0);
    assert.equal((await browser.open(good.href)).body, "service /");
  });

  it("50 sign-ins at once, each answer brought by the next browser", async () => {
    const browsers = Array.from({ length: 50 }, () => new Browser(setup.sessions));
    const callbacks = await Promise.all(browsers.map(async (one) => one.getCallback("ada")));
    setup.sent.length = 0;
    const answers = await Promise.all(browsers.map(async (one, i) => one.send(callbacks[(i + 1) % 50] ?? "")));
    for (const [i, answer] of answers.entries()) assertRefused(answer, browsers[i] ?? assert.fail());
    assert.equal(tokenCalls(), 0);
    // Nothing of that took the sign-ins away from those who began them.
    await Promise.all(browsers.map(async (one, i) => one.open(callbacks[i] ?? "")));
    assert.deepEqual([...new Set(browsers.map((one) => subjectOf(one.cookieHeader())))], ["ada"]);
  });
});

/** The parts of a code exchange as our client would send them. */
async function exchange(form: Record<string, string>, credentials = "shop-edge:edge-secret"): Promise<Response> {
  return fetch(`${setup.provider.issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(credentials)}` },
    body: new URLSearchParams(form),
  });
}

/** 43 letters; their S256 challenge is made by `challengeOf`. */
const VERIFIER = "v".repeat(43);

async function challengeOf(verifier: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(verifier))).toString("base64url");
}

/** A code that ada's browser would bring back for a sign-in of ours with this verifier. */
async function getCode(): Promise<string> {
  const query = new URLSearchParams({
    client_id: "shop-edge",
    response_type: "code",
    scope: "openid offline_access",
    redirect_uri: CALLBACK,
    state: "s",
    code_challenge: await challengeOf(VERIFIER),
    code_challenge_method: "S256",
  });
  const page = await browser.open(`${setup.provider.issuer}/auth?${query.toString()}`, undefined, {}, CALLBACK);
  const callback = page.url.startsWith(CALLBACK) ? page.url : await browser.enterPassword(page.url, "ada");
  return new URL(callback).searchParams.get("code") ?? assert.fail("no code");
}

async function assertOauthError(response: Response, status: number, error: string): Promise<void> {
  const body = (await response.json()) as Record<string, unknown>;
  assert.deepEqual([response.status, body["error"]], [status, error]);
  assert.equal(body["access_token"], undefined);
}

const codeForm = (code: string, more: Record<string, string> = {}): Record<string, string> => ({
  grant_type: "authorization_code",
  code,
  redirect_uri: CALLBACK,
  ...more,
});

row(71, () => {
  it("the provider redeems no code without its verifier, or with another", async () => {
    for (const more of [
      {},
      { code_verifier: "w".repeat(43) },
      { code_verifier: VERIFIER.toUpperCase() },
      { code_verifier: await challengeOf(VERIFIER) },
    ])
      await assertOauthError(await exchange(codeForm(await getCode(), more)), 400, "invalid_grant");
    for (const verifier of ["", "v", "v".repeat(129), `${VERIFIER} `]) {
      const response = await exchange(codeForm(await getCode(), { code_verifier: verifier }));
      assert.equal(response.status, 400);
    }
    assert.equal((await exchange(codeForm(await getCode(), { code_verifier: VERIFIER }))).status, 200);
  });

  it("the provider begins no sign-in without a challenge of S256", async () => {
    for (const more of [
      {},
      { code_challenge: VERIFIER, code_challenge_method: "plain" },
      { code_challenge: VERIFIER },
      { code_challenge: VERIFIER, code_challenge_method: "s256" },
      { code_challenge_method: "S256" },
    ] as Record<string, string>[]) {
      const query = new URLSearchParams({
        client_id: "shop-edge",
        response_type: "code",
        scope: "openid",
        redirect_uri: CALLBACK,
        ...more,
      });
      const response = await fetch(`${setup.provider.issuer}/auth?${query.toString()}`, { redirect: "manual" });
      const location = new URL(response.headers.get("location") ?? "");
      assert.equal(`${location.origin}${location.pathname}`, CALLBACK);
      assert.equal(location.searchParams.get("error"), "invalid_request");
      assert.equal(location.searchParams.get("code"), null);
    }
  });

  it("ours sends S256 whatever the provider says that it can", async () => {
    for (const methods of [undefined, [], ["plain"], ["S512"]]) {
      const sessions = setup.newSessions({
        fetch: async (url, init) => {
          const response = await fetch(url, init);
          if (!url.includes("/.well-known/")) return response;
          const document = (await response.json()) as object;
          return Response.json({ ...document, code_challenge_methods_supported: methods });
        },
      });
      const started = await sessions.startLogin("/");
      const query = new URL(String(started.headers["location"])).searchParams;
      assert.equal(query.get("code_challenge_method"), "S256");
      assert.match(query.get("code_challenge") ?? "", /^[\w-]{43}$/);
    }
  });
});

row(72, () => {
  const changes: Readonly<Record<string, (query: URLSearchParams) => void>> = {
    "of another provider": (query) => query.set("iss", "https://evil.test"),
    "with a slash more": (query) => query.set("iss", `${setup.provider.issuer}/`),
    "in capitals": (query) => query.set("iss", setup.provider.issuer.toUpperCase()),
    "of ours as part of another": (query) => query.set("iss", `${setup.provider.issuer}.evil.test`),
    empty: (query) => query.set("iss", ""),
    "missing, though the provider says that it sends it": (query) => query.delete("iss"),
    "twice, ours first": (query) => query.append("iss", "https://evil.test"),
  };
  for (const [title, change] of Object.entries(changes))
    it(`issuer ${title}: the code goes to nobody`, async () => {
      const callback = new URL(await browser.getCallback("ada"));
      assert.equal(callback.searchParams.get("iss"), setup.provider.issuer);
      change(callback.searchParams);
      setup.sent.length = 0;
      assertRefused(await browser.send(callback.href), browser);
      assert.deepEqual(
        setup.sent.filter((line) => line.startsWith("POST")),
        [],
      );
    });
});

row(73, () => {
  it("a code and a refresh token are good for the client that they were made for", async () => {
    // The other clients may not redeem codes at all, which is said before the code is looked at.
    const form = codeForm(await getCode(), { code_verifier: VERIFIER });
    await assertOauthError(await exchange(form, "billing:billing-pw"), 400, "invalid_request");
    const cli = { ...form, client_id: "gatehouse-cli" };
    const asCli = await fetch(`${setup.provider.issuer}/token`, { method: "POST", body: new URLSearchParams(cli) });
    await assertOauthError(asCli, 400, "invalid_request");
    await assertOauthError(await exchange(form, "shop-edge:billing-pw"), 401, "invalid_client");
    const redeemed = await exchange(form);
    assert.equal(redeemed.status, 200);
    const { refresh_token: refreshToken = "" } = (await redeemed.json()) as { refresh_token?: string };
    const refresh = { grant_type: "refresh_token", refresh_token: refreshToken };
    const asOther = new URLSearchParams({ ...refresh, client_id: "gatehouse-cli" });
    const answer = await fetch(`${setup.provider.issuer}/token`, { method: "POST", body: asOther });
    await assertOauthError(answer, 400, "invalid_grant");
  });

  it("a second use ends what the first one gave", async () => {
    const form = codeForm(await getCode(), { code_verifier: VERIFIER });
    const { refresh_token: first = "" } = (await (await exchange(form)).json()) as { refresh_token?: string };
    await assertOauthError(await exchange(form), 400, "invalid_grant");
    const refresh = (token: string): Promise<Response> =>
      exchange({ grant_type: "refresh_token", refresh_token: token });
    await assertOauthError(await refresh(first), 400, "invalid_grant");

    const again = await exchange(codeForm(await getCode(), { code_verifier: VERIFIER }));
    const { refresh_token: old = "" } = (await again.json()) as { refresh_token?: string };
    const { refresh_token: next = "" } = (await (await refresh(old)).json()) as { refresh_token?: string };
    assert.notEqual(next, old);
    await assertOauthError(await refresh(old), 400, "invalid_grant");
    await assertOauthError(await refresh(next), 400, "invalid_grant");
  });

  it("a code has a minute", async () => {
    const [early, late] = [await getCode(), await getCode()];
    const startMs = Date.now();
    mock.timers.enable({ apis: ["Date"], now: startMs + 55_000 });
    try {
      const good = await exchange(codeForm(early, { code_verifier: VERIFIER }));
      assert.equal(good.status, 200);
      mock.timers.setTime(startMs + 61_000);
      await assertOauthError(await exchange(codeForm(late, { code_verifier: VERIFIER })), 400, "invalid_grant");
    } finally {
      mock.timers.reset();
    }
  });
});

row(74, () => {
  it("a sealed attempt, its parts, and tokens are no session", async (t) => {
    const guarded = await startGuarded(t);
    const callback = new URL(await browser.getCallback("ada"));
    const mark = /__Host-gatehouse-login-[\w-]{11}=([^;]+)/.exec(browser.cookieHeader() ?? "")?.[1] ?? "";
    const attempt = callback.searchParams.get("state") ?? "";
    assert.notEqual(mark, "");
    assert.notEqual(attempt, "");
    const { accessToken } = await setup.provider.tokenFor("ada");
    for (const value of [
      attempt,
      `1~${attempt}`,
      `2~${attempt}; ${COOKIE}.1=${attempt}`,
      mark,
      callback.searchParams.get("code") ?? "",
      accessToken,
      `1~${accessToken}`,
    ])
      assert.deepEqual(await guarded.ask(`${COOKIE}=${value}`), [401, 0, "unauthenticated"]);
  });

  it("a session is no attempt", async () => {
    const callback = new URL(await browser.getCallback("ada"));
    const other = new Browser(setup.sessions);
    await other.signIn("bob");
    const sealed = cookieOf(other).replace(/^[^=]+=1~/, "");
    for (const value of [sealed, `1~${sealed}`]) {
      callback.searchParams.set("state", value);
      assertRefused(await browser.send(callback.href), browser);
    }
  });
});

row(76, () => {
  it("two cookies of one name are nobody's, whatever their order", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const good = cookieOf(browser);
    const other = new Browser(setup.sessions);
    await other.signIn("bob");
    const planted = cookieOf(other);
    for (const cookie of [
      `${planted}; ${good}`,
      `${good}; ${planted}`,
      `${good}; ${good}`,
      `${COOKIE}=; ${good}`,
      `${good}; ${COOKIE}=`,
      `${COOKIE} =x; ${good}`,
      `${good};${COOKIE}=x`,
    ])
      assert.deepEqual(await guarded.ask(cookie), [401, 0, "unauthenticated"]);
    assert.deepEqual(await guarded.ask(good), [200, 1, "role-grants"]);
  });

  it("only the name of this host counts, and a quoted value is another value", async (t) => {
    const guarded = await startGuarded(t);
    await browser.signIn("ada");
    const good = cookieOf(browser);
    const value = good.slice(good.indexOf("=") + 1);
    for (const cookie of [
      `gatehouse=${value}`,
      `__Secure-gatehouse=${value}`,
      `__host-gatehouse=${value}`,
      `__HOST-GATEHOUSE=${value}`,
      `__Host-Gatehouse=${value}`,
      `__Host-gatehouse.0=${value}`,
      `__Host-gatehouse%20=${value}`,
      `${COOKIE}="${value}"`,
      `${COOKIE}='${value}'`,
      `${COOKIE}=${value.replaceAll("~", "%7E")}`,
    ])
      assert.deepEqual(await guarded.ask(cookie), [401, 0, "unauthenticated"]);
    // RFC 2965 attributes are cookies like others.
    assert.deepEqual(await guarded.ask(`$Version=1; ${good}; $Path=/; $Domain=.localhost`), [200, 1, "role-grants"]);
    assert.deepEqual(await guarded.ask(`gatehouse=x; ${good}; __host-gatehouse=x`), [200, 2, "role-grants"]);
  });

  it("every cookie that is set is for this host alone", async () => {
    const started = await browser.send(LOGIN);
    const finished = await browser.send(await browser.getCallback("ada"));
    const lines = [...started.setCookie, ...finished.setCookie];
    assert.equal(lines.length, 2);
    for (const line of lines) {
      assert.match(line, /^__Host-gatehouse[\w-]*=[^;]*; Path=\/; Secure; HttpOnly; SameSite=Lax(; Max-Age=\d+)?$/);
      assert.doesNotMatch(line, /domain/i);
    }
  });
});

row(78, () => {
  it("a cookie tells nothing to whoever finds it, and is not guessed from another", async () => {
    const ids = new Set<string>();
    const values = new Set<string>();
    for (let i = 0; i < 20; i++) {
      await browser.signIn("ada");
      ids.add(sessionOf(browser).id);
      values.add(cookieOf(browser));
    }
    assert.deepEqual([ids.size, values.size], [20, 20]);
    for (const id of ids) assert.equal(Buffer.from(id, "base64url").length, 16);
    // In sequence, or in parts the same: the first eight bytes of each are of no other.
    const starts = [...ids].map((id) => Buffer.from(id, "base64url").subarray(0, 8).toString("hex"));
    assert.equal(new Set(starts).size, 20);
    const { refreshToken } = sessionOf(browser);
    const told = Buffer.from(cookieOf(browser).replace(/^.*\./, ""), "base64url").toString("latin1");
    for (const part of [cookieOf(browser), told])
      for (const secret of ["ada", "support", sessionOf(browser).id, refreshToken?.reveal() ?? "no refresh token"])
        assert.ok(!part.includes(secret));
  });

  it("a cookie of one host opens on no other", async (t) => {
    await browser.signIn("ada");
    for (const baseUrl of [
      "https://other.localhost:8443",
      "https://a.shop.localhost:8443",
      "https://shop.localhost:9443",
      "https://SHOP.localhost:8443",
      "http://shop.localhost:8443",
    ]) {
      const elsewhere = await startGuarded(t, setup.newSessions({ baseUrl }));
      assert.deepEqual(await elsewhere.ask(cookieOf(browser)), [401, 0, "unauthenticated"]);
    }
    const otherKey = setup.newSessions({ sealKeys: [new Secret<Uint8Array>(randomBytes(32))] });
    assert.deepEqual(await (await startGuarded(t, otherKey)).ask(cookieOf(browser)), [401, 0, "unauthenticated"]);
    const same = await startGuarded(t, setup.newSessions());
    assert.deepEqual(await same.ask(cookieOf(browser)), [200, 1, "role-grants"]);
  });
});
