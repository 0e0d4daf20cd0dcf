/**
 * One provider that people sign in at: our client there, and whose tokens count for its people.
 *
 * In: what the policy says of it. Out: its sign-in flow, the right that it gives, its refreshes, its word that somebody has
 * signed out.
 * INVARIANT: nothing of one provider is used for another: no client, no key, no audience, no attempt, no callback address.
 * Source: RFC 9700 section 4.4 (mix-up): the issuer in the answer, and an address for each provider where it has none.
 */
import type { Clock, Secret } from "../core/index.ts";
import type { Store } from "../store/index.ts";
import type { KeySource } from "./key-source.ts";
import { CALLBACK_PATH, type LoginFlow, createLoginFlow } from "./login-flow.ts";
import { type LogoutTokenResult, createLogoutTokenJudge } from "./logout-token.ts";
import { type ProviderClient, createProviderClient } from "./provider-client.ts";
import type { Fetch } from "./provider-fetch.ts";
import type { Sealer } from "./sealed-text.ts";
import { type SessionRefresh, createSessionRefresh } from "./session-refresh.ts";
import { PROVIDER_SESSION_CLAIM, type ProviderTokens, type RightResult, readRight } from "./session-rights.ts";
import type { SessionCodec } from "./session.ts";
import type { TokenVerifier } from "./token-verifier.ts";

/** Our client at a provider. */
export interface ProviderLogin {
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: Secret<string> | null;
  readonly scopes: readonly string[];
  /** By which people choose the provider. @default its name, or the host of the one without */
  readonly title?: string | null | undefined;
}

export interface SignInProviderOptions {
  /** What the policy calls it; null for the provider of the environment. */
  readonly name: string | null;
  /** Exact issuer string. */
  readonly issuer: string;
  readonly login: ProviderLogin;
  readonly baseUrl: string;
  readonly audience: string;
  /** For access tokens of this provider alone. */
  readonly verifier: TokenVerifier;
  /** Seals attempts. */
  readonly sealer: Sealer;
  readonly codec: SessionCodec;
  readonly clock: Clock;
  readonly fetch?: Fetch | undefined;
  readonly allowHttpLoopback: boolean;
  /** Of all processes that have these sessions. @default none, and this process is alone */
  readonly sharedStore?: Store | undefined;
  /** Where it is remembered which logout tokens were used. */
  readonly store: Store;
  /** For what the provider tells by itself. @default none, and it is not listened to */
  readonly keys?: KeySource | undefined;
  readonly refreshGraceMs?: number | undefined;
}

export interface SignInProvider {
  readonly name: string | null;
  readonly issuer: string;
  readonly clientId: string;
  readonly title: string;
  /** Where its answers come. */
  readonly callbackPath: string;
  readonly client: ProviderClient;
  readonly flow: LoginFlow;
  readonly refreshes: SessionRefresh;
  readRight(tokens: ProviderTokens): Promise<RightResult>;
  /** Null: it is not listened to. */
  readonly judgeLogoutToken: ((token: string) => Promise<LogoutTokenResult>) | null;
}

export function createSignInProvider(options: SignInProviderOptions): SignInProvider {
  const { name, issuer, login, clock, keys } = options;
  const client = createProviderClient({ ...options, ...login });
  const verifier = options.verifier.withAudience(options.audience);
  const idTokenVerifier = options.verifier.withAudience(login.clientId, [PROVIDER_SESSION_CLAIM]);
  const callbackPath = name === null ? CALLBACK_PATH : `${CALLBACK_PATH}/${name}`;
  return {
    name,
    issuer,
    clientId: login.clientId,
    title: login.title ?? name ?? new URL(issuer).host,
    callbackPath,
    client,
    flow: createLoginFlow({ ...options, provider: client, callbackPath, scopes: login.scopes }),
    refreshes: createSessionRefresh({
      provider: client,
      verifier,
      idTokenVerifier,
      codec: options.codec,
      clock,
      store: options.sharedStore,
      graceMs: options.refreshGraceMs,
    }),
    readRight: async (tokens) => readRight(tokens, verifier, idTokenVerifier),
    judgeLogoutToken:
      keys === undefined
        ? null
        : createLogoutTokenJudge({ issuer, clientId: login.clientId, keys, clock, store: options.store }),
  };
}
