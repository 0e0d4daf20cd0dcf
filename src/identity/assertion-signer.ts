/**
 * Tells a service who is asking, in a form that it can check: a short-lived JWT signed by Gatehouse.
 *
 * In: a verified identity and the service. Out: a compact JWS (ES256), and what a service needs to check it.
 * Not here: when keys are replaced (assertion-keys.ts), tokens for AWS (broker.ts).
 * INVARIANT: it lives at least as long as is asked, and beyond that never longer than the caller's own right or five
 * minutes; it names one service as its audience. `sub` alone names nobody: two issuers may mean two by it, so a workload
 * issuer stands beside it as `issuer`; without that it is the provider's. Who acts for the subject stands in `act`.
 * Source: RFC 7519, RFC 8693 section 4.1, RFC 7518 section 3.4, OpenID Connect Discovery 1.0 section 3.
 */
import { type KeyObject, randomUUID, sign } from "node:crypto";
import { type Clock, GatehouseError, STS_AUDIENCE } from "../core/index.ts";
import { loadAssertionKeys } from "./assertion-keys.ts";
import type { Identity } from "./identity.ts";
import type { SigningKey } from "./key-file.ts";
import { signingKeyAt } from "./key-schedule.ts";

export interface SignerOptions {
  /** `iss` of every assertion: `${baseUrl}/_gatehouse`, under which the keys are published. */
  readonly issuer: string;
  /** At least one. All are published; which one signs says its time. */
  readonly keys: readonly SigningKey[];
  readonly clock: Clock;
}

export interface AssertionSignerOptions extends Omit<SignerOptions, "keys"> {
  /** JWKS with the private keys, made when absent, read once. */
  readonly keyFile: string;
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
  /** Other claims of our own, with `iss` and `jti`; for other audiences than services. */
  signClaims(claims: Readonly<Record<string, unknown>>): string;
  /** Signs with these from now on and publishes them; at least one. */
  replaceKeys(keys: readonly SigningKey[]): void;
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

/** With the keys of a file as they are now. @throws GH_IDENTITY_KEY_FILE, GH_STATE_UNWRITABLE */
export async function createAssertionSigner({ keyFile, ...options }: AssertionSignerOptions): Promise<AssertionSigner> {
  return createSigner({ ...options, keys: await loadAssertionKeys(keyFile) });
}

export function createSigner(options: SignerOptions): AssertionSigner {
  const { issuer, clock } = options;
  let keys = options.keys;
  let signing: { readonly of: SigningKey; readonly header: string } | null = null;
  // A verified identity is one object for as long as its token is remembered, and is never changed.
  let mintedFor = new WeakMap<Identity, Minted>();

  function signNow(payload: string, nowSeconds: number): string {
    const key = signingKeyAt(keys, nowSeconds);
    if (signing?.of !== key) signing = { of: key, header: encode({ alg: "ES256", typ: "JWT", kid: key.kid }) };
    return signCompact(signing.header, payload, key.key);
  }

  function mint(
    identity: Identity,
    request: AssertionRequest,
    nowSeconds: number,
  ): Pick<Minted, "text" | "endsAtSeconds"> {
    // Names of services have no dots; were it otherwise, an assertion could be taken for a token for AWS.
    if (request.audience === STS_AUDIENCE)
      throw new GatehouseError("GH_INTERNAL", { problem: "an assertion was asked for with the audience of AWS" });
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
      ...(identity.act === undefined ? {} : { act: identity.act }),
      iat: nowSeconds,
      exp: endsAtSeconds,
      jti: randomUUID(),
    });
    return { text: signNow(payload, nowSeconds), endsAtSeconds };
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
    signClaims: (claims) =>
      signNow(encode({ iss: issuer, ...claims, jti: randomUUID() }), Math.floor(clock.nowMs() / 1000)),
    replaceKeys(next) {
      keys = next;
      // What a key signed that was taken out of the file must not be given out again.
      mintedFor = new WeakMap();
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
        "act",
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
