/** People with a session: sign-in for navigations only, renewal before the right ends, no use from another site. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { decodeJwt } from "jose";
import { GatehouseError } from "../../src/core/index.ts";
import { explainHeaders } from "../../src/gateway/index.ts";
import { type Store, createMemoryStore } from "../../src/store/index.ts";
import { BASE_URL, Browser, type Setup, setUpSignIn } from "../identity/sign-in-setup.ts";
import { type Fixture, startGateway } from "./fixture.ts";
import { type RawAnswer, ask, headerOf } from "./raw-client.ts";
import { type Service, startService } from "./service.ts";

interface SignedIn extends Fixture {
  readonly setup: Setup;
  readonly service: Service;
  readonly browser: Browser;
  /** A request with the browser's cookies. */
  readonly send: (line: string, headers?: readonly string[]) => Promise<RawAnswer>;
}

const NAVIGATION = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", "Accept: text/html"];

async function signIn(t: TestContext): Promise<SignedIn> {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const service = await startService(t);
  const fixture = await startGateway(
    t,
    {
      routes: [
        { key: "GET /orders", upstream: service.origin, login: true },
        { key: "POST /orders", upstream: service.origin, login: true },
        { key: "HEAD /orders", upstream: service.origin, login: true },
        { key: "GET /machines", upstream: service.origin },
      ],
      roles: [{ name: "support", groups: ["support"], can: ["*/orders"] }],
    },
    {
      clock: setup.clock,
      wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions: setup.sessions }),
    },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  setup.sent.length = 0;
  return {
    ...fixture,
    setup,
    service,
    browser,
    send: (line, headers = []) =>
      ask(fixture.publicSocket, line, [`Cookie: ${browser.cookieHeader() ?? "none=1"}`, ...headers]),
  };
}

function reasons(fixture: Fixture): string[] {
  return fixture.records.map(({ reason }) => reason);
}

test("a person who navigates is sent to sign in; everything else is 401", async (t) => {
  const { publicSocket, setup, service, ...fixture } = await signIn(t);
  const cases = [
    ["GET /orders?a=1 HTTP/1.1", NAVIGATION, 302],
    ["HEAD /orders HTTP/1.1", NAVIGATION, 302],
    ["GET /orders HTTP/1.1", ["Accept: text/html,*/*"], 302],
    ["GET /orders HTTP/1.1", ["Accept: text/html", "Sec-Fetch-Mode: cors"], 401],
    ["GET /orders HTTP/1.1", ["Accept: application/json"], 401],
    ["GET /orders HTTP/1.1", [], 401],
    ["POST /orders HTTP/1.1", NAVIGATION, 401],
    ["GET /machines HTTP/1.1", NAVIGATION, 401],
    ["GET /orders HTTP/1.1", [...NAVIGATION, "Authorization: Bearer a.b.c"], 401],
  ] as const;
  for (const [line, headers, status] of cases) {
    const answer = await ask(publicSocket, line, [
      ...headers,
      "X-Forwarded-Host: evil.test",
      "Forwarded: host=evil.test",
    ]);
    assert.equal(answer.status, status, `${line} ${headers.join(", ")}`);
    if (status === 401) continue;
    const location = new URL(headerOf(answer, "location") ?? "");
    assert.equal(location.origin, new URL(setup.provider.issuer).origin);
    assert.equal(location.searchParams.get("redirect_uri"), `${BASE_URL}/_gatehouse/callback`);
    assert.equal(location.searchParams.get("code_challenge_method"), "S256");
    assert.match(headerOf(answer, "set-cookie") ?? "", /^__Host-gatehouse/);
    assert.match(headerOf(answer, "x-request-id") ?? "", /^[0-9a-f-]{36}$/);
    assert.equal(answer.headers.filter(([name]) => name.toLowerCase() === "content-length").length, 1);
  }
  assert.deepEqual(reasons({ publicSocket, ...fixture }), [
    "sign-in",
    "sign-in",
    "sign-in",
    "unauthenticated",
    "unauthenticated",
    "unauthenticated",
    "unauthenticated",
    "unauthenticated",
    "token-malformed",
  ]);
  assert.equal(service.hits(), 0);
});

