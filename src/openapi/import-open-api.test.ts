import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSpan } from "../core/index.ts";
import { OPENAPI_FINDINGS } from "./findings.ts";
import { importOpenApi } from "./import-open-api.ts";
import type { ImportOptions } from "./importing.ts";

const OPTIONS: ImportOptions = {
  accountId: "111122223333",
  region: "eu-central-1",
  partition: "aws",
  basePath: "ignore",
  purpose: "import",
};

const DOCUMENT = `openapi: 3.0.1
info: { title: pets, version: 1 }
paths:
  /pets/{id}:
    get:
      security: [{ idp: [pets:read, pets:write] }]
      x-amazon-apigateway-integration:
        type: HTTP_PROXY
        httpMethod: ANY
        uri: https://pets.example/\${AWS::Region}/{id}
        payloadFormatVersion: 1.0
        timeoutInMillis: 5000
        requestParameters: { "overwrite:header.x-user": $context.authorizer.claims.sub }
        responseParameters: { 404: { "overwrite:statuscode": 200 } }
    parameters: [{ name: id, in: path }]
  /admin:
    post:
      x-amazon-apigateway-auth: { type: aws_iam }
      x-amazon-apigateway-integration: { $ref: "#/components/x-amazon-apigateway-integrations/admin" }
    put:
      security: [{ signed: [] }]
      x-amazon-apigateway-integration: { $ref: "#/components/x-amazon-apigateway-integrations/admin" }
  /$default:
    x-amazon-apigateway-any-method:
      isDefaultRoute: true
      x-amazon-apigateway-integration: { type: http_proxy, httpMethod: ANY, uri: https://rest.example, payloadFormatVersion: "1.0" }
x-amazon-apigateway-cors: { allowOrigins: [https://shop.example], maxAge: 300, allowCredentials: true }
x-amazon-apigateway-importexport-version: "1.0"
components:
  x-amazon-apigateway-integrations:
    admin:
      type: http_proxy
      httpMethod: POST
      uri: arn:\${AWS::Partition}:servicediscovery:\${AWS::Region}:\${AWS::AccountId}:service/srv-a
      payloadFormatVersion: "1.0"
      connectionType: VPC_LINK
      connectionId: link1
      tlsConfig: { serverNameToVerify: admin.example }
  securitySchemes:
    signed: { type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4 }
    idp:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: { issuer: "https://idp.example/", audience: [pets] }
`;

function importText(text: string, options: Partial<ImportOptions> = {}): ReturnType<typeof importOpenApi> {
  return importOpenApi("d.yaml", text, { ...OPTIONS, ...options });
}

/** The document with a piece of it replaced, which has to be there. */
function edit(from: string, to: string): string {
  assert.ok(DOCUMENT.includes(from), from);
  return DOCUMENT.replace(from, to);
}

function describeFindings({ diagnostics, sources }: ReturnType<typeof importOpenApi>): readonly string[] {
  return diagnostics.map(
    ({ id, severity, message, span }) => `${formatSpan(span, sources)} ${severity} ${id}: ${message}`,
  );
}

