/**
 * Which keys stand where: the one list that the readers and the JSON Schema are made of.
 * `required` gives for each key an example of what to write.
 */
export const KEYS = {
  policy: {
    required: {
      gatehouse: "gatehouse: 1",
      name: "name: shop",
      identity: "identity: { audience: shop-api }",
      environments: "environments: { local: { identity: embedded, domain: shop.localhost } }",
    },
    optional: ["include", "services", "roles", "boundaries", "throttle", "cors", "secrets", "guardrails"],
  },
  include: {
    required: { gatehouse: "gatehouse: 1" },
    optional: ["include", "services", "roles", "boundaries", "secrets", "guardrails"],
  },
  identity: {
    required: { audience: "audience: my-api" },
    optional: ["issuer", "claims", "tokens", "issuers", "login"],
  },
  tokens: { required: {}, optional: ["proof", "require_proof", "profile"] },
  claims: { required: {}, optional: ["groups", "name"] },
  issuer: {
    required: { issuer: "issuer: https://ci.example.org" },
    optional: ["audience", "claims", "tokens", "login"],
  },
  issuerLogin: { required: { client_id: "client_id: my-edge" }, optional: ["client_secret", "scopes", "title"] },
  login: {
    required: { client_id: "client_id: my-edge" },
    optional: ["client_secret", "scopes", "session", "title", "page"],
  },
  loginPage: { required: {}, optional: ["name", "color"] },
  session: { required: {}, optional: ["idle", "max", "store"] },
  environment: {
    required: { domain: "domain: shop.localhost" },
    optional: [
      "identity",
      "certificates",
      "gateway",
      "private_network",
      "state",
      "audience",
      "issuers",
      "login",
      "throttle",
      "cors",
      "routes",
      "roles",
    ],
  },
  environmentIdentity: { required: {}, optional: ["embedded", "issuer"] },
  certificates: { required: { acme: "acme: you@example.org" } },
  acme: { required: { email: "email: you@example.org" }, optional: ["directory"] },
  gateway: { required: { aws: 'aws: { account: "111122223333", regions: [eu-west-1] }' } },
  aws: {
    required: { account: 'account: "111122223333"', regions: "regions: [eu-west-1]" },
    optional: ["authorize", "federation"],
  },
  routeOverride: { required: {}, optional: ["throttle", "timeout", "body", "retries"] },
  roleOverride: { required: {}, optional: ["members", "when"] },
  service: {
    required: {
      exposure: "exposure: public",
      upstream: "upstream: http://127.0.0.1:4001",
      routes: "routes: { GET /orders: { needs: orders:read } }",
    },
    optional: ["host", "base_path", "login", "headers"],
  },
  headers: { required: {}, optional: ["keep", "identity", "request", "response"] },
  headerRules: { required: {}, optional: ["set", "remove"] },
  route: {
    required: {},
    optional: ["needs", "open", "authentication", "throttle", "timeout", "body", "streaming", "websocket", "retries"],
  },
  authentication: { required: {}, optional: ["acr", "max_age"] },
  role: {
    required: { members: "members: { groups: [support] }", can: "can: [orders:read]", boundary: "boundary: staff" },
    optional: ["when"],
  },
  members: { required: {}, optional: ["issuer", "groups", "subject", "client_id", "claim", "all", "any", "not"] },
  memberClaim: { required: { name: "name: repository" }, optional: ["equals", "one_of", "prefix"] },
  grant: { required: { permission: "permission: orders:read" }, optional: ["when"] },
  when: {
    required: {},
    optional: ["source_ip", "after", "before", "hours", "path", "claim", "acr", "amr", "token_age"],
  },
  hours: {
    required: { from: 'from: "08:00"', to: 'to: "18:00"', zone: "zone: Europe/Berlin" },
    optional: ["days"],
  },
  throttle: { required: {}, optional: ["default", "per_identity"] },
  cors: {
    required: { origins: 'origins: ["https://app.example.org"]' },
    optional: ["methods", "headers", "expose_headers", "max_age", "credentials"],
  },
  secret: { required: { rotate: "rotate: 90 days", overlap: "overlap: 1 day" } },
  guardrails: { required: { waive: "waive: []" } },
  waiver: {
    required: {
      rule: "rule: guardrail/open-write",
      reason: "reason: why this is acceptable",
      owner: "owner: who answers for it",
      expiry: "expiry: 2027-01-31",
    },
    optional: ["for"],
  },
} as const satisfies Record<
  string,
  { readonly required: Readonly<Record<string, string>>; readonly optional?: readonly string[] }
>;
