/**
 * oidc-provider, set up as the development provider: which clients and claims there are, and how long things last.
 *
 * INVARIANT: every access token is a JWT for the policy's audience, signed with RS256; PKCE is required; a refresh token
 * is used once. Every function that oidc-provider warns about when it is left to its default is given here.
 * Source: oidc-provider documentation; RFC 9068, RFC 8707, RFC 7636, RFC 8628, RFC 9449.
 */
import type Provider from "oidc-provider";
import type { Context, interactionPolicy } from "oidc-provider";
import type { ClaimNames } from "../claims.ts";
import type { PrivateKey } from "../key-file.ts";
import { CLI_CLIENT, type MachineClient, type People, type Person } from "../people.ts";
import { renderCodeConfirmPage, renderCodePage, renderMessagePage, renderSignOutPage, showPage } from "./dev-pages.ts";
import { developmentClaims, signInOf } from "./development-claims.ts";
import type { GrantStore } from "./grant-store.ts";

export interface LoginClient {
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: string | null;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
}

export interface ConfigurationOptions {
  readonly people: People;
  readonly audience: string;
  /** Where the policy looks for groups and name; they are put there beside their usual places. */
  readonly claims: ClaimNames;
  readonly bindsTokens: boolean;
  readonly loginClient: LoginClient | null;
  readonly keys: readonly PrivateKey[];
  readonly cookiePrefix: string;
  readonly cookieKey: string;
  readonly accessTokenTtlSeconds: number;
  readonly store: GrantStore;
  /** What oidc-provider asks for by itself, to which the question for `acr_values` is added. */
  readonly interactionPolicy: typeof interactionPolicy;
}

/** An audience need not be a URI, a resource indicator must be one. */
export const RESOURCE = "urn:gatehouse:development-audience";
export const RESOURCE_SCOPE = "api";
const DAY_SECONDS = 86_400;

export function resourceServerOf({ audience, accessTokenTtlSeconds }: ConfigurationOptions): Record<string, unknown> {
  return {
    audience,
    scope: RESOURCE_SCOPE,
    accessTokenFormat: "jwt",
    accessTokenTTL: accessTokenTtlSeconds,
    jwt: { sign: { alg: "RS256" } },
  };
}

export function createConfiguration(options: ConfigurationOptions): object {
  const { people, store, accessTokenTtlSeconds } = options;
  const subjects = new Map<string, Person | MachineClient>();
  for (const subject of [...people.people, ...people.clients]) subjects.set(subject.name, subject);
  return {
    adapter: (model: string) => store.adapterFor(model),
    clients: createClients(options),
    jwks: { keys: options.keys.map(({ privateJwk }) => privateJwk) },
    cookies: {
      keys: [options.cookieKey],
      names: {
        session: `${options.cookiePrefix}_session`,
        interaction: `${options.cookiePrefix}_interaction`,
        resume: `${options.cookiePrefix}_resume`,
      },
    },
    acrValues: listAcrValues(people),
    scopes: ["openid", "offline_access"],
    claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email"], groups: ["groups"] },
    conformIdTokenClaims: false,
    clientBasedCORS: () => false,
    pkce: { required: () => true },
    rotateRefreshToken: () => true,
    issueRefreshToken: async (_context: Context, client: { grantTypeAllowed(type: string): boolean }) =>
      client.grantTypeAllowed("refresh_token"),
    interactions: {
      url: (_context: Context, { uid }: { uid: string }) => `/interaction/${uid}`,
      policy: promptsOf(options),
    },
    findAccount: async (_context: Context, name: string) => {
      const person = people.people.find((candidate) => candidate.name === name);
      return person === undefined
        ? undefined
        : { accountId: name, claims: async () => ({ sub: name, ...developmentClaims(person, options.claims) }) };
    },
    extraTokenClaims: async (context: Context | undefined, token: { accountId?: string; clientId?: string }) => {
      const subject = subjects.get(token.accountId ?? token.clientId ?? "");
      const signIn = token.accountId === undefined ? {} : signInOf(context);
      return subject === undefined ? undefined : developmentClaims(subject, options.claims, signIn);
    },
    loadExistingGrant: grantWhatIsAsked,
    renderError: async (context: Context, out: { error: string; error_description?: string }) => {
      showPage(context, renderMessagePage("That did not work", out.error_description ?? out.error), context.status);
    },
    features: createFeatures(options),
    ttl: {
      AccessToken: accessTokenTtlSeconds,
      AuthorizationCode: 60,
      ClientCredentials: accessTokenTtlSeconds,
      DeviceCode: 600,
      Grant: 14 * DAY_SECONDS,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 14 * DAY_SECONDS,
      Session: 14 * DAY_SECONDS,
    },
  };
}

