/** What is said of simple edits of a policy: each edit with its exact sentences, forth and back. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type PolicyDiff, diffPolicies, parsePolicy, widensAccess } from "../policy/index.ts";
import { tellChange } from "./access-words.ts";

const SHOP = `gatehouse: 1
name: shop
identity:
  issuer: https://login.shop.example
  audience: shop-api
  issuers: { ci: { issuer: "https://ci.shop.example", audience: shop-ci } }
  login: { client_id: edge }
environments:
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    private_network: [10.0.0.0/16]
services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
      GET /orders: { needs: orders:read }
      GET /orders/{id}: { needs: orders:read }
      POST /orders: { needs: orders:write, throttle: 50/second, body: 1 MB }
      DELETE /orders/{id}: { needs: orders:delete }
      GET /{customer}/items: { needs: items:read }
      GET /health: { open: probe }
  backoffice:
    exposure: private
    upstream: http://127.0.0.1:4002
    routes:
      ANY /{path+}: { needs: backoffice:use }
roles:
  support: { members: { groups: [support] }, can: [orders:read, backoffice:use], boundary: staff }
  bot:
    members: { client_id: [billing] }
    can: [orders:read, orders:write]
    boundary: machines
    when: { source_ip: [10.0.0.0/16] }
  owner:
    members: { groups: [customers] }
    can: [{ permission: items:read, when: { path: { customer: claim:sub } } }]
    boundary: owners
  deploy: { members: { issuer: ci, claim: { name: repository, equals: shop/api } }, can: [orders:delete], boundary: machines }
boundaries:
  staff: [orders:read, orders:delete, backoffice:use]
  machines: [orders:read, orders:write, orders:delete]
  owners: [items:read]
throttle: { default: 1000/second, per_identity: 100/second }
`;

interface Case {
  readonly what: string;
  readonly edits: readonly (readonly [from: string, to: string])[];
  /** Gains, settings and losses, in this order, marked `+`, `=` or `-`; `~` for settings that do not count. */
  readonly told: readonly string[];
}

function edit(from: string, to: string): readonly (readonly [string, string])[] {
  return [[from, to]];
}

