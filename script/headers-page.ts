/**
 * docs/generated/headers.md: which headers arrive on which road, in both directions.
 *
 * In: the rows of tests/road/header-contract.ts and answer-contract.ts. Out: the page without its first line.
 * Not here: whether they hold; tests/road runs every row on every road.
 */
import { EDGE_DROPS } from "../src/app/edge-headers.ts";
import { HEADER_REASONS } from "../src/gateway/index.ts";
import { ANSWER_ROADS, ANSWER_ROWS, type AnswerRow, WHOLE_ANSWER } from "../tests/road/answer-contract.ts";
import {
  type ContractRow,
  FORBIDDEN_TO_PAGES,
  ROADS,
  ROWS,
  type RoadName,
  WHOLE,
} from "../tests/road/header-contract.ts";

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

const ROAD_NAMES = Object.keys(ROADS) as RoadName[];
/** Roads that share the edge and the plain service: one column, with what differs named in it. */
const APART: readonly RoadName[] = ["rules", "socket"];

export function renderHeaders(table: Table): string {
  return `# Headers

Source: \`tests/road/header-contract.ts\`, \`tests/road/answer-contract.ts\`. What arrives of which header, line by line. Every row is
sent on every road through a real Caddy and a real gateway to a service of which each byte is looked at, and what
\`gatehouse trace ID --headers\` says is held against it:

\`\`\`sh
script/test tests/road/header-contract.test.ts tests/road/header-http3.test.ts tests/road/header-answers.test.ts tests/road/header-properties.test.ts
\`\`\`

\`<...>\` stands for a value of the request. The edge spells names as HTTP/1.1 is used to (\`X-Tenant\`), and sorts them. Names are
what [the guide](../guide/what-your-service-receives.md) explains.

## Roads

${table(
  ["road", "what it is", "what arrives of a request with `User-Agent: contract`, a token and nothing else"],
  ROAD_NAMES.map((road) => [road, ROADS[road], road === "http/3" ? wholeOverHttp3() : lines(WHOLE[road])]),
)}
With \`retries\` each attempt is the same, line by line. \`tracestate\` follows \`traceparent\` where a client sent both well formed.
On an open route without a caller there are no \`x-gatehouse-*\`.

## Requests

What the service gets on top of that. Where only some roads are named, HTTP/2 has no such header; what no page in a browser may set
is not tried over HTTP/3.

${table(
  ["header", "the client sends", "arrives through the edge", "with header rules", "on the gateway's socket", "why"],
  ROWS.map(requestRow),
)}
The service with header rules says \`headers: { keep: [authorization, x-tenant], identity: { x-remote-user: name },
request: { set: { x-from: contract }, remove: [x-debug] }, response: { set: { x-frame-options: DENY }, remove: [x-powered-by] } }\`.
On the socket (mode 0600) a caller stands where the edge stands: its \`X-Request-Id\`, \`X-Forwarded-For\` and \`X-Forwarded-Proto\` are
believed.

## Answers

${table(
  ["road", "what it is", "what the client gets of an answer of the service with `content-type` alone"],
  (Object.keys(ANSWER_ROADS) as (keyof typeof ANSWER_ROADS)[]).map((road) => [
    road,
    ANSWER_ROADS[road],
    lines(WHOLE_ANSWER[road]),
  ]),
)}
What the client gets on top of that, on each of these roads. \`connection\`, \`keep-alive\` and \`transfer-encoding\` belong to one
connection and are another on each.

${table(["header", "the service says", "the client gets", "why"], ANSWER_ROWS.map(answerRow))}
The edge adds \`content-type\` to an answer with a body that has neither that nor \`content-encoding\`: it guesses from the first bytes.
It adds \`strict-transport-security\` where the environment is not on loopback and the service did not say it, no \`alt-svc\` over
HTTP/3, and no \`via\` to the answer that opens a WebSocket.

## Reasons

Source: \`src/gateway/header-reasons.ts\`. The words of \`gatehouse trace ID --headers\`.

${table(
  ["reason", "meaning"],
  Object.entries(HEADER_REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
)}
## What no log tells

Caddy can write headers to its access log with their values, or not at all. Gatehouse has it write none, so of these nobody can say
afterwards whether a client sent them: ${EDGE_DROPS.join("; ")}. The edge drops them on every request, and
\`gatehouse trace ID --headers\` says so.
`;
}

function wholeOverHttp3(): string {
  return "the same after the browser's own headers, with `Via: 3.0 Caddy`";
}

function lines(all: readonly string[]): string {
  return all.length === 0 ? "nothing" : all.map((line) => `\`${line}\``).join("<br>");
}

function requestRow(row: ContractRow): readonly string[] {
  const { title, sends, arrives, on, only, why } = row;
  const differs = Object.entries(on ?? {}).filter(([road]) => !APART.includes(road as RoadName));
  const edge = [lines(arrives), ...differs.map(([road, got]) => `${road}: ${lines(got)}`)].join("<br>");
  const limits = only === undefined ? (isForbidden(row) ? " (no page can)" : "") : ` (${only.join(", ")})`;
  return [
    title,
    `${lines(sends)}${limits}`,
    edge,
    only === undefined || only.includes("rules") ? lines(on?.rules ?? arrives) : "",
    lines(on?.socket ?? arrives),
    why === undefined ? "" : why === "edge" ? "the edge drops it" : `\`${why}\``,
  ];
}

function isForbidden({ sends }: ContractRow): boolean {
  return sends.some((line) => FORBIDDEN_TO_PAGES.test(line.slice(0, line.indexOf(":"))));
}

function answerRow({ title, says, asks, gets, on, hasRules, why }: AnswerRow): readonly string[] {
  const got = [lines(gets), ...Object.entries(on ?? {}).map(([road, other]) => `${road}: ${lines(other)}`)].join(
    "<br>",
  );
  const asked = asks === undefined ? "" : `, asked with ${lines(asks)}`;
  const rules = hasRules === true ? ", with header rules" : "";
  return [`${title}${rules}`, `${lines(says)}${asked}`, got, why === undefined ? "" : `\`${why}\``];
}
