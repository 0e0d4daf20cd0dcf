/**
 * Policies that are broken in hosts, base paths and header rules of services.
 * Long because: one table of cases, each of which is read by itself.
 */
import type { BrokenWhole } from "./whole-policy.ts";

export const BROKEN_SERVICES: readonly BrokenWhole[] = [
  {
    what: "a host in upper case",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: Orders.shop.example"],
    found: ["42:11 service/host: `Orders.shop.example` is not a host name -> write `orders.shop.example`"],
  },
  {
    what: "a host with a port",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: orders.shop.example:8443"],
    found: ["42:11 service/host: `orders.shop.example:8443` is not a host name -> write `orders.shop.example`"],
  },
  {
    what: "a host that is an address",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: 10.0.0.1"],
    found: [
      "42:11 service/host: `10.0.0.1` is not a host name -> write a host name in lower case, without scheme and port",
    ],
  },
  {
    what: "a host with a wildcard",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", 'host: "*.shop.example"'],
    found: ["42:11 service/host: `*.shop.example` is not a host name -> name each host; wildcards are not taken"],
  },
  {
    what: "a host for an environment that does not exist",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: { prd: orders.shop.example }"],
    found: ["42:13 reference/environment: there is no environment `prd` -> did you mean `prod`?"],
  },
  {
    what: "a host as a list",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: [orders.shop.example]"],
    found: ["42:11 parse/expected-text: `host` is a list instead of a text -> write a text"],
  },
  {
    what: "a host that is empty",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: { prod: }"],
    found: ["42:13 parse/expected-text: `host` is empty instead of a text -> write a text"],
  },
  {
    what: "a host that is the domain of another environment",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: { stage: api.shop.example }"],
    found: [
      "42:20 service/host: `api.shop.example` is the domain of environment `prod`, and would be the host in `stage` -> remove it, as services answer for the domain of each environment anyway, or write another host name; see 23:13 (the domain)",
    ],
  },
  {
    what: "one host for all environments that is the domain of one",
    edit: ["host: { local: orders.localhost, prod: orders.shop.example }", "host: api.shop.example"],
    found: [
      "42:11 service/host: `api.shop.example` is the domain of environment `prod`, and would be the host in `local` -> remove it, as services answer for the domain of each environment anyway, or write another host name; see 23:13 (the domain)",
    ],
  },
  {
    what: "a host of an included file that is the domain of an environment",
    file: "teams/events.yaml",
    edit: ["host: events.shop.example", "host: stage.shop.example"],
    found: [
      "teams/events.yaml:6:11 service/host: `stage.shop.example` is the domain of environment `stage`, and would be the host in `local` -> remove it, as services answer for the domain of each environment anyway, or write another host name; see 19:13 (the domain)",
    ],
  },
  {
    what: "a base path without slash",
    edit: ["    base_path: /orders\n", "    base_path: orders\n"],
    found: ["43:16 service/base-path: `orders` cannot stand in front of every path -> write `/orders`"],
  },
  {
    what: "a base path with a slash at the end",
    edit: ["    base_path: /orders\n", "    base_path: /orders/\n"],
    found: ["43:16 service/base-path: `/orders/` cannot stand in front of every path -> write `/orders`"],
  },
  {
    what: "a base path that is a slash",
    edit: ["    base_path: /orders\n", "    base_path: /\n"],
    found: [
      "43:16 service/base-path: `/` cannot stand in front of every path -> remove it; without a base path routes begin at `/`",
    ],
  },
  {
    what: "a base path with a parameter",
    edit: ["    base_path: /orders\n", "    base_path: /orders/{tenant}\n"],
    found: [
      "43:16 service/base-path: `/orders/{tenant}` cannot stand in front of every path -> write literal segments without a slash at the end, for example `/orders`",
    ],
  },
  {
    what: "a base path that is the gateway's",
    edit: ["    base_path: /orders\n", "    base_path: /_gatehouse\n"],
    found: ["43:16 service/base-path: `/_gatehouse` belongs to the gateway -> choose another path"],
  },
  {
    what: "a base path below the gateway's",
    edit: ["    base_path: /orders\n", "    base_path: /_gatehouse/orders\n"],
    found: ["43:16 service/base-path: `/_gatehouse` belongs to the gateway -> choose another path"],
  },
  {
    what: "a base path with an empty segment",
    edit: ["    base_path: /orders\n", "    base_path: /orders//v1\n"],
    found: [
      "43:16 service/base-path: `/orders//v1` cannot stand in front of every path -> write literal segments without a slash at the end, for example `/orders`",
    ],
  },
  {
    what: "a base path with dot segments",
    edit: ["    base_path: /orders\n", "    base_path: /orders/../x\n"],
    found: [
      "43:16 service/base-path: `/orders/../x` cannot stand in front of every path -> write literal segments without a slash at the end, for example `/orders`",
    ],
  },
  {
    what: "a base path that ends in a dot",
    edit: ["    base_path: /orders\n", "    base_path: /orders.\n"],
    found: [
      "43:16 service/base-path: `/orders.` cannot stand in front of every path -> write literal segments without a slash at the end, for example `/orders`",
    ],
  },
  {
    what: "a base path with an encoded slash",
    edit: ["    base_path: /orders\n", "    base_path: /orders%2Fv1\n"],
    found: [
      "43:16 service/base-path: `/orders%2Fv1` cannot stand in front of every path -> write literal segments without a slash at the end, for example `/orders`",
    ],
  },
  {
    what: "a base path with a query",
    edit: ["    base_path: /orders\n", "    base_path: /orders?v=1\n"],
    found: [
      "43:16 service/base-path: `/orders?v=1` cannot stand in front of every path -> write literal segments without a slash at the end, for example `/orders`",
    ],
  },
  {
    what: "a base path with a wildcard",
    edit: ["    base_path: /orders\n", "    base_path: /orders/*\n"],
    found: [
      "43:16 service/base-path: `/orders/*` cannot stand in front of every path -> write literal segments without a slash at the end, for example `/orders`",
    ],
  },
  {
    what: "a base path that is a number",
    edit: ["    base_path: /orders\n", "    base_path: 1\n"],
    found: ["43:16 parse/expected-text: `base_path` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "routes that are the same behind their base paths",
    file: "teams/events.yaml",
    edit: [
      "  events:\n    exposure: private\n    host: events.shop.example\n    upstream: http://127.0.0.1:4002\n    routes:\n",
      "  events:\n    exposure: public\n    host: { local: orders.localhost }\n    upstream: http://127.0.0.1:4002\n    routes:\n      GET /orders/health: { needs: events:read }\n",
    ],
    found: [
      "teams/events.yaml:9:7 route/conflict: `GET /orders/health` stands in service `orders` too -> keep one of the two, in one service; see 53:7 (first here, in service `orders`)",
    ],
  },
  {
    what: "a header that is set in upper case",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { X-From: edge } }"],
    found: ["48:25 service/header: `X-From` is not how a header is written -> write `x-from`"],
  },
  {
    what: "a header that is set to nothing",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", 'request: { set: { x-from: "" } }'],
    found: ["48:33 parse/empty-text: the value of `x-from` is empty -> write something, or remove the key"],
  },
  {
    what: "a header that is set to a number",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-from: 1 } }"],
    found: [
      "48:33 parse/expected-text: the value of `x-from` is a number instead of a text -> put the value in quotes",
    ],
  },
  {
    what: "a header that is set to two lines",
    edit: [
      "request: { set: { x-from: edge }, remove: [x-debug] }",
      'request: { set: { x-from: "a\\r\\nx-admin: 1" } }',
    ],
    found: [
      "48:33 parse/text: the value of `x-from` holds the invisible character U+000D -> remove it; between double quotes a `\\` is written `\\\\`",
    ],
  },
  {
    what: "a header that is set beyond ASCII",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-from: zürich } }"],
    found: [
      "48:33 service/header-value: the value of `x-from` is not visible ASCII -> write the value as it goes over the wire",
    ],
  },
  {
    what: "a header that is set with blanks around",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", 'request: { set: { x-from: " a " } }'],
    found: [
      "48:33 service/header-value: the value of `x-from` has blanks around it -> write the value as it goes over the wire",
    ],
  },
  {
    what: "headers that are set as a list",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: [x-from] }"],
    found: [
      "48:23 parse/expected-mapping: `set` is not a mapping of header names to values -> write for example `{ cache-control: no-store }`",
    ],
  },
  {
    what: "headers that are removed as a text",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: x-debug }"],
    found: ["48:26 parse/expected-list: `remove` is a text instead of a list -> write a list `[x-debug]`"],
  },
  {
    what: "a header that is set and removed",
    edit: [
      "request: { set: { x-from: edge }, remove: [x-debug] }",
      "request: { set: { x-from: edge }, remove: [x-from] }",
    ],
    found: [
      "48:50 service/header-twice: `x-from` is removed by a rule, and set by a rule -> remove it here; what is set replaces every other value; see 48:25 (set by a rule here)",
    ],
  },
  {
    what: "a header that is removed twice",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: [x-debug, x-debug] }"],
    found: [
      "48:36 warning parse/duplicate-entry: `x-debug` stands twice in `remove` -> remove one of them; see 48:27 (first here)",
    ],
  },
  {
    what: "a rule of an unknown kind",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { add: { x-from: edge } }"],
    found: ["48:18 parse/unknown-key: `request` has no key `add` -> known are `set`, `remove`"],
  },
  {
    what: "a header that is kept and set by a rule",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-tenant: one } }"],
    found: [
      "48:25 service/header-twice: `x-tenant` is set by a rule, and kept from the client -> remove it from one of the two; see 46:14 (kept from the client here)",
    ],
  },
  {
    what: "a header that is kept and removed by a rule",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: [x-tenant] }"],
    found: [
      "48:27 service/header-twice: `x-tenant` is removed by a rule, and kept from the client -> remove it from one of the two; see 46:14 (kept from the client here)",
    ],
  },
  {
    what: "a header that carries identity and is set by a rule",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-user: root } }"],
    found: [
      "48:25 service/header-twice: `x-user` is set by a rule, and set by the gateway -> remove it from one of the two; see 47:19 (set by the gateway here)",
    ],
  },
  {
    what: "a header that carries identity and is removed by a rule",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: [x-user] }"],
    found: [
      "48:27 service/header-twice: `x-user` is removed by a rule, and set by the gateway -> remove it from one of the two; see 47:19 (set by the gateway here)",
    ],
  },
  {
    what: "an identity header that is set for the service",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-gatehouse-subject: root } }"],
    found: [
      "48:25 service/header-reserved: `x-gatehouse-subject` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "an identity header that is removed",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: [x-gatehouse-assertion] }"],
    found: [
      "48:27 service/header-reserved: `x-gatehouse-assertion` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "the gateway's own prefix",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-gh-role: admin } }"],
    found: [
      "48:25 service/header-reserved: `x-gh-role` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "a forwarded address that is set",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-forwarded-for: 10.0.0.1 } }"],
    found: [
      "48:25 service/header-reserved: `x-forwarded-for` is what services believe about a request -> remove it; the gateway says where a request comes from in `x-forwarded-for`, `-host` and `-proto`",
    ],
  },
  {
    what: "a forwarded header of another name that is set",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-forwarded-client-cert: x } }"],
    found: [
      "48:25 service/header-reserved: `x-forwarded-client-cert` is what services believe about a request -> remove it; the gateway says where a request comes from in `x-forwarded-for`, `-host` and `-proto`",
    ],
  },
  {
    what: "a forwarded header that is removed",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: [forwarded] }"],
    found: [
      "48:27 service/header-reserved: `forwarded` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "an address that services believe",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { x-real-ip: 10.0.0.1 } }"],
    found: [
      "48:25 service/header-reserved: `x-real-ip` is what services believe about a request -> remove it; the gateway says where a request comes from in `x-forwarded-for`, `-host` and `-proto`",
    ],
  },
  {
    what: "a method that services believe",
    edit: [
      "request: { set: { x-from: edge }, remove: [x-debug] }",
      "request: { set: { x-http-method-override: DELETE } }",
    ],
    found: [
      "48:25 service/header-reserved: `x-http-method-override` is what services believe about a request -> remove it; the gateway takes it out of every request",
    ],
  },
  {
    what: "a header that CGI takes for a proxy",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", 'request: { set: { proxy: "http://10.0.0.1" } }'],
    found: [
      "48:25 service/header-reserved: `proxy` is what services believe about a request -> remove it; the gateway takes it out of every request",
    ],
  },
  {
    what: "the host",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { host: other.example } }"],
    found: [
      "48:25 service/header-reserved: `host` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "a header of one hop in a request",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { connection: close } }"],
    found: [
      "48:25 service/header-reserved: `connection` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "the framing of a request",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", 'request: { set: { content-length: "0" } }'],
    found: [
      "48:25 service/header-reserved: `content-length` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "the coding of a request",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: [transfer-encoding] }"],
    found: [
      "48:27 service/header-reserved: `transfer-encoding` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "a cookie for the service",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { cookie: a=b } }"],
    found: ["48:25 service/header-reserved: `cookie` is not for a header rule -> remove it; only the client says it"],
  },
  {
    what: "the type of a request's body",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { content-type: text/plain } }"],
    found: [
      "48:25 service/header-reserved: `content-type` is not for a header rule -> remove it; only the client says it",
    ],
  },
  {
    what: "the request id",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { remove: [x-request-id] }"],
    found: [
      "48:27 service/header-reserved: `x-request-id` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "the trace",
    edit: ["request: { set: { x-from: edge }, remove: [x-debug] }", "request: { set: { traceparent: x } }"],
    found: [
      "48:25 service/header-reserved: `traceparent` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "an identity header in an answer",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { set: { x-gatehouse-subject: root } }",
    ],
    found: [
      "49:26 service/header-reserved: `x-gatehouse-subject` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "a forwarded header in an answer",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { set: { x-forwarded-proto: https } }",
    ],
    found: [
      "49:26 service/header-reserved: `x-forwarded-proto` is what services believe about a request -> remove it; the gateway says where a request comes from in `x-forwarded-for`, `-host` and `-proto`",
    ],
  },
  {
    what: "a header of one hop in an answer",
    edit: ["response: { set: { cache-control: no-store }, remove: [server] }", "response: { remove: [keep-alive] }"],
    found: [
      "49:28 service/header-reserved: `keep-alive` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "the framing of an answer",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { set: { transfer-encoding: chunked } }",
    ],
    found: [
      "49:26 service/header-reserved: `transfer-encoding` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "the length of an answer",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { remove: [content-length] }",
    ],
    found: [
      "49:28 service/header-reserved: `content-length` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "a cookie in an answer",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { set: { set-cookie: a=b } }",
    ],
    found: [
      "49:26 service/header-reserved: `set-cookie` is not for a header rule -> remove it; only the service says it",
    ],
  },
  {
    what: "the type of an answer's body",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { remove: [content-encoding] }",
    ],
    found: [
      "49:28 service/header-reserved: `content-encoding` is not for a header rule -> remove it; only the service says it",
    ],
  },
  {
    what: "the request id of an answer",
    edit: ["response: { set: { cache-control: no-store }, remove: [server] }", "response: { remove: [x-request-id] }"],
    found: [
      "49:28 service/header-reserved: `x-request-id` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "the gateway's id of an answer",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { remove: [apigw-requestid] }",
    ],
    found: [
      "49:28 service/header-reserved: `apigw-requestid` is not for a header rule -> remove it; the gateway sets it on every answer",
    ],
  },
  {
    what: "CORS by hand",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      'response: { set: { access-control-allow-origin: "*" } }',
    ],
    found: [
      "49:26 service/header-reserved: `access-control-allow-origin` is not for a header rule -> write `cors`, which sets these headers",
    ],
  },
  {
    what: "a header that is set and removed in an answer",
    edit: [
      "response: { set: { cache-control: no-store }, remove: [server] }",
      "response: { set: { server: x }, remove: [server] }",
    ],
    found: [
      "49:48 service/header-twice: `server` is removed by a rule, and set by a rule -> remove it here; what is set replaces every other value; see 49:26 (set by a rule here)",
    ],
  },
  {
    what: "a kept header that services believe",
    edit: ["keep: [x-tenant]", "keep: [x-forwarded-user]"],
    found: [
      "46:14 service/header-reserved: `x-forwarded-user` from a client would be believed -> remove it, or let the gateway say it: write it under `identity`",
    ],
  },
  {
    what: "a kept header that says the client's address",
    edit: ["keep: [x-tenant]", "keep: [cf-connecting-ip]"],
    found: [
      "46:14 service/header-reserved: `cf-connecting-ip` is what services believe about a request -> remove it; the gateway says where a request comes from in `x-forwarded-for`, `-host` and `-proto`",
    ],
  },
  {
    what: "an identity header that says the client's address",
    edit: ["x-user: subject", "x-real-ip: subject"],
    found: [
      "47:19 service/header-reserved: `x-real-ip` is what services believe about a request -> remove it; the gateway says where a request comes from in `x-forwarded-for`, `-host` and `-proto`",
    ],
  },
];