const CASES: readonly Case[] = [
  {
    what: "a member more",
    edits: edit("groups: [support]", "groups: [support, helpdesk]"),
    told: [
      "+ group `helpdesk` can now call `GET /orders`, `GET /orders/{id}` and private `ANY /{path+}` (role `support`)",
    ],
  },
  {
    what: "one subject more that is excluded",
    edits: [
      [
        "members: { groups: [support] }",
        "members: { all: [{ groups: [support, staff] }, { not: { subject: [temp] } }] }",
      ],
      [
        "members: { groups: [customers] }",
        "members: { all: [{ groups: [customers] }, { not: { subject: [temp, eve] } }] }",
      ],
    ],
    told: [
      "+ group `staff` and not subject `temp` can now call `GET /orders`, `GET /orders/{id}` and private `ANY /{path+}` (role `support`)",
      "- group `support` and subject `temp` can no longer call `GET /orders`, `GET /orders/{id}` and private `ANY /{path+}` (role `support`)",
      "- group `customers` and subject `temp`, or group `customers` and subject `eve`, can no longer call `GET /{customer}/items` with `{customer}` equal to the caller's claim `sub` (role `owner`)",
    ],
  },
  {
    what: "a grant more",
    edits: edit("can: [orders:read, backoffice:use]", "can: [orders:read, orders:delete, backoffice:use]"),
    told: ["+ group `support` can now call `DELETE /orders/{id}` (role `support`)"],
  },
  {
    what: "a grant that the boundary does not allow",
    edits: edit("can: [orders:read, backoffice:use]", "can: [orders:read, orders:write, backoffice:use]"),
    told: [],
  },
  {
    what: "a boundary that allows what was granted before",
    edits: [
      ["staff: [orders:read, orders:delete, backoffice:use]", "staff: [orders:*, backoffice:use]"],
      ["can: [orders:read, backoffice:use]", "can: [orders:*, backoffice:use]"],
    ],
    told: ["+ group `support` can now call `POST /orders` and `DELETE /orders/{id}` (role `support`)"],
  },
  {
    what: "no condition any more",
    edits: edit("    when: { source_ip: [10.0.0.0/16] }\n", ""),
    told: [
      "+ client `billing` can now call `GET /orders`, `GET /orders/{id}` and `POST /orders` in all circumstances, before only from `10.0.0.0/16` (role `bot`)",
    ],
  },
  {
    what: "a wider network",
    edits: edit("source_ip: [10.0.0.0/16]", "source_ip: [10.0.0.0/8]"),
    told: [
      "+ client `billing` can now call `GET /orders`, `GET /orders/{id}` and `POST /orders` from `10.0.0.0/8`, before only from `10.0.0.0/16` (role `bot`)",
    ],
  },
  {
    what: "one network more",
    edits: edit("source_ip: [10.0.0.0/16]", "source_ip: [10.0.0.0/16, 192.168.0.0/24]"),
    told: [
      "+ client `billing` can now call `GET /orders`, `GET /orders/{id}` and `POST /orders` from `192.168.0.0/24`, before only from `10.0.0.0/16` (role `bot`)",
    ],
  },
  {
    what: "another network",
    edits: edit("source_ip: [10.0.0.0/16]", "source_ip: [192.168.0.0/24]"),
    told: [
      "+ client `billing` can now call `GET /orders`, `GET /orders/{id}` and `POST /orders` from `192.168.0.0/24`, before only from `10.0.0.0/16` (role `bot`)",
      "- client `billing` can no longer call `GET /orders`, `GET /orders/{id}` and `POST /orders` from `10.0.0.0/16`, now only from `192.168.0.0/24` (role `bot`)",
    ],
  },
  {
    what: "a condition on a grant that had one of its own",
    edits: edit("when: { path: { customer: claim:sub } }", "when: { path: { customer: [acme] } }"),
    told: [
      "+ group `customers` can now call `GET /{customer}/items` with `{customer}` `acme`, before only with `{customer}` equal to the caller's claim `sub` (role `owner`)",
      "- group `customers` can no longer call `GET /{customer}/items` with `{customer}` equal to the caller's claim `sub`, now only with `{customer}` `acme` (role `owner`)",
    ],
  },
  {
    what: "times in place of a network",
    edits: edit("source_ip: [10.0.0.0/16]", "after: 2027-01-01, before: 2027-06-01, token_age: 1 hour"),
    told: [
      "+ client `billing` can now call `GET /orders`, `GET /orders/{id}` and `POST /orders` from 2027-01-01 on and before 2027-06-01 and with a token of at most 1 hour, before only from `10.0.0.0/16` (role `bot`)",
      "- client `billing` can no longer call `GET /orders`, `GET /orders/{id}` and `POST /orders` from `10.0.0.0/16`, now only from 2027-01-01 on and before 2027-06-01 and with a token of at most 1 hour (role `bot`)",
    ],
  },
  {
    what: "a prefix in place of one repository",
    edits: edit("equals: shop/api", "prefix: shop/"),
    told: [
      "+ claim `repository` beginning with `shop/` of issuer `ci` can now call `DELETE /orders/{id}` (role `deploy`)",
    ],
  },
  {
    what: "members who have to be two things",
    edits: edit(
      "members: { groups: [support] }",
      "members: { all: [{ groups: [support] }, { not: { groups: [trainee] } }] }",
    ),
    told: [
      "- group `support` and group `trainee` can no longer call `GET /orders`, `GET /orders/{id}` and private `ANY /{path+}` (role `support`)",
    ],
  },
  {
    what: "a role more",
    edits: edit(
      "boundaries:\n",
      "  audit: { members: { groups: [audit], subject: [eve] }, can: [orders:read], boundary: staff }\nboundaries:\n",
    ),
    told: ["+ group `audit` and subject `eve` can now call `GET /orders` and `GET /orders/{id}` (role `audit`)"],
  },
  {
    what: "a second role that gives what a first one gives",
    edits: edit(
      "boundaries:\n",
      "  audit: { members: { groups: [support] }, can: [orders:read], boundary: staff }\nboundaries:\n",
    ),
    told: [],
  },
  {
    what: "an open route",
    edits: edit("GET /orders/{id}: { needs: orders:read }", 'GET /orders/{id}: { open: "by law" }'),
    told: [
      "+ everybody can now call `GET /orders/{id}` (open: `by law`), also without a token, before only group `support` and client `billing` from `10.0.0.0/16`",
    ],
  },
  {
    what: "a route that is no longer open",
    edits: edit("GET /health: { open: probe }", "GET /health: { needs: orders:read }"),
    told: [
      "- callers without a token can no longer call `GET /health`, now only group `support` and client `billing` from `10.0.0.0/16`",
    ],
  },
  {
    what: "a new route",
    edits: edit("      GET /health", "      GET /feed: { needs: orders:read }\n      GET /health"),
    told: [
      "+ group `support` can now call `GET /feed` (new) (role `support`)",
      "+ client `billing` can now call `GET /feed` (new) from `10.0.0.0/16` (role `bot`)",
    ],
  },
  {
    what: "a new route where a wider one answered",
    edits: edit("      GET /health", "      GET /orders/export: { needs: orders:delete }\n      GET /health"),
    told: [
      "+ claim `repository` `shop/api` of issuer `ci` can now call `GET /orders/export` (where `GET /orders/{id}` answered) (role `deploy`)",
      "- group `support` can no longer call `GET /orders/{id}` (where `GET /orders/export` answers now) (role `support`)",
      "- client `billing` can no longer call `GET /orders/{id}` (where `GET /orders/export` answers now) from `10.0.0.0/16` (role `bot`)",
    ],
  },
  {
    what: "a route that is gone",
    edits: edit(
      "      DELETE /orders/{id}: { needs: orders:delete }\n",
      "      PUT /orders/{id}: { needs: orders:delete }\n",
    ),
    told: [
      "+ claim `repository` `shop/api` of issuer `ci` can now call `PUT /orders/{id}` (new) (role `deploy`)",
      "- claim `repository` `shop/api` of issuer `ci` can no longer call `DELETE /orders/{id}` (gone) (role `deploy`)",
    ],
  },
  {
    what: "another permission",
    edits: edit("GET /orders/{id}: { needs: orders:read }", "GET /orders/{id}: { needs: orders:delete }"),
    told: [
      "+ claim `repository` `shop/api` of issuer `ci` can now call `GET /orders/{id}` (role `deploy`)",
      "- group `support` can no longer call `GET /orders/{id}` (role `support`)",
      "- client `billing` can no longer call `GET /orders/{id}` from `10.0.0.0/16` (role `bot`)",
    ],
  },
  {
    what: "a service that becomes public",
    edits: edit("exposure: private", "exposure: public"),
    told: [
      "= service `backoffice` is public, before private",
      "- group `support` can no longer call private `ANY /{path+}` (where `GET /{customer}/items`, `POST /orders` and `DELETE /orders/{id}` answer now) (role `support`)",
    ],
  },
  {
    what: "the network of private services",
    edits: edit("private_network: [10.0.0.0/16]", "private_network: [10.0.0.0/8]"),
    told: ["= private services can be reached from `10.0.0.0/8`, before from `10.0.0.0/16`"],
  },
  {
    what: "a smaller network of private services",
    edits: edit("private_network: [10.0.0.0/16]", "private_network: [10.0.1.0/24]"),
    told: ["~ private services can be reached from `10.0.1.0/24`, before from `10.0.0.0/16`"],
  },
  {
    what: "another audience",
    edits: edit("audience: shop-api", "audience: shop"),
    told: ["= tokens for audience `shop` are taken, before those for `shop-api`"],
  },
  {
    what: "another provider",
    edits: edit("issuer: https://login.shop.example", "issuer: https://login.other.example"),
    told: ["= tokens of `https://login.other.example` are taken, before those of `https://login.shop.example`"],
  },
  {
    what: "other rules for tokens, of the provider and of an issuer",
    edits: edit(
      'issuers: { ci: { issuer: "https://ci.shop.example", audience: shop-ci } }',
      'tokens: { proof: [dpop], require_proof: true }\n  issuers: { ci: { issuer: "https://ci.shop.example", audience: shop-ci, tokens: { proof: [mtls], profile: rfc9068 } } }',
    ),
    told: [
      "= tokens of `https://login.shop.example` that are bound to a key are taken now with a proof by `dpop`",
      "~ tokens of `https://login.shop.example` are no longer taken without a proof",
      "= tokens of workload issuer `ci` that are bound to a key are taken now with a proof by `mtls`",
      "~ tokens of workload issuer `ci` are taken only if they are of profile `rfc9068`",
    ],
  },
  {
    what: "people of an issuer sign in, and those of one that is new",
    edits: edit(
      'issuers: { ci: { issuer: "https://ci.shop.example", audience: shop-ci } }',
      'issuers: { ci: { issuer: "https://ci.shop.example", audience: shop-ci, login: { client_id: edge-ci } }, partner: { issuer: "https://partner.example", audience: shop, login: { client_id: edge } } }',
    ),
    told: [
      "= people of `ci` sign in now",
      "= tokens of the workload issuer `partner`, `https://partner.example`, are taken now",
      "= people of `partner` sign in now",
    ],
  },
  {
    what: "another workload issuer under the same name, and one more",
    edits: edit(
      'issuers: { ci: { issuer: "https://ci.shop.example", audience: shop-ci } }',
      'issuers: { ci: { issuer: "https://ci.other.example", audience: shop-api }, k8s: { issuer: "https://k8s.example", audience: shop } }',
    ),
    told: [
      "= workload issuer `ci` is `https://ci.other.example`, before `https://ci.shop.example`",
      "= tokens of workload issuer `ci` are taken for audience `shop-api`, before for `shop-ci`",
      "= tokens of the workload issuer `k8s`, `https://k8s.example`, are taken now",
    ],
  },
  {
    what: "another claim for groups",
    edits: edit("  login: {", "  claims: { groups: roles }\n  login: {"),
    told: ["= groups are read from claim `roles`, before from `groups`"],
  },
  {
    what: "another domain",
    edits: edit("domain: api.shop.example", "domain: shop.example"),
    told: ["~ `shop.example` answers, before `api.shop.example`"],
  },
  {
    what: "a host of its own",
    edits: edit("  backoffice:\n", "  backoffice:\n    host: office.shop.example\n"),
    told: ["~ service `backoffice` answers at `office.shop.example`, before at `api.shop.example`"],
  },
  {
    what: "throttles and bodies",
    edits: [
      ["throttle: 50/second, body: 1 MB", "throttle: 60/second, body: 5 MB"],
      ["default: 1000/second, per_identity: 100/second", "default: 2000/second"],
    ],
    told: [
      "~ routes without a rate of their own take 2000/second, before 1000/second",
      "~ each identity may call without limit, before 100/second",
      "~ `POST /orders` takes 60/second, before 50/second",
      "~ `POST /orders` takes bodies of 5 MB, before of 1 MB",
    ],
  },
  {
    what: "streaming and WebSockets",
    edits: [
      ["throttle: 50/second, body: 1 MB", "throttle: 50/second, streaming: true"],
      ["GET /orders: { needs: orders:read }", "GET /orders: { needs: orders:read, websocket: true }"],
    ],
    told: ["~ `GET /orders` takes WebSockets now", "~ `POST /orders` takes bodies of any size, before of 1 MB"],
  },
  {
    what: "a stronger sign-in than before",
    edits: [
      ["GET /orders: { needs: orders:read }", "GET /orders: { needs: orders:read, authentication: { acr: [mfa] } }"],
    ],
    told: ["~ `GET /orders` takes callers who have signed in with `mfa`, before in any way"],
  },
  {
    what: "pages of other origins",
    edits: edit("throttle: {", 'cors: { origins: ["https://app.shop.example"] }\nthrottle: {'),
    told: ["~ pages of `https://app.shop.example` may call the public services now"],
  },
  {
    what: "pages of every origin, in place of one",
    edits: edit("throttle: {", 'cors: { origins: ["*"], methods: [GET] }\nthrottle: {'),
    told: ["~ pages of every origin may call the public services now"],
  },
  {
    what: "a role that only this environment has differently",
    edits: edit(
      "    private_network",
      "    roles: { bot: { when: { source_ip: [10.0.0.0/8] } }, support: { members: { groups: [prod-support] } } }\n    private_network",
    ),
    told: [
      "+ group `prod-support` can now call `GET /orders`, `GET /orders/{id}` and private `ANY /{path+}` (role `support`)",
      "+ client `billing` can now call `GET /orders`, `GET /orders/{id}` and `POST /orders` from `10.0.0.0/8`, before only from `10.0.0.0/16` (role `bot`)",
      "- group `support` can no longer call `GET /orders`, `GET /orders/{id}` and private `ANY /{path+}` (role `support`)",
    ],
  },
  {
    what: "names that would forge words",
    edits: edit("groups: [support]", "groups: [support, 'x` from `10.0.0.0/8']"),
    told: [
      "+ group `x\\u{60} from \\u{60}10.0.0.0/8` can now call `GET /orders`, `GET /orders/{id}` and private `ANY /{path+}` (role `support`)",
    ],
  },
  {
    what: "the same in other words",
    edits: [
      ["members: { groups: [support] }", "members: { any: [{ all: [{ groups: [support] }] }] }"],
      ["GET /{customer}/items", "GET /{who}/items"],
      ["path: { customer: claim:sub }", "path: { who: claim:sub }"],
      ["source_ip: [10.0.0.0/16]", "source_ip: [10.0.128.0/17, 10.0.0.0/17]"],
      ["staff: [orders:read, orders:delete, backoffice:use]", "staff: [backoffice:use, orders:*]"],
    ],
    told: [],
  },
];

