import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiMapping } from "../../src/model/index.ts";
import { headerOf } from "../gateway/raw-client.ts";
import { type Service, startService } from "../gateway/service.ts";
import { API_HOST, type Fixture, accountOf, apiOf, startAccount, startApi } from "./fixture.ts";

/** Each route's backend path is its key, so that the backend tells which route answered. */
function routesTo(service: Service, keys: readonly string[]): { key: string; uri: string }[] {
  return keys.map((key) => ({ key, uri: `${service.origin}/?route=${encodeURIComponent(key)}` }));
}

async function routeOf(api: Fixture, line: string): Promise<string> {
  const before = api.records.length;
  const { status } = await api.ask(line);
  const { routeKey } = await api.record(before);
  return status === 200 ? (routeKey ?? "") : String(status);
}

test("AWS's worked example: full matches, greedy ones, the rest", async (t) => {
  const service = await startService(t);
  const keys = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"];
  const api = await startApi(t, { routes: routesTo(service, keys) });
  const asked = ["GET /pets/dog/1", "GET /pets/dog/2", "GET /pets/cat/1", "POST /test/5", "GET /"];
  for (const [at, line] of asked.entries()) assert.equal(await routeOf(api, line), keys[at], line);
  assert.equal(await routeOf(api, "PROPFIND /"), "404");
});

test("a method of its own comes before ANY, literals from the left before parameters, and nobody is told 405", async (t) => {
  const service = await startService(t);
  const keys = ["ANY /pets", "GET /pets", "GET /a/{x}/c", "GET /a/b/{y}", "GET /g/{p+}", "GET /g/b/{p+}"];
  const api = await startApi(t, { routes: routesTo(service, keys) });
  const cases = [
    ["GET /pets", "GET /pets"],
    ["POST /pets", "ANY /pets"],
    ["GET /a/b/c", "GET /a/b/{y}"],
    ["GET /a/z/c", "GET /a/{x}/c"],
    ["GET /g/b/c", "GET /g/b/{p+}"],
    ["GET /g", "404"],
    ["HEAD /g/b", "404"],
    ["DELETE /a/b/c", "404"],
  ] as const;
  for (const [line, route] of cases) assert.equal(await routeOf(api, line), route, line);
});

test("which of a greedy method and a more literal greedy path wins is a switch", async (t) => {
  const service = await startService(t);
  const spec = { routes: routesTo(service, ["ANY /a/b/{p+}", "GET /a/{p+}", "GET /a/b/c"]) };
  const method = await startApi(t, spec);
  assert.equal(await routeOf(method, "GET /a/b/d"), "GET /a/{p+}");
  const path = await startApi(t, spec, { switches: { "greedy-order": "path-first" } });
  assert.equal(await routeOf(path, "GET /a/b/d"), "ANY /a/b/{p+}");
  assert.equal(await routeOf(path, "GET /a/b/c"), "GET /a/b/c");
  assert.equal(await routeOf(path, "GET /a/x"), "GET /a/{p+}");
  assert.equal(await routeOf(path, "PUT /a/x"), "404");
});

test("a stage is named by the first segment, which routes do not see and a route cannot take over", async (t) => {
  const service = await startService(t);
  const stages = [{ stageName: "$default" }, { stageName: "dev" }, { stageName: "pets" }];
  const api = await startApi(t, {
    stages,
    routes: [
      { key: "GET /pets/{id}", uri: `${service.origin}/p/{id}` },
      { key: "GET /dog", uri: `${service.origin}/stage-dog` },
      { key: "GET /", uri: `${service.origin}/root` },
    ],
  });
  const cases = [
    ["GET /dev/pets/6", "dev", "GET /pets/{id}", "/p/6"],
    ["GET /pets/dog", "pets", "GET /dog", "/stage-dog"],
    ["GET /dev", "dev", "GET /", "/root"],
    ["GET /dev/", "dev", "GET /", "/root"],
    ["GET /dog", "$default", "GET /dog", "/stage-dog"],
  ] as const;
  for (const [at, [line, stage, routeKey, url]] of cases.entries()) {
    assert.equal((await api.ask(line)).status, 200, line);
    const record = await api.record(at);
    assert.deepEqual([record.stage, record.routeKey, service.seen[at]?.url], [stage, routeKey, url], line);
  }
  assert.equal((await api.ask("GET /pets/pets/6/7")).status, 404);
  assert.equal((await api.ask("GET /%24default/dog")).status, 404);

  const onlyDev = await startApi(t, { stages: [{ stageName: "dev" }], routes: routesTo(service, ["$default"]) });
  assert.equal((await onlyDev.ask("GET /pets")).status, 404);
  assert.equal((await onlyDev.ask("GET /dev/pets")).status, 200);
});

