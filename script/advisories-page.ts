/**
 * docs/generated/advisories.md: what broke other gateways, and how many cases hold that it does not break this one.
 *
 * In: the rows of tests/advisories and the cases that its test files have. Out: the page without its first line.
 * Not here: whether the cases hold; the tests run them.
 */
import { type AdvisoryRow, ROWS } from "../tests/advisories/catalogue.ts";
import { countCases } from "../tests/advisories/count-cases.ts";

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

export function renderAdvisories(table: Table): string {
  const cases = countCases();
  const countOf = ({ number }: AdvisoryRow): number => cases.get(number) ?? 0;
  const applicable = ROWS.filter(({ notHere }) => notHere === null);
  const total = applicable.reduce((sum, row) => sum + countOf(row), 0);
  const covered = applicable.filter((row) => countOf(row) > 0).length;
  return `# Advisories

Source: \`tests/advisories\`. What broke other gateways, proxies and token libraries, replayed here: each row has cases that
send the inputs which set it off, and their neighbours, to a running Gatehouse or to the part of it that reads them. Where
a request is refused, what is asked is the status, that nothing reached the service, one record with its own reason, and
that no credential is told in any output.

\`\`\`sh
script/test tests/advisories/*.test.ts
\`\`\`

A case sends one input or several, where it can through Caddy and straight at the gateway's socket.

## Counts

${table(
  ["rows", "with cases", "not applicable", "cases"],
  [[String(ROWS.length), String(covered), String(ROWS.length - applicable.length), String(total)]],
)}
## Rows

${table(
  ["row", "known as", "product", "what went wrong there", "cases here"],
  ROWS.map((row) => [
    String(row.number),
    row.ids.length === 0 ? "technique" : row.ids.join(", "),
    row.product,
    row.fault,
    row.notHere === null ? String(countOf(row)) : `none: ${row.notHere}`,
  ]),
)}`;
}
