/** Cases of the guardrails on browsers, headers and credentials. */
import { type Edits, type GuardrailCases } from "./guardrail-case.ts";

const HEADERS = "headers: { keep: [x-tenant], identity: { x-user: subject } }";
const THROTTLE = "\nthrottle: { default";

function response(rules: string): Edits {
  return [[HEADERS, `headers: { response: ${rules} }`]];
}
function request(rules: string): Edits {
  return [[HEADERS, `headers: { request: ${rules} }`]];
}
function cors(fields: string): readonly [string, string] {
  return [THROTTLE, `\ncors: { ${fields} }${THROTTLE}`];
}

const WEAK = "17:3 warning guardrail/weak-security-header: service `orders` answers with a weak";
const CREDENTIAL = "17:3 guardrail/credential-in-header: service `orders` has what looks like a credential for";

export const HEADER_CASES: Readonly<Record<string, GuardrailCases>> = {
  "guardrail/cors-any-origin": {
    bad: [
      [
        [cors('origins: ["*"]')],
        "42:1 warning guardrail/cors-any-origin: `cors` lets every origin read `GET /orders` and what else needs an identity",
      ],
      [
        [
          cors('origins: ["https://app.shop.example"]'),
          ["state: valkey", 'cors: { origins: ["*"] }\n    state: valkey'],
        ],
        "15:5 warning guardrail/cors-any-origin: `cors` lets every origin read `GET /orders` and what else needs an identity in `prod`",
      ],
    ],
    good: [
      [cors('origins: ["https://app.shop.example"]')],
      // Nothing public needs an identity.
      [
        cors('origins: ["*"]'),
        ["exposure: public", "exposure: private"],
        ["ANY /{path+}:", "ANY /backoffice/{path+}:"],
      ],
    ],
  },
  "guardrail/cors-plain-origin": {
    bad: [
      [
        [cors('origins: ["https://app.shop.example", "http://app.shop.example", "http://10.0.0.7"]')],
        "42:1 warning guardrail/cors-plain-origin: `cors` trusts `http://app.shop.example`, which has no TLS",
        "42:1 warning guardrail/cors-plain-origin: `cors` trusts `http://10.0.0.7`, which has no TLS",
      ],
    ],
    good: [
      [
        cors(
          'origins: ["https://app.shop.example", "http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"]',
        ),
      ],
      [cors('origins: ["*"]')],
    ],
  },
  "guardrail/weak-security-header": {
    bad: [
      [response("{ set: { strict-transport-security: max-age=300 } }"), `${WEAK} \`strict-transport-security\``],
      [response("{ set: { strict-transport-security: includeSubDomains } }"), `${WEAK} \`strict-transport-security\``],
      [response('{ set: { content-security-policy: "default-src *" } }'), `${WEAK} \`content-security-policy\``],
      [
        response("{ set: { content-security-policy: \"default-src 'self'; script-src 'self' 'unsafe-inline'\" } }"),
        `${WEAK} \`content-security-policy\``,
      ],
      [response("{ set: { x-content-type-options: none } }"), `${WEAK} \`x-content-type-options\``],
      [response("{ set: { x-frame-options: ALLOWALL } }"), `${WEAK} \`x-frame-options\``],
      [response("{ set: { referrer-policy: unsafe-url } }"), `${WEAK} \`referrer-policy\``],
      [response("{ set: { cross-origin-opener-policy: unsafe-none } }"), `${WEAK} \`cross-origin-opener-policy\``],
      [
        response("{ remove: [content-security-policy, server] }"),
        "17:3 warning guardrail/weak-security-header: service `orders` loses `content-security-policy`",
      ],
    ],
    good: [
      response('{ set: { strict-transport-security: "max-age=63072000; includeSubDomains" } }'),
      response("{ set: { content-security-policy: \"default-src 'none'; frame-ancestors 'none'\" } }"),
      response("{ set: { content-security-policy: \"script-src 'unsafe-inline' 'nonce-r4nd0m'\" } }"),
      response("{ set: { content-security-policy: \"default-src 'self'; img-src *\" } }"),
      response("{ set: { x-content-type-options: nosniff, x-frame-options: DENY, cache-control: no-store } }"),
      response('{ set: { referrer-policy: "unsafe-url, no-referrer" }, remove: [server, x-powered-by] }'),
      // A request header of that name protects nothing.
      request("{ set: { x-frame-options: none } }"),
    ],
  },
  "guardrail/credential-in-header": {
    bad: [
      [request("{ set: { authorization: change-me } }"), `${CREDENTIAL} \`authorization\` in \`request\``],
      [request("{ set: { x-api-key: change-me } }"), `${CREDENTIAL} \`x-api-key\` in \`request\``],
      [request("{ set: { x-auth-token: change-me } }"), `${CREDENTIAL} \`x-auth-token\` in \`request\``],
      [request("{ set: { x-from: Basic Y2hhbmdlOm1l } }"), `${CREDENTIAL} \`x-from\` in \`request\``],
      [response("{ set: { x-from: AKIAAAAAAAAAAAAAAAAA } }"), `${CREDENTIAL} \`x-from\` in \`response\``],
    ],
    good: [
      request("{ set: { x-from: edge, x-key-version: '3', x-author: ops, x-monkey: basic } }"),
      request("{ remove: [x-api-key] }"),
      [[HEADERS, "headers: { keep: [authorization], identity: { x-user: subject } }"]],
    ],
  },
  "guardrail/slow-rotation": {
    bad: [
      [
        [["session-key: { rotate: 30 days,", "session-key: { rotate: 367 days,"]],
        "45:3 warning guardrail/slow-rotation: secret `session-key` stays the same for 367 days",
      ],
    ],
    good: [[["session-key: { rotate: 30 days,", "session-key: { rotate: 366 days,"]]],
  },
};
