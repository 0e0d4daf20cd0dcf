import assert from "node:assert/strict";
import { test } from "node:test";
import type { Artifacts, IamRole, MembersArtifact, RouteArtifact } from "./artifacts.ts";
import { documentForAws } from "./aws-document.ts";
import { canonicalHttpApi, digestArtifacts, digestHttpApi } from "./canonical.ts";
import { renderChanges } from "./change.ts";
import { diffArtifacts } from "./diff-artifacts.ts";
import type { HttpApi } from "./http-api.ts";

interface RouteParts extends Partial<RouteArtifact> {
  readonly upstream?: string;
  readonly timeoutMs?: number;
  readonly throttle?: readonly [rate: number, burst: number];
}

function apiOf(apiId: string, routes: Readonly<Record<string, RouteParts>>): HttpApi {
  const keys = Object.keys(routes);
  const settings = Object.entries(routes).flatMap(([key, { throttle }]) =>
    throttle === undefined
      ? []
      : [[key, { throttlingRateLimit: throttle[0], throttlingBurstLimit: throttle[1] }] as const],
  );
  return {
    apiId,
    name: apiId,
    protocolType: "HTTP",
    routes: keys.map((routeKey, i) => ({
      routeId: `r${i}`,
      routeKey,
      authorizationType: "AWS_IAM",
      target: `integrations/i${i}`,
    })),
    integrations: Object.entries(routes).map(([key, { upstream, timeoutMs }], i) => ({
      integrationId: `i${i}`,
      integrationType: "HTTP_PROXY",
      integrationMethod: "ANY",
      integrationUri: `${upstream ?? "http://127.0.0.1:4001"}${key.replace(/^\S+ /, "")}`,
      connectionType: "INTERNET",
      payloadFormatVersion: "1.0",
      timeoutInMillis: timeoutMs ?? 30_000,
      requestParameters: {},
    })),
    authorizers: [],
    stages: [
      {
        stageName: "$default",
        autoDeploy: true,
        defaultRouteSettings: { throttlingRateLimit: 1000, throttlingBurstLimit: 2000 },
        routeSettings: Object.fromEntries(settings),
        stageVariables: {},
      },
    ],
  };
}

interface Parts {
  readonly apiId?: string;
  readonly public?: Readonly<Record<string, RouteParts>>;
  readonly private?: Readonly<Record<string, RouteParts>>;
  /** Public routes on a host of their own. */
  readonly hosts?: Readonly<Record<string, Readonly<Record<string, RouteParts>>>>;
  /** A role with several conditions is several IAM roles. */
  readonly roles?: Readonly<Record<string, Partial<IamRole> | readonly Partial<IamRole>[]>>;
  readonly change?: (artifacts: Omit<Artifacts, "digest">) => Omit<Artifacts, "digest">;
}

const NO_RULES = { set: {}, remove: [] };
const NOBODY: MembersArtifact = { kind: "any", of: [] };

function artifactsOf(parts: Parts): Artifacts {
  const routes: Record<string, RouteArtifact> = {};
  const apis: { public: HttpApi | null; private: HttpApi | null } = { public: null, private: null };
  const addApi = (apiId: string, table: Readonly<Record<string, RouteParts>>): HttpApi => {
    for (const [key, { upstream: _, timeoutMs: __, throttle: ___, ...artifact }] of Object.entries(table))
      routes[`${apiId}/${key}`] = {
        service: "orders",
        permission: null,
        login: false,
        keepHeaders: [],
        identityHeaders: {},
        maxBodyBytes: 10_485_760,
        authentication: null,
        streaming: false,
        websocket: false,
        retries: 0,
        requestHeaders: NO_RULES,
        responseHeaders: NO_RULES,
        at: "gatehouse.yaml:1:1",
        ...artifact,
      };
    return apiOf(apiId, table);
  };
  for (const exposure of ["public", "private"] as const) {
    const table = parts[exposure];
    if (table !== undefined) apis[exposure] = addApi(parts.apiId ?? exposure, table);
  }
  const hostApis = Object.entries(parts.hosts ?? {}).map(
    ([host, table]) => ({ host, exposure: "public", api: addApi(`${host}-id`, table) }) as const,
  );
  const document = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] } as const;
  const artifacts: Omit<Artifacts, "digest"> = {
    policy: "shop",
    environment: "local",
    domain: "shop.localhost",
    identity: {
      kind: "issuer",
      issuer: "https://a.example",
      audience: "shop-api",
      claims: { groups: "groups", name: "name" },
      usedClaims: [],
      issuers: [],
      login: null,
    },
    apis,
    hostApis,
    iam: {
      partition: "aws",
      region: "local",
      account: "000000000000",
      roles: Object.entries(parts.roles ?? {}).flatMap(([name, groups]) =>
        [groups].flat().map((role) => ({
          name,
          roleName: name,
          arn: name,
          members: NOBODY,
          permissions: [],
          policy: document,
          boundaryName: "staff",
          permissionsBoundary: document,
          ...role,
        })),
      ),
    },
    routes,
    perIdentityThrottle: null,
    edge: {
      domain: "shop.localhost",
      hosts: [],
      certificates: { kind: "internal" },
      loopbackOnly: true,
      privateNetwork: null,
    },
  };
  const changed = parts.change?.(artifacts) ?? artifacts;
  return { ...changed, digest: digestArtifacts(changed) };
}

