/**
 * Gatehouse as the provider that IAM roles trust: a token of minutes for AWS STS that names one role and who holds it.
 *
 * In: a verified identity, and a role that the policy gives it; whoever asks has made sure of the latter. Out: a compact
 * JWS by the keys that are published anyway, or null when the right of the identity has ended.
 * INVARIANT: no service takes it for an assertion and STS takes no assertion for it: neither audience can be the other's.
 * Both have `typ` JWT, as AWS does not say which others it takes.
 * Source: IAM user guide, "Create an OpenID Connect (OIDC) identity provider in IAM"; STS API reference,
 * AssumeRoleWithWebIdentity; docs/adr/0016-gatehouse-is-the-provider-that-roles-trust.md.
 */
import { type Clock, STS_AUDIENCE, brokeredSubject } from "../core/index.ts";
import type { AssertionSigner } from "./assertion-signer.ts";
import type { Identity } from "./identity.ts";

export interface Broker {
  mint(identity: Identity, roleName: string): string | null;
}

const LIFETIME_SECONDS = 300;

export function createBroker(signer: Pick<AssertionSigner, "signClaims">, clock: Clock): Broker {
  return {
    mint(identity, roleName) {
      const nowSeconds = Math.floor(clock.nowMs() / 1000);
      if (clock.nowMs() >= identity.expiresAtSeconds * 1000) return null;
      return signer.signClaims({
        aud: STS_AUDIENCE,
        sub: brokeredSubject(roleName, identity.issuerName, identity.subject),
        iat: nowSeconds,
        exp: Math.min(identity.expiresAtSeconds, nowSeconds + LIFETIME_SECONDS),
      });
    },
  };
}
