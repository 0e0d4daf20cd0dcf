/**
 * The providers that one suite is run with, each behind a real instance: the embedded one, and Keycloak.
 *
 * Out: for each provider, shops whose rights last or are brief, and what a person does on the provider's own pages.
 * A difference between the two is a member here, with the reason beside it; what is asked of both is in the tests.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { parsePeople, startDevProvider } from "../../src/identity/index.ts";
import { findFreePort } from "../support/free-port.ts";
import { GATEHOUSE, type Started, startInstance, waitFor } from "../support/instance.ts";
import { type Keycloak, startKeycloak } from "../support/keycloak.ts";

export const AUDIENCE = "road-api";
const LOGIN_CLIENT = "road-edge";
const LOGIN_SECRET = "road-edge-development-secret";
const MACHINE = { id: "billing", secret: "billing-development-secret" };
const DEVICE_CLIENT = "road-cli";
/** A right of the brief kind is due for renewal at half of this. */
export const BRIEF_SECONDS = 8;
const DOMAIN = "road.localhost";

const PEOPLE_FILE = `people:
  alice: { password: alice-pw, groups: [support] }
  bob:   { password: bob-pw, groups: [] }
clients:
  ${MACHINE.id}: { secret: ${MACHINE.secret} }
`;

export interface Shop {
  readonly instance: Started;
  /** A token that the client `billing` gets for itself. */
  machineToken(): Promise<string>;
  /** A token of `alice`, as `gatehouse token` prints it. */
  personToken(context: BrowserContext): Promise<string>;
  /** How often the provider has renewed a right since it was started. */
  countRefreshes(): Promise<number>;
  stop(): Promise<void>;
}

export interface ProviderPages {
  /** On the provider's sign-in page: enters both and sends the form. */
  enterPassword(page: Page, name: string, password: string): Promise<void>;
  /** What the page says after a wrong password. */
  readonly wrongPassword: string;
  /** On a sign-in page that was open when `alice` signed in in another tab: what she does to get to `url` in this one. */
  goOn(page: Page, url: string): Promise<void>;
  /** Whether it can tell a browser's tabs from several browsers when the first page of each is opened at once. */
  readonly knowsTabsAtOnce: boolean;
}

export interface ProviderUnderTest {
  readonly name: string;
  readonly pages: ProviderPages;
  /** `sub` of a person. */
  readonly subject: (name: string) => string | RegExp;
  start(): Promise<RunningProvider>;
}

export interface RunningProvider {
  /** An instance at this provider; `brief`: its rights last for BRIEF_SECONDS. */
  startShop(services: string, rights: "lasting" | "brief"): Promise<Shop>;
  stop(): Promise<void>;
}

/** @param issuer null: the embedded provider of the instance itself */
function policyOf(service: string, issuer: string | null): string {
  return `gatehouse: 1
name: road
identity:
  issuer: ${issuer ?? "https://login.road.example"}
  audience: ${AUDIENCE}
  claims: { groups: groups, name: preferred_username }
  login: { client_id: ${LOGIN_CLIENT}, client_secret: secret:login-client }
environments:
  local:
${issuer === null ? "    identity: embedded\n" : ""}    domain: ${DOMAIN}
services:
  web:
    exposure: public
    login: true
    upstream: ${service}
    routes:
      GET /account:  { needs: web:use }
      GET /tabs/{n}: { needs: web:use }
  orders:
    exposure: public
    upstream: ${service}
    routes:
      GET /orders:   { needs: orders:read }
roles:
  support: { members: { groups: [support] }, can: [web:use, orders:read], boundary: all }
  billing: { members: { client_id: [${MACHINE.id}] }, can: [orders:read], boundary: all }
boundaries:
  all: [web:use, orders:read]
secrets:
  login-client: { rotate: 90 days, overlap: 1 day }
`;
}

interface Addresses {
  readonly port: number;
  readonly callback: string;
  readonly signedOut: string;
}

/** Known before the instance starts, since a provider lets nobody be sent back to an address that it was not told. */
async function chooseAddresses(): Promise<Addresses> {
  const port = await findFreePort();
  const base = `https://${DOMAIN}:${port}/_gatehouse`;
  return { port, callback: `${base}/callback`, signedOut: `${base}/signed-out` };
}

async function startForeign(service: string, issuer: string, port: number): Promise<Started> {
  return startInstance({
    files: { "gatehouse.yaml": policyOf(service, issuer) },
    args: ["--https", String(port), "--http", "0", "--private", "0", "--identity", "0"],
    env: { GATEHOUSE_SECRET_LOGIN_CLIENT: LOGIN_SECRET },
  });
}

async function stopInstance(instance: Started): Promise<void> {
  const code = await instance.stop();
  if (code !== 0) throw new Error(`the instance ended with ${code}: ${instance.said()}`);
}

