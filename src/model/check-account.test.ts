import assert from "node:assert/strict";
import { test } from "node:test";
import type { Account } from "./account.ts";
import { ACCOUNT_PROBLEMS } from "./account-problems.ts";
import { checkAccount } from "./check-account.ts";
import { WHOLE_ACCOUNT } from "./testing/whole-account.ts";

/** The account with the value at a pointer replaced; `undefined` removes it. */
function withValue(pointer: string, value: unknown): Account {
  const copy = JSON.parse(JSON.stringify(WHOLE_ACCOUNT)) as Record<string, unknown>;
  const steps = pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = steps.pop() ?? "";
  let parent: Record<string, unknown> = copy;
  for (const step of steps) parent = parent[step] as Record<string, unknown>;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy as unknown as Account;
}

function listProblems(account: Account): readonly string[] {
  return checkAccount(account).map(({ code, at, message }) => `${code} ${at}: ${message}`);
}

const API = "/apis/0";
const [api] = WHOLE_ACCOUNT.apis;
const routes = api?.routes ?? [];
const open = (routeKey: string, index: number): object => ({
  routeId: `x${index}`,
  routeKey,
  authorizationType: "NONE",
  target: "integrations/rest",
});
/** The routes of the account and others. */
const withRoutes = (...keys: readonly string[]): Account =>
  withValue(`${API}/routes`, [...routes, ...keys.map((key, index) => open(key, index))]);
const texts = (count: number, prefix = "t"): readonly string[] => Array.from({ length: count }, (_, i) => prefix + i);

const AT = `${API}/routes/3/routeKey`;

