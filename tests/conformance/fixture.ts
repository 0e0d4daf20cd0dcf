/**
 * What cases run on: the account of a case, made from the common one and what the case lays over it.
 *
 * In: an overlay in the model's terms. Out: an `Account`, sessions that can sign.
 * The common account: API `a1b2c3d4e5` in `eu-central-1` of `111122223333`, stages `$default` and `dev`, a JWT authorizer
 * `jwt` of `https://idp.example/` for `api`, an OpenID provider `https://login.example`, one route `GET /pets`.
 */
import type { CredentialSource, WrittenDocument } from "../../src/iam/index.ts";
import type {
  Account,
  AccountRole,
  Authorizer,
  HttpApi,
  Integration,
  OidcProvider,
  Route,
  Stage,
} from "../../src/model/index.ts";
import { type Principal, providerArn } from "../../src/sts/index.ts";
import type { ApiOverlay, FixtureOverlay, RoleOverlay } from "./case-file.ts";
import { type Names, expand, shiftMs } from "./macros.ts";

export const START_MS = Date.UTC(2026, 10, 24, 12, 0, 0);
export const API_ID = "a1b2c3d4e5";
export const ACCOUNT_ID = "111122223333";
export const REGION = "eu-central-1";
export const API_HOST = `${API_ID}.execute-api.${REGION}.amazonaws.com`;
export const IDP = "https://idp.example/";
export const LOGIN = "https://login.example";
export const AUDIENCE = "api";
export const SUBJECT = "ada";
/** What a private integration names; the backend stands in for it. */
export const LISTENER_ARN =
  "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/pets/0123456789abcdef/0123456789abcdef";

export function namesOf(backend: string, closed: string): Names {
  return {
    backend,
    "backend-host": new URL(backend).host,
    closed,
    listener: LISTENER_ARN,
    provider: providerArn("aws", ACCOUNT_ID, LOGIN),
    invoke: `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${API_ID}`,
  };
}

/** @param logFormat of every stage that has none of its own */
export function accountOf(written: FixtureOverlay, names: Names, logFormat: string): Account {
  const fixture = expand(written, names);
  const roles = Object.entries(fixture.roles).map(([name, overlay]) => roleOf(name, overlay));
  return {
    accountId: ACCOUNT_ID,
    region: REGION,
    partition: "aws",
    apis: [
      apiOf(API_ID, fixture, names, logFormat),
      ...Object.entries(fixture.apis).map(([apiId, overlay]) => apiOf(apiId, overlay, names, logFormat)),
    ],
    domainNames: Object.entries(fixture.domainNames).map(([domainName, mappings]) => ({
      domainName,
      apiMappings: Object.entries(mappings).map(([key, target]) => {
        const [apiId = "", stage = ""] = target.split("/");
        return { apiMappingKey: key === "(none)" ? "" : key, apiId, stage };
      }),
    })),
    oidcProviders:
      fixture.oidcProviders.length > 0
        ? (fixture.oidcProviders as unknown as OidcProvider[])
        : [{ url: LOGIN, clientIdList: [AUDIENCE] }],
    roles,
    ...fixture.account,
  };
}

function apiOf(apiId: string, overlay: ApiOverlay, names: Names, logFormat: string): HttpApi {
  const routes = Object.entries(overlay.routes ?? { "GET /pets": { integration: {} } });
  const accessLogSettings = {
    destinationArn: `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:pets`,
    format: logFormat,
  };
  return {
    apiId,
    name: "pets",
    protocolType: "HTTP",
    routes: routes.map(([routeKey, { authorizationType = "NONE", authorizerId, authorizationScopes }], at): Route => ({
      routeId: `r${at}`,
      routeKey,
      authorizationType,
      ...(authorizationType === "JWT" ? { authorizerId: authorizerId ?? "jwt" } : {}),
      ...(authorizationScopes === undefined ? {} : { authorizationScopes }),
      target: `integrations/i${at}`,
    })),
    integrations: routes.map(([, { integration }], at): Integration => ({
      integrationId: `i${at}`,
      integrationType: "HTTP_PROXY",
      integrationMethod: "ANY",
      integrationUri: `${names["backend"]}/`,
      connectionType: "INTERNET",
      payloadFormatVersion: "1.0",
      timeoutInMillis: 30_000,
      requestParameters: {},
      ...integration,
    })),
    authorizers: Object.entries(overlay.authorizers ?? { jwt: {} }).map(([authorizerId, more]): Authorizer => ({
      authorizerId,
      name: authorizerId,
      authorizerType: "JWT",
      identitySource: ["$request.header.Authorization"],
      jwtConfiguration: { issuer: IDP, audience: [AUDIENCE] },
      ...more,
    })),
    stages: Object.entries(overlay.stages ?? { $default: {}, dev: {} }).map(([stageName, more]): Stage => ({
      stageName,
      autoDeploy: true,
      defaultRouteSettings: {},
      routeSettings: {},
      stageVariables: {},
      accessLogSettings,
      ...more,
    })),
    ...overlay.more,
  };
}

