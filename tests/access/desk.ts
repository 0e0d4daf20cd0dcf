/** A policy, people and records for tests of `gatehouse whatif`. */
import type { GatewayRecord } from "../../src/records/index.ts";
import { sampleGatewayRecord } from "../../src/records/sample-records.ts";

export const DESK = `gatehouse: 1
name: desk
identity:
  issuer: https://login.desk.example
  audience: desk
  issuers: { ci: { issuer: "https://ci.desk.example", audience: desk } }
environments:
  local: { identity: embedded, domain: desk.localhost }
  prod:
    domain: desk.example
    certificates: { acme: ops@desk.example }
    roles: { agents: { members: { groups: [prod-agents] } } }
services:
  tickets:
    exposure: public
    upstream: http://127.0.0.1:9
    routes:
      GET /tickets/{owner}: { needs: tickets:read }
      POST /tickets: { needs: tickets:write }
      DELETE /tickets/{owner}: { needs: tickets:delete }
      GET /status: { open: status page }
      GET /admin: { needs: tickets:admin }
roles:
  agents: { members: { groups: [agents] }, can: [tickets:read], boundary: staff }
  night:
    members: { groups: [night] }
    can: [tickets:write]
    boundary: staff
    when: { hours: { from: "20:00", to: "24:00", zone: UTC } }
  mfa: { members: { groups: [mfa] }, can: [{ permission: tickets:delete, when: { amr: [mfa] } }], boundary: staff }
  fresh: { members: { groups: [fresh] }, can: [{ permission: tickets:admin, when: { token_age: 10 minutes } }], boundary: staff }
  deploy: { members: { issuer: ci, subject: [run] }, can: [tickets:write], boundary: staff }
boundaries:
  staff: [tickets:*]
`;

export const DESK_PEOPLE = `people:
  ada: { password: a, groups: [agents] }
  bo: { password: b, groups: [] }
  nia: { password: d, groups: [night] }
  max: { password: e, groups: [mfa], claims: { amr: [mfa] } }
  mel: { password: f, groups: [mfa] }
  flo: { password: g, groups: [fresh] }
`;

/** A request that was refused before a service was asked, unless it says otherwise. */
export function deskRecord(changes: Partial<GatewayRecord>): GatewayRecord {
  const refused = { status: 403, upstream: null, upstreamMs: null };
  return sampleGatewayRecord({
    host: "desk.localhost:8443",
    routeKey: "GET /tickets/{owner}",
    path: "/tickets/7",
    role: null,
    subject: null,
    clientId: "desk-edge",
    service: "tickets",
    ...(changes.reason === "role-grants" || changes.reason === "open-route" ? {} : refused),
    ...changes,
  });
}
