import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../core/index.ts";
import { GUARDRAILS } from "./guardrails.ts";
import { lintPolicy } from "./lint-policy.ts";
import { SHOP, describeFindings, parseGood } from "./testing/shop-policy.ts";

const NOW = createManualClock(Date.parse("2026-11-24T12:00:00Z"));

/** The policy of the other tests without its waiver, which waives nothing there. */
const CLEAN = SHOP.replace(/waive: \[.*\]/, "waive: []");

/** Edits of `CLEAN`, each of a place that is there exactly once. */
function edit(...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((text, [from, to]) => {
    const parts = text.split(from);
    assert.equal(parts.length, 2, from);
    return parts.join(to);
  }, CLEAN);
}

function lint(text: string, clock = NOW): string[] {
  return describeFindings(text, lintPolicy(parseGood(text), clock));
}

test("a good policy has no findings", () => assert.deepEqual(lint(CLEAN), []));

/** For each guardrail: edits that it finds something in, with what it finds, and edits close to these that are fine. */
const cases: Record<
  string,
  {
    readonly bad: readonly (readonly [edits: readonly (readonly [string, string])[], ...found: string[]])[];
    readonly good: readonly (readonly (readonly [string, string])[])[];
  }
> = {
  "guardrail/catch-all-grant": {
    bad: [
      [[["can: [orders:*]", 'can: ["*"]']], "36:11 guardrail/catch-all-grant: role `bot` can `*`"],
      [[["can: [orders:*]", 'can: ["*:*", orders:read]']], "36:11 guardrail/catch-all-grant: role `bot` can `*:*`"],
    ],
    good: [
      [
        ["can: [orders:*]", "can: [orders:*, backoffice:*]"],
        ["machines: [orders:read,", "machines: [backoffice:*, orders:read,"],
      ],
    ],
  },
  "guardrail/catch-all-boundary": {
    bad: [
      [
        [["staff: [orders:*, backoffice:use]", 'staff: ["*"]']],
        "40:11 guardrail/catch-all-boundary: boundary `staff` allows `*`",
      ],
      [
        [["staff: [orders:*, backoffice:use]", 'staff: [orders:*, "*:*"]']],
        "40:21 guardrail/catch-all-boundary: boundary `staff` allows `*:*`",
      ],
    ],
    good: [[["staff: [orders:*, backoffice:use]", "staff: [orders:*, backoffice:*]"]]],
  },
  "guardrail/open-write": {
    bad: [
      [
        [["GET /health:", "POST /health:"]],
        "26:7 guardrail/open-write: `POST /health` is open and may change something",
      ],
      [[["GET /health:", "ANY /health:"]], "26:7 guardrail/open-write: `ANY /health` is open and may change something"],
    ],
    good: [[["GET /health:", "HEAD /health:"]], [["GET /health:", "OPTIONS /health:"]]],
  },
  "guardrail/open-private": {
    bad: [
      [
        [["ANY /{path+}: {", "GET /probe: { open: probe }\n      ANY /{path+}: {"]],
        "31:7 warning guardrail/open-private: `GET /probe` of a private service is open",
      ],
    ],
    good: [[["ANY /{path+}: {", "GET /probe: { needs: backoffice:use }\n      ANY /{path+}: {"]]],
  },
  "guardrail/role-without-members": {
    bad: [
      [
        [
          ["client_id: [billing], subject: [robot-7]", ""],
          ["can: [orders:read, backoffice:use]", "can: [orders:*, backoffice:use]"],
        ],
        "34:3 warning guardrail/role-without-members: role `bot` has no members",
      ],
      [
        [
          ["client_id: [billing], subject: [robot-7]", "groups: []"],
          ["can: [orders:read, backoffice:use]", "can: [orders:*, backoffice:use]"],
        ],
        "34:3 warning guardrail/role-without-members: role `bot` has no members",
      ],
    ],
    good: [[["client_id: [billing], subject: [robot-7]", "subject: [robot-7]"]]],
  },
  "guardrail/dead-grant": {
    bad: [
      [
        [["can: [orders:*]", "can: [orders:*, backoffice:use]"]],
        "36:21 warning guardrail/dead-grant: role `bot` can `backoffice:use`, which boundary `machines` does not allow",
      ],
      [
        [["can: [orders:*]", "can: [orders:*, backoffice:*]"]],
        "36:21 warning guardrail/dead-grant: role `bot` can `backoffice:*`, which boundary `machines` does not allow",
      ],
    ],
    // A pattern that the boundary narrows is not dead.
    good: [
      [
        ["can: [orders:read, backoffice:use]", "can: [orders:*, backoffice:use]"],
        ["machines: [orders:read, orders:write]", "machines: [orders:read]"],
      ],
    ],
  },
  "guardrail/unreachable-route": {
    bad: [
      [
        [["can: [orders:*]", "can: [orders:read]"]],
        "25:7 warning guardrail/unreachable-route: `POST /orders` needs `orders:write`, which nobody can have",
      ],
      [
        [["machines: [orders:read, orders:write]", "machines: [orders:read]"]],
        "25:7 warning guardrail/unreachable-route: `POST /orders` needs `orders:write`, which nobody can have",
      ],
    ],
    good: [[["can: [orders:*]", "can: [orders:read, orders:write]"]]],
  },
  "guardrail/unused-boundary": {
    bad: [
      [
        [["  machines: [", "  spare: [orders:read]\n  machines: ["]],
        "41:3 info guardrail/unused-boundary: no role has boundary `spare`",
      ],
    ],
    good: [
      [
        ["boundary: machines", "boundary: staff"],
        ["\n  machines: [orders:read, orders:write]", ""],
      ],
    ],
  },
  "guardrail/no-identity-throttle": {
    bad: [
      [
        [[", per_identity: 100/second", ""]],
        "3:1 info guardrail/no-identity-throttle: no throttle holds for a single identity",
      ],
      [
        [["throttle: { default: 1000/second burst 2000, per_identity: 100/second }\n", ""]],
        "3:1 info guardrail/no-identity-throttle: no throttle holds for a single identity",
      ],
    ],
    good: [[["default: 1000/second burst 2000, ", ""]]],
  },
  "guardrail/development-identity": {
    bad: [
      [
        [["domain: shop.localhost", "domain: shop.example, certificates: internal"]],
        "9:3 guardrail/development-identity: environment `local` uses the development provider beyond this machine",
      ],
      [
        [["domain: shop.localhost", "domain: shop.localhost, certificates: { acme: a@b.example }"]],
        "9:3 guardrail/development-identity: environment `local` uses the development provider beyond this machine",
      ],
      [
        [
          [
            "domain: shop.localhost",
            'domain: shop.localhost, gateway: { aws: { account: "111122223333", regions: [eu-west-1] } }',
          ],
        ],
        "9:3 guardrail/development-identity: environment `local` uses the development provider beyond this machine",
      ],
    ],
    good: [[["identity: embedded, domain: shop.localhost", "domain: shop.example, certificates: internal"]]],
  },
  "guardrail/plain-http-upstream": {
    bad: [
      [
        [["http://orders.shop.internal:8080", "http://orders.shop.example"]],
        "17:3 warning guardrail/plain-http-upstream: service `orders` is reached at `http://orders.shop.example` without TLS in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", "http://8.8.8.8"]],
        "17:3 warning guardrail/plain-http-upstream: service `orders` is reached at `http://8.8.8.8` without TLS in `prod`",
      ],
    ],
    good: [
      "https://orders.shop.example",
      "http://10.0.0.7",
      "http://192.168.1.1:81",
      "http://orders",
      "http://orders.default.svc.cluster.local",
      '"http://[fd00::1]"',
      "http://localhost:1",
    ].map((to) => [["http://orders.shop.internal:8080", to] as const]),
  },
  "guardrail/metadata-upstream": {
    bad: [
      [
        [["http://orders.shop.internal:8080", "http://169.254.169.254"]],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `169.254.169.254` in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", '"http://[fd00:ec2::254]"']],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `[fd00:ec2::254]` in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", '"http://[::ffff:169.254.169.254]"']],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `[::ffff:a9fe:a9fe]` in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", "http://metadata.google.internal"]],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `metadata.google.internal` in `prod`",
      ],
    ],
    good: [[["http://orders.shop.internal:8080", "http://169.253.169.254.shop.internal"]]],
  },
  "guardrail/open-private-network": {
    bad: [
      [
        [["private_network: [10.0.0.0/16]", 'private_network: [0.0.0.0/0, "::/0"]']],
        "10:3 guardrail/open-private-network: environment `prod` takes `0.0.0.0/0` for its private network",
        "10:3 guardrail/open-private-network: environment `prod` takes `::/0` for its private network",
      ],
    ],
    good: [[["private_network: [10.0.0.0/16]", "private_network: [0.0.0.0/1, 10.0.0.0/8]"]]],
  },
};

