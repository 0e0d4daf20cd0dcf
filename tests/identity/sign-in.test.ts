import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { Secret } from "../../src/core/index.ts";
import { BASE_URL, Browser, SEAL_KEY, type Setup, setUpSignIn } from "./sign-in-setup.ts";

const CALLBACK = `${BASE_URL}/_gatehouse/callback`;

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

describe("signing in", () => {
  test("leads to the provider and back to the page that was wanted, with a session", async () => {
    const page = await browser.signIn("ada", "/orders?state=open&x=%2F");
    assert.equal(page.body, "service /orders");
    assert.equal(page.url, `${BASE_URL}/orders?state=open&x=%2F`);
    const state = setup.sessions.read(browser.cookieHeader());
    assert.equal(state.state, "valid");
    assert.ok("session" in state);
    const { identity } = state.session;
    const { expiresAtSeconds } = identity;
    const signedInAgo = Math.floor(Date.now() / 1000) - (identity.authTimeSeconds ?? 0);
    assert.ok(signedInAgo >= 0 && signedInAgo <= 60, String(identity.authTimeSeconds));
    assert.deepEqual(identity, {
      kind: "person",
      issuer: setup.provider.issuer,
      issuerName: null,
      subject: "ada",
      clientId: "shop-edge",
      name: "ada",
      groups: ["support"],
      claims: { amr: ["pwd", "mfa"], level: ["3"] },
      tokenId: null,
      issuedAtSeconds: expiresAtSeconds - 900,
      authTimeSeconds: identity.authTimeSeconds,
      expiresAtSeconds,
      via: "session",
      key: `["${setup.provider.issuer}","ada"]`,
    });
  });

  test("sends state, nonce, PKCE and the scopes, and nothing secret, in the address", async () => {
    const started = await setup.sessions.startLogin("/orders");
    assert.equal(started.status, 302);
    const location = new URL(String(started.headers["location"]));
    assert.equal(location.origin, setup.provider.issuer);
    const query = Object.fromEntries(location.searchParams);
    assert.match(query["state"] ?? "", /^[\w-]{8}\.[\w-]{200,}$/);
    assert.match(query["nonce"] ?? "", /^[\w-]{22}$/);
    assert.match(query["code_challenge"] ?? "", /^[\w-]{43}$/);
    assert.deepEqual(
      { ...query, state: "", nonce: "", code_challenge: "" },
      {
        client_id: "shop-edge",
        redirect_uri: `${BASE_URL}/_gatehouse/callback`,
        response_type: "code",
        scope: "openid profile email groups offline_access",
        state: "",
        nonce: "",
        code_challenge: "",
        code_challenge_method: "S256",
        audience: "shop-api",
      },
    );
  });

  test("sets only cookies of this host that scripts cannot read", async () => {
    const callback = await browser.getCallback("ada");
    const finished = await browser.send(callback);
    const lines = finished.setCookie.map((line) => line.replace(/=[^;]*/, "=*"));
    assert.deepEqual(lines, ["__Host-gatehouse=*; Path=/; Secure; HttpOnly; SameSite=Lax"]);
    const [mark] = (await new Browser(setup.sessions).send(`${BASE_URL}/_gatehouse/login`)).setCookie;
    assert.match(
      mark ?? "",
      /^__Host-gatehouse-login-[\w-]{11}=[\w-]{22}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
    );
    assert.equal(finished.headers["cache-control"], "no-store");
    assert.equal(finished.headers["referrer-policy"], "no-referrer");
  });

  test("with a wrong password shows the form again and no session", async () => {
    const page = await browser.openSignIn("/");
    assert.equal(page.status, 200);
    const again = await browser.open(page.url, { name: "ada", password: "bob-pw" });
    assert.equal(again.status, 403);
    assert.match(again.body, /Name or password is wrong/);
    assert.equal(subjectOf(browser.cookieHeader()), "none");
    assert.equal((await browser.open(page.url, { name: "ada", password: "ada-pw" })).body, "service /");
  });

  test("cancelled at the provider says so and offers another try", async () => {
    const page = await browser.openSignIn("/orders");
    const answer = await browser.open(page.url, { cancel: "yes" });
    assert.equal(answer.status, 400);
    assert.match(answer.body, /The identity provider answered: access_denied/);
    assert.match(answer.body, /<a href="\/orders">Try again<\/a>/);
    assert.equal(subjectOf(browser.cookieHeader()), "none");
  });

  test("again gives a new session and ends the one that the browser had", async () => {
    await browser.signIn("ada");
    const old = browser.cookieHeader();
    await browser.signIn("ada");
    assert.notEqual(browser.cookieHeader(), old);
    assert.equal(subjectOf(browser.cookieHeader()), "ada");
    assert.equal(subjectOf(old), "expired");
  });

  test("begun from our own page ends the session at once, from another site it does not", async () => {
    await browser.signIn("ada");
    const held = browser.cookieHeader();
    await browser.send(`${BASE_URL}/_gatehouse/login`, undefined, { "sec-fetch-site": "cross-site" });
    assert.equal(subjectOf(held), "ada");
    await browser.send(`${BASE_URL}/_gatehouse/login`, undefined, { "sec-fetch-site": "none" });
    assert.equal(subjectOf(held), "expired");
    assert.equal(subjectOf(browser.cookieHeader()), "none");
  });

  test("in a second tab ends the session of the first, though nothing said so at the start", async () => {
    const page = await browser.openSignIn("/");
    const callback = await browser.enterPassword(page.url, "ada");
    const other = new Browser(setup.sessions);
    await other.signIn("bob");
    const old = other.cookieHeader() ?? "";
    browser.keep(BASE_URL, old.split("; "));
    await browser.open(callback);
    assert.equal(subjectOf(browser.cookieHeader()), "ada");
    assert.equal(subjectOf(old), "expired");
  });

  test("works in several tabs at once, answers in any order", async () => {
    const pages = [await browser.openSignIn("/a"), await browser.openSignIn("/b"), await browser.openSignIn("/c")];
    for (const index of [1, 2, 0]) {
      const callback = await browser.enterPassword(pages[index]?.url ?? "", "ada");
      assert.equal((await browser.open(callback)).body, `service /${"abc"[index]}`);
    }
    assert.equal(subjectOf(browser.cookieHeader()), "ada");
  });

  test("of 60 browsers at once, two people mixed, gives each its own identity", async () => {
    const names = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? "ada" : "bob"));
    const browsers = names.map(() => new Browser(setup.sessions));
    const callbacks = await Promise.all(browsers.map(async (one, i) => one.getCallback(names[i] ?? "")));
    await Promise.all(browsers.map(async (one, i) => one.open(callbacks[i] ?? "")).toReversed());
    assert.deepEqual(
      browsers.map((one) => subjectOf(one.cookieHeader())),
      names,
    );
  });

  test("in 20 tabs that were opened one after another, and in 20 at once, all arrive, whichever is first", async () => {
    const paths = Array.from({ length: 20 }, (_, i) => `/page-${i}?q=${i}`);
    for (const inOrder of [true, false]) {
      browser = new Browser(setup.sessions);
      const pages = inOrder ? [] : await Promise.all(paths.map(async (path) => browser.openSignIn(path)));
      if (inOrder) for (const path of paths) pages.push(await browser.openSignIn(path));
      const [first, ...others] = pages.toReversed();
      const bodies = [(await browser.open(await browser.enterPassword(first?.url ?? "", "ada"))).body];
      for (const page of others) bodies.push((await browser.open(await browser.enterPassword(page.url, "ada"))).body);
      assert.deepEqual(bodies, paths.map((path) => `service ${path.split("?")[0]}`).toReversed());
      assert.equal(subjectOf(browser.cookieHeader()), "ada");
    }
  });

  test("begun again and again leaves one mark; begun in a hundred tabs at once, few, before they fill the header", async () => {
    for (let i = 0; i < 100; i++) await browser.send(`${BASE_URL}/_gatehouse/login`);
    assert.match(browser.cookieHeader() ?? "", /^__Host-gatehouse-login-[\w-]{11}=[\w-]{22}$/);
    const crowd = new Browser(setup.sessions);
    await Promise.all(Array.from({ length: 100 }, async () => crowd.send(`${BASE_URL}/_gatehouse/login`)));
    assert.ok((crowd.cookieHeader()?.length ?? 0) < 6000);
    assert.equal((await crowd.signIn("ada")).body, "service /");
    assert.ok((crowd.cookieHeader()?.match(/gatehouse-login-/g) ?? []).length <= 1);
  });

  test("is begun anew, once, when the provider says that its page was open for too long", async () => {
    const stale = async (url: string): Promise<string> => {
      const state = new URL(url).searchParams.get("state") ?? "";
      const { issuer } = setup.provider;
      return `${CALLBACK}?${new URLSearchParams({ error: "temporarily_unavailable", state, iss: issuer }).toString()}`;
    };
    const started = await browser.send(`${BASE_URL}/_gatehouse/login?return_to=/orders`);
    const again = await browser.send(await stale(started.headers["location"] ?? ""));
    assert.equal(again.status, 302);
    assert.equal(new URL(again.headers["location"] ?? "").origin, new URL(setup.provider.issuer).origin);
    const refused = await browser.send(await stale(again.headers["location"] ?? ""));
    assert.equal(refused.status, 400);
    assert.match(refused.body, /The identity provider answered: temporarily_unavailable/);
    assert.match(refused.body, /<a href="\/orders">Try again<\/a>/);
  });
});