function fromAddresses(...blocks: string[]): Partial<IamRole> {
  const Condition = { IpAddress: { "aws:SourceIp": blocks } };
  return {
    policy: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*", Condition }] },
  };
}

const support: MembersArtifact = { kind: "groups", values: ["support"], issuer: null };
const someone: MembersArtifact = { kind: "subject", values: ["s-1"], issuer: null };
const members: MembersArtifact = { kind: "any", of: [support, someone] };

const cors = {
  allowOrigins: ["https://a.example"],
  allowMethods: ["GET"],
  allowHeaders: ["content-type"],
  exposeHeaders: [],
  maxAge: 600,
  allowCredentials: false,
};

/** The artifacts with some changes to the public API. */
const withCors =
  (configuration: HttpApi["corsConfiguration"]) =>
  (artifacts: Omit<Artifacts, "digest">): Omit<Artifacts, "digest"> => {
    const api = artifacts.apis.public;
    assert.ok(api);
    return {
      ...artifacts,
      apis: {
        ...artifacts.apis,
        public: configuration === undefined ? api : { ...api, corsConfiguration: configuration },
      },
    };
  };

function under(Condition: NonNullable<IamRole["policy"]["Statement"][number]["Condition"]>): Partial<IamRole> {
  return {
    policy: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*", Condition }] },
  };
}

