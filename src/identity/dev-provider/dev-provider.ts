/**
 * A real OpenID provider on this machine, for development: people and clients of a file, real tokens, real flows.
 *
 * In: the people file's content, where to keep the signing key. Out: an issuer on 127.0.0.1.
 * INVARIANT: it listens on loopback only, talks to loopback peers only, and answers only requests whose Host is its own
 * address, so that no web page can reach it through a name that it made point here.
 * Not here: what it is configured to do (provider-configuration.ts), its pages (dev-pages.ts).
 */
import { createHmac, generateKeyPairSync } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type Provider from "oidc-provider";
import type { Context } from "oidc-provider";
import { GatehouseError, type Reporter, silentReporter } from "../../core/index.ts";
import type { ClaimNames } from "../claims.ts";
import { loadKeyFile } from "../key-file.ts";
import { isLoopbackAddress } from "../loopback.ts";
import { CLI_CLIENT, type People } from "../people.ts";
import { renderMessagePage, sendPage } from "./dev-pages.ts";
import { type GrantStore, createGrantStore } from "./grant-store.ts";
import {
  type ConfigurationOptions,
  type LoginClient,
  RESOURCE,
  RESOURCE_SCOPE,
  createConfiguration,
  resourceServerOf,
} from "./provider-configuration.ts";
import { answerInteraction } from "./sign-in.ts";

export interface DevProviderOptions {
  readonly people: People;
  /** 0 picks a free one. The issuer's name holds the port: tokens survive a restart on the same port only. */
  readonly port: number;
  /** JWKS with the private signing key, made when absent. */
  readonly keyFile: string;
  readonly audience: string;
  /** The client of browser sign-in; null when the policy has none. */
  readonly loginClient: LoginClient | null;
  /** Where the policy looks for groups and name. @default groups, preferred_username */
  readonly claims?: ClaimNames | undefined;
  /** Whether it binds tokens to the key of whoever asks with a DPoP proof. @default false */
  readonly bindsTokens?: boolean | undefined;
  /** @default 900 */
  readonly accessTokenTtlSeconds?: number | undefined;
  /** Gets what goes wrong inside. @default nobody */
  readonly reporter?: Reporter | undefined;
}

