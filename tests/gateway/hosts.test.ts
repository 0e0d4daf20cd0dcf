/** Host names beside the domain: each listener answers for those that it has an API for, and for nobody else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isGatehouseError } from "../../src/core/index.ts";
import { BASE_URL, Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { DOMAIN, type PolicySpec, startGateway } from "./fixture.ts";
import { ask } from "./raw-client.ts";
import { startService } from "./service.ts";

const ORDERS = "orders.localhost";
const BACK = "back.localhost";

function policyOf(shop: string, orders: string, back: string): PolicySpec {
  return {
    routes: [
      { key: "GET /items", upstream: shop, service: "shop" },
      { key: "GET /items", upstream: orders, service: "orders", host: ORDERS },
      { key: "ANY /{path+}", upstream: orders, service: "orders", host: ORDERS, needs: null },
      { key: "GET /items", upstream: back, service: "back", host: BACK, exposure: "private" },
      { key: "GET /{path+}", upstream: back, service: "back", host: ORDERS, exposure: "private", needs: null },
    ],
    roles: [{ name: "support", groups: ["support"], can: ["GET/items"] }],
  };
}

test("a host answers with its own routes on the listeners that it has an API on", async (t) => {
  const [shop, orders, back] = [await startService(t), await startService(t), await startService(t)];
  const fixture = await startGateway(t, policyOf(shop.origin, orders.origin, back.origin));
  const authorization = `Authorization: Bearer ${await fixture.token()}`;
  const cases = [
    ["public", DOMAIN, "/items", 200, "role-grants", "shop"],
    ["public", DOMAIN, "/else", 404, "no-route", null],
    ["public", `${ORDERS}:8443`, "/items", 200, "role-grants", "orders"],
    ["public", ORDERS.toUpperCase(), "/items", 200, "role-grants", "orders"],
    ["public", ORDERS, "/else", 200, "open-route", "orders"],
    ["public", BACK, "/items", 404, "no-route", null],
    ["private", BACK, "/items", 200, "role-grants", "back"],
    ["private", ORDERS, "/else", 200, "open-route", "back"],
    ["private", DOMAIN, "/items", 404, "no-route", null],
    ["public", "other.localhost", "/items", 421, "request-host", null],
    ["private", `x${BACK}`, "/items", 421, "request-host", null],
    ["public", `${ORDERS}.`, "/items", 421, "request-host", null],
    ["public", `${ORDERS}/x`, "/items", 400, "request-host", null],
    ["public", "orders..localhost", "/items", 400, "request-host", null],
  ] as const;
  // Twice: the second time the spelling is known.
  for (const [index, [listener, host, path, status, reason, service]] of [...cases, ...cases].entries()) {
    const socket = listener === "public" ? fixture.publicSocket : fixture.privateSocket;
    const answer = await ask(socket, `GET ${path} HTTP/1.1`, [`Host: ${host}`, authorization]);
    const record = await fixture.record(index);
    assert.deepEqual(
      [answer.status, record.status, record.reason, record.service, record.host],
      [status, status, reason, service, host],
      `${listener} ${host} ${path}`,
    );
  }
  assert.deepEqual([shop.hits(), orders.hits(), back.hits()], [2, 6, 4]);
});

test("two hosts in one request are refused, whichever comes first", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin, service.origin, service.origin));
  for (const hosts of [
    [DOMAIN, ORDERS],
    [ORDERS, DOMAIN],
  ]) {
    const headers = hosts.map((host) => `Host: ${host}`);
    assert.equal((await ask(fixture.publicSocket, "GET /else HTTP/1.1", headers)).status, 400);
  }
  assert.equal(service.hits(), 0);
});

test("Gatehouse's own endpoints and sign-in are the domain's alone, and reach no service of another host", async (t) => {
  const setup = await setUpSignIn();
  t.after(() => setup.close());
  const service = await startService(t);
  const fixture = await startGateway(
    t,
    {
      routes: [
        { key: "GET /items", upstream: service.origin, login: true },
        { key: "GET /items", upstream: service.origin, login: true, host: ORDERS },
        { key: "ANY /{path+}", upstream: service.origin, needs: null, host: ORDERS },
      ],
      roles: [{ name: "support", groups: ["support"], can: ["GET/items"] }],
    },
    { clock: setup.clock, wrap: (runtime) => ({ ...runtime, verifier: setup.verifier, sessions: setup.sessions }) },
  );
  const browser = new Browser(setup.sessions);
  await browser.signIn("ada");
  const cookie = `Cookie: ${browser.cookieHeader() ?? ""}`;
  const navigation = ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", "Accept: text/html"];
  const domain = `Host: ${new URL(BASE_URL).host}`;
  const cases = [
    [domain, "GET /_gatehouse/health HTTP/1.1", [], 200, "own-endpoint"],
    [`Host: ${ORDERS}`, "GET /_gatehouse/health HTTP/1.1", [], 404, "no-route"],
    [`Host: ${ORDERS}`, "GET /_gatehouse/jwks.json HTTP/1.1", [], 404, "no-route"],
    [`Host: ${ORDERS}`, "GET /_gatehouse/login HTTP/1.1", [], 404, "no-route"],
    [domain, "GET /items HTTP/1.1", navigation, 302, "sign-in"],
    [`Host: ${ORDERS}`, "GET /items HTTP/1.1", navigation, 401, "unauthenticated"],
    [domain, "GET /items HTTP/1.1", [cookie], 200, "role-grants"],
    // A browser would not send it there; whoever copies it gains nothing.
    [`Host: ${ORDERS}`, "GET /items HTTP/1.1", [cookie], 401, "unauthenticated"],
  ] as const;
  for (const [index, [host, line, headers, status, reason]] of cases.entries()) {
    assert.equal((await ask(fixture.publicSocket, line, [host, ...headers])).status, status, `${host} ${line}`);
    assert.equal((await fixture.record(index)).reason, reason);
  }
  assert.equal(service.hits(), 1);
});

test("APIs that cannot be told apart are not taken over", async (t) => {
  const service = await startService(t);
  const fixture = await startGateway(t, policyOf(service.origin, service.origin, service.origin));
  const { artifacts, ...rest } = fixture.runtime(policyOf(service.origin, service.origin, service.origin));
  const [first, ...others] = artifacts.hostApis;
  assert.ok(first !== undefined);
  const own = artifacts.apis.public;
  assert.ok(own !== null);
  for (const hostApis of [
    [...artifacts.hostApis, { ...first, api: { ...first.api, apiId: "another001" } }],
    [{ ...first, api: { ...first.api, apiId: own.apiId } }, ...others],
    [{ ...first, host: DOMAIN, exposure: "public" as const }, ...others],
  ])
    assert.throws(
      () => fixture.gateway.replace({ ...rest, artifacts: { ...artifacts, hostApis } }),
      (error) => isGatehouseError(error) && error.code === "GH_GATEWAY_ARTIFACT_UNSUPPORTED",
    );
  assert.equal((await ask(fixture.publicSocket, "GET /else HTTP/1.1", [`Host: ${ORDERS}`])).status, 200);
});