const rows: [title: string, before: Parts, after: Parts, expected: string[]][] = [
  ["nothing", { public: { "GET /a": {} } }, { public: { "GET /a": {} } }, []],
  ["other ids", { public: { "GET /a": {} } }, { apiId: "other", public: { "GET /a": {} } }, []],
  [
    "access",
    { public: { "POST /orders": {}, "GET /b": { permission: "b:read" }, "GET /c": { permission: "c:read" } } },
    { public: { "POST /orders": { permission: "orders:write" }, "GET /b": {}, "GET /c": { permission: "c:list" } } },
    [
      "route-access POST /orders: route `POST /orders` now needs `orders:write` (was open)",
      "route-access GET /b: route `GET /b` is now open (needed `b:read`)",
      "route-access GET /c: route `GET /c` now needs `c:list` (needed `c:read`)",
    ],
  ],
  [
    "routes come and go",
    { public: { "GET /a": {} }, private: { "GET /a": {} } },
    { public: { "GET /a": {}, "GET /b": {} }, private: { "GET /c": { permission: "c:use" } } },
    [
      "route-added GET /b: route `GET /b` is new and is open",
      "route-added private GET /c: route `private GET /c` is new and needs `c:use`",
      "route-removed private GET /a: route `private GET /a` is gone",
    ],
  ],
  [
    "throttle and timeout",
    { public: { "GET /a": { throttle: [50, 100] }, "GET /b": {}, "GET /c": { timeoutMs: 10_000 } } },
    { public: { "GET /a": {}, "GET /b": { throttle: [1, 1] }, "GET /c": { timeoutMs: 500 } } },
    [
      "route-throttle GET /a: route `GET /a` now follows the default throttle (had `50/second burst 100`)",
      "route-throttle GET /b: route `GET /b` is now throttled at `1/second` (followed the default)",
      "route-timeout GET /c: route `GET /c` now waits `500 ms` for its service (was `10 seconds`)",
    ],
  ],
  [
    "a service's upstream, headers and sign-in, once for all its routes",
    { public: { "GET /a": { keepHeaders: ["x-a"] }, "GET /b/{id}": { keepHeaders: ["x-a"] } } },
    {
      public: {
        "GET /a": {
          upstream: "http://new:80",
          keepHeaders: ["x-b"],
          login: true,
          identityHeaders: { "x-u": "subject" },
        },
        "GET /b/{id}": {
          upstream: "http://new:80",
          keepHeaders: ["x-b"],
          login: true,
          identityHeaders: { "x-u": "subject" },
        },
      },
    },
    [
      "service-upstream orders: service `orders` is now at `http://new:80` (was `http://127.0.0.1:4001`)",
      "service-login orders: service `orders` now sends people to sign in",
      "service-headers orders: service `orders` now gets header `x-b` unchanged",
      "service-headers orders: service `orders` no longer gets header `x-a` unchanged",
      "service-headers orders: service `orders` now gets identity as `x-u: subject`",
    ],
  ],
  [
    "roles come and go",
    { roles: { old: {} } },
    { roles: { support: { members, permissions: ["orders:read", "orders:write"] } } },
    [
      "role-added support: role `support` is new, held by `group support` and `subject s-1`, and may `orders:read` and `orders:write`",
      "role-removed old: role `old` is gone",
    ],
  ],
  [
    "a role's members, boundary, grants and condition",
    { roles: { support: { members, permissions: ["a:read", "b:read"] } } },
    {
      roles: {
        support: {
          members: { kind: "any", of: [{ kind: "client", values: ["bot"], issuer: null }, support] },
          permissions: ["b:read", "c:read", "d:read"],
          boundaryName: "all",
          ...fromAddresses("10.0.0.0/8", "192.0.2.0/24"),
        },
      },
    },
    [
      "role-members support: role `support` is now also held by `client bot`",
      "role-members support: role `support` is no longer held by `subject s-1`",
      "role-boundary support: role `support` now has boundary `all` (was `staff`)",
      "role-grants support: role `support` now may `c:read` and `d:read`",
      "role-grants support: role `support` no longer may `a:read`",
      "role-condition support: role `support` now holds from `10.0.0.0/8` or `192.0.2.0/24` (held without a condition before)",
    ],
  ],
  [
    "edge, identity and throttles",
    { public: { "GET /a": {} } },
    {
      public: { "GET /a": {} },
      change: (artifacts) => ({
        ...artifacts,
        domain: "shop.example",
        identity: { ...artifacts.identity, issuer: "https://b.example", audience: "other" },
        perIdentityThrottle: { ratePerSecond: 100, burst: 200 },
        edge: {
          domain: "shop.example",
          hosts: [],
          certificates: { kind: "acme", email: "ops@shop.example", directory: null },
          loopbackOnly: false,
          privateNetwork: ["10.0.0.0/16"],
        },
      }),
    },
    [
      "domain shop.example: the edge now answers for `shop.example` (was `shop.localhost`)",
      "edge shop.example: certificates now come from ACME for `ops@shop.example` (came from the edge's own authority)",
      "edge shop.example: the edge now listens to other machines too",
      "edge shop.example: private services can now be reached from `10.0.0.0/16` (there was no private listener)",
      "identity issuer: identity: issuer is now `https://b.example` (was `https://a.example`)",
      "identity audience: identity: audience is now `other` (was `shop-api`)",
      "throttle identity: each caller is now throttled at `100/second burst 200` (was not)",
    ],
  ],
  [
    "how callers have to have signed in",
    {
      public: {
        "GET /a": {},
        "GET /b": { authentication: { acr: ["mfa", "phr"], maxAgeSeconds: null } },
        "GET /c": { authentication: { acr: ["mfa"], maxAgeSeconds: 300 } },
      },
    },
    {
      public: {
        "GET /a": { authentication: { acr: [], maxAgeSeconds: 60 } },
        "GET /b": {},
        "GET /c": { authentication: { acr: ["mfa"], maxAgeSeconds: 300 } },
      },
    },
    [
      "route-authentication GET /a: route `GET /a` now takes callers who signed in at most `1 minute` ago (was in any way)",
      "route-authentication GET /b: route `GET /b` now takes callers who signed in in any way (was with `mfa` or `phr`)",
    ],
  ],
  [
    "how bodies and connections pass",
    { public: { "GET /a": { maxBodyBytes: 1000, retries: 1 }, "GET /b": { streaming: true }, "GET /c": {} } },
    {
      public: {
        "GET /a": { maxBodyBytes: null, retries: 2 },
        "GET /b": { maxBodyBytes: 5_000_000 },
        "GET /c": { websocket: true, streaming: true },
      },
    },
    [
      "route-body GET /a: route `GET /a` now takes bodies of up to any size (was `1 KB`)",
      "route-retries GET /a: route `GET /a` is now tried again up to 2 times (was 1 time)",
      "route-body GET /b: route `GET /b` now takes bodies of up to `5 MB` (was `10 MiB`)",
      "route-streaming GET /b: route `GET /b` no longer passes bodies as they come",
      "route-streaming GET /c: route `GET /c` now passes bodies as they come",
      "route-websocket GET /c: route `GET /c` can now open a WebSocket",
    ],
  ],
  [
    "header rules",
    {
      public: {
        "GET /a": { requestHeaders: { set: { "x-a": "1" }, remove: ["x-b"] }, responseHeaders: NO_RULES },
      },
    },
    {
      public: {
        "GET /a": {
          requestHeaders: { set: { "x-a": "2" }, remove: [] },
          responseHeaders: { set: {}, remove: ["x-powered-by"] },
        },
      },
    },
    [
      "service-headers orders: service `orders` now has `x-a: 2` set in requests",
      "service-headers orders: service `orders` no longer has `x-a: 1` set in requests",
      "service-headers orders: service `orders` no longer has `x-b` removed from requests",
      "service-headers orders: service `orders` now has `x-powered-by` removed from answers",
    ],
  ],
  [
    "a service moves to a host of its own: its routes are the same ones",
    { public: { "GET /a": {}, "GET /b": { permission: "b:read" }, "GET /": { service: "web" } } },
    {
      public: { "GET /": { service: "web" } },
      hosts: { "orders.localhost": { "GET /a": {}, "GET /b": {}, "GET /c": {} } },
      change: (artifacts) => ({
        ...artifacts,
        edge: { ...artifacts.edge, hosts: [{ host: "orders.localhost", public: true, private: false }] },
      }),
    },
    [
      "edge orders.localhost: the edge now also answers for `orders.localhost`, on the public listener",
      "route-access GET /b at orders.localhost: route `GET /b at orders.localhost` is now open (needed `b:read`)",
      "route-added GET /c at orders.localhost: route `GET /c at orders.localhost` is new and is open",
      "service-host orders: service `orders` now answers for `orders.localhost` (was the environment's domain)",
    ],
  ],
  [
    "hosts and listeners",
    {
      change: (artifacts) => ({
        ...artifacts,
        edge: {
          ...artifacts.edge,
          hosts: [
            { host: "a.localhost", public: true, private: false },
            { host: "b.localhost", public: true, private: false },
          ],
        },
      }),
    },
    {
      change: (artifacts) => ({
        ...artifacts,
        edge: { ...artifacts.edge, hosts: [{ host: "b.localhost", public: true, private: true }] },
      }),
    },
    [
      "edge b.localhost: the edge now answers for `b.localhost` on both listeners (was on the public listener)",
      "edge a.localhost: the edge no longer answers for `a.localhost`",
    ],
  ],
  [
    "CORS",
    { public: { "GET /a": {} }, change: withCors(cors) },
    {
      public: { "GET /a": {} },
      change: withCors({
        ...cors,
        allowOrigins: ["https://b.example"],
        allowMethods: ["GET", "POST"],
        allowHeaders: [],
        exposeHeaders: ["x-total"],
        maxAge: 60,
        allowCredentials: true,
      }),
    },
    [
      "cors cors: pages of `https://b.example` may now call public services",
      "cors cors: pages of `https://a.example` may no longer call public services",
      "cors cors: pages of other origins may now use method `POST`",
      "cors cors: pages of other origins may no longer send header `content-type`",
      "cors cors: pages of other origins may now read header `x-total`",
      "cors cors: pages of other origins may now send credentials",
      "cors cors: browsers now remember for `1 minute` what pages of other origins may do (was `10 minutes`)",
    ],
  ],
  [
    "CORS comes",
    { public: { "GET /a": {} } },
    { public: { "GET /a": {} }, change: withCors(cors) },
    ["cors cors: pages of `https://a.example` may now call public services"],
  ],
  [
    "issuers",
    {
      change: (artifacts) => ({
        ...artifacts,
        identity: {
          ...artifacts.identity,
          issuers: [
            {
              name: "ci",
              issuer: "https://ci.example",
              audience: "shop-ci",
              claims: { groups: "groups", name: "name" },
            },
            { name: "old", issuer: "https://old.example", audience: "a", claims: { groups: "groups", name: "name" } },
          ],
        },
      }),
    },
    {
      change: (artifacts) => ({
        ...artifacts,
        identity: {
          ...artifacts.identity,
          issuers: [
            {
              name: "ci",
              issuer: "https://ci2.example",
              audience: "shop",
              claims: { groups: "teams", name: "repository" },
            },
            {
              name: "new",
              issuer: "https://new.example",
              audience: "a",
              claims: { groups: "groups", name: "name" },
              login: { clientId: "edge", clientSecret: "new-client", scopes: ["openid"], title: "New" },
            },
          ],
        },
      }),
    },
    [
      "identity ci: identity: address of issuer `ci` is now `https://ci2.example` (was `https://ci.example`)",
      "identity ci: identity: audience of issuer `ci` is now `shop` (was `shop-ci`)",
      "identity ci: identity: claim of groups of issuer `ci` is now `teams` (was `groups`)",
      "identity ci: identity: claim of the name of issuer `ci` is now `repository` (was `name`)",
      "identity new: identity: tokens of `https://new.example` are now taken as issuer `new`",
      "identity new: identity: sign-in client of issuer `new` is now `edge` (was nothing)",
      "identity new: identity: sign-in client secret of issuer `new` is now `new-client` (was nothing)",
      "identity new: identity: sign-in scope of issuer `new` is now `openid` (was nothing)",
      "identity new: identity: sign-in title of issuer `new` is now `New` (was nothing)",
      "identity old: identity: tokens of `https://old.example` are no longer taken as issuer `old`",
    ],
  ],
  [
    "what is asked of tokens",
    {
      change: (artifacts) => ({
        ...artifacts,
        identity: { ...artifacts.identity, tokens: { proof: ["dpop"], requireProof: false, profile: null } },
      }),
    },
    {
      change: (artifacts) => ({
        ...artifacts,
        identity: { ...artifacts.identity, tokens: { proof: ["mtls"], requireProof: true, profile: "rfc9068" } },
      }),
    },
    [
      "identity proof of tokens: identity: proof of tokens is now `mtls` (was `dpop`)",
      "identity need of a proof: identity: need of a proof is now `true` (was `false`)",
      "identity profile of tokens: identity: profile of tokens is now `rfc9068` (was nothing)",
    ],
  ],
  [
    "members as expressions; the same members in another order are the same",
    {
      roles: {
        a: { members: { kind: "all", of: [support, { kind: "not", of: someone }] } },
        b: { members: { kind: "any", of: [support, { kind: "any", of: [someone] }] } },
      },
    },
    {
      roles: {
        a: {
          members: {
            kind: "any",
            of: [
              { kind: "all", of: [{ kind: "not", of: someone }, support] },
              { kind: "all", of: [support, { kind: "any", of: [someone, { ...support, values: ["x", "y"] }] }] },
              { kind: "claim", claim: "repository", test: "prefix", values: ["shop/"], issuer: "ci" },
            ],
          },
        },
        b: { members: { kind: "any", of: [someone, { kind: "all", of: [support] }] } },
      },
    },
    [
      "role-members a: role `a` is now also held by `claim repository beginning with shop/ of issuer ci` and `group support and (subject s-1 or group x or y)`",
    ],
  ],
  [
    "a role with several conditions is one role",
    { roles: { r: { permissions: ["a:read", "b:read", "c:read"] } } },
    {
      roles: {
        r: [
          { permissions: ["a:read"] },
          { permissions: ["b:read", "d:read"], ...fromAddresses("10.0.0.0/8") },
          {
            permissions: ["b:read"],
            ...under({ "ForAnyValue:StringEquals": { "gatehouse:claim/amr": ["mfa", "${$}{"] } }),
          },
        ],
      },
    },
    [
      "role-grants r: role `r` now may `d:read` from `10.0.0.0/8`",
      "role-grants r: role `r` no longer may `c:read`",
      "role-condition r: role `r` now may `b:read` from `10.0.0.0/8`, or with claim `amr` `mfa` or `${` (without a condition before)",
    ],
  ],
  [
    "a new role with several conditions",
    {},
    {
      roles: {
        r: [
          { members: support, permissions: ["a:read"] },
          { members: support, permissions: ["b:read"], ...fromAddresses("10.0.0.0/8") },
        ],
      },
    },
    ["role-added r: role `r` is new, held by `group support`, and may `a:read` and may `b:read` from `10.0.0.0/8`"],
  ],
];

