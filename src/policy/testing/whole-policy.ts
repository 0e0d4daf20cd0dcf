/** A policy of three files in which every key of the language stands, for tests that break it in one place. */
import { type Diagnostic, type Sources, formatSpan } from "../../core/index.ts";
import { type ParsedPolicy, parsePolicy } from "../parse/parse-policy.ts";
import type { ReadInclude } from "../parse/read-includes.ts";

/** Texts by path. */
export type Files = Readonly<Record<string, string>>;

export const ROOT = "p.yaml";

export const WHOLE = {
  "p.yaml": `gatehouse: 1
name: shop
include: [teams/events.yaml]
identity:
  issuer: https://login.shop.example
  audience: shop-api
  claims: { groups: groups, name: name }
  issuers:
    ci: { issuer: "https://ci.shop.example", audience: shop-ci, claims: { groups: groups, name: repository }, tokens: { proof: [dpop], require_proof: true, profile: rfc9068 }, login: { client_id: edge-ci, client_secret: secret:login-client, scopes: [openid], title: CI people } }
  login: { client_id: edge, client_secret: secret:login-client, scopes: [openid], session: { idle: 30 minutes, max: 12 hours, store: server }, title: Shop people, page: { name: Shop, color: "#0b5cad" } }
environments:
  local:
    identity: { embedded: people.yaml }
    domain: shop.localhost
    certificates: internal
    gateway: embedded
  stage:
    identity: { issuer: https://stage-login.shop.example }
    domain: stage.shop.example
    certificates: { acme: { email: ops@shop.example, directory: https://acme.shop.example/dir } }
    private_network: [10.2.0.0/16]
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    private_network: [10.0.0.0/16]
    gateway: { aws: { account: "111122223333", regions: [eu-west-1], authorize: iam, federation: brokered } }
    state: valkey://cache.shop.internal:6379
    audience: shop-api-prod
    issuers: [ci]
    login: { client_id: edge-prod }
    throttle: { default: 500/second, per_identity: 10/second }
    cors: { origins: ["https://app.shop.example"] }
    routes:
      GET /orders/{customer}/items: { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }
    roles:
      support: { members: { groups: [prod-support] }, when: { amr: [mfa] } }
cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }
services:
  orders:
    exposure: public
    login: false
    host: { local: orders.localhost, prod: orders.shop.example }
    base_path: /orders
    upstream: { local: http://127.0.0.1:4001, stage: http://127.0.0.1:4001, prod: http://orders.shop.internal:8080 }
    headers:
      keep: [x-tenant]
      identity: { x-user: subject }
      request: { set: { x-from: edge }, remove: [x-debug] }
      response: { set: { cache-control: no-store }, remove: [server] }
    routes:
      GET /{customer}/items: { needs: items:read, retries: 2 }
      POST /{customer}/items: { needs: items:write, body: 512 KiB, throttle: 50/second burst 100, timeout: 10 seconds }
      GET /health: { open: "probe, returns no data" }
roles:
  support:
    members: { any: [{ groups: [support], subject: [ada] }, { issuer: ci, claim: { name: repository, prefix: shop/ } }] }
    can:
      - items:write
      - { permission: items:read, when: { path: { customer: "claim:sub" } } }
    boundary: staff
    when:
      source_ip: [10.0.0.0/8]
      after: 2026-11-01
      before: 2027-01-01T00:00:00Z
      hours: { days: [monday, friday], from: "08:00", to: "18:00", zone: Europe/Berlin }
      claim: { email_verified: true, level: [1, 2] }
      acr: [gold]
      amr: [mfa]
      token_age: 10 minutes
boundaries:
  staff: [items:*, events:read]
throttle: { default: 1000/second burst 2000, per_identity: 100/second }
secrets:
  login-client: { rotate: 90 days, overlap: 1 day }
guardrails:
  waive: [{ rule: guardrail/open-write, for: POST /orders, reason: agreed, owner: ops, expiry: 2027-01-31 }]
`,
  "teams/events.yaml": `gatehouse: 1
include: [more/roles.yaml]
services:
  events:
    exposure: private
    host: events.shop.example
    upstream: http://127.0.0.1:4002
    routes:
      GET /events/{region}: { needs: events:read, streaming: true }
      GET /socket: { needs: events:read, websocket: true, authentication: { acr: [mfa], max_age: 5 minutes } }
guardrails:
  waive: [{ rule: guardrail/open-private, reason: agreed, owner: ops, expiry: 2027-01-31 }]
`,
  "teams/more/roles.yaml": `gatehouse: 1
roles:
  reader:
    members: { all: [{ groups: [staff] }, { not: { claim: { name: level, one_of: [1, 2] } } }, { claim: { name: kind, equals: human } }] }
    can: [events:read]
    boundary: reading
  worker: { members: { client_id: [worker] }, can: [items:write], boundary: staff }
boundaries:
  reading: [events:read]
secrets:
  session-key: { rotate: 30 days, overlap: 12 hours }
`,
} as const satisfies Files;

/** One case of the tables: what is wrong, an edit of one file of `WHOLE`, and every finding that it gives. */
export interface BrokenWhole {
  readonly what: string;
  /** The policy file, when left out. */
  readonly file?: keyof typeof WHOLE;
  readonly edit: readonly [from: string, to: string];
  readonly found: readonly string[];
}

/** `WHOLE` with the one place of a file that reads `from` changed to `to`. */
export function editWhole(file: keyof typeof WHOLE, from: string, to: string): Files {
  const parts = WHOLE[file].split(from);
  if (parts.length !== 2) throw new Error(`\`${from}\` stands ${parts.length - 1} times in ${file}`);
  return { ...WHOLE, [file]: parts.join(to) };
}

/** Reads included files from texts; what is no text there does not exist. */
export function readFrom(files: Files): ReadInclude {
  return (path) =>
    Object.hasOwn(files, path) ? { ok: true, text: files[path] ?? "" } : { ok: false, reason: "there is no such file" };
}

export function parseFiles(files: Files): ParsedPolicy {
  return parsePolicy(ROOT, files[ROOT] ?? "", readFrom(files));
}

/** One line for each finding, with the places that it refers to: `[file:]line:column severity id: message -> hint`. */
export function describeAll(diagnostics: readonly Diagnostic[], sources: Sources): string[] {
  const place = (span: Diagnostic["span"]): string => formatSpan(span, sources).replace(/^p\.yaml:/, "");
  return diagnostics.map(({ id, severity, message, hint, span, related }) => {
    const level = severity === "error" ? "" : `${severity} `;
    const seen = (related ?? []).map((one) => `; see ${place(one.span)} (${one.message})`).join("");
    return `${place(span)} ${level}${id}: ${message}${hint === undefined ? "" : ` -> ${hint}`}${seen}`;
  });
}