test("a whole document becomes the API that it describes", () => {
  const { api, diagnostics } = importText(DOCUMENT);
  assert.deepEqual(diagnostics, []);
  assert.ok(api !== null);
  const nameOf = new Map(api.integrations.map(({ integrationId, integrationUri }) => [integrationId, integrationUri]));
  assert.deepEqual(
    api.routes.map(({ routeId, target, authorizerId, ...route }) => ({
      ...route,
      ...(authorizerId === undefined ? {} : { authorizer: authorizerId === api.authorizers[0]?.authorizerId }),
      uri: nameOf.get(target.replace("integrations/", "")),
      id: /^[a-z0-9]{10}$/.test(routeId),
    })),
    [
      {
        routeKey: "GET /pets/{id}",
        authorizationType: "JWT",
        authorizer: true,
        authorizationScopes: ["pets:read", "pets:write"],
        uri: "https://pets.example/eu-central-1/{id}",
        id: true,
      },
      {
        routeKey: "POST /admin",
        authorizationType: "AWS_IAM",
        uri: "arn:aws:servicediscovery:eu-central-1:111122223333:service/srv-a",
        id: true,
      },
      {
        routeKey: "PUT /admin",
        authorizationType: "AWS_IAM",
        uri: "arn:aws:servicediscovery:eu-central-1:111122223333:service/srv-a",
        id: true,
      },
      { routeKey: "$default", authorizationType: "NONE", uri: "https://rest.example", id: true },
    ],
  );
  assert.deepEqual(
    api.integrations.map((integration) => ({ ...integration, integrationId: "" })),
    [
      {
        integrationId: "",
        integrationType: "HTTP_PROXY",
        integrationMethod: "ANY",
        integrationUri: "https://pets.example/eu-central-1/{id}",
        connectionType: "INTERNET",
        payloadFormatVersion: "1.0",
        timeoutInMillis: 5000,
        requestParameters: { "overwrite:header.x-user": "$context.authorizer.claims.sub" },
        responseParameters: { "404": { "overwrite:statuscode": "200" } },
      },
      {
        integrationId: "",
        integrationType: "HTTP_PROXY",
        integrationMethod: "POST",
        integrationUri: "arn:aws:servicediscovery:eu-central-1:111122223333:service/srv-a",
        connectionType: "VPC_LINK",
        connectionId: "link1",
        tlsConfig: { serverNameToVerify: "admin.example" },
        payloadFormatVersion: "1.0",
        timeoutInMillis: 30_000,
        requestParameters: {},
      },
      {
        integrationId: "",
        integrationType: "HTTP_PROXY",
        integrationMethod: "ANY",
        integrationUri: "https://rest.example",
        connectionType: "INTERNET",
        payloadFormatVersion: "1.0",
        timeoutInMillis: 30_000,
        requestParameters: {},
      },
    ],
  );
  assert.deepEqual(
    api.authorizers.map((authorizer) => ({ ...authorizer, authorizerId: "" })),
    [
      {
        authorizerId: "",
        name: "idp",
        authorizerType: "JWT",
        identitySource: ["$request.header.Authorization"],
        jwtConfiguration: { issuer: "https://idp.example/", audience: ["pets"] },
      },
    ],
  );
  assert.deepEqual(api.corsConfiguration, {
    allowOrigins: ["https://shop.example"],
    allowMethods: [],
    allowHeaders: [],
    exposeHeaders: [],
    maxAge: 300,
    allowCredentials: true,
  });
  assert.deepEqual([api.name, api.stages, api.disableExecuteApiEndpoint], ["pets", [], undefined]);
  assert.deepEqual(importText(DOCUMENT).api, api);
});

test("the path of the server goes in front as it is asked for", () => {
  const served = edit(
    "paths:\n",
    'servers: [{ url: "https://api.example/{basePath}", variables: { basePath: { default: a/b } } }]\npaths:\n',
  );
  const keysOf = (basePath: ImportOptions["basePath"]): readonly (string | undefined)[] =>
    importText(served, { basePath }).api?.routes.map(({ routeKey }) => routeKey) ?? [];
  assert.deepEqual(keysOf("ignore"), ["GET /pets/{id}", "POST /admin", "PUT /admin", "$default"]);
  assert.deepEqual(keysOf("prepend"), ["GET /a/b/pets/{id}", "POST /a/b/admin", "PUT /a/b/admin", "$default"]);
  assert.deepEqual(keysOf("split"), ["GET /b/pets/{id}", "POST /b/admin", "PUT /b/admin", "$default"]);
});

test("the endpoint is disabled where any server says so", () => {
  const extension = "x-amazon-apigateway-endpoint-configuration: { disableExecuteApiEndpoint: true }";
  const { api } = importText(edit("paths:\n", `servers: [{ url: / }, { url: /, ${extension} }]\npaths:\n`));
  assert.equal(api?.disableExecuteApiEndpoint, true);
});

test("the issuer of a scheme with a discovery address is that address without its end", () => {
  const { api, diagnostics } = importText(
    edit(
      "type: oauth2\n",
      "type: openIdConnect\n      openIdConnectUrl: https://idp.example/.well-known/openid-configuration\n",
    ).replace('issuer: "https://idp.example/", ', ""),
  );
  assert.equal(api?.authorizers[0]?.jwtConfiguration.issuer, "https://idp.example");
  assert.deepEqual(
    diagnostics.map(({ id, severity }) => `${severity} ${id}`),
    ["info openapi/issuer-derived"],
  );
});