test("a session reaches the service as an identity, never as a cookie", async (t) => {
  const { send, service, records } = await signIn(t);
  const answer = await send("GET /orders HTTP/1.1", NAVIGATION);
  assert.equal(answer.status, 200);
  const [seen] = service.seen;
  const headers = Object.fromEntries(seen?.headers ?? []);
  assert.equal(headers["x-gatehouse-subject"], "ada");
  assert.equal(headers["x-gatehouse-kind"], "person");
  assert.equal(headers["x-gatehouse-role"], "support");
  assert.ok(!JSON.stringify(seen).includes("__Host-gatehouse"));
  assert.deepEqual([records[0]?.subject, records[0]?.reason], ["ada", "role-grants"]);
});

test("a session changes nothing for another site", async (t) => {
  const { send, service, records } = await signIn(t);
  const origin = BASE_URL;
  const cases = [
    [["Sec-Fetch-Site: same-origin"], 200],
    [["Sec-Fetch-Site: none"], 200],
    [[`Origin: ${origin}`], 200],
    [["Sec-Fetch-Site: same-site", `Origin: ${origin}`], 200],
    [["Sec-Fetch-Site: cross-site"], 403],
    [["Sec-Fetch-Site: same-site", "Origin: https://evil.shop.localhost:8443"], 403],
    [["Origin: https://evil.test"], 403],
    [[`Origin: ${origin}.evil.test`], 403],
    [["Origin: null"], 403],
    [[`Origin: http://shop.localhost:8443`], 403],
    [["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"], 403],
    [[], 403],
  ] as const;
  for (const [headers, status] of cases)
    assert.equal((await send("POST /orders HTTP/1.1", headers)).status, status, headers.join(", "));
  assert.deepEqual(
    records.map(({ reason }) => reason),
    cases.map(([, status]) => (status === 200 ? "role-grants" : "request-cross-site")),
  );
  assert.equal(service.hits(), 4);
  // Reading is not changing.
  assert.equal((await send("GET /orders HTTP/1.1", ["Sec-Fetch-Site: cross-site"])).status, 200);
});

test("a session whose right would not outlive the request is renewed first, once for all who wait", async (t) => {
  const { send, setup, service, clock, browser } = await signIn(t);
  const read = setup.sessions.read(browser.cookieHeader());
  assert.ok("session" in read);
  // Good for now, but not for the route's 30 seconds and the difference of two clocks.
  clock.set((read.session.identity.expiresAtSeconds - 39) * 1000);
  const answers = await Promise.all(Array.from({ length: 50 }, () => send("GET /orders HTTP/1.1")));
  assert.equal(setup.sent.filter((line) => line === "POST /token").length, 1);
  for (const answer of answers) {
    assert.equal(answer.status, 200);
    assert.match(headerOf(answer, "set-cookie") ?? "", /^__Host-gatehouse=/);
  }
  for (const seen of service.seen) {
    const assertion = Object.fromEntries(seen.headers)["x-gatehouse-assertion"] ?? "";
    assert.ok((decodeJwt(assertion).exp ?? 0) >= clock.nowMs() / 1000 + 40);
  }
});

test("while the provider is away a right that is good is used, and one that is not is refused", async (t) => {
  const { send, setup, clock, browser, service, records } = await signIn(t);
  const read = setup.sessions.read(browser.cookieHeader());
  assert.ok("session" in read);
  setup.fault = () => Promise.resolve(new Response("down", { status: 503 }));
  clock.set((read.session.identity.expiresAtSeconds - 1) * 1000);
  assert.equal((await send("GET /orders HTTP/1.1")).status, 200);
  clock.advance(1000);
  const refused = await send("GET /orders HTTP/1.1", NAVIGATION);
  assert.equal(refused.status, 503);
  assert.equal(headerOf(refused, "retry-after"), "5");
  assert.deepEqual(
    records.map(({ reason }) => reason),
    ["role-grants", "provider-unavailable"],
  );
  assert.equal(service.hits(), 1);
});

