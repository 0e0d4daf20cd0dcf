/**
 * What is written down and answered about a request: nothing that lets somebody in, nothing that a caller has put there as
 * more than text, and nothing that tells what a stranger may not know.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { renderDiagnostic } from "../../src/core/index.ts";
import { CLI_CLIENT, deviceLogin } from "../../src/identity/index.ts";
import { parsePolicy } from "../../src/policy/index.ts";
import { startGateway } from "../gateway/fixture.ts";
import { ask, headerOf } from "../gateway/raw-client.ts";
import { startService } from "../gateway/service.ts";
import { BASE_URL, Browser, setUpSignIn } from "../identity/sign-in-setup.ts";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { run } from "../support/run.ts";
import { row } from "./catalogue.ts";
import {
  ENTRANCES,
  NO_ROUTE,
  type Road,
  type Request,
  badRequest,
  forbidden,
  startRoad,
  unauthorized,
} from "./road.ts";

let road: Road;
/** Every credential that was sent, so that the outputs of commands can be searched too. */
const sent: string[] = [];

before(async () => {
  // What is said in this mode is more; it may not be more about credentials.
  process.env["GATEHOUSE_DEBUG"] = "1";
  road = await startRoad({ args: ["--metrics", "0"] });
});
after(async () => {
  delete process.env["GATEHOUSE_DEBUG"];
  await road.stop();
});

async function tokenOf(...given: Parameters<Road["token"]>): Promise<string> {
  const token = await road.token(...given);
  sent.push(token);
  return token;
}

/** Fails when a credential, or a part of one, is in a text. */
function assertSilent(text: string, where: string, credentials: readonly string[] = sent): void {
  for (const credential of credentials)
    for (const part of [credential, ...credential.split(".")])
      if (part.length >= 20) assert.ok(!text.includes(part), `a credential is told by ${where}`);
}

/** What the commands about a running instance print. */
async function everythingSaid(): Promise<Map<string, string>> {
  const commands = [["status", "--json"], ["logs"], ["logs", "--json"], ["metrics", "--json"]];
  const ran = await Promise.all(commands.map(async (args) => road.instance.gatehouse(...args)));
  return new Map(ran.map(({ stdout, stderr }, i) => [commands[i]?.join(" ") ?? "", stdout + stderr]));
}

row(113, () => {
  it("no refusal tells its token: not in the answer, a record, a log, or a command's output", async () => {
    const now = Math.floor(Date.now() / 1000);
    const good = await tokenOf();
    const [head, payload, signature = ""] = good.split(".");
    const refusals: Readonly<Record<string, string>> = {
      "token-expired": await tokenOf({ exp: now - 1 }),
      "token-not-yet-valid": await tokenOf({ nbf: now + 600 }),
      "token-audience": await tokenOf({ aud: "other" }),
      "token-issuer": await tokenOf({ iss: "https://other.example" }),
      "token-claims": await tokenOf({ sub: 7 }),
      "token-algorithm": await tokenOf({}, { alg: "HS256" }),
      "token-critical": await tokenOf({}, { b64: true }),
      "token-type": await tokenOf({}, { typ: "logout+jwt" }),
      "token-unknown-key": await tokenOf({}, { kid: "unknown" }),
      "token-signature": `${head}.${payload}.${signature.slice(0, -20)}${"A".repeat(20)}`,
      "token-malformed": `${good}.${signature}`,
      "token-too-large": `${good}${"x".repeat(8000)}`,
    };
    for (const [reason, token] of Object.entries(refusals)) {
      sent.push(token);
      road.guard(token);
      for (const entrance of ENTRANCES) {
        const requests: Request[] = [["GET /orders HTTP/1.1", `Authorization: Bearer ${token}`]];
        await road.assertRefused(entrance, requests, unauthorized(reason));
      }
    }
    // Where a credential does not belong: it is read there by nobody, and written down by nobody.
    const misplaced: Request[] = [
      [`GET /orders?access_token=${good} HTTP/1.1`],
      [`GET /orders?a=1&token=${good}&b=2 HTTP/1.1`],
      ["GET /orders HTTP/1.1", `Cookie: __Host-gatehouse=1~${good}; token=${good}`],
      ["GET /orders HTTP/1.1", `X-Token: ${good}`, `Proxy-Authorization: Bearer ${good}`],
      ["GET /orders HTTP/1.1", `Referer: https://road.localhost/?access_token=${good}`],
    ];
    for (const entrance of ENTRANCES) await road.assertRefused(entrance, misplaced, unauthorized("unauthenticated"));
    await road.assertRefused(
      "edge",
      [["GET /admin HTTP/1.1", `Authorization: Bearer ${good}`]],
      forbidden("not-granted"),
    );
    await road.assertRefused("edge", [["GET /nowhere HTTP/1.1", `Authorization: Bearer ${good}`]], NO_ROUTE);
    for (const [command, text] of await everythingSaid()) assertSilent(text, command);
  });

  it("no command that is given a token says it, however it fails", async () => {
    const good = await tokenOf();
    const tokens = [`${good}x`, good.slice(0, 100), await tokenOf({ exp: 1 })];
    sent.push(...tokens);
    const explain = async (token: string) => road.instance.gatehouse("explain", "GET", "/orders", "--token", token);
    for (const ran of await Promise.all(tokens.map(explain))) {
      assert.ok(ran.code !== null && ran.code < 70, ran.stderr);
      assertSilent(ran.stdout + ran.stderr, "explain");
    }
  });
});

