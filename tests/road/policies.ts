/** Policies that the tests of the road run, with the addresses of this run's services filled in. */

export interface RoadServices {
  readonly orders: string;
  readonly backoffice: string;
  readonly down: string;
}

export function roadPolicy(
  services: RoadServices,
  options: { readonly issuer?: string; readonly login?: boolean } = {},
): string {
  return `gatehouse: 1
name: road

identity:
  issuer: ${options.issuer ?? "https://login.road.example"}
  audience: road-api
  claims: { groups: groups, name: preferred_username }
${options.login === true ? "  login: { client_id: road-edge, session: { idle: 30 minutes, max: 12 hours } }\n" : ""}
environments:
  local:
${options.issuer === undefined ? "    identity: embedded\n" : ""}    domain: road.localhost
    certificates: internal
    gateway: embedded
    private_network: [127.0.0.0/8, "::1/128"]

services:
  orders:
    exposure: public
    upstream: ${services.orders}
    routes:
      GET /orders:           { needs: orders:read }
      GET /orders/{id}:      { needs: orders:read }
      GET /orders/{id}/bill: { needs: orders:bill }
      POST /orders:          { needs: orders:write }
      GET /export:           { needs: orders:read, throttle: 1/hour burst 3 }
      GET /slow:             { needs: orders:read, timeout: 400 ms }
      GET /health:           { open: "load balancer probe, returns no data" }
${options.login === true ? "  web:\n    exposure: public\n    login: true\n    upstream: " + services.orders + "\n    routes:\n      GET /account:      { needs: web:use }\n      POST /account:     { needs: web:use }\n" : ""}  gone:
    exposure: public
    upstream: ${services.down}
    routes:
      GET /gone: { needs: orders:read }
  backoffice:
    exposure: private
    upstream: ${services.backoffice}
    routes:
      GET /stock: { needs: backoffice:use }

roles:
  support: { members: { groups: [support] }, can: [orders:read, backoffice:use${options.login === true ? ", web:use" : ""}], boundary: staff }
  billing: { members: { client_id: [billing] }, can: [orders:read, orders:write], boundary: machines }
  capped:  { members: { groups: [capped] }, can: [orders:read, orders:write], boundary: readers }

boundaries:
  staff: ["orders:*", backoffice:use${options.login === true ? ", web:use" : ""}]
  machines: [orders:read, orders:write]
  readers: [orders:read]

throttle: { default: 1000/second burst 2000, per_identity: 400/second burst 800 }
`;
}

export const ROAD_PEOPLE = `people:
  alice: { password: alice-pw, name: Alice Adams, email: alice@example.com, groups: [support] }
  bob:   { password: bob-pw, name: Bob Brown, email: bob@example.com, groups: [] }
  carl:  { password: carl-pw, name: Carl Cap, email: carl@example.com, groups: [capped] }
clients:
  billing: { secret: billing-development-secret }
  stranger: { secret: stranger-development-secret }
`;