test("the cookies of a session that is renewed are told as added, the one that came as kept back", async (t) => {
  const signedIn = await signIn(t);
  const { send, setup, records, service, browser } = signedIn;
  const read = setup.sessions.read(browser.cookieHeader(), 0);
  assert.ok(read.state === "valid");
  setup.clock.set((read.session.identity.expiresAtSeconds - 1) * 1000);
  const answer = await send("GET /orders HTTP/1.1");
  assert.equal(answer.status, 200);
  const cookies = answer.headers.filter(([name]) => name === "set-cookie").length;
  assert.ok(cookies > 0);
  const [record] = records;
  assert.ok(record !== undefined);
  const { artifacts } = signedIn.runtime({
    routes: [{ key: "GET /orders", upstream: service.origin, login: true }],
    roles: [],
  });
  const told = explainHeaders(artifacts, record);
  assert.ok(told !== null);
  assert.deepEqual(
    told.request.sent,
    service.seen[0]?.headers.map(([name]) => name),
  );
  assert.deepEqual(
    told.request.fates.find(({ name }) => name === "Cookie"),
    { name: "Cookie", change: "dropped", why: "own-cookie" },
  );
  assert.deepEqual(
    told.response.fates.filter(({ name }) => name === "set-cookie"),
    Array.from({ length: cookies }, () => ({ name: "set-cookie", change: "added", why: "session" })),
  );
});

test("a session that has ended is nobody's", async (t) => {
  const { send, clock, records, service } = await signIn(t);
  clock.advance(1_800_000);
  assert.equal((await send("GET /orders HTTP/1.1")).status, 401);
  assert.equal((await send("GET /orders HTTP/1.1", NAVIGATION)).status, 302);
  assert.deepEqual(
    records.map(({ reason }) => reason),
    ["session-expired", "sign-in"],
  );
  assert.equal(service.hits(), 0);
});

test("a cookie that cannot be read is no session, in whatever way it is broken", async (t) => {
  const { publicSocket, browser, records, service } = await signIn(t);
  const good = (browser.cookieHeader() ?? "").split("; ").find((part) => part.startsWith("__Host-gatehouse=")) ?? "";
  const name = good.slice(0, good.indexOf("="));
  const cookies = [
    good.slice(0, good.length / 2),
    `${name}=`,
    `${name}=%`,
    `${name}=${"A".repeat(8000)}`,
    `${good}; ${good}`,
    `${name}=x; ${good}`,
    good.toUpperCase(),
    `${name}=__proto__`,
  ];
  for (const cookie of cookies)
    assert.equal((await ask(publicSocket, "GET /orders HTTP/1.1", [`Cookie: ${cookie}`])).status, 401);
  assert.equal((await ask(publicSocket, "GET /orders HTTP/1.1", [`Cookie: ${good}`, `Cookie: ${good}`])).status, 401);
  assert.deepEqual(new Set(records.map(({ reason }) => reason)), new Set(["unauthenticated"]));
  assert.equal(service.hits(), 0);
});

test("a token goes before a session, and another scheme does not hide one", async (t) => {
  const { send, setup, service, records } = await signIn(t);
  const { accessToken } = await setup.provider.tokenFor("bob");
  assert.equal((await send("GET /orders HTTP/1.1", [`Authorization: Bearer ${accessToken}`])).status, 403);
  assert.equal((await send("GET /orders HTTP/1.1", ["Authorization: Basic YTpi"])).status, 200);
  assert.deepEqual(
    records.map(({ subject, reason }) => [subject, reason]),
    [
      ["bob", "no-role"],
      ["ada", "role-grants"],
    ],
  );
  assert.equal(service.hits(), 1);
});

test("sign-in pages are served here, and their queries are in no record", async (t) => {
  const { publicSocket, records, setup } = await signIn(t);
  const secret = "canary-code-7f3a";
  const callback = await ask(publicSocket, `GET /_gatehouse/callback?code=${secret}&state=${secret} HTTP/1.1`);
  assert.equal(callback.status, 400);
  assert.match(headerOf(callback, "content-type") ?? "", /^text\/html/);
  const login = await ask(publicSocket, "GET /_gatehouse/login?return_to=%2Forders HTTP/1.1");
  assert.equal(login.status, 302);
  assert.ok((headerOf(login, "location") ?? "").startsWith(setup.provider.issuer));
  assert.equal(
    (await ask(publicSocket, "POST /_gatehouse/logout HTTP/1.1", ["Sec-Fetch-Site: cross-site"])).status,
    403,
  );
  assert.equal((await ask(publicSocket, "DELETE /_gatehouse/login HTTP/1.1")).status, 405);
  assert.deepEqual(
    records.map(({ path, reason, routeKey }) => [path, reason, routeKey]),
    [
      ["/_gatehouse/callback", "login-state-unknown", null],
      ["/_gatehouse/login", "login-started", null],
      ["/_gatehouse/logout", "logout-cross-site", null],
      ["/_gatehouse/login", "method-not-allowed", null],
    ],
  );
  assert.ok(!JSON.stringify(records).includes(secret));
});

