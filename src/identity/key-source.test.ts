import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createManualClock } from "../core/index.ts";
import { createKeySource } from "./key-source.ts";
import { type FakeIssuer, createFakeIssuer, createManualSchedule } from "./testing/fake-issuer.ts";
import { createTestKey, publicJwk } from "./testing/token-mint.ts";

const first = createTestKey("k1", "p256");
const second = createTestKey("k2", "p256");

async function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function setUp(fake: FakeIssuer = createFakeIssuer([publicJwk(first)]), allowHttpLoopback = false) {
  const clock = createManualClock(0);
  const schedule = createManualSchedule();
  const keys = createKeySource({
    issuer: fake.issuer,
    clock,
    fetch: fake.fetch,
    allowHttpLoopback,
    schedule: schedule.schedule,
  });
  return { fake, clock, schedule, keys };
}

describe("first fetch", () => {
  test("there is no key before it, and the right one after it", async () => {
    const { keys, fake } = setUp();
    assert.equal(keys.generation(), -1);
    assert.equal(keys.find("k1", "ES256"), null);
    await keys.load();
    assert.equal(keys.find("k1", "ES256")?.asymmetricKeyType, "ec");
    assert.equal(keys.find("k1", "ES384"), null);
    assert.equal(keys.find("k2", "ES256"), null);
    assert.deepEqual(fake.asked, [
      "https://login.shop.example/realms/shop/.well-known/openid-configuration",
      "https://login.shop.example/realms/shop/jwks",
    ]);
  });

  const issuer = "https://login.shop.example/realms/shop";
  const faults: readonly [title: string, change: (fake: FakeIssuer) => void, code: string, message: RegExp][] = [
    [
      "the provider answers 500",
      (f) => (f.fault = async () => Response.json({}, { status: 500 })),
      "GH_IDENTITY_PROVIDER_UNREACHABLE",
      /it answered status 500/,
    ],
    [
      "the provider answers HTML",
      (f) => (f.fault = async () => new Response("<html>")),
      "GH_IDENTITY_PROVIDER_UNREACHABLE",
      /did not answer a JSON object/,
    ],
    [
      "the provider answers nothing",
      (f) => (f.fault = async () => new Response(null, { status: 204 })),
      "GH_IDENTITY_PROVIDER_UNREACHABLE",
      /status 204/,
    ],
    [
      "the provider redirects",
      (f) =>
        (f.fault = async () => new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } })),
      "GH_IDENTITY_PROVIDER_UNREACHABLE",
      /redirects are not followed/,
    ],
    [
      "the connection fails",
      (f) => (f.fault = async () => Promise.reject(new TypeError("fetch failed"))),
      "GH_IDENTITY_PROVIDER_UNREACHABLE",
      /fetch failed/,
    ],
    [
      "the document's issuer has a slash more",
      (f) => (f.discovery["issuer"] = `${issuer}/`),
      "GH_IDENTITY_ISSUER_MISMATCH",
      /realms\/shop` but the provider calls itself `.*realms\/shop\/`/,
    ],
    [
      "the document's issuer has another case",
      (f) => (f.discovery["issuer"] = issuer.toUpperCase()),
      "GH_IDENTITY_ISSUER_MISMATCH",
      /HTTPS/,
    ],
    ["the document has no issuer", (f) => delete f.discovery["issuer"], "GH_IDENTITY_ISSUER_MISMATCH", /\(no issuer\)/],
    [
      "the document has no key address",
      (f) => delete f.discovery["jwks_uri"],
      "GH_IDENTITY_NO_USABLE_KEY",
      /`jwks_uri` is not a URL/,
    ],
    [
      "keys on plain http",
      (f) => (f.discovery["jwks_uri"] = "http://login.shop.example/jwks"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /not https/,
    ],
    [
      "keys in a file",
      (f) => (f.discovery["jwks_uri"] = "file:///etc/passwd"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /not https/,
    ],
    [
      "keys at the metadata address",
      (f) => (f.discovery["jwks_uri"] = "https://169.254.169.254/latest"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /link-local/,
    ],
    [
      "keys at the metadata address in hexadecimal",
      (f) => (f.discovery["jwks_uri"] = "https://0xa9fea9fe/latest"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /link-local/,
    ],
    [
      "keys at a link-local IPv6 address",
      (f) => (f.discovery["jwks_uri"] = "https://[fe80::1]/"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /link-local/,
    ],
    [
      "keys on this machine",
      (f) => (f.discovery["jwks_uri"] = "https://127.0.0.1/jwks"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /on this machine/,
    ],
    [
      "keys on this machine in short form",
      (f) => (f.discovery["jwks_uri"] = "https://127.1/jwks"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /on this machine/,
    ],
    [
      "keys on this machine through IPv6",
      (f) => (f.discovery["jwks_uri"] = "https://[::ffff:127.0.0.1]/jwks"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /on this machine/,
    ],
    [
      "keys behind a password",
      (f) => (f.discovery["jwks_uri"] = "https://a:b@login.shop.example/jwks"),
      "GH_IDENTITY_ADDRESS_REFUSED",
      /user name or password/,
    ],
    ["no keys", (f) => (f.keys = []), "GH_IDENTITY_NO_USABLE_KEY", /the set is empty/],
    ["keys is an object", (f) => (f.keys = {}), "GH_IDENTITY_NO_USABLE_KEY", /not a JWKS/],
    [
      "only a shared secret",
      (f) => (f.keys = [{ kty: "oct", k: "AAAA" }]),
      "GH_IDENTITY_NO_USABLE_KEY",
      /not an asymmetric key/,
    ],
    [
      "10,000 keys",
      (f) => (f.keys = Array.from({ length: 10_000 }, (_, i) => publicJwk(first, { kid: `k${i}` }))),
      "GH_IDENTITY_PROVIDER_UNREACHABLE",
      /more than 150000 bytes/,
    ],
  ];
  for (const [title, change, code, message] of faults) {
    test(`${title}: ${code}`, async () => {
      const { keys, fake } = setUp();
      change(fake);
      await assert.rejects(keys.load(), { code, message });
      assert.equal(keys.find("k1", "ES256"), null);
      assert.deepEqual(keys.state().usable, false);
      assert.match(keys.state().lastError ?? "", message);
    });
  }

  test("plain http is for this machine, and only when allowed", async () => {
    const local = "http://127.0.0.1:4444";
    const refused = setUp(createFakeIssuer([publicJwk(first)], local));
    await assert.rejects(refused.keys.load(), { code: "GH_IDENTITY_ADDRESS_REFUSED" });
    assert.deepEqual(refused.fake.asked, []);
    await setUp(createFakeIssuer([publicJwk(first)], local), true).keys.load();
    await assert.rejects(setUp(createFakeIssuer([], "http://login.shop.example"), true).keys.load(), {
      code: "GH_IDENTITY_ADDRESS_REFUSED",
    });
  });

  test("an issuer that ends with a slash keeps it in its name and not in the address", async () => {
    const { keys, fake } = setUp(createFakeIssuer([publicJwk(first)], "https://login.shop.example/"));
    await keys.load();
    assert.equal(fake.asked[0], "https://login.shop.example/.well-known/openid-configuration");
  });
});

describe("by itself", () => {
  test("a source that has never had a key tries again, ever slower, until it has one", async () => {
    const { keys, fake, clock, schedule } = setUp();
    fake.fault = async () => Promise.reject(new Error("down"));
    await assert.rejects(keys.load());
    for (let i = 0; i < 6; i++) {
      clock.advance(schedule.delays.at(-1) ?? 0);
      schedule.fire();
      await settle();
    }
    assert.deepEqual(schedule.delays, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    fake.fault = null;
    schedule.fire();
    await settle();
    assert.equal(keys.state().usable, true);
    assert.equal(schedule.delays.at(-1), 600_000);
  });

  test("keys are fetched again at their age, and kept while that fails", async () => {
    const { keys, fake, clock, schedule } = setUp();
    await keys.load();
    assert.deepEqual(schedule.delays, [600_000]);
    clock.advance(600_000);
    fake.fault = async () => Response.json({ keys: [] });
    schedule.fire();
    await settle();
    assert.notEqual(keys.find("k1", "ES256"), null);
    assert.equal(keys.state().usable, true);
    assert.notEqual(keys.state().lastError, null);
    clock.advance(4 * 3_600_000);
    assert.notEqual(keys.find("k1", "ES256"), null);
    clock.advance(1);
    assert.equal(keys.find("k1", "ES256"), null);
    assert.equal(keys.generation(), -1);
  });

  test("a closed source asks nothing more", async () => {
    const { keys, fake, schedule } = setUp();
    await keys.load();
    keys.close();
    fake.asked.length = 0;
    schedule.fire();
    assert.equal(await keys.refreshFor("k9"), "unavailable");
    assert.deepEqual(fake.asked, []);
  });
});

describe("unknown names", () => {
  test("a key published after the last fetch is found by one more", async () => {
    const { keys, fake } = setUp();
    await keys.load();
    fake.keys = [publicJwk(first), publicJwk(second)];
    fake.asked.length = 0;
    const outcomes = await Promise.all(Array.from({ length: 500 }, async () => keys.refreshFor("k2")));
    assert.deepEqual(new Set(outcomes), new Set(["found"]));
    assert.equal(fake.asked.length, 2);
    assert.equal(await keys.refreshFor("k1"), "found");
    assert.equal(fake.asked.length, 2);
  });

  test("10,000 made-up names cause one fetch in a cool-down", async () => {
    const { keys, fake, clock } = setUp();
    await keys.load();
    fake.asked.length = 0;
    for (let i = 0; i < 10_000; i++) {
      clock.advance(2);
      assert.equal(await keys.refreshFor(`made-up-${i}`), "unknown");
    }
    assert.equal(fake.asked.length, 2);
    clock.advance(10_002);
    assert.equal(await keys.refreshFor("made-up"), "unknown");
    assert.equal(fake.asked.length, 4);
  });

  test("while the provider is down an unknown name is not the token's fault, and is not asked for each time", async () => {
    const { keys, fake, clock } = setUp();
    await keys.load();
    fake.fault = async () => Promise.reject(new Error("down"));
    fake.asked.length = 0;
    for (let i = 0; i < 100; i++) assert.equal(await keys.refreshFor(`k-${i}`), "unavailable");
    assert.equal(fake.asked.length, 1);
    clock.advance(29_999);
    assert.equal(await keys.refreshFor("k-x"), "unavailable");
    assert.equal(fake.asked.length, 1);
  });

  test("without any key the back-off decides, so that recovery takes a second", async () => {
    const { keys, fake, clock } = setUp();
    fake.fault = async () => Promise.reject(new Error("down"));
    assert.equal(await keys.refreshFor("k1"), "unavailable");
    fake.fault = null;
    clock.advance(999);
    assert.equal(await keys.refreshFor("k1"), "unavailable");
    clock.advance(1);
    assert.equal(await keys.refreshFor("k1"), "found");
  });
});
