/** Cases of the guardrails on routes. */
import { type GuardrailCases } from "./guardrail-case.ts";

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
