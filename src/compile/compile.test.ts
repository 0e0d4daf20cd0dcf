import assert from "node:assert/strict";
import { test } from "node:test";
import { type Diagnostic, canonicalJson, formatSpan } from "../core/index.ts";
import { digestArtifacts } from "../model/index.ts";
import { type Policy, parsePolicy } from "../policy/index.ts";
import { type Compiled, compile } from "./compile.ts";
import { createLocator } from "./locate.ts";
import { createShortIds } from "./short-id.ts";

const SHOP = `gatehouse: 1
name: shop
identity:
  issuer: https://login.shop.example
  audience: shop-api
  claims: { groups: realm_access.roles, name: preferred_username }
  login: { client_id: shop-edge, client_secret: secret:login-client, session: { idle: 30 minutes, max: 12 hours } }
environments:
  local:
    identity: embedded
    domain: shop.localhost
    certificates: internal
    gateway: embedded
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    private_network: [10.0.0.0/16]
    gateway: { aws: { account: "111122223333", regions: [eu-west-1, us-east-1], authorize: iam, federation: brokered } }
services:
  orders:
    exposure: public
    upstream: { local: http://127.0.0.1:4001, prod: http://orders.shop.internal:8080 }
    headers: { keep: [x-tenant] }
    routes:
      POST /orders:       { needs: orders:write, throttle: 50/second burst 100, timeout: 10 seconds }
      GET /orders/{id}:   { needs: orders:read }
      GET /health:        { open: "load balancer probe, returns no data" }
  files:
    exposure: private
    login: true
    upstream: { local: http://127.0.0.1:4002, prod: http://files.shop.internal:8080 }
    routes:
      ANY /files/{path+}: { needs: files:use }
roles:
  support: { members: { groups: [support] }, can: [orders:read, files:use], boundary: staff }
  bot:
    members: { client_id: [billing], subject: [s-1] }
    can: [orders:read, orders:write]
    boundary: machines
    when: { source_ip: [10.0.0.0/16] }
boundaries:
  staff: [orders:*]
  machines: [orders:read, orders:write]
throttle: { default: 1000/second burst 2000, per_identity: 100/second burst 200 }
secrets: { login-client: { rotate: 90 days, overlap: 1 day } }
`;

function read(text: string): { policy: Policy; compileFor: (environment: string) => Compiled } {
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
  assert.ok(policy, JSON.stringify(diagnostics));
  return { policy, compileFor: (environment) => compile(policy, environment, sources) };
}

const { compileFor } = read(SHOP);

test("the public API in API Gateway's terms", () => {
  const { artifacts, diagnostics } = compileFor("local");
  assert.deepEqual(diagnostics, []);
  const api = artifacts?.apis.public;
  assert.ok(api);
  assert.match(api.apiId, /^[a-z0-9]{10}$/);
  assert.equal(api.name, "shop-public");
  assert.deepEqual(
    api.routes.map(({ routeKey, authorizationType }) => [routeKey, authorizationType]),
    [
      ["GET /health", "NONE"],
      ["GET /orders/{id}", "AWS_IAM"],
      ["POST /orders", "AWS_IAM"],
    ],
  );
  const post = api.routes[2];
  const integration = api.integrations.find(({ integrationId }) => post?.target === `integrations/${integrationId}`);
  assert.deepEqual(integration, {
    integrationId: post?.target.slice("integrations/".length),
    integrationType: "HTTP_PROXY",
    integrationMethod: "POST",
    integrationUri: "http://127.0.0.1:4001/orders",
    connectionType: "INTERNET",
    payloadFormatVersion: "1.0",
    timeoutInMillis: 10_000,
    requestParameters: {},
  });
  assert.deepEqual(api.stages, [
    {
      stageName: "$default",
      autoDeploy: true,
      defaultRouteSettings: { throttlingRateLimit: 1000, throttlingBurstLimit: 2000 },
      routeSettings: { "POST /orders": { throttlingRateLimit: 50, throttlingBurstLimit: 100 } },
      stageVariables: {},
    },
  ]);
  assert.deepEqual(
    api.authorizers.map(({ authorizerType, jwtConfiguration }) => [authorizerType, jwtConfiguration]),
    [["JWT", { issuer: "", audience: ["shop-api"] }]],
  );
});

test("the private API: greedy parameter without plus, over the private connection", () => {
  const api = compileFor("prod").artifacts?.apis.private;
  assert.deepEqual(
    api?.integrations.map(({ integrationUri, integrationMethod, connectionType }) => [
      integrationUri,
      integrationMethod,
      connectionType,
    ]),
    [["http://files.shop.internal:8080/files/{path}", "ANY", "VPC_LINK"]],
  );
});

