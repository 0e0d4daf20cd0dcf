/** Rows 42 to 44, 46, 48 and 50 to 53: tokens that are well signed and say what they must not. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Claims } from "../../src/identity/testing/token-mint.ts";
import { row } from "./catalogue.ts";
import { AUDIENCE, FILES_HOST } from "./policy.ts";
import { ENTRANCES, forbidden, get, unauthorized, valuesOf } from "./road.ts";
import { assume } from "./signed-calls.ts";
import { type TokenRoad, startTokenRoad } from "./token-road.ts";

let road: TokenRoad;
before(async () => {
  road = await startTokenRoad();
});
after(async () => road.stop());

/** A token for each value of the claim, by what the value is. */
function tokensOf(claim: string, values: readonly unknown[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => [
      `${claim} ${value === undefined ? "absent" : JSON.stringify(value).slice(0, 60)}`,
      road.withClaims({ [claim]: value } as Claims),
    ]),
  );
}

/** Known, but no member of any role. */
async function assertNoRole(tokens: Readonly<Record<string, string>>, path = "/admin"): Promise<void> {
  road.guard(...Object.values(tokens));
  const requests = Object.entries(tokens).map(([label, token]) => [label, get(path, `Authorization: Bearer ${token}`)]);
  await road.assertRefusedAtBoth(
    Object.fromEntries(requests) as Record<string, ReturnType<typeof get>>,
    forbidden("no-role"),
  );
}

/** What `gatehouse check` says of a policy: exit code and all it printed. */
async function check(name: string, text: string): Promise<readonly [code: number | null, output: string]> {
  road.instance.write(name, text);
  const ran = await road.instance.gatehouse("check", name);
  return [ran.code, ran.stdout + ran.stderr];
}

const WITHOUT_AUDIENCE = `gatehouse: 1
name: road
identity:
  issuer: https://login.example
environments:
  local: { domain: localhost }
services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:9
    routes:
      GET /orders: { needs: orders:read }
roles:
  support: { members: { groups: [support] }, can: [orders:read], boundary: staff }
boundaries:
  staff: [orders:read]
`;

row(42, () => {
  it("the audience is a member of aud, whole and as it is", async () => {
    const prefix = AUDIENCE.slice(0, -1);
    const values = [
      undefined,
      [],
      ["x"],
      ["x", "y"],
      "",
      null,
      {},
      { [AUDIENCE]: true },
      true,
      0,
      prefix,
      `${AUDIENCE}s`,
    ];
    const near = [
      AUDIENCE.toUpperCase(),
      ` ${AUDIENCE}`,
      `x ${AUDIENCE}`,
      `${AUDIENCE},x`,
      [[AUDIENCE]],
      [AUDIENCE, 1],
    ];
    await road.assertNoToken(tokensOf("aud", [...values, ...near]), "token-audience");
  });

  it("among others it counts, wherever it stands", async () => {
    await road.assertToken(road.withClaims({ aud: ["other", AUDIENCE] }));
    await road.assertToken(road.withClaims({ aud: [AUDIENCE, "other"] }));
  });

  it("a policy without audience is no policy", async () => {
    const [code, output] = await check("no-audience.yaml", WITHOUT_AUDIENCE);
    assert.equal(code, 3);
    assert.match(output, /^no-audience\.yaml:3:1 error .*\n.*`audience`/m);
  });
});

row(43, () => {
  it("an audience that says nothing is no audience", async () => {
    for (const value of ['""', "[]", "null", "~", "{}", "true"]) {
      const text = WITHOUT_AUDIENCE.replace("identity:\n", `identity:\n  audience: ${value}\n`);
      const [code, output] = await check("empty-audience.yaml", text);
      assert.deepEqual([value, code], [value, 3]);
      assert.match(output, /^empty-audience\.yaml:4:\d+ error /m);
    }
  });

  it("a token of another client of the same issuer is refused", async () => {
    await road.assertNoToken(
      {
        "for the client": road.withClaims({ aud: "other-client" }),
        "for nobody, from the client": road.withClaims({ aud: undefined, client_id: AUDIENCE, azp: AUDIENCE }),
        "with a scope alone": road.withClaims({ aud: undefined, scope: AUDIENCE }),
      },
      "token-audience",
    );
  });
});