test("whether a trailing slash is part of the path is a switch; the backend gets what was sent", async (t) => {
  const service = await startService(t);
  const spec = {
    routes: [
      { key: "GET /pets", uri: service.origin },
      { key: "GET /x/{p+}", uri: `${service.origin}/{p}` },
    ],
  };
  const distinct = await startApi(t, spec);
  assert.equal((await distinct.ask("GET /pets/")).status, 404);
  const lax = await startApi(t, spec, { switches: { "trailing-slash": "ignore" } });
  assert.equal((await lax.ask("GET /pets/")).status, 200);
  assert.equal((await distinct.ask("GET /x/a/b/")).status, 200);
  assert.equal(service.seen.at(-1)?.url, "/a/b/");
});

test("routes and the backend see one path: dots and repeated slashes are resolved before, or refused", async (t) => {
  const service = await startService(t);
  const spec = {
    routes: [
      { key: "GET /open/{p+}", uri: `${service.origin}/open/{p}` },
      { key: "GET /admin/{p+}", uri: `${service.origin}/admin/{p}` },
      { key: "GET /{p+}", uri: `${service.origin}/rest/{p}` },
    ],
  };
  const api = await startApi(t, spec);
  const cases = [
    ["/open/../admin/x", "/admin/x"],
    ["/open/%2e%2E/admin/x", "/admin/x"],
    ["/open/./a//b", "/open/a/b"],
    ["//admin/x", "/admin/x"],
    ["/../../open/a", "/open/a"],
    ["/open/a/..b/c", "/open/a/..b/c"],
    ["/open/a%20b/%41", "/open/a%20b/%41"],
    ["/%61dmin/x", "/admin/x"],
    ["/.well-known/x", "/rest/.well-known/x"],
  ] as const;
  for (const [sent, url] of cases) {
    assert.equal((await api.ask(`GET ${sent}`)).status, 200, sent);
    assert.equal(service.seen.at(-1)?.url, url, sent);
  }
  const hits = service.hits();
  for (const sent of [
    "/open/%2f..%2fadmin",
    "/open/a%5Cb",
    "/open/%zz",
    "/open/%c0%ae",
    "/open/a\\b",
    "/open/a%00",
    "*",
  ])
    assert.equal((await api.ask(`GET ${sent}`)).status, 400, sent);
  assert.equal((await api.ask("GET http://other.example/open/a")).status, 400);
  assert.equal(service.hits(), hits);

  const strict = await startApi(t, spec, { switches: { "path-spelling": "refuse" } });
  for (const sent of ["/open/../admin/x", "/open//a", "/open/%2e"])
    assert.equal((await strict.ask(`GET ${sent}`)).status, 400, sent);
  const opaque = await startApi(t, spec, { switches: { "encoded-slash": "opaque" } });
  assert.equal((await opaque.ask("GET /open/a%2fb/%5c")).status, 200);
  assert.equal(service.seen.at(-1)?.url, "/open/a%2fb/%5c");
  assert.equal((await opaque.ask("GET /admin%2fx")).status, 200);
  assert.equal(service.seen.at(-1)?.url, "/rest/admin%2fx");
});

test("health paths are the gateway's own until they are given to routes", async (t) => {
  const service = await startService(t);
  const spec = { routes: routesTo(service, ["$default"]) };
  const api = await startApi(t, spec);
  for (const path of ["/ping", "/sping"]) assert.equal((await api.ask(`GET ${path}`)).body, "healthy");
  assert.equal(service.hits(), 0);
  const routed = await startApi(t, spec, { switches: { "health-paths": "routed" } });
  assert.equal((await routed.ask("GET /ping")).body, "ok");
});

test("the longest mapping of a custom domain takes a call by whole segments, and names its stage", async (t) => {
  const service = await startService(t);
  const specOf = (apiId: string): Parameters<typeof apiOf>[0] => ({
    apiId,
    stages: [{ stageName: "dev" }],
    routes: [
      { key: "GET /{p+}", uri: `${service.origin}/${apiId}/{p}` },
      { key: "GET /", uri: `${service.origin}/${apiId}-root` },
    ],
  });
  const account = accountOf([apiOf(specOf("api-a")), apiOf(specOf("api-b")), apiOf(specOf("api-c"))], {
    domainNames: [
      {
        domainName: "api.example.com",
        apiMappings: [
          { apiMappingKey: "", apiId: "api-c", stage: "dev" },
          { apiMappingKey: "orders", apiId: "api-a", stage: "dev" },
          { apiMappingKey: "orders/v1", apiId: "api-b", stage: "dev" },
        ],
      },
      { domainName: "bare.example.com", apiMappings: [{ apiMappingKey: "orders", apiId: "api-a", stage: "dev" }] },
    ],
  });
  const api = await startAccount(t, account);
  const cases = [
    ["/orders/v1/5", "/api-b/5"],
    ["/orders/9", "/api-a/9"],
    ["/x", "/api-c/x"],
    ["/ordersX/1", "/api-c/ordersX/1"],
    ["/orders", "/api-a-root"],
    ["/orders/", "/api-a-root"],
    ["/orders/dev/7", "/api-a/dev/7"],
  ] as const;
  for (const [sent, url] of cases) {
    assert.equal((await api.ask(`GET ${sent}`, { host: "API.example.com:443" })).status, 200, sent);
    assert.equal(service.seen.at(-1)?.url, url, sent);
  }
  assert.equal((await api.ask("GET /zzz", { host: "bare.example.com" })).status, 404);
  assert.equal((await api.ask("POST /orders/1", { host: "bare.example.com" })).status, 404);
});

