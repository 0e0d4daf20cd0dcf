/**
 * Gatehouse as an OAuth client of the provider: discovered when first needed, again after an hour, and after a failure.
 *
 * Out: openid-client's configuration, whose every call goes through our guarded fetch.
 * Source: OpenID Connect Discovery 1.0, RFC 6749 section 2.3.
 */
import * as client from "openid-client";
import { type Clock, GatehouseError, type Secret, isGatehouseError } from "../core/index.ts";
import { type Fetch, createProviderFetch } from "./provider-fetch.ts";

export interface ProviderClientOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: Secret<string> | null;
  readonly clock: Clock;
  readonly fetch?: Fetch | undefined;
  readonly allowHttpLoopback: boolean;
}

export interface ProviderClient {
  /** @throws GH_IDENTITY_PROVIDER_UNREACHABLE, GH_IDENTITY_ISSUER_MISMATCH, GH_IDENTITY_ADDRESS_REFUSED */
  configuration(): Promise<client.Configuration>;
}

/**
 * A call for tokens is given longer than one for keys: giving up on it can mean that a refresh token was spent for nothing.
 */
const TIMEOUT_MS = 10_000;
const REVOKE_TIMEOUT_MS = 2000;
const REDISCOVER_MS = 3_600_000;

export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { issuer, clock } = options;
  const fetch = createProviderFetch({ timeoutMs: TIMEOUT_MS, ...options });
  let known: { readonly configuration: client.Configuration; readonly untilMs: number } | null = null;
  let flight: Promise<client.Configuration> | null = null;

  async function discover(): Promise<client.Configuration> {
    const { clientId, clientSecret } = options;
    const authentication = clientSecret === null ? client.None() : authenticateAsSupported(clientSecret);
    let configuration: client.Configuration;
    try {
      configuration = await client.discovery(new URL(issuer), clientId, {}, authentication, {
        [client.customFetch]: async (url, init) => fetch(url, init as RequestInit),
        // Which addresses may be plain http is decided by the guarded fetch, address by address.
        ...(options.allowHttpLoopback ? { execute: [client.allowInsecureRequests] } : {}),
      });
    } catch (cause) {
      throw (
        findGatehouseError(cause) ??
        new GatehouseError(
          "GH_IDENTITY_PROVIDER_UNREACHABLE",
          { url: issuer, reason: "its discovery document cannot be used" },
          { cause },
        )
      );
    }
    const found = configuration.serverMetadata().issuer;
    if (found !== issuer) throw new GatehouseError("GH_IDENTITY_ISSUER_MISMATCH", { expected: issuer, found });
    known = { configuration, untilMs: clock.monotonicMs() + REDISCOVER_MS };
    return configuration;
  }

  return {
    async configuration() {
      if (known !== null && clock.monotonicMs() < known.untilMs) return known.configuration;
      flight ??= discover().finally(() => {
        flight = null;
      });
      return flight;
    },
  };
}

/** HTTP Basic where the provider offers it or says nothing (the standard's default), else the form body. */
function authenticateAsSupported(secret: Secret<string>): client.ClientAuth {
  return (server, metadata, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const basic = methods.includes("client_secret_basic");
    const authenticate = basic ? client.ClientSecretBasic : client.ClientSecretPost;
    return authenticate(secret.reveal())(server, metadata, body, headers);
  };
}

/** The fault of ours at the bottom of an error that a library wrapped around it. */
export function findGatehouseError(error: unknown): GatehouseError | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (isGatehouseError(at)) return at;
  }
  return null;
}

/** Best effort: a refresh token that the provider forgets is worth nothing to whoever copied the cookie. */
export async function revokeRefreshToken(configuration: client.Configuration, refreshToken: string): Promise<void> {
  const call = client.tokenRevocation(configuration, refreshToken, { token_type_hint: "refresh_token" });
  const limit = new Promise<void>((resolve) => {
    setTimeout(resolve, REVOKE_TIMEOUT_MS).unref();
  });
  await Promise.race([call.catch(() => undefined), limit]);
}
