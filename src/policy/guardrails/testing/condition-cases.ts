/** Cases of the guardrails on circumstances. */
import { type GuardrailCases } from "./guardrail-case.ts";

const WHEN = "when: { source_ip: [10.0.0.0/16] }";
/** What `prod` says of the role `bot`. */
const inProd = (override: string) => ["state: valkey", `roles: { bot: ${override} }\n    state: valkey`] as const;
const inLocal = (override: string) =>
  ["domain: shop.localhost }", `domain: shop.localhost, roles: { bot: ${override} } }`] as const;

export const CONDITION_CASES: Readonly<Record<string, GuardrailCases>> = {
  "guardrail/wide-source-network": {
    bad: [
      [
        [[WHEN, "when: { source_ip: [0.0.0.0/0] }"]],
        "38:5 warning guardrail/wide-source-network: role `bot` takes in the network `0.0.0.0/0`",
      ],
      [
        [[WHEN, 'when: { source_ip: [10.0.0.0/8, 128.0.0.0/1, "2000::/3"] }']],
        "38:5 warning guardrail/wide-source-network: role `bot` takes in the network `128.0.0.0/1`",
        "38:5 warning guardrail/wide-source-network: role `bot` takes in the network `2000::/3`",
      ],
      [
        [
          [
            "can: [orders:read, orders:write]",
            "can: [orders:read, { permission: orders:write, when: { source_ip: [64.0.0.0/7] } }]",
          ],
        ],
        "36:52 warning guardrail/wide-source-network: role `bot` takes in the network `64.0.0.0/7`",
      ],
      [
        [inProd('{ when: { source_ip: ["::/1"] } }')],
        "15:21 warning guardrail/wide-source-network: role `bot` takes in the network `::/1` in `prod`",
      ],
    ],
    good: [[[WHEN, 'when: { source_ip: [10.0.0.0/8, "fc00::/7", "2001:db8::/32", "::1/128"] }']]],
  },
  "guardrail/condition-dropped": {
    bad: [
      [
        [inProd("{ when: { token_age: 10 minutes } }")],
        "15:21 warning guardrail/condition-dropped: role `bot` does not ask in `prod` for `source_ip`, as it does in `local`",
      ],
      [
        [inLocal("{ when: { source_ip: [127.0.0.0/8], amr: [mfa] } }")],
        "38:5 warning guardrail/condition-dropped: role `bot` does not ask in `prod` for claim `amr`, as it does in `local`",
      ],
      [
        [["\n    when: { source_ip: [10.0.0.0/16] }", ""], inLocal("{ when: { token_age: 1 minute } }")],
        "34:3 warning guardrail/condition-dropped: role `bot` does not ask in `prod` for `token_age`, as it does in `local`",
      ],
      [
        [
          [
            WHEN,
            'when: { path: { id: ["7"] }, after: 2026-01-01, before: 2027-01-01, hours: { from: "08:00", to: "18:00", zone: UTC } }',
          ],
          inProd("{ when: { source_ip: [10.0.0.0/16] } }"),
        ],
        "15:21 warning guardrail/condition-dropped: role `bot` does not ask in `prod` for `after`, `before`, `hours`, path `id`, as it does in `local`",
      ],
    ],
    good: [
      // Other values of the same parts.
      [inProd("{ when: { source_ip: [192.168.0.0/16] } }")],
      [inProd("{ when: { source_ip: [192.168.0.0/16], amr: [mfa] } }")],
      // A developer's own machine may ask for less.
      [
        inLocal("{ when: { token_age: 10 minutes } }"),
        inProd("{ when: { token_age: 1 minute, source_ip: [10.0.0.0/8] } }"),
      ],
      [inProd("{ members: { subject: [robot-8] } }")],
    ],
  },
};
