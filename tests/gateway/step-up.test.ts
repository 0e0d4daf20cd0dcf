/** PL-8.8 on the road: who is asked to sign in in another way, and how they are told. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Sessions, parsePeople } from "../../src/identity/index.ts";
import { BASE_URL, Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { START_MS, startGateway } from "./fixture.ts";
import { ask, headerOf } from "./raw-client.ts";
import { startService } from "./service.ts";
import { waitFor } from "../support/instance.ts";
import { openWebSocket, startWebSocketService } from "./web-socket-service.ts";

const NOW = START_MS / 1000;
const ROLES = [{ name: "support", groups: ["support"], can: ["*/*"] }];
const CHALLENGE = 'Bearer error="insufficient_user_authentication", error_description="another sign-in is needed"';

test("a bearer caller gets the challenge of RFC 9470, and nothing reaches the service", async (t) => {
  const service = await startService(t);
  const { origin: upstream } = service;
  const fixture = await startGateway(
    t,
    {
      routes: [
        { key: "GET /both", upstream, authentication: { acr: ["mfa", "phr"], maxAgeSeconds: 300 } },
        { key: "GET /strong", upstream, authentication: { acr: ["mfa"], maxAgeSeconds: null } },
        { key: "GET /recent", upstream, authentication: { acr: [], maxAgeSeconds: 300 } },
        { key: "GET /any", upstream },
      ],
      roles: ROLES,
    },
    { trust: { usedClaims: ["acr"], issuers: [] } },
  );
  const both = `${CHALLENGE}, acr_values="mfa phr", max_age="300"`;
  const strong = `${CHALLENGE}, acr_values="mfa"`;
  const recent = `${CHALLENGE}, max_age="300"`;
  const cases: readonly (readonly [path: string, claims: object, challenge: string | null])[] = [
    ["/both", { acr: "mfa", auth_time: NOW - 300 }, null],
    ["/both", { acr: "mfa", auth_time: NOW - 301 }, both],
    ["/both", { acr: "pwd", auth_time: NOW }, both],
    ["/both", {}, both],
    ["/strong", { acr: "mfa" }, null],
    ["/strong", { acr: "phr" }, strong],
    ["/recent", { auth_time: NOW }, null],
    ["/recent", { auth_time: String(NOW) }, recent],
    ["/any", {}, null],
  ];
  for (const [index, [path, claims, challenge]] of cases.entries()) {
    const token = await fixture.token({ sub: "ada", groups: ["support"], ...claims });
    const headers = [`Authorization: Bearer ${token}`, "Sec-Fetch-Mode: navigate", "Accept: text/html"];
    const answer = await ask(fixture.publicSocket, `GET ${path} HTTP/1.1`, headers);
    const { reason, role } = await fixture.record(index);
    assert.deepEqual(
      [answer.status, headerOf(answer, "www-authenticate"), answer.body === '{"message":"Unauthorized"}', reason, role],
      challenge === null
        ? [200, null, false, "role-grants", "support"]
        : [401, challenge, true, "authentication-needed", "support"],
      `${path} ${JSON.stringify(claims)}`,
    );
  }
  assert.equal(service.seen.length, cases.filter(([, , challenge]) => challenge === null).length);
  // Whom no role lets in learns nothing of it.
  const stranger = await fixture.token({ sub: "bob", groups: [] });
  const answer = await ask(fixture.publicSocket, "GET /both HTTP/1.1", [`Authorization: Bearer ${stranger}`]);
  assert.deepEqual([answer.status, headerOf(answer, "www-authenticate")], [403, null]);
});

async function signedIn(t: TestContext) {
  const { people } = parsePeople(
    "people.yaml",
    "people: { ada: { password: ada-pw, groups: [support], claims: { acr: [pwd, mfa] } } }\nclients: {}\n",
  );
  assert.ok(people);
  const setup = await setUpSignIn({ people });
  t.after(() => setup.close());
  const service = await startService(t);
  const authentication = { acr: ["mfa"], maxAgeSeconds: 300 };
  const routes = ["GET /transfer", "POST /transfer"].map((key) => ({
    key,
    upstream: service.origin,
    login: true,
    authentication,
  }));
  const fixture = await startGateway(
    t,
    { routes, roles: ROLES },
    {
      clock: setup.clock,
      wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions: setup.sessions }),
    },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const send = (line: string, headers: readonly string[]) =>
    ask(fixture.publicSocket, line, [`Cookie: ${browser.cookieHeader() ?? "none=1"}`, ...headers]);
  return { ...fixture, setup, service, browser, send };
}

