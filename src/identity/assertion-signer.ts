/**
 * Tells a service who is asking, in a form that it can check: a short-lived JWT signed by Gatehouse.
 *
 * In: a verified identity and the service. Out: a compact JWS (ES256), and what a service needs to check it.
 * INVARIANT: it lives at least as long as is asked, and beyond that never longer than the caller's own right or five
 * minutes; it names one service as its audience. `sub` alone names nobody: two issuers may mean two by it, so a workload
 * issuer stands beside it as `issuer`; without that it is the provider's.
 * Source: RFC 7519, RFC 7518 section 3.4, OpenID Connect Discovery 1.0 section 3.
 */
import { type KeyObject, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import type { Clock } from "../core/index.ts";
import type { Identity } from "./identity.ts";
import { loadKeyFile } from "./key-file.ts";

export interface AssertionSignerOptions {
  /** `iss` of every assertion: `${baseUrl}/_gatehouse`, under which the keys are published. */
  readonly issuer: string;
  /** JWKS with the private key, made when absent. The first key signs, all are published. */
  readonly keyFile: string;
  readonly clock: Clock;
}

export interface AssertionRequest {
  /** Name of the service. */
  readonly audience: string;
  readonly role: string | null;
  /** The assertion is good for at least this long from now. */
  readonly minimumSeconds: number;
}

export interface AssertionSigner {
  /** The same text for the same identity, service and role while it lasts. */
  sign(identity: Identity, request: AssertionRequest): string;
  /** The public keys, as served at `/_gatehouse/jwks.json`. */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** As served at `/_gatehouse/.well-known/openid-configuration`. */
  discovery(): Readonly<Record<string, unknown>>;
}

const LIFETIME_SECONDS = 300;
/** Added to what is asked, for the service's clock and the way there. */
const SKEW_SECONDS = 5;

/** What one identity has for one service and role; a chain of them, since most have one and a map weighs more than that. */
interface Minted {
  readonly audience: string;
  readonly role: string | null;
  text: string;
  endsAtSeconds: number;
  readonly next: Minted | null;
}

/** @throws GH_IDENTITY_KEY_FILE */
export async function createAssertionSigner(options: AssertionSignerOptions): Promise<AssertionSigner> {
  const { issuer, clock } = options;
  const keys = await loadKeyFile(
    options.keyFile,
    "ES256",
    () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  );
  const [signing] = keys as [(typeof keys)[number]];
  const header = encode({ alg: "ES256", typ: "JWT", kid: signing.kid });
  // A verified identity is one object for as long as its token is remembered, and is never changed.
  const mintedFor = new WeakMap<Identity, Minted>();

  function mint(
    identity: Identity,
    request: AssertionRequest,
    nowSeconds: number,
  ): Pick<Minted, "text" | "endsAtSeconds"> {
    const atLeast = nowSeconds + request.minimumSeconds + SKEW_SECONDS;
    const right = Math.min(identity.expiresAtSeconds, nowSeconds + LIFETIME_SECONDS);
    const endsAtSeconds = Math.max(atLeast, right);
    const payload = encode({
      iss: issuer,
      aud: request.audience,
      ...(identity.issuerName === null ? {} : { issuer: identity.issuerName }),
      sub: identity.subject,
      kind: identity.kind,
      ...(identity.clientId === null ? {} : { client_id: identity.clientId }),
      ...(identity.name === null ? {} : { name: identity.name }),
      groups: identity.groups,
      ...(request.role === null ? {} : { role: request.role }),
      iat: nowSeconds,
      exp: endsAtSeconds,
      jti: randomUUID(),
    });
    return { text: signCompact(header, payload, signing.key), endsAtSeconds };
  }

  return {
    sign(identity, request) {
      const nowSeconds = Math.floor(clock.nowMs() / 1000);
      const { audience, role, minimumSeconds } = request;
      const first = mintedFor.get(identity) ?? null;
      let known = first;
      while (known !== null && (known.audience !== audience || known.role !== role)) known = known.next;
      if (known !== null && known.endsAtSeconds - nowSeconds >= minimumSeconds + SKEW_SECONDS) return known.text;
      const fresh = mint(identity, request, nowSeconds);
      if (known === null) mintedFor.set(identity, { audience, role, ...fresh, next: first });
      else {
        known.text = fresh.text;
        known.endsAtSeconds = fresh.endsAtSeconds;
      }
      return fresh.text;
    },
    jwks: () => ({ keys: keys.map(({ publicJwk }) => publicJwk) }),
    discovery: () => ({
      issuer,
      jwks_uri: `${issuer}/jwks.json`,
      id_token_signing_alg_values_supported: ["ES256"],
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      claims_supported: [
        "iss",
        "aud",
        "issuer",
        "sub",
        "kind",
        "client_id",
        "name",
        "groups",
        "role",
        "iat",
        "exp",
        "jti",
      ],
    }),
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signCompact(header: string, payload: string, key: KeyObject): string {
  const input = `${header}.${payload}`;
  return `${input}.${fixedLength(sign("sha256", Buffer.from(input), key)).toString("base64url")}`;
}

const COORDINATE_BYTES = 32;

/**
 * A signature in DER as JWS has it: r and s, 32 bytes each (RFC 7518 3.4). The engine can write it so itself, and then takes
 * 80 µs for a signature instead of 32.
 */
function fixedLength(der: Buffer): Buffer {
  const both = Buffer.alloc(2 * COORDINATE_BYTES);
  // SEQUENCE, its length, then two INTEGERs: each a tag, a length, and as many bytes as it needs, one of them for the sign.
  let at = 2;
  for (const end of [COORDINATE_BYTES, 2 * COORDINATE_BYTES]) {
    const from = at + 2;
    const to = from + (der[at + 1] ?? 0);
    const begin = Math.max(from, to - COORDINATE_BYTES);
    der.copy(both, end - (to - begin), begin, to);
    at = to;
  }
  return both;
}
