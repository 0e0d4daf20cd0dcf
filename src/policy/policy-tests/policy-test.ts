/** What the tests of a policy (`*.test.yaml`) say. Source: docs/spec/policy-language.md chapter 17. */
import type { Span } from "../../core/index.ts";
import type { Exposure } from "../policy.ts";
import type { Reason } from "../decision.ts";

/** One request by one identity, with what is expected of it. */
export interface PolicyTest {
  /** What the file calls the test, else the request and who asks. */
  readonly name: string;
  readonly as: TestIdentity;
  readonly method: string;
  /** Request target as sent: path and query. */
  readonly target: string;
  /** Null: the listener that has the route. */
  readonly exposure: Exposure | null;
  /** Null: the environment's domain. */
  readonly host: string | null;
  readonly sourceIp: string;
  /** Null: the moment at which the tests run. */
  readonly atMs: number | null;
  readonly expect: Expectation;
  readonly at: Span;
}

export interface Expectation {
  readonly effect: "allow" | "deny";
  readonly reason: Reason | null;
  readonly role: string | null;
  /** Route key. */
  readonly route: string | null;
}

export type TestIdentity =
  | { readonly kind: "nobody" }
  /** Of the people file. */
  | { readonly kind: "person"; readonly name: string; readonly at: Span }
  | { readonly kind: "claims"; readonly label: string; readonly claims: TestClaims; readonly at: Span };

export interface TestClaims {
  /** Name of a workload issuer; null for the provider of the environment. */
  readonly issuer: string | null;
  /** How long ago the token was issued. */
  readonly tokenAgeMs: number;
  /** As in the token's payload. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface PolicyTestFile {
  /** Path of the policy as the file says it, relative to the file; null for the one beside it. */
  readonly policy: string | null;
  readonly environment: string | null;
  readonly tests: readonly PolicyTest[];
}
