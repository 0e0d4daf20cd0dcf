/**
 * Sessions as whoever runs the instance sees them: who is signed in, what is taken away and when it is felt, what is there
 * after a restart. Real Caddy, curl, threads, sessions in the instance's own file.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { RevocationList, RevokeOutcome, SessionList } from "../../src/app/sessions.ts";
import type { GatewayRecord } from "../../src/records/index.ts";
import { curl } from "../support/curl.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { findFreePort } from "../support/free-port.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";
import { run } from "../support/run.ts";
import { startEvents } from "./events-service.ts";

const PEOPLE = `people:
  alice: { password: alice-pw, groups: [support] }
  bob:   { password: bob-pw, groups: [support] }
clients:
  billing: { secret: billing-pw, groups: [support] }
`;

function policy(orders: string, events: string): string {
  return `gatehouse: 1
name: sessions
identity:
  audience: sessions-api
  claims: { groups: groups, name: preferred_username }
  login: { client_id: sessions-edge, session: { store: server } }
environments:
  local: { identity: embedded, domain: sessions.localhost }
services:
  web:
    exposure: public
    login: true
    upstream: ${orders}
    routes:
      GET /account: { needs: web:use }
  live:
    exposure: public
    login: true
    upstream: ${events}
    routes:
      GET /events: { needs: web:use, streaming: true }
roles:
  support: { members: { groups: [support] }, can: [web:use], boundary: all }
boundaries:
  all: ["web:*"]
`;
}

let orders: EchoService;
let events: Awaited<ReturnType<typeof startEvents>>;
let instance: Started;
let dir: string;
let args: readonly string[];

before(async () => {
  orders = await startEcho();
  events = await startEvents();
  dir = mkdtempSync(join(tmpdir(), "gh-s-"));
  const [https, identity] = [await findFreePort(), await findFreePort()];
  args = ["--https", String(https), "--identity", String(identity), "--state", join(dir, "state"), "--workers", "2"];
  instance = await start();
});
after(async () => {
  assert.equal(await instance.stop(), 0);
  await orders.close();
  await events.close();
  rmSync(dir, { recursive: true });
});

async function start(): Promise<Started> {
  return startInstance({ files: { "gatehouse.yaml": policy(orders.url, events.url), "people.yaml": PEOPLE }, args });
}

const jarOf = (name: string): string => join(dir, `${name}.cookies`);

/** With the browser's cookies of `jar`. */
async function visit(jar: string, path: string, more: readonly string[] = []) {
  return curl(instance, path, { args: ["-b", jarOf(jar), "-c", jarOf(jar), ...more] });
}

/** As a browser would: sent to the provider, the form, back again. */
async function signIn(jar: string, name: string): Promise<void> {
  const { caFile, https } = instance.status.edge;
  const base = ["-sS", "-L", "--max-time", "20", "--cacert", caFile ?? "", "-b", jarOf(jar), "-c", jarOf(jar)];
  const navigation = ["-H", "Sec-Fetch-Mode: navigate", "-H", "Accept: text/html"];
  const form = await run("curl", [
    ...base,
    ...navigation,
    "-o",
    "/dev/null",
    "-w",
    "%{url_effective}",
    `${https}/account`,
  ]);
  const data = ["--data-urlencode", `name=${name}`, "--data-urlencode", `password=${name}-pw`];
  const done = await run("curl", [
    ...base,
    ...data,
    "-o",
    "/dev/null",
    "-w",
    "%{http_code} %{url_effective}",
    form.stdout,
  ]);
  assert.equal(done.stdout, `200 ${https}/account`, done.stderr);
}

async function command<T>(...words: string[]): Promise<T> {
  const ran = await instance.gatehouse(...words, "--state", join(dir, "state"), "--json");
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  return JSON.parse(ran.stdout) as T;
}

/** Events that go on until somebody ends them. */
function listen(...more: string[]): { readonly process: ChildProcess; readonly ended: Promise<number | null> } {
  const { caFile, https } = instance.status.edge;
  const child = spawn("curl", ["-sS", "-N", "--cacert", caFile ?? "", ...more, `${https}/events`], { stdio: "ignore" });
  return { process: child, ended: once(child, "exit").then(([code]) => code as number | null) };
}

function reasonsOf(path: string): readonly string[] {
  const lines = readFileSync(join(dir, "state/logs/gateway.log"), "utf8").trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as GatewayRecord)
    .flatMap((one) => (one.path === path ? [one.reason] : []));
}

