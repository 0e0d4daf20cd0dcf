/** Cases of the guardrails on what roles grant and boundaries allow. */
import { type GuardrailCases } from "./guardrail-case.ts";

export const GRANT_CASES: Readonly<Record<string, GuardrailCases>> = {
  "guardrail/catch-all-grant": {
    bad: [
      [[["can: [orders:read, orders:write]", 'can: ["*"]']], "36:11 guardrail/catch-all-grant: role `bot` can `*`"],
      [
        [["can: [orders:read, orders:write]", 'can: ["*:*", orders:read]']],
        "36:11 guardrail/catch-all-grant: role `bot` can `*:*`",
      ],
    ],
    good: [
      [
        ["can: [orders:read, orders:write]", "can: [orders:*, backoffice:*]"],
        ["machines: [orders:read,", "machines: [backoffice:*, orders:read,"],
      ],
    ],
  },
  "guardrail/catch-all-boundary": {
    bad: [
      [
        [["staff: [orders:*, backoffice:use]", 'staff: ["*"]']],
        "40:11 guardrail/catch-all-boundary: boundary `staff` allows `*`",
      ],
      [
        [["staff: [orders:*, backoffice:use]", 'staff: [orders:*, "*:*"]']],
        "40:21 guardrail/catch-all-boundary: boundary `staff` allows `*:*`",
      ],
    ],
    good: [[["staff: [orders:*, backoffice:use]", "staff: [orders:*, backoffice:*]"]]],
  },
  "guardrail/dead-grant": {
    bad: [
      [
        [["can: [orders:read, orders:write]", "can: [orders:*, backoffice:use]"]],
        "36:21 warning guardrail/dead-grant: role `bot` can `backoffice:use`, which boundary `machines` does not allow",
      ],
      [
        [["can: [orders:read, orders:write]", "can: [orders:*, backoffice:*]"]],
        "36:21 warning guardrail/dead-grant: role `bot` can `backoffice:*`, which boundary `machines` does not allow",
      ],
    ],
    // A pattern that the boundary narrows is not dead.
    good: [
      [
        ["can: [orders:read, backoffice:use]", "can: [orders:*, backoffice:use]"],
        ["can: [orders:read, orders:write]", "can: [orders:*]"],
        ["machines: [orders:read, orders:write]", "machines: [orders:read]"],
      ],
    ],
  },
  "guardrail/unreachable-route": {
    bad: [
      [
        [["can: [orders:read, orders:write]", "can: [orders:read]"]],
        "25:7 warning guardrail/unreachable-route: `POST /orders` needs `orders:write`, which nobody can have",
      ],
      [
        [["machines: [orders:read, orders:write]", "machines: [orders:read]"]],
        "25:7 warning guardrail/unreachable-route: `POST /orders` needs `orders:write`, which nobody can have",
      ],
    ],
    good: [[["can: [orders:read, orders:write]", "can: [orders:read, orders:write]"]]],
  },
  "guardrail/unused-boundary": {
    bad: [
      [
        [["  machines: [", "  spare: [orders:read]\n  machines: ["]],
        "41:3 info guardrail/unused-boundary: no role has boundary `spare`",
      ],
    ],
    good: [
      [
        ["boundary: machines", "boundary: staff"],
        ["\n  machines: [orders:read, orders:write]", ""],
      ],
    ],
  },
  "guardrail/area-grant": {
    bad: [
      [
        [["can: [orders:read, orders:write]", "can: [orders:*]"]],
        "36:11 info guardrail/area-grant: role `bot` can `orders:*`, `orders:write` for `POST /orders` among it",
      ],
      [
        [["can: [orders:read, backoffice:use]", "can: [orders:read, backoffice:*]"]],
        "33:65 info guardrail/area-grant: role `support` can `backoffice:*`, `backoffice:use` for `ANY /{path+}` among it",
      ],
    ],
    good: [
      // An area of routes that only read.
      [
        ["POST /orders: { needs: orders:write,", "POST /orders: { needs: payments:write,"],
        ["can: [orders:read, orders:write]", "can: [orders:*, payments:write]"],
        ["staff: [orders:*, backoffice:use]", "staff: [orders:read, backoffice:use]"],
        ["machines: [orders:read, orders:write]", "machines: [orders:read, payments:write]"],
      ],
      // A boundary that lets only reading through.
      [
        ["can: [orders:read, orders:write]", "can: [orders:*]"],
        ["machines: [orders:read, orders:write]", "machines: [orders:read]"],
        ["can: [orders:read, backoffice:use]", "can: [orders:read, orders:write, backoffice:use]"],
      ],
    ],
  },
};
