/** Cases of the guardrails on environments and networks. */
import { type GuardrailCases } from "./guardrail-case.ts";

export const NETWORK_CASES: Readonly<Record<string, GuardrailCases>> = {
  "guardrail/development-identity": {
    bad: [
      [
        [["domain: shop.localhost", "domain: shop.example, certificates: internal"]],
        "9:3 guardrail/development-identity: environment `local` uses the development provider beyond this machine",
      ],
      [
        [["domain: shop.localhost", "domain: shop.localhost, certificates: { acme: a@b.example }"]],
        "9:3 guardrail/development-identity: environment `local` uses the development provider beyond this machine",
      ],
      [
        [
          [
            "domain: shop.localhost",
            'domain: shop.localhost, gateway: { aws: { account: "111122223333", regions: [eu-west-1] } }',
          ],
        ],
        "9:3 guardrail/development-identity: environment `local` uses the development provider beyond this machine",
      ],
    ],
    good: [[["identity: embedded, domain: shop.localhost", "domain: shop.example, certificates: internal"]]],
  },
  "guardrail/plain-http-upstream": {
    bad: [
      [
        [["http://orders.shop.internal:8080", "http://orders.shop.example"]],
        "17:3 warning guardrail/plain-http-upstream: service `orders` is reached at `http://orders.shop.example` without TLS in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", "http://8.8.8.8"]],
        "17:3 warning guardrail/plain-http-upstream: service `orders` is reached at `http://8.8.8.8` without TLS in `prod`",
      ],
    ],
    good: [
      "https://orders.shop.example",
      "http://10.0.0.7",
      "http://192.168.1.1:81",
      "http://orders",
      "http://orders.default.svc.cluster.local",
      '"http://[fd00::1]"',
      "http://localhost:1",
    ].map((to) => [["http://orders.shop.internal:8080", to] as const]),
  },
  "guardrail/metadata-upstream": {
    bad: [
      [
        [["http://orders.shop.internal:8080", "http://169.254.169.254"]],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `169.254.169.254` in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", '"http://[fd00:ec2::254]"']],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `[fd00:ec2::254]` in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", '"http://[::ffff:169.254.169.254]"']],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `[::ffff:a9fe:a9fe]` in `prod`",
      ],
      [
        [["http://orders.shop.internal:8080", "http://metadata.google.internal"]],
        "17:3 guardrail/metadata-upstream: service `orders` is sent to `metadata.google.internal` in `prod`",
      ],
    ],
    good: [[["http://orders.shop.internal:8080", "http://169.253.169.254.shop.internal"]]],
  },
  "guardrail/private-unreachable": {
    bad: [
      [
        [["private_network: [127.0.0.0/8], ", ""]],
        "9:3 warning guardrail/private-unreachable: environment `local` has no `private_network`, so nobody reaches `backoffice`",
      ],
      [
        [
          ["private_network: [127.0.0.0/8], ", ""],
          ["    private_network: [10.0.0.0/16]\n", ""],
        ],
        "9:3 warning guardrail/private-unreachable: environment `local` has no `private_network`, so nobody reaches `backoffice`",
        "10:3 warning guardrail/private-unreachable: environment `prod` has no `private_network`, so nobody reaches `backoffice`",
      ],
    ],
    good: [
      [
        ["exposure: private", "exposure: public"],
        ["private_network: [127.0.0.0/8], ", ""],
      ],
    ],
  },
  "guardrail/open-private-network": {
    bad: [
      [
        [["private_network: [10.0.0.0/16]", 'private_network: [0.0.0.0/0, 64.0.0.0/7, "::/0", "2000::/3"]']],
        "10:3 guardrail/open-private-network: environment `prod` takes `0.0.0.0/0` for its private network",
        "10:3 guardrail/open-private-network: environment `prod` takes `64.0.0.0/7` for its private network",
        "10:3 guardrail/open-private-network: environment `prod` takes `::/0` for its private network",
        "10:3 guardrail/open-private-network: environment `prod` takes `2000::/3` for its private network",
      ],
    ],
    good: [[["private_network: [10.0.0.0/16]", 'private_network: [10.0.0.0/8, "fd00::/8", "fe80::/10"]']]],
  },
  "guardrail/plain-state": {
    bad: [
      [
        [["valkey://cache.shop.internal:6379", "redis://cache.shop.example"]],
        "10:3 warning guardrail/plain-state: environment `prod` keeps state at `cache.shop.example` without TLS",
      ],
      [
        [["valkey://cache.shop.internal:6379", '"valkey://[2a00::1]:6379"']],
        "10:3 warning guardrail/plain-state: environment `prod` keeps state at `[2a00::1]` without TLS",
      ],
    ],
    good: [
      [["valkey://cache.shop.internal:6379", "valkeys://cache.shop.example:6379"]],
      [["valkey://cache.shop.internal:6379", "rediss://cache.shop.example"]],
      [["valkey://cache.shop.internal:6379", '"valkey://[fd00::1]:6379"']],
    ],
  },
};
