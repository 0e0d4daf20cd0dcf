/**
 * Every page that people see of Gatehouse, in Chromium: axe-core finds nothing in light and in dark, all can be done by
 * keyboard, and nothing needs a script. Real pages of real sessions and of the real development provider.
 * With GATEHOUSE_SCREENSHOTS set to a folder, pictures of all of them are put there.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import axe from "axe-core";
import { type Browser, type Page, chromium } from "playwright-core";
import {
  renderCodeConfirmPage,
  renderCodePage,
  renderMessagePage,
  renderSignInPage,
  renderSignOutPage,
} from "../../src/identity/dev-provider/dev-pages.ts";
import { chooserPage } from "../../src/identity/chooser-page.ts";
import { failedPage, unavailablePage } from "../../src/identity/login-flow.ts";
import { pageHeaders } from "../../src/identity/pages.ts";
import { crossSitePage, signedOutPage, storeAwayPage } from "../../src/identity/session-pages.ts";
import type { SignInProvider } from "../../src/identity/sign-in-provider.ts";
import type { WebResponse } from "../../src/identity/index.ts";
import { LOGIN, type Setup, setUpSignIn } from "./sign-in-setup.ts";

const PROVIDERS = [
  { name: null, title: "Staff of the shop" },
  { name: "partner", title: "Partners & Sons, with a name that is as long as names may become" },
] as unknown as readonly SignInProvider[];

// As oidc-provider writes them.
const CODE_FORM = `<form id="op.deviceInputForm" novalidate method="post" action="/device">
  <input type="hidden" name="xsrf" value="x"/>
  <input
    type="text" name="user_code" placeholder="Enter code" onfocus="this.select(); this.onfocus = undefined;" autofocus autocomplete="off"></input>
  </form>`;
const CONFIRM_FORM = `<form id="op.deviceConfirmForm" method="post" action="/device"><input type="hidden" name="xsrf" value="x"/></form>`;
const LOGOUT_FORM = `<form id="op.logoutForm" method="post" action="/session/end/confirm"><input type="hidden" name="xsrf" value="x"/></form>`;

/** The weakest colors that a policy may name, and the strongest. */
const BRANDS = [
  ["brand-grey", "#767676"],
  ["brand-red", "#e60000"],
  ["brand-green", "#008000"],
  ["brand-black", "#000000"],
] as const;

function development(body: string): WebResponse {
  return { status: 200, headers: pageHeaders(body, "'self'"), body, reason: "login-started" };
}

function signInPage(wrongFor: string | null): WebResponse {
  const names = ["ada", "bob"];
  return development(
    renderSignInPage({ action: "/interaction/1", clientName: "the shop", askedAcr: "", names, wrongFor }),
  );
}

const PAGES: Record<string, { readonly answer: WebResponse; readonly title: string }> = {
  choice: {
    answer: chooserPage(PROVIDERS, { returnTo: "/orders", asked: null }, false),
    title: "How do you want to sign in?",
  },
  "choice-unknown": {
    answer: chooserPage(PROVIDERS, { returnTo: "/", asked: null }, true),
    title: "That way to sign in does not exist",
  },
  "signed-out": { answer: signedOutPage(), title: "You are signed out" },
  "cross-site": { answer: crossSitePage(), title: "You are still signed in" },
  "store-away": { answer: storeAwayPage("/orders"), title: "Signing in is not possible right now" },
  "provider-away": { answer: unavailablePage(), title: "Signing in is not possible right now" },
  failed: {
    answer: failedPage("login-refused-by-provider", ["The identity provider answered: access_denied."], "/orders"),
    title: "You are not signed in",
  },
  "dev-sign-in": { answer: signInPage(null), title: "Sign in" },
  "dev-sign-in-wrong": { answer: signInPage("ada"), title: "Wrong name or password - Sign in" },
  "dev-code": { answer: development(renderCodePage(CODE_FORM, false)), title: "Enter the code" },
  "dev-code-wrong": { answer: development(renderCodePage(CODE_FORM, true)), title: "Wrong code - Enter the code" },
  "dev-confirm": {
    answer: development(renderCodeConfirmPage(CONFIRM_FORM, "Gatehouse command line", "BCDF-GHJK")),
    title: "Is this your code?",
  },
  "dev-sign-out": { answer: development(renderSignOutPage(LOGOUT_FORM)), title: "Sign out?" },
  "dev-message": {
    answer: development(renderMessagePage("That did not work", "Something.")),
    title: "That did not work",
  },
};

let setup: Setup;
let server: Server;
let origin: string;
let browser: Browser;

