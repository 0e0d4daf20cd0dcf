/**
 * What may stand where in a policy file, as data: the source of the JSON Schema. The keys are those of the readers
 * (parse/keys.ts), and the type of `VALUES` has one shape for each of them, so that neither can have a key that the
 * other lacks.
 * Not here: what a shape cannot say (that names exist, that routes do not conflict, ranges of durations); the readers do.
 */
import { COLOR, DURATION, RATE, SIZE } from "../../core/index.ts";
import type { KEYS } from "../parse/keys.ts";
import { METHODS, PROOFS, TITLE, TOKEN_PROFILES, WEEKDAYS } from "../policy.ts";

export type Shape =
  | { readonly kind: "keys"; readonly of: keyof typeof KEYS }
  /** Keys are the user's. */
  | { readonly kind: "named"; readonly keys: string; readonly of: Shape; readonly min: 0 | 1; readonly maxKey?: number }
  | { readonly kind: "list"; readonly of: Shape; readonly min: 0 | 1 }
  | { readonly kind: "text"; readonly pattern?: string; readonly max?: number }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "boolean" | "number" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "either"; readonly of: readonly Shape[] };

export interface Described {
  readonly shape: Shape;
  /** For whoever writes the file, one or two short sentences. */
  readonly says: string;
}

type KeyOf<K> =
  | (K extends { readonly required: infer R } ? keyof R : never)
  | (K extends { readonly optional: readonly (infer O)[] } ? O : never);
type Values = { readonly [S in keyof typeof KEYS]: { readonly [K in KeyOf<(typeof KEYS)[S]> & string]: Described } };

const NAME = "^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$";
const WORD = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const HEADER = "^[a-z0-9]+(?:-[a-z0-9]+)*$";
const ROUTE_KEY = `^(?:${METHODS.join("|")}) /\\S*$`;

/** SOURCE: OpenID Connect Core 1.0 section 3.1.2.1, RFC 9470 section 3. */
const ACR = "^[!#-\\[\\]-~]+$";
const TEXT: Shape = { kind: "text" };
const duration: Shape = { kind: "text", pattern: DURATION.source };
const rate: Shape = { kind: "text", pattern: RATE.source };
const size: Shape = { kind: "text", pattern: SIZE.source };
const boolean: Shape = { kind: "boolean" };
const permission: Shape = { kind: "text", pattern: `^${WORD}:${WORD}$` };
const permissionPattern: Shape = { kind: "text", pattern: `^(?:${WORD}:(?:${WORD}|\\*)|\\*|\\*:\\*)$` };
const instant: Shape = {
  kind: "text",
  pattern: "^\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}:\\d{2}(?:Z|[+-]\\d{2}:\\d{2}))?$",
};
const time: Shape = { kind: "text", pattern: "^(?:[01]\\d|2[0-3]):[0-5]\\d$|^24:00$" };
const hostName: Shape = { kind: "text", pattern: "^[a-z0-9.-]+$" };
const email: Shape = { kind: "text", pattern: '^[^\\s@<>"]+@[^\\s@<>"]+\\.[^\\s@<>"]+$' };
const issuerAddress: Shape = { kind: "text", pattern: "^https?://[^?#\\s\\\\]+$" };
const origin: Shape = { kind: "text", pattern: "^https?://[^?#\\s]+$" };
const value: Shape = { kind: "either", of: [TEXT, { kind: "number" }, boolean] };
const values: Shape = { kind: "either", of: [value, { kind: "list", of: value, min: 1 }] };
/** Compared whole: a pattern would match nobody. */
const WHOLE_TEXT = "^(?!\\^)[^*]*$";
const member: Shape = { kind: "text", pattern: WHOLE_TEXT };
const memberValue: Shape = { kind: "either", of: [member, { kind: "number" }, boolean] };

const keys = (of: keyof typeof KEYS): Shape => ({ kind: "keys", of });
const choice = (...of: readonly string[]): Shape => ({ kind: "choice", of });
const either = (...of: readonly Shape[]): Shape => ({ kind: "either", of });
const list = (of: Shape, min: 0 | 1 = 1): Shape => ({ kind: "list", of, min });
const named = (of: Shape, min: 0 | 1): Shape => ({ kind: "named", keys: NAME, maxKey: 48, of, min });
const keyed = (of: Shape, min: 0 | 1 = 1): Shape => ({ kind: "named", keys: "\\S", of, min });
const headers = (of: Shape): Shape => ({ kind: "named", keys: HEADER, maxKey: 64, of, min: 0 });
const says = (shape: Shape, text: string): Described => ({ shape, says: text });