test("a wildcard domain takes names one label below it that are no domains themselves", async (t) => {
  const service = await startService(t);
  const specOf = (apiId: string): Parameters<typeof apiOf>[0] => ({
    apiId,
    routes: [
      {
        key: "GET /{p+}",
        uri: `${service.origin}/${apiId}/{p}`,
        integration: { requestParameters: { "overwrite:header.x-asked": "$context.domainName" } },
      },
    ],
  });
  const mappingTo = (apiId: string): ApiMapping => ({ apiMappingKey: "", apiId, stage: "$default" });
  const api = await startAccount(
    t,
    accountOf([apiOf(specOf("api-a")), apiOf(specOf("api-b"))], {
      domainNames: [
        { domainName: "*.example.com", apiMappings: [mappingTo("api-a")] },
        { domainName: "own.example.com", apiMappings: [mappingTo("api-b")] },
      ],
    }),
  );
  const cases = [
    ["Shop.example.com:443", "/api-a/x", "shop.example.com"],
    ["own.example.com", "/api-b/x", "own.example.com"],
  ] as const;
  for (const [host, url, name] of cases) {
    assert.equal((await api.ask("GET /x", { host })).status, 200, host);
    const seen = service.seen.at(-1);
    assert.deepEqual([seen?.url, headerOf(seen ?? { headers: [] }, "x-asked")], [url, name]);
  }
  for (const host of ["example.com", "a.b.example.com", "*.example.com", ".example.com", "shop.example.com.evil"])
    assert.equal((await api.ask("GET /x", { host })).status, 403, host);
});

test("a disabled execute-api endpoint does not answer; the custom domain does", async (t) => {
  const service = await startService(t);
  const api = apiOf({ routes: routesTo(service, ["$default"]), more: { disableExecuteApiEndpoint: true } });
  const account = accountOf([api], {
    domainNames: [
      {
        domainName: "api.example.com",
        apiMappings: [{ apiMappingKey: "", apiId: api.apiId, stage: "$default" }],
      },
    ],
  });
  const fixture = await startAccount(t, account);
  assert.equal((await fixture.ask("GET /")).body, '{"message":"Not Found"}');
  assert.equal((await fixture.ask("GET /", { host: "api.example.com" })).status, 200);
  const other = await startAccount(t, account, { switches: { "disabled-endpoint": "403" } });
  const refused = await other.ask("GET /", { host: API_HOST });
  assert.deepEqual([refused.status, refused.body], [403, '{"message":"Forbidden"}']);
  assert.notEqual(headerOf(refused, "apigw-requestid"), null);
});

test("a private integration is sent the path with its stage, a public one its URI and what it names", async (t) => {
  const service = await startService(t);
  const api = await startApi(t, {
    stages: [{ stageName: "$default" }, { stageName: "dev", stageVariables: { base: "v2" } }],
    routes: [
      { key: "GET /private/{p+}", uri: service.origin, integration: { connectionType: "VPC_LINK" } },
      { key: "GET /fixed/{p+}", uri: `${service.origin}/one?own=1` },
    ],
  });
  const cases = [
    ["/dev/private/a?q=1", "/dev/private/a?q=1"],
    ["/private/a", "/private/a"],
    ["/fixed/a/b", "/one?own=1"],
    ["/fixed/a/b?q=2", "/one?own=1&q=2"],
  ] as const;
  for (const [sent, url] of cases) {
    assert.equal((await api.ask(`GET ${sent}`)).status, 200, sent);
    assert.equal(service.seen.at(-1)?.url, url, sent);
  }
});

test("stage variables fill in a URI, a listener's ARN gets an address, and `$default` may append the path", async (t) => {
  const service = await startService(t);
  const arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/lb/1/2";
  const spec = {
    stages: [{ stageName: "$default", stageVariables: { base: "v2" } }],
    routes: [
      { key: "GET /v/{id}", uri: `${service.origin}/\${stageVariables.base}/{id}` },
      { key: "GET /lb/{p+}", uri: arn, integration: { connectionType: "VPC_LINK" as const } },
      { key: "$default", uri: `${service.origin}/base/` },
    ],
  };
  const deps = { backends: { [arn]: service.origin } };
  const api = await startApi(t, spec, deps);
  const appending = await startApi(t, spec, { ...deps, switches: { "fixed-uri": "append-path" } });
  const cases = [
    [api, "/v/7", "/v2/7"],
    [api, "/lb/x", "/lb/x"],
    [api, "/any/thing", "/base/"],
    [appending, "/any/thing", "/base/any/thing"],
  ] as const;
  for (const [gateway, sent, url] of cases) {
    assert.equal((await gateway.ask(`GET ${sent}`)).status, 200, sent);
    assert.equal(service.seen.at(-1)?.url, url, sent);
  }
  await assert.rejects(startApi(t, spec), { code: "GH_GATEWAY_ACCOUNT_UNSUPPORTED" });
});
