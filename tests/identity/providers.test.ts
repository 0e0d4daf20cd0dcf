/**
 * The whole way of people and machines through a real instance with real Caddy, Chromium and curl, once with each
 * provider: what is asked is the same, what differs is in provider-setup.ts.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Browser, type BrowserContext, type Page, type Route, chromium } from "playwright-core";
import { curl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { waitFor } from "../support/instance.ts";
import { run } from "../support/run.ts";
import { BRIEF_SECONDS, EMBEDDED, KEYCLOAK, type ProviderUnderTest, type Shop } from "./provider-setup.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const TABS = 20;
const PARALLEL = 50;

let echo: EchoService;
let browser: Browser;

before(async () => {
  echo = await startEcho();
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: FLAGS });
});
after(async () => {
  await browser.close();
  await echo.close();
});

for (const provider of [EMBEDDED, KEYCLOAK]) describe(provider.name, () => runSuite(provider));

function runSuite(provider: ProviderUnderTest): void {
  const { pages } = provider;
  let lasting: Shop;
  let brief: Shop;
  /** What runs, the latest last. */
  const started: { stop(): Promise<void> }[] = [];

  before(async () => {
    const running = await provider.start();
    started.push(running);
    lasting = await running.startShop(echo.url, "lasting");
    started.push(lasting);
    brief = await running.startShop(echo.url, "brief");
    started.push(brief);
  });
  after(async () => {
    for (const each of started.toReversed()) await each.stop();
  });

  const home = (shop: Shop): string => shop.instance.status.edge.https ?? "";

  /** The test's own CA is known to Caddy's file alone; curl verifies it, the browser is told to go on. */
  async function openContext(): Promise<BrowserContext> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    context.setDefaultTimeout(30_000);
    return context;
  }

  async function goToSignIn(page: Page, shop: Shop, path: string): Promise<void> {
    await page.goto(`${home(shop)}${path}`);
    assert.ok(page.url().startsWith(shop.instance.status.identity.issuer), page.url());
  }

  async function signIn(page: Page, shop: Shop, name: string, path: string): Promise<void> {
    await goToSignIn(page, shop, path);
    await pages.enterPassword(page, name, `${name}-pw`);
    await page.waitForURL(`${home(shop)}${path}`);
  }

  async function cookieOf(context: BrowserContext, shop: Shop): Promise<string> {
    return (await context.cookies(home(shop))).map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  async function withPage(use: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> {
    const context = await openContext();
    try {
      await use(await context.newPage(), context);
    } finally {
      await context.close();
    }
  }

  function assertSubject(value: string | null, name: string): void {
    const expected = provider.subject(name);
    if (typeof expected === "string") assert.equal(value, expected);
    else assert.match(value ?? "", expected);
  }

  test("a person signs in, is returned to where they were going, and the service is told who they are", async () => {
    await withPage(async (page) => {
      const calls = echo.seen.length;
      await signIn(page, lasting, "alice", "/account?tab=1&x=%2F");
      assert.equal(echo.seen.length, calls + 1);
      const seen = echo.last();
      assert.equal(seen.url, "/account?tab=1&x=%2F");
      assertSubject(headerOf(seen, "x-gatehouse-subject"), "alice");
      const told = ["kind", "name", "groups", "role", "client"].map((each) => headerOf(seen, `x-gatehouse-${each}`));
      assert.deepEqual(told, ["person", "alice", "support", "support", "road-edge"]);
      assert.equal(headerOf(seen, "cookie"), null);
      assert.equal(headerOf(seen, "authorization"), null);
    });
  });

  test("a wrong password is told on the provider's page, and the service is not called", async () => {
    await withPage(async (page, context) => {
      const calls = echo.seen.length;
      await goToSignIn(page, lasting, "/account");
      await pages.enterPassword(page, "alice", "wrong");
      await page.getByText(pages.wrongPassword).first().waitFor();
      assert.ok(page.url().startsWith(lasting.instance.status.identity.issuer), page.url());
      assert.equal(echo.seen.length, calls);
      assert.doesNotMatch(await cookieOf(context, lasting), /__Host-gatehouse=/);
      await pages.enterPassword(page, "alice", "alice-pw");
      await page.waitForURL(`${home(lasting)}/account`);
    });
  });

  test("a person without the role gets 403 where they were going, and is not sent round in circles", async () => {
    await withPage(async (page) => {
      const calls = echo.seen.length;
      const statuses: number[] = [];
      page.on("response", (response) => {
        if (response.url() === `${home(lasting)}/account`) statuses.push(response.status());
      });
      await signIn(page, lasting, "bob", "/account");
      await page.waitForLoadState();
      assert.deepEqual(statuses, [302, 403]);
      assert.equal((await page.goto(`${home(lasting)}/account`))?.status(), 403);
      assert.deepEqual(statuses, [302, 403, 403]);
      assert.equal(echo.seen.length, calls);
    });
  });

  test("signing out ends the session here and at the provider: the next sign-in asks for the password", async () => {
    await withPage(async (page, context) => {
      await signIn(page, lasting, "alice", "/account");
      const cookie = await cookieOf(context, lasting);
      assert.equal((await curl(lasting.instance, "/account", { headers: [`Cookie: ${cookie}`] })).status, 200);
      await page.goto(`${home(lasting)}/_gatehouse/logout`);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(`${home(lasting)}/_gatehouse/signed-out`);
      assert.doesNotMatch(await cookieOf(context, lasting), /__Host-gatehouse=/);
      assert.equal((await curl(lasting.instance, "/account", { headers: [`Cookie: ${cookie}`] })).status, 401);
      const calls = echo.seen.length;
      await goToSignIn(page, lasting, "/account");
      assert.equal(echo.seen.length, calls);
      await pages.enterPassword(page, "alice", "alice-pw");
      await page.waitForURL(`${home(lasting)}/account`);
    });
  });

  /** No request is sent before each tab has one to send. */
  async function goAtOnce(context: BrowserContext, tabs: readonly Page[], urls: readonly string[]): Promise<void> {
    const held: Route[] = [];
    const pattern = `${home(lasting)}/tabs/*`;
    await context.route(pattern, async (route) => {
      held.push(route);
      if (held.length === tabs.length) await Promise.all(held.map(async (each) => each.continue()));
    });
    await Promise.all(tabs.map(async (tab, n) => tab.goto(urls[n] ?? "")));
    await context.unroute(pattern);
  }

  test(`of ${TABS} tabs that were opened at once without a session, each arrives where it was going`, async () => {
    await withPage(async (first, context) => {
      const tabs = [first];
      while (tabs.length < TABS) tabs.push(await context.newPage());
      const urls = tabs.map((_, n) => `${home(lasting)}/tabs/${n}`);
      if (!pages.knowsTabsAtOnce) await goToSignIn(first, lasting, "/tabs/0");
      await goAtOnce(context, tabs.slice(pages.knowsTabsAtOnce ? 0 : 1), urls.slice(pages.knowsTabsAtOnce ? 0 : 1));
      await pages.enterPassword(first, "alice", "alice-pw");
      await first.waitForURL(urls[0] ?? "");
      for (const [n, tab] of tabs.entries()) {
        await tab.bringToFront();
        const url = urls[n] ?? "";
        if (tab.url() !== url) await pages.goOn(tab, url);
        await tab.waitForURL(url);
      }
      assert.deepEqual(
        tabs.map((tab) => tab.url()),
        urls,
      );
      const bodies = await Promise.all(tabs.map(async (tab) => tab.locator("body").innerText()));
      assert.deepEqual(
        bodies.map((body) => (JSON.parse(body) as { url: string }).url),
        urls.map((url) => new URL(url).pathname),
      );
    });
  });

  test("a machine's token and a person's are taken from curl, and each has its own role", async () => {
    const machine = await curl(lasting.instance, "/orders", { token: await lasting.machineToken() });
    assert.equal(machine.status, 200);
    const told = ["kind", "role", "client"].map((each) => headerOf(echo.last(), `x-gatehouse-${each}`));
    assert.deepEqual(told, ["machine", "billing", "billing"]);
    assert.equal((await curl(lasting.instance, "/account", { token: await lasting.machineToken() })).status, 403);
    await withPage(async (_, context) => {
      const token = await lasting.personToken(context);
      for (const path of ["/orders", "/account"]) {
        const person = await curl(lasting.instance, path, { token });
        assert.equal(person.status, 200);
        assertSubject(headerOf(echo.last(), "x-gatehouse-subject"), "alice");
        const of = ["kind", "groups", "role"].map((each) => headerOf(echo.last(), `x-gatehouse-${each}`));
        assert.deepEqual(of, ["person", "support", "support"]);
      }
    });
  });

  test("a token is taken until it expires, and refused from then on", async () => {
    const token = await brief.machineToken();
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp: number };
    assert.equal((await curl(brief.instance, "/orders", { token })).status, 200);
    await waitFor("the token has expired", () => Date.now() >= exp * 1000, BRIEF_SECONDS * 2000);
    const calls = echo.seen.length;
    const late = await curl(brief.instance, "/orders", { token });
    assert.equal(late.status, 401);
    assert.match(late.headers["www-authenticate"] ?? "", /error_description="the token has expired"$/);
    assert.equal(echo.seen.length, calls);
  });

  /** Statuses of requests that are all under way at once; the cookie is not in the command. */
  async function sendAtOnce(shop: Shop, cookie: string): Promise<string[]> {
    const request = [`url = "${home(shop)}/account"`, 'output = "/dev/null"'].join("\n");
    const config = [
      `cacert = "${shop.instance.status.edge.caFile}"`,
      `header = "Cookie: ${cookie}"`,
      'write-out = "%{http_code}\\n"',
      "max-time = 30",
      ...Array.from({ length: PARALLEL }, () => request),
    ];
    const args = ["-sS", "--parallel", "--parallel-immediate", "--parallel-max", String(PARALLEL), "-K", "-"];
    const ran = await run("curl", args, { input: config.join("\n") });
    // curl shows its progress on stderr when it does several things at once, whatever it is told.
    assert.equal(ran.code, 0, ran.stderr);
    return ran.stdout.trim().split("\n");
  }

  test(`a right that is due is renewed once for ${PARALLEL} requests, none is refused, and the new token is kept`, async () => {
    await withPage(async (page, context) => {
      await signIn(page, brief, "alice", "/account");
      const givenAtMs = Date.now();
      const cookie = await cookieOf(context, brief);
      await page.goto("about:blank");
      const [refreshes, calls] = [await brief.countRefreshes(), echo.seen.length];
      const isDue = (sinceMs: number): boolean => Date.now() - sinceMs > (BRIEF_SECONDS / 2 + 1) * 1000;
      await waitFor("the right is due", () => isDue(givenAtMs));
      const statuses = await sendAtOnce(brief, cookie);
      assert.deepEqual(
        statuses,
        Array.from({ length: PARALLEL }, () => "200"),
      );
      assert.equal(await brief.countRefreshes(), refreshes + 1);
      assert.equal(echo.seen.length, calls + PARALLEL);

      // The old cookie leads to the renewed session, whose token the provider takes next time: it was rotated.
      const renewed = await curl(brief.instance, "/account", { headers: [`Cookie: ${cookie}`] });
      assert.equal(renewed.status, 200);
      const next = (renewed.headers["set-cookie"] ?? "").split(";")[0] ?? "";
      assert.match(next, /^__Host-gatehouse=./);
      assert.equal(await brief.countRefreshes(), refreshes + 1);
      const renewedAtMs = Date.now();
      await waitFor("the right is due again", () => isDue(renewedAtMs));
      assert.equal((await curl(brief.instance, "/account", { headers: [`Cookie: ${next}`] })).status, 200);
      assert.equal(await brief.countRefreshes(), refreshes + 2);
    });
  });
}
