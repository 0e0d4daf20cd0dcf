/** docs/generated/complaints.md: what users of other gateways complain of, and the cases that show what holds here. */
import { COMPLAINTS } from "../tests/complaints/complaints.ts";

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

/** Without the page's first line. */
export function renderComplaints(table: Table): string {
  return `# Complaints

Source: \`tests/complaints/complaints.ts\`. What users of identity-aware proxies and API gateways complain of most, in public
threads of eight projects, and what holds here instead. A title with
values in it is that of several cases.

${table(
  ["number", "complaint", "here", "shown by"],
  COMPLAINTS.map(({ number, what, here, cases }) => [
    String(number),
    what,
    here,
    cases.map(([file, title]) => `\`${file}\`: ${rowOf(title) ?? title}`).join("<br>"),
  ]),
)}`;
}

/** Cases of the catalogue of advisories are found by their row. */
function rowOf(title: string): string | null {
  const number = /^row\((\d+)/.exec(title)?.[1];
  return number === undefined ? null : `row ${number}`;
}