describe("a callback that does not fit", () => {
  /** Refused with a page, no session, and the code sent to nobody. */
  async function assertRefused(
    url: string,
    by: Browser = browser,
    text = /was started in another browser/,
  ): Promise<void> {
    setup.sent.length = 0;
    const answer = await by.send(url);
    assert.equal(answer.status, 400);
    assert.match(answer.body, text);
    assert.deepEqual(
      setup.sent.filter((line) => line.startsWith("POST")),
      [],
    );
    assert.deepEqual(
      answer.setCookie.filter((line) => line.startsWith("__Host-gatehouse=")),
      [],
    );
    assert.match(subjectOf(by.cookieHeader()), /none/);
  }

  test("without the cookie of the attempt", async () => {
    await assertRefused(await browser.getCallback("ada"), new Browser(setup.sessions));
  });

  test("with the attempt of another browser", async () => {
    const other = new Browser(setup.sessions);
    await other.openSignIn("/");
    await assertRefused(await browser.getCallback("ada"), other);
  });

  test("with another state", async () => {
    const callback = new URL(await browser.getCallback("ada"));
    const state = callback.searchParams.get("state") ?? "";
    callback.searchParams.set("state", `${state.slice(0, -1)}${state.endsWith("A") ? "B" : "A"}`);
    await assertRefused(callback.href);
  });

  for (const [title, change] of Object.entries<(query: URLSearchParams) => void>({
    "no state": (query) => query.delete("state"),
    "state twice": (query) => query.append("state", query.get("state") ?? ""),
    "state of another form": (query) => query.set("state", "__proto__"),
    "state of 100 KB": (query) => query.set("state", "x".repeat(100_000)),
  })) {
    test(`with ${title}`, async () => {
      const callback = new URL(await browser.getCallback("ada"));
      change(callback.searchParams);
      await assertRefused(callback.href);
    });
  }

  test("with the issuer of another provider", async () => {
    const callback = new URL(await browser.getCallback("ada"));
    callback.searchParams.set("iss", "https://evil.test");
    await assertRefused(callback.href, browser, /did not fit the sign-in/);
  });

  test("without the issuer that the provider promises to send", async () => {
    const callback = new URL(await browser.getCallback("ada"));
    assert.equal(callback.searchParams.get("iss"), setup.provider.issuer);
    callback.searchParams.delete("iss");
    await assertRefused(callback.href, browser, /did not fit the sign-in/);
  });

  test("with two codes", async () => {
    const callback = new URL(await browser.getCallback("ada"));
    callback.searchParams.append("code", "x");
    await assertRefused(callback.href, browser, /did not fit the sign-in/);
  });

  test("a second time, even with the cookie put back", async () => {
    const callback = await browser.getCallback("ada");
    const thief = new Browser(setup.sessions);
    const cookies = (browser.cookieHeader() ?? "").split("; ");
    thief.keep(BASE_URL, cookies);
    assert.equal((await browser.open(callback)).body, "service /");
    await assertRefused(callback, thief);
    assert.equal(subjectOf(browser.cookieHeader()), "ada");
  });

  test("of another instance with the same keys, whose attempt it was: the code is spent at the provider", async () => {
    const callback = await browser.getCallback("ada");
    const other = new Browser(setup.newSessions());
    other.keep(BASE_URL, (browser.cookieHeader() ?? "").split("; "));
    assert.equal((await browser.open(callback)).body, "service /");
    const answer = await other.send(callback);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /did not accept the answer that your browser brought back/);
  });

  test("ten minutes after it began, and not a millisecond before", async () => {
    const [early, late] = [new Browser(setup.sessions), new Browser(setup.sessions)];
    const [earlyCallback, lateCallback] = [await early.getCallback("ada"), await late.getCallback("ada")];
    setup.clock.advance(599_999);
    assert.equal((await early.open(earlyCallback)).body, "service /");
    setup.clock.advance(1);
    await assertRefused(lateCallback, late);
  });

  test("with a code that the provider did not make", async () => {
    const callback = new URL(await browser.getCallback("ada"));
    callback.searchParams.set("code", "made-up");
    const answer = await browser.send(callback.href);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /did not accept the answer/);
    assert.equal(subjectOf(browser.cookieHeader()), "none");
  });

  test("with an error is shown as text, never as markup, and only for a state of ours", async () => {
    const page = await browser.openSignIn("/");
    assert.equal(page.status, 200);
    const markup = encodeURIComponent("<script>alert(1)</script>");
    await assertRefused(`${BASE_URL}/_gatehouse/callback?error=${markup}&state=${"x".repeat(300)}`);
    const callback = new URL(await browser.getCallback("ada"));
    callback.searchParams.delete("code");
    callback.searchParams.set("error", "<script>alert(1)</script>");
    const answer = await browser.send(callback.href);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    assert.doesNotMatch(answer.body, /<script/);
  });
});

