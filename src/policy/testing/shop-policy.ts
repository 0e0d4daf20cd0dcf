/** A policy that says a little of everything, for tests that break it in one place. */
import { type Diagnostic, formatSpan } from "../../core/index.ts";
import { parsePolicy } from "../parse/parse-policy.ts";
import type { Policy } from "../policy.ts";

export const SHOP = `gatehouse: 1
name: shop
identity:
  issuer: https://login.shop.example
  audience: shop-api
  claims: { groups: groups, name: name }
  login: { client_id: edge, client_secret: secret:login-client, scopes: [openid], session: { idle: 30 minutes, max: 12 hours } }
environments:
  local: { identity: embedded, domain: shop.localhost }
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    private_network: [10.0.0.0/16]
    gateway: { aws: { account: "111122223333", regions: [eu-west-1], authorize: iam, federation: brokered } }
    state: valkey://cache.shop.internal:6379
services:
  orders:
    exposure: public
    login: true
    upstream: { local: http://127.0.0.1:4001, prod: http://orders.shop.internal:8080 }
    headers: { keep: [x-tenant], identity: { x-user: subject } }
    routes:
      GET /orders: { needs: orders:read }
      GET /orders/{id}: { needs: orders:read }
      POST /orders: { needs: orders:write, throttle: 50/second burst 100, timeout: 10 seconds }
      GET /health: { open: "probe, returns no data" }
  backoffice:
    exposure: private
    upstream: http://127.0.0.1:4002
    routes:
      ANY /{path+}: { needs: backoffice:use }
roles:
  support: { members: { groups: [support] }, can: [orders:read, backoffice:use], boundary: staff }
  bot:
    members: { client_id: [billing], subject: [robot-7] }
    can: [orders:*]
    boundary: machines
    when: { source_ip: [10.0.0.0/16] }
boundaries:
  staff: [orders:*, backoffice:use]
  machines: [orders:read, orders:write]
throttle: { default: 1000/second burst 2000, per_identity: 100/second }
secrets:
  login-client: { rotate: 90 days, overlap: 1 day }
  session-key: { rotate: 30 days, overlap: 12 hours }
guardrails:
  waive: [{ rule: guardrail/open-write, for: POST /orders, reason: agreed, owner: ops, expiry: 2027-01-31 }]
`;

/** One case of the tables: what is wrong, `from` and `to` of an edit of `SHOP`, and every finding that it gives. */
export interface BrokenPolicy {
  readonly what: string;
  readonly edit: readonly [from: string, to: string];
  readonly found: readonly string[];
}

/** `SHOP` with the one place that reads `from` changed to `to`. */
export function editShop(from: string, to: string): string {
  const parts = SHOP.split(from);
  if (parts.length !== 2) throw new Error(`\`${from}\` stands ${parts.length - 1} times in the policy`);
  return parts.join(to);
}

/** The policy of a text that is known to be good. */
export function parseGood(text: string): Policy {
  const { policy, diagnostics } = parsePolicy("p.yaml", text);
  if (policy === null) throw new Error(describeFindings(text, diagnostics).join("\n"));
  return policy;
}

/** One line for each finding: `line:column severity id: message -> hint`. */
export function describeFindings(text: string, diagnostics: readonly Diagnostic[]): string[] {
  const sources = new Map([["p.yaml", text]]);
  return diagnostics.map(({ id, severity, message, hint, span }) => {
    const place = formatSpan(span, sources).slice("p.yaml:".length);
    return `${place} ${severity === "error" ? "" : `${severity} `}${id}: ${message}${hint === undefined ? "" : ` -> ${hint}`}`;
  });
}
