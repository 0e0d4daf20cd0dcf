import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from "jose";
import { type Services, startServices } from "../../examples/shop/services.ts";

const anyPorts = { orders: 0, backoffice: 0, web: 0 };
const asAna = {
  "x-gatehouse-subject": "ana",
  "x-gatehouse-name": "Ana%20Ljubi%C4%87",
  "x-gatehouse-groups": "support,a%2Cb",
  "x-gatehouse-role": "support",
};
let services: Services;

before(async () => {
  services = await startServices({ ports: anyPorts });
});
after(() => services.close());

async function call(
  service: keyof Services["ports"],
  path: string,
  init: RequestInit = {},
  from = services,
): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`http://127.0.0.1:${from.ports[service]}${path}`, init);
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

test("orders are listed, placed, found and exported, and the stock shrinks", async () => {
  const placed = await call("orders", "/orders", {
    method: "POST",
    headers: asAna,
    body: JSON.stringify({ item: "blanket", quantity: 3 }),
  });
  assert.equal(placed.status, 201);
  assert.deepEqual(JSON.parse(placed.text), {
    id: "1003",
    item: "blanket",
    quantity: 3,
    totalCents: 15600,
    placedBy: "Ana Ljubić",
  });
  assert.deepEqual(await call("orders", "/orders/1003", { headers: asAna }), {
    status: 200,
    type: "application/json",
    text: placed.text,
  });
  assert.equal((await call("orders", "/orders/9", { headers: asAna })).status, 404);
  assert.equal(
    (await call("orders", "/orders/export", { headers: asAna })).text,
    "id,item,quantity,total_cents\r\n1001,lantern,2,7800\r\n1002,kettle,1,2450\r\n1003,blanket,3,15600\r\n",
  );
  assert.deepEqual(JSON.parse((await call("backoffice", "/stock", { headers: asAna })).text), {
    lantern: 38,
    kettle: 24,
    blanket: 7,
  });
});

test("an order that cannot be taken changes nothing", async () => {
  const order = (body: string): Promise<{ status: number }> =>
    call("orders", "/orders", { method: "POST", headers: asAna, body });
  assert.equal((await order("no json")).status, 400);
  assert.equal((await order('{"item":"lantern","quantity":0}')).status, 400);
  assert.equal((await order(`{"item":"${"x".repeat(20_000)}","quantity":1}`)).status, 400);
  assert.equal((await order('{"item":"ladder","quantity":1}')).status, 404);
  assert.equal((await order('{"item":"lantern","quantity":1000}')).status, 409);
  assert.equal(JSON.parse((await call("backoffice", "/stock", { headers: asAna })).text).lantern, 38);
});

test("the back office counts sales and sets the stock", async () => {
  const put = await call("backoffice", "/stock/kettle", { method: "PUT", headers: asAna, body: '{"quantity":5}' });
  assert.deepEqual([put.status, JSON.parse(put.text).kettle], [200, 5]);
  assert.equal((await call("backoffice", "/stock/ladder", { method: "PUT", headers: asAna, body: "{}" })).status, 400);
  assert.equal((await call("backoffice", "/sales", { headers: asAna })).status, 200);
  assert.equal((await call("backoffice", "/nothing", { headers: asAna })).status, 404);
});

test("a subject of a workload issuer is not the provider's of that name", async () => {
  assert.equal((await call("orders", "/orders", { headers: asAna })).status, 200);
  const headers = { ...asAna, "x-gatehouse-issuer": "ci" };
  assert.equal((await call("orders", "/orders", { headers })).status, 401);
  assert.match((await call("web", "/", { headers })).text, /Nobody is signed in/);
});

test("without an identity only health and the page answer, and the page offers to sign in", async () => {
  assert.deepEqual(await call("orders", "/health"), { status: 200, type: "application/json", text: '{"status":"ok"}' });
  assert.equal((await call("orders", "/orders")).status, 401);
  assert.equal((await call("backoffice", "/sales")).status, 401);
  const page = await call("web", "/");
  assert.equal(page.status, 200);
  assert.match(page.text, /Nobody is signed in/);
  assert.match(page.text, /href="\/_gatehouse\/login"/);
});

test("the page says who is signed in, with a way out, and never trusts a name as markup", async () => {
  const page = await call("web", "/", { headers: { ...asAna, "x-gatehouse-name": "%3Cb%3EAna%3C/b%3E" } });
  assert.match(page.text, /<span id="name">&#60;b&#62;Ana&#60;\/b&#62;<\/span>/);
  assert.match(page.text, /1001/);
  const account = await call("web", "/account", { headers: asAna });
  assert.match(account.text, /<span id="name">Ana Ljubić<\/span>/);
  assert.doesNotMatch(account.text, /1001/);
  assert.match(page.text, /<dd id="groups">support, a,b<\/dd>/);
  assert.match(page.text, /<form method="post" action="\/_gatehouse\/logout"><button>Sign out<\/button><\/form>/);
});

test("with a known issuer only its fresh assertion for this very service is believed", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const stranger = await generateKeyPair("ES256");
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }] });
  const issuing = createServer((_, response) => response.setHeader("content-type", "application/json").end(jwks));
  await new Promise<void>((resolve) => issuing.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(issuing.address() as AddressInfo).port}/_gatehouse`;
  const trusting = await startServices({ ports: anyPorts, trust: Promise.resolve({ issuer, ca: null }) });
  const sign = (key: CryptoKey, audience: string, expiresIn: string, claims = {}): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .setIssuer(issuer)
      .setSubject("ana")
      .setAudience(audience)
      .setExpirationTime(expiresIn)
      .sign(key);
  const status = async (assertion: string): Promise<number> =>
    (await call("orders", "/orders", { headers: { ...asAna, "x-gatehouse-assertion": assertion } }, trusting)).status;
  try {
    assert.equal(await status(await sign(privateKey, "orders", "1 minute")), 200);
    assert.equal(await status(await sign(privateKey, "orders", "1 minute", { issuer: "ci" })), 401);
    assert.equal(await status(await sign(privateKey, "web", "1 minute")), 401);
    assert.equal(await status(await sign(privateKey, "orders", "1 minute ago")), 401);
    assert.equal(await status(await sign(stranger.privateKey, "orders", "1 minute")), 401);
    assert.equal(await status(""), 401);
  } finally {
    await trusting.close();
    issuing.closeAllConnections();
    issuing.close();
  }
});

test("when a port is taken none of the services listens", async () => {
  const taken = services.ports.web;
  await assert.rejects(startServices({ ports: { ...anyPorts, web: taken } }), { code: "EADDRINUSE" });
});
