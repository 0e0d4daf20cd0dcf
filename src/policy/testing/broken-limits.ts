/** Policies that are broken in what routes limit: bodies, retries, streaming, WebSockets, and overrides of these. */
import type { BrokenWhole } from "./whole-policy.ts";

export const BROKEN_LIMITS: readonly BrokenWhole[] = [
  {
    what: "sign-in at a host of the service's own",
    edit: ["login: false", "login: true"],
    found: [
      "41:5 service/login-host: people signed in at the domain are not signed in at another host -> remove `login`, or `host`: sign-in and its cookie belong to the environment's `domain`",
    ],
  },
  {
    what: "retries of a route that is not idempotent",
    edit: ["body: 512 KiB, throttle", "body: 512 KiB, retries: 1, throttle"],
    found: [
      "52:77 route/retries: `POST /{customer}/items` may do its work twice when it is tried again -> remove `retries`; only GET, HEAD, OPTIONS, PUT and DELETE are idempotent",
    ],
  },
  {
    what: "retries of a route for any method",
    edit: ["GET /health: { open:", "ANY /health: { retries: 1, open:"],
    found: [
      "53:31 route/retries: `ANY /health` may do its work twice when it is tried again -> remove `retries`; only GET, HEAD, OPTIONS, PUT and DELETE are idempotent",
    ],
  },
  {
    what: "retries that are too many",
    edit: ["retries: 2", "retries: 6"],
    found: ["51:60 parse/range: `retries` is not a whole number up to 5 -> write 0 to 5"],
  },
  {
    what: "retries that are negative",
    edit: ["retries: 2", "retries: -1"],
    found: ["51:60 parse/range: `retries` is not a whole number up to 5 -> write 0 to 5"],
  },
  {
    what: "retries that are a fraction",
    edit: ["retries: 2", "retries: 1.5"],
    found: ["51:60 parse/range: `retries` is not a whole number up to 5 -> write 0 to 5"],
  },
  {
    what: "retries that are a text",
    edit: ["retries: 2", 'retries: "2"'],
    found: ["51:60 parse/range: `retries` is not a whole number up to 5 -> write 0 to 5"],
  },
  {
    what: "retries that are a truth value",
    edit: ["retries: 2", "retries: true"],
    found: ["51:60 parse/range: `retries` is not a whole number up to 5 -> write 0 to 5"],
  },
  {
    what: "a body that is too large",
    edit: ["body: 512 KiB", "body: 11 MiB"],
    found: [
      "52:59 parse/range: `body` cannot be `11 MiB` -> write at most `10 MiB`; a route with `streaming: true` has no limit",
    ],
  },
  {
    what: "a body in the other kind of megabytes",
    edit: ["body: 512 KiB", "body: 1 GB"],
    found: [
      "52:59 parse/range: `body` cannot be `1 GB` -> write at most `10 MiB`; a route with `streaming: true` has no limit",
    ],
  },
  {
    what: "a body without unit",
    edit: ["body: 512 KiB", "body: 524288"],
    found: [
      "52:59 parse/size: `524288` is not a size -> write a whole number and a unit: `524288 bytes`, `5 MB`, `5 MiB`",
    ],
  },
  {
    what: "a body in an unknown unit",
    edit: ["body: 512 KiB", "body: 512 kB"],
    found: ["52:59 parse/size: `512 kB` is not a size -> write `512 KB`"],
  },
  {
    what: "a body that is a fraction",
    edit: ["body: 512 KiB", "body: 0.5 MB"],
    found: ["52:59 parse/size: `0.5 MB` is not a size -> write a whole number and a unit: `512 KiB`, `5 MB`, `5 MiB`"],
  },
  {
    what: "a body that is a number of another base",
    edit: ["body: 512 KiB", "body: 0x80000"],
    found: ["52:59 parse/size: `0x80000` is not a size -> write a whole number and a unit: `512 KiB`, `5 MB`, `5 MiB`"],
  },
  {
    what: "a streaming route with a limit of its body",
    file: "teams/events.yaml",
    edit: ["streaming: true", "streaming: true, body: 5 MB"],
    found: [
      "teams/events.yaml:9:74 route/streaming: a streaming route has no limit of its body -> remove `body`, or `streaming`",
    ],
  },
  {
    what: "a streaming route with retries",
    file: "teams/events.yaml",
    edit: ["streaming: true", "streaming: true, retries: 1"],
    found: [
      "teams/events.yaml:9:77 route/retries: what passes as it comes cannot be sent again -> remove `retries`, or `streaming`",
    ],
  },
  {
    what: "streaming as a text",
    file: "teams/events.yaml",
    edit: ["streaming: true", "streaming: yes"],
    found: [
      "teams/events.yaml:9:62 parse/expected-boolean: `streaming` is a text instead of `true` or `false` -> write `true` or `false`",
    ],
  },
  {
    what: "a WebSocket that is opened by POST",
    file: "teams/events.yaml",
    edit: ["GET /socket:", "POST /socket:"],
    found: [
      "teams/events.yaml:10:7 route/websocket: `POST /socket` cannot be a WebSocket -> a WebSocket is opened by `GET`",
    ],
  },
  {
    what: "a WebSocket that is opened by any method",
    file: "teams/events.yaml",
    edit: ["GET /socket:", "ANY /socket:"],
    found: [
      "teams/events.yaml:10:7 route/websocket: `ANY /socket` cannot be a WebSocket -> a WebSocket is opened by `GET`",
    ],
  },
  {
    what: "a WebSocket as a text",
    file: "teams/events.yaml",
    edit: ["websocket: true", 'websocket: "true"'],
    found: [
      "teams/events.yaml:10:53 parse/expected-boolean: `websocket` is a text instead of `true` or `false` -> write `true` or `false`",
    ],
  },
  {
    what: "an unknown limit of a route",
    edit: ["timeout: 10 seconds", "time_out: 10 seconds"],
    found: ["52:99 parse/unknown-key: a route has no key `time_out` -> did you mean `timeout`?"],
  },
  {
    what: "a timeout in an environment that is too long",
    edit: ["timeout: 3 seconds", "timeout: 1 minute"],
    found: ["34:68 parse/range: `timeout` cannot be `1 minute` -> write between 50 ms and 30 seconds"],
  },
  {
    what: "a body in an environment that is too large",
    edit: ["body: 1 MB, retries", "body: 1 GiB, retries"],
    found: [
      "34:85 parse/range: `body` cannot be `1 GiB` -> write at most `10 MiB`; a route with `streaming: true` has no limit",
    ],
  },
  {
    what: "retries in an environment that are too many",
    edit: ["retries: 1 }", "retries: 9 }"],
    found: ["34:100 parse/range: `retries` is not a whole number up to 5 -> write 0 to 5"],
  },
  {
    what: "a throttle in an environment without unit",
    edit: ["throttle: 5/second", "throttle: 5"],
    found: ["34:49 parse/rate: `5` is not a rate -> write `50/second burst 100`; units are second, minute and hour"],
  },
  {
    what: "retries in an environment for a route that is not idempotent",
    edit: [
      "      GET /orders/{customer}/items: { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }",
      "      POST /orders/{customer}/items: { retries: 1 }",
    ],
    found: [
      "34:49 route/retries: `POST /orders/{customer}/items` may do its work twice when it is tried again -> remove `retries`; only GET, HEAD, OPTIONS, PUT and DELETE are idempotent",
    ],
  },
  {
    what: "a limit of the body in an environment for a streaming route",
    edit: [
      "      GET /orders/{customer}/items: { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }",
      "      GET /events/{region}: { body: 1 MB }",
    ],
    found: [
      "34:37 route/streaming: `GET /events/{region}` is streaming and has no limit of its body -> remove `body` here, or `streaming` from the route; see teams/events.yaml:9:7 (the route)",
    ],
  },
  {
    what: "retries in an environment for a streaming route",
    edit: [
      "      GET /orders/{customer}/items: { throttle: 5/second, timeout: 3 seconds, body: 1 MB, retries: 1 }",
      "      GET /events/{region}: { retries: 1 }",
    ],
    found: [
      "34:40 route/retries: `GET /events/{region}` is streaming, and what passes cannot be sent again -> remove `retries` here, or `streaming` from the route; see teams/events.yaml:9:7 (the route)",
    ],
  },
];