/** Without the mark of sign-in, which stays a while. */
function sessionCookie(): string {
  return (browser.cookieHeader() ?? "").split("; ").find((part) => part.startsWith("__Host-gatehouse=")) ?? "";
}

describe("cookies that are not ours, or not in their place", () => {
  test("a sealed attempt is no session and a sealed session is no attempt", async () => {
    const callback = new URL(await browser.getCallback("ada"));
    assert.equal(subjectOf(`__Host-gatehouse=1~${callback.searchParams.get("state")}`), "invalid");
    const other = new Browser(setup.sessions);
    await other.signIn("ada");
    callback.searchParams.set("state", /__Host-gatehouse=1~([^;]+)/.exec(other.cookieHeader() ?? "")?.[1] ?? "");
    assert.equal((await browser.send(callback.href)).status, 400);
  });

  test("two cookies of one name are nobody's, in either order", async () => {
    await browser.signIn("ada");
    const good = sessionCookie();
    assert.equal(subjectOf(`${good}; ${good}`), "invalid");
    assert.equal(subjectOf(`${good}; __Host-gatehouse=x`), "invalid");
    assert.equal(subjectOf(`__Host-gatehouse=x; ${good}`), "invalid");
  });

  test("other names, cases, quotes and places in the header change nothing", async () => {
    await browser.signIn("ada");
    const good = sessionCookie();
    assert.equal(subjectOf(`a=b; ${good}; c=d`), "ada");
    assert.equal(subjectOf(`a=b;${good};c=d`), "ada");
    assert.equal(subjectOf(good.toLowerCase().slice(0, 16) + good.slice(16)), "none");
    assert.equal(subjectOf(good.replace("=", '="') + '"'), "invalid");
    assert.equal(subjectOf(good.replace("__Host-", "")), "none");
    assert.equal(subjectOf(`$Version=1; ${good}`), "ada");
  });

  test("a changed character anywhere makes it nobody's", async () => {
    await browser.signIn("ada");
    const good = sessionCookie();
    for (let i = "__Host-gatehouse=".length; i < good.length; i += 7) {
      const changed = good.slice(0, i) + (good[i] === "A" ? "B" : "A") + good.slice(i + 1);
      assert.equal(subjectOf(changed), "invalid", `at ${i}`);
    }
    assert.equal(subjectOf(good), "ada");
  });

  test("a session of another host, another key or another issuer is not ours", async () => {
    await browser.signIn("ada");
    const cookie = browser.cookieHeader();
    const read = (more: Parameters<Setup["newSessions"]>[0]): string => setup.newSessions(more).read(cookie).state;
    assert.equal(read({}), "valid");
    assert.equal(read({ baseUrl: "https://other.localhost:8443" }), "invalid");
    const newKey = new Secret<Uint8Array>(randomBytes(32));
    assert.equal(read({ sealKeys: [newKey] }), "invalid");
    assert.equal(read({ sealKeys: [newKey, SEAL_KEY] }), "valid");
    assert.equal(read({ issuer: "https://login.shop.example" }), "expired");
  });
});

