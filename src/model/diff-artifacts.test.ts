import assert from "node:assert/strict";
import { test } from "node:test";
import type { Artifacts, IamRole, MembersArtifact, RouteArtifact } from "./artifacts.ts";
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
  /** A role with several conditions is several IAM roles. */
  readonly roles?: Readonly<Record<string, Partial<IamRole> | readonly Partial<IamRole>[]>>;
  readonly change?: (artifacts: Omit<Artifacts, "digest">) => Omit<Artifacts, "digest">;
}

const NO_RULES = { set: {}, remove: [] };
const NOBODY: MembersArtifact = { kind: "any", of: [] };

function artifactsOf(parts: Parts): Artifacts {
  const routes: Record<string, RouteArtifact> = {};
  const apis: { public: HttpApi | null; private: HttpApi | null } = { public: null, private: null };
  for (const exposure of ["public", "private"] as const) {
    const table = parts[exposure];
    if (table === undefined) continue;
    const api = apiOf(parts.apiId ?? exposure, table);
    apis[exposure] = api;
    for (const [key, { upstream: _, timeoutMs: __, throttle: ___, ...artifact }] of Object.entries(table))
      routes[`${api.apiId}/${key}`] = {
        service: "orders",
        permission: null,
        login: false,
        keepHeaders: [],
        identityHeaders: {},
        maxBodyBytes: 10_485_760,
        streaming: false,
        websocket: false,
        retries: 0,
        requestHeaders: NO_RULES,
        responseHeaders: NO_RULES,
        at: "gatehouse.yaml:1:1",
        ...artifact,
      };
  }
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
    hostApis: [],
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
