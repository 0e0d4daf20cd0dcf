/** Sessions in a store that several processes share, with a real provider and a real Redis server. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GatehouseError } from "../../src/core/index.ts";
import {
  type Revocations,
  type Session,
  type SessionState,
  type Sessions,
  type SessionsOptions,
  createRevocations,
} from "../../src/identity/index.ts";
import { type Store, createMemoryStore, createValkeyStore } from "../../src/store/index.ts";
import { waitFor } from "../support/instance.ts";
import { type ValkeyServer, startValkey } from "../support/valkey.ts";
import { BASE_URL, Browser, type Setup, setUpSignIn } from "./sign-in-setup.ts";

let setup: Setup;
let server: ValkeyServer;
let prefixes = 0;

interface Node {
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly store: Store;
}

const open: Node[] = [];

/** Processes that have nothing in common but the server. */
async function startNodes(count: number, more: Partial<SessionsOptions> = {}): Promise<Node[]> {
  const prefix = `test-${++prefixes}:`;
  const nodes = [];
  for (let i = 0; i < count; i++) {
    const store = await createValkeyStore({ address: server.address, credentials: null, prefix, timeoutMs: 300 });
    const revocations = createRevocations({ clock: setup.clock, store, lookMs: 100 });
    const sessions = setup.newSessions({ store, revocations, ...more });
    nodes.push({ sessions, revocations, store });
  }
  open.push(...nodes);
  return nodes;
}

before(async () => {
  setup = await setUpSignIn();
  server = await startValkey();
});
after(async () => {
  for (const { store, revocations } of open) {
    revocations.close();
    await store.close();
  }
  await server.stop();
  await setup.close();
});
beforeEach(() => {
  setup.clock.set(Date.now());
  setup.fault = null;
  setup.sent.length = 0;
});

function sessionOf(state: SessionState): Session {
  assert.ok("session" in state, `no session: ${state.state}`);
  return state.session;
}

function tokenCalls(): number {
  return setup.sent.filter((line) => line === "POST /token").length;
}

/** The provider answers late, as it would have. */
function delayProvider(ms: number): void {
  setup.fault = (url) => {
    if (!url.endsWith("/token")) return null;
    const init = asked.at(-1);
    return sleep(ms).then(async () => fetch(url, init));
  };
}

/** What was sent to the provider, newest last: a fault needs it to ask in the end. */
const asked: RequestInit[] = [];
const remember = async (url: string, init: RequestInit): Promise<Response> => {
  setup.sent.push(`${init.method ?? "GET"} ${new URL(url).pathname}`);
  asked.push(init);
  return setup.fault?.(url) ?? fetch(url, init);
};

