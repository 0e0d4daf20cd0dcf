/** Signing in again, more strongly or more recently, with the real development provider. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { type AskedSignIn, parsePeople } from "../../src/identity/index.ts";
import { BASE_URL, Browser, type Setup, setUpSignIn } from "./sign-in-setup.ts";

const { people } = parsePeople(
  "people.yaml",
  `
people:
  ada: { password: ada-pw, groups: [support], claims: { acr: [pwd, mfa, phr] } }
  bob: { password: bob-pw, groups: [support], claims: { acr: pwd } }
  eve: { password: eve-pw, groups: [support] }
clients: {}
`,
);
const MFA: AskedSignIn = { acr: ["mfa", "phr"], maxAgeSeconds: null };
const RECENT: AskedSignIn = { acr: [], maxAgeSeconds: 300 };

let setup: Setup;
let browser: Browser;

before(async () => {
  assert.ok(people);
  setup = await setUpSignIn({ people });
});
after(async () => setup.close());
beforeEach(() => {
  setup.clock.set(Date.now());
  browser = new Browser(setup.sessions);
});

interface Known {
  readonly id: string;
  readonly acr: readonly string[] | undefined;
  readonly authTimeSeconds: number | null;
}

function known(cookieHeader: string | undefined): Known | string {
  const state = setup.sessions.read(cookieHeader);
  if (!("session" in state)) return state.state;
  const { id, identity } = state.session;
  return { id, acr: identity.claims["acr"], authTimeSeconds: identity.authTimeSeconds };
}

function session(cookieHeader = browser.cookieHeader()): Known {
  const found = known(cookieHeader);
  assert.ok(typeof found === "object");
  return found;
}

/** As the gateway does it: the address of the provider's answer to a browser that was sent there. */
async function stepUp(asked: AskedSignIn, returnTo = "/transfer"): Promise<string> {
  const started = await setup.sessions.startLogin(returnTo, browser.cookieHeader(), asked);
  assert.equal(started.status, 302);
  browser.keep(BASE_URL, [started.headers["set-cookie"] ?? []].flat());
  const page = await browser.open(String(started.headers["location"]), undefined, {}, `${BASE_URL}/`);
  return page.url;
}

describe("a stronger sign-in", () => {
  test("asks the provider for what the route asks for", async () => {
    const location = async (asked: AskedSignIn | null) =>
      new URL(String((await setup.sessions.startLogin("/", undefined, asked)).headers["location"])).searchParams;
    const strong = await location({ acr: ["mfa", "phr"], maxAgeSeconds: 300 });
    assert.deepEqual([strong.get("acr_values"), strong.get("max_age")], ["mfa phr", "300"]);
    const plain = await location(null);
    assert.deepEqual([plain.has("acr_values"), plain.has("max_age")], [false, false]);
  });

  test("is had by the password again, comes back to the page, and is another session", async () => {
    await browser.signIn("ada");
    const [first, oldCookie] = [session(), browser.cookieHeader()];
    assert.deepEqual(first.acr, ["pwd"]);
    const asking = await stepUp(MFA, "/transfer?to=7");
    const page = await browser.send(asking);
    assert.match(page.body, /It asks for a sign-in with mfa or phr, so the password is asked for again\./);
    const done = await browser.open(await browser.enterPassword(asking, "ada"));
    assert.equal(done.url, `${BASE_URL}/transfer?to=7`);
    const now = session();
    assert.deepEqual(now.acr, ["mfa"]);
    assert.notEqual(now.id, first.id);
    assert.equal(known(oldCookie), "expired");
  });

  test("that the provider has already is not asked for twice", async () => {
    await browser.signIn("ada");
    await browser.open(await browser.enterPassword(await stepUp(MFA), "ada"));
    const callback = await stepUp({ acr: ["mfa"], maxAgeSeconds: null });
    assert.ok(callback.startsWith(`${BASE_URL}/_gatehouse/callback?`));
    assert.equal((await browser.open(callback)).url, `${BASE_URL}/transfer`);
    assert.deepEqual(session().acr, ["mfa"]);
  });

  for (const name of ["bob", "eve"])
    test(`that ${name} cannot have ends on a page that says so, signed in as before`, async () => {
      await browser.signIn(name);
      const first = session();
      const page = await browser.open(await browser.enterPassword(await stepUp(MFA), name));
      assert.equal(page.status, 403);
      assert.match(page.body, /<h1>This page asks for another sign-in<\/h1>/);
      assert.match(page.body, /who have signed in with mfa or phr\. The identity provider did not say that of you\./);
      assert.match(page.body, /<a href="\/transfer">Try again<\/a>/);
      assert.deepEqual([session().acr, session().id === first.id], [first.acr, false]);
    });

  test("goes on through a renewal", async () => {
    await browser.signIn("ada");
    await browser.open(await browser.enterPassword(await stepUp(MFA), "ada"));
    const state = setup.sessions.read(browser.cookieHeader());
    assert.ok("session" in state);
    // The provider goes by the real clock; a right that has to outlive more than it has left is renewed.
    setup.clock.set(Date.now() + 600_000);
    const renewed = await setup.sessions.refresh(state.session, 600);
    assert.ok(renewed.ok && renewed.session.serial === 1);
    const { claims, authTimeSeconds } = renewed.session.identity;
    assert.deepEqual([claims["acr"], authTimeSeconds], [["mfa"], state.session.identity.authTimeSeconds]);
  });
});

describe("a more recent sign-in", () => {
  test("is one that the provider has when it is recent enough", async () => {
    await browser.signIn("eve");
    const callback = await stepUp(RECENT);
    assert.ok(callback.startsWith(`${BASE_URL}/_gatehouse/callback?`));
    const done = await browser.open(callback);
    assert.deepEqual([done.status, done.url], [200, `${BASE_URL}/transfer`]);
  });

  test("that comes back older than asked ends on a page that says so", async () => {
    await browser.signIn("eve");
    const callback = await stepUp(RECENT);
    setup.clock.set(Date.now() + 400_000);
    const page = await browser.open(callback);
    assert.equal(page.status, 403);
    assert.match(page.body, /who have signed in at most 5 minutes ago\./);
  });

  test("of this very moment asks for the password", async () => {
    await browser.signIn("ada");
    const asking = await stepUp({ acr: [], maxAgeSeconds: 0 });
    assert.ok(asking.startsWith(`${setup.provider.issuer}/interaction/`), asking);
  });
});

describe("the sign-in address", () => {
  const queries: readonly (readonly [query: string, acr: string | null, maxAge: string | null])[] = [
    ["acr_values=mfa%20phr&max_age=300", "mfa phr", "300"],
    ["max_age=0", null, "0"],
    ["acr_values=urn:x:1", "urn:x:1", null],
    ["acr_values=mfa&acr_values=pwd", null, null],
    ["acr_values=%22mfa%22", null, null],
    ["acr_values=mfa%20%20phr", null, null],
    ["acr_values=mfa%0d%0ax", null, null],
    ["max_age=-1", null, null],
    ["max_age=1e3", null, null],
    ["max_age=", null, null],
    [`acr_values=${"a".repeat(2049)}`, null, null],
  ];
  for (const [query, acr, maxAge] of queries)
    test(`asks for what a link says: ${query.slice(0, 40)}`, async () => {
      const answer = await browser.send(`${BASE_URL}/_gatehouse/login?return_to=%2F&${query}`);
      const asked = new URL(answer.headers["location"] ?? "").searchParams;
      assert.deepEqual([asked.get("acr_values"), asked.get("max_age")], [acr, maxAge]);
    });
});