/** One condition of a role in place of another one: what is gained forth and lost back, and the other way round. */
const CONDITIONS: readonly (readonly [narrow: string, wide: string, narrowWords: string, wideWords: string])[] = [
  [
    "token_age: 10 minutes",
    "token_age: 1 hour",
    "with a token of at most 10 minutes",
    "with a token of at most 1 hour",
  ],
  ["after: 2027-02-01", "after: 2027-01-01", "from 2027-02-01 on", "from 2027-01-01 on"],
  ["before: 2027-01-01", "before: 2027-02-01", "before 2027-01-01", "before 2027-02-01"],
  [
    'hours: { days: [monday], from: "08:00", to: "18:00", zone: UTC }',
    'hours: { days: [monday], from: "07:00", to: "18:00", zone: UTC }',
    "on monday from 08:00 to 18:00 in UTC",
    "on monday from 07:00 to 18:00 in UTC",
  ],
  [
    'hours: { days: [monday], from: "08:00", to: "18:00", zone: UTC }',
    'hours: { days: [monday], from: "08:00", to: "20:00", zone: UTC }',
    "on monday from 08:00 to 18:00 in UTC",
    "on monday from 08:00 to 20:00 in UTC",
  ],
  ["source_ip: [10.0.0.0/16]", "source_ip: [10.0.0.0/8]", "from `10.0.0.0/16`", "from `10.0.0.0/8`"],
  ['source_ip: ["fd00::/16"]', 'source_ip: ["fd00::/8"]', "from `fd00::/16`", "from `fd00::/8`"],
];