before(async () => {
  setup = await setUpSignIn();
  const asked = { method: "GET", path: "/_gatehouse/logout", query: "", cookieHeader: undefined, headers: {} };
  const signOut = await setup.sessions.handle(asked);
  assert.ok(signOut !== null);
  const { newSessions } = setup;
  for (const [name, color] of BRANDS) {
    const login = { ...LOGIN, page: { name: "The Shop", color } };
    const dressed = await newSessions({ login }).handle(asked);
    assert.ok(dressed !== null);
    PAGES[name] = { answer: dressed, title: "Sign out? - The Shop" };
  }
  PAGES["sign-out"] = { answer: signOut, title: "Sign out?" };
  server = createServer((request, response) => {
    const page = PAGES[(request.url ?? "").slice(1)];
    if (page === undefined) return response.writeHead(404).end();
    return response.writeHead(page.answer.status, page.answer.headers as Record<string, string>).end(page.answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
});
after(async () => {
  await browser.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await setup.close();
});

/** One window for each way of looking, since opening one takes longer than a page. */
const windows = new Map<string, Page>();

async function open(name: string, scheme: "light" | "dark" = "light", width = 900): Promise<Page> {
  const key = `${scheme} ${width}`;
  const page = windows.get(key) ?? (await browser.newPage({ colorScheme: scheme, viewport: { width, height: 700 } }));
  windows.set(key, page);
  await page.goto(`${origin}/${name}`);
  return page;
}

async function screenshot(page: Page, name: string): Promise<void> {
  const dir = process.env["GATEHOUSE_SCREENSHOTS"];
  if (dir === undefined) return;
  mkdirSync(dir, { recursive: true });
  await page.screenshot({ path: join(dir, `${name}.png`) });
}

/** What axe-core says is wrong, or cannot say, as `rule: element`. */
async function findProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe.run;
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations, incomplete } = await run({ runOnly: { type: "tag", values: tags } });
    return [...violations, ...incomplete].flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

interface Focused {
  readonly html: string;
  readonly outline: string;
  readonly width: number;
  readonly height: number;
}

/** Runs in the page. */
const FOCUSED = `(() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const { width, height } = at.getBoundingClientRect();
  return { html: at.outerHTML, outline: outlineStyle + " " + outlineWidth, width, height };
})()`;

const NAMES = [...Object.keys(PAGES), "sign-out", ...BRANDS.map(([name]) => name)];

describe("each page", () => {
  for (const name of NAMES)
    test(`${name}: nothing is found by axe-core, in light and in dark, wide and narrow`, async () => {
      for (const scheme of ["light", "dark"] as const)
        for (const width of [900, 320]) {
          const page = await open(name, scheme, width);
          assert.deepEqual(await findProblems(page), [], `${scheme} ${width}`);
          const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          assert.ok((overflow as number) <= 0, `${scheme} ${width} goes ${String(overflow)} px beyond the window`);
          await screenshot(page, `${name}-${scheme}-${width}`);
        }
    });

  for (const name of NAMES)
    test(`${name}: language, one heading, one main landmark, a title that says the state`, async () => {
      const page = await open(name);
      assert.equal(await page.title(), PAGES[name]?.title);
      assert.equal(await page.getAttribute("html", "lang"), "en");
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
      assert.equal(await page.getByRole("main").count(), 1);
      assert.equal(await page.locator("script, [onclick], [onfocus], [onload]").count(), 0);
    });

  for (const name of NAMES)
    test(`${name}: whatever can be used is reached by keyboard, shows that it is, and is large enough`, async () => {
      const page = await open(name);
      const controls = page.locator("a[href], button, input:not([type=hidden])");
      const reached: string[] = [];
      const count = await controls.count();
      // Where a page begins in its field, that is the first.
      const begins = await page.evaluate<boolean>("document.activeElement !== document.body");
      for (let i = begins ? 1 : 0; i <= count; i++) {
        const seen = await page.evaluate<Focused | null>(FOCUSED);
        if (seen !== null) {
          reached.push(seen.html);
          assert.equal(seen.outline, "solid 3px", seen.html);
          assert.ok(seen.width >= 24 && seen.height >= 24, `${seen.html} is ${seen.width} by ${seen.height}`);
        }
        await page.keyboard.press("Tab");
      }
      const all = await controls.evaluateAll((found) => found.map((one) => one.outerHTML));
      assert.deepEqual(new Set(reached), new Set(all));
    });
});

describe("a field that is wrong", () => {
  for (const [name, labels, text] of [
    ["dev-sign-in-wrong", ["Name", "Password"], "Name or password is wrong."],
    ["dev-code-wrong", ["Code"], "That code is not known, or has been used or ended."],
  ] as const)
    test(`${name}: is tied to what is wrong with it`, async () => {
      const page = await open(name);
      for (const label of labels) {
        const field = page.getByLabel(label);
        assert.equal(await field.getAttribute("aria-invalid"), "true");
        const id = await field.getAttribute("aria-describedby");
        assert.equal(await page.locator(`#${id ?? ""}`).textContent(), text);
      }
      assert.equal(await page.getByRole("alert").textContent(), text);
    });
});