row(44, () => {
  const now = Math.floor(Date.now() / 1000);
  it("without a whole number for its end a token has none", async () => {
    await road.assertNoToken(
      {
        ...tokensOf("exp", [undefined, "9999999999", null, true, [], {}, now + 600.5]),
        "exp 1e400": road.withPayloadText(JSON.stringify(road.claims()).replace(/"exp":\d+/, '"exp":1e400')),
        "exp beyond exact numbers": road.withPayloadText(
          JSON.stringify(road.claims()).replace(/"exp":\d+/, '"exp":9007199254740993'),
        ),
        ...tokensOf("nbf", ["0", null, [], {}]),
        ...tokensOf("iat", ["yesterday", null, true]),
      },
      "token-claims",
    );
  });

  it("what has ended has ended, to the second", async () => {
    await road.assertNoToken(tokensOf("exp", [now - 1, now, 0, -1, -9_999_999_999, 1]), "token-expired");
  });

  it("what has not begun is not valid", async () => {
    await road.assertNoToken(
      { ...tokensOf("nbf", [now + 3600, 9_999_999_999]), ...tokensOf("iat", [now + 86_400]) },
      "token-not-yet-valid",
    );
  });

  it("the exchange for credentials checks the same", async () => {
    const rows: readonly (readonly [token: string, code: string])[] = [
      [road.withClaims({ exp: undefined }), "InvalidIdentityToken"],
      [road.withClaims({ exp: "9999999999" }), "InvalidIdentityToken"],
      [road.withClaims({ exp: now - 1 }), "ExpiredTokenException"],
      [road.withClaims({ nbf: now + 3600 }), "InvalidIdentityToken"],
      [road.withClaims({ iat: now + 86_400 }), "InvalidIdentityToken"],
      [road.withClaims({ aud: "other" }), "InvalidIdentityToken"],
    ];
    for (const [token, code] of rows) {
      const answer = await assume(road, token);
      assert.deepEqual([answer.status, answer.code], [400, code]);
      assert.ok(!answer.body.includes("<AccessKeyId>"));
    }
    assert.equal((await assume(road, road.withClaims({}))).status, 200);
  });
});

row(46, () => {
  it("the issuer is the whole text, letter by letter", async () => {
    const { issuer } = road.idp;
    const values = [
      issuer.slice(0, -1),
      `${issuer}/`,
      issuer.toUpperCase(),
      ` ${issuer}`,
      `${issuer} `,
      `${issuer}.evil.test`,
      `${issuer}@evil.test`,
      `${issuer}\u0000`,
      issuer.replace("http:", "https:"),
      issuer.replace("127.0.0.1", "127.1"),
      [issuer],
      { issuer },
      "",
      null,
      undefined,
      "https://issuer.evil.test",
      "__proto__",
    ];
    await road.assertNoToken(tokensOf("iss", values), "token-issuer");
  });

  it("keys of one issuer speak for no other", async () => {
    const { issuer } = road.instance.status.identity;
    await road.assertNoToken({ "for the provider": road.withClaims({ iss: issuer }) }, "token-unknown-key");
  });
});

