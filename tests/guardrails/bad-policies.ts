/**
 * Policies as people should not write them, each with the guardrails that say so: what becomes of them is scanned.
 * Each has an environment of this machine and one of AWS.
 */
export interface BadPolicy {
  readonly what: string;
  readonly text: string;
  /** Ids of all findings, without `guardrail/`. */
  readonly guardrails: readonly string[];
}

interface Parts {
  readonly routes?: string;
  readonly role: string;
  readonly boundary?: string;
}

function write({
  routes = "{ GET /orders: { needs: orders:read }, POST /orders: { needs: orders:write } }",
  role,
  boundary = "[orders:read, orders:write]",
}: Parts): string {
  return `gatehouse: 1
name: bad
identity: { issuer: https://login.shop.example, audience: shop-api }
environments:
  local: { identity: embedded, domain: shop.localhost }
  prod:
    domain: api.shop.example
    certificates: internal
    gateway: { aws: { account: "111122223333", regions: [eu-west-1] } }
services:
  orders: { exposure: public, upstream: "http://127.0.0.1:4001", routes: ${routes} }
roles:
  bot: ${role}
boundaries:
  machines: ${boundary}
throttle: { default: 1000/second, per_identity: 100/second }
`;
}

const ALL = "can: [orders:read, orders:write], boundary: machines";

export const BAD_POLICIES: readonly BadPolicy[] = [
  {
    what: "catch-all grant and boundary",
    text: write({ role: '{ members: { subject: [a] }, can: ["*"], boundary: machines }', boundary: '["*:*"]' }),
    guardrails: ["catch-all-grant", "catch-all-boundary"],
  },
  {
    what: "a whole area",
    text: write({ role: "{ members: { subject: [a] }, can: [orders:*], boundary: machines }", boundary: "[orders:*]" }),
    guardrails: ["area-grant"],
  },
  {
    what: "every method and path as one permission",
    text: write({
      routes: '{ "ANY /{path+}": { needs: orders:use } }',
      role: "{ members: { subject: [a] }, can: [orders:*], boundary: machines }",
      boundary: "[orders:*]",
    }),
    guardrails: ["area-grant"],
  },
  {
    what: "every path but one",
    text: write({
      routes: '{ "GET /{path+}": { needs: orders:read }, "GET /admin/{rest+}": { needs: orders:admin } }',
      role: "{ members: { subject: [a] }, can: [orders:read], boundary: machines }",
      boundary: "[orders:read]",
    }),
    guardrails: ["unreachable-route"],
  },
  {
    what: "an open write",
    text: write({
      routes: "{ GET /orders: { needs: orders:read }, POST /orders: { open: all } }",
      role: "{ members: { subject: [a] }, can: [orders:read], boundary: machines }",
      boundary: "[orders:read]",
    }),
    guardrails: ["open-write"],
  },
  {
    what: "members that are nearly everybody",
    text: write({ role: `{ members: { claim: { name: department, prefix: s } }, ${ALL} }` }),
    guardrails: ["everybody-is-member"],
  },
  {
    what: "nobody, and a boundary that takes everything away",
    text: write({
      role: "{ members: { groups: [] }, can: [orders:read, orders:write], boundary: machines }",
      boundary: "[spare:read]",
    }),
    guardrails: ["unreachable-route", "unreachable-route", "role-without-members", "dead-grant", "dead-grant"],
  },
  {
    what: "the whole internet as source network",
    text: write({ role: `{ members: { subject: [a] }, ${ALL}, when: { source_ip: [0.0.0.0/0, "::/0"] } }` }),
    guardrails: ["wide-source-network", "wide-source-network"],
  },
  {
    what: "an environment that drops a condition",
    text: write({ role: `{ members: { subject: [a] }, ${ALL}, when: { source_ip: [10.0.0.0/16] } }` }).replace(
      "certificates: internal",
      "certificates: internal\n    roles: { bot: { when: { before: 2027-01-01 } } }",
    ),
    guardrails: ["condition-dropped"],
  },
  {
    what: "conditions of every kind",
    text: write({
      routes: '{ "GET /orders/{id}": { needs: orders:read }, "POST /orders/{id}": { needs: orders:write } }',
      role: `{ members: { subject: [a] }, ${ALL}, when: { source_ip: [10.0.0.0/16], after: 2026-01-01, before: 2027-01-01, hours: { days: [monday], from: "08:00", to: "18:00", zone: UTC }, path: { id: ["7", claim] }, claim: { plan: gold }, amr: [mfa], token_age: 10 minutes } }`,
    }),
    guardrails: [],
  },
];
