/**
 * A token for whoever sits at the command line, from any provider that offers the device flow.
 *
 * In: issuer and client; a callback that shows where to go and what to enter. Out: an access token.
 * Source: RFC 8628.
 */
import * as client from "openid-client";
import { GatehouseError, type Clock, systemClock } from "../core/index.ts";
import { createProviderClient, findGatehouseError } from "./provider-client.ts";
import type { Fetch } from "./provider-fetch.ts";

export interface DeviceLoginOptions {
  readonly issuer: string;
  /** A public client. */
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly onPrompt: (prompt: DevicePrompt) => void;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: Fetch | undefined;
  /** Plain http for an issuer on this machine. @default true */
  readonly allowHttpLoopback?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

export interface DevicePrompt {
  readonly verificationUri: string;
  readonly userCode: string;
  /** The same page with the code filled in, when the provider has one. */
  readonly verificationUriComplete: string | null;
  readonly expiresInSeconds: number;
}

/** @throws GH_IDENTITY_LOGIN_FAILED, GH_IDENTITY_PROVIDER_UNREACHABLE, GH_IDENTITY_ISSUER_MISMATCH */
export async function deviceLogin(
  options: DeviceLoginOptions,
): Promise<{ readonly accessToken: string; readonly expiresInSeconds: number }> {
  const { issuer, signal } = options;
  const provider = createProviderClient({
    issuer,
    clientId: options.clientId,
    clientSecret: null,
    clock: options.clock ?? systemClock,
    fetch: options.fetch,
    allowHttpLoopback: options.allowHttpLoopback ?? true,
  });
  const configuration = await provider.configuration();
  if (configuration.serverMetadata().device_authorization_endpoint === undefined) {
    const reason = "the provider does not offer device login";
    throw new GatehouseError("GH_IDENTITY_LOGIN_FAILED", { issuer, reason });
  }
  try {
    const started = await client.initiateDeviceAuthorization(configuration, {
      scope: options.scopes.join(" "),
      audience: options.audience,
    });
    options.onPrompt({
      verificationUri: started.verification_uri,
      userCode: started.user_code,
      verificationUriComplete: started.verification_uri_complete ?? null,
      expiresInSeconds: started.expires_in,
    });
    const polling = signal === undefined ? {} : { signal };
    const tokens = await client.pollDeviceAuthorizationGrant(configuration, started, undefined, polling);
    return { accessToken: tokens.access_token, expiresInSeconds: tokens.expires_in ?? 0 };
  } catch (cause) {
    const ours = findGatehouseError(cause);
    if (ours !== null) throw ours;
    throw new GatehouseError("GH_IDENTITY_LOGIN_FAILED", { issuer, reason: describe(cause, signal) }, { cause });
  }
}

function describe(cause: unknown, signal: AbortSignal | undefined): string {
  if (signal?.aborted === true) return "it was stopped";
  if (!(cause instanceof client.ResponseBodyError)) return "the provider's answer cannot be used";
  if (cause.error === "access_denied") return "it was refused in the browser";
  if (cause.error === "expired_token") return "the code ended before it was confirmed";
  return `the provider answered \`${cause.error}\``;
}
