/** People of two providers behind real Caddy: a browser chooses, signs in, and the service is told whose person it is. Real Chromium. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Browser, type Page, chromium } from "playwright-core";
import { type DevProvider, parsePeople, startDevProvider } from "../../src/identity/index.ts";
import { curl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { findFreePort } from "../support/free-port.ts";
import { type Started, startInstance } from "../support/instance.ts";

const PEOPLE = "people:\n  ann: { password: ann-pw, name: Ann, groups: [staff] }\n";
const PARTNERS = "people:\n  ann: { password: other-pw, name: Ann Other, groups: [staff] }\n";
const CLIENT_SECRET = "development-secret-of-the-partner";

function policyOf(upstream: string, issuer: string): string {
  return `gatehouse: 1
name: road
identity:
  audience: road-api
  login: { client_id: road-edge, title: Staff }
  issuers:
    partner:
      issuer: "${issuer}"
      login: { client_id: road-partner, client_secret: secret:partner-client, scopes: [openid, groups], title: Partners }
environments:
  local: { identity: embedded, domain: road.localhost, certificates: internal }
services:
  web:
    exposure: public
    login: true
    upstream: "${upstream}"
    routes:
      GET /account: { needs: web:use }
      GET /desk:    { needs: web:desk }
roles:
  staff:    { members: { groups: [staff] },                  can: [web:use, web:desk], boundary: all }
  partners: { members: { issuer: partner, groups: [staff] }, can: [web:use],           boundary: all }
boundaries: { all: [web:use, web:desk] }
secrets: { partner-client: { rotate: 90 days, overlap: 1 day } }
`;
}

let echo: EchoService;
let partner: DevProvider;
let instance: Started;
let browser: Browser;
let folder: string;

before(async () => {
  const port = await findFreePort();
  const baseUrl = `https://road.localhost:${port}`;
  const { people } = parsePeople("partners.yaml", PARTNERS);
  assert.ok(people !== null);
  folder = await mkdtemp(join(tmpdir(), "gatehouse-partner-"));
  partner = await startDevProvider({
    people,
    port: 0,
    keyFile: join(folder, "provider.json"),
    audience: "road-api",
    loginClient: {
      clientId: "road-partner",
      clientSecret: CLIENT_SECRET,
      redirectUris: [`${baseUrl}/_gatehouse/callback/partner`],
      postLogoutRedirectUris: [`${baseUrl}/_gatehouse/signed-out`],
    },
  });
  echo = await startEcho();
  instance = await startInstance({
    files: { "gatehouse.yaml": policyOf(echo.url, partner.issuer), "people.yaml": PEOPLE },
    args: ["--https", String(port)],
    env: { GATEHOUSE_SECRET_PARTNER_CLIENT: CLIENT_SECRET },
  });
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
});

after(async () => {
  await browser.close();
  assert.equal(await instance.stop(), 0);
  await echo.close();
  await partner.close();
  await rm(folder, { recursive: true });
});

async function signIn(page: Page, title: string, password: string): Promise<void> {
  await page.goto(`${instance.status.edge.https}/account?tab=1`);
  assert.equal(new URL(page.url()).pathname, "/_gatehouse/login");
  await page.getByRole("link", { name: title }).click();
  await page.getByLabel("Name").fill("ann");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${instance.status.edge.https}/account?tab=1`);
}

function toldOfLast(): readonly (string | null)[] {
  return ["subject", "issuer", "kind", "role"].map((name) => headerOf(echo.last(), `x-gatehouse-${name}`));
}

test("a person chooses where to sign in, and is that provider's person at the service", async () => {
  for (const [title, password, told, desk] of [
    ["Staff", "ann-pw", ["ann", null, "person", "staff"], 200],
    ["Partners", "other-pw", ["ann", "partner", "person", "partners"], 403],
  ] as const) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await signIn(page, title, password);
    assert.deepEqual(toldOfLast(), told);
    const response = await page.goto(`${instance.status.edge.https}/desk`);
    assert.equal(response?.status(), desk);
    await context.close();
  }
});

test("signing out ends the session at the provider that was chosen", async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await signIn(page, "Partners", "other-pw");
  await page.goto(`${instance.status.edge.https}/_gatehouse/logout`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL((url) => url.origin === partner.issuer || url.pathname === "/_gatehouse/signed-out");
  const calls = echo.seen.length;
  await page.goto(`${instance.status.edge.https}/account`);
  assert.equal(new URL(page.url()).pathname, "/_gatehouse/login");
  assert.equal(echo.seen.length, calls);
  await context.close();
});

test("a script's call gets 401 and a navigation the choice; the record says so", async () => {
  const script = await curl(instance, "/account", { headers: ["Accept: application/json"] });
  assert.deepEqual([script.status, script.headers["location"]], [401, undefined]);
  const navigation = await curl(instance, "/account?tab=1", {
    headers: ["Accept: text/html", "Sec-Fetch-Mode: navigate"],
  });
  assert.deepEqual(
    [navigation.status, navigation.headers["location"]],
    [302, "/_gatehouse/login?return_to=%2Faccount%3Ftab%3D1"],
  );
  const unknown = await curl(instance, "/_gatehouse/login?provider=other", { headers: ["Accept: text/html"] });
  assert.equal(unknown.status, 400);
});

test("a bearer token of an issuer that people sign in at is a person's", async () => {
  const { accessToken: token } = await partner.tokenFor("ann");
  assert.equal((await curl(instance, "/account", { token })).status, 200);
  assert.deepEqual(toldOfLast(), ["ann", "partner", "person", "partners"]);
});

test("its client secret stands nowhere", () => {
  assert.ok(!instance.said().includes(CLIENT_SECRET));
});
