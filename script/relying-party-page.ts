/**
 * docs/generated/relying-party.md: what browser sign-in does with each thing that a provider can do wrong.
 *
 * In: the rows of tests/identity/relying-party-cases.ts. Out: the page without its first line.
 * Not here: whether the rows hold; tests/identity/relying-party.test.ts asks each of a real sign-in.
 */
import {
  CLIENT_CASES,
  type Outcome,
  RELYING_PARTY_CASES,
  type RelyingPartyCase,
} from "../tests/identity/relying-party-cases.ts";

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

export function renderRelyingParty(table: Table): string {
  const cases = RELYING_PARTY_CASES.flatMap((group) => group.cases);
  const certified = cases.filter(({ module }) => module !== null).length;
  const sections = RELYING_PARTY_CASES.map(
    (group) => `## ${group.title}

${table(["case", "the provider", "outcome", "source"], group.cases.map(rowOf))}`,
  );
  return `# Sign-in as a relying party

Source: \`tests/identity/relying-party-cases.ts\`. What browser sign-in does with each thing that an OpenID provider can do
wrong, or differently. Each of the ${cases.length} rows is asked of a real sign-in with a provider that does just that:

\`\`\`sh
script/test tests/identity/relying-party.test.ts
\`\`\`

${certified} rows, marked †, are asked of a client by the OpenID certification too, in a test whose name ends as the row's.
An outcome is the status and the reason in the gateway's record, and after a colon what the page says of the token. Whoever
is not signed in has no session cookie, and a code of an answer that does not fit is sent to nobody. In every row
\`response_type\` is \`code\`, \`scope\` has \`openid\`, the code challenge is of kind S256 and proven with the code, and
\`state\`, \`nonce\` and the challenge are new for each attempt. A row about the ID token holds whether the access token can be
read here or not.

${sections.join("\n")}
## How the client shows who it is

${table(
  ["case", "the provider offers", "the client has a secret", "used"],
  CLIENT_CASES.map(({ id, methods, hasSecret, used }) => [
    id,
    methods === undefined ? "nothing, which is Basic" : methods.map((method) => `\`${method}\``).join(", "),
    hasSecret ? "yes" : "no",
    `\`${used}\``,
  ]),
)}`;
}

function rowOf({ id, module, what, outcome, source, why }: RelyingPartyCase): string[] {
  const mark = module === null ? "" : " †";
  return [`${id}${mark}`, what, `${textOf(outcome)}${why === undefined ? "" : `; ${why}`}`, source];
}

function textOf({ status, reason, token, isAtStart }: Outcome): string {
  const refusal = token === undefined ? "" : `: \`${token}\``;
  return `${status} \`${reason}\`${refusal}${isAtStart === true ? ", before the browser leaves" : ""}`;
}