for (const [title, before, after, expected] of rows)
  test(`difference: ${title}`, () => {
    const changes = diffArtifacts(artifactsOf(before), artifactsOf(after));
    assert.deepEqual(
      changes.map(({ kind, subject, text }) => `${kind} ${subject}: ${text}`),
      expected,
    );
  });

test("changes as lines", () => {
  const change = { kind: "route-removed", subject: "GET /a", text: "route `GET /a` is gone" } as const;
  assert.equal(renderChanges([]), "nothing changed in meaning");
  assert.equal(renderChanges([change, change]), "- route `GET /a` is gone\n- route `GET /a` is gone");
  const lines = renderChanges(Array.from({ length: 25 }, () => change)).split("\n");
  assert.equal(lines.length, 21);
  assert.equal(lines[20], "- and 5 more");
});

test("the order of lists does not change an API's digest, anything else does", () => {
  const api = apiOf("a", { "GET /a": {}, "GET /b": {} });
  const turned = { ...api, routes: api.routes.toReversed(), integrations: api.integrations.toReversed() };
  assert.deepEqual(canonicalHttpApi(turned), api);
  assert.equal(digestHttpApi(turned), digestHttpApi(api));
  assert.notEqual(digestHttpApi({ ...api, name: "b" }), digestHttpApi(api));
});