row(48, () => {
  it("a token of another kind is refused", async () => {
    const types = [
      "logout+jwt",
      "dpop+jwt",
      "id_token+jwt",
      "token-introspection+jwt",
      "secevent+jwt",
      "oauth-authz-req+jwt",
      "JWE",
      "at+jwt ",
      "",
      ["at+jwt"],
      null,
      1,
    ];
    const tokens = types.map((typ) => [`typ ${JSON.stringify(typ)}`, road.withHeader({ typ })] as const);
    await road.assertNoToken(Object.fromEntries(tokens), "token-type");
    // Providers that do not tell kinds apart write `JWT` on all of them; then it is the audience that tells.
    for (const typ of ["at+jwt", "application/at+jwt", "AT+JWT", "JWT"])
      await road.assertToken(road.withHeader({ typ }));
  });

  it("an ID token, and an access token of another API, are for somebody else", async () => {
    await road.assertNoToken(
      {
        "ID token": road.withClaims({ aud: "road-edge", nonce: "n", at_hash: "h" }),
        "another API": road.withClaims({ aud: "other-api" }),
      },
      "token-audience",
    );
  });

  it("what Gatehouse itself signs or seals is no token", async () => {
    const { headers } = await road.assertForwarded(
      "edge",
      get("/orders", `Authorization: Bearer ${road.withClaims({})}`),
    );
    const assertion = headers.find(([name]) => name === "x-gatehouse-assertion")?.[1] ?? "";
    assert.equal(assertion.split(".").length, 3);
    await road.assertNoToken({ "our assertion": assertion }, "token-issuer");
    const cookie = await road.signIn("alice");
    await road.assertNoToken({ "our session": cookie.slice(cookie.indexOf("=") + 1) }, "token-malformed");
    const given = await assume(road, road.withClaims({}));
    await road.assertNoToken({ "our session token": given.sessionToken }, "token-malformed");
  });

  it("a token that is bound to a key is nobody's without the key", async () => {
    await road.assertNoToken(
      tokensOf("cnf", [{ "x5t#S256": "x" }, { jkt: "x" }, {}, null]),
      "token-sender-constrained",
    );
  });
});

row(50, () => {
  it("each route asks for itself, though the token is remembered", async () => {
    const token = `Authorization: Bearer ${road.withClaims({})}`;
    for (const entrance of ENTRANCES) {
      await road.assertForwarded(entrance, get("/orders", token));
      await road.assertRefused(
        entrance,
        [get("/admin", token), get("/admin/orders", token), ["DELETE /orders/7 HTTP/1.1", token], get("/vault", token)],
        forbidden("not-granted"),
      );
      await road.assertForwarded(entrance, get("/orders/7", token));
    }
    await road.assertRefused("gateway", [get("/orders", token, `Host: ${FILES_HOST}`)], forbidden("not-granted"));
    await road.assertRefused("private", [get("/stock", token)], forbidden("not-granted"));
  });

  it("nor does the private listener take over a verdict", async () => {
    const admin = `Authorization: Bearer ${road.withClaims({ groups: ["admin"] })}`;
    await road.assertForwarded("private", get("/stock", admin));
    await road.assertRefused("private", [get("/stock")], unauthorized("unauthenticated"));
    await road.assertRefusedAtBoth([get("/orders", admin)], forbidden("not-granted"));
  });
});

row(51, () => {
  const JOINED = [
    "support,admin",
    "support admin",
    "support|admin",
    "support\nadmin",
    "support\u0000admin",
    "support;admin",
  ];
  it("two groups and one that looks like two are two callers", async () => {
    const two = `Authorization: Bearer ${road.withClaims({ groups: ["support", "admin"] })}`;
    for (const round of [1, 2]) {
      for (const entrance of ENTRANCES) await road.assertForwarded(entrance, get("/admin", two));
      await assertNoRole(tokensOf("groups", round === 1 ? JOINED : JOINED.map((group) => [group])));
    }
  });

  it("the service can tell them apart as well", async () => {
    const groups = ["support", "a,b", "c%2Cd", "e\nf", "g\u0000h", "\u00e9"];
    const token = `Authorization: Bearer ${road.withClaims({ groups })}`;
    for (const entrance of ENTRANCES) {
      const [told = ""] = valuesOf(await road.assertForwarded(entrance, get("/orders", token)), "x-gatehouse-groups");
      assert.equal(told, "support,a%2Cb,c%252Cd,e%0Af,g%00h,%C3%A9");
      assert.deepEqual(told.split(",").map(decodeURIComponent), groups);
    }
  });

  it("a subject with a delimiter in it is that subject", async () => {
    for (const subject of ["x|y", "x,y", "x\ny", "x\u0000y", '","', "idp", "__proto__"])
      await road.assertToken(road.withClaims({ sub: subject }), subject);
  });
});

