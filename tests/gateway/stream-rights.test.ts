/** PL-5.14: streams end with the right that they were let in by, and with nothing else. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayRuntime } from "../../src/gateway/index.ts";
import { type Revocations, type Revoked, type Sessions, createRevocations } from "../../src/identity/index.ts";
import { Browser, BASE_URL, type Setup, setUpSignIn } from "../identity/sign-in-setup.ts";
import { waitFor } from "../support/instance.ts";
import { type Fixture, type PolicySpec, startGateway } from "./fixture.ts";
import { openWebSocket, startWebSocketService } from "./web-socket-service.ts";

const { host } = new URL(BASE_URL);
const HOUR_MS = 3_600_000;

/** Answers `/events` with events and `/bytes` with something else, a piece whenever it is told. */
async function startPieces(t: TestContext) {
  const open = new Set<{ readonly write: (text: string) => unknown }>();
  const server = createServer((req, res) => {
    const type = req.url === "/events" ? "text/event-stream; charset=utf-8" : "application/octet-stream";
    res.writeHead(200, { "content-type": type });
    res.write(": begin\n\n");
    open.add(res);
    res.on("close", () => open.delete(res));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { open, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

interface Parts {
  readonly setup: Setup;
  readonly fixture: Fixture;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly chat: Awaited<ReturnType<typeof startWebSocketService>>;
  readonly pieces: Awaited<ReturnType<typeof startPieces>>;
  readonly spec: PolicySpec;
  readonly replace: (spec: PolicySpec) => void;
}

async function start(t: TestContext): Promise<Parts> {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const [chat, pieces] = [await startWebSocketService(t), await startPieces(t)];
  const revocations = createRevocations({ clock: setup.clock });
  const verifier = setup.newVerifier({ revocations });
  const sessions = setup.newSessions({ revocations, verifier });
  const spec: PolicySpec = {
    routes: [
      { key: "GET /chat/7", upstream: chat.origin, websocket: true, login: true },
      { key: "GET /events", upstream: pieces.origin, streaming: true, login: true },
      { key: "GET /bytes", upstream: pieces.origin, streaming: true, login: true },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/chat/7", "GET/events", "GET/bytes"] }],
  };
  const wrap = (runtime: GatewayRuntime): GatewayRuntime => ({ ...runtime, verifier, sessions });
  const fixture = await startGateway(t, spec, { clock: setup.clock, limits: { rightCheckMs: 20 }, wrap });
  const off = revocations.onAdded(() => fixture.gateway.recheckStreams());
  t.after(off);
  return {
    setup,
    fixture,
    sessions,
    revocations,
    chat,
    pieces,
    spec,
    replace: (next) => fixture.gateway.replace(wrap(fixture.runtime(next))),
  };
}

type Headers = Readonly<Record<string, string>>;

/** What became of one stream. */
interface Ended {
  readonly chat: { readonly code: number; readonly reason: string };
  readonly events: "ended" | "cut";
  readonly bytes: "ended" | "cut";
}

async function openAnswer({ fixture }: Parts, path: string, headers: Headers): Promise<IncomingMessage> {
  const call = request({ socketPath: fixture.publicSocket, path, headers: { host, ...headers }, agent: false });
  call.end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  // Its first bytes are there.
  await once(response, "data");
  return response;
}

const fate = async (response: IncomingMessage): Promise<"ended" | "cut"> =>
  new Promise((resolve) => {
    response.once("end", () => resolve("ended"));
    response.once("error", () => resolve("cut"));
    response.once("aborted", () => resolve("cut"));
    response.resume();
  });

async function openAll(t: TestContext, parts: Parts, headers: Headers) {
  const { fixture } = parts;
  const chat = await openWebSocket(t, fixture.publicSocket, "/chat/7", {
    host,
    headers: { ...headers, origin: BASE_URL },
  });
  const [events, bytes] = [await openAnswer(parts, "/events", headers), await openAnswer(parts, "/bytes", headers)];
  const ended: Promise<Ended> = Promise.all([chat.closed, fate(events), fate(bytes)]).then(([closed, one, two]) => ({
    chat: closed,
    events: one,
    bytes: two,
  }));
  let isOver = false;
  void ended.then(() => (isOver = true));
  return { chat, ended, isOver: () => isOver };
}

async function cookieOf({ sessions }: Parts, name = "ada"): Promise<{ browser: Browser; cookie: string }> {
  const browser = new Browser(sessions);
  await browser.signIn(name);
  return { browser, cookie: browser.cookieHeader() ?? "" };
}

async function reasonsOf({ fixture }: Parts): Promise<readonly string[]> {
  await waitFor("records are written", () => fixture.records.length >= 3);
  return fixture.records.map(({ routeKey, reason }) => `${routeKey} ${reason}`).sort();
}

function allFor(reason: string): readonly string[] {
  return [`GET /bytes ${reason}`, `GET /chat/7 ${reason}`, `GET /events ${reason}`];
}

describe("of a token", () => {
  test("end when it expires, and not a moment before", async (t) => {
    const parts = await start(t);
    const { accessToken, expiresInSeconds } = await parts.setup.provider.tokenFor("ada");
    const streams = await openAll(t, parts, { authorization: `Bearer ${accessToken}` });
    parts.setup.clock.set(Math.floor(parts.setup.clock.nowMs() / 1000) * 1000 + (expiresInSeconds - 2) * 1000);
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.equal(streams.isOver(), false);
    parts.setup.clock.advance(3000);
    assert.deepEqual(await streams.ended, {
      chat: { code: 1008, reason: "the right to this has ended" },
      events: "ended",
      bytes: "cut",
    });
    assert.deepEqual(await reasonsOf(parts), allFor("right-ended"));
  });

  const tokenIdOf = (token: string): string =>
    (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string }).jti;
  for (const [what, revoked] of [
    [
      "the person",
      (issuer, _, nowSeconds) => ({ kind: "subject", issuer, subject: "ada", untilSeconds: nowSeconds + 5 }),
    ],
    ["the token", (issuer, token) => ({ kind: "token", issuer, tokenId: tokenIdOf(token) })],
  ] satisfies [string, (issuer: string, token: string, nowSeconds: number) => Revoked][])
    test(`end at once when ${what} is revoked`, async (t) => {
      const parts = await start(t);
      const { accessToken } = await parts.setup.provider.tokenFor("ada");
      const streams = await openAll(t, parts, { authorization: `Bearer ${accessToken}` });
      const { issuer } = parts.setup.provider;
      await parts.revocations.add(revoked(issuer, accessToken, Math.floor(parts.setup.clock.nowMs() / 1000)), HOUR_MS);
      assert.deepEqual(await streams.ended, {
        chat: { code: 1008, reason: "the right to this was taken away" },
        events: "ended",
        bytes: "cut",
      });
      assert.deepEqual(await reasonsOf(parts), allFor("right-revoked"));
      // And nobody is let in by it any more.
      const call = request({
        socketPath: parts.fixture.publicSocket,
        path: "/events",
        headers: { host, authorization: `Bearer ${accessToken}` },
        agent: false,
      });
      call.end();
      const [refused] = (await once(call, "response")) as [IncomingMessage];
      refused.resume();
      assert.deepEqual(
        [refused.statusCode, refused.headers["www-authenticate"]],
        [401, 'Bearer scope="" error="invalid_token" error_description="the token has been revoked"'],
      );
    });
});

describe("of a session", () => {
  test("end when somebody signs out", async (t) => {
    const parts = await start(t);
    const { browser, cookie } = await cookieOf(parts);
    const streams = await openAll(t, parts, { cookie });
    await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, { "sec-fetch-site": "same-origin" });
    assert.deepEqual((await streams.ended).chat, { code: 1008, reason: "the right to this was taken away" });
    assert.deepEqual(await reasonsOf(parts), allFor("right-revoked"));
  });

  test("go on over the end of its right, which is renewed once for all of them, and end with the session", async (t) => {
    const parts = await start(t);
    const { setup, sessions } = parts;
    const { cookie } = await cookieOf(parts);
    const read = sessions.read(cookie);
    assert.ok("session" in read);
    const streams = await openAll(t, parts, { cookie });
    setup.sent.length = 0;
    // The provider goes by the real clock: what it gives now ends later than what it gave at sign-in.
    await sleep(2500);
    const tokenCalls = () => setup.sent.filter((line) => line === "POST /token").length;
    setup.clock.set((read.session.identity.expiresAtSeconds - 10) * 1000);
    await waitFor("the right is renewed", () => tokenCalls() === 1);
    // Its right would do: that it is replaced is what is waited for.
    await waitFor("it is taken over", () => sessions.read(cookie, 0).state === "needs-refresh");
    setup.clock.advance(11_000);
    await sleep(80);
    assert.equal(streams.isOver(), false);
    assert.ok(tokenCalls() >= 1);
    setup.clock.set(sessions.endsAtMs(read.session));
    assert.deepEqual((await streams.ended).chat, { code: 1008, reason: "the right to this has ended" });
    assert.deepEqual(await reasonsOf(parts), allFor("right-ended"));
  });

  test("end with its right when the provider does not renew it", async (t) => {
    const parts = await start(t);
    const { setup, sessions } = parts;
    const { cookie } = await cookieOf(parts);
    const read = sessions.read(cookie);
    assert.ok("session" in read);
    const streams = await openAll(t, parts, { cookie });
    setup.fault = async () => new Response("", { status: 503 });
    setup.clock.set((read.session.identity.expiresAtSeconds - 10) * 1000);
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.equal(streams.isOver(), false);
    setup.clock.advance(10_000);
    assert.deepEqual((await streams.ended).chat, { code: 1008, reason: "the right to this has ended" });
  });
});

describe("when the policy changes", () => {
  test("a hundred times around them, none ends and none is left over", async (t) => {
    const parts = await start(t);
    const { cookie } = await cookieOf(parts);
    const streams = await openAll(t, parts, { cookie });
    for (let i = 0; i < 100; i++) {
      const other = { key: `GET /other-${i}`, needs: null, upstream: parts.pieces.origin };
      parts.replace({ ...parts.spec, routes: [...parts.spec.routes, other], digest: `d${i}` });
      await new Promise((resolve) => setImmediate(resolve));
    }
    streams.chat.socket.send("still here");
    assert.equal(await (await parts.chat.accepted()).next(), "still here");
    assert.equal(streams.isOver(), false);
    assert.deepEqual([parts.fixture.gateway.stats().webSockets, parts.pieces.open.size], [1, 2]);
    streams.chat.socket.close(1000);
    parts.replace({ ...parts.spec, roles: [], digest: "last" });
    await streams.ended;
    await waitFor("nothing is open", () => parts.fixture.gateway.stats().webSockets + parts.pieces.open.size === 0);
  });

  for (const [what, change] of [
    ["a role loses the grant", (spec: PolicySpec): PolicySpec => ({ ...spec, roles: [] })],
    [
      "a role loses its members",
      (spec) => ({ ...spec, roles: (spec.roles ?? []).map((role) => ({ ...role, groups: ["others"] })) }),
    ],
    [
      "the routes are gone",
      (spec) => ({ ...spec, routes: spec.routes.map((route) => ({ ...route, key: `GET /v2${route.key.slice(4)}` })) }),
    ],
  ] satisfies [string, (spec: PolicySpec) => PolicySpec][])
    test(`they end when ${what}`, async (t) => {
      const parts = await start(t);
      const { cookie } = await cookieOf(parts);
      const streams = await openAll(t, parts, { cookie });
      parts.replace({ ...change(parts.spec), digest: "d2" });
      assert.deepEqual(await streams.ended, {
        chat: { code: 1008, reason: "the policy grants this no longer" },
        events: "ended",
        bytes: "cut",
      });
      assert.deepEqual(await reasonsOf(parts), allFor("policy-changed"));
    });
});