for (const keptIn of ["cookie", "store"] as const)
  describe(`two processes, sessions in the ${keptIn}`, () => {
    test("a right that ends is renewed once for a thousand requests in both, however late the provider answers", async () => {
      const nodes = await startNodes(2, { keptIn, fetch: remember });
      const [first, second] = nodes as [Node, Node];
      const browser = new Browser(first.sessions);
      await browser.signIn("ada");
      const cookie = browser.cookieHeader();
      const session = sessionOf(await first.sessions.load(cookie));
      setup.clock.set((session.identity.expiresAtSeconds - 5) * 1000);
      const callsBefore = tokenCalls();
      // Longer than a lease lasts that nobody prolongs.
      delayProvider(6000);
      const results = await Promise.all(
        Array.from({ length: 1000 }, async (_, i) => {
          const { sessions } = i % 2 === 0 ? first : second;
          return sessions.refresh(sessionOf(await sessions.load(cookie)), 30);
        }),
      );
      assert.equal(tokenCalls() - callsBefore, 1);
      const serials = results.map((result) => (result.ok ? result.session.serial : result.reason));
      assert.deepEqual(new Set(serials), new Set([1]));
      const tokens = new Set(results.map((result) => (result.ok ? result.session.refreshToken?.reveal() : null)));
      assert.equal(tokens.size, 1);
      // Both go on with what was renewed, and the next renewal works.
      const [kept] = results;
      assert.ok(kept?.ok);
      browser.keep(BASE_URL, kept.setCookie);
      setup.fault = null;
      for (const { sessions } of nodes) assert.equal((await sessions.load(browser.cookieHeader(), 0)).state, "valid");
      setup.clock.set((kept.session.identity.expiresAtSeconds - 5) * 1000);
      const again = await second.sessions.refresh(sessionOf(await second.sessions.load(browser.cookieHeader())), 30);
      assert.ok(again.ok);
      assert.equal(again.session.serial, 2);
    });

    test("signed out at one it is over at the other within moments, its copies too", async () => {
      const [first, second] = (await startNodes(2, { keptIn })) as [Node, Node];
      const browser = new Browser(first.sessions);
      await browser.signIn("ada");
      const cookie = browser.cookieHeader();
      assert.equal((await second.sessions.load(cookie)).state, "valid");
      await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, { "sec-fetch-site": "same-origin" });
      assert.equal(first.sessions.read(cookie).state, "expired");
      await waitFor("the other has seen it", () => second.sessions.read(cookie).state === "expired", 3000);
      assert.deepEqual(await second.sessions.list(), []);
    });

    test("that the provider does not renew, it ends in both by one call", async () => {
      const [first, second] = (await startNodes(2, { keptIn })) as [Node, Node];
      const browser = new Browser(first.sessions);
      await browser.signIn("ada");
      const cookie = browser.cookieHeader();
      const session = sessionOf(await first.sessions.load(cookie));
      const same = sessionOf(await second.sessions.load(cookie));
      setup.clock.set((session.identity.expiresAtSeconds - 5) * 1000);
      const callsBefore = tokenCalls();
      setup.fault = async (url) =>
        url.endsWith("/token") ? Response.json({ error: "invalid_grant" }, { status: 400 }) : fetch(url);
      const results = await Promise.all([first.sessions.refresh(session, 30), second.sessions.refresh(same, 30)]);
      for (const result of results) assert.deepEqual(result, { ok: false, reason: "session-expired" });
      assert.equal(tokenCalls() - callsBefore, 1);
    });

    test("a process that ends in the middle of renewing holds nobody up for longer than its lease", async () => {
      const [first, second] = (await startNodes(2, { keptIn })) as [Node, Node];
      const browser = new Browser(first.sessions);
      await browser.signIn("ada");
      const session = sessionOf(await second.sessions.load(browser.cookieHeader()));
      setup.clock.set((session.identity.expiresAtSeconds - 5) * 1000);
      await first.store.add(`refreshing:${session.id.length}:${session.id}:0`, "a process that is gone", 700);
      const beganMs = performance.now();
      const result = await second.sessions.refresh(session, 30);
      assert.ok(result.ok);
      assert.ok(performance.now() - beganMs >= 600);
    });
  });