row(52, () => {
  const boss = (email: string): Claims => ({ groups: [], email, email_verified: true });
  it("an address is compared whole", async () => {
    const near = [
      "attacker@evil.test@company.example",
      "boss@company.example@evil.test",
      "attacker@company.example",
      "boss@sub.company.example",
      "boss@company.example.evil.test",
      "BOSS@company.example",
      "boss@Company.example",
      " boss@company.example",
      "boss@company.example\u0000",
      "boss@company.example,x",
      '"boss@company.example"@evil.test',
      "boss@company.example.",
      "boss@c\u043empany.example",
      "@company.example",
      "",
      "a@b".repeat(500),
    ];
    await assertNoRole(Object.fromEntries(near.map((email) => [email.slice(0, 40), road.withClaims(boss(email))])));
  });

  it("the address itself is one, once it is verified", async () => {
    const token = `Authorization: Bearer ${road.withClaims(boss("boss@company.example"))}`;
    for (const entrance of ENTRANCES) await road.assertForwarded(entrance, get("/admin", token));
    const unverified = [false, "false", null, undefined, 1, "TRUE", [], {}];
    await assertNoRole(
      Object.fromEntries(
        unverified.map((value) => [
          `email_verified ${value === undefined ? "absent" : JSON.stringify(value)}`,
          road.withClaims({ ...boss("boss@company.example"), email_verified: value }),
        ]),
      ),
    );
  });
});

row(53, () => {
  it("groups of another type refuse the token", async () => {
    const values = [{ "0": "admin" }, [["admin"]], ["admin", 1], [null], true, null, 1, [{ name: "admin" }]];
    await road.assertNoToken(tokensOf("groups", values), "token-claims");
    await road.assertNoToken(tokensOf("sub", [["Owner"], { sub: "Owner" }, 1, null, "", undefined]), "token-claims");
    await road.assertNoToken(tokensOf("client_id", [["billing"], {}, 1, true]), "token-claims");
  });

  it("one text is one group", async () => {
    await assertNoRole(tokensOf("groups", ["admin,x", "x admin", "Admin", "admin ", "\u0430dmin", "adm\u0131n", []]));
  });

  it("a subject is its issuer's, byte for byte", async () => {
    const subjects = ["owner", "OWNER", "Owner ", "\u039fwner", "Owner\u0000", "Owner\u200b", "\uff2fwner"];
    const tokens = subjects.map((sub) => [JSON.stringify(sub), road.withClaims({ sub, groups: [] })] as const);
    await assertNoRole(Object.fromEntries(tokens));
    const owner = `Authorization: Bearer ${road.withClaims({ sub: "Owner", groups: [] })}`;
    for (const entrance of ENTRANCES) await road.assertForwarded(entrance, get("/admin", owner));
  });

  it("names that every object has are claims like others", async () => {
    const rest = JSON.stringify(road.claims({ groups: [] })).slice(1);
    await assertNoRole({
      "groups behind __proto__": road.withPayloadText(`{"__proto__":{"groups":["admin"]},${rest}`),
      "email behind __proto__": road.withPayloadText(
        `{"__proto__":{"email":"boss@company.example","email_verified":true},${rest}`,
      ),
      constructor: road.withPayloadText(`{"constructor":{"prototype":{"groups":["admin"]}},${rest}`),
    });
  });
});
