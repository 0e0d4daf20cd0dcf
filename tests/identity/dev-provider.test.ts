import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../src/core/index.ts";
import {
  type DevProvider,
  createKeySource,
  createTokenVerifier,
  parsePeople,
  startDevProvider,
} from "../../src/identity/index.ts";
import { AUDIENCE, BASE_URL, type Setup, readPeople, setUpSignIn } from "./sign-in-setup.ts";

let setup: Setup;
let folder: string;

before(async () => {
  setup = await setUpSignIn();
  folder = await mkdtemp(join(tmpdir(), "gatehouse-provider-"));
});
after(async () => {
  await setup.close();
  await rm(folder, { recursive: true });
});

interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** With any Host header, which fetch does not allow. */
async function ask(path: string, headers: Record<string, string>, host = "127.0.0.1"): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port: setup.provider.port, path, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.on("error", reject).end();
  });
}

async function callToken(form: Record<string, string>, credentials?: string): Promise<Response> {
  return fetch(`${setup.provider.issuer}/token`, {
    method: "POST",
    body: new URLSearchParams(form),
    ...(credentials === undefined ? {} : { headers: { authorization: `Basic ${btoa(credentials)}` } }),
  });
}

function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
}

describe("who may reach it", () => {
  test("its own address and no other name", async () => {
    const own = `127.0.0.1:${setup.provider.port}`;
    assert.equal((await ask("/jwks", { host: own })).status, 200);
    for (const host of [
      "evil.test",
      `evil.test:${setup.provider.port}`,
      "127.0.0.1",
      `localhost:${setup.provider.port}`,
      `${own}.`,
      `127.0.0.1.evil.test:${setup.provider.port}`,
    ]) {
      assert.equal((await ask("/jwks", { host })).status, 421, host);
    }
  });

  test("nobody on another address of this machine", async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((one) => one?.internal === false && one.family === "IPv4");
    for (const other of others) {
      await assert.rejects(ask("/jwks", {}, other?.address), { code: "ECONNREFUSED" });
    }
  });

  test("no page of another origin may read its answers", async () => {
    const response = await fetch(`${setup.provider.issuer}/token`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.test" },
    });
    assert.equal(response.headers.get("access-control-allow-origin"), null);
  });
});

describe("tokens", () => {
  test("for a client by its secret: a JWT for the policy's audience", async () => {
    const response = await callToken({ grant_type: "client_credentials" }, "billing:billing-pw");
    assert.equal(response.status, 200);
    const { access_token: token } = (await response.json()) as { access_token: string };
    const result = await setup.verifier.verify(token);
    assert.ok(result.ok);
    assert.equal(result.identity.kind, "machine");
    assert.deepEqual(
      [result.identity.subject, result.identity.clientId, result.identity.groups],
      ["billing", "billing", ["machines"]],
    );
  });

  test("are not given for a wrong secret, an unknown client, a person, or another grant", async () => {
    const grant = { grant_type: "client_credentials" };
    assert.equal((await callToken(grant, "billing:wrong")).status, 401);
    assert.equal((await callToken(grant, "nobody:x")).status, 401);
    assert.equal((await callToken(grant, "ada:ada-pw")).status, 401);
    assert.equal((await callToken(grant, "shop-edge:edge-secret")).status, 400);
    assert.equal(
      (await callToken({ grant_type: "password", username: "ada", password: "ada-pw" }, "billing:billing-pw")).status,
      400,
    );
  });

  test("of people and clients by name are the provider's own", async () => {
    for (const [name, kind] of [
      ["ada", "person"],
      ["billing", "machine"],
    ] as const) {
      const { accessToken, expiresInSeconds } = await setup.provider.tokenFor(name);
      assert.equal(expiresInSeconds, 900);
      const result = await setup.verifier.verify(accessToken);
      assert.ok(result.ok);
      assert.deepEqual([result.identity.subject, result.identity.kind], [name, kind]);
    }
    assert.equal(payloadOf((await setup.provider.tokenFor("ada")).accessToken)["email"], "ada@shop.example");
    await assert.rejects(setup.provider.tokenFor("eve"), {
      code: "GH_IDENTITY_UNKNOWN_NAME",
      message: "nobody is called `eve`; known are `ada`, `bob`, `billing`",
    });
  });

  test("carry groups and name where the policy looks for them", async () => {
    const provider = await startDevProvider({
      people: readPeople(),
      port: 0,
      keyFile: join(folder, "claims.json"),
      audience: AUDIENCE,
      loginClient: null,
      claims: { groups: "realm_access.roles", name: "https://shop.example/name" },
      accessTokenTtlSeconds: 7,
    });
    try {
      const { accessToken, expiresInSeconds } = await provider.tokenFor("ada");
      assert.equal(expiresInSeconds, 7);
      const payload = payloadOf(accessToken);
      assert.deepEqual(payload["realm_access"], { roles: ["support"] });
      assert.equal(payload["https://shop.example/name"], "ada");
      assert.deepEqual(payload["groups"], ["support"]);
    } finally {
      await provider.close();
    }
  });
});

