/**
 * What Gatehouse signs, on the whole road: found and verified through Caddy, and its keys replaced while it runs, in every
 * thread. Time is told to the instance by the times in its key file.
 */
import assert from "node:assert/strict";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type JSONWebKeySet, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import type { Status } from "../../src/app/status.ts";
import { curl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";

const DAY = 86_400;
const PEOPLE = "people:\n  alice: { password: wonderland, groups: [staff] }\nclients: {}\n";

function policy(upstream: string, secrets = ""): string {
  return `gatehouse: 1
name: keys
identity: { audience: keys-api, claims: { groups: groups, name: preferred_username } }
environments:
  local: { identity: embedded, domain: keys.localhost }
services:
  orders:
    exposure: public
    upstream: ${upstream}
    routes: { GET /orders: { needs: orders:read } }
roles:
  staff: { members: { groups: [staff] }, can: [orders:read], boundary: all }
boundaries:
  all: [orders:read]
${secrets}`;
}

let orders: EchoService;
let instance: Started;
let token: string;

before(async () => {
  orders = await startEcho();
  instance = await startInstance({
    files: { "gatehouse.yaml": policy(orders.url), "people.yaml": PEOPLE },
    args: ["--workers", "3"],
  });
  token = await instance.token("alice");
});

after(async () => {
  await orders.close();
  assert.equal(await instance.stop(), 0);
});

interface StoredKey {
  readonly kid: string;
  readonly iat: number;
  readonly nbf: number;
}

const keyFile = (): string => join(instance.state, "keys", "assertion.json");
const stored = (): StoredKey[] => (JSON.parse(readFileSync(keyFile(), "utf8")) as { keys: StoredKey[] }).keys;

/** Another text in place of the file, at once. */
function write(text: string): void {
  writeFileSync(`${keyFile()}.test`, text, { mode: 0o600 });
  renameSync(`${keyFile()}.test`, keyFile());
}

/** The keys become older by so many seconds. */
function age(seconds: number): void {
  const keys = stored().map((key) => ({ ...key, iat: key.iat - seconds, nbf: key.nbf - seconds }));
  write(JSON.stringify({ keys }));
}

/** Straight to a thread, as Caddy does it. */
function ask(thread: number, path: string): Promise<string> {
  const socketPath = instance.status.gateway.workers[thread]?.socket;
  const headers = { host: "keys.localhost", authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    request({ socketPath, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", () => resolve(Buffer.concat(chunks).toString()));
    })
      .once("error", reject)
      .end();
  });
}

/** Names of the keys that each thread publishes. */
async function published(): Promise<readonly string[]> {
  const bodies = await Promise.all([0, 1, 2].map(async (thread) => ask(thread, "/_gatehouse/jwks.json")));
  return bodies.map((body) => (JSON.parse(body) as { keys: StoredKey[] }).keys.map(({ kid }) => kid).join());
}

/** Name of the key that each thread signs with. */
async function signedBy(): Promise<readonly (string | undefined)[]> {
  const kids: (string | undefined)[] = [];
  for (const thread of [0, 1, 2]) {
    await ask(thread, "/orders");
    kids.push(decodeProtectedHeader(headerOf(orders.last(), "x-gatehouse-assertion") ?? "").kid);
  }
  return kids;
}

async function states(): Promise<readonly string[]> {
  const { identity } = JSON.parse((await instance.gatehouse("status", "--json")).stdout) as Status;
  return identity.assertionKeys.map(({ kid, state }) => `${kid} ${state}`);
}

test("an assertion is verified with nothing but its issuer, by the documents that Caddy serves", async () => {
  assert.equal((await curl(instance, "/orders", { token })).status, 200);
  const assertion = headerOf(orders.last(), "x-gatehouse-assertion") ?? "";
  const issuer = `${instance.status.edge.https}/_gatehouse`;
  const discovery = await curl(instance, "/_gatehouse/.well-known/openid-configuration");
  assert.deepEqual(
    [discovery.status, discovery.headers["content-type"], discovery.headers["cache-control"]],
    [200, "application/json", "public, max-age=300"],
  );
  const document = JSON.parse(discovery.body) as { issuer: string; jwks_uri: string };
  assert.deepEqual([document.issuer, document.jwks_uri], [issuer, `${issuer}/jwks.json`]);
  const served = await curl(instance, document.jwks_uri.slice(instance.status.edge.https.length));
  const jwks = JSON.parse(served.body) as JSONWebKeySet;
  const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks), {
    issuer,
    audience: "orders",
    algorithms: ["ES256"],
  });
  assert.deepEqual([payload.sub, payload["role"]], ["alice", "staff"]);
  assert.deepEqual(
    jwks.keys.map((key) => Object.keys(key).sort()),
    [["alg", "crv", "kid", "kty", "use", "x", "y"]],
  );
});

test("a key that is due gets a successor, which every thread publishes first and signs with later", async () => {
  const [first] = stored();
  assert.deepEqual(await states(), [`${first?.kid} signing`]);
  age(30 * DAY - 1800);
  await waitFor("there is a second key", () => stored().length === 2);
  const [second] = stored();
  const both = `${second?.kid},${first?.kid}`;
  await waitFor("all threads publish it", async () => (await published()).every((kids) => kids === both));
  assert.deepEqual(await signedBy(), [first?.kid, first?.kid, first?.kid]);
  assert.deepEqual(await states(), [`${second?.kid} next`, `${first?.kid} signing`]);
  age(3601);
  await waitFor("all threads sign with it", async () => (await signedBy()).every((kid) => kid === second?.kid));
  assert.deepEqual(await published(), [both, both, both]);
  assert.deepEqual(await states(), [`${second?.kid} signing`, `${first?.kid} retired`]);
});

test("a key file that is cut changes nothing, and is told", async () => {
  const kept = await published();
  const text = readFileSync(keyFile(), "utf8");
  write(text.slice(0, 200));
  await waitFor("it is told", () => instance.said().includes("assertions go on to be signed with the keys of before"));
  assert.deepEqual(await published(), kept);
  assert.equal((await curl(instance, "/orders", { token })).status, 200);
  write(text);
});

test("a schedule of the policy is followed from its reload on", async () => {
  const [signing] = stored();
  age(3 * DAY);
  await waitFor("the oldest is published no longer", () => stored().length === 1);
  assert.deepEqual(await states(), [`${signing?.kid} signing`]);
  instance.write(
    "gatehouse.yaml",
    policy(orders.url, "secrets: { assertion-key: { rotate: 2 days, overlap: 1 day } }\n"),
  );
  await waitFor("there is a second key", () => stored().length === 2);
  assert.equal((await states())[1], `${signing?.kid} signing`);
});
