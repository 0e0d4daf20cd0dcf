/**
 * docs/generated/conformance.md: what of AWS's HTTP APIs is asked of the gateway, how it is known, and what is chosen.
 *
 * In: the cases of cases/api-gateway, the gateway's switches. Out: the page without its first line.
 * Not here: whether the cases hold; tests/conformance runs them.
 */
import { type SwitchName, listSwitches } from "../src/gateway/index.ts";
import {
  type Case,
  MARKS,
  type Mark,
  loadCaseFiles,
  loadOpenPoints,
  loadStricter,
} from "../tests/conformance/case-file.ts";

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

export function renderConformance(table: Table): string {
  const files = loadCaseFiles();
  const cases = files.flatMap((file) => file.cases);
  const sections = files.map(
    (file) => `### ${file.about.replace(/\.$/, "")}

Source: \`cases/api-gateway/${file.name}.yaml\`.

${table(["case", "what", "known by"], file.cases.map(rowOf))}`,
  );
  return `# Conformance of HTTP APIs

Source: \`cases/api-gateway\`, \`src/gateway/http-api/switches.ts\`. What \`gatehouse gateway FILE\` is held to. Each case is
run against a real gateway with a backend, issuers and signers around it, and the run prints how many hold:

\`\`\`sh
script/test tests/conformance/conformance.test.ts
\`\`\`

A case that is documented or observed is exact: status, body, headers. [The format](../../cases/api-gateway/README.md)
says how to read and add one.

## Counts

${table(
  ["mark", "how it is known", "cases", "not applicable"],
  (Object.keys(MARKS) as Mark[]).map((mark) => [mark, MARKS[mark], ...countsOf(cases, mark)]),
)}
## Open points

Source: \`cases/api-gateway/open-points.yaml\`. What nobody outside AWS knows for certain. What is done here is no claim
about AWS.

${table(
  ["point", "here", "switch", "cases"],
  loadOpenPoints().map((point) => [point.point, point.here, codeOf(point.switch), point.cases.join(", ")]),
)}
## Switches

Source: \`src/gateway/http-api/switches.ts\`. Each choice that had to be made where AWS is silent or sources disagree, and
those by which a gateway takes less than AWS. The first value applies untold; every value has a case.

${table(
  ["switch", "values", "about", "meaning", "cases"],
  listSwitches().map(({ name, choices, section, meaning }) => [
    `\`${name}\``,
    choices.map((choice) => `\`${choice}\``).join(", "),
    section,
    meaning,
    casesOfSwitch(cases, name as SwitchName),
  ]),
)}
## Stricter than AWS

Source: \`cases/api-gateway/stricter.yaml\`. It holds always, or with a switch.

${table(
  ["what", "switch"],
  loadStricter().map((each) => [each.what, each.switch === undefined ? "always" : codeOf(each.switch)]),
)}
## Cases

${sections.join("\n")}`;
}

function rowOf({ id, title, mark, source, notApplicable }: Case): string[] {
  return [id, notApplicable === null ? title : `${title} (not applicable: ${notApplicable})`, `${mark}: ${source}`];
}

function countsOf(cases: readonly Case[], mark: Mark): [asked: string, notApplicable: string] {
  const marked = cases.filter((one) => one.mark === mark);
  const left = marked.filter(({ notApplicable }) => notApplicable !== null).length;
  return [String(marked.length - left), String(left)];
}

function casesOfSwitch(cases: readonly Case[], name: string): string {
  const ids = cases.filter(({ fixture }) => Object.hasOwn(fixture.switches, name)).map(({ id }) => id);
  return [...new Set(ids)].join(", ");
}

function codeOf(name: string | undefined): string {
  return name === undefined ? "" : `\`${name}\``;
}
