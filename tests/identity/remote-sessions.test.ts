/** Sessions of several threads, of which one changes them for all: as threads see it, with a real provider. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import {
  type SessionCalls,
  type Revocations,
  type Sessions,
  answerSessionCalls,
  createRemoteSessions,
  createRevocations,
} from "../../src/identity/index.ts";
import { Browser, type Setup, setUpSignIn } from "./sign-in-setup.ts";

const BASE_URL = "https://shop.localhost:8443";

let setup: Setup;
let revocations: Revocations[];
let main: Sessions;
let threads: Sessions[];
let browser: Browser;

/** What crosses between threads is plain data. */
function overPort(calls: SessionCalls): SessionCalls {
  return {
    refresh: async (sealed, seconds, by) => structuredClone(await calls.refresh(sealed, seconds, by)),
    handle: async (request) => structuredClone(await calls.handle(structuredClone(request))),
    startLogin: async (returnTo, sealed, asked) => structuredClone(await calls.startLogin(returnTo, sealed, asked)),
  };
}

before(async () => {
  setup = await setUpSignIn();
});
after(async () => setup.close());
beforeEach(async () => {
  setup.clock.set(Date.now());
  setup.fault = null;
  revocations = [createRevocations(setup), createRevocations(setup)];
  const all = createRevocations(setup);
  all.onAdded((added) => {
    for (const each of revocations) each.learn(structuredClone(added));
  });
  main = setup.newSessions({ revocations: all });
  const calls = overPort(answerSessionCalls(main));
  threads = revocations.map((each) => createRemoteSessions(setup.newSessions({ revocations: each }), calls));
  browser = new Browser(threads[0] as Sessions);
  await browser.signIn("ada");
  setup.sent.length = 0;
});

function cookie(): string | undefined {
  return browser.cookieHeader();
}

/** The session as a thread reads it. */
function sessionIn(thread: number) {
  const read = threads[thread]?.read(cookie());
  assert.ok(read !== undefined && "session" in read, read?.state);
  return read.session;
}

describe("a session that one thread signed in", () => {
  test("is good in all of them", () => {
    for (const thread of threads) assert.equal(thread.read(cookie()).state, "valid");
  });

  test("is refreshed by one call, however many requests wait in however many threads, and all get the same", async () => {
    const { expiresAtSeconds } = sessionIn(0).identity;
    setup.clock.set((expiresAtSeconds - 5) * 1000);
    const session = sessionIn(0);
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => threads[n % threads.length]?.refresh(session, 30)),
    );
    assert.deepEqual(
      setup.sent.filter((line) => line === "POST /token"),
      ["POST /token"],
    );
    // The refresh token is another one after each refresh: all have the session of the one that there was.
    const tokens = results.map((result) => (result?.ok === true ? result.session.refreshToken?.reveal() : null));
    assert.equal(new Set(tokens).size, 1);
    assert.notEqual(tokens[0], null);
    assert.notEqual(tokens[0], session.refreshToken?.reveal());
    const [first] = results;
    assert.ok(first?.ok === true);
    assert.equal(first.session.serial, 1);
    browser.keep(BASE_URL, first.setCookie);
    for (const thread of threads) assert.equal(thread.read(cookie(), 0).state, "valid");
  });

  test("needs no call while its right lasts, and keeps its cookie", async () => {
    const result = await threads[1]?.refresh(sessionIn(1), 30);
    assert.ok(result?.ok === true);
    assert.deepEqual(result.setCookie, []);
    assert.deepEqual(setup.sent, []);
  });

  test("is over in all of them once it is signed out in one, its copy too", async () => {
    const copy = cookie();
    await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, { "sec-fetch-site": "same-origin" });
    for (const thread of threads) assert.equal(thread.read(copy).state, "expired");
    assert.equal(main.read(copy).state, "expired");
  });

  test("is over where a thread begins anew with what was remembered", async () => {
    const copy = cookie();
    await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, { "sec-fetch-site": "same-origin" });
    const anew = createRevocations(setup);
    anew.learn(revocations[1]?.list() ?? []);
    assert.equal(setup.newSessions({ revocations: anew }).read(copy).state, "expired");
  });

  /** What the provider's token endpoint does, shortly before the right ends. */
  function provideAtTheEnd(token: () => Promise<Response>) {
    setup.clock.set((sessionIn(0).identity.expiresAtSeconds - 5) * 1000);
    const session = sessionIn(0);
    setup.fault = (url) => (url.endsWith("/token") ? token() : null);
    return session;
  }

  test("ends in all of them when the provider does not renew it", async () => {
    const session = provideAtTheEnd(async () => Response.json({ error: "invalid_grant" }, { status: 400 }));
    assert.deepEqual(await threads[1]?.refresh(session, 30), { ok: false, reason: "session-expired" });
    setup.fault = null;
    for (const thread of threads) assert.equal(thread.read(cookie()).state, "expired");
  });

  test("waits when the provider is away", async () => {
    const session = provideAtTheEnd(async () => Promise.reject(new Error("away")));
    assert.deepEqual(await threads[0]?.refresh(session, 30), { ok: false, reason: "provider-unavailable" });
    setup.fault = null;
    assert.equal(threads[1]?.read(cookie(), 0).state, "valid");
  });
});
