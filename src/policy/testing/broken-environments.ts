/**
 * Policies that are broken in what environments say differently, in issuers of workloads and in CORS.
 * Long because: one table of cases, each of which is read by itself.
 */
import type { BrokenWhole } from "./whole-policy.ts";

export const BROKEN_ENVIRONMENTS: readonly BrokenWhole[] = [
  {
    what: "a domain of two environments",
    edit: ["domain: stage.shop.example", "domain: api.shop.example"],
    found: [
      "23:13 environment/domain: `api.shop.example` is the domain of environment `stage` too -> write a host name that leads to environment `prod` alone; see 19:13 (first here)",
    ],
  },
  {
    what: "an override of a route that does not exist",
    edit: ["GET /orders/{customer}/items: { throttle", "GET /orders/{customer}/item: { throttle"],
    found: [
      "34:7 reference/route: there is no route `GET /orders/{customer}/item` -> did you mean `GET /orders/{customer}/items`?",
    ],
  },
  {
    what: "an override of a route without its base path",
    edit: ["GET /orders/{customer}/items: { throttle", "GET /{customer}/items: { throttle"],
    found: [
      "34:7 reference/route: there is no route `GET /{customer}/items` -> write it with its base path: `GET /orders/{customer}/items`",
    ],
  },
  {
    what: "an override of a route by another name of its parameter",
    edit: ["GET /orders/{customer}/items: { throttle", "GET /orders/{id}/items: { throttle"],
    found: [
      "34:7 reference/route: there is no route `GET /orders/{id}/items` -> did you mean `GET /orders/{customer}/items`?",
    ],
  },
  {
    what: "an override of what routes need",
    edit: ["{ throttle: 5/second, timeout", "{ needs: items:all, timeout"],
    found: [
      "34:39 parse/unknown-key: route `GET /orders/{customer}/items` has no key `needs` -> `needs` is the same in every environment",
    ],
  },
  {
    what: "an override of a route as a text",
    edit: ["{ throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }", "5/second"],
    found: [
      "34:37 parse/expected-mapping: route `GET /orders/{customer}/items` is a text instead of a mapping -> write a mapping with `throttle`, `timeout`, `body`, `retries`",
    ],
  },
  {
    what: "overrides of no route",
    edit: [
      "    routes:\n      GET /orders/{customer}/items: { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }\n",
      "    routes: {}\n",
    ],
    found: ["33:13 parse/empty-mapping: `routes` is empty -> add `GET /orders: { timeout: 5 seconds }`, or remove it"],
  },
  {
    what: "overrides of routes as a list",
    edit: [
      "    routes:\n      GET /orders/{customer}/items: { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }\n",
      "    routes: [GET /orders]\n",
    ],
    found: [
      "33:13 parse/expected-mapping: `routes` is not a mapping -> add `GET /orders: { timeout: 5 seconds }`, or remove it",
    ],
  },
  {
    what: "overrides of routes that are empty",
    edit: [
      "    routes:\n      GET /orders/{customer}/items: { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }\n",
      "    routes:\n",
    ],
    found: ["33:5 parse/empty-mapping: `routes` is empty -> add `GET /orders: { timeout: 5 seconds }`, or remove it"],
  },
  {
    what: "an override of a role that does not exist",
    edit: ["support: { members: { groups: [prod", "suport: { members: { groups: [prod"],
    found: ["36:7 reference/role: there is no role `suport` -> did you mean `support`?"],
  },
  {
    what: "an override of what a role can",
    edit: ["when: { amr: [mfa] } }\ncors", "can: [items:*] }\ncors"],
    found: ["36:55 parse/unknown-key: role `support` has no key `can` -> `can` is the same in every environment"],
  },
  {
    what: "an override of a role as a list",
    edit: ["{ members: { groups: [prod-support] }, when: { amr: [mfa] } }", "[prod-support]"],
    found: [
      "36:16 parse/expected-mapping: role `support` is a list instead of a mapping -> write a mapping with `members`, `when`",
    ],
  },
  {
    what: "overrides of no role",
    edit: [
      "    roles:\n      support: { members: { groups: [prod-support] }, when: { amr: [mfa] } }\n",
      "    roles: {}\n",
    ],
    found: [
      "35:12 parse/empty-mapping: `roles` is empty -> add `support: { members: { groups: [support] } }`, or remove it",
    ],
  },
  {
    what: "overrides of roles as a text",
    edit: [
      "    roles:\n      support: { members: { groups: [prod-support] }, when: { amr: [mfa] } }\n",
      "    roles: support\n",
    ],
    found: [
      "35:12 parse/expected-mapping: `roles` is not a mapping -> add `support: { members: { groups: [support] } }`, or remove it",
    ],
  },
  {
    what: "an audience in an environment that is a list",
    edit: ["audience: shop-api-prod", "audience: [shop-api-prod]"],
    found: ["28:15 parse/expected-text: `audience` is a list instead of a text -> write a text"],
  },
  {
    what: "sign-in in an environment with a literal secret",
    edit: ["login: { client_id: edge-prod }", "login: { client_id: edge-prod, client_secret: hunter2hunter2 }"],
    found: [
      "30:51 identity/literal-secret: `client_secret` does not name a secret -> write `secret:NAME`, give NAME a schedule under `secrets`, and keep the value outside of the policy",
    ],
  },
  {
    what: "sign-in in an environment whose secret has no schedule",
    edit: ["login: { client_id: edge-prod }", "login: { client_id: edge-prod, client_secret: secret:prod-client }"],
    found: [
      "30:51 reference/secret: secret `prod-client` has no schedule -> add `prod-client: { rotate: 90 days, overlap: 1 day }` under `secrets`",
    ],
  },
  {
    what: "a throttle in an environment of an unknown kind",
    edit: [
      "throttle: { default: 500/second, per_identity: 10/second }",
      "throttle: { default: 500/second, per_client: 10/second }",
    ],
    found: ["31:38 parse/unknown-key: `throttle` has no key `per_client` -> known are `default`, `per_identity`"],
  },
  {
    what: "routes where an environment has none",
    edit: ["    audience: shop-api-prod", "    services: {}\n    audience: shop-api-prod"],
    found: [
      "28:5 parse/unknown-key: environment `prod` has no key `services` -> known are `domain`, `identity`, `certificates`, `gateway`, `private_network`, `state`, `audience`, `issuers`, `login`, `throttle`, `cors`, `routes`, `roles`",
    ],
  },
  {
    what: "an environment that trusts an issuer that does not exist",
    edit: ["issuers: [ci]", "issuers: [cj]"],
    found: ["29:15 reference/issuer: there is no workload issuer `cj` -> did you mean `ci`?"],
  },
  {
    what: "an environment that trusts an issuer by its address",
    edit: ["issuers: [ci]", 'issuers: ["https://ci.shop.example"]'],
    found: ["29:15 reference/issuer: there is no workload issuer `https://ci.shop.example` -> known are `ci`"],
  },
  {
    what: "an environment that trusts an issuer as a text",
    edit: ["issuers: [ci]", "issuers: ci"],
    found: ["29:14 parse/expected-list: `issuers` is a text instead of a list -> write a list `[ci]`"],
  },
  {
    what: "an environment that trusts an issuer twice",
    edit: ["issuers: [ci]", "issuers: [ci, ci]"],
    found: [
      "29:19 warning parse/duplicate-entry: `ci` stands twice in `issuers` -> remove one of them; see 29:15 (first here)",
    ],
  },
  {
    what: "an environment that describes an issuer",
    edit: ["issuers: [ci]", 'issuers: { ci: { issuer: "https://ci.shop.example" } }'],
    found: ["29:14 parse/expected-list: `issuers` is a mapping instead of a list -> write a list"],
  },
  {
    what: "an issuer of workloads without an address",
    edit: ['ci: { issuer: "https://ci.shop.example", audience', "ci: { audience"],
    found: ["9:5 parse/missing-key: issuer `ci` lacks `issuer` -> add `issuer: https://ci.example.org`"],
  },
  {
    what: "an issuer of workloads over plain http",
    edit: ['"https://ci.shop.example"', '"http://ci.shop.example"'],
    found: [
      "9:19 identity/issuer: `http://ci.shop.example` is not reached over https -> write `https://ci.shop.example`",
    ],
  },
  {
    what: "an issuer of workloads that is a text",
    edit: [
      'ci: { issuer: "https://ci.shop.example", audience: shop-ci, claims: { groups: groups, name: repository }, tokens: { proof: [dpop], require_proof: true, profile: rfc9068 }, login: { client_id: edge-ci, client_secret: secret:login-client, scopes: [openid], title: CI people } }',
      "ci: https://ci.shop.example",
    ],
    found: [
      "9:9 parse/expected-mapping: issuer `ci` is a text instead of a mapping -> write a mapping with `issuer`, `audience`, `claims`, `tokens`, `login`",
    ],
  },
  {
    what: "an issuer of workloads with a name in upper case",
    edit: ['ci: { issuer: "https', 'CI: { issuer: "https'],
    found: [
      "9:5 parse/name: `CI` is not a name for an issuer -> lower-case letters, digits and single hyphens, at most 48: `ci`",
      "29:15 reference/issuer: there is no workload issuer `ci` -> did you mean `CI`?",
      "56:71 reference/issuer: there is no workload issuer `ci` -> did you mean `CI`?",
    ],
  },
  {
    what: "a session of one issuer's people",
    edit: ["scopes: [openid], title: CI people", "session: { idle: 1 hour }"],
    found: [
      "9:242 parse/unknown-key: `login` has no key `session` -> known are `client_id`, `client_secret`, `scopes`, `title`",
    ],
  },
  {
    what: "a secret written into an issuer's login",
    edit: ["client_id: edge-ci, client_secret: secret:login-client", "client_id: edge-ci, client_secret: hunter2"],
    found: [
      "9:221 identity/literal-secret: `client_secret` does not name a secret -> write `secret:NAME`, give NAME a schedule under `secrets`, and keep the value outside of the policy",
    ],
  },
  {
    what: "an issuer's login without a client",
    edit: ["client_id: edge-ci, ", ""],
    found: ["9:177 parse/missing-key: `login` lacks `client_id` -> add `client_id: my-edge`"],
  },
  {
    what: "an issuer of workloads that is the policy's",
    edit: ['"https://ci.shop.example"', '"https://login.shop.example"'],
    found: [
      "9:19 identity/issuer-twice: issuer `ci` is the same as that of environment `prod` -> remove it, and use members without `issuer`, or write its own address",
    ],
  },
  {
    what: "an issuer of workloads that is the one of an environment",
    edit: ['"https://ci.shop.example"', '"https://stage-login.shop.example"'],
    found: [
      "9:19 identity/issuer-twice: issuer `ci` is the same as that of environment `stage` -> remove it, and use members without `issuer`, or write its own address",
    ],
  },
  {
    what: "two issuers of workloads with one address",
    edit: ['ci: { issuer: "https', 'cd: { issuer: "https://ci.shop.example" }\n    ci: { issuer: "https'],
    found: [
      "10:19 identity/issuer-twice: issuer `ci` is the same as that of `cd` -> remove it, and use members without `issuer`, or write its own address",
    ],
  },
  {
    what: "issuers as a list",
    edit: ["issuers:\n    ci: {", "issuers:\n    - ci: {"],
    found: ["9:5 parse/expected-mapping: `issuers` is a list instead of a mapping -> write a mapping of issuer names"],
  },
  {
    what: "a claim of an issuer that is a number",
    edit: ["name: repository }", "name: 7 }"],
    found: ["9:97 parse/expected-text: `name` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "no origin for CORS",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      "cors: { methods: [GET] }",
    ],
    found: ['37:1 parse/missing-key: `cors` lacks `origins` -> add `origins: ["https://app.example.org"]`'],
  },
  {
    what: "an empty list of origins",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      "cors: { origins: [] }",
    ],
    found: ["37:18 parse/empty-list: `origins` is empty -> add an entry, or remove the key"],
  },
  {
    what: "an origin with a path",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example/"] }',
    ],
    found: ["37:19 cors/origin: `https://app.shop.example/` is not an origin -> write `https://app.shop.example`"],
  },
  {
    what: "an origin with the port that is the default",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example:443"] }',
    ],
    found: ["37:19 cors/origin: `https://app.shop.example:443` is not an origin -> write `https://app.shop.example`"],
  },
  {
    what: "an origin in upper case",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://App.shop.example"] }',
    ],
    found: ["37:19 cors/origin: `https://App.shop.example` is not an origin -> write `https://app.shop.example`"],
  },
  {
    what: "an origin without scheme",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      "cors: { origins: [app.shop.example] }",
    ],
    found: [
      "37:19 cors/origin: `app.shop.example` is not an origin -> write scheme, host and port as browsers do: `https://app.example.org`",
    ],
  },
  {
    what: "an origin with a wildcard",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://*.shop.example"] }',
    ],
    found: ["37:19 cors/origin: `https://*.shop.example` is not an origin -> name each origin; patterns are not taken"],
  },
  {
    what: "an origin that is a regular expression",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["^https://.+\\\\.shop\\\\.example$"] }',
    ],
    found: [
      "37:19 cors/origin: `^https://.+\\.shop\\.example$` is not an origin -> write scheme, host and port as browsers do: `https://app.example.org`",
    ],
  },
  {
    what: "the origin of pages without one",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["null"] }',
    ],
    found: [
      "37:19 cors/origin: `null` is not an origin -> pages without an origin of their own cannot be told apart; serve them from an origin",
    ],
  },
  {
    what: "an origin with credentials",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://me:pw@app.shop.example"] }',
    ],
    found: ["37:19 cors/origin: an origin holds credentials -> leave user and password out"],
  },
  {
    what: "every origin beside others",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["*", "https://app.shop.example"] }',
    ],
    found: ["37:19 cors/origin: `*` stands beside others -> write `*` alone, or name each origin"],
  },
  {
    what: "every origin with credentials",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["*"], credentials: true }',
    ],
    found: ["37:19 cors/origin: `*` cannot be had with `credentials` -> name each origin"],
  },
  {
    what: "origins as a text",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: "https://app.shop.example" }',
    ],
    found: [
      "37:18 parse/expected-list: `origins` is a text instead of a list -> write a list `[https://app.shop.example]`",
    ],
  },
  {
    what: "a method in lower case",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], methods: [get] }',
    ],
    found: ["37:58 route/method: `get` is not a method -> write `GET`"],
  },
  {
    what: "a method that is not known",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], methods: [TRACE] }',
    ],
    found: [
      "37:58 route/method: `TRACE` is not a method -> write one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, or `*`",
    ],
  },
  {
    what: "the method of routes for any",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], methods: [ANY] }',
    ],
    found: [
      "37:58 route/method: `ANY` is not a method -> write one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, or `*`",
    ],
  },
  {
    what: "every method with credentials",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], methods: ["*"], credentials: true }',
    ],
    found: ["37:58 cors/credentials: beside `credentials` browsers take `*` for a name -> name each one"],
  },
  {
    what: "every header with credentials",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], headers: ["*"], expose_headers: ["*"], credentials: true }',
    ],
    found: [
      "37:58 cors/credentials: beside `credentials` browsers take `*` for a name -> name each one",
      "37:81 cors/credentials: beside `credentials` browsers take `*` for a name -> name each one",
    ],
  },
  {
    what: "a header in upper case",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], headers: [Content-Type] }',
    ],
    found: ["37:58 cors/header: `Content-Type` is not how a header is written -> write `content-type`"],
  },
  {
    what: "a header that is no name",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], headers: ["x y"] }',
    ],
    found: [
      "37:58 cors/header: `x y` is not how a header is written -> write a header's name: letters, digits and hyphens",
    ],
  },
  {
    what: "a header that browsers send by themselves",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], headers: [cookie, sec-fetch-mode] }',
    ],
    found: [
      "37:58 cors/header: `cookie` is never sent at a page's wish -> remove it; cookies are sent with `credentials: true`",
      "37:66 cors/header: `sec-fetch-mode` is never sent at a page's wish -> remove it",
    ],
  },
  {
    what: "a header that browsers never show",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], expose_headers: [set-cookie] }',
    ],
    found: ["37:65 cors/header: `set-cookie` is never shown to pages -> remove it"],
  },
  {
    what: "a header twice",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], headers: [x-a, x-a] }',
    ],
    found: [
      "37:63 warning parse/duplicate-entry: `x-a` stands twice in `headers` -> remove one of them; see 37:58 (first here)",
    ],
  },
  {
    what: "preflights that are remembered too long",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], max_age: 2 days }',
    ],
    found: ["37:57 parse/range: `max_age` cannot be `2 days` -> write at most 1 day"],
  },
  {
    what: "preflights that are remembered without unit",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], max_age: 600 }',
    ],
    found: [
      "37:57 parse/duration: `600` is not a duration -> write a whole number and a unit: `600 seconds`, `250 ms`, `30 minutes`",
    ],
  },
  {
    what: "credentials as a text",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origins: ["https://app.shop.example"], credentials: include }',
    ],
    found: [
      "37:61 parse/expected-boolean: `credentials` is a text instead of `true` or `false` -> write `true` or `false`",
    ],
  },
  {
    what: "an unknown key of CORS",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: { origin: "https://app.shop.example" }',
    ],
    found: ["37:9 parse/unknown-key: `cors` has no key `origin` -> did you mean `origins`?"],
  },
  {
    what: "CORS as a list",
    edit: [
      'cors: { origins: ["https://app.shop.example"], methods: [GET, POST], headers: [content-type], expose_headers: [x-total], max_age: 10 minutes, credentials: true }',
      'cors: ["https://app.shop.example"]',
    ],
    found: [
      "37:7 parse/expected-mapping: `cors` is a list instead of a mapping -> write a mapping with `origins`, `methods`, `headers`, `expose_headers`, `max_age`, `credentials`",
    ],
  },
  {
    what: "a broken origin in an environment",
    edit: ['cors: { origins: ["https://app.shop.example"] }', 'cors: { origins: ["app.shop.example"] }'],
    found: [
      "32:23 cors/origin: `app.shop.example` is not an origin -> write scheme, host and port as browsers do: `https://app.example.org`",
    ],
  },
];