const shared = {
  include: says(
    list(TEXT),
    "Further files of this policy, below its folder: each team keeps its services beside its code.",
  ),
  services: says(named(keys("service"), 1), "What is reached through the gateway, by name."),
  roles: says(named(keys("role"), 0), "Who may do what, within which boundary."),
  boundaries: says(
    named(list(permissionPattern), 0),
    "The most that a role can ever be allowed, by name. A boundary grants nothing.",
  ),
  secrets: says(
    named(keys("secret"), 0),
    "How often each secret is replaced, and for how long the old one stays good.",
  ),
  guardrails: says(keys("guardrails"), "Findings of guardrails that somebody accepts."),
} as const;
const gatehouse = says({ kind: "integer", min: 1, max: 1 }, "The version of the language.");

const client = {
  client_id: says(TEXT, "The client that the provider knows the edge by."),
  client_secret: says(
    { kind: "text", pattern: `^secret:${WORD}$` },
    "`secret:NAME`: the name of a secret, never its value. Without it the client is public.",
  ),
  scopes: says(
    list({ kind: "text", pattern: "^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$" }),
    "What is asked for. Default: openid, profile, offline_access.",
  ),
  title: says(
    { kind: "text", pattern: TITLE.source },
    "What the button says by which people choose this issuer, where there are several.",
  ),
} as const;