describe("what is said of a condition that becomes wider, and narrower", () => {
  for (const [narrow, wide, narrowWords, wideWords] of CONDITIONS)
    test(`${narrow} to ${wide}`, () => {
      const [before, after] = [narrow, wide].map((when) => read(apply(edit("source_ip: [10.0.0.0/16]", when))));
      assert.ok(before !== undefined && after !== undefined);
      const forth = diffPolicies({ policy: before, environment: "prod" }, { policy: after, environment: "prod" });
      const what = "`GET /orders`, `GET /orders/{id}` and `POST /orders`";
      assert.deepEqual(tell(forth, "api.shop.example"), [
        `+ client \`billing\` can now call ${what} ${wideWords}, before only ${narrowWords} (role \`bot\`)`,
      ]);
      const back = diffPolicies({ policy: after, environment: "prod" }, { policy: before, environment: "prod" });
      assert.deepEqual(tell(back, "api.shop.example"), [
        `- client \`billing\` can no longer call ${what} ${wideWords}, now only ${narrowWords} (role \`bot\`)`,
      ]);
      assert.ok([...forth.changes, ...back.changes].every(({ isSure }) => isSure));
    });

  for (const [less, more, gained] of [
    ["claim: { plan: gold }", "claim: { plan: [gold, silver] }", "with claim `plan` `silver`"],
    ["amr: [mfa]", "amr: [mfa, hwk]", "with claim `amr` `hwk`"],
    ["source_ip: [10.0.0.0/16]", "source_ip: [10.0.0.0/16, 10.2.0.0/16]", "from `10.2.0.0/16`"],
    [
      'hours: { days: [monday], from: "08:00", to: "18:00", zone: UTC }',
      'hours: { days: [sunday, monday], from: "08:00", to: "18:00", zone: UTC }',
      "on sunday from 08:00 to 18:00 in UTC",
    ],
  ] as const)
    test(`${less} to ${more}: only what is more is told`, () => {
      const [before, after] = [less, more].map((when) => read(apply(edit("source_ip: [10.0.0.0/16]", when))));
      assert.ok(before !== undefined && after !== undefined);
      const { changes } = diffPolicies({ policy: before, environment: "prod" }, { policy: after, environment: "prod" });
      assert.deepEqual(
        changes.map(({ effect, when, isSure }) => [effect, when, isSure]),
        [["gain", gained, true]],
      );
    });
});

