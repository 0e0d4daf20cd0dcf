/** Cases of the guardrails on who holds a role. */
import { type GuardrailCases, botMembers, ciIssuer } from "./guardrail-case.ts";

const GITHUB = "https://token.actions.githubusercontent.com";
const LACKS_REPOSITORY =
  "35:3 guardrail/workload-not-pinned: role `bot` does not say whose workload of GitHub Actions holds it; it lacks the repository, as `{ claim: { name: repository, equals: owner/name } }`";
const LACKS_PROJECT =
  "35:3 guardrail/workload-not-pinned: role `bot` does not say whose workload of GitLab holds it; it lacks the project, as `{ claim: { name: project_path, equals: group/name } }`";
const LACKS_ACCOUNT =
  "35:3 guardrail/workload-not-pinned: role `bot` does not say whose workload of Kubernetes holds it; it lacks the service account, as `{ subject: [system:serviceaccount:namespace:name] }`";

export const MEMBER_CASES: Readonly<Record<string, GuardrailCases>> = {
  "guardrail/role-without-members": {
    bad: [
      [
        [
          ["client_id: [billing], subject: [robot-7]", ""],
          ["can: [orders:read, backoffice:use]", "can: [orders:*, backoffice:use]"],
        ],
        "34:3 warning guardrail/role-without-members: role `bot` has no members",
      ],
      [
        [
          ["client_id: [billing], subject: [robot-7]", "groups: []"],
          ["can: [orders:read, backoffice:use]", "can: [orders:*, backoffice:use]"],
        ],
        "34:3 warning guardrail/role-without-members: role `bot` has no members",
      ],
      // No identity has two issuers.
      [
        [
          ciIssuer("https://ci.shop.example"),
          botMembers("{ all: [{ groups: [staff] }, { issuer: ci, subject: [robot-7] }] }"),
        ],
        "35:3 warning guardrail/role-without-members: role `bot` has no members",
      ],
    ],
    good: [
      [["client_id: [billing], subject: [robot-7]", "subject: [robot-7]"]],
      // Members that only one environment names.
      [
        botMembers("{ groups: [] }"),
        ["state: valkey", "roles: { bot: { members: { subject: [robot-7] } } }\n    state: valkey"],
      ],
    ],
  },
  "guardrail/everybody-is-member": {
    bad: [
      [
        [botMembers("{ claim: { name: department, prefix: s } }")],
        "34:3 guardrail/everybody-is-member: role `bot` takes in nearly everybody who can sign in",
      ],
      [
        [botMembers("{ any: [{ groups: [a] }, { claim: { name: department, prefix: é } }] }")],
        "34:3 guardrail/everybody-is-member: role `bot` takes in nearly everybody who can sign in",
      ],
      [
        [botMembers("{ claim: { name: email_verified, equals: true } }")],
        "34:3 guardrail/everybody-is-member: role `bot` takes in nearly everybody who can sign in",
      ],
      [
        [ciIssuer("https://ci.shop.example"), botMembers("{ issuer: ci, claim: { name: repository, prefix: s } }")],
        "35:3 guardrail/everybody-is-member: role `bot` takes in nearly every identity of issuer `ci`",
      ],
      // In one environment only.
      [
        [["state: valkey", "roles: { bot: { members: { claim: { name: team, prefix: x } } } }\n    state: valkey"]],
        "35:3 guardrail/everybody-is-member: role `bot` takes in nearly everybody who can sign in in `prod`",
      ],
    ],
    good: [
      [botMembers("{ claim: { name: department, prefix: sales. } }")],
      [botMembers("{ claim: { name: department, equals: s } }")],
      [botMembers("{ all: [{ groups: [staff] }, { claim: { name: department, prefix: s } }] }")],
      [botMembers("{ all: [{ groups: [staff] }, { not: { groups: [guests] } }] }")],
    ],
  },
  "guardrail/workload-not-pinned": {
    bad: [
      [
        [ciIssuer(GITHUB), botMembers("{ issuer: ci, claim: { name: ref, equals: refs/heads/main } }")],
        LACKS_REPOSITORY,
      ],
      [[ciIssuer(GITHUB), botMembers("{ issuer: ci, groups: [deploy] }")], LACKS_REPOSITORY],
      [[ciIssuer(GITHUB), botMembers("{ issuer: ci, claim: { name: sub, prefix: 'repo:' } }")], LACKS_REPOSITORY],
      [[ciIssuer(GITHUB), botMembers("{ issuer: ci, claim: { name: sub, prefix: 'repo:shop' } }")], LACKS_REPOSITORY],
      [[ciIssuer(GITHUB), botMembers("{ issuer: ci, claim: { name: repository, prefix: shop } }")], LACKS_REPOSITORY],
      // One way in that pins and one that does not.
      [
        [
          ciIssuer(GITHUB),
          botMembers("{ issuer: ci, any: [{ subject: [a] }, { claim: { name: environment, equals: production } }] }"),
        ],
        LACKS_REPOSITORY,
      ],
      // What is kept out does not say who is let in.
      [
        [
          ciIssuer(GITHUB),
          botMembers(
            "{ issuer: ci, all: [{ groups: [a] }, { not: { claim: { name: repository, equals: shop/web } } }] }",
          ),
        ],
        LACKS_REPOSITORY,
      ],
      [
        [ciIssuer("https://git.shop.example/_services/token"), botMembers("{ issuer: ci, client_id: [runner] }")],
        LACKS_REPOSITORY,
      ],
      [
        [ciIssuer("https://gitlab.com"), botMembers("{ issuer: ci, claim: { name: ref_protected, equals: true } }")],
        LACKS_PROJECT,
      ],
      [
        [
          ciIssuer("https://gitlab.shop.example"),
          botMembers("{ issuer: ci, claim: { name: user_login, equals: ada } }"),
        ],
        LACKS_PROJECT,
      ],
      [
        [
          ciIssuer("https://kubernetes.default.svc.cluster.local"),
          botMembers("{ issuer: ci, claim: { name: sub, prefix: 'system:serviceaccount:' } }"),
        ],
        LACKS_ACCOUNT,
      ],
      [
        [
          ciIssuer("https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"),
          botMembers("{ issuer: ci, claim: { name: sub, prefix: 'system:serviceaccount:shop' } }"),
        ],
        LACKS_ACCOUNT,
      ],
    ],
    good: [
      [ciIssuer(GITHUB), botMembers("{ issuer: ci, subject: ['repo:shop/web:ref:refs/heads/main'] }")],
      [ciIssuer(GITHUB), botMembers("{ issuer: ci, claim: { name: repository, equals: shop/web } }")],
      [ciIssuer(GITHUB), botMembers("{ issuer: ci, claim: { name: repository_owner, equals: shop } }")],
      [ciIssuer(GITHUB), botMembers("{ issuer: ci, claim: { name: sub, prefix: 'repo:shop/' } }")],
      [ciIssuer(GITHUB, ", claims: { groups: repository }"), botMembers("{ issuer: ci, groups: [shop/web] }")],
      [
        ciIssuer(GITHUB),
        botMembers(
          "{ issuer: ci, all: [{ claim: { name: repository, equals: shop/web } }, { claim: { name: ref, equals: refs/heads/main } }] }",
        ),
      ],
      [ciIssuer("https://gitlab.com"), botMembers("{ issuer: ci, claim: { name: project_path, prefix: shop/ } }")],
      [
        ciIssuer("https://kubernetes.default.svc"),
        botMembers("{ issuer: ci, claim: { name: sub, prefix: 'system:serviceaccount:shop:' } }"),
      ],
      // Whatever an issuer of one's own signs is one's own.
      [ciIssuer("https://ci.shop.example"), botMembers("{ issuer: ci, groups: [deploy] }")],
    ],
  },
  "guardrail/open-ended-prefix": {
    bad: [
      [
        [ciIssuer("https://ci.shop.example"), botMembers("{ issuer: ci, claim: { name: repository, prefix: shop } }")],
        "35:3 warning guardrail/open-ended-prefix: role `bot` takes in every `repository` beginning with `shop`, `shop-other` among them -> end the prefix with the sign that ends the name, as in `shop/`, or compare the whole value with `equals`",
      ],
      [
        [
          ciIssuer("https://ci.shop.example"),
          botMembers("{ issuer: ci, all: [{ groups: [a] }, { claim: { name: repository, prefix: shop- } }] }"),
        ],
        "35:3 warning guardrail/open-ended-prefix: role `bot` takes in every `repository` beginning with `shop-`, `shop-other` among them -> end the prefix with the sign that ends the name, as in `shop/`, or compare the whole value with `equals`",
      ],
      [
        [botMembers("{ claim: { name: sub, prefix: 'system:serviceaccount:shop' } }")],
        "34:3 warning guardrail/open-ended-prefix: role `bot` takes in every `sub` beginning with `system:serviceaccount:shop`, `system:serviceaccount:shop-other` among them -> end the prefix with the sign that ends the name, as in `system:serviceaccount:shop:`, or compare the whole value with `equals`",
      ],
      [
        [botMembers("{ claim: { name: sub, prefix: 'repo:shop' } }")],
        "34:3 warning guardrail/open-ended-prefix: role `bot` takes in every `sub` beginning with `repo:shop`, `repo:shop-other` among them -> end the prefix with the sign that ends the name, as in `repo:shop/`, or compare the whole value with `equals`",
      ],
    ],
    good: [
      [ciIssuer("https://ci.shop.example"), botMembers("{ issuer: ci, claim: { name: repository, prefix: shop/ } }")],
      [
        ciIssuer("https://ci.shop.example"),
        botMembers("{ issuer: ci, claim: { name: ref, prefix: refs/heads/release- } }"),
      ],
      [botMembers("{ all: [{ groups: [staff] }, { not: { claim: { name: department, prefix: sales } } }] }")],
    ],
  },
  "guardrail/excluded-by-claim": {
    bad: [
      [
        [botMembers("{ all: [{ groups: [staff] }, { not: { claim: { name: suspended, equals: true } } }] }")],
        "34:3 warning guardrail/excluded-by-claim: role `bot` keeps somebody out by claim `suspended`, and lets in whoever has no such claim",
      ],
      [
        [
          botMembers(
            "{ all: [{ groups: [staff] }, { not: { any: [{ subject: [eve] }, { claim: { name: team, prefix: x/ } }, { claim: { name: team, equals: y } }] } }] }",
          ),
        ],
        "34:3 warning guardrail/excluded-by-claim: role `bot` keeps somebody out by claim `team`, and lets in whoever has no such claim",
      ],
      [
        [
          [
            "state: valkey",
            "roles: { bot: { members: { all: [{ groups: [a] }, { not: { claim: { name: off, equals: 1 } } }] } } }\n    state: valkey",
          ],
        ],
        "35:3 warning guardrail/excluded-by-claim: role `bot` keeps somebody out by claim `off`, and lets in whoever has no such claim in `prod`",
      ],
    ],
    good: [
      [botMembers("{ all: [{ groups: [staff] }, { claim: { name: suspended, equals: false } }] }")],
      [botMembers("{ all: [{ groups: [staff] }, { not: { subject: [eve] } }] }")],
      [botMembers("{ all: [{ groups: [staff] }, { not: { groups: [guests] } }] }")],
    ],
  },
  "guardrail/pattern-like-member": {
    bad: [
      ...(
        [
          ["{ groups: [ops$] }", "group `ops$`"],
          ["{ subject: [ops$] }", "subject `ops$`"],
          ["{ client_id: ['(a|b)'] }", "client `(a|b)`"],
          ["{ groups: ['team-[0-9]'] }", "group `team-[0-9]`"],
          ["{ groups: [ops.+] }", "group `ops.+`"],
          ["{ groups: ['ops?'] }", "group `ops?`"],
          ["{ claim: { name: team, equals: ops$ } }", "`team` `ops$`"],
          ["{ claim: { name: team, one_of: [dev, ops$] } }", "`team` `ops$`"],
          ["{ claim: { name: team, prefix: '[ops]/' } }", "prefix of `team` `[ops]/`"],
          ["{ all: [{ groups: [staff] }, { not: { subject: [eve$] } }] }", "subject `eve$`"],
        ] as const
      ).map(
        ([members, what]) =>
          [
            [botMembers(members)],
            `34:3 info guardrail/pattern-like-member: role \`bot\` names the ${what}, which looks like a pattern and is compared as it stands`,
          ] as const,
      ),
      [
        [botMembers("{ groups: ['dev, ops', ' qa'] }")],
        "34:3 info guardrail/pattern-like-member: role `bot` names the group `dev, ops`, which looks like a list and is compared as it stands",
        "34:3 info guardrail/pattern-like-member: role `bot` names the group ` qa`, which begins or ends with a blank and is compared as it stands",
      ],
    ],
    good: [
      "ada.b+c@shop.example",
      "https://shop.example/users?id=7&x=(a)",
      "http://[::1]/ada",
      "auth0|7",
      "a$b",
      "billing (west)",
      "CN=ops, OU=it",
      "a,b",
      "DOMAIN\\ada",
    ].map((value) => [botMembers(`{ groups: ['${value}'], subject: ['${value}'] }`)]),
  },
  "guardrail/self-asserted-claim": {
    bad: [
      [
        [botMembers("{ claim: { name: email, equals: ada@shop.example } }")],
        "34:3 warning guardrail/self-asserted-claim: role `bot` is held by claim `email`",
      ],
      [
        [botMembers("{ any: [{ groups: [staff] }, { claim: { name: preferred_username, one_of: [ada, eve] } }] }")],
        "34:3 warning guardrail/self-asserted-claim: role `bot` is held by claim `preferred_username`",
      ],
      [
        [
          botMembers(
            "{ any: [{ claim: { name: email_verified, equals: true } }, { claim: { name: email, equals: ada@shop.example } }] }",
          ),
        ],
        "34:3 warning guardrail/self-asserted-claim: role `bot` is held by claim `email`",
      ],
      [
        [
          ciIssuer("https://ci.shop.example", ", login: { client_id: edge-ci }"),
          botMembers("{ issuer: ci, claim: { name: name, equals: ada } }"),
        ],
        "35:3 warning guardrail/self-asserted-claim: role `bot` is held by claim `name`",
      ],
    ],
    good: [
      [
        botMembers(
          "{ all: [{ claim: { name: email, equals: ada@shop.example } }, { claim: { name: email_verified, equals: true } }] }",
        ),
      ],
      [
        botMembers("{ claim: { name: email, equals: ada@shop.example } }"),
        ["when: { source_ip: [10.0.0.0/16] }", "when: { claim: { email_verified: true } }"],
      ],
      [botMembers("{ all: [{ groups: [staff] }, { claim: { name: nickname, equals: ada } }] }")],
      [ciIssuer("https://ci.shop.example"), botMembers("{ issuer: ci, claim: { name: name, equals: deploy } }")],
    ],
  },
};