test("every guardrail has cases", () =>
  assert.deepEqual(Object.keys(cases).toSorted(), Object.keys(GUARDRAILS).toSorted()));

for (const [id, { bad, good }] of Object.entries(cases)) {
  for (const [edits, ...found] of bad)
    test(`${id} finds ${edits.map(([, to]) => to.trim().replaceAll("\n", " ")).join(" and ")}`, () => {
      const fix = GUARDRAILS[id as keyof typeof GUARDRAILS]?.fix;
      assert.deepEqual(
        lint(edit(...edits)).filter((line) => line.includes(`${id}:`)),
        found.map((line) => `${line} -> ${fix}`),
      );
    });
  for (const edits of good)
    test(`${id} accepts ${edits.map(([, to]) => to.trim().replaceAll("\n", " ")).join(" and ")}`, () =>
      assert.deepEqual(
        lint(edit(...edits)).filter((line) => line.includes(`${id}:`)),
        [],
      ));
}

const OPEN = ["GET /health:", "POST /health:"] as const;
const waive = (fields: string): readonly [string, string] => ["waive: []", `waive: [{ ${fields} }]`];
const WORDS = "reason: agreed with ops, owner: ada";

test("a waived finding stays visible with the waiver's words", () => {
  const text = edit(OPEN, waive(`rule: guardrail/open-write, for: POST /health, ${WORDS}, expiry: 2026-12-31`));
  assert.deepEqual(lint(text), [
    "26:7 info guardrail/open-write: `POST /health` is open and may change something; waived until 2026-12-31 by ada: agreed with ops",
  ]);
});

