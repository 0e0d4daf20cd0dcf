/**
 * What users of other identity-aware proxies and gateways complain of most, and what is done here: each with the case that
 * would show it. docs/generated/complaints.md is written from this.
 */
export interface Complaint {
  readonly number: number;
  readonly what: string;
  /** What holds here instead, in a clause. */
  readonly here: string;
  /** Files and titles of cases; a title is found in its file as it stands there. Empty: nothing yet. */
  readonly cases: readonly (readonly [file: string, title: string])[];
}

const SESSIONS = "tests/identity/stored-sessions.test.ts";
const STREAMS = "tests/gateway/stream-rights.test.ts";
const GATEWAY_SESSIONS = "tests/gateway/sessions.test.ts";

export const COMPLAINTS: readonly Complaint[] = [
  {
    number: 1,
    what: "parallel requests spend one refresh token twice, and the session is lost",
    here: "one renewal for a thousand requests in two processes, with a provider that takes six seconds",
    cases: [
      [
        SESSIONS,
        "a right that ends is renewed once for a thousand requests in both, however late the provider answers",
      ],
      [SESSIONS, "a process that ends in the middle of renewing holds nobody up for longer than its lease"],
    ],
  },
  {
    number: 2,
    what: "a session or request dies with its access token, and nobody knows why",
    here: "what was let in is answered; the end of a stream has its reason in the record",
    cases: [
      [GATEWAY_SESSIONS, "let in a second before its right ends, a request is answered however long the service takes"],
      [STREAMS, "end with its right when the provider does not renew it"],
    ],
  },
  {
    number: 3,
    what: "identity and forwarding headers of clients are believed",
    here: "removed in every spelling, on every road",
    cases: [
      ["tests/advisories/identity-headers.test.ts", "row(1, "],
      ["tests/advisories/identity-headers.test.ts", "row(2, "],
      ["tests/road/header-contract.test.ts", '${row.title}: ${row.sends.join(", ")}'],
    ],
  },
  {
    number: 4,
    what: "signing out ends the proxy's session alone, and the next sign-in asks nothing",
    here: "it ends at the provider too",
    cases: [
      [
        "tests/identity/providers.test.ts",
        "signing out ends the session here and at the provider: the next sign-in asks for the password",
      ],
    ],
  },
  {
    number: 5,
    what: "WebSockets go on after sign-out, revocation or a change of policy",
    here: "they and other streams end at once, with a reason",
    cases: [
      [STREAMS, "end when it expires, and not a moment before"],
      [STREAMS, "end when somebody signs out"],
      [STREAMS, "end at once when ${what} is revoked"],
      [STREAMS, "they end when ${what}"],
    ],
  },
  {
    number: 6,
    what: "one provider or client id for a whole deployment",
    here: "people of several providers and machines of several issuers at one domain; one subject at two is two",
    cases: [
      [
        "tests/road/several-providers.test.ts",
        "a person chooses where to sign in, and is that provider's person at the service",
      ],
      [
        "tests/road/workload-issuers.test.ts",
        "has subjects that the service can tell from the provider's, whatever the client says",
      ],
    ],
  },
  {
    number: 7,
    what: "each route is a sign-in of its own",
    here: "one sign-in for all routes of the domain, whatever each needs",
    cases: [[GATEWAY_SESSIONS, "one sign-in is good for ten routes with rules of their own"]],
  },
  {
    number: 8,
    what: "sign-in in several tabs fails, and its cookies pile up",
    here: "any number of tabs, one small cookie",
    cases: [
      [
        "tests/identity/sign-in.test.ts",
        "in 20 tabs that were opened one after another, and in 20 at once, all arrive, whichever is first",
      ],
      [
        "tests/identity/sign-in.test.ts",
        "begun again and again leaves one mark; begun in a hundred tabs at once, few, before they fill the header",
      ],
    ],
  },
  {
    number: 9,
    what: "machines cannot come with a token of the provider, or need a shared secret",
    here: "client credentials, CI and clusters, each by the tokens of its own issuer",
    cases: [
      [
        "tests/identity/providers.test.ts",
        "a machine's token and a person's are taken from curl, and each has its own role",
      ],
      [
        "tests/road/workload-issuers.test.ts",
        "has subjects that the service can tell from the provider's, whatever the client says",
      ],
    ],
  },
  {
    number: 10,
    what: "groups cannot be asked for by path",
    here: "a permission for each route; one table of decisions asked of every engine",
    cases: [["tests/engines/cases.test.ts", "${file.name}: ${file.cases.length} cases"]],
  },
  {
    number: 11,
    what: "scripts are sent to a sign-in page",
    here: "only navigations are; everything else gets 401 with a reason",
    cases: [
      [GATEWAY_SESSIONS, "a person who navigates is sent to sign in; everything else is 401"],
      ["tests/road/browser.test.ts", "a script's call without a session gets 401, never a redirect"],
    ],
  },
  {
    number: 12,
    what: "events are held back until the end",
    here: "each piece is passed on as it comes",
    cases: [
      ["tests/gateway/edge.test.ts", "a streamed body passes Caddy piece by piece"],
      ["tests/edge/outage.test.ts", "what a service streams is passed on as it comes"],
    ],
  },
  {
    number: 13,
    what: "preflight requests are sent to sign in, or every OPTIONS is let through",
    here: "only what is a preflight request is answered without identity; refusals can be read by the page",
    cases: [
      ["tests/gateway/cors.test.ts", "what is no preflight request is answered by routes as ever"],
      ["tests/gateway/cors.test.ts", "refusals are readable by the page that asked (T34)"],
    ],
  },
  {
    number: 14,
    what: "cookies and headers grow with the person's groups until something refuses them",
    here: "a handle of under 200 bytes, never sent to services",
    cases: [[SESSIONS, "a person with three hundred groups has a cookie under 200 bytes"]],
  },
  {
    number: 15,
    what: "clocks a few seconds apart refuse every token",
    here: "30 seconds for `nbf` and `iat`, nothing for `exp`; records name the issuer",
    cases: [["src/identity/token-verifier.test.ts", "tolerance is for nbf and iat, to the second, and never for exp"]],
  },
  {
    number: 16,
    what: "a provider that is away takes everything with it",
    here: "known keys go on for hours; an unknown one is 503, never 401",
    cases: [
      ["tests/advisories/keys-and-discovery.test.ts", "row(79, "],
      ["tests/advisories/keys-and-discovery.test.ts", "row(84, "],
    ],
  },
  {
    number: 17,
    what: "after a change of keys tokens are refused until a restart",
    here: "one fetch for all who wait, none refused",
    cases: [
      ["tests/advisories/keys-and-discovery.test.ts", "500 at once after a rotation wait for the same fetch"],
      ["tests/advisories/keys-and-discovery.test.ts", "row(83, "],
    ],
  },
  {
    number: 18,
    what: "a reload cuts open connections",
    here: "a hundred of them, and none ends",
    cases: [[STREAMS, "a hundred times around them, none ends and none is left over"]],
  },
  {
    number: 19,
    what: "a group that was taken away counts until the next sign-in",
    here: "until the next renewal, which is the life of the provider's access token",
    cases: [
      [
        "tests/advisories/login-and-session.test.ts",
        "a group that was taken away is gone with the next refresh, and the role with it",
      ],
    ],
  },
  {
    number: 20,
    what: "no trace at the first hop",
    here: "one request id and one W3C trace at the edge, in the decision, at the service, in the answer",
    cases: [
      [
        "tests/road/road.test.ts",
        "finds one request id and one trace id in the answer, at the service, and in both logs",
      ],
    ],
  },
  {
    number: 21,
    what: "“Forbidden”, and nobody can say why",
    here: "every answer has a request id; its record names role and reason",
    cases: [
      ["tests/road/road.test.ts", "a role that its boundary holds back"],
      ["tests/cli/explain.test.ts", "--json says everything that the text says, and what it took for granted"],
    ],
  },
  {
    number: 22,
    what: "what AWS's authorizers cannot do is found out in production",
    here: "a compile error that says what cannot be expressed, and where it stands",
    cases: [
      [
        "src/compile/capabilities.test.ts",
        "PL-16.1: every row of the table is found where a policy uses it, and no policy uses anything else",
      ],
    ],
  },
  {
    number: 23,
    what: "OpenID Connect only in the paid edition",
    here: "one edition; an unknown word in a policy is found by `check`",
    cases: [["src/policy/parse/broken-policies.test.ts", "reports ${what}"]],
  },
  { number: 24, what: "MCP clients cannot register", here: "there is no MCP server yet", cases: [] },
  {
    number: 25,
    what: "a store that is away for a moment ends every session, or answers 500",
    here: "503 while it lasts, signing out works, sessions are there afterwards",
    cases: [[SESSIONS, "the store is away: 503 while it lasts, signing out works, sessions are there afterwards"]],
  },
];
