import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { prettyJson } from "../core/index.ts";
import { type HttpApi, type Integration, type Route, canonicalHttpApi, canonicalHttpRouteKey } from "../model/index.ts";
import { exportOpenApi, withStableIds } from "./export-open-api.ts";
import { importOpenApi } from "./import-open-api.ts";

const OPTIONS = {
  accountId: "111122223333",
  region: "eu-central-1",
  partition: "aws",
  basePath: "ignore",
  purpose: "import",
} as const;

const word = fc.stringMatching(/^[a-z][a-z0-9._-]{0,7}$/);
const text = fc.stringMatching(/^[ -~é€]{1,20}$/);
const segment = fc.oneof(
  word,
  word.map((name) => `{${name}}`),
);
const path = fc
  .tuple(fc.uniqueArray(segment, { maxLength: 3 }), fc.boolean())
  .map(([segments, isGreedy]) => `/${[...segments, ...(isGreedy ? ["{the_rest+}"] : [])].join("/")}`);
const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY");
const routeKey = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(method, path).map(([name, written]) => `${name} ${written}`) },
  { weight: 1, arbitrary: fc.constant("$default") },
);
const mappings = fc.dictionary(
  word.map((name) => `overwrite:header.x-${name}`),
  text,
  { maxKeys: 3 },
);

const integration: fc.Arbitrary<Omit<Integration, "integrationId">> = fc.record(
  {
    integrationType: fc.constant("HTTP_PROXY" as const),
    integrationMethod: method,
    integrationUri: word.map((name) => `https://${name}.example/{id}/\${stageVariables.host}`),
    connectionType: fc.constantFrom("INTERNET" as const, "VPC_LINK" as const),
    payloadFormatVersion: fc.constant("1.0" as const),
    timeoutInMillis: fc.integer({ min: 50, max: 30_000 }),
    requestParameters: mappings,
    responseParameters: fc.dictionary(fc.constantFrom("200", "404", "500"), mappings, { minKeys: 1 }),
    connectionId: word,
    tlsConfig: fc.record({ serverNameToVerify: word }),
  },
  {
    requiredKeys: [
      "integrationType",
      "integrationMethod",
      "integrationUri",
      "connectionType",
      "payloadFormatVersion",
      "timeoutInMillis",
      "requestParameters",
    ],
  },
);

const strings = fc.array(text, { maxLength: 3 });
const cors = fc.record({
  allowOrigins: strings,
  allowMethods: strings,
  allowHeaders: strings,
  exposeHeaders: strings,
  maxAge: fc.integer({ min: -1, max: 86_400 }),
  allowCredentials: fc.boolean(),
});

interface Parts {
  readonly name: string;
  readonly keys: readonly (readonly [key: string, place: number, kind: number, scopes: readonly string[]])[];
  readonly integrations: readonly Omit<Integration, "integrationId">[];
  readonly authorizers: readonly (readonly [name: string, issuer: string, audience: readonly string[]])[];
  readonly cors: HttpApi["corsConfiguration"] | null;
  readonly isDisabled: boolean;
}

const parts: fc.Arbitrary<Parts> = fc.record({
  name: text,
  keys: fc.uniqueArray(fc.tuple(routeKey, fc.nat(), fc.nat(), strings), {
    minLength: 1,
    maxLength: 8,
    selector: ([key]) => canonicalHttpRouteKey(key),
  }),
  integrations: fc.array(integration, { minLength: 1, maxLength: 4 }),
  authorizers: fc.uniqueArray(fc.tuple(text, word, strings), { maxLength: 3, selector: ([name]) => name }),
  cors: fc.option(cors),
  isDisabled: fc.boolean(),
});

function assemble({ name, keys, integrations, authorizers, cors: configuration, isDisabled }: Parts): HttpApi {
  const used = new Set(keys.map(([, place]) => place % integrations.length));
  const corsConfiguration = configuration ?? undefined;
  const api: HttpApi = {
    apiId: "a1b2c3d4e5",
    name,
    protocolType: "HTTP",
    routes: keys.map(([key, place, kind, scopes], index): Route => {
      const authorizer = kind % (authorizers.length + 2);
      const common = { routeId: `r${index}`, routeKey: key, target: `integrations/i${place % integrations.length}` };
      if (authorizer >= 2)
        return {
          ...common,
          authorizationType: "JWT",
          authorizerId: `a${authorizer - 2}`,
          ...(scopes.length === 0 ? {} : { authorizationScopes: scopes }),
        };
      return { ...common, authorizationType: authorizer === 0 ? "NONE" : "AWS_IAM" };
    }),
    integrations: integrations
      .map((one, index) => ({ integrationId: `i${index}`, ...one }))
      .filter((_, i) => used.has(i)),
    authorizers: authorizers.map(([title, issuer, audience], index) => ({
      authorizerId: `a${index}`,
      name: title,
      authorizerType: "JWT",
      identitySource: ["$request.header.Authorization"],
      jwtConfiguration: { issuer: `https://${issuer}.example/`, audience },
    })),
    stages: [],
    ...(corsConfiguration === undefined ? {} : { corsConfiguration }),
    ...(isDisabled ? { disableExecuteApiEndpoint: true } : {}),
  };
  // Plain objects, as files have them.
  return JSON.parse(JSON.stringify(api)) as HttpApi;
}

test("what is exported is imported as the same API, and exported again as the same bytes", () => {
  fc.assert(
    fc.property(parts.map(assemble), (api) => {
      const { document, leftOut } = exportOpenApi(api, { region: "eu-central-1" });
      assert.deepEqual(leftOut, []);
      const imported = importOpenApi("api.json", prettyJson(document), OPTIONS);
      assert.deepEqual(imported.diagnostics, []);
      assert.ok(imported.api !== null);
      assert.deepEqual(canonicalHttpApi(imported.api), canonicalHttpApi(withStableIds(api)));
      const again = exportOpenApi(imported.api, { region: "eu-central-1" });
      const twice = importOpenApi("api.json", prettyJson(again.document), OPTIONS);
      assert.deepEqual(twice.api === null ? null : canonicalHttpApi(twice.api), canonicalHttpApi(imported.api));
      assert.equal(
        prettyJson(exportOpenApi(withStableIds(api), { region: "eu-central-1" }).document),
        prettyJson(again.document),
      );
    }),
    { numRuns: 300 },
  );
});

test("what a document cannot say is listed", () => {
  const settings = { throttlingRateLimit: 1, throttlingBurstLimit: 1 };
  const stage = { stageName: "dev", autoDeploy: true, routeSettings: {} };
  const { leftOut } = exportOpenApi(
    {
      apiId: "a1b2c3d4e5",
      name: "pets",
      protocolType: "HTTP",
      routes: [],
      integrations: [
        {
          integrationId: "spare",
          integrationType: "HTTP_PROXY",
          integrationMethod: "ANY",
          integrationUri: "https://pets.example",
          connectionType: "INTERNET",
          payloadFormatVersion: "1.0",
          timeoutInMillis: 30_000,
          requestParameters: {},
        },
      ],
      authorizers: [],
      stages: [
        { ...stage, defaultRouteSettings: {}, stageVariables: {} },
        {
          ...stage,
          stageName: "prod",
          defaultRouteSettings: settings,
          stageVariables: { host: "x" },
          accessLogSettings: { destinationArn: "arn", format: "$context.requestId" },
        },
      ],
    },
    { region: "eu-central-1" },
  );
  assert.deepEqual(leftOut, [
    "integration spare, which no route uses",
    "stage dev",
    "stage prod",
    "stage variables of prod",
    "throttling and metrics of prod",
    "access log of prod",
  ]);
});
