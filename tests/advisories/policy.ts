/** The policy, the people and the host names that the rows of the catalogue are replayed on. */

export const DOMAIN = "road.localhost";
/** A host beside the domain, with a service of its own. */
export const FILES_HOST = "files.road.localhost";
export const AUDIENCE = "road-api";

export interface PolicyParts {
  readonly backend: string;
  /** Of the workload issuer `idp`, which signs anything. */
  readonly idp: string;
  /** Of the workload issuer `away`, which was never there. */
  readonly away: string;
}

export function advisoryPolicy({ backend, idp, away }: PolicyParts): string {
  return `gatehouse: 1
name: road
identity:
  audience: ${AUDIENCE}
  claims: { groups: groups, name: preferred_username }
  login: { client_id: road-edge, session: { idle: 30 minutes, max: 12 hours } }
  issuers:
    idp: { issuer: "${idp}", claims: { groups: groups, name: name } }
    away: { issuer: "${away}" }
environments:
  local:
    identity: embedded
    domain: ${DOMAIN}
    certificates: internal
    gateway: embedded
    private_network: [127.0.0.0/8, "::1/128"]
services:
  orders:
    exposure: public
    upstream: ${backend}
    headers: { identity: { x-auth-user: subject } }
    routes:
      GET /orders:               { needs: orders:read }
      POST /orders:              { needs: orders:write }
      GET /orders/{id}:          { needs: orders:read }
      DELETE /orders/{id}:       { needs: orders:delete }
      GET /admin:                { needs: admin:use }
      GET /admin/{path+}:        { needs: admin:use }
      POST /admin:               { needs: admin:use }
      GET /api/private/{path+}:  { needs: orders:read }
      GET /office:               { needs: office:use }
      GET /health:               { open: "load balancer probe, returns no data" }
      GET /status:               { open: "public status page" }
      GET /public/{path+}:       { open: "public pages" }
  shop:
    exposure: public
    upstream: ${backend}
    base_path: /shop
    routes:
      GET /{item}: { needs: shop:read }
  web:
    exposure: public
    login: true
    upstream: ${backend}
    routes:
      GET /account:  { needs: web:use }
      POST /account: { needs: web:use }
      GET /vault:    { needs: vault:use }
  files:
    exposure: public
    host: ${FILES_HOST}
    upstream: ${backend}
    routes:
      GET /orders: { needs: files:read }
  backoffice:
    exposure: private
    upstream: ${backend}
    routes:
      GET /stock: { needs: backoffice:use }
roles:
  support: { members: { any: [{ groups: [support] }, { issuer: idp, groups: [support] }] }, can: [orders:read, orders:write, shop:read, web:use], boundary: staff }
  admin:   { members: { any: [{ groups: [admin] }, { issuer: idp, groups: [admin] }] }, can: [admin:use, orders:delete, vault:use, files:read, backoffice:use], boundary: staff }
  office:  { members: { issuer: idp, groups: [office] }, can: [office:use], boundary: staff, when: { source_ip: [10.0.0.0/8] } }
  boss:    { members: { issuer: idp, all: [{ claim: { name: email, one_of: [boss@company.example, ".company.example", company.example] } }, { claim: { name: email_verified, equals: true } }] }, can: [admin:use], boundary: staff }
  owner:   { members: { issuer: idp, subject: [Owner] }, can: [admin:use], boundary: staff }
boundaries:
  staff: ["orders:*", admin:use, shop:read, web:use, vault:use, office:use, files:read, backoffice:use]
throttle: { default: 5000/second burst 10000, per_identity: 1000/second burst 2000 }
`;
}

export const PEOPLE = `people:
  alice: { password: alice-password, name: Alice Adams, email: alice@example.com, groups: [support] }
  root:  { password: root-password, name: Root, email: root@example.com, groups: [admin, support] }
  bob:   { password: bob-password, name: Bob Brown, email: bob@example.com, groups: [] }
clients:
  billing: { secret: billing-development-secret }
`;