describe("in the store", () => {
  test("a browser has a handle of 256 bits and the store nothing that lets anybody in", async () => {
    const [node] = (await startNodes(1, { keptIn: "store" })) as [Node];
    const browser = new Browser(node.sessions);
    await browser.signIn("ada");
    const cookie = (browser.cookieHeader() ?? "").split("; ").at(-1) ?? "";
    assert.match(cookie, /^__Host-gatehouse=h~[A-Za-z0-9_-]{43}$/);
    const entries = await node.store.list("", 100);
    const session = sessionOf(await node.sessions.load(cookie));
    const handle = cookie.slice(cookie.indexOf("~") + 1);
    const secrets = [handle, session.refreshToken?.reveal() ?? "", "ada", "support"];
    for (const { key, value } of entries)
      for (const secret of secrets) assert.ok(!`${key}=${value}`.includes(secret), key.split(":")[0]);
    // What the store has is no session in a cookie, and under another handle's digest it is nobody's.
    const sealed = entries.find(({ key }) => key.startsWith("session:"));
    assert.ok(sealed !== undefined);
    const inCookies = setup.newSessions({ keptIn: "cookie" });
    assert.equal(inCookies.read(`__Host-gatehouse=1~${sealed.value}`).state, "invalid");
    const other = new Browser(node.sessions);
    await other.signIn("bob");
    const [mine, theirs] = (await node.store.list("session:", 10)).map(({ key }) => key) as [string, string];
    assert.notEqual(mine, theirs);
    for (const key of [mine, theirs]) await node.store.set(key, sealed.value, 60_000);
    const states = await Promise.all([browser, other].map(async (each) => node.sessions.load(each.cookieHeader())));
    assert.deepEqual(
      states.map((state) => ("session" in state ? state.session.identity.subject : state.state)),
      ["ada", "expired"],
    );
  });

  test("handles that are none, unknown or twice are nobody's", async () => {
    const [node] = (await startNodes(1, { keptIn: "store" })) as [Node];
    const states = await Promise.all(
      [
        undefined,
        "other=1",
        "__Host-gatehouse=",
        "__Host-gatehouse=h~short",
        `__Host-gatehouse=h~${"A".repeat(44)}`,
        `__Host-gatehouse=h~${"A".repeat(43)}`,
        `__Host-gatehouse=h~${"A".repeat(43)}; __Host-gatehouse=h~${"B".repeat(43)}`,
        `__Host-gatehouse=1~${"A".repeat(43)}`,
      ].map(async (cookie) => (await node.sessions.load(cookie)).state),
    );
    assert.deepEqual(states, ["none", "none", "invalid", "invalid", "invalid", "expired", "invalid", "invalid"]);
  });

  test("a person with three hundred groups has a cookie under 200 bytes", async () => {
    const groups = Array.from({ length: 300 }, (_, i) => `department-${i}-with-a-long-name`);
    const [node] = (await startNodes(1, { keptIn: "store" })) as [Node];
    const browser = new Browser(node.sessions);
    const signedIn = await browser.signIn("ada");
    assert.equal(signedIn.status, 200);
    const session = sessionOf(await node.sessions.load(browser.cookieHeader()));
    const large = { ...session, identity: { ...session.identity, groups } };
    const cookie = node.sessions.cookieOf(large) ?? "";
    assert.ok(cookie.length < 200, `${cookie.length}`);
    assert.equal(setup.newSessions({}).cookieOf({ ...large, handle: null }), null, "as a cookie it does not fit");
  });

  test("the id is another one after every sign-in, and the one of before is over", async () => {
    const [node] = (await startNodes(1, { keptIn: "store" })) as [Node];
    const browser = new Browser(node.sessions);
    await browser.signIn("ada");
    const first = browser.cookieHeader();
    await browser.signIn("ada");
    const second = browser.cookieHeader();
    assert.notEqual(first, second);
    assert.equal((await node.sessions.load(first)).state, "expired");
    assert.equal((await node.sessions.load(second)).state, "valid");
    assert.equal((await node.sessions.list()).length, 1);
  });

  test("use by who has an older copy leaves a renewed session in its place", async () => {
    const store = createMemoryStore(setup.clock);
    const [slow, quick, third] = [0, 1, 2].map(() => setup.newSessions({ keptIn: "store", store })) as [
      Sessions,
      Sessions,
      Sessions,
    ];
    const browser = new Browser(slow);
    await browser.signIn("ada");
    const cookie = browser.cookieHeader();
    const old = sessionOf(await slow.load(cookie));
    setup.clock.advance(470_000);
    const renewed = await quick.refresh(sessionOf(await quick.load(cookie)), 10_000);
    assert.ok(renewed.ok);
    // The other process has not looked since, and the old right is good.
    setup.clock.advance(61_000);
    slow.touch(old);
    await sleep(0);
    const seen = sessionOf(await third.load(cookie, 0));
    assert.equal(seen.serial, 1);
    assert.equal(seen.refreshToken?.reveal(), renewed.session.refreshToken?.reveal());
    assert.equal(seen.activeAtSeconds, Math.floor(setup.clock.nowMs() / 1000));
  });

  test("a renewal that the store does not take is told to it again by the next who asks", async () => {
    const store = createMemoryStore(setup.clock);
    let isAway = false;
    const moody: Store = {
      ...store,
      async set(key, value, ttlMs) {
        if (isAway && key.startsWith("session:"))
          throw new GatehouseError("GH_STORE_UNAVAILABLE", { store: "test", reason: "away" });
        await store.set(key, value, ttlMs);
      },
    };
    const sessions = setup.newSessions({ keptIn: "store", store: moody });
    const browser = new Browser(sessions);
    await browser.signIn("ada");
    const cookie = browser.cookieHeader();
    const old = sessionOf(await sessions.load(cookie));
    setup.clock.advance(470_000);
    isAway = true;
    const results = await Promise.all(Array.from({ length: 20 }, async () => sessions.refresh(old, 10_000)));
    assert.deepEqual(
      new Set(results.map((result) => (result.ok ? result.session.serial : result.reason))),
      new Set([1]),
    );
    const elsewhere = setup.newSessions({ keptIn: "store", store });
    assert.equal(sessionOf(await elsewhere.load(cookie, 0)).serial, 0);
    isAway = false;
    assert.ok((await sessions.refresh(old, 10_000)).ok);
    setup.clock.advance(2000);
    assert.equal(sessionOf(await elsewhere.load(cookie, 0)).serial, 1);
    assert.equal(tokenCalls(), 2, "one for the sign-in, one for the renewal");
  });

  test("use keeps it from idling out, and without use it ends", async () => {
    const store = createMemoryStore(setup.clock);
    const sessions = setup.newSessions({ keptIn: "store", store });
    const browser = new Browser(sessions);
    await browser.signIn("ada");
    const cookie = browser.cookieHeader();
    for (let minute = 0; minute < 14; minute++) {
      setup.clock.advance(60_000);
      assert.deepEqual(sessions.touch(sessionOf(await sessions.load(cookie, 0))), []);
      await sleep(0);
    }
    const [listed] = await sessions.list();
    assert.equal(listed?.activeAt, new Date(Math.floor(setup.clock.nowMs() / 1000) * 1000).toISOString());
    setup.clock.advance(1_800_000);
    assert.equal((await sessions.load(cookie, 0)).state, "expired");
    assert.deepEqual(await sessions.list(), []);
  });
});