describe("claims of the people file", () => {
  test("are in access tokens, of people and of clients, however they are asked for", async () => {
    const byName = payloadOf((await setup.provider.tokenFor("ada")).accessToken);
    assert.deepEqual([byName["amr"], byName["level"], byName["department"]], [["pwd", "mfa"], 3, "sales"]);
    assert.equal(payloadOf((await setup.provider.tokenFor("billing")).accessToken)["level"], 7);
    const response = await callToken({ grant_type: "client_credentials" }, "billing:billing-pw");
    const { access_token: token } = (await response.json()) as { access_token: string };
    assert.equal(payloadOf(token)["level"], 7);
    const result = await setup.verifier.verify(token);
    assert.ok(result.ok);
    assert.deepEqual(result.identity.claims, { level: ["7"] });
    assert.equal(payloadOf((await setup.provider.tokenFor("bob")).accessToken)["level"], undefined);
  });

  test("never take the place of groups and name, whatever their names are", async () => {
    const text = `people: { eve: { password: x, groups: [guests], claims: {
      realm_access: admin, realm_access.roles: [admin], groups: [admin], preferred_username: ada, email: e@x.test } } }`;
    // As a reader that does not know where the policy looks would take it.
    const { people } = parsePeople("people.yaml", text, { groups: "none", name: "none" });
    assert.ok(people !== null);
    const claims = { groups: "realm_access.roles", name: "preferred_username" };
    const keyFile = join(folder, "own-claims.json");
    const options = { people, port: 0, keyFile, audience: AUDIENCE, loginClient: null, claims };
    const provider = await startDevProvider(options);
    try {
      const payload = payloadOf((await provider.tokenFor("eve")).accessToken);
      assert.deepEqual(payload["realm_access"], { roles: ["guests"] });
      assert.equal(Object.hasOwn(payload, "realm_access.roles"), false);
      assert.equal(payload["preferred_username"], "eve");
      assert.deepEqual(payload["groups"], ["admin"]);
      assert.equal(payload["email"], "e@x.test");
    } finally {
      await provider.close();
    }
  });
});

describe("the code flow", () => {
  const redirectUri = `${BASE_URL}/_gatehouse/callback`;
  const good = { client_id: "shop-edge", response_type: "code", scope: "openid", redirect_uri: redirectUri };

  async function authorize(query: Record<string, string>): Promise<Response> {
    return fetch(`${setup.provider.issuer}/auth?${new URLSearchParams(query).toString()}`, { redirect: "manual" });
  }

  for (const uri of [
    "https://evil.test/_gatehouse/callback",
    `${redirectUri}/`,
    `${redirectUri}?x=1`,
    "https://shop.localhost:8443@evil.test/_gatehouse/callback",
    "https://shop.localhost/_gatehouse/callback",
    "http://shop.localhost:8443/_gatehouse/callback",
    "javascript:alert(1)",
  ]) {
    test(`never leads to ${uri}`, async () => {
      for (const more of [{}, { response_type: "token" }]) {
        const response = await authorize({
          ...good,
          ...more,
          redirect_uri: uri,
          code_challenge: "x".repeat(43),
          code_challenge_method: "S256",
        });
        assert.equal(response.status, 400);
        assert.equal(response.headers.get("location"), null);
        assert.match(await response.text(), /That did not work/);
      }
    });
  }

  test("needs PKCE with S256", async () => {
    for (const more of [{}, { code_challenge: "x".repeat(43), code_challenge_method: "plain" }]) {
      const response = await authorize({ ...good, ...more });
      assert.equal(response.status, 303);
      assert.equal(new URL(response.headers.get("location") ?? "").searchParams.get("error"), "invalid_request");
    }
  });

  test("has a sign-in page without script, marked as development only", async () => {
    const response = await authorize({ ...good, code_challenge: "x".repeat(43), code_challenge_method: "S256" });
    const cookies = response.headers.getSetCookie().map((line) => line.split(";")[0]);
    const page = await fetch(`${setup.provider.issuer}${response.headers.get("location")}`, {
      headers: { cookie: cookies.join("; ") },
    });
    const body = await page.text();
    assert.equal(page.status, 200);
    assert.match(body, /Development only/);
    assert.doesNotMatch(body, /<script/i);
    assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'none'; style-src 'sha256-/);
    for (const line of response.headers.getSetCookie()) assert.match(line, /httponly/i);
  });

  test("asked for again without its cookie is a page that says so", async () => {
    const response = await fetch(`${setup.provider.issuer}/interaction/made-up`);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /This sign-in has ended/);
  });
});

