/**
 * Guardrails on credentials: none stands in a policy, and all of them change.
 * INVARIANT: no message holds a header's value.
 */
import { formatDuration } from "../../core/index.ts";
import type { HeaderRules, Policy } from "../policy.ts";
import type { Finding, Guardrails } from "./guardrail.ts";

/** SOURCE: NIST SP 800-57 part 1, 5.3.6: at most one to two years for keys that authenticate; the shorter one. */
const LONGEST_ROTATION_MS = 366 * 86_400_000;

export const CREDENTIAL_GUARDRAILS: Guardrails = {
  "guardrail/credential-in-header": {
    severity: "error",
    why: "a credential in the policy is in every copy of it, never changes, and is sent for every caller alike",
    example: `services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    headers: { request: { set: { x-api-key: change-me } } }
    routes: { GET /orders: { needs: orders:read } }`,
    fix: "remove the rule; let the service check the signed assertion, or hold its own credential",
    sources: ["GH122", "GH135"],
    find: findCredentials,
  },
  "guardrail/slow-rotation": {
    severity: "warning",
    why: "a secret that holds for more than a year is a long-lived credential: what leaked stays good",
    example: `secrets:
  session-key: { rotate: 800 days, overlap: 1 day }`,
    fix: "write a shorter `rotate`, for example `90 days`",
    sources: ["GH135"],
    find: (policy) =>
      policy.secrets
        .filter(({ rotateMs }) => rotateMs > LONGEST_ROTATION_MS)
        .map(({ name, rotateMs, at }) => ({
          subject: name,
          at,
          message: `secret \`${name}\` stays the same for ${formatDuration(rotateMs)}`,
        })),
  },
};

function findCredentials(policy: Policy): Finding[] {
  return policy.services.flatMap(({ name, headers, at }) =>
    (["request", "response"] as const).flatMap((way) =>
      listCredentials(headers[way]).map((header) => ({
        subject: name,
        at,
        message: `service \`${name}\` has what looks like a credential for \`${header}\` in \`${way}\``,
      })),
    ),
  );
}

function listCredentials({ set }: HeaderRules): string[] {
  return Object.entries(set)
    .filter(([header, value]) => isCredentialHeader(header) || isCredential(value))
    .map(([header]) => header);
}

const CREDENTIAL_WORDS = new Set([
  "apikey",
  "auth",
  "authorization",
  "credential",
  "credentials",
  "jwt",
  "passwd",
  "password",
  "secret",
  "token",
]);

/** `x-api-key`, `x-auth-token`, `x-amz-security-token`, `authorization`... */
function isCredentialHeader(header: string): boolean {
  const words = header.split("-");
  return (
    words.some((word) => CREDENTIAL_WORDS.has(word)) ||
    /(?:^|-)(?:api|access|auth|function|subscription)-key$/.test(header)
  );
}

/** Forms in which credentials come, whatever the header is called. */
const CREDENTIAL_FORMS = [
  /^(?:basic|bearer|digest|negotiate|token|apikey)\s+\S{8,}/i,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\b(?:gh[oprsu]_|github_pat_|glpat-|sk-|sk_live_|xox[abpr]-|npm_|pypi-)[\w-]{16,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
];

function isCredential(value: string): boolean {
  return CREDENTIAL_FORMS.some((form) => form.test(value));
}