test("the digest of artifacts covers every document", () => {
  const parts = { public: { "GET /a": {} }, roles: { r: {} } };
  const plain = artifactsOf(parts).digest;
  assert.equal(artifactsOf(parts).digest, plain);
  assert.notEqual(artifactsOf({ ...parts, roles: { r: fromAddresses("10.0.0.0/8") } }).digest, plain);
  const boundary = fromAddresses("10.0.0.0/8").policy;
  assert.ok(boundary);
  assert.notEqual(artifactsOf({ ...parts, roles: { r: { permissionsBoundary: boundary } } }).digest, plain);
});

const conditions: [condition: Parameters<typeof under>[0], words: string][] = [
  [
    {
      DateGreaterThanEquals: { "aws:CurrentTime": ["2026-11-01T00:00:00Z"] },
      DateLessThan: { "aws:CurrentTime": ["2027-01-01T08:00:00Z"] },
      NumericLessThanEquals: { "gatehouse:token-age": ["600"] },
    },
    "from 2026-11-01 on and before 2027-01-01T08:00:00Z and with a token of at most 10 minutes",
  ],
  [
    {
      StringEquals: { "gatehouse:weekday/Europe/Berlin": ["monday", "friday"], "gatehouse:path/customer.49.d": ["a"] },
      NumericGreaterThanEquals: { "gatehouse:minute/Europe/Berlin": ["480"] },
      NumericLessThan: { "gatehouse:minute/Europe/Berlin": ["1440"] },
      IpAddress: { "aws:SourceIp": "10.0.0.0/8" },
    },
    "from `10.0.0.0/8` and on monday, friday from 08:00 to 24:00 in Europe/Berlin and with `{customerId}` `a`",
  ],
  [
    {
      "ForAnyValue:StringEquals": { "gatehouse:claim/sub": ["${gatehouse:path/customer}"] },
      "ForAnyValue:StringLikeIfExists": { "gatehouse:claim/sub": ["a${*}"] },
    },
    "with `{customer}` equal to the caller's claim `sub` and with claim `sub` `a*`",
  ],
  [{ StringLike: { "aws:UserAgent": ["curl/*"] } }, 'under `{"StringLike":{"aws:UserAgent":["curl/*"]}}`'],
];