export interface DevProvider {
  /** `http://127.0.0.1:PORT` */
  readonly issuer: string;
  readonly port: number;
  /** A real token of this provider for a person or client of the file. @throws GH_IDENTITY_UNKNOWN_NAME */
  tokenFor(name: string): Promise<{ readonly accessToken: string; readonly expiresInSeconds: number }>;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const DEFAULT_CLAIMS: ClaimNames = { groups: "groups", name: "preferred_username" };

/** @throws GH_IDENTITY_KEY_FILE, GH_APP_PORT_TAKEN */
export async function startDevProvider(options: DevProviderOptions): Promise<DevProvider> {
  const { people } = options;
  const reporter = options.reporter ?? silentReporter;
  const keys = await loadKeyFile(
    options.keyFile,
    "RS256",
    () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  );
  // Loaded here since only development needs it.
  const { default: OidcProvider, interactionPolicy } = await import("oidc-provider");

  const server = createServer();
  const port = await listenOnLoopback(server, options.port);
  const issuer = `http://${HOST}:${port}`;
  const store = createGrantStore();
  const configuration: ConfigurationOptions = {
    people,
    audience: options.audience,
    claims: options.claims ?? DEFAULT_CLAIMS,
    bindsTokens: options.bindsTokens ?? false,
    loginClient: options.loginClient,
    keys,
    // Cookies know no ports: two providers on one machine must not take each other's.
    cookiePrefix: `gatehouse_dev_${port}`,
    cookieKey: createHmac("sha256", JSON.stringify(keys[0]?.privateJwk)).update("cookies").digest("base64url"),
    accessTokenTtlSeconds: options.accessTokenTtlSeconds ?? 900,
    store,
    interactionPolicy,
  };
  const provider = new OidcProvider(issuer, createConfiguration(configuration));
  provider.on("error", (error) => reportFault(reporter, error));
  provider.on("server_error", (_context, error) => reportFault(reporter, error));
  provider.use((context, next) => endSessionWithoutAsking(provider, store, context, next));
  provider.use((context, next) => askOften(context, next));
  const answerProvider = provider.callback();

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    if (!isLoopbackAddress(request.socket.remoteAddress ?? "") || request.headers.host !== `${HOST}:${port}`) {
      sendPage(response, renderMessagePage("Not here", `This provider answers at ${issuer} only.`), 421);
      return;
    }
    const isInteraction = /^\/interaction\/[\w-]+$/.test((request.url ?? "").replace(/\?.*$/s, ""));
    const answered = isInteraction
      ? answerInteraction(provider, people, request, response)
      : answerProvider(request, response);
    answered.catch((error: unknown) => {
      reportFault(reporter, error);
      if (!response.headersSent)
        sendPage(response, renderMessagePage("That did not work", "Something broke inside."), 500);
      else response.destroy();
    });
  });

  return {
    issuer,
    port,
    tokenFor: async (name) => issueToken(provider, configuration, name),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listenOnLoopback(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === "EADDRINUSE"
          ? new GatehouseError("GH_APP_PORT_TAKEN", { port, flag: "--identity" }, { cause })
          : cause,
      );
    });
    server.listen(port, HOST, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/**
 * A client that names itself and a registered way back has asked the person already; a second question and a form that
 * needs a script are left out. Runs after oidc-provider has checked both.
 */
async function endSessionWithoutAsking(
  provider: Provider,
  store: GrantStore,
  context: Context,
  next: () => Promise<void>,
): Promise<void> {
  await next();
  const { session } = context.oidc ?? {};
  const { clientId, postLogoutRedirectUri, state } = session?.state ?? {};
  if (context.oidc?.route !== "end_session" || context.status !== 200) return;
  if (session === undefined || clientId === undefined || postLogoutRedirectUri === undefined) return;
  for (const { grantId } of Object.values(session.authorizations ?? {})) {
    if (grantId !== undefined) store.revokeGrant(grantId);
  }
  await session.destroy();
  context.cookies.set(provider.cookieName("session"), null, { overwrite: true });
  const back = new URL(postLogoutRedirectUri);
  if (state !== undefined) back.searchParams.set("state", state);
  context.status = 303;
  context.redirect(back.href);
}

/** Who waits at a command line may ask each second; the standard's five are meant for providers with many users. */
async function askOften(context: Context, next: () => Promise<void>): Promise<void> {
  await next();
  if (context.oidc?.route === "device_authorization" && context.status === 200)
    context.body = { ...(context.body as object), interval: 1 };
}

async function issueToken(
  provider: Provider,
  configuration: ConfigurationOptions,
  name: string,
): Promise<{ accessToken: string; expiresInSeconds: number }> {
  const { people } = configuration;
  const isPerson = people.people.some((person) => person.name === name);
  if (!isPerson && !people.clients.some((client) => client.name === name)) {
    const known = [...people.people, ...people.clients].map((subject) => `\`${subject.name}\``).join(", ");
    throw new GatehouseError("GH_IDENTITY_UNKNOWN_NAME", { name, known: known === "" ? "none" : known });
  }
  const client = await provider.Client.find(isPerson ? CLI_CLIENT : name);
  const resourceServer = new provider.ResourceServer(RESOURCE, resourceServerOf(configuration));
  const token = isPerson
    ? new provider.AccessToken({ client, resourceServer, accountId: name, gty: "device_code", scope: RESOURCE_SCOPE })
    : new provider.ClientCredentials({ client, resourceServer });
  return { accessToken: await token.save(), expiresInSeconds: token.expiration };
}

function reportFault(reporter: Reporter, error: unknown): void {
  reporter.warn(`development identity provider: ${error instanceof Error ? error.message : "unknown fault"}`);
}