const CASES: readonly (readonly [what: string, account: Account, found: readonly string[]])[] = [
  [
    "an account id of letters",
    withValue("/accountId", "main"),
    [
      "account/id /accountId: `main` is not an account id",
      "role/arn /roles/0/arn: `arn:aws:iam::111122223333:role/teams/reader` is not the ARN of role `reader`",
      "role/trust-provider /roles/0/assumeRolePolicyDocument: the account has no OpenID provider `arn:aws:iam::111122223333:oidc-provider/idp.example/realms/shop`",
    ],
  ],
  ["a Region that is none", withValue("/region", "Frankfurt"), ["account/region /region: `Frankfurt` is not a Region"]],
  [
    "a Region of another partition",
    withValue("/region", "cn-north-1"),
    ["account/partition /partition: Region `cn-north-1` is not in partition `aws`"],
  ],
  [
    "a rate below zero for the account",
    withValue("/throttle", { throttlingRateLimit: -1 }),
    ["account/throttle /throttle/throttlingRateLimit: the rate is -1"],
  ],
  [
    "an id that is no label of a host",
    withValue(`${API}/apiId`, "A_1"),
    [
      "api/id /apis/0/apiId: `A_1` cannot be the first label of a host name",
      "domain/mapping-api /domainNames/0/apiMappings/0/apiId: there is no API `a1b2c3d4e5`",
      "domain/mapping-api /domainNames/0/apiMappings/1/apiId: there is no API `a1b2c3d4e5`",
    ],
  ],
  [
    "a name of 129 characters",
    withValue(`${API}/name`, "n".repeat(129)),
    ["api/name /apis/0/name: the name has 129 characters"],
  ],
  [
    "two routes with one id",
    withValue(`${API}/routes/1/routeId`, "r1"),
    ["account/duplicate-id /apis/0/routes/1/routeId: `r1` is also the `routeId` of entry 1"],
  ],
  // T14
  [
    "routes that differ in the name of a parameter",
    withRoutes("GET /pets/{pet}"),
    [`route/conflict ${AT}: \`GET /pets/{pet}\` is the same route as \`GET /pets/{id}\``],
  ],
  // T15
  ["a method in lower case", withRoutes("get /x"), [`route/key ${AT}: \`get\` is not a method`]],
  ["a key without a space", withRoutes("POST/x"), [`route/key ${AT}: the key is not method, space and path`]],
  ["a key that ends in a slash", withRoutes("GET /x/"), [`route/trailing-slash ${AT}: the path ends in a slash`]],
  [
    "a parameter that is a part of a segment",
    withRoutes("GET /a{b}c"),
    [`route/path ${AT}: \`a{b}c\` cannot be a segment`],
  ],
  [
    "an extension after a parameter",
    withRoutes("GET /{id}.json"),
    [`route/path ${AT}: \`{id}.json\` cannot be a segment`],
  ],
  [
    "segments that are resolved before routes are looked for",
    withRoutes("GET /x/../y"),
    [`route/path ${AT}: no request has the segment \`..\``],
  ],
  ["a star", withRoutes("GET /voice/*"), [`route/path ${AT}: \`*\` cannot be a segment`]],
  [
    "a greedy parameter before the end",
    withRoutes("GET /{p+}/x"),
    [`route/greedy ${AT}: \`{p+}\` is not the last segment`],
  ],
  [
    "a parameter that stands twice",
    withRoutes("GET /{a}/{a}"),
    [`route/parameter ${AT}: \`{a}\` stands twice in the path`],
  ],
  // T16
  [
    "an `ANY` route beside a wider route of a method",
    withRoutes("ANY /a/b/{p+}", "GET /a/{p+}"),
    [
      `route/order-unconfirmed ${AT}: whether AWS sends GET requests to \`ANY /a/b/{p+}\` or to \`GET /a/{p+}\` is not known`,
    ],
  ],
  ["the same with the method's own route", withRoutes("ANY /a/b/{p+}", "GET /a/{p+}", "GET /a/b/{q+}"), []],
  ["an `ANY` route to its end beside one that takes the rest", withRoutes("ANY /a/b", "GET /a/{p+}"), []],
  ["an `ANY` route that is the wider one", withRoutes("ANY /a/{p+}", "GET /a/b/{p+}"), []],
  [
    "a path that AWS keeps for itself",
    withRoutes("GET /ping"),
    [`route/reserved ${AT}: \`GET /ping\` is never called on AWS`],
  ],
  [
    "a target that is not there",
    withValue(`${API}/routes/2/target`, "integrations/x"),
    ["route/target /apis/0/routes/2/target: there is no integration `x`"],
  ],
  [
    "a target without its prefix",
    withValue(`${API}/routes/2/target`, "rest"),
    ["route/target /apis/0/routes/2/target: `rest` is not the target of a route"],
  ],
  [
    "a JWT route without authorizer",
    withValue(`${API}/routes/0/authorizerId`, undefined),
    ["route/authorizer /apis/0/routes/0: a JWT route has no authorizer"],
  ],
  [
    "an authorizer that is not there",
    withValue(`${API}/routes/0/authorizerId`, "x"),
    ["route/authorizer /apis/0/routes/0/authorizerId: there is no authorizer `x`"],
  ],
  [
    "an open route that names an authorizer",
    withValue(`${API}/routes/2/authorizerId`, "idp"),
    ["route/authorizer /apis/0/routes/2/authorizerId: a route of type NONE names an authorizer"],
  ],
  [
    "AWS_IAM with scopes",
    withValue(`${API}/routes/1/authorizationScopes`, ["a"]),
    ["route/scopes /apis/0/routes/1/authorizationScopes: a route of type AWS_IAM has scopes"],
  ],
  [
    "a scope of 65 characters",
    withValue(`${API}/routes/0/authorizationScopes`, ["s".repeat(65)]),
    ["route/scopes /apis/0/routes/0/authorizationScopes/0: a scope has 65 characters"],
  ],
  [
    "a URI that is none",
    withValue(`${API}/integrations/0/integrationUri`, "pets.example"),
    ["integration/uri /apis/0/integrations/0/integrationUri: `pets.example` is not an http or https URL"],
  ],
  [
    "a URI of another scheme",
    withValue(`${API}/integrations/0/integrationUri`, "ftp://pets.example"),
    ["integration/uri /apis/0/integrations/0/integrationUri: `ftp://pets.example` is not an http or https URL"],
  ],
  [
    "a host that the client chooses",
    withValue(`${API}/integrations/0/integrationUri`, "https://{id}.pets.example/pets"),
    ["integration/uri /apis/0/integrations/0/integrationUri: the host would come from the client, by `{id}`"],
  ],
  [
    "a host that the stage chooses",
    withValue(`${API}/integrations/0/integrationUri`, "https://${stageVariables.host}/pets/{id}"),
    [],
  ],
  [
    "credentials in the URL",
    withValue(`${API}/integrations/0/integrationUri`, "https://user:example@pets.example/pets/{id}"),
    ["integration/uri /apis/0/integrations/0/integrationUri: the URL has credentials in it"],
  ],
  [
    "a parameter that the route lacks",
    withValue(`${API}/integrations/0/integrationUri`, "https://pets.example/{pet}"),
    ["integration/uri-parameter /apis/0/integrations/0/integrationUri: `GET /pets/{id}` has no parameter `{pet}`"],
  ],
  [
    "a private integration of a load balancer",
    withValue(
      `${API}/integrations/1/integrationUri`,
      "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/lb/50dc6c495c0c9188",
    ),
    [
      "integration/vpc-link-uri /apis/0/integrations/1/integrationUri: `arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/lb/50dc6...` is neither the ARN of a listener nor of a Cloud Map service",
    ],
  ],
  [
    "a private integration with a URL",
    withValue(`${API}/integrations/1/integrationUri`, "http://127.0.0.1:3000"),
    [
      "integration/vpc-link-url /apis/0/integrations/1/integrationUri: AWS does not take the URL `http://127.0.0.1:3000` for a private integration",
    ],
  ],
  [
    "a private integration without link",
    withValue(`${API}/integrations/1/connectionId`, undefined),
    ["integration/connection /apis/0/integrations/1: a private integration names no VPC link"],
  ],
  [
    "a public integration with a link and tls",
    withValue(`${API}/integrations/1/connectionType`, "INTERNET"),
    [
      "integration/uri /apis/0/integrations/1/integrationUri: `arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/lb/50dc6c495...` is not an http or https URL",
      "integration/connection /apis/0/integrations/1/connectionId: a public integration names a VPC link",
      "integration/tls /apis/0/integrations/1/tlsConfig: a public integration has `tlsConfig`",
    ],
  ],
  [
    "a method that is none",
    withValue(`${API}/integrations/2/integrationMethod`, "get"),
    ["integration/method /apis/0/integrations/2/integrationMethod: `get` is not a method"],
  ],
  // T76
  [
    "a time limit of 49",
    withValue(`${API}/integrations/2/timeoutInMillis`, 49),
    ["integration/timeout /apis/0/integrations/2/timeoutInMillis: the time limit is 49 ms"],
  ],
  [
    "a time limit of 30001",
    withValue(`${API}/integrations/2/timeoutInMillis`, 30_001),
    ["integration/timeout /apis/0/integrations/2/timeoutInMillis: the time limit is 30001 ms"],
  ],
  [
    "two identity sources",
    withValue(`${API}/authorizers/0/identitySource`, ["$request.header.a", "$request.querystring.b"]),
    ["authorizer/identity-source /apis/0/authorizers/0/identitySource: there are 2 identity sources"],
  ],
  [
    "an identity source of REST APIs",
    withValue(`${API}/authorizers/0/identitySource`, ["method.request.header.a"]),
    [
      "authorizer/identity-source /apis/0/authorizers/0/identitySource/0: `method.request.header.a` is not a header or query parameter",
    ],
  ],
  [
    "an issuer without https",
    withValue(`${API}/authorizers/0/jwtConfiguration/issuer`, "http://idp.example"),
    ["authorizer/issuer /apis/0/authorizers/0/jwtConfiguration/issuer: `http://idp.example` is not an https URL"],
  ],
  [
    "an issuer on this machine",
    withValue(`${API}/authorizers/0/jwtConfiguration/issuer`, "http://127.0.0.1:9000/"),
    [
      "authorizer/issuer-local /apis/0/authorizers/0/jwtConfiguration/issuer: AWS does not take the issuer `http://127.0.0.1:9000/`",
    ],
  ],
  [
    "no audience",
    withValue(`${API}/authorizers/0/jwtConfiguration/audience`, []),
    ["authorizer/audience /apis/0/authorizers/0/jwtConfiguration/audience: there is no audience"],
  ],
  [
    "two authorizers of one name",
    withValue(`${API}/authorizers`, [api?.authorizers[0], { ...api?.authorizers[0], authorizerId: "other" }]),
    ["authorizer/name /apis/0/authorizers/1/name: `idp` is also the `name` of entry 1"],
  ],
  [
    "a stage with a dot",
    withValue(`${API}/stages/1/stageName`, "prod.v1"),
    [
      "stage/name /apis/0/stages/1/stageName: `prod.v1` is not the name of a stage",
      "domain/mapping-stage /domainNames/0/apiMappings/1/stage: API `a1b2c3d4e5` has no stage `dev`",
    ],
  ],
  [
    "a stage variable with a hyphen",
    withValue(`${API}/stages/1/stageVariables`, { "a-b": "x" }),
    ["stage/variable /apis/0/stages/1/stageVariables/a-b: `a-b` is not the name of a variable"],
  ],
  [
    "a value of a stage variable with a space",
    withValue(`${API}/stages/1/stageVariables`, { a: "x y" }),
    [
      "stage/variable /apis/0/stages/1/stageVariables/a: the value of `a` has other characters than AWS takes, or more than 2048",
    ],
  ],
  [
    "a burst that is no whole number",
    withValue(`${API}/stages/1/defaultRouteSettings`, { throttlingBurstLimit: 1.5 }),
    ["stage/throttle /apis/0/stages/1/defaultRouteSettings/throttlingBurstLimit: the burst is 1.5"],
  ],
  [
    "a rate of 0",
    withValue(`${API}/stages/1/defaultRouteSettings`, { throttlingRateLimit: 0 }),
    ["stage/throttle-zero /apis/0/stages/1/defaultRouteSettings: a rate of 0 answers every request with 429"],
  ],
  [
    "more than the account has",
    withValue(`${API}/stages/1/defaultRouteSettings`, { throttlingRateLimit: 10_001 }),
    [
      "stage/throttle-above-account /apis/0/stages/1/defaultRouteSettings: more is set than the account's 10000 per second with a burst of 5000",
    ],
  ],
  // T81
  [
    "settings of a route that is not there",
    withValue(`${API}/stages/1/routeSettings`, { "GET /admin/{proxy+}": {} }),
    [
      "stage/route-settings /apis/0/stages/1/routeSettings/GET ~1admin~1{proxy+}: there is no route `GET /admin/{proxy+}`",
    ],
  ],
  [
    "a log group with a star",
    withValue(
      `${API}/stages/0/accessLogSettings/destinationArn`,
      "arn:aws:logs:eu-central-1:111122223333:log-group:pets:*",
    ),
    [
      "stage/log-destination /apis/0/stages/0/accessLogSettings/destinationArn: `arn:aws:logs:eu-central-1:111122223333:log-group:pets:*` is not the ARN of a log group or of a delivery stream",
    ],
  ],
  [
    "credentials for every origin",
    withValue(`${API}/corsConfiguration/allowOrigins`, ["*"]),
    ["cors/credentials /apis/0/corsConfiguration/allowCredentials: credentials are allowed for every origin"],
  ],
  [
    "origins with a path, of another scheme, without one",
    withValue(`${API}/corsConfiguration/allowOrigins`, ["https://a.example/", "capacitor://localhost", "shop.example"]),
    [
      "cors/origin /apis/0/corsConfiguration/allowOrigins/0: `https://a.example/` is not an origin",
      "cors/origin /apis/0/corsConfiguration/allowOrigins/1: `capacitor://localhost` is not an origin",
      "cors/origin /apis/0/corsConfiguration/allowOrigins/2: `shop.example` is not an origin",
    ],
  ],
  [
    "methods of CORS: one in small letters, one that is none",
    withValue(`${API}/corsConfiguration/allowMethods`, ["get", "FETCH"]),
    [
      "cors/method-case /apis/0/corsConfiguration/allowMethods/0: `get` is not written in capitals",
      "cors/method /apis/0/corsConfiguration/allowMethods/1: `FETCH` is not a method",
    ],
  ],
  [
    "a header of CORS with a space",
    withValue(`${API}/corsConfiguration/allowHeaders`, ["a b"]),
    ["cors/header /apis/0/corsConfiguration/allowHeaders/0: `a b` is not the name of a header"],
  ],
  [
    "an age of two days",
    withValue(`${API}/corsConfiguration/maxAge`, 172_800),
    ["cors/max-age /apis/0/corsConfiguration/maxAge: the age is 172800"],
  ],
  [
    "a domain with its scheme",
    withValue("/domainNames/0/domainName", "https://api.example"),
    ["domain/name /domainNames/0/domainName: `https://api.example` is not a domain name"],
  ],
  ...["a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", "pets.execute-api.localhost"].map(
    (name): (typeof CASES)[number] => [
      `a domain of AWS: ${name}`,
      withValue("/domainNames/0/domainName", name),
      [
        `domain/name /domainNames/0/domainName: \`${name}\` belongs to AWS, and would take the place of an API's own address`,
      ],
    ],
  ),
  // T26
  [
    "a mapping with `~`",
    withValue("/domainNames/0/apiMappings/1/apiMappingKey", "~pets"),
    ["domain/mapping-key /domainNames/0/apiMappings/1/apiMappingKey: `~` cannot be in a mapping"],
  ],
  [
    "a mapping whose dots are resolved before mappings are looked for",
    withValue("/domainNames/0/apiMappings/1/apiMappingKey", "pets/../v1"),
    [
      "domain/mapping-key /domainNames/0/apiMappings/1/apiMappingKey: no request has the path `/pets/../v1`, whose dots are resolved",
    ],
  ],
  [
    "a mapping of 301 characters",
    withValue("/domainNames/0/apiMappings/1/apiMappingKey", "p".repeat(301)),
    ["domain/mapping-key /domainNames/0/apiMappings/1/apiMappingKey: the mapping has 301 characters"],
  ],
  [
    "a mapping that begins with a slash",
    withValue("/domainNames/0/apiMappings/1/apiMappingKey", "/pets"),
    ["domain/mapping-key /domainNames/0/apiMappings/1/apiMappingKey: `/pets` has an empty segment"],
  ],
  [
    "two mappings for one path",
    withValue("/domainNames/0/apiMappings/1/apiMappingKey", ""),
    [
      "domain/mapping-conflict /domainNames/0/apiMappings/1/apiMappingKey: `api.shop.example` has a mapping for `/` already",
    ],
  ],
  [
    "a provider without https",
    withValue("/oidcProviders/0/url", "http://idp.example/realms/shop"),
    ["oidc/url /oidcProviders/0/url: `http://idp.example/realms/shop` is not the URL of an OpenID provider"],
  ],
  [
    "a provider on this machine",
    withValue("/oidcProviders/0/url", "http://127.0.0.1:9000"),
    [
      "oidc/url-local /oidcProviders/0/url: AWS does not take the provider `http://127.0.0.1:9000`",
      "role/trust-provider /roles/0/assumeRolePolicyDocument: the account has no OpenID provider `arn:aws:iam::111122223333:oidc-provider/idp.example/realms/shop`",
    ],
  ],
  [
    "an empty client id",
    withValue("/oidcProviders/0/clientIdList", [""]),
    ["oidc/client-id /oidcProviders/0/clientIdList/0: a client id has 0 characters"],
  ],
  [
    "a role with a space in its name",
    withValue("/roles/0/roleName", "the reader"),
    [
      "role/name /roles/0/roleName: `the reader` is not the name of a role",
      "role/arn /roles/0/arn: `arn:aws:iam::111122223333:role/teams/reader` is not the ARN of role `the reader`",
    ],
  ],
  [
    "two roles whose names differ in case",
    withValue("/roles", [
      WHOLE_ACCOUNT.roles[0],
      { ...WHOLE_ACCOUNT.roles[0], roleName: "Reader", arn: "arn:aws:iam::111122223333:role/Reader" },
    ]),
    ["role/name /roles/1/roleName: `reader` is also the `roleName` of entry 1"],
  ],
  [
    "sessions of a minute",
    withValue("/roles/0/maxSessionDuration", 60),
    ["role/session-duration /roles/0/maxSessionDuration: sessions last 60 seconds at most"],
  ],
  [
    "tags that differ in case",
    withValue("/roles/0/tags", { team: "a", Team: "b" }),
    ["role/tag /roles/0/tags/Team: the tag `Team` stands twice"],
  ],
  // T116
  [
    "a policy beyond its size",
    withValue("/roles/0/policies/0/Statement/0/Resource", [`arn:aws:execute-api:*:*:*/${"x".repeat(6200)}`]),
    ["role/document /roles/0/policies/0: the document has 6329 characters without white space, IAM takes 6144"],
  ],
  [
    "a character that IAM does not take",
    withValue("/roles/0/policies/0/Statement/0/Resource", "arn:aws:execute-api:*:*:*/€"),
    ["role/document /roles/0/policies/0: the document holds `€`, IAM takes U+0020 to U+00FF only"],
  ],
  [
    "a document that is none",
    withValue("/roles/0/permissionsBoundary/Statement/0/Effect", "Permit"),
    [
      "role/document /roles/0/permissionsBoundary: IAM document is malformed at `Statement[0].Effect`: must be `Allow` or `Deny`",
    ],
  ],
  // T117
  [
    "trust without conditions",
    withValue("/roles/0/assumeRolePolicyDocument/Statement/0/Condition", undefined),
    [
      "role/trust-open /roles/0/assumeRolePolicyDocument: the trust of `arn:aws:iam::111122223333:oidc-provider/idp.example/realms/shop` has no condition on `idp.example/realms/shop:aud` and `idp.example/realms/shop:sub`",
    ],
  ],
  [
    "trust of everybody",
    withValue("/roles/0/assumeRolePolicyDocument/Statement/0/Principal", "*"),
    [
      "role/trust-anyone /roles/0/assumeRolePolicyDocument: the trust is for everybody: every provider of the account is let in",
    ],
  ],
  [
    "trust of everybody, spelt as AWS principals",
    withValue("/roles/0/assumeRolePolicyDocument/Statement/0/Principal", { AWS: ["*"] }),
    [
      "role/trust-anyone /roles/0/assumeRolePolicyDocument: the trust is for everybody: every provider of the account is let in",
    ],
  ],
  [
    "a set that may be empty",
    withValue("/roles/0/policies/0/Statement/0/Condition", {
      "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
    }),
    [
      "role/for-all-values /roles/0/policies/0: `ForAllValues:StringEquals` also holds for a request without `aws:TagKeys`",
    ],
  ],
  [
    "a set that is there",
    withValue("/roles/0/policies/0/Statement/0/Condition", {
      "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
      Null: { "aws:tagkeys": "false" },
    }),
    [],
  ],
  // T82
  ["301 routes", withRoutes(...texts(298, "GET /r")), ["account/quota /apis/0/routes: 301 routes, AWS takes 300"]],
  ["300 routes", withRoutes(...texts(297, "GET /r")), []],
  [
    "51 audiences",
    withValue(`${API}/authorizers/0/jwtConfiguration/audience`, texts(51)),
    ["account/quota /apis/0/authorizers/0/jwtConfiguration/audience: 51 audiences, AWS takes 50"],
  ],
  [
    "11 scopes",
    withValue(`${API}/routes/0/authorizationScopes`, texts(11)),
    ["account/quota /apis/0/routes/0/authorizationScopes: 11 scopes, AWS takes 10"],
  ],
  [
    "11 authorizers",
    withValue(
      `${API}/authorizers`,
      ["idp", ...texts(10)].map((name) => ({ ...api?.authorizers[0], name, authorizerId: name })),
    ),
    ["account/quota /apis/0/authorizers: 11 authorizers, AWS takes 10"],
  ],
  [
    "11 stages",
    withValue(`${API}/stages`, [
      api?.stages[0],
      ...["dev", ...texts(9)].map((stageName) => ({ ...api?.stages[1], stageName })),
    ]),
    ["account/quota /apis/0/stages: 11 stages, AWS takes 10"],
  ],
  [
    "101 stage variables",
    withValue(`${API}/stages/1/stageVariables`, Object.fromEntries(texts(101).map((name) => [name, "x"]))),
    ["account/quota /apis/0/stages/1/stageVariables: 101 stage variables, AWS takes 100"],
  ],
  [
    "101 OpenID providers",
    withValue("/oidcProviders", [
      WHOLE_ACCOUNT.oidcProviders[0],
      ...texts(100).map((name) => ({ url: `https://${name}.example`, clientIdList: [] })),
    ]),
    ["account/quota /oidcProviders: 101 OpenID providers, AWS takes 100"],
  ],
];