test("ages of tokens that are the same in whole seconds are the same", () => {
  const [one, other] = ["token_age: 1 second", "token_age: 1999 ms"].map((when) =>
    read(apply(edit("source_ip: [10.0.0.0/16]", when))),
  );
  assert.ok(one !== undefined && other !== undefined);
  for (const [before, after] of [
    [one, other],
    [other, one],
  ] as const)
    assert.deepEqual(
      diffPolicies({ policy: before, environment: "prod" }, { policy: after, environment: "prod" }).changes,
      [],
    );
});

test("a parameter that one route has and another one has not: each is told by itself", () => {
  const both = edit("      GET /health", "      GET /stock/{id}: { needs: items:read }\n      GET /health");
  const before = read(apply(both));
  const after = read(
    apply([...both, ["{ permission: items:read, when: { path: { customer: claim:sub } } }", "items:read"]]),
  );
  const diff = diffPolicies({ policy: before, environment: "prod" }, { policy: after, environment: "prod" });
  assert.deepEqual(tell(diff, "api.shop.example"), [
    "+ group `customers` can now call `GET /{customer}/items` in all circumstances, before only with `{customer}` equal to the caller's claim `sub` (role `owner`)",
    "+ group `customers` can now call `GET /stock/{id}` (role `owner`)",
  ]);
});

