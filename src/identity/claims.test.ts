/** Which claims an identity carries, and as what texts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ClaimRules, claimsOf, readIdentity } from "./claims.ts";
import { type JsonObject, parseStrictJsonObject } from "./strict-json.ts";

function parse(text: string): JsonObject {
  const payload = parseStrictJsonObject(Buffer.from(text));
  assert.ok(payload !== null, "the payload of the test is not a JSON object");
  return payload;
}

/** Undefined when the claim counts as absent. */
function valuesOf(valueText: string): readonly string[] | undefined {
  return claimsOf(parse(`{"claim":${valueText}}`), ["claim"])["claim"];
}

describe("the texts of a claim's value", () => {
  const cases: readonly [json: string, texts: readonly string[] | undefined][] = [
    ['"gold"', ["gold"]],
    ['""', [""]],
    ['"a, b"', ["a, b"]],
    ['"\\u00e9"', ["é"]],
    ['"e\\u0301"', ["e\u0301"]],
    ["true", ["true"]],
    ["false", ["false"]],
    ["0", ["0"]],
    ["-0", ["0"]],
    ["7", ["7"]],
    ["1.50", ["1.5"]],
    ["1e2", ["100"]],
    ["1e-7", ["1e-7"]],
    ["9007199254740991", ["9007199254740991"]],
    ["9007199254740992", undefined],
    ["9007199254740993", undefined],
    ["-9007199254740993", undefined],
    ["1e21", undefined],
    ["1e400", undefined],
    ["null", undefined],
    ["{}", undefined],
    ['{"a":"b"}', undefined],
    ["[]", []],
    ['["pwd","mfa"]', ["pwd", "mfa"]],
    ['["pwd","pwd"]', ["pwd", "pwd"]],
    ['["a",1,true]', ["a", "1", "true"]],
    ['["a",null]', undefined],
    ['["a",{}]', undefined],
    ['["a",["b"]]', undefined],
    ['["a",1e400]', undefined],
    ['["a",9007199254740993]', undefined],
  ];
  for (const [json, texts] of cases) {
    test(`${json} ${texts === undefined ? "is absent" : `reads ${JSON.stringify(texts)}`}`, () => {
      assert.deepEqual(valuesOf(json), texts);
    });
  }
});

describe("where a claim is looked for", () => {
  const payload = parse(
    '{"a":{"b":"nested","c":{"d":"deep"}},"a.b":"whole","list":["x"],"text":"t","https://shop.example/tier":"gold"}',
  );

  for (const [path, texts] of [
    ["a.b", ["whole"]],
    ["a.c.d", ["deep"]],
    ["https://shop.example/tier", ["gold"]],
    ["a", undefined],
    ["a.c", undefined],
    ["a.c.d.e", undefined],
    ["a.x", undefined],
    ["text.length", undefined],
    ["list.0", undefined],
    ["list.length", undefined],
    ["A.b", undefined],
    ["missing", undefined],
    ["", undefined],
    [".", undefined],
    ["constructor", undefined],
    ["constructor.name", undefined],
    ["__proto__", undefined],
    ["toString", undefined],
  ] as const) {
    test(`\`${path}\` ${texts === undefined ? "is absent" : `is ${texts.join()}`}`, () => {
      const claims = claimsOf(payload, [path]);
      assert.deepEqual(Object.hasOwn(claims, path) ? claims[path] : undefined, texts);
    });
  }

  test("only what is asked for is carried, each under its path", () => {
    assert.deepEqual(claimsOf(payload, ["a.b", "missing", "text"]), { "a.b": ["whole"], text: ["t"] });
    assert.deepEqual(claimsOf(payload, []), {});
  });

  test("a claim with the name of an object's own machinery is a claim like any other", () => {
    const claims = claimsOf(parse('{"__proto__":{"x":"nested"},"constructor":"c"}'), ["__proto__.x", "constructor"]);
    assert.deepEqual(Object.entries(claims), [
      ["__proto__.x", ["nested"]],
      ["constructor", ["c"]],
    ]);
    const proto = claimsOf(parse('{"__proto__":"text"}'), ["__proto__"]);
    assert.deepEqual(Object.entries(proto), [["__proto__", ["text"]]]);
    assert.equal(Object.getPrototypeOf(proto), Object.prototype);
  });

  test("nobody can change what was read", () => {
    const claims = claimsOf(payload, ["text"]);
    assert.throws(() => (claims["text"] as string[]).push("more"), TypeError);
    assert.throws(() => Object.assign(claims, { text: ["other"] }), TypeError);
  });
});