async function askForToken(endpoint: string): Promise<string> {
  const answer = await fetch(endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: MACHINE.id,
      client_secret: MACHINE.secret,
    }),
  });
  if (!answer.ok) throw new Error(`the provider gave no token, status ${answer.status}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

// --- The embedded provider ----------------------------------------------------------------------------------------

async function enterEmbedded(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export const EMBEDDED: ProviderUnderTest = {
  name: "the embedded provider",
  subject: (name) => name,
  pages: {
    enterPassword: enterEmbedded,
    wrongPassword: "Name or password is wrong.",
    // A page of it knows nothing of other tabs.
    goOn: async (page) => enterEmbedded(page, "alice", "alice-pw"),
    knowsTabsAtOnce: true,
  },
  start: async () => ({
    startShop: async (service, rights) => (rights === "lasting" ? startEmbeddedShop(service) : startBriefShop(service)),
    stop: async () => {},
  }),
};

async function startEmbeddedShop(service: string): Promise<Shop> {
  const instance = await startInstance({
    files: { "gatehouse.yaml": policyOf(service, null), "people.yaml": PEOPLE_FILE },
  });
  return {
    instance,
    machineToken: async () => askForToken(`${instance.status.identity.issuer}/token`),
    // It gives tokens to whoever runs the instance, without a browser.
    personToken: async () => instance.token("alice"),
    countRefreshes: async () => {
      throw new Error("what happens in the instance itself is not counted");
    },
    stop: async () => stopInstance(instance),
  };
}

/** `up` gives rights of a quarter of an hour; the same provider, apart and told otherwise, gives brief ones. */
async function startBriefShop(service: string): Promise<Shop> {
  const { people } = parsePeople("people.yaml", PEOPLE_FILE);
  if (people === null) throw new Error("the people of the test are wrong");
  const folder = mkdtempSync(join(tmpdir(), "gh-provider-"));
  const { port, callback, signedOut } = await chooseAddresses();
  const provider = await startDevProvider({
    people,
    port: 0,
    keyFile: join(folder, "provider.json"),
    audience: AUDIENCE,
    accessTokenTtlSeconds: BRIEF_SECONDS,
    loginClient: {
      clientId: LOGIN_CLIENT,
      clientSecret: LOGIN_SECRET,
      redirectUris: [callback],
      postLogoutRedirectUris: [signedOut],
    },
  });
  let tokenCalls = 0;
  const onRequest = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    if (request.socket.localPort === provider.port && request.url === "/token") tokenCalls++;
  };
  subscribe("http.server.request.start", onRequest);
  const close = async (): Promise<void> => {
    unsubscribe("http.server.request.start", onRequest);
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  };
  let instance: Started;
  try {
    instance = await startForeign(service, provider.issuer, port);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    instance,
    machineToken: async () => askForToken(`${provider.issuer}/token`),
    personToken: async () => (await provider.tokenFor("alice")).accessToken,
    countRefreshes: async () => tokenCalls,
    stop: async () => {
      await stopInstance(instance);
      await close();
    },
  };
}

// --- Keycloak -----------------------------------------------------------------------------------------------------

export const KEYCLOAK: ProviderUnderTest = {
  name: "Keycloak",
  // It names people by an id of its own.
  subject: () => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  pages: {
    enterPassword: async (page, name, password) => {
      await page.locator("#username").fill(name);
      await page.locator("#password").fill(password);
      await page.locator("#kc-login").click();
    },
    wrongPassword: "Invalid username or password.",
    // Its page sees within seconds that the person has signed in and goes on by itself, unless several do so in the same
    // moment: then it asks to begin again. Going there again works in any case, without a password.
    async goOn(page, url) {
      // What its page begins by itself at this moment interrupts ours.
      for (let tries = 0; tries < 3 && page.url() !== url; tries++) await page.goto(url).catch(() => null);
    },
    // It knows a browser by a cookie that its first page sets. Of pages that it made before it saw that cookie only one
    // can go on; it answers for the others that the authentication has expired.
    knowsTabsAtOnce: false,
  },
  async start() {
    const keycloak = await startKeycloak();
    return {
      startShop: async (service, rights) => startKeycloakShop(keycloak, service, rights),
      stop: async () => keycloak.stop(),
    };
  },
};

async function startKeycloakShop(keycloak: Keycloak, service: string, rights: "lasting" | "brief"): Promise<Shop> {
  const { port, callback, signedOut } = await chooseAddresses();
  const realm = await keycloak.importRealm({
    name: rights,
    audience: AUDIENCE,
    people: [
      { name: "alice", password: "alice-pw", groups: ["support"] },
      { name: "bob", password: "bob-pw", groups: [] },
    ],
    loginClient: {
      id: LOGIN_CLIENT,
      secret: LOGIN_SECRET,
      redirectUri: callback,
      postLogoutRedirectUri: signedOut,
    },
    machineClient: MACHINE,
    deviceClient: DEVICE_CLIENT,
    accessTokenSeconds: rights === "lasting" ? 900 : BRIEF_SECONDS,
  });
  const instance = await startForeign(service, realm.issuer, port);
  return {
    instance,
    machineToken: async () => askForToken(`${realm.issuer}/protocol/openid-connect/token`),
    personToken: async (context) => logInAtCommandLine(instance, context),
    countRefreshes: async () => realm.countEvents("REFRESH_TOKEN"),
    stop: async () => stopInstance(instance),
  };
}

/** Device login: the command says where to go and what to enter, a browser does it, the command prints the token. */
async function logInAtCommandLine(instance: Started, context: BrowserContext): Promise<string> {
  const child = spawn(GATEHOUSE, ["token", "--client", DEVICE_CLIENT], {
    cwd: instance.dir,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, "close");
  const prompt = /open (\S+) and enter (\S+)/;
  await waitFor("the command says where to go", () => prompt.test(stderr) || child.exitCode !== null);
  const [, url, code] = prompt.exec(stderr) ?? [];
  if (url === undefined || code === undefined) throw new Error(`no device login: ${stderr}`);
  const page = await context.newPage();
  await page.goto(url);
  await page.locator("#device-user-code").fill(code);
  await page.locator("#kc-login, input[type=submit], button[type=submit]").first().click();
  await KEYCLOAK.pages.enterPassword(page, "alice", "alice-pw");
  await page.locator("#kc-login[name=accept]").click();
  const [exitCode] = (await ended) as [number | null];
  if (exitCode !== 0) throw new Error(`device login ended with ${exitCode}: ${stderr}`);
  return stdout.trim();
}