test("one sign-in is good for ten routes with rules of their own", async (t) => {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const service = await startService(t);
  const names = Array.from({ length: 10 }, (_, i) => `area-${i}`);
  const fixture = await startGateway(
    t,
    {
      routes: names.map((name) => ({ key: `GET /${name}`, service: name, upstream: service.origin, login: true })),
      roles: names.map((name, i) => ({ name, groups: [i % 2 === 0 ? "support" : "sales"], can: [`GET/${name}`] })),
    },
    { clock: setup.clock, wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions: setup.sessions }) },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const answers = [];
  for (const name of names) {
    const cookie = [`Cookie: ${browser.cookieHeader() ?? ""}`];
    answers.push((await ask(fixture.publicSocket, `GET /${name} HTTP/1.1`, [...cookie, ...NAVIGATION])).status);
  }
  assert.deepEqual(
    answers,
    names.map((_, i) => (i % 2 === 0 ? 200 : 403)),
  );
});

test("let in a second before its right ends, a request is answered however long the service takes", async (t) => {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<string>();
  const server = createServer((req, res) => {
    begun.resolve(String(req.headers["x-gatehouse-assertion"]));
    void held.promise.then(() => res.end("done"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /slow", upstream, timeoutMs: 30_000 }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/slow"] }],
    },
    { clock: setup.clock, wrap: (runtime) => ({ ...runtime, verifier: setup.verifier }) },
  );
  const { accessToken } = await setup.provider.tokenFor("ada");
  const { exp = 0 } = decodeJwt(accessToken);
  const bearer = [`Authorization: Bearer ${accessToken}`];
  setup.clock.set((exp - 1) * 1000);
  const answer = ask(fixture.publicSocket, "GET /slow HTTP/1.1", bearer);
  const assertion = decodeJwt(await begun.promise);
  assert.ok((assertion.exp ?? 0) >= exp - 1 + 30, "what travels on is good for the route's timeout");
  setup.clock.advance(20_000);
  assert.equal((await ask(fixture.publicSocket, "GET /slow HTTP/1.1", bearer)).status, 401);
  held.resolve();
  assert.deepEqual([(await answer).status, (await answer).body], [200, "done"]);
});

test("while the store of sessions is away whoever has one is told to come again, and nobody is signed out", async (t) => {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const kept = createMemoryStore(setup.clock);
  let isAway = false;
  const store: Store = {
    ...kept,
    async get(key) {
      if (isAway) throw new GatehouseError("GH_STORE_UNAVAILABLE", { store: "test", reason: "away" });
      return kept.get(key);
    },
  };
  const sessions = setup.newSessions({ keptIn: "store", store });
  const service = await startService(t);
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /orders", upstream: service.origin, login: true }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
    },
    { clock: setup.clock, wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions }) },
  );
  const browser = new Browser(sessions);
  await browser.signIn("ada");
  const get = (headers: readonly string[] = []): Promise<RawAnswer> =>
    ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Cookie: ${browser.cookieHeader() ?? ""}`, ...headers]);
  assert.equal((await get()).status, 200);
  isAway = true;
  // What was read a moment ago is good for five seconds.
  setup.clock.advance(4999);
  assert.equal((await get()).status, 200);
  setup.clock.advance(1);
  for (const headers of [[], NAVIGATION]) {
    const answer = await get(headers);
    assert.deepEqual(
      [answer.status, answer.body, headerOf(answer, "retry-after"), headerOf(answer, "set-cookie")],
      [503, '{"message":"Service Unavailable"}', "5", null],
    );
  }
  isAway = false;
  assert.equal((await get()).status, 200);
  assert.deepEqual(reasons(fixture), [
    "role-grants",
    "role-grants",
    "session-store-unavailable",
    "session-store-unavailable",
    "role-grants",
  ]);
  assert.equal(service.hits(), 3);
});