row(115, () => {
  it("a session is shown by no page and no command", async () => {
    const cookie = await road.signIn("alice");
    const values = cookie.split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1));
    const arrived = await road.assertForwarded("edge", ["GET /account HTTP/1.1", `Cookie: ${cookie}`]);
    assertSilent(arrived.head, "the request to the service", values);
    for (const path of [
      "me",
      "whoami",
      "userinfo",
      "session",
      "token",
      "",
      "login",
      "logout",
      "signed-out",
      "jwks.json",
    ])
      for (const entrance of ENTRANCES) {
        const { text } = await road.exchange(entrance, [`GET /_gatehouse/${path} HTTP/1.1`, `Cookie: ${cookie}`]);
        const body = text.slice(text.indexOf("\r\n\r\n"));
        assertSilent(body, path, values);
        // A page that is none: not there for somebody who is signed in either.
        if (/^(?:me|whoami|userinfo|session|token)?$/.test(path)) assert.match(text, /^HTTP\/1\.1 404 /);
      }
    await road.takeRecords();
    for (const [command, text] of await everythingSaid()) {
      assertSilent(text, command, values);
      assert.doesNotMatch(text, /"(?:access|refresh|id)_?[tT]oken"/);
    }
  });
});

row(116, () => {
  const texts = [
    'x","user":"admin',
    'x"}\\n{"user":"admin"}',
    "x\\",
    "x\\u0022,\\u0022user",
    "\u001b[2J\u001b]0;owned\u0007",
    "\u009b31m",
    "caf\u00e9\u202eevil",
    "%0a%7b%22user%22:1%7d",
  ];
  it("each request is one line of JSON, whatever it is called", async () => {
    await road.takeRecords();
    const log = join(road.instance.state, "logs", "gateway.log");
    const countLines = (): number => readFileSync(log, "utf8").split("\n").length;
    for (const text of texts) {
      const value = Buffer.from(text).toString("latin1");
      const token = await tokenOf({ sub: text, name: text, client_id: text });
      const target = `/orders?q=${encodeURIComponent(text)}`;
      for (const entrance of ENTRANCES) {
        // Control characters are no part of a header: they are claims here, and the rest is both.
        // eslint-disable-next-line no-control-regex -- they are the point
        const agent = /[\u0000-\u001f\u007f]/.test(value)
          ? []
          : [`User-Agent: ${value}`, `X-Forwarded-Proto: ${value}`];
        const earlier = countLines();
        await road.exchange(entrance, [`GET ${target} HTTP/1.1`, `Authorization: Bearer ${token}`, ...agent]);
        const records = await road.takeRecords();
        assert.deepEqual([records.length, records[0]?.status, records[0]?.subject], [1, 200, text]);
        // The record and the one that shows that it is written.
        assert.equal(countLines(), earlier + 2);
      }
    }
  });

  it("targets and hosts that would end a line are refused, and recorded in one", async () => {
    await road.assertRefused(
      "gateway",
      [['GET /x%0a{"user":1} HTTP/1.1'], ["GET /x%0d%0aInjected:1 HTTP/1.1"], ["GET /%1b[2J HTTP/1.1"]],
      badRequest("request-path"),
    );
    const hosts = ['road.localhost"', "road.localhost\\n", 'x","user":"admin', "road.localhost:1\t2", "%0a"];
    for (const host of hosts) {
      const { answer, arrived } = await road.exchange("gateway", ["GET /orders HTTP/1.1", `Host: ${host}`]);
      assert.deepEqual([answer.status === 400 || answer.status === 421, arrived.length], [true, 0], host);
      const [record, ...rest] = await road.takeRecords();
      assert.deepEqual([record?.reason, rest.length], ["request-host", 0]);
    }
    for (const name of ["access.log", "gateway.log"]) {
      const lines = readFileSync(join(road.instance.state, "logs", name), "utf8")
        .trimEnd()
        .split("\n");
      for (const line of lines) assert.equal(typeof JSON.parse(line), "object");
    }
  });

  it("`logs` and `trace` print nothing that moves a cursor", async () => {
    const token = await tokenOf({ sub: "\u001b[31mred\u202e\u009b", groups: ["support"] });
    const { answer } = await road.exchange("edge", [
      "GET /orders HTTP/1.1",
      `Authorization: Bearer ${token}`,
      "User-Agent: \u009b2J",
    ]);
    await road.takeRecords();
    const id = headerOf(answer, "x-request-id") ?? "";
    const commands = [
      ["logs", "--limit", "1000"],
      ["trace", id],
      ["logs", "--json"],
      ["trace", id, "--json"],
    ];
    const outputs = await Promise.all(commands.map(async (args) => road.instance.gatehouse(...args)));
    for (const [i, { code, stdout, stderr }] of outputs.entries()) {
      assert.equal(code, 0, stderr);
      assert.ok(stdout.includes("red"), commands[i]?.join(" "));
      const isShown = (char: string): boolean => char === "\n" || (char >= " " && (i > 1 || !/[\p{C}]/u.test(char)));
      assert.deepEqual(
        Array.from(stdout).filter((char) => !isShown(char)),
        [],
      );
    }
  });
});

