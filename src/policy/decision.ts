/**
 * A decision about one request, and the closed list of reasons. Records, `explain` and status codes use these words.
 */
import type { Span } from "../core/index.ts";
import type { Exposure, PolicyRoute } from "./policy.ts";

/** What a decision may depend on beside the policy: the caller, already verified. Null is nobody. */
export interface Caller {
  readonly subject: string;
  readonly clientId: string | null;
  readonly groups: readonly string[];
  /** Name of the workload issuer; null, or left out, for the provider of the environment. */
  readonly issuer?: string | null;
  /** Values of the claims that the policy asks for, by the claim's path; see `claimsOf`. A claim without entry is absent. */
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  /** `iat` of the token, seconds since the epoch. */
  readonly issuedAtSeconds?: number | null;
  /** `auth_time` of the token: when the caller signed in, seconds since the epoch. */
  readonly authTimeSeconds?: number | null;
}

export interface DecisionRequest {
  readonly exposure: Exposure;
  /** Host name that was asked for, lower case, without port; left out for the domain of the environment. */
  readonly host?: string;
  readonly method: string;
  /** Path in normal form, without query, decoded for matching. */
  readonly path: string;
  readonly sourceIp: string;
  /** Milliseconds since the epoch; when left out, no condition on time holds. */
  readonly atMs?: number;
}

export const REASONS = {
  "open-route": "the route is open to everybody",
  "role-grants": "a role of the caller grants the permission within its boundary",
  "no-route": "no route matches method and path",
  unauthenticated: "the route needs a permission and the caller is not known",
  "no-role": "the caller holds no role",
  "not-granted": "no role of the caller grants the permission",
  "outside-boundary": "a role grants the permission but its boundary does not allow it",
  "condition-not-met": "a role grants the permission but its conditions do not hold",
  "authentication-needed": "a role allows it, but the route asks for a stronger or more recent sign-in",
} as const;
export type Reason = keyof typeof REASONS;

export interface Decision {
  readonly effect: "allow" | "deny";
  readonly reason: Reason;
  readonly route: PolicyRoute | null;
  /** The role that allows, or the one that came nearest. */
  readonly role: string | null;
  /** The lines of the policy that made the decision, in the order in which they were read. */
  readonly statements: readonly { readonly text: string; readonly at: Span }[];
  /** For a refusal: what would change it, one sentence each. */
  readonly nearMisses: readonly string[];
}
