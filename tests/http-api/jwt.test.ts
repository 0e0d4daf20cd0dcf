import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Authorizer } from "../../src/model/index.ts";
import { headerOf } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { type TestIssuer, startIssuer } from "../support/issuer.ts";
import { type Fixture, START_MS, accountOf, apiOf, startAccount } from "./fixture.ts";

const NOW = START_MS / 1000;

function authorizerOf(issuer: string, source = "$request.header.Authorization"): Authorizer {
  return {
    authorizerId: "jwt1",
    name: "people",
    authorizerType: "JWT",
    identitySource: [source],
    jwtConfiguration: { issuer, audience: ["api"] },
  };
}

interface Started {
  readonly api: Fixture;
  readonly issuer: TestIssuer;
  readonly origin: string;
  readonly hits: () => number;
  readonly token: (claims?: Record<string, unknown>) => Promise<string>;
}

async function start(t: TestContext, source?: string): Promise<Started> {
  const issuer = await startIssuer("api");
  t.after(() => issuer.close());
  const service = await startService(t);
  const route = { uri: service.origin, auth: "JWT" as const, authorizerId: "jwt1" };
  const api = await startAccount(
    t,
    accountOf([
      apiOf({
        routes: [
          { key: "ANY /pets", ...route },
          { key: "GET /scoped", ...route, scopes: ["r", "w"] },
        ],
        authorizers: [authorizerOf(issuer.issuer, source)],
      }),
    ]),
  );
  const token = (claims: Record<string, unknown> = {}): Promise<string> =>
    issuer.sign({ iat: NOW - 10, exp: NOW + 300, ...claims });
  return { api, issuer, origin: service.origin, hits: () => service.hits(), token };
}

test("a token of the authorizer's issuer lets its call through, also one with a body, and it goes on to the backend", async (t) => {
  const { api, token } = await start(t);
  const bearer = `Authorization: Bearer ${await token()}`;
  const answer = await api.ask("POST /pets", { headers: [bearer], body: "hello" });
  assert.equal(answer.status, 200);
  const record = await api.record(0);
  assert.deepEqual([record.authorizer, record.caller, record.authorizerError], ["JWT", "dora", null]);
  assert.equal(record.bytesIn, 5);
});

test("without a token 401 has a bare challenge, with a bad one it says what is wrong, without a scope it is 403", async (t) => {
  const { api, token, hits } = await start(t);
  const missing = await api.ask("GET /pets");
  assert.deepEqual([missing.status, missing.body], [401, '{"message":"Unauthorized"}']);
  assert.equal(headerOf(missing, "www-authenticate"), "Bearer");
  assert.equal(headerOf(missing, "content-length"), "26");
  const malformed = await api.ask("GET /pets", { headers: ["Authorization: Bearer not-a-token"] });
  assert.equal(malformed.status, 401);
  assert.equal(
    headerOf(malformed, "www-authenticate"),
    'Bearer scope="" error="invalid_token" error_description="token contains an invalid number of segments"',
  );
  const old = `Authorization: Bearer ${await token({ exp: NOW - 1 })}`;
  assert.equal(
    headerOf(await api.ask("GET /scoped", { headers: [old] }), "www-authenticate"),
    'Bearer scope="r w" error="invalid_token" error_description="the token has expired"',
  );
  const narrow = `Authorization: Bearer ${await token({ scope: "openid" })}`;
  const refused = await api.ask("GET /scoped", { headers: [narrow] });
  assert.deepEqual([refused.status, refused.body], [403, '{"message":"Forbidden"}']);
  const record = await api.record(3);
  assert.deepEqual(
    [record.routeKey, record.responseType, record.authorizerError],
    ["GET /scoped", "ACCESS_DENIED", "expected scopes: [r w]"],
  );
  assert.equal(hits(), 0);
  assert.equal(
    (await api.ask("GET /scoped", { headers: [`Authorization: ${await token({ scope: "x w" })}`] })).status,
    200,
  );
});

test("a token in the query is taken where the identity source says so, and only there", async (t) => {
  const { api, token } = await start(t, "$request.querystring.t");
  const text = await token();
  assert.equal((await api.ask(`GET /pets?t=${text}`)).status, 200);
  assert.equal((await api.ask("GET /pets", { headers: [`Authorization: Bearer ${text}`] })).status, 401);
  assert.equal(JSON.stringify(api.records).includes(text.split(".")[2] ?? ""), false);
});

test("an issuer that is away refuses the call and is not a fault of the gateway", async (t) => {
  const { api, issuer, token } = await start(t);
  const headers = [`Authorization: Bearer ${await token()}`];
  await issuer.close();
  const away = await api.ask("GET /pets", { headers });
  assert.equal(away.status, 401);
  assert.match(headerOf(away, "www-authenticate") ?? "", /OIDC discovery endpoint communication error/);
});

test("keys that were fetched serve the same authorizer of the next account", async (t) => {
  const { api, issuer, origin, token } = await start(t);
  const headers = [`Authorization: Bearer ${await token()}`];
  assert.equal((await api.ask("GET /pets", { headers })).status, 200);
  await issuer.close();
  const more = { key: "GET /more", uri: origin, auth: "JWT" as const, authorizerId: "jwt1" };
  api.gateway.replace(accountOf([apiOf({ routes: [more], authorizers: [authorizerOf(issuer.issuer)] })]));
  assert.equal((await api.ask("GET /more", { headers })).status, 200);
});

test("a route whose authorizer is not there cannot be served", async (t) => {
  const service = await startService(t);
  const route = { key: "GET /pets", uri: service.origin, auth: "JWT" as const, authorizerId: "gone" };
  await assert.rejects(startAccount(t, accountOf([apiOf({ routes: [route] })])), {
    code: "GH_GATEWAY_ACCOUNT_UNSUPPORTED",
  });
});
