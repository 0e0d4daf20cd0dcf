/** Where signing in leads: to a path of ours, however the address is written. The provider is the real one. */
import assert from "node:assert/strict";
import { after, before, beforeEach, it } from "node:test";
import { BASE_URL, Browser, type Setup, setUpSignIn } from "../identity/sign-in-setup.ts";
import { row } from "./catalogue.ts";

const CALLBACK = `${BASE_URL}/_gatehouse/callback`;
const LOGIN = `${BASE_URL}/_gatehouse/login`;

let setup: Setup;
let browser: Browser;

before(async () => {
  setup = await setUpSignIn();
});
after(async () => setup.close());
beforeEach(() => {
  setup.clock.set(Date.now());
  browser = new Browser(setup.sessions);
});

/** Signs in with this `return_to`, put into the address as it is, and says where that leads. */
async function returnAfterSignIn(query: string): Promise<string | undefined> {
  const page = await browser.open(`${LOGIN}?${query}`, undefined, {}, CALLBACK);
  const callback = page.url.startsWith(CALLBACK) ? page.url : await browser.enterPassword(page.url, "ada");
  const answer = await browser.send(callback);
  assert.equal(answer.status, 302);
  assert.equal(answer.body, "");
  const state = setup.sessions.read(browser.cookieHeader());
  assert.equal("session" in state ? state.session.identity.subject : state.state, "ada");
  return answer.headers["location"];
}

/** Signing in works, and leads to the front page, with the address as it is and encoded once and twice. */
function leadToTheFrontPage(addresses: readonly string[]): void {
  for (const address of addresses)
    it(JSON.stringify(address.slice(0, 60)), async () => {
      const encoded = encodeURIComponent(address);
      for (const value of new Set([address.replaceAll("&", "%26"), encoded, encodeURIComponent(encoded)]))
        assert.equal(await returnAfterSignIn(`return_to=${value}`), "/");
    });
}

row(61, () => {
  leadToTheFrontPage([
    "/\\evil.test",
    "/ /evil.test",
    "/%09/evil.test",
    "/%0b\\evil.test",
    "/%0a/evil.test",
    "/%0d%0a/evil.test",
    "/./\\evil.test",
    "/%09%09/%09/evil.test",
    "/%5cevil.test",
    "/%5C%5Cevil.test",
    "/.//evil.test",
    "/a/..//evil.test",
    "//evil.test",
    "///evil.test",
    "/%2f%2fevil.test",
    "/\u00a0/evil.test",
    "/\u2028/evil.test",
    "/\uff0fevil.test",
    "/\u0000/evil.test",
  ]);

  it("a path of ours is kept", async () => {
    assert.equal(await returnAfterSignIn("return_to=%2Forders%3Fa%3D%252F%252F"), "/orders?a=%2F%2F");
  });
});

row(62, () => {
  leadToTheFrontPage([
    "https://evilshop.localhost:8443/",
    "https://shop.localhost.evil.test/",
    "https://shop.localhost:8443.evil.test/",
    "https://shop.localhost:8443@evil.test/",
    "https://evil.test/?https://shop.localhost:8443/",
    "https://evil.test#.shop.localhost:8443",
    "https://evil.test\\.shop.localhost:8443",
    "https://a.shop.localhost:8443/",
    // Our own address: still no path.
    "https://shop.localhost:8443/orders",
    "HTTPS://evil.test/",
    "https:evil.test",
    "http://shop.localhost:8443/",
    "//evil.test/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "shop.localhost",
    ".shop.localhost",
  ]);
});

row(64, () => {
  leadToTheFrontPage([
    "\\\\evil.test",
    "\\/evil.test",
    "/\\evil.test",
    "/\\/evil.test",
    "\\evil.test",
    "https:\\\\evil.test",
    "https:/\\evil.test",
    "/a\\..\\..\\evil.test",
    "/orders\\",
    "/%5c%5cevil.test",
  ]);
});

row(75, () => {
  const queries = [
    "return_to=http://[",
    "return_to=%",
    "return_to=%zz",
    "return_to=%c0%af",
    "return_to=%u0000",
    "return_to=http://[::1",
    "return_to=/orders&return_to=/orders",
    `return_to=/${"x".repeat(16_000)}`,
    `return_to=${"%2f".repeat(5000)}`,
    "return_to[]=/orders",
    "return_to",
    "",
  ];
  for (const query of queries)
    it(`${JSON.stringify(query.slice(0, 40))} is a sign-in as any other`, async () => {
      const started = await browser.send(`${LOGIN}?${query}`);
      assert.equal(started.status, 302);
      assert.equal(new URL(started.headers["location"] ?? "").origin, setup.provider.issuer);
      browser = new Browser(setup.sessions);
      assert.equal(await returnAfterSignIn(query), "/");
    });
});
