/** A route that asks for a stronger sign-in, with curl behind real Caddy: as a person with cookies, and with a token. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type CurlAnswer, curl, curlUrl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { type Started, startInstance } from "../support/instance.ts";

const PEOPLE = `people:
  ada: { password: ada-pw, groups: [staff], claims: { acr: [pwd, mfa] } }
  bob: { password: bob-pw, groups: [staff], claims: { acr: pwd } }
clients: {}
`;
const NAVIGATION = ["Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none"];

let echo: EchoService;
let instance: Started;
const folder = mkdtempSync(join(tmpdir(), "gatehouse-step-up-"));

before(async () => {
  echo = await startEcho();
  const policy = `gatehouse: 1
name: bank
identity: { audience: bank-api, claims: { groups: groups, name: preferred_username }, login: { client_id: bank-edge } }
environments: { local: { identity: embedded, domain: bank.localhost } }
services:
  web:
    exposure: public
    login: true
    upstream: ${echo.url}
    routes:
      GET /account: { needs: account:read }
      GET /transfer: { needs: account:read, authentication: { acr: [mfa], max_age: 5 minutes } }
roles: { staff: { members: { groups: [staff] }, can: [account:read], boundary: all } }
boundaries: { all: [account:read] }
`;
  instance = await startInstance({ files: { "gatehouse.yaml": policy, "people.yaml": PEOPLE } });
});

after(async () => {
  assert.equal(await instance.stop(), 0);
  await echo.close();
  rmSync(folder, { recursive: true });
});

/** Goes to a page as a browser with cookies of its own does, and signs in as often as a sign-in page comes. */
async function visit(name: string, path: string): Promise<{ readonly answer: CurlAnswer; readonly signIns: number }> {
  const jar = join(folder, `${name}.cookies`);
  const { edge, identity } = instance.status;
  const browse = (url: string, more: readonly string[] = []) =>
    curlUrl(url, edge.caFile, { headers: NAVIGATION, args: ["-L", "-b", jar, "-c", jar, ...more] });
  let answer = await browse(`${edge.https}${path}`);
  for (let signIns = 0; ; signIns++) {
    const [, action] = /action="(\/interaction\/[^"]+)"/.exec(answer.body) ?? [];
    if (action === undefined) return { answer, signIns };
    assert.ok(signIns < 3, "sent round in circles");
    answer = await browse(`${identity.issuer}${action}`, ["--data", `name=${name}&password=${name}-pw`]);
  }
}

test("a person signs in, signs in once more where it is asked for, and then not again", async () => {
  assert.deepEqual(await visit("ada", "/account").then(({ answer, signIns }) => [answer.status, signIns]), [200, 1]);
  const calls = echo.seen.length;
  assert.deepEqual(
    await visit("ada", "/transfer?to=7").then(({ answer, signIns }) => [answer.status, signIns]),
    [200, 1],
  );
  assert.equal(echo.seen.length, calls + 1);
  assert.deepEqual([echo.last().url, headerOf(echo.last(), "x-gatehouse-subject")], ["/transfer?to=7", "ada"]);
  assert.deepEqual(await visit("ada", "/transfer").then(({ answer, signIns }) => [answer.status, signIns]), [200, 0]);
});

test("a person who cannot is told so, and nothing reaches the service", async () => {
  assert.equal((await visit("bob", "/account")).answer.status, 200);
  const calls = echo.seen.length;
  const { answer, signIns } = await visit("bob", "/transfer");
  assert.deepEqual([answer.status, signIns, echo.seen.length], [403, 1, calls]);
  assert.match(answer.body, /<h1>This page asks for another sign-in<\/h1>/);
  assert.equal((await visit("bob", "/account")).answer.status, 200);
});

test("a token gets the challenge through the edge as it is", async () => {
  const answer = await curl(instance, "/transfer", { token: await instance.token("ada"), headers: NAVIGATION });
  assert.deepEqual(
    [answer.status, answer.headers["www-authenticate"], answer.body],
    [
      401,
      'Bearer error="insufficient_user_authentication", error_description="another sign-in is needed", acr_values="mfa", max_age="300"',
      '{"message":"Unauthorized"}',
    ],
  );
});