const MARKUP = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  '"><svg onload=alert(1)>',
  "'-alert(1)-'",
  "javascript:alert(1)",
  "&lt;script&gt;",
];
const STRICT =
  /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action [^;]+; base-uri 'none'; frame-ancestors 'none'$/;

/** No element or attribute of the text has become one of the page. */
function assertEscaped(body: string, text: string): void {
  assert.ok(!/[<>"]/.test(text) || !body.includes(text), text);
  // Elements without the values of their attributes, which may say anything but a quote.
  const elements = [...body.matchAll(/<[a-z][^>]*>/gi)].map(([element]) => element);
  for (const element of elements) {
    assert.doesNotMatch(element.replaceAll(/"[^"]*"/g, '""'), /^<(?:script|img|svg)|\son\w+=/i);
    assert.doesNotMatch(element, /(?:href|action|src)="javascript/i);
  }
}

row(117, () => {
  it("what the provider's answer says is text on a page without script", async (t) => {
    const setup = await setUpSignIn();
    t.after(() => setup.close());
    for (const text of MARKUP) {
      const browser = new Browser(setup.sessions);
      const callback = new URL(await browser.getCallback("ada"));
      callback.searchParams.delete("code");
      callback.searchParams.set("error", text);
      callback.searchParams.set("error_description", text);
      callback.searchParams.set("error_uri", text);
      for (const url of [callback.href, callback.href.replace(/state=[^&]*/, "state=x")]) {
        const page = await browser.send(url);
        assert.equal(page.status, 400);
        assertEscaped(page.body, text);
        assert.match(page.headers["content-security-policy"] ?? "", STRICT);
        assert.equal(page.headers["x-content-type-options"], "nosniff");
        assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
      }
    }
  });

  it("the embedded provider's pages say names and faults as text", async (t) => {
    const setup = await setUpSignIn();
    t.after(() => setup.close());
    for (const text of MARKUP) {
      const page = await new Browser(setup.sessions).openSignIn("/");
      const browser = new Browser(setup.sessions);
      const form = await browser.openSignIn("/");
      const again = await browser.open(form.url, { name: text, password: "x" });
      assert.deepEqual([page.status, again.status], [200, 403]);
      assertEscaped(again.body, text);
      assert.match(again.headers["content-security-policy"] ?? "", /^default-src 'none'; style-src 'sha256-/);
      for (const query of [{ error: text }, { client_id: text }, { client_id: "shop-edge", redirect_uri: text }]) {
        const response = await fetch(`${setup.provider.issuer}/auth?${new URLSearchParams(query).toString()}`, {
          redirect: "manual",
        });
        assert.equal(response.status, 400);
        assertEscaped(await response.text(), text);
      }
    }
  });

  it("through Caddy the page has the same headers", async () => {
    const target = `/_gatehouse/callback?error=${encodeURIComponent(MARKUP[0] ?? "")}&state=x`;
    const { answer } = await road.exchange("edge", [`GET ${target} HTTP/1.1`]);
    assert.equal(answer.status, 400);
    assertEscaped(answer.body, MARKUP[0] ?? "");
    assert.match(headerOf(answer, "content-security-policy") ?? "", STRICT);
    await road.takeRecords();
  });
});

row(118, () => {
  it("signing in, refreshing and signing out put no token into an address", async (t) => {
    const setup = await setUpSignIn();
    t.after(() => setup.close());
    const urls: string[] = [];
    const tokens: string[] = [];
    const sessions = setup.newSessions({
      fetch: async (url, init) => {
        urls.push(url);
        const response = await fetch(url, init);
        if (!url.endsWith("/token")) return response;
        const body = (await response.json()) as Record<string, unknown>;
        for (const name of ["access_token", "refresh_token", "id_token"])
          if (typeof body[name] === "string") tokens.push(body[name]);
        return Response.json(body, { status: response.status });
      },
    });
    const browser = new Browser(sessions);
    const callback = await browser.getCallback("ada");
    const finished = await browser.send(callback);
    urls.push(callback, finished.headers["location"] ?? "");
    const state = sessions.read(browser.cookieHeader());
    assert.ok("session" in state);
    setup.clock.set((state.session.identity.expiresAtSeconds - 5) * 1000);
    assert.equal((await sessions.refresh(state.session, 30)).ok, true);
    const out = await browser.send(`${BASE_URL}/_gatehouse/logout`, {}, { "sec-fetch-site": "same-origin" });
    urls.push(out.headers["location"] ?? "");
    assert.ok(tokens.length >= 5 && urls.length >= 6, `${tokens.length} tokens, ${urls.length} addresses`);
    for (const url of urls) assertSilent(url, "an address", tokens);
    for (const { headers } of [finished, out]) assert.equal(headers["referrer-policy"], "no-referrer");
    for (const path of ["login", "logout", "signed-out", "callback"]) {
      const page = await browser.send(`${BASE_URL}/_gatehouse/${path}`);
      assert.equal(page.headers["referrer-policy"], "no-referrer", path);
      assert.equal(page.headers["cache-control"], "no-store", path);
    }
  });

  it("signing in by a code does not either", async (t) => {
    const setup = await setUpSignIn();
    t.after(() => setup.close());
    const asked: string[] = [];
    const login = deviceLogin({
      issuer: setup.provider.issuer,
      clientId: CLI_CLIENT,
      scopes: ["openid"],
      audience: "shop-api",
      onPrompt: ({ verificationUri, verificationUriComplete, userCode }) => {
        asked.push(verificationUri, verificationUriComplete ?? "");
        void confirm(new Browser(setup.sessions), verificationUri, userCode);
      },
    });
    const { accessToken } = await login;
    for (const url of asked) assertSilent(url, "an address", [accessToken]);
    assert.equal(asked.length, 2);
  });

  it("a token in the query signs nobody in, and is written down nowhere", async () => {
    const token = await tokenOf();
    const names = [
      "access_token",
      "token",
      "jwt",
      "id_token",
      "authorization",
      "Authorization",
      "X-Amz-Security-Token",
    ];
    for (const entrance of ENTRANCES)
      await road.assertRefused(
        entrance,
        names.map((name): Request => [`GET /orders?${name}=${token} HTTP/1.1`]),
        unauthorized("unauthenticated"),
      );
    for (const name of ["access.log", "gateway.log", "caddy.log"])
      assertSilent(readFileSync(join(road.instance.state, "logs", name), "utf8"), name, [token]);
  });
});

/** What a person does with the code. */
async function confirm(browser: Browser, uri: string, userCode: string): Promise<void> {
  const fields = (body: string): Record<string, string> =>
    Object.fromEntries(
      [...body.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
        name,
        value,
      ]),
    );
  const page = await browser.open(uri);
  const question = await browser.open(uri, { ...fields(page.body), user_code: userCode });
  const answer = await browser.open(uri, fields(question.body));
  await browser.open(answer.url, { name: "ada", password: "ada-pw" });
}

row(119, () => {
  it("a wrong password and a name that nobody has get the same answer", async (t) => {
    const setup = await setUpSignIn();
    t.after(() => setup.close());
    const answers = new Map<string, Set<string>>();
    for (const name of ["ada", "bob", "nobody", "ADA", "ada ", "__proto__", "constructor"]) {
      const seen = new Set<string>();
      for (const password of ["wrong", "", "x".repeat(1000)]) {
        const browser = new Browser(setup.sessions);
        const form = await browser.openSignIn("/");
        const { status, body } = await browser.open(form.url, { name, password });
        // The form has the address of its own sign-in, and the name that was entered.
        seen.add(`${status} ${body.replaceAll(/\/interaction\/[\w-]+/g, "").replaceAll(`value="${name}"`, "")}`);
      }
      answers.set(name, seen);
    }
    const all = new Set(
      [...answers.values()].flatMap((seen) => [...seen].map((text) => text.replaceAll(/<option[^>]*>/g, ""))),
    );
    assert.equal(all.size, 1);
    assert.match([...all][0] ?? "", /^403 .*Name or password is wrong/s);
  });

  it("a key, a session and a role that are there are answered as those that are not", async () => {
    const cookie = await road.signIn("alice");
    const value = cookie.slice(cookie.indexOf("=") + 1);
    const requests: Record<string, Request[]> = {
      "401": [
        ["GET /orders HTTP/1.1", `Authorization: Bearer ${await tokenOf({}, { kid: "unknown" })}`],
        ["GET /orders HTTP/1.1", `Authorization: Bearer ${(await tokenOf()).slice(0, -8)}AAAAAAAA`],
        ["GET /account HTTP/1.1", `Cookie: __Host-gatehouse=${value.slice(0, -8)}AAAAAAAA`],
        ["GET /account HTTP/1.1", "Cookie: __Host-gatehouse=1~made.up"],
        ["GET /account HTTP/1.1"],
      ],
      "403": [
        ["GET /admin HTTP/1.1", `Authorization: Bearer ${await tokenOf()}`],
        ["GET /admin HTTP/1.1", `Authorization: Bearer ${await tokenOf({ groups: ["nobody has it"] })}`],
        ["GET /office HTTP/1.1", `Authorization: Bearer ${await tokenOf({ groups: ["office"] })}`],
      ],
    };
    for (const [status, group] of Object.entries(requests)) {
      const bodies = new Set<string>();
      for (const request of group) {
        const { answer, arrived } = await road.exchange("edge", request);
        assert.deepEqual([String(answer.status), arrived.length], [status, 0]);
        bodies.add(answer.body);
      }
      assert.equal(bodies.size, 1);
    }
    await road.takeRecords();
  });
});

row(120, () => {
  const canary = "canary-of-the-connection-8f3a";
  const policy = (more: string, upstream = "http://127.0.0.1:4001"): string => `gatehouse: 1
name: road
identity: { issuer: "https://login.road.example", audience: road-api }
environments: { local: { domain: road.localhost, certificates: internal${more} } }
services: { orders: { exposure: public, upstream: "${upstream}", routes: { GET /orders: { needs: orders:read } } } }
roles: { support: { members: { groups: [support] }, can: [orders:read], boundary: staff } }
boundaries: { staff: [orders:read] }
`;
  const EVERY_COMMAND = [
    ["check"],
    ["check", "--json"],
    ["check", "--sarif"],
    ["up", "--json", "--https", "0"],
    ["doctor", "--json"],
  ];
  const texts: Readonly<Record<string, string>> = {
    "the store": policy(`, state: "valkey://user:${canary}@h:6379"`),
    "the store, in capitals": policy(`, state: "VALKEY://user:${canary}@h:6379"`),
    "the store, in the query": policy(`, state: "redis://h:6379?password=${canary}"`),
    "a service": policy("", `http://user:${canary}@127.0.0.1:4001`),
    "an issuer": policy("").replace("https://login", `https://user:${canary}@login`),
    "the client of the sign-in": policy("").replace(
      "audience: road-api",
      `audience: road-api, login: { client_id: x, client_secret: ${canary} }`,
    ),
  };
  for (const [title, text] of Object.entries(texts))
    it(`a secret in the address of ${title} is refused, and shown by nothing`, async () => {
      const dir = makeDirectory({ "gatehouse.yaml": text });
      try {
        const commands = title === "the store" ? EVERY_COMMAND : [["check", "--json"]];
        await Promise.all(
          commands.map(async (args) => {
            const ran = await run(GATEHOUSE, args, { cwd: dir, env: { GATEHOUSE_DEBUG: "1" }, limitMs: 20_000 });
            assert.notEqual(ran.code, 0, args.join(" "));
            assert.ok(!(ran.stdout + ran.stderr).includes(canary), `${args.join(" ")} shows it`);
          }),
        );
        const { diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
        assert.ok(diagnostics.some(({ severity }) => severity === "error"));
        for (const each of diagnostics) assert.ok(!renderDiagnostic(each, sources).includes(canary));
      } finally {
        rmSync(dir, { recursive: true });
      }
    });

  it("a secret by name that cannot be had is named, with where it was looked for", async () => {
    const named = policy("").replace(
      "audience: road-api",
      "audience: road-api, login: { client_id: x, client_secret: secret:login-client }",
    );
    const dir = makeDirectory({
      "gatehouse.yaml": `${named}secrets: { login-client: { rotate: 30 days, overlap: 1 hour } }\n`,
    });
    try {
      const ran = await run(GATEHOUSE, ["up", "--json", "--https", "0"], {
        cwd: dir,
        env: { OTHER_SECRET: canary },
        limitMs: 20_000,
      });
      assert.equal(ran.code, 3);
      assert.match(ran.stdout + ran.stderr, /login-client/);
      assert.ok(!(ran.stdout + ran.stderr).includes(canary));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

row(121, () => {
  it("what is refused is told with the same words, whichever check it was", async () => {
    const none = await tokenOf({ groups: [] });
    const wrong = await tokenOf();
    await road.assertRefused(
      "edge",
      [["GET /orders HTTP/1.1"], ["GET /admin HTTP/1.1"], ["GET /vault HTTP/1.1"]],
      unauthorized("unauthenticated"),
    );
    await road.assertRefused("edge", [["GET /admin HTTP/1.1", `Authorization: Bearer ${none}`]], forbidden("no-role"));
    await road.assertRefused(
      "edge",
      [["GET /admin HTTP/1.1", `Authorization: Bearer ${wrong}`]],
      forbidden("not-granted"),
    );
    // As API Gateway does it, a route that does not exist is 404 for everybody, signed in or not: PL-8.1 comes before PL-8.3.
    await road.assertRefused(
      "edge",
      [["GET /nowhere HTTP/1.1"], ["DELETE /orders HTTP/1.1"], ["GET /stock HTTP/1.1"]],
      NO_ROUTE,
    );
    await road.assertRefused("edge", [["GET /nowhere HTTP/1.1", `Authorization: Bearer ${wrong}`]], NO_ROUTE);
  });

  it("2,000 paths, hosts and methods that nobody has leave no label behind", async () => {
    const url = road.instance.status.metrics ?? assert.fail("there are no figures");
    const read = async (): Promise<string> => (await fetch(url)).text();
    for (const path of ["orders", "nowhere", "a%zz", "public/x"])
      await road.exchange("gateway", [`GET /${path} HTTP/1.1`]);
    await road.exchange("gateway", ["GET /orders HTTP/1.1", "Host: first.example"]);
    const earlier = await read();
    for (let n = 0; n < 2000; n += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => {
          const path = ["random", "orders", "public"][i % 3];
          const host = i % 10 === 0 ? [`Host: h${n + i}.example`] : [];
          return road.exchange("gateway", [`GET /${path}/random-path-${n + i} HTTP/1.1`, ...host]);
        }),
      );
    await road.takeRecords();
    const later = await read();
    assert.doesNotMatch(later, /random-path|h\d+\.example/);
    const labels = (page: string): string[] =>
      [
        ...new Set(
          page
            .split("\n")
            .filter((line) => line !== "" && !line.startsWith("#"))
            .map((line) => line.replace(/\s.*$/s, "")),
        ),
      ].sort();
    // Those of the routes that were asked for the first time, and no more.
    const added = labels(later).filter((label) => !labels(earlier).includes(label));
    assert.ok(
      added.every((label) => /route="(?:GET \/orders\/\{id\}|GET \/public\/\{path\+\})"|le="/.test(label)),
      added.join("\n"),
    );
  });
});

row(122, () => {
  it("nothing for debugging is on the public side", async () => {
    const paths = [
      "/debug/pprof/",
      "/debug/pprof/heap",
      "/debug/vars",
      "/metrics",
      "/config/",
      "/id/x",
      "/server-status",
      "/.well-known/openid-configuration",
      "/.well-known/pomerium",
      "/.env",
      "/actuator/env",
      "/_gatehouse/metrics",
      "/_gatehouse/debug",
      "/_gatehouse/control",
      "/_gatehouse/",
      "/_GATEHOUSE/jwks.json",
    ];
    const token = await tokenOf();
    for (const entrance of ENTRANCES)
      await road.assertRefused(
        entrance,
        paths.flatMap((path): Request[] => [
          [`GET ${path} HTTP/1.1`],
          [`GET ${path} HTTP/1.1`, `Authorization: Bearer ${token}`],
        ]),
        NO_ROUTE,
      );
  });

  const fail = (): never => {
    throw new RangeError("a fault of ours in src/secret-place.ts:17");
  };
  for (const [title, part] of Object.entries<object>({
    "verifying a token": { verifier: { proofs: [], cached: fail, verifyPresented: fail } },
    "verifying a token, later": {
      verifier: { proofs: [], cached: () => null, verifyPresented: async () => fail() },
    },
    "signing an assertion": { assertions: { sign: fail, jwks: fail, discovery: fail } },
    "reading a session": { sessions: { read: fail, handle: async () => fail(), startLogin: async () => fail() } },
  }))
    it(`a fault while ${title} is 500 with an id, and its words are the operator's`, async (t) => {
      const service = await startService(t);
      const spec = {
        routes: [{ key: "GET /orders", upstream: service.origin, login: true }],
        roles: [{ name: "support", groups: ["support"], can: ["GET/orders"] }],
      };
      const fixture = await startGateway(t, spec, { wrap: (runtime) => ({ ...runtime, ...part }) });
      const headers = title.includes("session")
        ? ["Cookie: __Host-gatehouse=1~x"]
        : [`Authorization: Bearer ${await fixture.token()}`];
      const answer = await ask(fixture.publicSocket, "GET /orders HTTP/1.1", headers);
      assert.deepEqual([answer.status, answer.body, service.hits()], [500, '{"message":"Internal Server Error"}', 0]);
      assert.match(headerOf(answer, "x-request-id") ?? "", /^[0-9a-f-]{36}$/);
      assert.doesNotMatch(JSON.stringify(answer), /RangeError|secret-place|\.ts|at /);
      const record = await fixture.record(0);
      assert.deepEqual(
        [record.reason, record.error],
        ["fault", "RangeError: a fault of ours in src/secret-place.ts:17"],
      );
    });
});
