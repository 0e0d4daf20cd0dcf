/** A person with a browser: sent to sign in, comes back to the page, is known to the service, signs out. Real Chromium. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Browser, type BrowserContext, chromium } from "playwright-core";
import { curl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";
import { ROAD_PEOPLE, roadPolicy } from "./policies.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let echo: EchoService;
let instance: Started;
let browser: Browser;

before(async () => {
  echo = await startEcho();
  const policy = roadPolicy({ orders: echo.url, backoffice: echo.url, down: echo.url }, { login: true });
  instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE } });
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: FLAGS });
});

after(async () => {
  await browser.close();
  assert.equal(await instance.stop(), 0);
  await echo.close();
});

/** The test's own CA is known to Caddy's file alone; curl verifies it, the browser is told to go on. */
async function openContext(): Promise<BrowserContext> {
  return browser.newContext({ ignoreHTTPSErrors: true });
}

async function screenshot(context: BrowserContext, name: string): Promise<void> {
  const dir = process.env["GATEHOUSE_SCREENSHOTS"];
  if (dir === undefined) return;
  mkdirSync(dir, { recursive: true });
  await context.pages()[0]?.screenshot({ path: join(dir, `${name}.png`) });
}

async function signIn(context: BrowserContext, name: string, password: string): Promise<string> {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(`${instance.status.edge.https}/account?tab=1`);
  await screenshot(context, "sign-in");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForLoadState();
  return page.url();
}

test("signs in, reads the page that was asked for, and signs out", async () => {
  const context = await openContext();
  const url = await signIn(context, "alice", "alice-pw");
  assert.equal(url, `${instance.status.edge.https}/account?tab=1`);
  assert.equal(headerOf(echo.last(), "x-gatehouse-subject"), "alice");
  assert.equal(headerOf(echo.last(), "x-gatehouse-kind"), "person");
  assert.ok(!(headerOf(echo.last(), "cookie") ?? "").includes("__Host-gatehouse"));
  const cookies = await context.cookies(instance.status.edge.https);
  const session = cookies.find((c) => c.name === "__Host-gatehouse");
  assert.ok(session !== undefined);
  assert.deepEqual([session.httpOnly, session.secure, session.sameSite, session.path], [true, true, "Lax", "/"]);
  const page = context.pages()[0];
  assert.ok(page !== undefined);
  await screenshot(context, "account");
  await page.goto(`${instance.status.edge.https}/_gatehouse/logout`);
  await screenshot(context, "sign-out");
  await page.getByRole("button", { name: /sign out/i }).click();
  await page.waitForURL(/signed-out/);
  await screenshot(context, "signed-out");
  const left = (await context.cookies(instance.status.edge.https)).filter((c) => c.name === session.name);
  assert.deepEqual(left, []);
  const calls = echo.seen.length;
  await page.goto(`${instance.status.edge.https}/account`);
  assert.ok(page.url().startsWith(instance.status.identity.issuer), page.url());
  assert.equal(echo.seen.length, calls);
  await context.close();
});

test("a cookie that was signed out is nobody's, also after the people have changed", async () => {
  const context = await openContext();
  await signIn(context, "alice", "alice-pw");
  const page = context.pages()[0];
  assert.ok(page !== undefined);
  const cookie = (await context.cookies(instance.status.edge.https)).map((c) => `${c.name}=${c.value}`).join("; ");
  assert.equal((await curl(instance, "/account", { headers: [`Cookie: ${cookie}`] })).status, 200);
  await page.goto(`${instance.status.edge.https}/_gatehouse/logout`);
  await page.getByRole("button", { name: /sign out/i }).click();
  await page.waitForURL(/signed-out/);
  assert.equal((await curl(instance, "/account", { headers: [`Cookie: ${cookie}`] })).status, 401);
  instance.write(
    "people.yaml",
    ROAD_PEOPLE.replace("clients:", "  eve: { password: eve-pw, groups: [support] }\nclients:"),
  );
  await waitFor("the people are taken over", () => instance.said().includes("identity:"));
  assert.equal((await curl(instance, "/account", { headers: [`Cookie: ${cookie}`] })).status, 401);
  await context.close();
});

test("a wrong password is told, and the service is not called", async () => {
  const context = await openContext();
  const calls = echo.seen.length;
  const url = await signIn(context, "alice", "wrong");
  assert.ok(url.startsWith(instance.status.identity.issuer));
  await screenshot(context, "wrong-password");
  assert.equal(echo.seen.length, calls);
  await context.close();
});

test("a person without the role is refused with 403, not sent round in circles", async () => {
  const context = await openContext();
  const page = await context.newPage();
  await signIn(context, "bob", "bob-pw");
  const response = await page.goto(`${instance.status.edge.https}/account`);
  assert.equal(response?.status(), 403);
  await context.close();
});

test("a script's call without a session gets 401, never a redirect", async () => {
  const navigation = await curl(instance, "/account", { headers: ["Accept: text/html", "Sec-Fetch-Mode: navigate"] });
  assert.equal(navigation.status, 302);
  assert.ok(navigation.headers["location"]?.startsWith(instance.status.identity.issuer));
  for (const headers of [
    ["Accept: application/json"],
    ["Accept: text/html", "Sec-Fetch-Mode: cors"],
    ["Accept: */*"],
  ]) {
    const answer = await curl(instance, "/account", { headers });
    assert.equal(answer.status, 401, headers.join());
    assert.equal(answer.headers["location"], undefined);
  }
  const post = await curl(instance, "/account", {
    method: "POST",
    headers: ["Accept: text/html", "Sec-Fetch-Mode: navigate"],
  });
  assert.equal(post.status, 401);
});

test("another site cannot use the session for a change", async () => {
  const context = await openContext();
  await signIn(context, "alice", "alice-pw");
  const cookie = (await context.cookies(instance.status.edge.https)).map((c) => `${c.name}=${c.value}`).join("; ");
  const calls = echo.seen.length;
  const foreign = await curl(instance, "/account", {
    method: "POST",
    headers: [`Cookie: ${cookie}`, "Sec-Fetch-Site: cross-site", "Origin: https://evil.example"],
  });
  assert.equal(foreign.status, 403);
  assert.equal(echo.seen.length, calls);
  const own = await curl(instance, "/account", {
    method: "POST",
    headers: [`Cookie: ${cookie}`, "Sec-Fetch-Site: same-origin"],
  });
  assert.equal(own.status, 200);
  await context.close();
});

test("a cookie that was changed is nobody's", async () => {
  const context = await openContext();
  await signIn(context, "alice", "alice-pw");
  const cookies = await context.cookies(instance.status.edge.https);
  const session = cookies.find((c) => c.name === "__Host-gatehouse");
  assert.ok(session !== undefined);
  const middle = Math.floor(session.value.length / 2);
  const changed =
    session.value.slice(0, middle) + (session.value[middle] === "A" ? "B" : "A") + session.value.slice(middle + 1);
  for (const value of [changed, session.value.slice(0, middle), "", "%", "A".repeat(3000)]) {
    const answer = await curl(instance, "/account", { headers: [`Cookie: ${session.name}=${value}`] });
    assert.equal(answer.status, 401);
  }
  await context.close();
});
