/** The part of oidc-provider that is used here; the package has no types of its own. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  export interface Adapter {
    upsert(id: string, payload: AdapterPayload, expiresInSeconds?: number): Promise<void>;
    find(id: string): Promise<AdapterPayload | undefined>;
    findByUserCode(userCode: string): Promise<AdapterPayload | undefined>;
    findByUid(uid: string): Promise<AdapterPayload | undefined>;
    consume(id: string): Promise<void>;
    destroy(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  export interface AdapterPayload {
    uid?: string;
    userCode?: string;
    grantId?: string;
    consumed?: number;
    [name: string]: unknown;
  }

  export interface Session {
    accountId?: string;
    acr?: string;
    authorizations?: Record<string, { grantId?: string }>;
    state?: { clientId?: string; postLogoutRedirectUri?: string; state?: string };
    grantIdFor(clientId: string): string | undefined;
    destroy(): Promise<void>;
  }

  export interface Context {
    body: unknown;
    status: number;
    readonly oidc: {
      readonly route: string;
      readonly session?: Session;
      readonly client?: Client;
      readonly params?: Record<string, unknown>;
      /** What a token is made from. */
      readonly entities?: Readonly<Record<string, SignedIn | undefined>>;
      readonly requestParamOIDCScopes: Set<string>;
      readonly requestParamScopes: Set<string>;
      readonly resourceServers: Record<string, ResourceServer>;
      readonly result?: { consent?: { grantId?: string }; login?: { accountId?: string } };
    };
    readonly cookies: { set(name: string, value: string | null, options?: object): void };
    set(headers: Record<string, string>): void;
    redirect(url: string): void;
  }

  /** Of codes and refresh tokens. */
  export interface SignedIn {
    readonly acr?: string;
    /** Seconds since the epoch. */
    readonly authTime?: number;
  }

  export interface Check {
    readonly reason: string;
  }

  export const interactionPolicy: {
    readonly Check: new (
      reason: string,
      description: string,
      error: string,
      isPromptNeeded: (context: Context) => boolean,
    ) => Check;
    base(): { get(prompt: string): { readonly checks: { add(check: Check): void } } | undefined };
  };

  export interface Client {
    readonly clientId: string;
    readonly clientName?: string;
    grantTypeAllowed(type: string): boolean;
  }

  export interface ResourceServer {
    readonly scope: string;
  }

  export interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(ttlSeconds?: number): Promise<string>;
  }

  export interface Token {
    readonly accountId?: string;
    readonly clientId?: string;
    readonly expiration: number;
    scope?: string;
    resourceServer?: ResourceServer;
    save(): Promise<string>;
  }

  export interface InteractionDetails {
    readonly uid: string;
    readonly prompt: { readonly name: string };
    readonly params: Record<string, unknown>;
  }

  export interface Account {
    readonly accountId: string;
    claims(use: string, scope: string): Promise<Record<string, unknown>>;
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    readonly issuer: string;
    readonly Client: { find(id: string): Promise<Client | undefined> };
    readonly Grant: {
      new (of: { accountId: string; clientId: string }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    readonly AccessToken: new (of: Record<string, unknown>) => Token;
    readonly ClientCredentials: new (of: Record<string, unknown>) => Token;
    readonly ResourceServer: new (identifier: string, info: object) => ResourceServer;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
    on(event: string, listener: (...args: unknown[]) => void): void;
    cookieName(type: string): string;
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Record<string, unknown>,
      options?: { mergeWithLastSubmission?: boolean },
    ): Promise<void>;
  }
}
