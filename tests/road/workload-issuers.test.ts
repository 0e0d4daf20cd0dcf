/**
 * A workload issuer beside the embedded provider, through the whole road: what the service, records and commands say of
 * its subjects, and a change of the policy while it is away.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeJwt } from "jose";
import type { Status } from "../../src/app/status.ts";
import { SwitchableIssuer } from "../identity/switchable-issuer.ts";
import { curl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";

const PEOPLE = "people:\n  ann: { password: ann-pw, name: Ann, groups: [release] }\n";

function policyOf(upstream: string, issuer: string, audience = "road-ci"): string {
  return `gatehouse: 1
name: road
identity:
  audience: road-api
  claims: { groups: groups, name: name }
  issuers:
    ci: { issuer: "${issuer}", audience: ${audience}, claims: { groups: teams, name: repository } }
environments:
  local: { identity: embedded, domain: road.localhost, certificates: internal }
services:
  orders:
    exposure: public
    upstream: "${upstream}"
    routes:
      GET /orders: { needs: orders:read }
roles:
  people:   { members: { groups: [release] },               can: [orders:read], boundary: all }
  pipeline: { members: { issuer: ci, groups: [release] },   can: [orders:read], boundary: all }
boundaries:
  all: [orders:read]
`;
}

describe("a workload issuer", () => {
  let ci: SwitchableIssuer;
  let echo: EchoService;
  let instance: Started;

  before(async () => {
    ci = await SwitchableIssuer.create(Math.floor(Date.now() / 1000));
    await ci.open();
    echo = await startEcho();
    instance = await startInstance({
      files: { "gatehouse.yaml": policyOf(echo.url, ci.issuer), "people.yaml": PEOPLE },
    });
  });
  after(async () => {
    assert.equal(await instance.stop(), 0);
    await echo.close();
    await ci.close();
  });

  const getToken = (audience = "road-ci"): Promise<string> =>
    ci.sign(audience, { sub: "ann", repository: "shop/web", teams: ["release"] });
  const readStatus = async (): Promise<Status> =>
    JSON.parse((await instance.gatehouse("status", "--json")).stdout) as Status;

  test("has subjects that the service can tell from the provider's, whatever the client says", async () => {
    const lie = ["X-Gatehouse-Issuer: other", "x_gatehouse_issuer: other"];
    const expected = [
      [await instance.token("ann"), null, "person", "people"],
      [await getToken(), "ci", "machine", "pipeline"],
    ] as const;
    for (const [token, issuer, kind, role] of expected) {
      assert.equal((await curl(instance, "/orders", { token, headers: lie })).status, 200);
      const seen = echo.last();
      const told = ["subject", "issuer", "kind", "role"].map((name) => headerOf(seen, `x-gatehouse-${name}`));
      assert.deepEqual(told, ["ann", issuer, kind, role]);
      assert.equal(
        seen.headers.some(([, value]) => value.includes("other")),
        false,
      );
      const claims = decodeJwt(headerOf(seen, "x-gatehouse-assertion") ?? "");
      assert.deepEqual([claims.sub, claims["issuer"] ?? null], ["ann", issuer]);
    }
  });

  test("stands beside its subjects in `logs` and `trace`", async () => {
    const answer = await curl(instance, "/orders", { token: await getToken() });
    const id = answer.headers["x-request-id"] ?? "none";
    const logs = await instance.gatehouse("logs", "--subject", "ann", "--json");
    const { records } = JSON.parse(logs.stdout) as { records: { requestId: string; issuer: string | null }[] };
    assert.equal(records.find((record) => record.requestId === id)?.issuer, "ci");
    assert.ok(records.some((record) => record.issuer === null));
    assert.match((await instance.gatehouse("logs")).stdout, /issuer=ci {2}subject=ann {2}role=pipeline/);
    assert.match((await instance.gatehouse("trace", id)).stdout, /role-grants {2}ann of issuer ci as pipeline/);
  });

  test("has tokens that `explain` judges as the running environment does, and for no other one", async () => {
    const token = await getToken();
    const explained = await instance.gatehouse("explain", "GET", "/orders", "--token", token, "--json");
    const { effect, role, caller } = JSON.parse(explained.stdout) as {
      effect: string;
      role: string;
      caller: { subject: string; issuer: string | null };
    };
    assert.deepEqual(
      [explained.code, effect, role, caller.subject, caller.issuer],
      [0, "allow", "pipeline", "ann", "ci"],
    );
    const refused = await instance.gatehouse("explain", "GET", "/orders", "--token", await getToken("other"));
    assert.deepEqual([refused.code, /\((token-audience)\)/.exec(refused.stdout)?.[1]], [4, "token-audience"]);
    const elsewhere = await instance.gatehouse("explain", "GET", "/orders", "--token", token, "--env", "prod");
    assert.equal(elsewhere.code, 2);
    assert.match(elsewhere.stderr, /`local` runs and can judge tokens for itself only; leave `--env` out/);
    assert.equal(elsewhere.stderr.includes(token), false);
  });

  test("is in `status` with its keys, and stays of use when the policy changes while it is away", async () => {
    const { issuers } = (await readStatus()).identity;
    assert.deepEqual(
      issuers.map(({ name, keys }) => [name, keys.issuer, keys.usable, keys.keys.map(({ kid }) => kid)]),
      [["ci", ci.issuer, true, ["one"]]],
    );
    assert.match(
      (await instance.gatehouse("status")).stdout,
      new RegExp(`^issuer {4}ci: ${ci.issuer}, keys fetched [0-9]+ seconds? ago$`, "m"),
    );

    await ci.close();
    instance.write("gatehouse.yaml", policyOf(echo.url, ci.issuer, "other-ci"));
    await waitFor("the policy is taken over", async () => (await readStatus()).lastReload?.ok === true);
    assert.equal((await curl(instance, "/orders", { token: await getToken("other-ci") })).status, 200);
    assert.equal((await curl(instance, "/orders", { token: await getToken() })).status, 401);
    assert.equal((await curl(instance, "/orders", { token: await instance.token("ann") })).status, 200);
    const [kept] = (await readStatus()).identity.issuers;
    assert.deepEqual([kept?.keys.usable, kept?.keys.lastError], [true, null]);
    assert.doesNotMatch(instance.said(), /get 503 until/);
  });

  test("that was never there is told of, in `status` too, and the others go on", async () => {
    const nowhere = await SwitchableIssuer.create(Math.floor(Date.now() / 1000));
    instance.write("gatehouse.yaml", policyOf(echo.url, nowhere.issuer));
    await waitFor("it is told of", () => instance.said().includes("tokens of issuer `ci` get 503 until"));
    const isTakenOver = async () => (await readStatus()).identity.issuers[0]?.keys.issuer === nowhere.issuer;
    await waitFor("the policy is taken over", isTakenOver);
    const { stdout } = await instance.gatehouse("status");
    const said = stdout.split("\n").find((line) => line.startsWith("issuer"));
    const url = `${nowhere.issuer}/.well-known/openid-configuration`;
    assert.equal(
      said,
      `issuer    ci: ${nowhere.issuer}, no keys yet; its tokens get 503; the latest fetch failed: ` +
        `cannot use identity provider at \`${url}\`: connection refused`,
    );
    const token = await nowhere.sign("road-ci", { sub: "ann", teams: ["release"] });
    assert.equal((await curl(instance, "/orders", { token })).status, 503);
    assert.equal((await curl(instance, "/orders", { token: await instance.token("ann") })).status, 200);
  });
});