test("JSON with tabs is read like YAML", () => {
  const document = {
    openapi: "3.0.3",
    info: { title: "pets" },
    paths: {
      "/": {
        get: {
          "x-amazon-apigateway-integration": {
            type: "http_proxy",
            httpMethod: "GET",
            uri: "https://a.example",
            payloadFormatVersion: 1.0,
          },
        },
      },
    },
  };
  const { api, diagnostics } = importText(JSON.stringify(document, null, "\t"));
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    [],
  );
  assert.deepEqual(
    api?.routes.map(({ routeKey }) => routeKey),
    ["GET /"],
  );
});

const WITHOUT_DEFAULT = DOCUMENT.replace(/ {2}\/\$default:[\s\S]*?(?=x-amazon-apigateway-cors)/, "");

/** Each with everything that is found. */
const CASES: readonly (readonly [what: string, text: string, found: readonly string[]])[] = [
  [
    "Swagger 2.0",
    'swagger: "2.0"\ninfo: { title: a }\n',
    ["d.yaml:1:1 error openapi/version: the document is Swagger 2.0, HTTP APIs take OpenAPI 3.0 only"],
  ],
  [
    "OpenAPI 3.1",
    edit("3.0.1", "3.1.0"),
    ["d.yaml:1:10 error openapi/version: HTTP APIs take OpenAPI 3.0 only, not `3.1.0`"],
  ],
  [
    "no version",
    edit("openapi: 3.0.1\n", ""),
    ["d.yaml:1:1 error openapi/version: the document does not say `openapi`"],
  ],
  ["a list", "- a\n", ["d.yaml:1:1 error openapi/shape: the document is not a mapping"]],
  ["no title", edit("title: pets, ", ""), ["d.yaml:2:1 error openapi/title: the document has no title"]],
  [
    "no paths",
    "openapi: 3.0.0\ninfo: { title: a }\n",
    ["d.yaml:1:1 warning openapi/no-routes: the document has no `paths`"],
  ],
  [
    "what CloudFormation fills in",
    edit("uri: https://rest.example", "uri: { Fn::Sub: https://x }"),
    ["d.yaml:26:82 error openapi/template: `uri` is `Fn::Sub`, which CloudFormation fills in"],
  ],
  [
    "a reference to nothing",
    edit('integrations/admin" }\n    put', 'integrations/x" }\n    put'),
    ["d.yaml:19:48 error openapi/reference: nothing is at `#/components/x-amazon-apigateway-integrations/x`"],
  ],
  [
    "a reference to another file",
    edit('"#/components/x-amazon-apigateway-integrations/admin" }\n    put', "other.yaml }\n    put"),
    ["d.yaml:19:48 error openapi/reference: `other.yaml` is not in this document"],
  ],
  [
    "references in a circle",
    edit(
      "    admin:\n      type: http_proxy",
      '    admin: { $ref: "#/components/x-amazon-apigateway-integrations/admin" }\n    other:\n      type: http_proxy',
    ),
    [
      "d.yaml:19:40 error openapi/reference: the references lead in a circle",
      "d.yaml:22:40 error openapi/reference: the references lead in a circle",
    ],
  ],
  [
    "a path without slash",
    edit("  /admin:", "  admin:"),
    ["d.yaml:16:3 error openapi/path: the path `admin` has no slash before it"],
  ],
  [
    "the default route without slash",
    edit("  /$default:", "  $default:"),
    [
      'd.yaml:23:3 warning openapi/default-path: the path `$default` has no slash before it (API Gateway: "Parse issue: attribute paths. Resource $default should start with /")',
    ],
  ],
  [
    "a default route that does not say so",
    edit("      isDefaultRoute: true\n", ""),
    ["d.yaml:24:5 error openapi/default-route: `/$default` is the path of the default route only"],
  ],
  [
    "a default route elsewhere",
    edit("  /$default:", "  /rest:"),
    ["d.yaml:24:5 error openapi/default-route: the default route has the path `/$default`"],
  ],
  [
    "a method that HTTP APIs do not have",
    edit("    put:\n", "    trace: {}\n    put:\n"),
    ["d.yaml:20:5 warning openapi/method: `trace` is left out"],
  ],
  [
    "a Lambda function where no other route takes its requests",
    WITHOUT_DEFAULT.replace("type: HTTP_PROXY", "type: aws_proxy"),
    [
      "d.yaml:8:15 warning openapi/left-out: `GET /pets/{id}` is left out: it calls a Lambda function, and this gateway has HTTP integrations only",
    ],
  ],
  [
    "a Lambda function whose requests the default route would take",
    edit("type: HTTP_PROXY", "type: aws_proxy"),
    [
      "d.yaml:8:15 warning openapi/left-out: `GET /pets/{id}` is left out: it calls a Lambda function, and this gateway has HTTP integrations only",
      "d.yaml:8:15 error openapi/left-out-open: requests for `GET /pets/{id}` would be taken by `$default` (NONE)",
    ],
  ],
  [
    "an operation without integration",
    WITHOUT_DEFAULT.replace("    put:\n", "    patch: {}\n    put:\n"),
    ["d.yaml:20:5 warning openapi/left-out: `PATCH /admin` is left out: it has no integration"],
  ],
  [
    "a mock",
    WITHOUT_DEFAULT.replace("type: HTTP_PROXY", "type: mock"),
    [
      "d.yaml:8:15 warning openapi/left-out: `GET /pets/{id}` is left out: HTTP APIs have no integration of type `mock`",
    ],
  ],
  [
    "an integration without uri",
    edit("uri: https://rest.example, ", ""),
    ["d.yaml:26:40 error openapi/integration: the integration has no `uri`"],
  ],
  [
    "an integration without method",
    edit("type: http_proxy, httpMethod: ANY, ", "type: http_proxy, "),
    ["d.yaml:26:40 error openapi/integration: the integration has no `httpMethod`"],
  ],
  [
    "an integration of no known type",
    edit("type: HTTP_PROXY", "type: HTTPS"),
    ["d.yaml:8:15 error openapi/integration: `HTTPS` is not a type of integration"],
  ],
  [
    "a connection of no known type",
    edit("connectionType: VPC_LINK", "connectionType: VPC"),
    ["d.yaml:36:23 error openapi/integration: `VPC` is not a type of connection"],
  ],
  [
    "a time limit in words",
    edit("timeoutInMillis: 5000", "timeoutInMillis: 5s"),
    ["d.yaml:12:26 error openapi/integration: `5s` is not a number of milliseconds"],
  ],
  [
    "a payload format of Lambda",
    edit("payloadFormatVersion: 1.0", "payloadFormatVersion: 2.0"),
    ["d.yaml:11:31 warning openapi/payload-format: an HTTP integration has no payload format `2.0`; 1.0 is taken"],
  ],
  [
    "no payload format",
    edit("        payloadFormatVersion: 1.0\n", ""),
    ["d.yaml:8:9 warning openapi/payload-format: the integration has no `payloadFormatVersion`; 1.0 is taken"],
  ],
  [
    "a mapping template",
    edit("        timeoutInMillis: 5000\n", "        requestTemplates: {}\n"),
    ["d.yaml:12:9 warning openapi/mapping-template: `requestTemplates` is left out: HTTP APIs pass the body as it is"],
  ],
  [
    "mappings of REST APIs",
    edit(
      '{ "overwrite:header.x-user": $context.authorizer.claims.sub }',
      "{ integration.request.path.id: method.request.path.id, integration.request.header.x: method.request.header.y }",
    ),
    ["d.yaml:13:9 warning openapi/rest-mapping: the mapping `integration.request.header.x` is left out"],
  ],
  [
    "what only REST APIs do",
    edit("openapi: 3.0.1\n", "openapi: 3.0.1\nx-amazon-apigateway-policy: {}\n"),
    [
      "d.yaml:2:1 warning openapi/rest-only: `x-amazon-apigateway-policy` is left out: HTTP APIs have nothing of the kind",
    ],
  ],
  [
    "credentials",
    edit("        timeoutInMillis: 5000\n", "        credentials: a\n"),
    ["d.yaml:12:9 warning openapi/rest-only: `credentials` are for integrations with AWS services"],
  ],
  [
    "validation of bodies",
    edit("    put:\n", "    put:\n      requestBody: {}\n"),
    ["d.yaml:21:7 info openapi/ignored: `requestBody` and its schemas are ignored: HTTP APIs do not validate requests"],
  ],
  [
    "an extension of nobody",
    edit("openapi: 3.0.1\n", "openapi: 3.0.1\nx-amazon-apigateway-colour: red\n"),
    ["d.yaml:2:1 warning openapi/extension: `x-amazon-apigateway-colour` is not read here"],
  ],
  [
    "authorization that is misspelled",
    edit("x-amazon-apigateway-auth:", "x-amazon-apigateway-auht:"),
    ["d.yaml:18:7 error openapi/misspelled: nobody reads `x-amazon-apigateway-auht` here"],
  ],
  [
    "authorization at the wrong place",
    edit("    post:\n", "    x-amazon-apigateway-auth: { type: AWS_IAM }\n    post:\n"),
    ["d.yaml:17:5 error openapi/misspelled: nobody reads `x-amazon-apigateway-auth` here"],
  ],
  [
    "another version of the import",
    edit('version: "1.0"', 'version: "2.0"'),
    ["d.yaml:28:43 warning openapi/import-version: the version of the import is not 1.0"],
  ],
  [
    "two requirements",
    edit("[{ signed: [] }]", "[{ signed: [] }, { idp: [] }]"),
    ["d.yaml:21:7 error openapi/several-requirements: the operation has several security requirements"],
  ],
  [
    "two in one requirement",
    edit("[{ signed: [] }]", "[{ signed: [], idp: [] }]"),
    ["d.yaml:21:7 error openapi/several-requirements: the operation has several security requirements"],
  ],
  [
    "one requirement or nobody",
    edit("[{ signed: [] }]", "[{}, { signed: [] }]"),
    ["d.yaml:21:7 error openapi/several-requirements: the operation has several security requirements"],
  ],
  [
    "auth and security that differ",
    edit(
      "      x-amazon-apigateway-auth: { type: aws_iam }\n",
      "      x-amazon-apigateway-auth: { type: NONE }\n      security: [{ idp: [] }]\n",
    ),
    ["d.yaml:18:7 error openapi/several-requirements: `x-amazon-apigateway-auth` says NONE, `security` says JWT"],
  ],
  [
    "security of the whole document",
    edit("openapi: 3.0.1\n", "openapi: 3.0.1\nsecurity: [{ idp: [] }]\n"),
    ["d.yaml:25:5 error openapi/root-security: the operation says nothing of `security`, the whole document does"],
  ],
  [
    "a scheme that is not there",
    edit("[{ signed: [] }]", "[{ sigv4: [] }]"),
    ["d.yaml:21:20 error openapi/security-scheme: there is no security scheme `sigv4`"],
  ],
  [
    "a scheme without authorizer",
    edit(", x-amazon-apigateway-authtype: awsSigv4", ""),
    ["d.yaml:21:20 error openapi/security-scheme: security scheme `signed` has no authorizer"],
  ],
  [
    "an authorizer without issuer",
    edit('issuer: "https://idp.example/", ', ""),
    ["d.yaml:44:9 error openapi/security-scheme: authorizer `idp` has no issuer"],
  ],
  [
    "an authorizer of no known type",
    edit("        type: jwt", "        type: jwts"),
    ["d.yaml:44:15 error openapi/security-scheme: `jwts` is not a type of authorizer"],
  ],
  [
    "a Lambda authorizer",
    edit("        type: jwt", "        type: request"),
    ["d.yaml:6:20 error openapi/lambda-authorizer: `idp` asks a Lambda function, which this gateway cannot"],
  ],
  [
    "a JWT authorizer of a scheme of another type",
    edit("type: oauth2", "type: http"),
    [
      "d.yaml:42:13 warning openapi/scheme-type: security scheme `idp` is of type `http`; its JWT authorizer is taken all the same",
    ],
  ],
  [
    "an authorization of no known type",
    edit("type: aws_iam", "type: CUSTOM"),
    ["d.yaml:18:41 error openapi/auth-type: `CUSTOM` is not a type of authorization"],
  ],
  [
    "CORS in snake case",
    edit("allowOrigins: [https", "allow_origins: [https"),
    [
      'd.yaml:27:29 warning openapi/cors: `allow_origins` is not a key of `x-amazon-apigateway-cors` (API Gateway: "CORS Scheme is malformed, ignoring.")',
    ],
  ],
  [
    "a base path",
    edit("paths:\n", "servers: [{ url: api.example/v1 }]\npaths:\n"),
    ["d.yaml:3:18 info openapi/base-path: the base path `/v1` is not part of the routes"],
  ],
  [
    "a variable of CloudFormation",
    edit("title: pets", 'title: "${AWS::StackName}"'),
    ["d.yaml:2:16 warning openapi/variable: `${AWS::StackName}` is not a variable of an import"],
  ],
];