test("the store is away: 503 while it lasts, signing out works, sessions are there afterwards", async () => {
  const own = await startValkey();
  const store = await createValkeyStore({ address: own.address, credentials: null, prefix: "s:", timeoutMs: 200 });
  const revocations = createRevocations({ clock: setup.clock, store, lookMs: 100 });
  const sessions = setup.newSessions({ keptIn: "store", store, revocations });
  const [ada, bob, eve] = ["ada", "bob", "ada"].map(() => new Browser(sessions)) as [Browser, Browser, Browser];
  await ada.signIn("ada");
  await bob.signIn("bob");
  const copy = bob.cookieHeader();
  const callback = await eve.getCallback("ada");
  own.pause();
  // What was read a moment ago goes on for five seconds; then nobody can say.
  assert.equal((await sessions.load(ada.cookieHeader())).state, "valid");
  setup.clock.advance(5000);
  assert.equal(sessions.read(ada.cookieHeader()).state, "unread");
  assert.equal((await sessions.load(ada.cookieHeader())).state, "unavailable");
  const refused = await eve.send(callback);
  assert.deepEqual([refused.status, refused.headers["retry-after"]], [503, "5"]);
  assert.ok(!refused.setCookie.some((line) => line.startsWith("__Host-gatehouse=h~")));
  const signedOut = await bob.send(`${BASE_URL}/_gatehouse/logout`, {}, { "sec-fetch-site": "same-origin" });
  assert.equal(signedOut.status, 303);
  assert.doesNotMatch(bob.cookieHeader() ?? "", /__Host-gatehouse=/);
  own.resume();
  await waitFor("sessions can be read again", async () => (await sessions.load(ada.cookieHeader())).state === "valid");
  assert.equal((await sessions.load(copy)).state, "expired");
  revocations.close();
  await store.close();
  await own.stop();
});
