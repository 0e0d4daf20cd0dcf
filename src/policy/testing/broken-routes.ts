/** Policies that are broken in their routes. */
import type { BrokenPolicy } from "./shop-policy.ts";

export const BROKEN_ROUTES: readonly BrokenPolicy[] = [
  {
    what: "a method in lower case",
    edit: ["      GET /orders: {", "      get /orders: {"],
    found: ["23:7 route/method: `get` is not a method -> write `GET`"],
  },
  {
    what: "a method that is not known",
    edit: ["      GET /orders: {", "      FETCH /orders: {"],
    found: [
      "23:7 route/method: `FETCH` is not a method -> write one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, ANY",
    ],
  },
  {
    what: "a key without method",
    edit: ["      GET /orders: {", "      /orders: {"],
    found: ["23:7 route/key: `/orders` is not method and path -> write `GET /orders/{id}`"],
  },
  {
    what: "a key with two spaces",
    edit: ["      GET /orders: {", "      GET  /orders: {"],
    found: ["23:7 route/key: `GET  /orders` is not method and path -> write `GET /orders/{id}`"],
  },
  {
    what: "a path without slash",
    edit: ["      GET /orders: {", "      GET orders: {"],
    found: ["23:7 route/key: `GET orders` is not method and path -> write `GET /orders/{id}`"],
  },
  {
    what: "a slash at the end",
    edit: ["      GET /orders: {", "      GET /orders/: {"],
    found: [
      "23:18 route/trailing-slash: the path ends in a slash -> write `/orders`, or `/orders/{rest+}` for what is below",
    ],
  },
  {
    what: "an empty segment",
    edit: ["      GET /orders: {", "      GET /orders//new: {"],
    found: ["23:19 route/path: the path has an empty segment -> write one slash"],
  },
  {
    what: "a partial parameter",
    edit: ["      GET /orders/{id}: {", "      GET /orders/a{id}b: {"],
    found: [
      "24:19 route/parameter: `a{id}b` is not a whole parameter -> write one parameter as the whole segment, `{id}`",
    ],
  },
  {
    what: "a parameter without name",
    edit: ["      GET /orders/{id}: {", "      GET /orders/{}: {"],
    found: ["24:19 route/parameter: `{}` is not a whole parameter -> write one parameter as the whole segment, `{id}`"],
  },
  {
    what: "a parameter called like a prototype",
    edit: ["      GET /orders/{id}: {", "      GET /orders/{__proto__}: {"],
    found: [
      "24:19 route/parameter: `{__proto__}` is not a whole parameter -> write one parameter as the whole segment, `{id}`",
    ],
  },
  {
    what: "a parameter twice",
    edit: ["      GET /orders/{id}: {", "      GET /orders/{id}/{id}: {"],
    found: ["24:24 route/parameter: `{id}` stands twice in the path -> give it another name"],
  },
  {
    what: "a greedy parameter in the middle",
    edit: ["      GET /orders/{id}: {", "      GET /orders/{id+}/items: {"],
    found: ["24:19 route/greedy: `{id+}` is not the last segment -> only the last segment can take the rest"],
  },
  {
    what: "a parameter of another router",
    edit: ["      GET /orders/{id}: {", "      GET /orders/:id: {"],
    found: ["24:19 route/path: `:id` cannot be a segment -> write `{id}`"],
  },
  {
    what: "a wildcard",
    edit: ["      GET /orders/{id}: {", "      GET /orders/*: {"],
    found: [
      "24:19 route/path: `*` cannot be a segment -> write `{name}` for one segment, `{name+}` for the rest of the path",
    ],
  },
  {
    what: "a regular expression as a parameter",
    edit: ["      GET /orders/{id}: {", "      GET /orders/{id:[0-9]+}: {"],
    found: [
      "24:19 route/parameter: `{id:[0-9]+}` is not a whole parameter -> write one parameter as the whole segment, `{id}`",
    ],
  },
  {
    what: "a regular expression as a segment",
    edit: ["      GET /orders/{id}: {", "      GET /orders/[0-9]+: {"],
    found: [
      "24:19 route/path: `[0-9]+` cannot be a segment -> write ASCII letters, digits and - . _ ~ ! $ & ' ( ) + , = : @",
    ],
  },
  {
    what: "an anchored path",
    edit: ["      GET /orders/{id}: {", "      GET ^/orders/.*$: {"],
    found: ["24:7 route/key: `GET ^/orders/.*$` is not method and path -> write `GET /orders/{id}`"],
  },
  {
    what: "a path with a line break",
    edit: ["      GET /orders/{id}: {", '      "GET /orders/\\n{id}": {'],
    found: ["24:7 route/key: `GET /orders/?{id}` is not method and path -> write `GET /orders/{id}`"],
  },
  {
    what: "a path in Hebrew letters",
    edit: ["      GET /orders/{id}: {", "      GET /הזמנות: {"],
    found: [
      "24:12 route/path: `הזמנות` cannot be a segment -> write ASCII letters, digits and - . _ ~ ! $ & ' ( ) + , = : @",
    ],
  },
  {
    what: "a query",
    edit: ["      GET /orders/{id}: {", "      GET /orders/a?b=1: {"],
    found: ["24:19 route/path: `a?b=1` cannot be a segment -> leave out the query; it takes no part in routing"],
  },
  {
    what: "an encoded character",
    edit: ["      GET /orders/{id}: {", "      GET /orders/%41: {"],
    found: [
      "24:19 route/path: `%41` cannot be a segment -> write ASCII letters, digits and - . _ ~ ! $ & ' ( ) + , = : @",
    ],
  },
  {
    what: "a character outside ASCII",
    edit: ["      GET /orders/{id}: {", "      GET /orders/é: {"],
    found: [
      "24:19 route/path: `é` cannot be a segment -> write ASCII letters, digits and - . _ ~ ! $ & ' ( ) + , = : @",
    ],
  },
  {
    what: "dot segments",
    edit: ["      GET /orders/{id}: {", "      GET /orders/../x: {"],
    found: ["24:11 route/path: no request can have this path -> remove segments of dots"],
  },
  {
    what: "a matrix parameter",
    edit: ["      GET /orders/{id}: {", "      GET /orders/a;b: {"],
    found: [
      "24:19 route/path: `a;b` cannot be a segment -> write ASCII letters, digits and - . _ ~ ! $ & ' ( ) + , = : @",
    ],
  },
  {
    what: "the gateway's own path",
    edit: ["      GET /orders/{id}: {", "      GET /_gatehouse/x: {"],
    found: ["24:11 route/reserved: `/_gatehouse` belongs to the gateway -> choose another path"],
  },
  {
    what: "a problem within a key in quotes",
    edit: ["      GET /orders/{id}: {", '      "GET /orders/{id+}/x": {'],
    found: ["24:20 route/greedy: `{id+}` is not the last segment -> only the last segment can take the rest"],
  },
  {
    what: "several problems of one key",
    edit: ["      GET /orders/{id}: {", "      get /orders//{id+}/a{b}: {"],
    found: [
      "24:7 route/method: `get` is not a method -> write `GET`",
      "24:19 route/path: the path has an empty segment -> write one slash",
      "24:20 route/greedy: `{id+}` is not the last segment -> only the last segment can take the rest",
      "24:26 route/parameter: `a{b}` is not a whole parameter -> write one parameter as the whole segment, `{id}`",
    ],
  },
  {
    what: "two keys that differ in parameter names",
    edit: ["      GET /orders/{id}: {", "      GET /orders/{a}: { needs: orders:read }\n      GET /orders/{b}: {"],
    found: [
      "25:7 route/conflict: `GET /orders/{b}` is the same route as `GET /orders/{a}` -> parameter names do not make a difference; keep one of the two, in one service; see 24:7 (first here, in service `orders`)",
    ],
  },
  {
    what: "one key twice",
    edit: ["      GET /orders/{id}: {", "      GET /orders: { needs: orders:read }\n      GET /orders/{id}: {"],
    found: [
      "24:7 parse/duplicate-key: `GET /orders` stands here a second time -> keep one of the two; see 23:7 (first here)",
    ],
  },
  {
    what: "the same route in two services of one exposure",
    edit: [
      "      ANY /{path+}: { needs: backoffice:use }",
      "      ANY /{path+}: { needs: backoffice:use }\n  other: { exposure: public, upstream: http://127.0.0.1:1, routes: { GET /health: { needs: orders:read } } }",
    ],
    found: [
      "32:70 route/conflict: `GET /health` stands in service `orders` too -> keep one of the two, in one service; see 26:7 (first here, in service `orders`)",
    ],
  },
  {
    what: "a pair whose order AWS leaves open",
    edit: ["      GET /health: {", "      ANY /orders/a: { needs: orders:read }\n      GET /health: {"],
    found: [
      "26:7 warning route/order-unconfirmed: `ANY /orders/a` and `GET /orders/{id}` fit the same requests -> `GET /orders/{id}` answers them, because a method counts before the path; name the methods of `ANY /orders/a` to be clear; see 24:7 (the route that answers)",
    ],
  },
  {
    what: "a greedy pair whose order AWS leaves open",
    edit: ["      ANY /{path+}: {", "      ANY /a/b/{path+}: { needs: backoffice:use }\n      GET /a/{path+}: {"],
    found: [
      "31:7 warning route/order-unconfirmed: `ANY /a/b/{path+}` and `GET /a/{path+}` fit the same requests -> `GET /a/{path+}` answers them, because a method counts before the path; name the methods of `ANY /a/b/{path+}` to be clear; see 32:7 (the route that answers)",
    ],
  },
  {
    what: "a pair whose order AWS leaves open and whose paths meet further on",
    edit: [
      "      ANY /{path+}: {",
      "      ANY /a/{x}/{path+}: { needs: backoffice:use }\n      GET /{p}/b/{path+}: { needs: backoffice:use }\n      GET /{p}/c/d: {",
    ],
    found: [
      "31:7 warning route/order-unconfirmed: `ANY /a/{x}/{path+}` and `GET /{p}/b/{path+}` fit the same requests -> `GET /{p}/b/{path+}` answers them, because a method counts before the path; name the methods of `ANY /a/{x}/{path+}` to be clear; see 32:7 (the route that answers)",
    ],
  },
  {
    what: "no pair whose order AWS leaves open where paths do not meet",
    edit: [
      "      ANY /{path+}: {",
      "      ANY /a/{x}/c: { needs: backoffice:use }\n      GET /{p}/b/d: { needs: backoffice:use }\n      GET /a/{x}/{y}/z: {",
    ],
    found: [],
  },
  {
    what: "a pair whose order AWS leaves open and of which one takes the rest further on",
    edit: [
      "      ANY /{path+}: {",
      "      ANY /a/{rest+}: { needs: backoffice:use }\n      GET /{p}/{q}/c/{rest+}: { needs: backoffice:use }\n      GET /{p}/d/e: {",
    ],
    found: [
      "31:7 warning route/order-unconfirmed: `ANY /a/{rest+}` and `GET /{p}/{q}/c/{rest+}` fit the same requests -> `GET /{p}/{q}/c/{rest+}` answers them, because a method counts before the path; name the methods of `ANY /a/{rest+}` to be clear; see 32:7 (the route that answers)",
    ],
  },
  {
    what: "neither needs nor open",
    edit: ["      GET /orders: { needs: orders:read }", "      GET /orders: {}"],
    found: [
      '23:7 route/access: `GET /orders` says neither what it needs nor that it is open -> write `needs: area:action`, or `open: "why everybody may call it"`',
    ],
  },
  {
    what: "needs and open",
    edit: ["      GET /orders: { needs: orders:read }", "      GET /orders: { needs: orders:read, open: all }"],
    found: [
      '23:7 route/access: `GET /orders` cannot need a permission and be open -> write `needs: area:action`, or `open: "why everybody may call it"`',
    ],
  },
  {
    what: "open without reason",
    edit: ['open: "probe, returns no data"', "open: true"],
    found: [
      '26:28 route/access: `open` does not say why everybody may call the route -> write a reason: `open: "load balancer probe, returns no data"`',
    ],
  },
  {
    what: "open with an empty reason",
    edit: ['open: "probe, returns no data"', 'open: " "'],
    found: ["26:28 parse/empty-text: `open` is empty -> write something, or remove the key"],
  },
  {
    what: "a permission as a route's value",
    edit: ["      GET /orders: { needs: orders:read }", "      GET /orders: orders:read"],
    found: [
      "23:20 parse/expected-mapping: a route is a text instead of a mapping -> write a mapping with `needs`, `open`, `authentication`, `throttle`, `timeout`, `body`, `streaming`, `websocket`, `retries`",
    ],
  },
  ...(
    [
      [
        "nothing asked of a sign-in",
        "{}",
        "58 route/authentication: `authentication` asks for nothing -> write `acr: [mfa]`, `max_age: 5 minutes`, or both",
      ],
      [
        "a sign-in that is no mapping",
        "mfa",
        "58 parse/expected-mapping: `authentication` is a text instead of a mapping -> write a mapping with `acr`, `max_age`",
      ],
      [
        "a sign-in with an unknown key",
        "{ amr: [mfa] }",
        "60 parse/unknown-key: `authentication` has no key `amr` -> did you mean `acr`?",
      ],
      ["no value of `acr`", "{ acr: [] }", "65 parse/empty-list: `acr` is empty -> add an entry, or remove the key"],
      [
        "an `acr` with a space",
        "{ acr: [gold silver] }",
        '66 route/authentication: `gold silver` cannot be asked for as `acr` -> write up to 128 visible ASCII characters without spaces, `"` and `\\`',
      ],
      [
        "a pattern as `acr`",
        '{ acr: ["urn:*"] }',
        "66 route/authentication: `urn:*` looks like a pattern, and `acr` is compared whole -> write each value as the provider does",
      ],
      [
        "a `max_age` without a second",
        "{ max_age: 500 ms }",
        "69 parse/range: `max_age` cannot be `500 ms` -> write between 1 second and 30 days",
      ],
      [
        "a `max_age` of more than a month",
        "{ max_age: 31 days }",
        "69 parse/range: `max_age` cannot be `31 days` -> write between 1 second and 30 days",
      ],
    ] as const
  ).map(([what, asked, found]): BrokenPolicy => ({
    what,
    edit: [
      "      GET /orders: { needs: orders:read }",
      `      GET /orders: { needs: orders:read, authentication: ${asked} }`,
    ],
    found: [`23:${found}`],
  })),
  {
    what: "a sign-in that an open route asks for",
    edit: [
      '{ open: "probe, returns no data" }',
      '{ open: "probe, returns no data", authentication: { max_age: 1 minute } }',
    ],
    found: [
      "26:70 route/authentication: an open route asks nobody how they signed in -> remove `authentication`, or write `needs` in place of `open`",
    ],
  },
  {
    what: "a permission without action",
    edit: ["      GET /orders: { needs: orders:read }", "      GET /orders: { needs: orders }"],
    found: [
      "23:29 route/permission: `orders` is not a permission -> write `area:action` in lower case, for example `orders:read`",
    ],
  },
  {
    what: "a pattern as a permission",
    edit: ["      GET /orders: { needs: orders:read }", "      GET /orders: { needs: orders:* }"],
    found: [
      "23:29 route/permission: `orders:*` is not a permission -> a route needs one permission; patterns stand in roles and boundaries",
    ],
  },
  {
    what: "a misspelled key of a route",
    edit: ["needs: orders:write", "need: orders:write"],
    found: ["25:23 parse/unknown-key: a route has no key `need` -> did you mean `needs`?"],
  },
  {
    what: "a throttle without unit",
    edit: ["throttle: 50/second burst 100", "throttle: 50"],
    found: ["25:54 parse/rate: `50` is not a rate -> write `50/second burst 100`; units are second, minute and hour"],
  },
  {
    what: "a throttle without burst number",
    edit: ["throttle: 50/second burst 100", "throttle: 50/second burst"],
    found: [
      "25:54 parse/rate: `50/second burst` is not a rate -> write `50/second burst 100`; units are second, minute and hour",
    ],
  },
  {
    what: "a timeout that is too long",
    edit: ["timeout: 10 seconds", "timeout: 31 seconds"],
    found: ["25:84 parse/range: `timeout` cannot be `31 seconds` -> write between 50 ms and 30 seconds"],
  },
  {
    what: "a timeout that is too short",
    edit: ["timeout: 10 seconds", "timeout: 49 ms"],
    found: ["25:84 parse/range: `timeout` cannot be `49 ms` -> write between 50 ms and 30 seconds"],
  },
  {
    what: "a timeout without unit",
    edit: ["timeout: 10 seconds", "timeout: 10"],
    found: [
      "25:84 parse/duration: `10` is not a duration -> write a whole number and a unit: `10 seconds`, `250 ms`, `30 minutes`",
    ],
  },
  {
    what: "no routes",
    edit: ["    routes:\n      ANY /{path+}: { needs: backoffice:use }", "    routes: {}"],
    found: ["30:13 parse/empty-mapping: `routes` is empty -> write `GET /orders: { needs: orders:read }`"],
  },
  {
    what: "routes as a list",
    edit: ["    routes:\n      ANY /{path+}: { needs: backoffice:use }", "    routes: [GET /a]"],
    found: [
      "30:13 parse/expected-mapping: `routes` is not a mapping of route keys -> write `GET /orders: { needs: orders:read }`",
    ],
  },
];
