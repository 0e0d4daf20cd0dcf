/**
 * Whether who sends a verified token is who it was given to, as far as the token and the policy ask for it.
 *
 * In: what a token is bound to, the rules of its issuer, what the caller showed beside it. Out: null, or the reason against it.
 * INVARIANT: a bound token counts with its own proof alone; no other proof and no other scheme stands in for it.
 * Source: RFC 9449 sections 7.1, 7.2; RFC 8705 section 3.
 */
import { checkDpopProof } from "./dpop-proof.ts";
import type { ProofReason, TokenReason } from "./identity.ts";
import type { ProofMemory } from "./proof-memory.ts";
import type { TokenBinding, TokenRules } from "./token-rules.ts";

/** What a caller showed, as it was seen: nothing of it is verified. */
export interface Presented {
  /** Of `Authorization`. */
  readonly scheme: "bearer" | "dpop";
  /** Values of the `DPoP` headers. */
  readonly proofs: readonly string[];
  readonly method: string;
  /** Scheme, host and path as the client asked for them. */
  readonly url: string;
  /** SHA-256, in hexadecimal digits, of the certificate that the edge saw the client use; null for none. */
  readonly certificate: string | null;
}

export type PossessionProblem = TokenReason | ProofReason | "proof-memory-full";

export function findPossessionProblem(
  token: string,
  binding: TokenBinding | null,
  rules: TokenRules,
  presented: Presented,
  memory: ProofMemory,
  nowMs: number,
): PossessionProblem | null {
  if (binding === null) return rules.requireProof || presented.scheme === "dpop" ? "token-not-bound" : null;
  if (presented.scheme !== (binding.kind === "dpop" ? "dpop" : "bearer")) return "token-sender-constrained";
  if (binding.kind === "mtls") return findCertificateProblem(binding, presented);
  const [proof, another] = presented.proofs;
  if (proof === undefined) return "proof-missing";
  if (another !== undefined) return "proof-repeated";
  const { method, url } = presented;
  const checked = checkDpopProof(proof, { method, url, token, thumbprint: binding.thumbprint }, nowMs);
  if (!checked.ok) return checked.reason;
  // Last, so that only a proof that is good in every other way takes up room.
  const noted = memory.note(checked.id, checked.untilSeconds, Math.floor(nowMs / 1000));
  if (noted === "full") return "proof-memory-full";
  return noted === "seen" ? "proof-replayed" : null;
}

function findCertificateProblem({ thumbprint }: TokenBinding, { certificate }: Presented): ProofReason | null {
  if (certificate === null || !/^[0-9a-f]{64}$/i.test(certificate)) return "certificate-missing";
  return Buffer.from(certificate, "hex").toString("base64url") === thumbprint ? null : "certificate-other";
}