for (const [condition, words] of conditions)
  test(`a condition in words: ${words}`, () => {
    const [before, after] = [artifactsOf({ roles: { r: {} } }), artifactsOf({ roles: { r: under(condition) } })];
    assert.deepEqual(
      diffArtifacts(before, after).map(({ text }) => text),
      [`role \`r\` now holds ${words} (held without a condition before)`],
    );
  });

test("a condition in another order is the same condition", () => {
  const [before, after] = [
    ["10.0.0.0/8", "192.0.2.0/24"],
    ["192.0.2.0/24", "10.0.0.0/8"],
  ].map((blocks) => artifactsOf({ roles: { r: fromAddresses(...blocks) } }));
  assert.ok(before && after);
  assert.equal(before.digest, after.digest);
  assert.deepEqual(diffArtifacts(before, { ...after, digest: "other" }), []);
});

test("members whose names look like an expression are not taken for it", () => {
  const forged: MembersArtifact = { kind: "groups", values: ["support and subject s-1"], issuer: null };
  const [before, after] = [
    artifactsOf({ roles: { r: { members: { kind: "all", of: [support, someone] } } } }),
    artifactsOf({ roles: { r: { members: forged } } }),
  ];
  assert.deepEqual(
    diffArtifacts(before, after).map(({ text }) => text),
    [
      "role `r` is now also held by `group support and subject s-1`",
      "role `r` is no longer held by `group support and subject s-1`",
    ],
  );
});