test("an exposure without services has no API", () => {
  const text = SHOP.replace("exposure: private", "exposure: public");
  const { artifacts } = read(text).compileFor("local");
  assert.equal(artifacts?.apis.private, null);
  assert.equal(artifacts?.edge.privateNetwork, null);
});

test("the additions of each route", () => {
  const { artifacts } = compileFor("local");
  const [publicId, privateId] = [artifacts?.apis.public?.apiId, artifacts?.apis.private?.apiId];
  assert.deepEqual(artifacts?.routes[`${publicId}/GET /health`], {
    service: "orders",
    permission: null,
    authentication: null,
    login: false,
    keepHeaders: ["x-tenant"],
    identityHeaders: {},
    maxBodyBytes: 10_485_760,
    streaming: false,
    websocket: false,
    retries: 0,
    requestHeaders: { set: {}, remove: [] },
    responseHeaders: { set: {}, remove: [] },
    at: "gatehouse.yaml:27:7",
  });
  assert.deepEqual(artifacts?.routes[`${privateId}/ANY /files/{path+}`], {
    service: "files",
    permission: "files:use",
    authentication: null,
    login: true,
    keepHeaders: [],
    identityHeaders: {},
    maxBodyBytes: 10_485_760,
    streaming: false,
    websocket: false,
    retries: 0,
    requestHeaders: { set: {}, remove: [] },
    responseHeaders: { set: {}, remove: [] },
    at: "gatehouse.yaml:33:7",
  });
});

test("PL-5.15: what a route asks of a sign-in, and the claim that it is read from", () => {
  const text = `gatehouse: 1
name: shop
identity: { issuer: "https://login.shop.example", audience: shop-api }
environments: { local: { domain: shop.localhost } }
services:
  s:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
      GET /a: { needs: a:read, authentication: { acr: [mfa, phr], max_age: 90 seconds } }
      GET /b: { needs: a:read, authentication: { max_age: 1500 ms } }
roles: { r: { members: { groups: [g] }, can: [a:read], boundary: all } }
boundaries: { all: ["a:read"] }
`;
  const { policy, sources } = parsePolicy("gatehouse.yaml", text);
  assert.ok(policy);
  const { artifacts } = compile(policy, "local", sources);
  const id = artifacts?.apis.public?.apiId;
  assert.deepEqual(
    ["GET /a", "GET /b"].map((key) => artifacts?.routes[`${id}/${key}`]?.authentication),
    [
      { acr: ["mfa", "phr"], maxAgeSeconds: 90 },
      { acr: [], maxAgeSeconds: 1 },
    ],
  );
  assert.deepEqual(artifacts?.identity.usedClaims, ["acr"]);
});

test("roles and boundaries as IAM documents", () => {
  const { artifacts } = compileFor("local");
  const arn = `arn:aws:execute-api:local:000000000000:${artifacts?.apis.public?.apiId}/$default`;
  const [support, bot] = artifacts?.iam.roles ?? [];
  assert.deepEqual(
    [support?.name, support?.roleName, support?.arn, support?.boundaryName, support?.permissions],
    [
      "support",
      "shop-local-support",
      "arn:aws:iam::000000000000:role/gatehouse/shop-local-support",
      "staff",
      ["orders:read"],
    ],
  );
  assert.deepEqual(bot?.members, {
    kind: "any",
    of: [
      { kind: "subject", values: ["s-1"], issuer: null },
      { kind: "client", values: ["billing"], issuer: null },
    ],
  });
  assert.deepEqual(bot?.policy, {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Grants",
        Effect: "Allow",
        Action: "execute-api:Invoke",
        Resource: [`${arn}/GET/orders/*`, `${arn}/POST/orders`],
        Condition: { IpAddress: { "aws:SourceIp": ["10.0.0.0/16"] } },
      },
    ],
  });
  assert.deepEqual(bot?.permissionsBoundary, {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "Grants",
        Effect: "Allow",
        Action: "execute-api:Invoke",
        Resource: [`${arn}/GET/orders/*`, `${arn}/POST/orders`],
      },
    ],
  });
});

test("a role or boundary of which no route needs anything allows nothing", () => {
  const { policy } = read(SHOP);
  const [role, ...roles] = policy.roles;
  const [boundary, ...boundaries] = policy.boundaries;
  assert.ok(role && boundary);
  const changed = {
    ...policy,
    roles: [{ ...role, can: [{ value: "reports:read", when: null, at: role.at }] }, ...roles],
    boundaries: [{ ...boundary, permissions: [] }, ...boundaries],
  };
  const [support] = compile(changed, "local", new Map()).artifacts?.iam.roles ?? [];
  const nothing = {
    Version: "2012-10-17",
    Statement: [{ Sid: "Nothing", Effect: "Deny", Action: "execute-api:Invoke", Resource: "*" }],
  };
  assert.deepEqual(support?.policy, nothing);
  assert.deepEqual(support?.permissionsBoundary, nothing);
});