for (const [what, text, found] of CASES)
  test(`finds ${what}`, () => {
    const imported = importText(text);
    assert.deepEqual(describeFindings(imported), found);
    assert.equal(
      imported.api === null,
      found.some((line) => line.includes(" error ")),
    );
  });

test("each finding of the catalogue is found by a case", () => {
  const tested = new Set(CASES.flatMap(([, , found]) => found.map((line) => / (openapi\/[a-z-]+):/.exec(line)?.[1])));
  assert.deepEqual(
    Object.keys(OPENAPI_FINDINGS).filter((code) => !tested.has(code)),
    ["openapi/issuer-derived"],
  );
});

test("a route that is left out is an error for a document that is to be served", () => {
  const { api, diagnostics } = importText(WITHOUT_DEFAULT.replace("type: HTTP_PROXY", "type: aws_proxy"), {
    purpose: "serve",
  });
  assert.deepEqual(
    [api, diagnostics.map(({ id, severity }) => `${severity} ${id}`)],
    [null, ["error openapi/left-out"]],
  );
});

test("a route that is left out is an error only where another one takes some of its requests", () => {
  const lambda = "x-amazon-apigateway-integration: { type: aws_proxy }";
  const http = `x-amazon-apigateway-integration: { type: http_proxy, httpMethod: ANY, uri: https://a.example, payloadFormatVersion: "1.0" }`;
  const heirOf = (left: string, kept: string): string | undefined => {
    const { diagnostics } = importText(`openapi: 3.0.0
info: { title: a }
paths:
  ${left}: { get: { ${lambda} } }
  ${kept.replace(/^\S+ /, "")}: { ${kept.replace(/ .*$/, "")}: { ${http} } }
`);
    return diagnostics.find(({ id }) => id === "openapi/left-out-open")?.message;
  };
  const open = (left: string, kept: string): string =>
    `requests for \`GET ${left}\` would be taken by \`${kept}\` (NONE)`;
  assert.equal(heirOf("/a/b", "get /a/{x}"), open("/a/b", "GET /a/{x}"));
  assert.equal(heirOf("/a/{x}", "get /a/b"), open("/a/{x}", "GET /a/b"));
  assert.equal(heirOf("/a/{rest+}", "get /a/b/c"), open("/a/{rest+}", "GET /a/b/c"));
  assert.equal(heirOf("/a/b/c", "get /a/{rest+}"), open("/a/b/c", "GET /a/{rest+}"));
  assert.equal(heirOf("/a/b", "x-amazon-apigateway-any-method /a/{x}"), open("/a/b", "ANY /a/{x}"));
  assert.equal(heirOf("/a/b", "post /a/{x}"), undefined);
  assert.equal(heirOf("/a/b", "get /a/{x}/c"), undefined);
  assert.equal(heirOf("/a/b", "get /c/{x}"), undefined);
  assert.equal(heirOf("/a", "get /a/{rest+}"), undefined);
});

test("CORS that is malformed is left out, and the rest is imported", () => {
  const { api } = importText(edit("allowOrigins: [https", "allow_origins: [https"));
  assert.equal(api?.corsConfiguration, undefined);
  assert.equal(api?.routes.length, 4);
});

test("no authorization, said in any of the ways there are, is an open route", () => {
  for (const said of [
    "security: []",
    "security: [{}]",
    "security: [{ NONE: [] }]",
    "x-amazon-apigateway-auth: { type: none }",
  ]) {
    const { api } = importText(edit("      security: [{ signed: [] }]", `      ${said}`));
    assert.equal(api?.routes.find(({ routeKey }) => routeKey === "PUT /admin")?.authorizationType, "NONE", said);
  }
});
