/**
 * A realm as its administrator would set it up for Gatehouse, in Keycloak's own terms.
 *
 * Refresh tokens are good once. Each token for the API says so in `aud`, and carries the groups of who it is for.
 */

export interface RealmOptions {
  readonly name: string;
  readonly audience: string;
  readonly people: readonly RealmPerson[];
  /** The client of browser sign-in; its refresh tokens are rotated and PKCE is demanded of it. */
  readonly loginClient: {
    readonly id: string;
    readonly secret: string;
    readonly redirectUri: string;
    readonly postLogoutRedirectUri: string;
  };
  /** Gets tokens for itself. */
  readonly machineClient: { readonly id: string; readonly secret: string };
  /** A public client of people at a command line. */
  readonly deviceClient: string;
  readonly accessTokenSeconds: number;
}

export interface RealmPerson {
  readonly name: string;
  readonly password: string;
  readonly groups: readonly string[];
}

export function describeRealm(options: RealmOptions): object {
  const { name, loginClient, machineClient, people } = options;
  const groups = [...new Set(people.flatMap((person) => person.groups))];
  return {
    realm: name,
    enabled: true,
    accessTokenLifespan: options.accessTokenSeconds,
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    oauth2DevicePollingInterval: 1,
    eventsEnabled: true,
    eventsListeners: [],
    // It keeps no refreshes unless it is told to.
    enabledEventTypes: [
      "LOGIN",
      "LOGOUT",
      "CODE_TO_TOKEN",
      "CODE_TO_TOKEN_ERROR",
      "REFRESH_TOKEN",
      "REFRESH_TOKEN_ERROR",
    ],
    groups: groups.map((group) => ({ name: group })),
    users: people.map((person) => ({
      username: person.name,
      enabled: true,
      // Without these Keycloak asks for them before it lets anybody go on.
      firstName: person.name,
      lastName: "Example",
      email: `${person.name}@shop.example`,
      emailVerified: true,
      credentials: [{ type: "password", value: person.password, temporary: false }],
      groups: person.groups.map((group) => `/${group}`),
      // Among them `offline_access`.
      realmRoles: [`default-roles-${name}`],
    })),
    clients: [
      {
        ...describeClient(options, loginClient.id),
        secret: loginClient.secret,
        standardFlowEnabled: true,
        redirectUris: [loginClient.redirectUri],
        attributes: {
          "pkce.code.challenge.method": "S256",
          "post.logout.redirect.uris": loginClient.postLogoutRedirectUri,
        },
      },
      {
        ...describeClient(options, machineClient.id),
        secret: machineClient.secret,
        standardFlowEnabled: false,
        serviceAccountsEnabled: true,
      },
      {
        ...describeClient(options, options.deviceClient),
        publicClient: true,
        standardFlowEnabled: false,
        attributes: { "oauth2.device.authorization.grant.enabled": "true" },
      },
    ],
  };
}

function describeClient({ audience }: RealmOptions, id: string): object {
  return {
    clientId: id,
    enabled: true,
    directAccessGrantsEnabled: false,
    protocolMappers: [
      {
        name: "groups",
        protocol: "openid-connect",
        protocolMapper: "oidc-group-membership-mapper",
        config: {
          "claim.name": "groups",
          "full.path": "false",
          "access.token.claim": "true",
          "id.token.claim": "true",
        },
      },
      {
        name: "audience",
        protocol: "openid-connect",
        protocolMapper: "oidc-audience-mapper",
        config: { "included.custom.audience": audience, "access.token.claim": "true", "id.token.claim": "false" },
      },
    ],
  };
}