test("on AWS: the account, the first region, its partition", () => {
  const { iam } = compileFor("prod").artifacts ?? {};
  assert.deepEqual([iam?.partition, iam?.region, iam?.account], ["aws", "eu-west-1", "111122223333"]);
  const [resource] = [iam?.roles[0]?.policy.Statement[0]?.Resource ?? []].flat();
  assert.match(resource ?? "", /^arn:aws:execute-api:eu-west-1:111122223333:[a-z0-9]{10}\/\$default\//);
  const china = read(SHOP.replace("[eu-west-1, us-east-1]", "[cn-north-1]")).compileFor("prod");
  assert.match(
    china.artifacts?.iam.roles[0]?.arn ?? "",
    /^arn:aws-cn:iam::111122223333:role\/gatehouse\/shop-prod-support$/,
  );
});

test("identity and edge", () => {
  const [local, prod] = [compileFor("local").artifacts, compileFor("prod").artifacts];
  assert.deepEqual(local?.identity, {
    kind: "embedded",
    issuer: "",
    audience: "shop-api",
    claims: { groups: "realm_access.roles", name: "preferred_username" },
    usedClaims: [],
    issuers: [],
    login: {
      clientId: "shop-edge",
      clientSecret: "login-client",
      scopes: local?.identity.login?.scopes,
      sessionIdleMs: 1_800_000,
      sessionMaxMs: 43_200_000,
      sessionStore: "cookie",
    },
  });
  assert.equal(prod?.identity.issuer, "https://login.shop.example");
  assert.equal(prod?.apis.public?.authorizers[0]?.jwtConfiguration.issuer, "https://login.shop.example");
  assert.deepEqual(local?.edge, {
    domain: "shop.localhost",
    hosts: [],
    certificates: { kind: "internal" },
    loopbackOnly: true,
    privateNetwork: local?.edge.privateNetwork,
  });
  assert.deepEqual(prod?.edge, {
    domain: "api.shop.example",
    hosts: [],
    certificates: { kind: "acme", email: "ops@shop.example", directory: null },
    loopbackOnly: false,
    privateNetwork: ["10.0.0.0/16"],
  });
  assert.deepEqual(prod?.perIdentityThrottle, { ratePerSecond: 100, burst: 200 });
});

test("the same policy gives the same artifacts, and the digest tells when they differ", () => {
  const [once, again] = [compileFor("local").artifacts, read(SHOP).compileFor("local").artifacts];
  assert.ok(once && again);
  assert.equal(canonicalJson(once), canonicalJson(again));
  assert.equal(once.digest, digestArtifacts(once));
  const other = read(SHOP.replace("10.0.0.0/16]", "10.0.0.0/17]")).compileFor("local").artifacts;
  assert.ok(other);
  assert.notEqual(
    once.digest,
    read(SHOP.replace("members: { groups: [support] }", "members: { groups: [helpdesk] }")).compileFor("local")
      .artifacts?.digest,
  );
});

test("ids belong to the policy, not to the environment, and do not repeat", () => {
  const [local, prod] = [compileFor("local").artifacts, compileFor("prod").artifacts];
  assert.equal(local?.apis.public?.apiId, prod?.apis.public?.apiId);
  assert.notEqual(local?.apis.public?.apiId, local?.apis.private?.apiId);
  assert.deepEqual(
    local?.apis.public?.routes.map(({ routeId }) => routeId),
    prod?.apis.public?.routes.map(({ routeId }) => routeId),
  );
  const idOf = createShortIds();
  const same = [idOf("x"), idOf("x"), idOf("x")];
  assert.equal(new Set(same).size, 3);
  for (const id of same) assert.match(id, /^[a-z0-9]{10}$/);
});

test("the locator says what `formatSpan` says", () => {
  const text = "a\n\nbc\r\nd";
  const sources = new Map([["f", text]]);
  const locate = createLocator(sources);
  for (let start = 0; start <= text.length + 2; start++)
    assert.equal(locate({ file: "f", start, end: start }), formatSpan({ file: "f", start, end: start }, sources));
  assert.equal(locate({ file: "g", start: 1, end: 2 }), "g");
});

/** `id at line: message` of each finding. */
function findings(text: string, environment: string): string[] {
  const { policy, compileFor: compileText } = read(text);
  const sources = new Map([[policy.file, text]]);
  const show = ({ id, span, message, severity }: Diagnostic): string =>
    `${severity} ${id} ${formatSpan(span, sources).split(":").slice(1).join(":")} ${message}`;
  const { artifacts, diagnostics } = compileText(environment);
  const isRefused = diagnostics.some(({ severity }) => severity === "error");
  assert.equal(artifacts === null, isRefused);
  return diagnostics.map(show);
}

const SEEN =
  "info compile/source-ip-of-the-edge 40:5 role `bot` depends on `source_ip`, and AWS sees the address of the edge instead of the caller's";

function manyRoutes(count: number): string {
  const routes = Array.from({ length: count }, (_, i) => `      GET /many/${i}: { open: "a test" }\n`).join("");
  return SHOP.replace("    routes:\n", `    routes:\n${routes}`);
}

const limits: [title: string, text: string, environment: string, expected: string[]][] = [
  ["the shop on AWS", SHOP, "prod", [SEEN]],
  ["the shop embedded", SHOP, "local", []],
  ["300 routes", manyRoutes(297), "prod", [SEEN.replace("40:5", "337:5")]],
  [
    "301 routes",
    manyRoutes(298),
    "prod",
    [
      "error compile/too-many-routes 325:7 the public API has 301 routes, an HTTP API of AWS has at most 300",
      SEEN.replace("40:5", "338:5"),
    ],
  ],
  ["301 routes, embedded", manyRoutes(298), "local", []],
  [
    "groups with direct federation",
    SHOP.replace("federation: brokered", "federation: direct"),
    "prod",
    [
      "error compile/role-not-enforceable-by-iam 35:3 role `support` is held by group `support`, and a trust policy cannot read groups: any token of the provider could take the role",
      SEEN,
    ],
  ],
  [
    "a JWT authorizer",
    SHOP.replace("authorize: iam", "authorize: jwt"),
    "prod",
    [
      "error compile/role-not-enforceable-by-jwt 14:3 a JWT authorizer checks issuer, audience and scopes; it cannot hold up roles",
    ],
  ],
];

for (const [title, text, environment, expected] of limits)
  test(`limits: ${title}`, () => {
    assert.deepEqual(findings(text, environment), expected);
  });

test("limits: an IAM document that AWS does not take", () => {
  const routes = Array.from({ length: 80 }, (_, i) => `      GET /many/${i}: { needs: orders:read }\n`).join("");
  const found = findings(SHOP.replace("    routes:\n", `    routes:\n${routes}`), "prod");
  assert.deepEqual(
    found.map((text) => text.replace(/of \d+ characters/, "of N characters")),
    [
      "error compile/document-too-long 115:3 role `support` becomes an IAM document of N characters, AWS takes 6144",
      "error compile/document-too-long 116:3 role `bot` becomes an IAM document of N characters, AWS takes 6144",
      "error compile/document-too-long 122:3 boundary `staff` becomes an IAM document of N characters, AWS takes 6144",
      "error compile/document-too-long 123:3 boundary `machines` becomes an IAM document of N characters, AWS takes 6144",
      SEEN.replace("40:5", "120:5"),
    ],
  );
});

test("limits: names of roles on AWS", () => {
  const name = "a-role-with-a-long-name-that-is-fine-here";
  const text = SHOP.replace("  support: {", `  ${name}: {`).replace("name: shop\n", "name: a-shop-of-many-things\n");
  const found = findings(text, "prod");
  assert.equal(
    found[0],
    `error compile/name-too-long 35:3 the role's name on AWS, \`a-shop-of-many-things-prod-${name}\`, has more than 64 characters`,
  );
});

test("an environment that does not exist, an upstream that is missing, a timeout that API Gateway does not take", () => {
  const { policy } = read(SHOP);
  const idsOf = (changed: Policy, environment: string): string[] => {
    const { artifacts, diagnostics } = compile(changed, environment, new Map());
    assert.equal(artifacts, null);
    return diagnostics.map(({ id, message }) => `${id}: ${message}`);
  };
  assert.deepEqual(idsOf(policy, "stage"), ["compile/unknown-environment: there is no environment `stage`"]);
  // The parser refuses these; the compiler does not rely on it.
  const services = policy.services.map((service) => ({
    ...service,
    upstream: service.exposure === "public" ? {} : service.upstream,
    routes: service.routes.map((route) => ({ ...route, timeoutMs: service.exposure === "public" ? 1000 : 49 })),
  }));
  assert.deepEqual(idsOf({ ...policy, services }, "local"), [
    "compile/no-upstream: service `orders` has no upstream in environment `local`",
    "compile/timeout-out-of-range: route `ANY /files/{path+}` has a timeout of 49 ms, API Gateway takes 50 to 30000",
  ]);
});