test("the account that the cases break is one that AWS takes", () => {
  assert.deepEqual(checkAccount(WHOLE_ACCOUNT), []);
});

for (const [what, account, found] of CASES)
  test(`finds ${what}`, () => {
    assert.deepEqual(listProblems(account), found);
  });

test("says what AWS answers, with the value that it names", () => {
  const said = (account: Account): readonly (string | null)[] => checkAccount(account).map(({ aws }) => aws);
  assert.deepEqual(said(withRoutes("GET /pets/{pet}")), ["Route with key GET /pets/{pet} already exists for this API"]);
  assert.deepEqual(said(withValue(`${API}/stages/1/routeSettings`, { "GET /x": {} })), [
    "Unable to find Route by key GET /x within the provided RouteSettings",
  ]);
  assert.deepEqual(said(withValue(`${API}/corsConfiguration/maxAge`, -2)), [null]);
});

test("what is not seen in a value is shown as a question mark, and a dollar sign stays one", () => {
  const [problem] = checkAccount(withValue(`${API}/stages/1/routeSettings`, { "GET /\u001b[2J\n$&": {} }));
  assert.deepEqual(
    [problem?.message, problem?.aws],
    ["there is no route `GET /?[2J?$&`", "Unable to find Route by key GET /?[2J?$& within the provided RouteSettings"],
  );
});

test("each finding of the catalogue is found by a case", () => {
  const tested = new Set<string>(CASES.flatMap(([, , found]) => found.map((line) => line.split(" ")[0] ?? "")));
  assert.deepEqual(
    Object.keys(ACCOUNT_PROBLEMS).filter((code) => !tested.has(code)),
    // These have a file of their own: check-account-mappings.test.ts.
    [
      "integration/mapping",
      "integration/response-destination",
      "integration/mapping-variable",
      "stage/log-format",
      "stage/log-variable",
    ],
  );
});
