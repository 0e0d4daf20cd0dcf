/** A form filled in while the session ended: given back, sent after signing in, received once. Real Chromium and Caddy. */
import assert from "node:assert/strict";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { GATEHOUSE, type Started, startInstance } from "../support/instance.ts";
import { run } from "../support/run.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const NOTE = `Tea & "milk"\n<b>'now'</b> ünï\t+ % = &amp;`;
const FORM = `<!doctype html><meta charset="utf-8"><title>Order</title>
<form method="post" action="/orders?draft=1">
<label>Item <input name="item"></label><label>Second <input name="item"></label>
<label>Note <textarea name="note"></textarea></label><input type="hidden" name="<i>&quot;x&quot;" value="=">
<button name="do" value="send">Order</button></form>
<form method="post" action="/scans" enctype="multipart/form-data">
<label>Title <input name="title"></label><label>Scan <input type="file" name="scan"></label><button>Upload</button></form>`;

interface Received {
  readonly url: string;
  readonly origin: string | undefined;
  readonly type: string;
  readonly body: string;
}

const received: Received[] = [];
let service: Server;
let instance: Started;
let browser: Browser;

before(async () => {
  service = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { "content-type": type = "", origin } = request.headers;
      if (request.method === "POST")
        received.push({ url: request.url ?? "", origin, type, body: Buffer.concat(chunks).toString("utf8") });
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(request.method === "POST" ? "<title>Taken</title>" : FORM);
    });
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const policy = `gatehouse: 1
name: forms
identity: { audience: forms-api, claims: { groups: groups, name: preferred_username }, login: { client_id: forms-edge } }
environments: { local: { identity: embedded, domain: forms.localhost } }
services:
  web:
    exposure: public
    login: true
    upstream: http://127.0.0.1:${(service.address() as AddressInfo).port}
    routes: { GET /form: { needs: web:use }, POST /orders: { needs: web:use }, POST /scans: { needs: web:use } }
roles: { staff: { members: { groups: [staff] }, can: [web:use], boundary: all } }
boundaries: { all: [web:use] }
`;
  const people = "people: { ada: { password: ada-pw, groups: [staff] } }\nclients: {}\n";
  instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": people } });
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: FLAGS });
});

after(async () => {
  await browser.close();
  assert.equal(await instance.stop(), 0);
  service.closeAllConnections();
  await new Promise<void>((resolve) => {
    service.close(() => resolve());
  });
});

async function enterPassword(page: Page): Promise<void> {
  await page.getByLabel("Name").fill("ada");
  await page.getByLabel("Password").fill("ada-pw");
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** A page with the forms, of somebody signed in. */
async function openForm(): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`${instance.status.edge.https}/form`);
  await enterPassword(page);
  await page.waitForURL("**/form");
  return { context, page };
}

/** Every session ends here, and at the provider too. */
async function endSessions(context: BrowserContext): Promise<void> {
  const listed = await run(GATEHOUSE, ["sessions", "--state", instance.state, "--json"]);
  for (const [, id = ""] of listed.stdout.matchAll(/"id": ?"([^"]+)"/g))
    assert.equal((await run(GATEHOUSE, ["revoke", "--state", instance.state, "--", id])).code, 0);
  await context.clearCookies({ domain: "127.0.0.1" });
}

async function signInBeside(context: BrowserContext, page: Page): Promise<void> {
  const [beside] = await Promise.all([
    context.waitForEvent("page"),
    page.getByRole("link", { name: "Sign in in another tab" }).click(),
  ]);
  await enterPassword(beside);
  await beside.waitForURL("**/_gatehouse/signed-in");
  assert.equal(await beside.getByRole("heading").textContent(), "You are signed in");
  await beside.close();
}

/** The one post that the service has got. */
function takeReceived(): Received {
  const [first, ...others] = received.splice(0);
  assert.ok(first !== undefined);
  assert.deepEqual(others, []);
  return first;
}

test("its fields arrive exactly and once, after signing in beside it", async () => {
  const { context, page } = await openForm();
  const items = page.locator('input[name="item"]');
  await items.nth(0).fill("tea");
  await items.nth(1).fill("");
  await page.getByLabel("Note").fill(NOTE);
  await endSessions(context);
  await page.getByRole("button", { name: "Order" }).click();
  await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
  assert.equal(await page.locator("main b, main i").count(), 0);
  assert.deepEqual(received, []);
  // Too early: the same page comes again, with nothing lost.
  await page.getByRole("button", { name: "Send the form" }).click();
  await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
  await signInBeside(context, page);
  await page.getByRole("button", { name: "Send the form" }).click();
  await page.waitForFunction('document.title === "Taken"');
  const { url, origin, type, body } = takeReceived();
  assert.deepEqual(
    [url, origin, type],
    ["/orders?draft=1", instance.status.edge.https, "application/x-www-form-urlencoded"],
  );
  assert.deepEqual(
    [...new URLSearchParams(body)],
    [
      ["item", "tea"],
      ["item", ""],
      ["note", NOTE.replaceAll("\n", "\r\n")],
      ['<i>"x"', "="],
      ["do", "send"],
    ],
  );
  await context.close();
});

test("with a file asks for the file again", async () => {
  const { context, page } = await openForm();
  const file = { name: 'a <b>".txt', mimeType: "text/plain", buffer: Buffer.from("scanned") };
  await page.getByLabel("Title").fill("Invoice");
  await page.getByLabel("Scan").setInputFiles(file);
  await endSessions(context);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByText("Files have to be chosen again.").waitFor();
  assert.equal(await page.locator("label").textContent(), 'scan: a <b>".txt');
  await signInBeside(context, page);
  await page.getByLabel("scan: a").setInputFiles(file);
  await page.getByRole("button", { name: "Send the form" }).click();
  await page.waitForFunction('document.title === "Taken"');
  const { url, type, body } = takeReceived();
  assert.equal(url, "/scans");
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const scan = form.get("scan");
  assert.ok(scan instanceof File);
  assert.deepEqual([[...form.keys()], form.get("title"), await scan.text()], [["title", "scan"], "Invoice", "scanned"]);
  await context.close();
});
