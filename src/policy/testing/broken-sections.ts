/**
 * Policies that are broken in their identity, environments, services and the rest.
 * Long because: one table of cases, each of which is read by itself.
 */
import type { BrokenPolicy } from "./shop-policy.ts";

export const BROKEN_SECTIONS: readonly BrokenPolicy[] = [
  {
    what: "a version that is not known",
    edit: ["gatehouse: 1", "gatehouse: 2"],
    found: ["1:12 parse/version: `2` is not a version of the language that is known here -> write `gatehouse: 1`"],
  },
  {
    what: "the version as a text",
    edit: ["gatehouse: 1", 'gatehouse: "1"'],
    found: ["1:12 parse/version: the version is a text instead of a number -> write `gatehouse: 1`, without quotes"],
  },
  {
    what: "no version",
    edit: ["gatehouse: 1\n", ""],
    found: ["1:1 parse/missing-key: the policy lacks `gatehouse` -> add `gatehouse: 1`"],
  },
  {
    what: "no name",
    edit: ["name: shop\n", ""],
    found: ["1:1 parse/missing-key: the policy lacks `name` -> add `name: shop`"],
  },
  {
    what: "a name in upper case",
    edit: ["name: shop", "name: My_Shop"],
    found: [
      "2:7 parse/name: `My_Shop` is not a name for a policy -> lower-case letters, digits and single hyphens, at most 48: `my-shop`",
    ],
  },
  {
    what: "a number for a name",
    edit: ["name: shop", "name: 42"],
    found: ["2:7 parse/expected-text: `name` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "an empty name",
    edit: ["name: shop", 'name: ""'],
    found: ["2:7 parse/empty-text: `name` is empty -> write something, or remove the key"],
  },
  {
    what: "a truth value for a name",
    edit: ["name: shop", "name: true"],
    found: ["2:7 parse/expected-text: `name` is a truth value instead of a text -> put the value in quotes"],
  },
  {
    what: "no value for a name",
    edit: ["name: shop", "name:"],
    found: ["2:1 parse/expected-text: `name` is empty instead of a text -> write a text"],
  },
  {
    what: "an unknown section near a known one",
    edit: ["boundaries:", "boundries:"],
    found: ["39:1 parse/unknown-key: the policy has no key `boundries` -> did you mean `boundaries`?"],
  },
  {
    what: "an unknown section",
    edit: ["throttle: {", "limits: {"],
    found: [
      "42:1 parse/unknown-key: the policy has no key `limits` -> known are `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
    ],
  },
  {
    what: "identity without audience",
    edit: ["  audience: shop-api\n", ""],
    found: ["3:1 parse/missing-key: `identity` lacks `audience` -> add `audience: my-api`"],
  },
  {
    what: "identity as a text",
    edit: ["claims: { groups: groups, name: name }", "claims: groups"],
    found: [
      "6:11 parse/expected-mapping: `claims` is a text instead of a mapping -> write a mapping with `groups`, `name`",
    ],
  },
  {
    what: "an issuer over plain http",
    edit: ["issuer: https://login.shop.example", "issuer: http://login.shop.example"],
    found: [
      "4:11 identity/issuer: `http://login.shop.example` is not reached over https -> write `https://login.shop.example`",
    ],
  },
  {
    what: "an issuer with a query",
    edit: ["issuer: https://login.shop.example", "issuer: https://login.shop.example/?a=1"],
    found: [
      "4:11 identity/issuer: `https://login.shop.example/?a=1` is not an issuer -> write it exactly as the provider's discovery document does, without query",
    ],
  },
  {
    what: "an issuer that is no address",
    edit: ["issuer: https://login.shop.example", "issuer: login.shop.example"],
    found: [
      "4:11 identity/issuer: `login.shop.example` is not an issuer -> write it exactly as the provider's discovery document does, without query",
    ],
  },
  {
    what: "an issuer with credentials",
    edit: ["issuer: https://login.shop.example", "issuer: https://u:pw@login.shop.example"],
    found: ["4:11 identity/issuer: `issuer` holds credentials -> leave user and password out"],
  },
  {
    what: "no issuer although an environment needs it",
    edit: ["  issuer: https://login.shop.example\n", ""],
    found: [
      "9:3 identity/issuer-missing: environment `prod` has no identity provider -> add `issuer: https://...` under `identity`, or `identity: embedded` here",
    ],
  },
  {
    what: "a client secret in the policy",
    edit: ["secret:login-client", "hunter2hunter2"],
    found: [
      "7:44 identity/literal-secret: `client_secret` does not name a secret -> write `secret:NAME`, give NAME a schedule under `secrets`, and keep the value outside of the policy",
    ],
  },
  {
    what: "a client secret that is a number",
    edit: ["secret:login-client", "12345678"],
    found: [
      "7:44 identity/literal-secret: `client_secret` does not name a secret -> write `secret:NAME`, give NAME a schedule under `secrets`, and keep the value outside of the policy",
    ],
  },
  {
    what: "a client secret without schedule",
    edit: ["  login-client: { rotate: 90 days, overlap: 1 day }\n", ""],
    found: [
      "7:44 reference/secret: secret `login-client` has no schedule -> add `login-client: { rotate: 90 days, overlap: 1 day }` under `secrets`",
    ],
  },
  {
    what: "scopes without openid",
    edit: ["scopes: [openid]", "scopes: [profile]"],
    found: ["7:73 identity/scope: `scopes` lacks `openid` -> add `openid`"],
  },
  {
    what: "scopes as one text",
    edit: ["scopes: [openid]", "scopes: openid"],
    found: ["7:73 parse/expected-list: `scopes` is a text instead of a list -> write a list `[openid]`"],
  },
  {
    what: "two scopes in one entry",
    edit: ["scopes: [openid]", "scopes: [openid, profile email]"],
    found: ["7:82 identity/scope: `profile email` is not a scope -> write one scope per entry"],
  },
  {
    what: "a place for sessions that is none",
    edit: ["max: 12 hours }", "max: 12 hours, store: redis }"],
    found: ["7:134 parse/choice: `store` cannot be `redis` -> write `cookie` or `server`"],
  },
  {
    what: "a title of two lines",
    edit: ["scopes: [openid]", 'title: "Sign in\\nhere"'],
    found: ["7:72 parse/text: `title` goes over several lines -> write one line of plain text"],
  },
  {
    what: "a title with a blank at its end",
    edit: ["scopes: [openid]", 'title: "Sign in "'],
    found: [
      "7:72 identity/title: `Sign in ` does not fit on one line of a page -> write one line of at most 60 characters, without a blank at its ends: `Sign in with Example`",
    ],
  },
  {
    what: "a title that is too long",
    edit: ["scopes: [openid]", `title: ${"a".repeat(61)}`],
    found: [
      `7:72 identity/title: \`${"a".repeat(60)}...\` does not fit on one line of a page -> write one line of at most 60 characters, without a blank at its ends: \`Sign in with Example\``,
    ],
  },
  {
    what: "a color by its name",
    edit: ["scopes: [openid]", "page: { color: blue }"],
    found: ['7:80 identity/color: `blue` is not a color -> write `"#rrggbb"`, in quotes: `"#0b5cad"`'],
  },
  {
    what: "a color that nobody can read",
    edit: ["scopes: [openid]", 'page: { name: Shop, color: "#FF8800" }'],
    found: [
      '7:92 identity/color: `#ff8800` has contrast 2.3:1 to white, too weak to be read -> write a darker color, with 4.5:1 or more: `"#b35f00"`',
    ],
  },
  {
    what: "people of another issuer, and nothing about sessions",
    edit: [
      "login: { client_id: edge, client_secret: secret:login-client, scopes: [openid], session: { idle: 30 minutes, max: 12 hours } }",
      "issuers: { staff: { issuer: https://staff.example, login: { client_id: edge, client_secret: secret:login-client } } }",
    ],
    found: [
      "7:54 identity/issuer-login: people of `staff` sign in, and nothing says how long for -> add `login: { client_id: ... }` under `identity`: sessions of all people have its limits",
      "19:5 reference/login: service `orders` asks for sign-in, which is not set up -> add `login: { client_id: ... }` under `identity`",
    ],
  },
  {
    what: "a session that idles longer than it lives",
    edit: ["idle: 30 minutes", "idle: 13 hours"],
    found: ["7:100 identity/session: `idle` is longer than `max` -> write a shorter `idle` or a longer `max`"],
  },
  {
    what: "a duration without unit",
    edit: ["idle: 30 minutes", "idle: 30"],
    found: [
      "7:100 parse/duration: `30` is not a duration -> write a whole number and a unit: `30 seconds`, `250 ms`, `30 minutes`",
    ],
  },
  {
    what: "a duration in an unknown unit",
    edit: ["idle: 30 minutes", "idle: 2 weeks"],
    found: [
      "7:100 parse/duration: `2 weeks` is not a duration -> write a whole number and a unit: `10 seconds`, `250 ms`, `30 minutes`",
    ],
  },
  {
    what: "a session that is too short",
    edit: ["idle: 30 minutes", "idle: 5 seconds"],
    found: ["7:100 parse/range: `idle` cannot be `5 seconds` -> write between 1 minute and 30 days"],
  },
  {
    what: "an unknown key of a session",
    edit: ["max: 12 hours", "maximum: 12 hours"],
    found: ["7:112 parse/unknown-key: `session` has no key `maximum` -> known are `idle`, `max`, `store`"],
  },
  {
    what: "login without client",
    edit: ["client_id: edge, client_secret", "clientid: edge, client_secret"],
    found: ["7:12 parse/unknown-key: `login` has no key `clientid` -> did you mean `client_id`?"],
  },
  {
    what: "sign-in where none is set up",
    edit: [
      "  login: { client_id: edge, client_secret: secret:login-client, scopes: [openid], session: { idle: 30 minutes, max: 12 hours } }\n",
      "",
    ],
    found: [
      "18:5 reference/login: service `orders` asks for sign-in, which is not set up -> add `login: { client_id: ... }` under `identity`",
      "43:3 warning reference/unused-secret: nothing uses secret `login-client` -> known are `session-key`, `assertion-key`",
    ],
  },
  {
    what: "an environment without domain",
    edit: ["domain: shop.localhost", "private_network: [10.0.0.0/8]"],
    found: ["9:3 parse/missing-key: environment `local` lacks `domain` -> add `domain: local.localhost`"],
  },
  {
    what: "a domain in upper case",
    edit: ["domain: shop.localhost", "domain: Shop.localhost"],
    found: ["9:40 environment/domain: `Shop.localhost` is not a host name -> write `shop.localhost`"],
  },
  {
    what: "a domain with scheme and port",
    edit: ["domain: shop.localhost", "domain: https://shop.localhost:8443/"],
    found: ["9:40 environment/domain: `https://shop.localhost:8443/` is not a host name -> write `shop.localhost`"],
  },
  {
    what: "a domain that is an address",
    edit: ["domain: shop.localhost", "domain: 127.0.0.1"],
    found: [
      "9:40 environment/domain: `127.0.0.1` is not a host name -> write a host name in lower case, without scheme and port",
    ],
  },
  {
    what: "a domain with a final dot",
    edit: ["domain: shop.localhost", "domain: shop.localhost."],
    found: ["9:40 environment/domain: `shop.localhost.` is not a host name -> write `shop.localhost`"],
  },
  {
    what: "a domain outside ASCII",
    edit: ["domain: shop.localhost", "domain: bücher.localhost"],
    found: [
      "9:40 environment/domain: `bücher.localhost` is not a host name -> write a host name in lower case, without scheme and port",
    ],
  },
  {
    what: "an environment name with an underscore",
    edit: ["  prod:\n    domain", "  pro_d:\n    domain"],
    found: [
      "10:3 parse/name: `pro_d` is not a name for an environment -> lower-case letters, digits and single hyphens, at most 48: `pro-d`",
      "20:47 reference/environment: there is no environment `prod` -> did you mean `pro_d`?",
    ],
  },
  {
    what: "an identity that is not known",
    edit: ["identity: embedded", "identity: embeded"],
    found: ["9:22 parse/choice: `identity` cannot be `embeded` -> write `embedded` or `{ issuer: https://... }`"],
  },
  {
    what: "an identity with two providers",
    edit: ["identity: embedded", "identity: { embedded: people.yaml, issuer: https://a.example }"],
    found: [
      "9:22 parse/choice: `identity` needs either `embedded` or `issuer` -> write `identity: embedded`, `identity: { embedded: people.yaml }` or `identity: { issuer: https://... }`",
    ],
  },
  {
    what: "a people file outside",
    edit: ["identity: embedded", "identity: { embedded: /etc/people.yaml }"],
    found: [
      "9:34 environment/people-file: `/etc/people.yaml` is not a path beside the policy -> write it relative to the policy file, with `/`",
    ],
  },
  {
    what: "a public domain without certificates",
    edit: ["    certificates: { acme: ops@shop.example }\n", ""],
    found: [
      "10:3 environment/certificates-missing: environment `prod` lacks `certificates` -> add `certificates: { acme: you@example.org }`, or `certificates: internal`",
    ],
  },
  {
    what: "certificates that are not known",
    edit: ["certificates: { acme: ops@shop.example }", "certificates: letsencrypt"],
    found: [
      "12:19 parse/choice: `certificates` cannot be `letsencrypt` -> write `internal` or `{ acme: you@example.org }`",
    ],
  },
  {
    what: "an ACME account without address",
    edit: ["acme: ops@shop.example", "acme: ops"],
    found: [
      "12:27 environment/acme: `ops` is not an e-mail address -> write the address that the certificate authority may write to",
    ],
  },
  {
    what: "an ACME directory over plain http",
    edit: ["acme: ops@shop.example", "acme: { email: ops@shop.example, directory: http://acme.example/d }"],
    found: ["12:65 environment/acme: `directory` is not an https address -> write `https://host/directory`"],
  },
  {
    what: "an account number without quotes",
    edit: ['"111122223333"', "111122223333"],
    found: ['14:32 parse/expected-text: `account` is a number instead of a text -> put it in quotes: `"111122223333"`'],
  },
  {
    what: "an account number with a leading zero and without quotes",
    edit: ['"111122223333"', "012345678901"],
    found: ['14:32 parse/expected-text: `account` is a number instead of a text -> put it in quotes: `"012345678901"`'],
  },
  {
    what: "a short account number with a leading zero and without quotes",
    edit: ['"111122223333"', "0123"],
    found: [
      "14:32 parse/expected-text: `account` is a number instead of a text -> write its twelve digits in quotes, leading zeros too",
    ],
  },
  {
    what: "an account number in scientific notation",
    edit: ['"111122223333"', "1.11122223333e11"],
    found: [
      "14:32 parse/expected-text: `account` is a number instead of a text -> write its twelve digits in quotes, leading zeros too",
    ],
  },
  {
    what: "an account number that is a regular expression",
    edit: ['"111122223333"', "'^\\\\d{12}$'"],
    found: ["14:32 environment/account: `^\\\\d{12}$` is not an account number -> write its twelve digits, in quotes"],
  },
  {
    what: "a permission that is a regular expression",
    edit: ["can: [orders:*]", "can: ['orders:(read|write)']"],
    found: [
      "36:11 role/permission: `orders:(read|write)` is not a permission -> write `area:action` in lower case, for example `orders:read`",
    ],
  },
  {
    what: "a permission that is anchored",
    edit: ["can: [orders:*]", "can: ['^orders:.*$']"],
    found: [
      "36:11 role/permission: `^orders:.*$` is not a permission -> write `area:*` for all actions of one area, or name the actions",
    ],
  },
  {
    what: "a name that is a regular expression",
    edit: ["name: shop", "name: '/^shop$/'"],
    found: [
      "2:7 parse/name: `/^shop$/` is not a name for a policy -> lower-case letters, digits and single hyphens, at most 48: `shop`",
    ],
  },
  {
    what: "an audience that is folded",
    edit: ["audience: shop-api", "audience: >\n    shop-api\n"],
    found: ["5:13 parse/text: `audience` goes over several lines -> write one line of plain text"],
  },
  {
    what: "an account number that is too short",
    edit: ['"111122223333"', '"1111"'],
    found: ["14:32 environment/account: `1111` is not an account number -> write its twelve digits, in quotes"],
  },
  {
    what: "a region that is none",
    edit: ["[eu-west-1]", "[europe]"],
    found: ["14:58 environment/region: `europe` is not a region -> write for example `eu-west-1`"],
  },
  {
    what: "no region",
    edit: ["[eu-west-1]", "[]"],
    found: ["14:57 parse/empty-list: `regions` is empty -> add an entry, or remove the key"],
  },
  {
    what: "an authorization that is not known",
    edit: ["authorize: iam", "authorize: both"],
    found: ["14:81 parse/choice: `authorize` cannot be `both` -> write `iam` or `jwt`"],
  },
  {
    what: "a gateway that is not known",
    edit: ["gateway: { aws: {", "gateway: { azure: {"],
    found: [
      '14:5 parse/missing-key: `gateway` lacks `aws` -> add `aws: { account: "111122223333", regions: [eu-west-1] }`',
      "14:16 parse/unknown-key: `gateway` has no key `azure` -> known are `aws`",
    ],
  },
  {
    what: "shared state with a password",
    edit: ["valkey://cache", "valkey://:pw@cache"],
    found: [
      "15:12 environment/state: `state` is neither `memory`, `sqlite` nor the address of a Valkey or Redis server -> write for example `valkey://host:6379` (or `valkeys://` for TLS), without user and password",
    ],
  },
  {
    what: "a network block with host bits",
    edit: ["private_network: [10.0.0.0/16]", "private_network: [10.0.0.7/16]"],
    found: ["13:23 network/block: `10.0.0.7/16` is not how the block is written -> write `10.0.0.0/16`"],
  },
  {
    what: "a network block in octal",
    edit: ["private_network: [10.0.0.0/16]", "private_network: [010.0.0.0/16]"],
    found: [
      "13:23 network/block: `010.0.0.0/16` is not a network block -> write `10.0.0.0/16`, `192.0.2.7/32` or `2001:db8::/32`",
    ],
  },
  {
    what: "a network block in hexadecimal",
    edit: ["private_network: [10.0.0.0/16]", "private_network: [0x0a000000/8]"],
    found: [
      "13:23 network/block: `0x0a000000/8` is not a network block -> write `10.0.0.0/16`, `192.0.2.7/32` or `2001:db8::/32`",
    ],
  },
  {
    what: "a network block that is mapped",
    edit: ["private_network: [10.0.0.0/16]", 'private_network: ["::ffff:10.0.0.0/112"]'],
    found: ["13:23 network/block: `::ffff:10.0.0.0/112` is not how the block is written -> write `10.0.0.0/16`"],
  },
  {
    what: "a network block with a zone",
    edit: ["private_network: [10.0.0.0/16]", 'private_network: ["fe80::1%eth0/128"]'],
    found: [
      "13:23 network/block: `fe80::1%eth0/128` is not a network block -> write `10.0.0.0/16`, `192.0.2.7/32` or `2001:db8::/32`",
    ],
  },
  {
    what: "a network block without length",
    edit: ["private_network: [10.0.0.0/16]", "private_network: [10.0.0.1]"],
    found: ["13:23 network/block: `10.0.0.1` is not how the block is written -> write `10.0.0.1/32`"],
  },
  {
    what: "a network block that is too long",
    edit: ["private_network: [10.0.0.0/16]", "private_network: [10.0.0.0/33]"],
    found: [
      "13:23 network/block: `10.0.0.0/33` is not a network block -> write `10.0.0.0/16`, `192.0.2.7/32` or `2001:db8::/32`",
    ],
  },
  {
    what: "a network as one text",
    edit: ["private_network: [10.0.0.0/16]", "private_network: 10.0.0.0/16"],
    found: ["13:22 parse/expected-list: `private_network` is a text instead of a list -> write a list `[10.0.0.0/16]`"],
  },
  {
    what: "a service without exposure",
    edit: ["    exposure: public\n", ""],
    found: ["17:3 parse/missing-key: service `orders` lacks `exposure` -> add `exposure: public`"],
  },
  {
    what: "an exposure that is not known",
    edit: ["exposure: public", "exposure: pubic"],
    found: ["18:15 parse/choice: `exposure` cannot be `pubic` -> write `public` or `private`"],
  },
  {
    what: "a login that is a text",
    edit: ["login: true", "login: yes"],
    found: ["19:12 parse/expected-boolean: `login` is a text instead of `true` or `false` -> write `true` or `false`"],
  },
  {
    what: "no upstream in an environment",
    edit: [", prod: http://orders.shop.internal:8080", ""],
    found: [
      "17:3 service/upstream-missing: service `orders` has no upstream for `prod` -> add `prod: http://host:port` to its `upstream`",
    ],
  },
  {
    what: "an upstream for an environment that does not exist",
    edit: ["{ local: http://127.0.0.1:4001,", "{ locl: http://127.0.0.1:4001,"],
    found: ["20:17 reference/environment: there is no environment `locl` -> did you mean `local`?"],
  },
  {
    what: "an upstream with a path",
    edit: ["upstream: http://127.0.0.1:4002", "upstream: http://127.0.0.1:4002/api"],
    found: [
      "29:15 service/upstream: `http://127.0.0.1:4002/api` has a path -> write `http://127.0.0.1:4002`; the request brings the path",
    ],
  },
  {
    what: "an upstream with credentials",
    edit: ["upstream: http://127.0.0.1:4002", "upstream: http://me:pw@127.0.0.1:4002"],
    found: ["29:15 service/upstream: `upstream` holds credentials -> leave user and password out"],
  },
  {
    what: "an upstream of another scheme",
    edit: ["upstream: http://127.0.0.1:4002", "upstream: ftp://127.0.0.1:4002"],
    found: ["29:15 service/upstream: `ftp://127.0.0.1:4002` is not a web address -> write `http://host:port`"],
  },
  {
    what: "an upstream without scheme",
    edit: ["upstream: http://127.0.0.1:4002", "upstream: 127.0.0.1:4002"],
    found: ["29:15 service/upstream: `127.0.0.1:4002` is not a web address -> write `http://host:port`"],
  },
  {
    what: "an upstream in another number base",
    edit: ["upstream: http://127.0.0.1:4002", "upstream: http://0x7f000001:4002"],
    found: [
      "29:15 service/upstream: `http://0x7f000001:4002` does not name a host -> write a host name in lower case, an IPv4 address or an IPv6 address in brackets",
    ],
  },
  {
    what: "an upstream without port number",
    edit: ["upstream: http://127.0.0.1:4002", "upstream: http://127.0.0.1:99999"],
    found: ["29:15 service/upstream: `http://127.0.0.1:99999` has no valid port -> ports go from 1 to 65535"],
  },
  {
    what: "a header in upper case",
    edit: ["keep: [x-tenant]", "keep: [X-Tenant]"],
    found: ["21:23 service/header: `X-Tenant` is not how a header is written -> write `x-tenant`"],
  },
  {
    what: "a header with an underscore",
    edit: ["keep: [x-tenant]", "keep: [x_tenant]"],
    found: ["21:23 service/header: `x_tenant` is not how a header is written -> write `x-tenant`"],
  },
  {
    what: "a header that the gateway sets",
    edit: ["keep: [x-tenant]", "keep: [x-gatehouse-subject]"],
    found: [
      "21:23 service/header-reserved: `x-gatehouse-subject` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "a header of one hop",
    edit: ["keep: [x-tenant]", "keep: [connection]"],
    found: [
      "21:23 service/header-reserved: `connection` is set or removed by the gateway on every request -> remove it; the guide lists what every service receives",
    ],
  },
  {
    what: "a header on both sides",
    edit: ["keep: [x-tenant]", "keep: [x-user]"],
    found: [
      "21:44 service/header-twice: `x-user` is set by the gateway, and kept from the client -> remove it from one of the two; see 21:23 (kept from the client here)",
    ],
  },
  {
    what: "an identity header that is the client's",
    edit: ["x-user: subject", "cookie: subject"],
    found: [
      "21:46 service/header-reserved: `cookie` cannot carry identity -> choose a name of its own, such as `x-user`",
    ],
  },
  {
    what: "an identity field that is not known",
    edit: ["x-user: subject", "x-user: email"],
    found: [
      "21:54 parse/choice: `x-user` cannot be `email` -> write `subject` or `name` or `groups` or `client` or `role` or `kind` or `issuer`",
    ],
  },
  {
    what: "identity headers as a list",
    edit: ["identity: { x-user: subject }", "identity: [x-user]"],
    found: [
      "21:44 parse/expected-mapping: `identity` is not a mapping of header names to fields -> write for example `{ x-user: subject }`",
    ],
  },
  {
    what: "a role without boundary",
    edit: ["can: [orders:read, backoffice:use], boundary: staff", "can: [orders:read, backoffice:use]"],
    found: ["33:3 parse/missing-key: role `support` lacks `boundary` -> add `boundary: staff`"],
  },
  {
    what: "a boundary that does not exist",
    edit: ["boundary: machines", "boundary: machine"],
    found: ["37:15 reference/boundary: there is no boundary `machine` -> did you mean `machines`?"],
  },
  {
    what: "a role called like a prototype",
    edit: ["  support: {", "  __proto__: {"],
    found: [
      "33:3 parse/name: `__proto__` is not a name for a role -> lower-case letters, digits and single hyphens, at most 48: `proto`",
    ],
  },
  {
    what: "members as a list",
    edit: ["members: { groups: [support] }", "members: [support]"],
    found: [
      "33:23 parse/expected-mapping: `members` is a list instead of a mapping -> write a mapping with `issuer`, `groups`, `subject`, `client_id`, `claim`, `all`, `any`, `not`",
    ],
  },
  {
    what: "members of an unknown kind",
    edit: ["groups: [support]", "group: [support]"],
    found: ["33:25 parse/unknown-key: `members` has no key `group` -> did you mean `groups`?"],
  },
  {
    what: "a group as a text",
    edit: ["groups: [support]", "groups: support"],
    found: ["33:33 parse/expected-list: `groups` is a text instead of a list -> write a list `[support]`"],
  },
  {
    what: "a group as a number",
    edit: ["groups: [support]", "groups: [42]"],
    found: ["33:34 parse/expected-text: an entry of `groups` is a number instead of a text -> put the value in quotes"],
  },
  {
    what: "everybody as a member",
    edit: ["groups: [support]", 'groups: ["*"]'],
    found: [
      "33:34 role/member: `*` is compared whole and would match nobody -> name each member; a route for everybody is `open` and says why",
    ],
  },
  {
    what: "a group twice",
    edit: ["groups: [support]", "groups: [support, support]"],
    found: [
      "33:43 warning parse/duplicate-entry: `support` stands twice in `groups` -> remove one of them; see 33:34 (first here)",
    ],
  },
  {
    what: "a grant twice",
    edit: ["can: [orders:*]", "can: [orders:*, orders:*]"],
    found: [
      "36:21 warning parse/duplicate-entry: `orders:*` stands twice in `can` -> remove one of them; see 36:11 (first here)",
    ],
  },
  {
    what: "a grant twice, once as a mapping",
    edit: ["can: [orders:*]", "can: [orders:*, { permission: orders:* }]"],
    found: [
      "36:35 warning parse/duplicate-entry: `orders:*` stands twice in `can` -> remove one of them; see 36:11 (first here)",
    ],
  },
  {
    what: "a grant that no route needs",
    edit: ["can: [orders:read, backoffice:use]", "can: [orders:reed, backoffice:use]"],
    found: ["33:52 reference/permission: no route needs `orders:reed` -> did you mean `orders:read`?"],
  },
  {
    what: "a grant of an unknown area",
    edit: ["can: [orders:*]", "can: [invoices:*]"],
    found: [
      "36:11 reference/permission: no route needs `invoices:*` -> known are `orders:read`, `orders:write`, `backoffice:use`",
    ],
  },
  {
    what: "a grant with half a pattern",
    edit: ["can: [orders:*]", "can: [orders:re*]"],
    found: [
      "36:11 role/permission: `orders:re*` is not a permission -> write `orders:*` for all actions of one area, or name the actions",
    ],
  },
  {
    what: "a grant with a pattern before the colon",
    edit: ["can: [orders:*]", 'can: ["*:read"]'],
    found: [
      "36:11 role/permission: `*:read` is not a permission -> write `area:*` for all actions of one area, or name the actions",
    ],
  },
  {
    what: "a grant in upper case",
    edit: ["can: [orders:*]", "can: [Orders:Read]"],
    found: [
      "36:11 role/permission: `Orders:Read` is not a permission -> write `area:action` in lower case, for example `orders:read`",
    ],
  },
  {
    what: "no grant",
    edit: ["can: [orders:*]", "can: []"],
    found: ["36:10 parse/empty-list: `can` is empty -> add an entry, or remove the key"],
  },
  {
    what: "a condition that is not known",
    edit: ["when: { source_ip: [10.0.0.0/16] }", "when: { ip: [10.0.0.0/16] }"],
    found: [
      "38:13 parse/unknown-key: `when` has no key `ip` -> known are `source_ip`, `after`, `before`, `hours`, `path`, `claim`, `acr`, `amr`, `token_age`",
    ],
  },
  {
    what: "a condition without block",
    edit: ["source_ip: [10.0.0.0/16]", "source_ip: []"],
    found: ["38:24 parse/empty-list: `source_ip` is empty -> add an entry, or remove the key"],
  },
  {
    what: "a condition with a broken block",
    edit: ["source_ip: [10.0.0.0/16]", "source_ip: [10.0/16]"],
    found: [
      "38:25 network/block: `10.0/16` is not a network block -> write `10.0.0.0/16`, `192.0.2.7/32` or `2001:db8::/32`",
    ],
  },
  {
    what: "a boundary entry that no route needs",
    edit: ["staff: [orders:*, backoffice:use]", "staff: [orders:*, backoffice:use, crm:use]"],
    found: [
      "40:37 warning reference/unused-boundary-entry: no route needs `crm:use` -> known are `orders:read`, `orders:write`, `backoffice:use`",
    ],
  },
  {
    what: "a boundary that is a text",
    edit: ["staff: [orders:*, backoffice:use]", "staff: orders:*"],
    found: ["40:10 parse/expected-list: boundary `staff` is a text instead of a list -> write a list `[orders:*]`"],
  },
  {
    what: "a rate in an unknown unit",
    edit: ["default: 1000/second", "default: 1000/day"],
    found: [
      "42:22 parse/rate: `1000/day burst 2000` is not a rate -> write `50/second burst 100`; units are second, minute and hour",
    ],
  },
  {
    what: "a rate that is a number",
    edit: ["per_identity: 100/second", "per_identity: 100"],
    found: ["42:60 parse/rate: `100` is not a rate -> write `50/second burst 100`; units are second, minute and hour"],
  },
  {
    what: "a rate of zero",
    edit: ["per_identity: 100/second", "per_identity: 0/second"],
    found: [
      "42:60 parse/rate: `0/second` is not a rate -> write `50/second burst 100`; units are second, minute and hour",
    ],
  },
  {
    what: "an overlap as long as the rotation",
    edit: ["rotate: 30 days, overlap: 12 hours", "rotate: 30 days, overlap: 30 days"],
    found: [
      "45:44 secret/overlap: `overlap` is not shorter than `rotate` -> the old value ends before the next one comes",
    ],
  },
  {
    what: "a key of assertions that ends before what it signed",
    edit: [
      "session-key: { rotate: 30 days, overlap: 12 hours }",
      "assertion-key: { rotate: 30 days, overlap: 86399 seconds }",
    ],
    found: [
      "45:46 secret/assertion-overlap: `overlap` of `assertion-key` is shorter than a day -> write `rotate: 30 days, overlap: 1 day`: services keep keys, and check what the old one signed",
    ],
  },
  {
    what: "a secret without rotation",
    edit: ["session-key: { rotate: 30 days, overlap: 12 hours }", "session-key: { overlap: 12 hours }"],
    found: ["45:3 parse/missing-key: secret `session-key` lacks `rotate` -> add `rotate: 90 days`"],
  },
  {
    what: "a secret that nothing uses",
    edit: ["session-key:", "session-kee:"],
    found: ["45:3 warning reference/unused-secret: nothing uses secret `session-kee` -> did you mean `session-key`?"],
  },
  {
    what: "a waiver without reason",
    edit: ["reason: agreed, ", ""],
    found: ["47:11 parse/missing-key: a waiver lacks `reason` -> add `reason: why this is acceptable`"],
  },
  {
    what: "a waiver of an unknown rule",
    edit: ["guardrail/open-write", "guardrail/open-writes"],
    found: [
      "47:19 reference/rule: there is no guardrail `guardrail/open-writes` -> did you mean `guardrail/open-write`?",
    ],
  },
  {
    what: "a waiver until a day that does not exist",
    edit: ["2027-01-31", "2027-02-30"],
    found: ["47:96 waiver/expiry: `2027-02-30` is not a date -> write year, month and day: `2027-01-31`"],
  },
  {
    what: "a waiver without a date",
    edit: ["2027-01-31", "never"],
    found: ["47:96 waiver/expiry: `never` is not a date -> write year, month and day: `2027-01-31`"],
  },
  {
    what: "a waiver as a text",
    edit: [
      "waive: [{ rule: guardrail/open-write, for: POST /orders, reason: agreed, owner: ops, expiry: 2027-01-31 }]",
      "waive: [guardrail/open-write]",
    ],
    found: [
      "47:11 parse/expected-mapping: a waiver is a text instead of a mapping -> write a mapping with `rule`, `reason`, `owner`, `expiry`, `for`",
    ],
  },
  {
    what: "no environment",
    edit: ["environments:\n  local: { identity: embedded, domain: shop.localhost }\n  prod:", "environments: {}\nx:"],
    found: [
      "8:15 parse/empty-mapping: `environments` is empty -> add `local: { identity: embedded, domain: shop.localhost }`",
      "9:1 parse/unknown-key: the policy has no key `x` -> known are `gatehouse`, `name`, `identity`, `environments`, `include`, `services`, `roles`, `boundaries`, `throttle`, `cors`, `secrets`, `guardrails`",
    ],
  },
];
