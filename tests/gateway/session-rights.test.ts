/** What a session lets in ends with the session: an old cookie, an open WebSocket, another reading of claims. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { Secret } from "../../src/core/index.ts";
import { BASE_URL, Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { startGateway } from "./fixture.ts";
import { ask } from "./raw-client.ts";
import { startService } from "./service.ts";
import { openWebSocket, startWebSocketService } from "./web-socket-service.ts";

const { host } = new URL(BASE_URL);
const LOGIN = {
  clientId: "shop-edge",
  clientSecret: new Secret("edge-secret"),
  scopes: ["openid", "profile", "groups", "offline_access"],
};

test("a cookie that was replaced lets in for no longer than the right that replaced it", async (t) => {
  const setup = await setUpSignIn({ accessTokenTtlSeconds: 60 });
  t.after(() => setup.close());
  const service = await startService(t);
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /orders", upstream: service.origin, login: true }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
    },
    {
      clock: setup.clock,
      wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions: setup.sessions }),
    },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const cookie = browser.cookieHeader() ?? "";
  const status = async (): Promise<number> =>
    (await ask(fixture.publicSocket, "GET /orders HTTP/1.1", [`Host: ${host}`, `Cookie: ${cookie}`])).status;
  const refreshes = (): number => setup.sent.filter((url) => url.includes("token")).length;

  assert.equal(await status(), 200);
  setup.clock.advance(50_000);
  assert.equal(await status(), 200);
  const before = refreshes();
  assert.equal(await status(), 200);
  assert.equal(refreshes(), before, "what another request renewed is good for the old cookie too");

  // The renewed right has ended: the chain goes on to the provider, which is away.
  setup.clock.advance(100_000);
  setup.fault = async () => new Response("", { status: 503 });
  assert.equal(await status(), 503);
});

async function openChat(t: TestContext) {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const service = await startWebSocketService(t);
  const sessions = setup.newSessions({ login: { ...LOGIN, sessionIdleMs: 60_000, sessionMaxMs: 60_000 } });
  const fixture = await startGateway(
    t,
    {
      routes: [{ key: "GET /chat/7", upstream: service.origin, websocket: true, login: true }],
      roles: [{ name: "support", groups: ["support"], can: ["GET/chat/7"] }],
    },
    {
      clock: setup.clock,
      limits: { rightCheckMs: 20 },
      wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions }),
    },
  );
  const browser = new Browser(sessions);
  await browser.signIn("ada");
  const cookie = browser.cookieHeader() ?? "";
  const client = await openWebSocket(t, fixture.publicSocket, "/chat/7", {
    host,
    headers: { cookie, origin: BASE_URL },
  });
  return { setup, client };
}

test("PL-5.12: a WebSocket ends with the absolute end of the session that opened it", async (t) => {
  const { setup, client } = await openChat(t);
  const closed = once(client.socket, "close");
  setup.clock.advance(60_000);
  const [code] = (await closed) as [number];
  assert.equal(code, 1008);
});

test("a session is nobody's when claims or audience are read otherwise than when it was sealed", async (t) => {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const cookie = browser.cookieHeader() ?? "";
  assert.equal(setup.sessions.read(cookie).state, "valid");
  const claims = { groups: "other_groups", name: "preferred_username" };
  assert.equal(setup.newSessions({ claims }).read(cookie).state, "invalid");
  assert.equal(setup.newSessions({ audience: "other-audience" }).read(cookie).state, "invalid");
  assert.equal(setup.newSessions({}).read(cookie).state, "valid");
});