export const VALUES: Values = {
  policy: {
    gatehouse,
    name: says({ kind: "text", pattern: NAME, max: 48 }, "The policy's name, part of the names of what it creates."),
    identity: says(keys("identity"), "Where people and machines get their tokens from."),
    environments: says(named(keys("environment"), 1), "Where the policy runs, one to one with gateway stages."),
    throttle: says(keys("throttle"), "How much is let through."),
    cors: says(keys("cors"), "Which pages of other origins may call the public services."),
    ...shared,
  },
  include: { gatehouse, ...shared },
  identity: {
    audience: says(TEXT, "Who tokens have to be made for (`aud`)."),
    issuer: says(issuerAddress, "The provider, exactly as its discovery document writes it."),
    claims: says(keys("claims"), "Which claims hold the groups and the display name."),
    tokens: says(keys("tokens"), "What is asked of the tokens that callers send."),
    issuers: says(named(keys("issuer"), 0), "Further issuers: CI, clusters, other providers of people."),
    login: says(keys("login"), "Sign-in of people in a browser."),
  },
  claims: {
    groups: says(TEXT, "The claim with the names of groups; dots descend. Default: `groups`."),
    name: says(TEXT, "The claim with the display name; dots descend. Default: `name`."),
  },
  tokens: {
    proof: says(
      list(choice(...PROOFS), 0),
      "Which proofs of the key that a token is bound to are verified. Default: none.",
    ),
    require_proof: says(boolean, "Tokens that are bound to no key are refused."),
    profile: says(choice(...TOKEN_PROFILES), "`rfc9068`: tokens have the type and the claims of that profile."),
  },
  issuer: {
    issuer: says(issuerAddress, "The exact issuer of the tokens."),
    audience: says(TEXT, "Who its tokens have to be made for. Default: the audience of `identity`."),
    claims: says(keys("claims"), "Which claims of its tokens hold the groups and the name."),
    tokens: says(keys("tokens"), "What is asked of its tokens. Default: the `tokens` of `identity`."),
    login: says(keys("issuerLogin"), "Its people sign in as well. Without it all its identities are machines."),
  },
  issuerLogin: client,
  login: {
    ...client,
    session: says(keys("session"), "How long people stay signed in, whichever issuer they come from."),
    page: says(keys("loginPage"), "How the pages look that people see when they sign in and out."),
  },
  loginPage: {
    name: says({ kind: "text", pattern: TITLE.source }, "Whose pages they are: stands above each and in its title."),
    color: says(
      { kind: "text", pattern: COLOR.source },
      "Of buttons and links, as `#rrggbb`; has to be readable on white. In the dark a lighter one is made of it.",
    ),
  },
  session: {
    idle: says(duration, "A session ends after this long without use. Default: 30 minutes."),
    max: says(duration, "A session ends after this long in any case. Default: 12 hours."),
    store: says(
      choice("cookie", "server"),
      "Where sessions live: sealed in the browser's cookies, or in the state of the environment. Default: cookie.",
    ),
  },
  environment: {
    domain: says(hostName, "The host name that the edge answers for."),
    identity: says(
      either(choice("embedded"), issuerAddress, keys("environmentIdentity")),
      "`embedded` for the development provider in this process, or another issuer.",
    ),
    certificates: says(either(choice("internal"), keys("certificates")), "`internal`, or `{ acme: e-mail }`."),
    gateway: says(either(choice("embedded"), keys("gateway")), "`embedded`, or `{ aws: ... }`."),
    private_network: says(list(TEXT), "Network blocks from which private services can be reached."),
    state: says(
      { kind: "text", pattern: "^(?:memory|sqlite|(?:valkeys?|rediss?)://[^/@?#]+)$" },
      "Where sessions and revocations live: `memory`, `sqlite` (default), or a Valkey or Redis server that nodes share.",
    ),
    audience: says(TEXT, "In place of `identity.audience`, in this environment."),
    issuers: says(list(TEXT, 0), "The workload issuers that are trusted in this environment. Default: all."),
    login: says(keys("login"), "In place of `identity.login`, in this environment."),
    throttle: says(keys("throttle"), "In place of the policy's `throttle`, key by key, in this environment."),
    cors: says(keys("cors"), "In place of the policy's `cors`, in this environment."),
    routes: says(keyed(keys("routeOverride")), "Limits of single routes in this environment, by route key."),
    roles: says(keyed(keys("roleOverride")), "Members and conditions of roles in this environment."),
  },
  environmentIdentity: {
    embedded: says({ kind: "text", pattern: "^(?![/\\\\]|.*\\\\|[A-Za-z]:)" }, "The people file, beside the policy."),
    issuer: says(issuerAddress, "Another issuer for this environment."),
  },
  certificates: { acme: says(either(email, keys("acme")), "The address that the certificate authority may write to.") },
  acme: {
    email: says(email, "The address that the certificate authority may write to."),
    directory: says({ kind: "text", pattern: "^https://[^@\\s?#]+$" }, "ACME directory. Default: Let's Encrypt."),
  },
  gateway: { aws: says(keys("aws"), "Amazon API Gateway.") },
  aws: {
    account: says({ kind: "text", pattern: "^\\d{12}$" }, "The account, twelve digits in quotes."),
    regions: says(list({ kind: "text", pattern: "^[a-z]{2}(?:-[a-z]+)+-\\d$" }), "Where the API is deployed."),
    authorize: says(choice("iam", "jwt"), "How routes are authorized. Default: `iam`."),
    federation: says(choice("direct", "brokered"), "Whose tokens IAM trusts. Default: `brokered`."),
  },
  routeOverride: {
    throttle: says(rate, "In place of the route's `throttle`."),
    timeout: says(duration, "In place of the route's `timeout`."),
    body: says(size, "In place of the route's `body`."),
    retries: says({ kind: "integer", min: 0, max: 5 }, "In place of the route's `retries`."),
  },
  roleOverride: {
    members: says(keys("members"), "In place of the role's `members`."),
    when: says(keys("when"), "In place of the role's `when`."),
  },
  service: {
    exposure: says(choice("public", "private"), "Which listener it is behind."),
    upstream: says(either(origin, keyed(origin, 0)), "Where the service is: one address, or one for each environment."),
    routes: says(
      { kind: "named", keys: ROUTE_KEY, of: keys("route"), min: 1 },
      "What of the service can be called: `METHOD /path`, as in API Gateway.",
    ),
    host: says(either(hostName, keyed(hostName, 0)), "A host name of its own, or one for some environments."),
    base_path: says(
      { kind: "text", pattern: "^/[^{}\\s]*[^{}\\s/]$" },
      "In front of every route, not sent to the service.",
    ),
    login: says(boolean, "People without identity are sent to sign in."),
    headers: says(keys("headers"), "Rules about headers on the way to the service and back."),
  },
  headers: {
    keep: says(
      list({ kind: "text", pattern: HEADER, max: 64 }, 0),
      "Request headers that arrive although the gateway would drop them.",
    ),
    identity: says(
      headers(choice("subject", "name", "groups", "client", "role", "kind", "issuer")),
      "Further headers that tell the service who asks.",
    ),
    request: says(keys("headerRules"), "Of what goes to the service."),
    response: says(keys("headerRules"), "Of what the service answers."),
  },
  headerRules: {
    set: says(
      headers({ kind: "text", pattern: "^[!-~]+(?:[ \\t]+[!-~]+)*$" }),
      "Headers that get this value, whatever was there.",
    ),
    remove: says(list({ kind: "text", pattern: HEADER, max: 64 }, 0), "Headers that are taken away."),
  },
  route: {
    needs: says(permission, "The permission that the caller has to have: `area:action`."),
    open: says(TEXT, "Everybody may call it; the reason why."),
    authentication: says(keys("authentication"), "How the caller has to have signed in."),
    throttle: says(rate, "`50/second burst 100`, in place of `throttle.default`."),
    timeout: says(duration, "Until the service has answered, 50 ms to 30 seconds. Default: 30 seconds."),
    body: says(size, "Largest request body. Default and most: 10 MiB."),
    streaming: says(boolean, "Bodies pass as they come, of any size."),
    websocket: says(boolean, "The route opens a WebSocket."),
    retries: says(
      { kind: "integer", min: 0, max: 5 },
      "Further attempts when the service gave no answer; idempotent methods only.",
    ),
  },
  authentication: {
    acr: says(list({ kind: "text", pattern: ACR, max: 128 }), "How (`acr`): one of these."),
    max_age: says(duration, "How long ago at most (`auth_time`)."),
  },
  role: {
    members: says(keys("members"), "Who holds the role."),
    can: says(
      list(either(permissionPattern, keys("grant"))),
      "What it may do: permissions, `area:*`, or these with a condition.",
    ),
    boundary: says(TEXT, "The boundary that limits it."),
    when: says(keys("when"), "When it holds."),
  },
  members: {
    issuer: says(TEXT, "A workload issuer whose identities are meant. Default: the environment's provider."),
    groups: says(list(member, 0), "Whoever is in one of these groups."),
    subject: says(list(member, 0), "These subjects (`sub`)."),
    client_id: says(list(member, 0), "These clients."),
    claim: says(keys("memberClaim"), "Whoever has a claim with a certain value."),
    all: says(list(keys("members")), "Everyone of these has to hold."),
    any: says(list(keys("members")), "One of these has to hold."),
    not: says(keys("members"), "Only inside `all`: who is not meant."),
  },
  memberClaim: {
    name: says(TEXT, "The claim; dots descend."),
    equals: says(memberValue, "The value."),
    one_of: says(list(memberValue), "One of these values."),
    prefix: says(either(memberValue, list(memberValue)), "What the value begins with."),
  },
  grant: {
    permission: says(permissionPattern, "A permission, or `area:*`."),
    when: says(keys("when"), "When this grant holds."),
  },
  when: {
    source_ip: says(list(TEXT), "Network blocks that the request comes from."),
    after: says(instant, "From this point in time on."),
    before: says(instant, "Until this point in time."),
    hours: says(keys("hours"), "A time of the week."),
    path: says(keyed(values), "Path parameters: `claim:NAME`, a value, or a list of values."),
    claim: says(keyed(values), "Claims of the caller: a value, or a list of values."),
    acr: says(list(TEXT), "How the caller signed in (`acr`), one of these."),
    amr: says(list(TEXT), "What the caller signed in with (`amr`), one of these."),
    token_age: says(duration, "The token was issued at most this long ago."),
  },
  hours: {
    days: says(list(choice(...WEEKDAYS)), "Days of the week. Default: all."),
    from: says(time, "From this minute on: `08:00`."),
    to: says(time, "Until this minute: `18:00`, or `24:00`."),
    zone: says(TEXT, "The time zone, by its IANA name."),
  },
  throttle: {
    default: says(rate, "The rate of each route that has none of its own."),
    per_identity: says(rate, "The rate of each identity over all routes."),
  },
  cors: {
    origins: says(
      list(either(choice("*"), { kind: "text", pattern: "^https?://[^/?#\\s]+$" })),
      "Origins as browsers send them.",
    ),
    methods: says(list(choice("*", ...METHODS.filter((method) => method !== "ANY"))), "Methods that may be used."),
    headers: says(
      list({ kind: "text", pattern: "^[a-z0-9!#$%&'+.^_`|~*-]+$" }, 0),
      "Request headers that may be sent.",
    ),
    expose_headers: says(
      list({ kind: "text", pattern: "^[a-z0-9!#$%&'+.^_`|~*-]+$" }, 0),
      "Answer headers that pages may read.",
    ),
    max_age: says(duration, "For how long browsers remember, at most 1 day."),
    credentials: says(boolean, "Whether cookies are sent."),
  },
  secret: {
    rotate: says(duration, "How often the secret is replaced."),
    overlap: says(duration, "For how long the old value stays good."),
  },
  guardrails: { waive: says(list(keys("waiver"), 0), "Accepted findings.") },
  waiver: {
    rule: says({ kind: "text", pattern: "^guardrail/[a-z-]+$" }, "The guardrail."),
    reason: says(TEXT, "Why this is acceptable."),
    owner: says(TEXT, "Who answers for it."),
    expiry: says({ kind: "text", pattern: "^\\d{4}-\\d{2}-\\d{2}$" }, "The last day on which it holds."),
    for: says(TEXT, "The one thing whose finding is accepted. Without it: all of the rule."),
  },
};