test("the digest of artifacts does not depend on the path by which the policy was called", () => {
  const digestAt = (at: string): string =>
    artifactsOf({
      public: { "GET /a": {} },
      change: (artifacts) => ({
        ...artifacts,
        routes: Object.fromEntries(Object.entries(artifacts.routes).map(([key, route]) => [key, { ...route, at }])),
      }),
    }).digest;
  assert.equal(digestAt("/srv/shop/gatehouse.yaml:7:3"), digestAt("gatehouse.yaml:7:3"));
  assert.notEqual(digestAt("gatehouse.yaml:7:3"), digestAt("gatehouse.yaml:8:3"));
});

test("the digest of artifacts covers APIs of hosts, and the order of a CORS list does not count", () => {
  const digestOf = (parts: Parts): string => artifactsOf(parts).digest;
  const host = { hosts: { "a.localhost": { "GET /a": {} } } };
  assert.equal(digestOf(host), digestOf(host));
  assert.notEqual(digestOf(host), digestOf({ hosts: { "b.localhost": { "GET /a": {} } } }));
  assert.notEqual(digestOf(host), digestOf({ hosts: { "a.localhost": { "GET /a": { timeoutMs: 50 } } } }));
  const api = apiOf("a", {});
  const digestWith = (allowMethods: string[]): string =>
    digestHttpApi({ ...api, corsConfiguration: { ...cors, allowMethods } });
  assert.equal(digestWith(["GET", "POST"]), digestWith(["POST", "GET"]));
  assert.notEqual(digestWith(["GET"]), digestWith(["GET", "POST"]));
});

test("a document for AWS is without the keys that only Gatehouse knows", () => {
  const address = { IpAddress: { "aws:SourceIp": ["10.0.0.0/8"] } };
  const statementOf = (Condition: Parameters<typeof under>[0]): unknown =>
    documentForAws(under(Condition).policy as IamRole["policy"]).Statement[0];
  const plain = { Effect: "Allow", Action: "*", Resource: "*" };
  assert.deepEqual(
    statementOf({ ...address, StringEquals: { "gatehouse:path/a": ["b"], "aws:PrincipalTag/a": "b" } }),
    { ...plain, Condition: { ...address, StringEquals: { "aws:PrincipalTag/a": "b" } } },
  );
  assert.deepEqual(statementOf({ NumericLessThanEquals: { "gatehouse:token-age": ["60"] } }), plain);
  const document = under(address).policy;
  assert.ok(document);
  assert.equal(documentForAws(document), document);
});