function apply(edits: Case["edits"]): string {
  return edits.reduce((text, [from, to]) => {
    assert.equal(text.split(from).length, 2, `\`${from}\` stands once`);
    return text.replace(from, to);
  }, SHOP);
}

function read(text: string) {
  const { policy, diagnostics } = parsePolicy("p.yaml", text);
  assert.ok(policy !== null, JSON.stringify(diagnostics));
  return policy;
}

function tell({ changes, settings }: PolicyDiff, domain: string): string[] {
  const tellOf = (wanted: "gain" | "loss"): string[] =>
    changes
      .filter(({ effect }) => effect === wanted)
      .map((change) => {
        const { text, below } = tellChange(change, domain);
        assert.equal(change.isSure, change.example !== null);
        return `${wanted === "gain" ? "+" : "-"} ${[text, ...below].join(" ")}`;
      });
  const counted = settings.map(
    ({ isAccess, direction, text }) => `${isAccess && direction !== "narrower" ? "=" : "~"} ${text}`,
  );
  return [...tellOf("gain"), ...counted, ...tellOf("loss")];
}

describe("what is said of an edit", () => {
  for (const { what, edits, told } of CASES)
    test(what, () => {
      const [before, after] = [read(SHOP), read(apply(edits))];
      const diff = diffPolicies({ policy: before, environment: "prod" }, { policy: after, environment: "prod" });
      assert.deepEqual(tell(diff, after.environments[0]?.domain ?? ""), told);
      assert.equal(
        widensAccess(diff),
        told.some((line) => /^[+=]/.test(line)),
      );
      assert.ok(
        diff.changes.every(({ isSure }) => isSure),
        "each has an example",
      );
      const back = diffPolicies({ policy: after, environment: "prod" }, { policy: before, environment: "prod" });
      assert.equal(back.changes.length, diff.changes.length);
    });
});
