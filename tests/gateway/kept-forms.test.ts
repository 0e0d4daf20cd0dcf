/** A form of a person whose session has ended is given back to them, and to nobody else. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BASE_URL, Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { startGateway } from "./fixture.ts";
import { ask, headerOf } from "./raw-client.ts";
import { startService } from "./service.ts";

const FORM = ["Content-Type: application/x-www-form-urlencoded"];
const NAVIGATION = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: same-origin", "Accept: text/html", ...FORM];
const ENDED = 'Bearer error="invalid_token", error_description="the session has ended"';
const HOUR_MS = 3_600_000;

async function signedIn(t: TestContext) {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const service = await startService(t);
  const { origin: upstream } = service;
  const fixture = await startGateway(
    t,
    {
      routes: [
        { key: "POST /orders", upstream, login: true },
        { key: "PUT /orders", upstream, login: true },
        { key: "POST /transfer", upstream, login: true, authentication: { acr: ["mfa"], maxAgeSeconds: null } },
      ],
      roles: [{ name: "support", groups: ["support"], can: ["*/*"] }],
    },
    { clock: setup.clock, wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions: setup.sessions }) },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const post = (body: string, headers: readonly string[] = NAVIGATION, line = "POST /orders?draft=1 HTTP/1.1") =>
    ask(
      fixture.publicSocket,
      line,
      [`Cookie: ${browser.cookieHeader() ?? "none=1"}`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers],
      body,
    );
  return { setup, service, fixture, browser, post };
}

test("a form comes back with its fields, and gets through when the person has signed in beside it", async (t) => {
  const { setup, service, fixture, browser, post } = await signedIn(t);
  setup.clock.set(Date.now() + HOUR_MS);
  const kept = await post("item=tea&item=%3Cmilk%3E");
  assert.deepEqual([kept.status, headerOf(kept, "content-type")], [401, "text/html; charset=utf-8"]);
  assert.equal((await fixture.record(0)).reason, "form-kept");
  assert.match(
    kept.body,
    /action="\/orders\?draft=1"[\s\S]*name="item" value="tea">\n.*name="item" value="&lt;milk&gt;">/,
  );
  assert.equal(service.seen.length, 0);
  // Too early: it comes back once more.
  assert.equal((await post("item=tea&item=%3Cmilk%3E")).body, kept.body);
  setup.clock.set(Date.now());
  const signIn = /href="([^"]+)" target/.exec(kept.body)?.[1] ?? "";
  const done = await browser.open(`${BASE_URL}${signIn}`);
  assert.deepEqual([done.url, done.status], [`${BASE_URL}/_gatehouse/signed-in`, 200]);
  assert.match(done.body, /<h1>You are signed in<\/h1>/);
  assert.equal((await post("item=tea&item=%3Cmilk%3E")).status, 200);
  assert.deepEqual(
    service.seen.map(({ url, body }) => [url, body]),
    [["/orders?draft=1", "item=tea&item=%3Cmilk%3E"]],
  );
});

test("the cookie of before is still there while the person signs in beside the form", async (t) => {
  const { setup, browser, post } = await signedIn(t);
  setup.clock.set(Date.now() + HOUR_MS);
  const started = await browser.send(`${BASE_URL}/_gatehouse/login?return_to=%2F_gatehouse%2Fsigned-in`, undefined, {
    "sec-fetch-site": "same-origin",
  });
  assert.equal(started.status, 302);
  assert.match((await post("item=tea")).body, /<h1>Your session has ended<\/h1>/);
});

test("anything else with a session that has ended gets the plain refusal", async (t) => {
  const { setup, service, fixture, post } = await signedIn(t);
  setup.clock.set(Date.now() + HOUR_MS);
  const without = (name: string): string[] => NAVIGATION.filter((line) => !line.startsWith(name));
  const cases: readonly (readonly [what: string, body: string, headers: readonly string[], line?: string])[] = [
    ["another site", "a=1", [...without("Sec-Fetch-Site"), "Sec-Fetch-Site: cross-site", `Origin: https://evil.test`]],
    ["another host of the site", "a=1", [...without("Sec-Fetch-Site"), "Sec-Fetch-Site: same-site"]],
    ["no site", "a=1", [...without("Sec-Fetch-Site"), "Sec-Fetch-Site: none"]],
    ["a browser that does not say", "a=1", [...FORM, "Accept: text/html", `Origin: ${BASE_URL}`]],
    ["a script", "a=1", [...without("Sec-Fetch-Mode"), "Sec-Fetch-Mode: cors"]],
    ["no form", '{"a":1}', [...without("Content-Type"), "Content-Type: application/json"]],
    ["plain text", "a=1", [...without("Content-Type"), "Content-Type: text/plain"]],
    ["another method", "a=1", NAVIGATION, "PUT /orders HTTP/1.1"],
    ["one byte too many", `a=${"b".repeat(262_143)}`, NAVIGATION],
    ["what is no UTF-8", "a=%E9", NAVIGATION],
  ];
  for (const [what, body, headers, line] of cases) {
    const answer = await post(body, headers, line);
    assert.deepEqual(
      [answer.status, headerOf(answer, "www-authenticate"), answer.body],
      [401, ENDED, '{"message":"Unauthorized"}'],
      what,
    );
  }
  assert.deepEqual([...new Set(fixture.records.map(({ reason }) => reason))], ["session-expired"]);
  const largest = await post(`a=${"b".repeat(262_142)}`);
  assert.ok(largest.body.includes(`name="a" value="${"b".repeat(262_142)}"`));
  assert.equal(service.seen.length, 0);
});

test("who has no session of ours gets nothing back", async (t) => {
  const { fixture, setup } = await signedIn(t);
  setup.clock.set(Date.now() + HOUR_MS);
  for (const cookie of [
    "none=1",
    "__Host-gatehouse=1~forged",
    "__Host-gatehouse=",
    "__Host-gatehouse=1~a; __Host-gatehouse=1~b",
  ]) {
    const headers = [`Cookie: ${cookie}`, "Content-Length: 3", ...NAVIGATION];
    const answer = await ask(fixture.publicSocket, "POST /orders HTTP/1.1", headers, "a=1");
    assert.deepEqual([answer.status, answer.body], [401, '{"message":"Unauthorized"}'], cookie);
  }
});

test("a form for a route that asks for another sign-in is kept as well, and not for another site", async (t) => {
  const { fixture, post, service } = await signedIn(t);
  const kept = await post("to=7", NAVIGATION, "POST /transfer HTTP/1.1");
  assert.equal(kept.status, 401);
  assert.match(kept.body, /<h1>This form asks for another sign-in<\/h1>[\s\S]*acr_values=mfa"/);
  const foreign = [...NAVIGATION.filter((line) => !line.startsWith("Sec-Fetch-Site")), "Sec-Fetch-Site: cross-site"];
  assert.equal((await post("to=7", foreign, "POST /transfer HTTP/1.1")).status, 403);
  assert.deepEqual(
    [(await fixture.record(0)).reason, (await fixture.record(1)).reason, service.seen.length],
    ["form-kept", "request-cross-site", 0],
  );
});
