/**
 * What each target can express of the language: data, from which the diagnostics (check-capabilities.ts) and
 * docs/generated/targets.md are made.
 *
 * Of a public service only: private ones are served by Gatehouse itself in every environment.
 * Not here: how much of something a target takes (target-limits.ts), routes that IAM cannot tell apart (exact-grants.ts).
 * Source: docs/spec/policy-language.md chapter 16; API Gateway developer guide, "Choose between REST APIs and HTTP APIs",
 * "HTTP API quotas", "Control access to HTTP APIs with JWT authorizers"; IAM user guide, "Available keys for AWS OIDC
 * federation", "AWS global condition context keys".
 */
import type { Environment } from "../policy/index.ts";

/**
 * `yes`: the target holds it up. `edge`: Gatehouse does it, before AWS is called or after AWS has answered; AWS by itself
 * would not hold it up. `no`: it cannot be had there, and a policy that uses it is refused.
 */
export type Verdict = "yes" | "edge" | "no";

export const CAPABILITY_TARGETS = ["embedded", "aws-iam-brokered", "aws-iam-direct", "aws-jwt"] as const;
export type CapabilityTarget = (typeof CAPABILITY_TARGETS)[number];

/** Whose finding it is when a target does not hold it up: who holds a role, when it holds, or anything else. */
export type CapabilityGroup = "members" | "condition" | "other";

export interface Capability {
  readonly group: CapabilityGroup;
  /** As the user wrote it, in the form of a term of the language. */
  readonly what: string;
  /** Clause of the specification. */
  readonly clause: string;
  readonly verdicts: Readonly<Record<CapabilityTarget, Verdict>>;
  /** One sentence without capital and full stop. */
  readonly why: string;
  /** What to write instead; null where no target says `no`. */
  readonly wayOut: string | null;
}

type OnAws = readonly [brokered: Verdict, direct: Verdict, jwt: Verdict];

function capability(
  group: CapabilityGroup,
  what: string,
  clause: string,
  [brokered, direct, jwt]: OnAws,
  why: string,
  wayOut: string | null = null,
): Capability {
  const verdicts = { embedded: "yes", "aws-iam-brokered": brokered, "aws-iam-direct": direct, "aws-jwt": jwt } as const;
  return { group, what, clause, verdicts, why, wayOut };
}

const ALL: OnAws = ["yes", "yes", "yes"];
const EDGE: OnAws = ["edge", "edge", "edge"];
const NONE: OnAws = ["no", "no", "no"];
const WITH_IAM: OnAws = ["yes", "yes", "no"];
const BROKERED: OnAws = ["yes", "no", "no"];
const EDGE_WITH_IAM: OnAws = ["edge", "edge", "no"];

const BROKER = "write `federation: brokered`, or name `subject` or `client_id` members only";
const EMBEDDED = "keep the environment on the embedded gateway";

