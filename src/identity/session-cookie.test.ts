import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { Secret } from "../core/index.ts";
import { createSealer } from "./sealed-text.ts";
import { createCookieSessions } from "./session-cookie.ts";
import { type Session, createSessionCodec } from "./session.ts";

const sealer = createSealer([new Secret<Uint8Array>(randomBytes(32))], "session", "https://shop.example");
const cookiesAsking = (sealWith: typeof sealer, usedClaims: readonly string[]) =>
  createCookieSessions(createSessionCodec(sealWith, usedClaims));
const cookies = cookiesAsking(sealer, []);

function makeSession(groups: readonly string[], refreshToken: string | null = "refresh"): Session {
  return {
    id: "id",
    identity: {
      kind: "person",
      issuer: "https://login.shop.example",
      issuerName: null,
      subject: "ada",
      clientId: null,
      name: "Ada",
      groups,
      claims: {},
      tokenId: null,
      issuedAtSeconds: 900,
      authTimeSeconds: null,
      expiresAtSeconds: 1000,
      via: "session",
      key: '["https://login.shop.example","ada"]',
    },
    refreshToken: refreshToken === null ? null : new Secret(refreshToken),
    providerSession: null,
    obtainedAtSeconds: 1,
    startedAtSeconds: 2,
    activeAtSeconds: 3,
    serial: 4,
    handle: null,
  };
}

const headerOf = (setCookie: readonly string[]): string => setCookie.map((line) => line.split(";")[0]).join("; ");
const manyGroups = (count: number): string[] => Array.from({ length: count }, (_, i) => `group-${i}`);

test("a session comes back as it was, its refresh token included", () => {
  const plain = makeSession([]);
  const acted = { ...plain, identity: { ...plain.identity, act: { sub: "helpdesk", act: { client_id: "bot" } } } };
  for (const session of [makeSession(["a,b", "c d"]), makeSession([], null), acted]) {
    const read = cookies.read(headerOf(cookies.cookiesFor(session) ?? []));
    assert.ok(read !== null && typeof read === "object");
    assert.deepEqual(read, session);
    assert.equal(read.refreshToken?.reveal(), session.refreshToken?.reveal());
  }
});

describe("claims", () => {
  const asking = cookiesAsking(sealer, ["acr", "amr", "__proto__"]);
  const session = makeSession([]);
  const claims = Object.fromEntries([
    ["amr", ["pwd", "mfa"]],
    ["__proto__", [""]],
  ]);
  const withClaims: Session = { ...session, identity: { ...session.identity, claims } };

  function readBy(reader: typeof cookies, setCookie: readonly string[] | null): Session {
    const read = reader.read(headerOf(setCookie ?? []));
    assert.ok(read !== null && typeof read === "object");
    return read;
  }

  test("that the policy asks for come back as they were, absent ones as absent", () => {
    assert.deepEqual(
      readBy(cookiesAsking(sealer, ["acr", "amr", "__proto__"]), asking.cookiesFor(withClaims)),
      withClaims,
    );
  });

  test("that the policy asks for no longer are left out, and the right stays", () => {
    const read = readBy(cookiesAsking(sealer, ["amr"]), asking.cookiesFor(withClaims));
    assert.deepEqual(read.identity, { ...withClaims.identity, claims: { amr: ["pwd", "mfa"] } });
  });

  test("that nobody looked for when it was sealed end its right, also when it is sealed again", () => {
    const more = cookiesAsking(sealer, ["amr", "tenant"]);
    const read = readBy(more, asking.cookiesFor(withClaims));
    assert.deepEqual(read.identity, {
      ...withClaims.identity,
      claims: { amr: ["pwd", "mfa"] },
      expiresAtSeconds: 0,
    });
    assert.deepEqual({ ...read, identity: null }, { ...withClaims, identity: null });
    const again = cookiesAsking(sealer, ["amr", "tenant"]);
    assert.equal(readBy(again, more.cookiesFor({ ...read, activeAtSeconds: 9 })).identity.expiresAtSeconds, 0);
  });

  test("are no part of what earlier versions sealed: the right has ended, the session has not", () => {
    const sealed = {
      i: "id",
      s: "ada",
      o: "x",
      k: "person",
      c: null,
      n: null,
      g: [],
      e: 1000,
      r: "r",
      b: 1,
      t: 1,
      a: 1,
    };
    const setCookie = [`__Host-gatehouse=1~${sealer.seal({ ...sealed, v: 1 })}`];
    for (const used of [[], ["amr"]]) {
      const { identity } = readBy(cookiesAsking(sealer, used), setCookie);
      assert.deepEqual([identity.expiresAtSeconds, identity.issuedAtSeconds, identity.claims], [0, null, {}]);
    }
  });
});

