/** The header contract over HTTP/3: a page in Chromium sends the rows that a page may send. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchHttp3 } from "../support/http3.ts";
import { type RawHead, nameOf } from "../support/raw-service.ts";
import {
  type ContractInstance,
  agree,
  headersOf,
  idOf,
  inWords,
  lower,
  startContract,
  without,
} from "./contract-instance.ts";
import { ALWAYS, FORBIDDEN_TO_PAGES, ROWS } from "./header-contract.ts";

let contract: ContractInstance;
let browser: Browser;
let page: Page;
let usual: readonly string[];
/** Names of the latest answer's headers, as the page got them. */
let answered: readonly string[];

before(async () => {
  contract = await startContract();
  browser = await launchHttp3(contract.instance);
  page = await browser.newPage();
  await page.goto(`${contract.instance.status.edge.https}/open`);
  usual = inWords(await send([]), contract, "http/3");
});

after(async () => {
  await browser.close();
  await contract.stop();
});

async function send(lines: readonly string[]): Promise<RawHead> {
  const first = contract.service.heads.length;
  const headers = [`Authorization: Bearer ${contract.token}`, ...lines].map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at), line.slice(at + 1).trim()];
  });
  // As text, since this program's types know no browser.
  const asked = `fetch("/plain", { headers: ${JSON.stringify(headers)} })`;
  const [status, names] = await page.evaluate<[number, string[]]>(
    `${asked}.then((r) => [r.status, [...r.headers.keys()]])`,
  );
  assert.equal(status, 200);
  answered = names;
  return contract.service.heads[first] ?? { requestLine: "", lines: [] };
}

test("it is HTTP/3, and after the page's own headers what always arrives arrives", async () => {
  assert.equal(await page.evaluate("performance.getEntriesByType('resource').at(-1).nextHopProtocol"), "h3");
  const head = await send([]);
  const arrived = inWords(head, contract, "http/3");
  assert.ok(arrived.includes("Via: 3.0 Caddy"));
  // The browser takes whichever loopback address answers first.
  const atHome = arrived.map((line) => line.replace(/"\[::1\]"|(?<= )::1$/, "127.0.0.1"));
  assert.deepEqual(atHome.slice(-ALWAYS.length), ALWAYS);
  const told = await headersOf(contract, idOf(head));
  agree(told, head, true);
  assert.deepEqual(lower(told.response.client ?? []).toSorted(), answered.toSorted());
});

for (const row of ROWS) {
  const names = row.sends.map(nameOf);
  if (row.only !== undefined || names.some((name) => FORBIDDEN_TO_PAGES.test(name))) continue;
  test(`${row.title}: ${row.sends.join(", ")}`, async () => {
    const head = await send(row.sends);
    const arrived = inWords(head, contract, "http/3");
    assert.deepEqual(without(arrived, usual), row.on?.["http/3"] ?? row.arrives);
    for (const name of lower(usual.map(nameOf)))
      assert.ok(lower(arrived.map(nameOf)).includes(name), `${name} is gone`);
    agree(await headersOf(contract, idOf(head)), head, true);
  });
}