test("who is signed in is listed; a session that is revoked is over at once, its streams too, and others are not", async () => {
  await signIn("desk", "alice");
  const [desk] = (await command<SessionList>("sessions")).sessions;
  await signIn("phone", "alice");
  await signIn("other", "bob");
  const { sessions } = await command<SessionList>("sessions");
  assert.deepEqual(sessions.map(({ subject }) => subject).sort(), ["alice", "alice", "bob"]);
  const mine = await command<SessionList>("sessions", "--subject", "alice");
  assert.equal(mine.sessions.length, 2);
  const shown = (await instance.gatehouse("sessions", "--state", join(dir, "state"))).stdout;
  assert.match(shown, /^session +person +since +last used +ends at the latest\n/);
  assert.match(shown, /bob/);

  const openBefore = events.open();
  const stream = listen("-b", jarOf("desk"));
  await waitFor("the stream is open", () => events.open() === openBefore + 1);
  const outcome = await command<RevokeOutcome>("revoke", (desk?.id ?? "").slice(0, 8));
  const revokedMs = performance.now();
  assert.deepEqual(
    [outcome.stored, outcome.sessions.map(({ id }) => id), outcome.revoked],
    [true, [desk?.id], { kind: "session", id: desk?.id }],
  );
  assert.equal(await stream.ended, 0, "a stream of events ends, and is not cut");
  assert.ok(performance.now() - revokedMs < 5000);
  await waitFor("the record is written", () => reasonsOf("/events").includes("right-revoked"));
  const refused = await visit("desk", "/account");
  assert.deepEqual(
    [refused.status, refused.headers["www-authenticate"], refused.body],
    [401, 'Bearer error="invalid_token", error_description="the session has ended"', '{"message":"Unauthorized"}'],
  );
  for (const jar of ["phone", "other"]) assert.equal((await visit(jar, "/account")).status, 200);
  assert.equal((await command<SessionList>("sessions")).sessions.length, 2);
});

test("a person's tokens and sessions of before are revoked together, and those of afterwards are good", async () => {
  const token = await instance.gatehouse("token", "--as", "bob", "--state", join(dir, "state"));
  const bearer = { token: token.stdout.trim() };
  assert.equal((await curl(instance, "/account", bearer)).status, 200);
  const openBefore = events.open();
  const stream = listen("-H", `Authorization: Bearer ${bearer.token}`);
  await waitFor("the stream is open", () => events.open() === openBefore + 1);
  const outcome = await command<RevokeOutcome>("revoke", "--subject", "bob", "--for", "1 hour");
  assert.deepEqual(
    outcome.sessions.map(({ subject }) => subject),
    ["bob"],
  );
  assert.equal(await stream.ended, 0);
  const refused = await curl(instance, "/account", bearer);
  assert.deepEqual(
    [refused.status, refused.headers["www-authenticate"]],
    [401, 'Bearer scope="" error="invalid_token" error_description="the token has been revoked"'],
  );
  assert.equal((await visit("other", "/account")).status, 401);
  assert.equal((await visit("phone", "/account")).status, 200);
  await waitFor("a token of a later second", async () => {
    const later = await instance.gatehouse("token", "--as", "bob", "--state", join(dir, "state"));
    return (await curl(instance, "/account", { token: later.stdout.trim() })).status === 200;
  });
});

test("what cannot be revoked is told", async () => {
  const fails = async (...words: string[]) => {
    const ran = await instance.gatehouse("revoke", ...words, "--state", join(dir, "state"));
    return [ran.code, ran.stderr.trim().split("\n")[0]];
  };
  assert.deepEqual(await fails("nobody-has-this"), [
    3,
    "gatehouse: no open session has the id `nobody-has-this` [GH_APP_UNKNOWN_SESSION]",
  ]);
  assert.deepEqual(await fails("--token-id", "x", "--issuer", "ci"), [
    3,
    "gatehouse: the environment trusts no issuer `ci`, there are none [GH_APP_UNKNOWN_ISSUER]",
  ]);
  const usage = "gatehouse: give one of SESSION, `--subject NAME` and `--token-id ID` [GH_CLI_USAGE]";
  assert.deepEqual(await fails(), [2, usage]);
  assert.deepEqual(await fails("abcd", "--subject", "bob"), [2, usage]);
});

test("after a restart who was signed in still is, and what was revoked is not let in again", async () => {
  assert.equal((await visit("phone", "/account")).status, 200);
  assert.equal(await instance.stop(), 0);
  instance = await start();
  assert.equal((await visit("phone", "/account")).status, 200);
  for (const jar of ["desk", "other"]) assert.equal((await visit(jar, "/account")).status, 401);
  const { revocations } = await command<RevocationList>("sessions", "--revoked");
  assert.deepEqual(revocations.map(({ revoked }) => revoked.kind).sort(), ["session", "subject"]);
  const text = (await instance.gatehouse("sessions", "--revoked", "--state", join(dir, "state"))).stdout;
  assert.match(text, /tokens and sessions of bob at http:\/\/127.0.0.1:\d+ until 20/);
});