export const CAPABILITIES = {
  roles: capability(
    "other",
    "roles and boundaries",
    "PL-9.3",
    WITH_IAM,
    "a JWT authorizer checks issuer, audience and scopes; it cannot hold up roles",
    "write `authorize: iam`",
  ),
  issuers: capability(
    "other",
    "`identity.issuers`",
    "PL-3.12",
    WITH_IAM,
    "a JWT authorizer takes the tokens of one issuer, IAM those of many",
    "write `authorize: iam`",
  ),
  tokens: capability(
    "other",
    "`tokens`",
    "PL-3.15",
    EDGE,
    "Gatehouse verifies the proof and the profile of a token before AWS is called",
  ),
  login: capability("other", "`login`", "PL-4.3", EDGE, "Gatehouse keeps the session and calls AWS for the person"),
  "member-groups": capability(
    "members",
    "`groups`",
    "PL-9.4",
    BROKERED,
    "a trust policy cannot read groups: any token of the provider could take the role",
    BROKER,
  ),
  "member-subject": capability("members", "`subject`", "PL-9.4", WITH_IAM, "a trust policy reads `sub`"),
  "member-client": capability("members", "`client_id`", "PL-9.4", WITH_IAM, "a trust policy reads `azp`"),
  "member-claim": capability(
    "members",
    "`claim`",
    "PL-9.8",
    BROKERED,
    "a trust policy cannot read this claim: any token of the issuer could take the role",
    BROKER,
  ),
  "member-any": capability("members", "`any`", "PL-9.9", WITH_IAM, "each entry is a statement of the trust policy"),
  "member-all": capability("members", "`all`", "PL-9.9", WITH_IAM, "the keys of one statement all have to fit"),
  "member-not": capability(
    "members",
    "`not`",
    "PL-9.9",
    BROKERED,
    "a trust policy says who may take a role, and what it does not read it cannot leave out",
    BROKER,
  ),
  "when-source-ip": capability(
    "condition",
    "`source_ip`",
    "PL-13.2",
    EDGE_WITH_IAM,
    "AWS sees the address of the edge instead of the caller's",
  ),
  "when-time": capability("condition", "`after` or `before`", "PL-13.3", WITH_IAM, "IAM has the time as a key"),
  "when-hours": capability("condition", "`hours`", "PL-13.4", EDGE_WITH_IAM, "IAM has no key for the time of the week"),
  "when-path": capability("condition", "`path`", "PL-13.5", EDGE_WITH_IAM, "IAM has no key for a path parameter"),
  "when-claim": capability(
    "condition",
    "`claim`, `acr` or `amr`",
    "PL-13.6",
    EDGE_WITH_IAM,
    "a role session of AWS does not carry the caller's claims",
  ),
  "when-token-age": capability(
    "condition",
    "`token_age`",
    "PL-13.7",
    EDGE_WITH_IAM,
    "AWS knows when its own session began, not when the caller's token was issued",
  ),
  open: capability("other", "`open` routes", "PL-5.8", ALL, "a route without authorization"),
  authentication: capability(
    "other",
    "`authentication`",
    "PL-5.15",
    NONE,
    "neither IAM nor a JWT authorizer asks how, or when, a caller signed in, and neither can ask for more",
    `remove \`authentication\`, or ${EMBEDDED}`,
  ),
  throttle: capability("other", "`throttle` of a route", "PL-5.9", ALL, "settings of the stage by route key"),
  timeout: capability("other", "`timeout`", "PL-5.9", ALL, "the integration's, from 50 ms to 30 seconds"),
  body: capability("other", "`body`", "PL-5.10", EDGE, "an HTTP API has one limit for all routes, 10,485,760 bytes"),
  streaming: capability(
    "other",
    "`streaming`",
    "PL-5.11",
    NONE,
    "an HTTP API of AWS collects bodies of at most 10 MB and answers within 30 seconds",
    `remove \`streaming\`, or ${EMBEDDED}`,
  ),
  websocket: capability(
    "other",
    "`websocket`",
    "PL-5.12",
    NONE,
    "an HTTP API of AWS does not pass on `Upgrade`",
    `remove \`websocket\`, or ${EMBEDDED}`,
  ),
  retries: capability(
    "other",
    "`retries`",
    "PL-5.13",
    NONE,
    "API Gateway calls the service once and does not say whether the service was reached",
    "write `retries: 0` for the route under the environment's `routes`",
  ),
  host: capability("other", "`host`", "PL-4.6", ALL, "each host is an HTTP API of its own"),
  "base-path": capability(
    "other",
    "`base_path`",
    "PL-4.7",
    ALL,
    "part of the route key, not of the integration's address",
  ),
  private: capability(
    "other",
    "`exposure: private`",
    "PL-4.1",
    EDGE,
    "Gatehouse serves private services itself; AWS is not asked",
  ),
  "private-network": capability("other", "`private_network`", "PL-3.10", EDGE, "the private listener is the edge's"),
  keep: capability("other", "`headers.keep`", "PL-4.4", EDGE, "Gatehouse lets the header pass, and API Gateway too"),
  "keep-authorization": capability(
    "other",
    "`headers.keep` of `authorization`",
    "PL-4.4",
    ["no", "no", "yes"],
    "the call to API Gateway is signed in this header",
    "let the service read the signed assertion, or keep the environment on the embedded gateway",
  ),
  "identity-headers": capability(
    "other",
    "`headers.identity`",
    "PL-4.4",
    EDGE,
    "Gatehouse sets them, API Gateway passes them on; the signed assertion proves them",
  ),
  "request-headers": capability(
    "other",
    "`headers.request`",
    "PL-4.8",
    EDGE,
    "Gatehouse applies them to what it sends",
  ),
  "response-headers": capability("other", "`headers.response`", "PL-4.8", EDGE, "Gatehouse applies them to the answer"),
  "throttle-default": capability("other", "`throttle.default`", "PL-10.1", ALL, "default settings of the stage"),
  "throttle-identity": capability(
    "other",
    "`throttle.per_identity`",
    "PL-10.2",
    EDGE,
    "an HTTP API does not tell callers apart when it throttles",
  ),
  cors: capability("other", "`cors`", "PL-14.1", ALL, "the API's CORS configuration"),
} as const satisfies Record<string, Capability>;

export type Feature = keyof typeof CAPABILITIES;

/** The column of an environment. */
export function capabilityTargetOf({ gateway }: Environment): CapabilityTarget {
  if (gateway.kind === "embedded") return "embedded";
  if (gateway.authorize === "jwt") return "aws-jwt";
  return gateway.federation === "direct" ? "aws-iam-direct" : "aws-iam-brokered";
}