test("a waiver without `for` covers every finding of its rule", () => {
  const text = edit(
    ["GET /health: {", "PUT /health: { open: a }\n      DELETE /health: {"],
    waive(`rule: guardrail/open-write, ${WORDS}, expiry: 2026-12-31`),
  );
  assert.deepEqual(
    lint(text).map((line) => line.split(": ")[0]),
    ["26:7 info guardrail/open-write", "27:7 info guardrail/open-write"],
  );
});

test("a waiver covers only what it is for, and says when that is nothing", () => {
  const text = edit(OPEN, waive(`rule: guardrail/open-write, for: POST /other, ${WORDS}, expiry: 2026-12-31`));
  assert.deepEqual(lint(text), [
    `26:7 guardrail/open-write: \`POST /health\` is open and may change something -> ${GUARDRAILS["guardrail/open-write"]?.fix}`,
    "47:11 warning guardrail/waiver-unused: the waiver of `guardrail/open-write` waives nothing -> remove it",
  ]);
});

test("a waiver holds to the end of its last day in UTC and is a finding from then on", () => {
  const text = edit(OPEN, waive(`rule: guardrail/open-write, ${WORDS}, expiry: 2026-12-31`));
  const lastMoment = createManualClock(Date.parse("2027-01-01T00:00:00Z") - 1);
  assert.deepEqual(
    lint(text, lastMoment).map((line) => line.split(": ")[0]),
    ["26:7 info guardrail/open-write"],
  );
  lastMoment.advance(1);
  assert.deepEqual(lint(text, lastMoment), [
    `26:7 guardrail/open-write: \`POST /health\` is open and may change something -> ${GUARDRAILS["guardrail/open-write"]?.fix}`,
    "47:11 warning guardrail/waiver-expired: the waiver of `guardrail/open-write` by ada ended on 2026-12-31 -> correct what it waived and remove it, or decide again and set a new expiry",
  ]);
});