describe("from a payload to an identity", () => {
  const NOW_SECONDS = 1_800_000_000;
  const rules: ClaimRules = {
    issuer: "https://login.shop.example",
    issuerName: null,
    audience: "shop-api",
    claims: { groups: "groups", name: "name" },
    usedClaims: ["acr", "groups", "sub", "tenant"],
  };
  const payload = { iss: rules.issuer, aud: "shop-api", sub: "ada", exp: NOW_SECONDS + 300 };

  function read(more: JsonObject, changes: Partial<ClaimRules> = {}) {
    return readIdentity({ ...payload, ...more }, { ...rules, ...changes }, NOW_SECONDS * 1000);
  }

  test("when somebody signed in is a number, or not known", () => {
    for (const [more, authTimeSeconds] of [
      [{}, null],
      [{ auth_time: 1_799_999_000 }, 1_799_999_000],
      [{ auth_time: "1799999000" }, null],
      [{ auth_time: null }, null],
      [{ auth_time: { now: true } }, null],
    ] as const) {
      const identity = read(more);
      assert.ok(typeof identity !== "string");
      assert.equal(identity.authTimeSeconds, authTimeSeconds, JSON.stringify(more));
    }
  });

  test("a used claim of an unusable type is absent, and refuses nothing", () => {
    const identity = read({ acr: { level: 1 }, tenant: null });
    assert.ok(typeof identity !== "string");
    assert.deepEqual(identity.claims, { sub: ["ada"] });
  });

  test("groups and name of an unusable type refuse, also when the policy asks for them as claims", () => {
    assert.equal(read({ groups: [1] }), "token-claims");
    assert.equal(read({ groups: { a: 1 } }), "token-claims");
    assert.equal(read({ name: 7 }), "token-claims");
  });

  test("the time of issue is the token's own, null when it says none", () => {
    for (const [more, issuedAtSeconds] of [
      [{ iat: NOW_SECONDS - 60 }, NOW_SECONDS - 60],
      [{ iat: 0 }, 0],
      [{}, null],
    ] as const) {
      const identity = read(more);
      assert.ok(typeof identity !== "string");
      assert.equal(identity.issuedAtSeconds, issuedAtSeconds);
    }
    assert.equal(read({ iat: "1799999940" }), "token-claims");
    assert.equal(read({ iat: null }), "token-claims");
  });

  test("who acts for the subject is carried on whole, or the token is refused", () => {
    const identity = read({ act: { sub: "bot", act: { client_id: "runner" } } });
    assert.ok(typeof identity !== "string");
    assert.deepEqual(identity.act, { sub: "bot", act: { client_id: "runner" } });
    const without = read({});
    assert.ok(typeof without !== "string" && !("act" in without));
    assert.equal(read({ act: { name: "Bot" } }), "token-claims");
  });

  test("whoever a workload issuer speaks of is a machine", () => {
    const identity = read({}, { issuerName: "ci" });
    assert.ok(typeof identity !== "string");
    assert.deepEqual([identity.kind, identity.issuerName], ["machine", "ci"]);
  });

  test("PL-3.21: an issuer that people sign in at has people and machines, told apart as the provider's are", () => {
    for (const [claims, hasPeople, kind] of [
      [{}, true, "person"],
      [{}, false, "machine"],
      [{ sub: "bot", client_id: "bot" }, true, "machine"],
      [{ gty: "client-credentials" }, true, "machine"],
    ] as const) {
      const identity = read(claims, { issuerName: "partner", hasPeople });
      assert.ok(typeof identity !== "string");
      assert.deepEqual([identity.kind, identity.issuerName], [kind, "partner"]);
    }
  });
});

describe("PL-3.14: a claim is found by the longest beginning of its path that is a name", () => {
  const cases: readonly [payload: string, path: string, texts: readonly string[] | undefined][] = [
    ['{"a":{"b":"1"},"a.b":"2"}', "a.b", ["2"]],
    ['{"a":{"b":"1"}}', "a.b", ["1"]],
    ['{"kubernetes.io":{"namespace":"shop","pod":{"name":"p"}}}', "kubernetes.io.namespace", ["shop"]],
    ['{"kubernetes.io":{"namespace":"shop","pod":{"name":"p"}}}', "kubernetes.io.pod.name", ["p"]],
    ['{"kubernetes":{"io":{"namespace":"other"}},"kubernetes.io":{}}', "kubernetes.io.namespace", undefined],
    ['{"a":"text"}', "a.b", undefined],
    ['{"a":{}}', "a.constructor", undefined],
    ['{"a":{"b":"1"}}', ".a.b", undefined],
  ];
  for (const [payload, path, texts] of cases)
    test(`${path} in ${payload}`, () => {
      assert.deepEqual(claimsOf(parse(payload), [path])[path], texts);
    });
});