/** Whoever signed in in another way than is asked for now is asked for the password again. */
function promptsOf({ interactionPolicy: policy }: ConfigurationOptions): object {
  const prompts = policy.base();
  const isPromptNeeded = ({ oidc: { params, session, result } }: Context): boolean => {
    const asked = params?.["acr_values"];
    if (typeof asked !== "string" || result?.login !== undefined) return false;
    return session?.acr === undefined || !asked.split(" ").includes(session.acr);
  };
  const check = new policy.Check("acr_values", "another sign-in was asked for", "login_required", isPromptNeeded);
  prompts.get("login")?.checks.add(check);
  return prompts;
}

function listAcrValues({ people }: People): string[] {
  const all = people.flatMap(({ claims }) => claims["acr"] ?? []).filter((value) => typeof value === "string");
  return [...new Set(all)];
}

function createClients({ people, loginClient }: ConfigurationOptions): object[] {
  const machine = { grant_types: ["client_credentials"], response_types: [], redirect_uris: [] };
  const clients: object[] = people.clients.map(({ name, secret }) => ({
    ...machine,
    client_id: name,
    client_secret: secret.reveal(),
  }));
  clients.push({
    client_id: CLI_CLIENT,
    client_name: "Gatehouse's command line",
    token_endpoint_auth_method: "none",
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    response_types: [],
    redirect_uris: [],
  });
  if (loginClient !== null)
    clients.push({
      client_id: loginClient.clientId,
      ...(loginClient.clientSecret === null
        ? { token_endpoint_auth_method: "none" }
        : { client_secret: loginClient.clientSecret }),
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: loginClient.redirectUris,
      post_logout_redirect_uris: loginClient.postLogoutRedirectUris,
    });
  return clients;
}

function createFeatures(options: ConfigurationOptions): object {
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: options.bindsTokens },
    revocation: {
      enabled: true,
      allowedPolicy: async (_context: Context, client: { clientId: string }, token: { clientId?: string }) =>
        token.clientId === client.clientId,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => RESOURCE,
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => resourceServerOf(options),
    },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: async (context: Context, form: string, _out: unknown, problem: unknown) => {
        const failed = problem !== undefined && problem !== null;
        showPage(context, renderCodePage(form, failed), failed ? 400 : 200);
      },
      userCodeConfirmSource: async (
        context: Context,
        form: string,
        client: { clientId: string; clientName?: string },
        _device: unknown,
        userCode: string,
      ) => {
        showPage(context, renderCodeConfirmPage(form, client.clientName ?? client.clientId, userCode));
      },
      successSource: async (context: Context) => {
        showPage(context, renderMessagePage("You are signed in", "You can close this window and go back."));
      },
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (context: Context, form: string) => {
        showPage(context, renderSignOutPage(form));
      },
      postLogoutSuccessSource: async (context: Context) => {
        showPage(context, renderMessagePage("You are signed out", "You can close this window."));
      },
    },
  };
}

/** Nobody is asked for consent: whoever uses this provider wrote its people file. */
async function grantWhatIsAsked(context: Context & { oidc: { provider: Provider } }): Promise<unknown> {
  const { provider, client, session, requestParamOIDCScopes, resourceServers } = context.oidc;
  const accountId = session?.accountId;
  if (client === undefined || accountId === undefined) return undefined;
  const existing = session?.grantIdFor(client.clientId);
  const grant =
    (existing === undefined ? undefined : await provider.Grant.find(existing)) ??
    new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope([...requestParamOIDCScopes].join(" "));
  for (const resource of Object.keys(resourceServers)) grant.addResourceScope(resource, RESOURCE_SCOPE);
  await grant.save();
  return grant;
}