describe("a provider that does not answer", () => {
  test("at the start: a page that says so, to be tried again", async () => {
    const sessions = setup.newSessions({ fetch: async () => Promise.reject(new Error("down")) });
    const answer = await sessions.startLogin("/orders");
    assert.equal(answer.status, 503);
    assert.equal(answer.headers["retry-after"], "5");
    assert.equal(answer.reason, "login-provider-unavailable");
    assert.match(answer.body, /does not answer/);
  });

  test("at the code: likewise, and no session", async () => {
    const callback = await browser.getCallback("ada");
    setup.fault = async () => Promise.reject(new Error("down"));
    const answer = await browser.send(callback);
    assert.equal(answer.status, 503);
    assert.equal(subjectOf(browser.cookieHeader()), "none");
    setup.fault = async () => Response.json({}, { status: 502 });
    assert.equal((await browser.send(await browser.getCallback("ada"))).status, 503);
  });

  test("comes back without a restart", async () => {
    let down = true;
    const sessions = setup.newSessions({
      fetch: async (url, init) => (down ? Promise.reject(new Error("down")) : fetch(url, init)),
    });
    assert.equal((await sessions.startLogin("/")).status, 503);
    down = false;
    assert.equal((await sessions.startLogin("/")).status, 302);
  });
});