function documentOf(statements: readonly unknown[]): never {
  // Documents are as IAM writes them, the model keeps its own type for what the compiler writes.
  return { Version: "2012-10-17", Statement: statements } as never;
}

function roleOf(roleName: string, { allow, statements, boundary, trust, more }: RoleOverlay): AccountRole {
  const arns = allow.map((each) =>
    each === "*" ? "*" : `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${API_ID}/${each}`,
  );
  const granted = arns.length === 0 ? [] : [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: arns }];
  return {
    roleName,
    arn: `arn:aws:iam::${ACCOUNT_ID}:role/${roleName}`,
    assumeRolePolicyDocument: documentOf(trust ?? [TRUST]),
    policies: granted.length + statements.length === 0 ? [] : [documentOf([...granted, ...statements])],
    permissionsBoundary: boundary === undefined ? null : documentOf(boundary),
    ...more,
  };
}

const PROVIDER = LOGIN.replace("https://", "");
const TRUST = {
  Effect: "Allow",
  Principal: { Federated: providerArn("aws", ACCOUNT_ID, LOGIN) },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: { StringEquals: { [`${PROVIDER}:aud`]: AUDIENCE, [`${PROVIDER}:sub`]: SUBJECT } },
};

/** Who can sign. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The sessions of a fixture by name, and the source that knows them. */
export function sessionsOf(fixture: FixtureOverlay): {
  readonly byName: Map<string, Credentials>;
  readonly source: CredentialSource<Principal>;
} {
  const byName = new Map<string, Credentials>();
  const known = new Map<string, { readonly credentials: Credentials; readonly principal: Principal }>();
  for (const [at, [name, session]] of Object.entries(fixture.sessions).entries()) {
    const accountId = session.account ?? ACCOUNT_ID;
    const accessKeyId = `ASIAEXAMPLEEXAMPLE${String(at).padStart(2, "0")}`;
    const credentials = { accessKeyId, secretAccessKey: `signing key of ${name}`, sessionToken: `session of ${name}` };
    byName.set(name, credentials);
    const principal: Principal = {
      accountId,
      arn: `arn:aws:sts::${accountId}:assumed-role/${session.role}/${name}`,
      userId: `AROAEXAMPLE${session.role.toUpperCase()}:${name}`,
      accessKeyId,
      roleName: session.role,
      roleArn: `arn:aws:iam::${accountId}:role/${session.role}`,
      sessionName: name,
      sessionPolicies: session.policies as WrittenDocument[],
      tags: session.tags,
      token: { issuer: LOGIN, subject: name, audience: AUDIENCE },
      facts: null,
      expiresAtMs: START_MS + shiftMs(session.expires),
    };
    known.set(accessKeyId, { credentials, principal });
  }
  return {
    byName,
    source: {
      find(accessKeyId, sessionToken, nowMs) {
        const found = known.get(accessKeyId);
        if (found === undefined || found.credentials.sessionToken !== sessionToken)
          return { ok: false, problem: "unknown" };
        if (nowMs >= found.principal.expiresAtMs) return { ok: false, problem: "expired" };
        return { ok: true, secretAccessKey: found.credentials.secretAccessKey, principal: found.principal };
      },
    },
  };
}