test("a person who navigates is sent to sign in once more, and then gets through until it is too long ago", async (t) => {
  const { send, setup, browser, service, ...fixture } = await signedIn(t);
  const navigation = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", "Accept: text/html"];
  const sent = await send("GET /transfer?to=7 HTTP/1.1", navigation);
  assert.deepEqual([sent.status, (await fixture.record(0)).reason], [302, "authentication-needed"]);
  const location = new URL(headerOf(sent, "location") ?? "");
  assert.equal(location.origin, setup.provider.issuer);
  assert.deepEqual([location.searchParams.get("acr_values"), location.searchParams.get("max_age")], ["mfa", "300"]);
  browser.keep("https://shop.localhost:8443", [headerOf(sent, "set-cookie") ?? ""]);
  const page = await browser.open(location.href);
  const done = await browser.open(await browser.enterPassword(page.url, "ada"));
  assert.equal(done.url, "https://shop.localhost:8443/transfer?to=7");
  assert.equal((await send("GET /transfer?to=7 HTTP/1.1", navigation)).status, 200);
  assert.equal(service.seen.length, 1);
  setup.clock.set(Date.now() + 400_000);
  assert.equal((await send("GET /transfer?to=7 HTTP/1.1", navigation)).status, 302);
  assert.deepEqual(
    [(await fixture.record(1)).reason, (await fixture.record(2)).reason],
    ["role-grants", "authentication-needed"],
  );
});

test("a script with a session gets the challenge, and so does a form", async (t) => {
  const { send, service } = await signedIn(t);
  const challenge = `${CHALLENGE}, acr_values="mfa", max_age="300"`;
  const own = ["Sec-Fetch-Site: same-origin"];
  for (const [line, headers] of [
    ["GET /transfer HTTP/1.1", [...own, "Sec-Fetch-Mode: cors", "Accept: text/html"]],
    ["GET /transfer HTTP/1.1", ["Accept: application/json"]],
    ["POST /transfer HTTP/1.1", [...own, "Sec-Fetch-Mode: cors", "Content-Length: 0"]],
  ] as const) {
    const answer = await send(line, headers);
    assert.deepEqual([answer.status, headerOf(answer, "www-authenticate")], [401, challenge], line);
  }
  const foreign = await send("POST /transfer HTTP/1.1", ["Sec-Fetch-Site: cross-site", "Content-Length: 0"]);
  assert.equal(foreign.status, 403);
  assert.equal(service.seen.length, 0);
});

test("PL-5.14, PL-8.8: what stays open is not asked again how long ago its caller signed in", async (t) => {
  const setup = await setUpSignIn({ accessTokenTtlSeconds: 120 });
  t.after(() => setup.close());
  const service = await startWebSocketService(t);
  let renewals = 0;
  const sessions: Sessions = {
    ...setup.sessions,
    refresh: async (...asked) => {
      const result = await setup.sessions.refresh(...asked);
      renewals++;
      return result;
    },
  };
  const fixture = await startGateway(
    t,
    {
      routes: [
        {
          key: "GET /chat/7",
          upstream: service.origin,
          websocket: true,
          login: true,
          authentication: { acr: [], maxAgeSeconds: 60 },
        },
      ],
      roles: ROLES,
    },
    {
      clock: setup.clock,
      limits: { rightCheckMs: 20 },
      wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions }),
    },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const headers = { cookie: browser.cookieHeader() ?? "", origin: BASE_URL };
  const client = await openWebSocket(t, fixture.publicSocket, "/chat/7", { host: "shop.localhost:8443", headers });
  const accepted = await service.accepted();
  // The right has 20 seconds left and is renewed; what it gives then is judged anew.
  setup.clock.advance(100_000);
  await waitFor("the right is renewed", () => renewals > 0);
  client.socket.send("still here");
  assert.equal(await accepted.next(), "still here");
  assert.equal(client.socket.readyState, client.socket.OPEN);
  const again = await ask(fixture.publicSocket, "GET /chat/7 HTTP/1.1", [
    `Cookie: ${headers.cookie}`,
    "Sec-Fetch-Mode: cors",
  ]);
  assert.equal(again.status, 401);
});
