import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CLI_CLIENT, deviceLogin } from "../../src/identity/index.ts";
import { Browser, type Setup, setUpSignIn } from "./sign-in-setup.ts";

let setup: Setup;

before(async () => {
  setup = await setUpSignIn();
});
after(async () => setup.close());

/** What a person does: opens the page, enters the code, confirms or not, signs in. */
async function visit(verificationUri: string, userCode: string, confirm: boolean): Promise<string> {
  const browser = new Browser(setup.sessions);
  const fields = (body: string): Record<string, string> =>
    Object.fromEntries(
      [...body.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
        name,
        value,
      ]),
    );
  const page = await browser.open(verificationUri);
  assert.equal(page.status, 200);
  const question = await browser.open(verificationUri, { ...fields(page.body), user_code: userCode });
  assert.match(question.body, new RegExp(`<strong>${userCode}</strong>`));
  const answer = await browser.open(verificationUri, {
    ...fields(question.body),
    ...(confirm ? {} : { abort: "yes" }),
  });
  if (!confirm) return answer.body;
  const done = await browser.open(answer.url, { name: "ada", password: "ada-pw" });
  for (const body of [page.body, question.body, answer.body, done.body]) assert.doesNotMatch(body, /<script|onfocus/);
  return done.body;
}

const login = { clientId: CLI_CLIENT, scopes: ["openid"], audience: "shop-api" };

test("a person at the command line gets a token by confirming a code in a browser", async () => {
  let visited: Promise<string> | undefined;
  const { accessToken, expiresInSeconds } = await deviceLogin({
    ...login,
    issuer: setup.provider.issuer,
    onPrompt: ({ verificationUri, userCode, verificationUriComplete, expiresInSeconds: codeSeconds }) => {
      assert.equal(verificationUri, `${setup.provider.issuer}/device`);
      assert.equal(verificationUriComplete, `${verificationUri}?user_code=${userCode}`);
      assert.equal(codeSeconds, 600);
      visited = visit(verificationUri, userCode, true);
    },
  });
  assert.match((await visited) ?? "", /You are signed in/);
  assert.ok(expiresInSeconds > 890 && expiresInSeconds <= 900);
  setup.clock.set(Date.now());
  const result = await setup.verifier.verify(accessToken);
  assert.ok(result.ok);
  assert.deepEqual(
    [result.identity.kind, result.identity.subject, result.identity.clientId],
    ["person", "ada", CLI_CLIENT],
  );
});

test("refused in the browser it fails and says so", async () => {
  const started = deviceLogin({
    ...login,
    issuer: setup.provider.issuer,
    onPrompt: ({ verificationUri, userCode }) => void visit(verificationUri, userCode, false),
  });
  await assert.rejects(started, {
    code: "GH_IDENTITY_LOGIN_FAILED",
    message: `sign-in at \`${setup.provider.issuer}\` failed: it was refused in the browser`,
  });
});

test("it stops when it is told to", async () => {
  const stop = new AbortController();
  const started = deviceLogin({
    ...login,
    issuer: setup.provider.issuer,
    signal: stop.signal,
    onPrompt: () => stop.abort(),
  });
  await assert.rejects(started, { code: "GH_IDENTITY_LOGIN_FAILED", message: /it was stopped$/ });
});

test("a client that may not is refused with the provider's reason", async () => {
  const started = deviceLogin({ ...login, clientId: "nobody", issuer: setup.provider.issuer, onPrompt: () => {} });
  await assert.rejects(started, {
    code: "GH_IDENTITY_LOGIN_FAILED",
    message: /the provider answered `invalid_client`$/,
  });
});

test("a provider without device login is named", async () => {
  const issuer = "https://login.shop.example";
  const started = deviceLogin({ ...login, issuer, fetch: async () => Response.json({ issuer }), onPrompt: () => {} });
  await assert.rejects(started, { code: "GH_IDENTITY_LOGIN_FAILED", message: /does not offer device login$/ });
});

test("a provider that is not there, and one that is another, are told apart", async () => {
  const issuer = "https://login.shop.example";
  const loginWith = (fetch: () => Promise<Response>) => deviceLogin({ ...login, issuer, fetch, onPrompt: () => {} });
  await assert.rejects(
    loginWith(async () => Promise.reject(new Error("down"))),
    { code: "GH_IDENTITY_PROVIDER_UNREACHABLE" },
  );
  await assert.rejects(
    loginWith(async () => Response.json({ issuer: `${issuer}/` })),
    { code: "GH_IDENTITY_ISSUER_MISMATCH" },
  );
  await assert.rejects(deviceLogin({ ...login, issuer: "http://login.shop.example", onPrompt: () => {} }), {
    code: "GH_IDENTITY_ADDRESS_REFUSED",
  });
});
