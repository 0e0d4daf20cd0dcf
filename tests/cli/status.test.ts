/** What `status` says of workload issuers, in each state of their keys. A running one: tests/road. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Status, renderStatus } from "../../src/app/status.ts";

type Keys = Status["identity"]["keys"];

const AWAY = "cannot use identity provider at `https://ci.example/jwks`: connection refused";

function keys(changes: Partial<Keys>): Keys {
  return { issuer: "https://ci.example", usable: true, ageMs: 0, keys: [], ignored: [], lastError: null, ...changes };
}

function statusWith(issuers: Status["identity"]["issuers"]): Status {
  return {
    ready: true,
    pid: 7,
    policy: "shop",
    policyFile: "/srv/gatehouse.yaml",
    environment: "local",
    policyDigest: "0123456789abcdef",
    startedAt: "2026-11-24T20:35:00.000Z",
    state: "/srv/.gatehouse",
    edge: {
      https: "https://shop.example",
      http: "http://shop.example",
      private: null,
      caFile: null,
      caddyVersion: "2.11.7",
      attached: false,
    },
    identity: { issuer: "https://login.example", embedded: false, keys: keys({}), issuers, assertionKeys: [] },
    sts: { address: "https://shop.example/_gatehouse/sts", region: "local", roles: [] },
    gateway: {
      socket: "/srv/public.sock",
      privateSocket: null,
      requests: 0,
      inFlight: 0,
      workers: [],
    } as unknown as Status["gateway"],
    records: { edge: "/srv/access.log", gateway: "/srv/gateway.log" } as Status["records"],
    metrics: null,
    console: null,
    lastReload: null,
  };
}

function issuerRows(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith("issuer"));
}

const cases: readonly (readonly [Partial<Keys>, string])[] = [
  [{ ageMs: 0 }, "keys fetched 1 second ago"],
  [{ ageMs: 119_999 }, "keys fetched 119 seconds ago"],
  [{ ageMs: 120_000 }, "keys fetched 2 minutes ago"],
  [{ ageMs: 7_199_999, lastError: AWAY }, `keys fetched 119 minutes ago; the latest fetch failed: ${AWAY}`],
  [{ usable: false, ageMs: null }, "no keys yet; its tokens get 503"],
  [
    { usable: false, ageMs: null, lastError: AWAY },
    `no keys yet; its tokens get 503; the latest fetch failed: ${AWAY}`,
  ],
  [
    { usable: false, ageMs: 5 * 3_600_000, lastError: AWAY },
    `keys fetched 5 hours ago, too old to be used; its tokens get 503; the latest fetch failed: ${AWAY}`,
  ],
];
for (const [state, said] of cases) {
  test(`an issuer is shown with the state of its keys: ${said}`, () => {
    const rows = issuerRows(renderStatus(statusWith([{ name: "ci", keys: keys(state) }])));
    assert.deepEqual(rows, [`issuer    ci: https://ci.example, ${said}`]);
  });
}

test("issuers stand one a line in the order of the policy; without any there is no line", () => {
  const two = ["k8s", "ci"].map((name) => ({ name, keys: keys({}) }));
  const rows = issuerRows(renderStatus(statusWith(two)));
  assert.deepEqual(
    rows.map((row) => row.slice(0, 14)),
    ["issuer    k8s:", "issuer    ci: "],
  );
  assert.deepEqual(issuerRows(renderStatus(statusWith([]))), []);
});

test("what an issuer answered does not act on the terminal", () => {
  const hostile = keys({ lastError: "found `\u001b[2J\npolicy    other`" });
  const text = renderStatus(statusWith([{ name: "ci", keys: hostile }]));
  assert.match(text, /found `\\u\{1b\}\[2J\\u\{a\}policy {4}other`$/m);
});
