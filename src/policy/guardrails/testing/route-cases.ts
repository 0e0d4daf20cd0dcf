/** Cases of the guardrails on routes. */
import { type GuardrailCases } from "./guardrail-case.ts";

/** An open route in place of `GET /health`, at 26:7, and one that needs a permission after it. */
const beside = (open: string, guarded: string) =>
  [
    'GET /health: { open: "probe, returns no data" }',
    `${open}: { open: for everybody }\n      ${guarded}: { needs: orders:read }`,
  ] as const;
const answers = (open: string, request: string, guarded: string): string =>
  `26:7 warning guardrail/open-beside-protected: \`${open}\` is open and answers \`${request}\`, beside \`${guarded}\`, which needs a permission`;

export const ROUTE_CASES: Readonly<Record<string, GuardrailCases>> = {
  "guardrail/open-write": {
    bad: [
      [
        [["GET /health:", "POST /health:"]],
        "26:7 guardrail/open-write: `POST /health` is open and may change something",
      ],
      [[["GET /health:", "ANY /health:"]], "26:7 guardrail/open-write: `ANY /health` is open and may change something"],
    ],
    good: [[["GET /health:", "HEAD /health:"]], [["GET /health:", "OPTIONS /health:"]]],
  },
  // Which routes stand so to each other: open-beside.test.ts.
  "guardrail/open-beside-protected": {
    bad: [
      [[beside("GET /{a}/{b}", "GET /admin/{p+}")], answers("GET /{a}/{b}", "GET /admin/x", "GET /admin/{p+}")],
      [
        [beside("GET /{p+}", "GET /other")],
        `${answers("GET /{p+}", "GET /orders/", "GET /orders")} -> name the paths that are open; no route of its own takes a slash at the end`,
      ],
      // One host in one environment only.
      [
        [
          beside("GET /{a}/{b}", "GET /other"),
          [
            "  backoffice:\n",
            `  desk:
    exposure: public
    host: { local: desk.localhost }
    upstream: http://127.0.0.1:4003
    routes:
      ANY /desk/{p+}: { needs: orders:read }
  backoffice:
`,
          ],
        ],
        `${answers("GET /{a}/{b}", "GET /desk/x", "ANY /desk/{p+}")} in \`prod\``,
      ],
    ],
    good: [
      [["GET /health:", "GET /health/{probe}:"]],
      // Another exposure.
      [beside("GET /{a}/{b}", "GET /other"), ["ANY /{path+}: {", "ANY /desk/{path+}: {"]],
    ],
  },
  "guardrail/open-private": {
    bad: [
      [
        [["ANY /{path+}: {", "GET /probe: { open: probe }\n      ANY /{path+}: {"]],
        "31:7 warning guardrail/open-private: `GET /probe` of a private service is open",
      ],
    ],
    good: [[["ANY /{path+}: {", "GET /probe: { needs: backoffice:use }\n      ANY /{path+}: {"]]],
  },
  "guardrail/no-identity-throttle": {
    bad: [
      [
        [[", per_identity: 100/second", ""]],
        "3:1 info guardrail/no-identity-throttle: no throttle holds for a single identity",
      ],
      [
        [["throttle: { default: 1000/second burst 2000, per_identity: 100/second }\n", ""]],
        "3:1 info guardrail/no-identity-throttle: no throttle holds for a single identity",
      ],
      [
        [
          [", per_identity: 100/second", ""],
          ["domain: shop.localhost }", "domain: shop.localhost, throttle: { per_identity: 1/second } }"],
        ],
        "3:1 info guardrail/no-identity-throttle: no throttle holds for a single identity in `prod`",
      ],
    ],
    good: [
      [["default: 1000/second burst 2000, ", ""]],
      [
        [", per_identity: 100/second", ""],
        ["domain: shop.localhost }", "domain: shop.localhost, throttle: { per_identity: 1/second } }"],
        ["state: valkey", "throttle: { per_identity: 2/second }\n    state: valkey"],
      ],
    ],
  },
  "guardrail/open-websocket": {
    bad: [
      [
        [['GET /health: { open: "probe, returns no data"', "GET /news: { open: news, websocket: true"]],
        "26:7 warning guardrail/open-websocket: `GET /news` is an open WebSocket",
      ],
    ],
    good: [
      [['GET /health: { open: "probe, returns no data"', "GET /news: { needs: orders:read, websocket: true"]],
      [['GET /health: { open: "probe, returns no data"', "GET /news: { open: news, streaming: true"]],
    ],
  },
  "guardrail/slow-retries": {
    bad: [
      // The timeout is 30 seconds where none is written.
      [
        [["GET /orders: { needs: orders:read }", "GET /orders: { needs: orders:read, retries: 1 }"]],
        "23:7 warning guardrail/slow-retries: `GET /orders` may take 1 minute: 2 attempts of 30 seconds",
      ],
      [
        [["GET /orders: { needs: orders:read }", "GET /orders: { needs: orders:read, timeout: 10001 ms, retries: 2 }"]],
        "23:7 warning guardrail/slow-retries: `GET /orders` may take 30003 ms: 3 attempts of 10001 ms",
      ],
      [
        [["state: valkey", "routes: { GET /orders: { retries: 1 } }\n    state: valkey"]],
        "24:7 warning guardrail/slow-retries: `GET /orders` may take 1 minute: 2 attempts of 30 seconds in `prod`",
      ],
    ],
    good: [
      [["GET /orders: { needs: orders:read }", "GET /orders: { needs: orders:read, timeout: 10 seconds, retries: 2 }"]],
      [["GET /orders: { needs: orders:read }", "GET /orders: { needs: orders:read, timeout: 30 seconds }"]],
    ],
  },
};