describe("its key", () => {
  test("outlives it, in a file for its owner alone, so that tokens stay good", async () => {
    const keyFile = join(folder, "restart.json");
    const options = { people: readPeople(), keyFile, audience: AUDIENCE, loginClient: null };
    const first = await startDevProvider({ ...options, port: 0 });
    const { accessToken } = await first.tokenFor("ada");
    await first.close();
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
    const second = await startDevProvider({ ...options, port: first.port });
    try {
      const keys = createKeySource({ issuer: second.issuer, clock: systemClock, allowHttpLoopback: true });
      await keys.load();
      const verifier = createTokenVerifier({
        issuer: second.issuer,
        audience: AUDIENCE,
        claims: { groups: "groups", name: "name" },
        keys,
        clock: systemClock,
      });
      assert.equal((await verifier.verify(accessToken)).ok, true);
      keys.close();
      const published = JSON.stringify(await (await fetch(`${second.issuer}/jwks`)).json());
      const { keys: stored } = JSON.parse(await readFile(keyFile, "utf8")) as { keys: { d: string }[] };
      assert.equal(published.includes(stored[0]?.d ?? ""), false);
    } finally {
      await second.close();
    }
  });

  test("a port that is taken is said so, and nothing is left listening", async () => {
    const options = {
      people: readPeople(),
      keyFile: join(folder, "taken.json"),
      audience: AUDIENCE,
      loginClient: null,
    };
    await assert.rejects(startDevProvider({ ...options, port: setup.provider.port }), { code: "GH_APP_PORT_TAKEN" });
  });
});

test("it says nothing on the terminal, whatever is asked of it", async () => {
  const program = `
    import { startDevProvider, parsePeople } from ${JSON.stringify(new URL("../../src/identity/index.ts", import.meta.url).href)};
    const { people } = parsePeople("p", "people: { ada: { password: x } }");
    const provider = await startDevProvider({ people, port: 0, keyFile: ${JSON.stringify(join(folder, "quiet.json"))}, audience: "a", loginClient: null });
    await provider.tokenFor("ada");
    for (const path of ["/", "/auth", "/token", "/jwks", "/device", "/session/end", "/device/auth", "/me", "/auth?client_id=gatehouse-cli&response_type=code&redirect_uri=https://x"])
      for (const method of ["GET", "POST"]) await (await fetch(provider.issuer + path, { method, redirect: "manual" })).text();
    const started = await (await fetch(provider.issuer + "/device/auth", { method: "POST", body: new URLSearchParams({ client_id: "gatehouse-cli", scope: "openid" }) })).json();
    await (await fetch(provider.issuer + "/device?user_code=" + started.user_code)).text();
    await provider.close();
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  assert.deepEqual({ stdout, stderr, status }, { stdout: "", stderr: "", status: 0 });
});

test("it ends at once, open connections included", async () => {
  const provider: DevProvider = await startDevProvider({
    people: readPeople(),
    port: 0,
    keyFile: join(folder, "end.json"),
    audience: AUDIENCE,
    loginClient: null,
  });
  await (await fetch(`${provider.issuer}/jwks`)).text();
  await provider.close();
  await assert.rejects(fetch(`${provider.issuer}/jwks`));
});