test("opening the same cookie again gives the same object", () => {
  const header = headerOf(cookies.cookiesFor(makeSession([])) ?? []);
  assert.equal(cookies.read(header), cookies.read(`other=1; ${header}`));
});

describe("a session longer than a cookie", () => {
  const session = makeSession(manyGroups(300));
  const setCookie = cookies.cookiesFor(session) ?? [];

  test("is spread over several, each short enough for browsers", () => {
    assert.deepEqual(
      setCookie.map((line) => line.slice(0, line.indexOf("="))),
      ["__Host-gatehouse", "__Host-gatehouse.1"],
    );
    for (const line of setCookie) assert.ok(line.length < 4096);
    assert.deepEqual(cookies.read(headerOf(setCookie)), session);
    assert.deepEqual(cookies.read(headerOf(setCookie.toReversed())), session);
  });

  test("is nobody's with a part missing, twice, changed places, or of another session", () => {
    const [first = "", second = ""] = headerOf(setCookie).split("; ");
    const other = headerOf(cookies.cookiesFor(makeSession(manyGroups(301))) ?? []).split("; ");
    assert.equal(cookies.read(first), "invalid");
    assert.equal(cookies.read(`${first}; ${second}; ${second}`), "invalid");
    assert.equal(cookies.read(`${first}; ${other[1]}`), "invalid");
    assert.equal(cookies.read(first.replace("2~", "1~")), "invalid");
    assert.equal(cookies.read(`${first.replace("2~", "3~")}; ${second}`), "invalid");
    assert.equal(cookies.read(`${first.replace("2~", "9~")}; ${second}`), "invalid");
    assert.equal(cookies.read(second), null);
  });

  test("left-over parts of an earlier one change nothing", () => {
    const short = makeSession(["short"]);
    const [, second = ""] = headerOf(setCookie).split("; ");
    assert.deepEqual(cookies.read(`${headerOf(cookies.cookiesFor(short) ?? [])}; ${second}`), short);
  });

  test("is removed in all its parts", () => {
    const removed = cookies.remove(headerOf(setCookie)).map((line) => line.replace(/;.*/, ""));
    assert.deepEqual(removed, ["__Host-gatehouse=", "__Host-gatehouse.1="]);
    assert.equal(cookies.remove(undefined).length, 1);
  });

  test("has an end: what does not fit into three is not written", () => {
    assert.equal(cookies.cookiesFor(makeSession(manyGroups(1000))), null);
  });
});

test("a sealed value of another shape is nobody's", () => {
  const good = {
    i: "id",
    s: "ada",
    o: "x",
    k: "person",
    c: null,
    n: null,
    g: [],
    m: { amr: ["mfa"], acr: null },
    u: 1,
    e: 1,
    r: null,
    b: 1,
    t: 1,
    a: 1,
    v: 1,
  };
  const stateOf = (value: unknown): string => {
    const read = cookies.read(`__Host-gatehouse=1~${sealer.seal(value)}`);
    return read === null || read === "invalid" ? String(read) : "session";
  };
  assert.equal(stateOf(good), "session");
  assert.equal(stateOf(null), "invalid");
  assert.equal(stateOf([]), "invalid");
  for (const m of [[], "x", 1, null, { amr: "mfa" }, { amr: [1] }, { amr: {} }, { amr: [["mfa"]] }])
    assert.equal(stateOf({ ...good, m }), "invalid", JSON.stringify(m));
  for (const u of ["1", true, []]) assert.equal(stateOf({ ...good, u }), "invalid", JSON.stringify(u));
  for (const name of Object.keys(good)) {
    assert.equal(stateOf({ ...good, [name]: { x: 1 } }), "invalid", name);
    if (name === "m" || name === "u") continue;
    const { [name as keyof typeof good]: _, ...rest } = good;
    assert.equal(stateOf(rest), "invalid", `without ${name}`);
  }
});

test("no session cookie is null, an empty one invalid", () => {
  assert.equal(cookies.read(undefined), null);
  assert.equal(cookies.read("a=b"), null);
  assert.equal(cookies.read("__Host-gatehouse-login-x=1"), null);
  assert.equal(cookies.read("__Host-gatehouse="), "invalid");
  assert.equal(cookies.read("__Host-gatehouse=1~"), "invalid");
});