describe("return-to", () => {
  const hostile = [
    "https://evil.test",
    "//evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/ /evil.test",
    "/%09/evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "/%0a/evil.test",
    "/%0b\\evil.test",
    "/./\\evil.test",
    "/.//evil.test",
    "/..//evil.test",
    "/%2f/evil.test",
    "/%5cevil.test",
    "/%09%09/%09/evil.test",
    "https:\\\\evil.test",
    "javascript:alert(1)",
    "https://shop.localhost:8443@evil.test",
    "https://shop.localhost:8443.evil.test",
    "orders",
    "@evil.test",
    "/_gatehouse/logout",
    "/%",
    "http://[",
    "",
    `/${"x".repeat(16_000)}`,
  ];
  for (const returnTo of hostile) {
    test(`${JSON.stringify(returnTo.slice(0, 40))} leads to the front page`, async () => {
      const answer = await browser.send(await browser.getCallback("ada", returnTo));
      assert.equal(answer.status, 302);
      assert.equal(answer.headers["location"], "/");
    });
  }

  test("given twice leads to the front page", async () => {
    const page = await browser.open(`${BASE_URL}/_gatehouse/login?return_to=%2Fa&return_to=%2Fb`);
    const answer = await browser.open(page.url, { name: "ada", password: "ada-pw" });
    assert.equal(answer.url, `${BASE_URL}/`);
  });
});
