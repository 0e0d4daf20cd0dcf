/**
 * Writes docs/generated: pages whose content is code, so that neither can say something else.
 *
 * In:  the catalogues of src and script/layers.json.
 * Out: the pages; with `--check` nothing is written and a difference exits 1.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { ACCOUNT_FILE_FINDINGS } from "../src/app/account-file.ts";
import { schemaText } from "../src/app/schema.ts";
import { EXIT_OF_KIND } from "../src/cli/exit-codes.ts";
import { createProgram } from "../src/cli/main.ts";
import { CAPABILITIES, CAPABILITY_TARGETS, type Capability } from "../src/compile/index.ts";
import { catalogue } from "../src/core/index.ts";
import { ROAD_REASONS } from "../src/gateway/index.ts";
import { PROOF_REASONS, TOKEN_REASONS } from "../src/identity/index.ts";
import { ACCOUNT_PROBLEMS } from "../src/model/index.ts";
import { OPENAPI_FINDINGS } from "../src/openapi/index.ts";
import { RULES_FOR_IAM } from "../src/policy/guardrails/rules-for-iam.ts";
import { GUARDRAILS, REASONS, RULES, WAIVER_FINDINGS } from "../src/policy/index.ts";
import { renderAdvisories } from "./advisories-page.ts";
import type { Layers } from "./checks/layers.ts";
import { renderComplaints } from "./complaints-page.ts";
import { renderConformance } from "./conformance-page.ts";
import { renderHeaders } from "./headers-page.ts";
import { renderRelyingParty } from "./relying-party-page.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "docs", "generated");

type Pages = ReadonlyMap<string, string>;

export function renderPages(): Pages {
  return new Map([
    ["README.md", renderIndex()],
    ["account-findings.md", renderAccountFindings()],
    ["advisories.md", NOTE + renderAdvisories(table)],
    ["conformance.md", NOTE + renderConformance(table)],
    ["complaints.md", NOTE + renderComplaints(table)],
    ["errors.md", renderErrors()],
    ["findings.md", renderFindings()],
    ["guardrails.md", renderGuardrails()],
    ["headers.md", NOTE + renderHeaders(table)],
    ["reasons.md", renderReasons()],
    ["relying-party.md", NOTE + renderRelyingParty(table)],
    ["targets.md", renderTargets()],
    ["cli.md", renderCommands()],
    ["layers.md", renderLayers()],
    ["gatehouse.schema.json", schemaText("policy")],
  ]);
}

const NOTE = "<!-- Written by script/generate.ts. Change the source it names, then run `npm run generate`. -->\n\n";

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

function renderIndex(): string {
  return `${NOTE}# Generated reference

- [Findings in accounts](account-findings.md): what \`gatehouse import\` and \`gatehouse gateway\` can say about a file
- [Advisories](advisories.md): what broke other gateways, and how many cases hold that it does not break this one
- [Complaints](complaints.md): what users of other gateways complain of, and the cases that show what holds here
- [Conformance](conformance.md): what AWS's HTTP APIs do that \`gatehouse gateway\` is held to, what is unconfirmed, every switch
- [Errors](errors.md): every fault that Gatehouse raises, with its exit code and next step
- [Findings](findings.md): what \`gatehouse check\` can say about a policy
- [Guardrails](guardrails.md): each with an example, and the rules of other tools with what answers them
- [Headers](headers.md): which headers arrive on which road, in both directions, line by line
- [Reasons](reasons.md): why a request was let in or refused, the words in records and in \`explain\`
- [Sign-in as a relying party](relying-party.md): what browser sign-in does with each thing that a provider can do wrong
- [Targets](targets.md): what of the language each target can express
- [Commands](cli.md): the command line's own help
- [JSON Schema](gatehouse.schema.json) of the policy file, as \`gatehouse schema\` prints it
- [Layers](layers.md): the modules and what each may import
`;
}

/** A message function called with the names of its own details: \`cannot read \`{file}\`\`. */
function messagePattern(message: (detail: never) => string): string {
  const names = new Proxy({}, { get: (_, name) => `{${String(name)}}` });
  return message(names as never);
}

function renderErrors(): string {
  const rows = Object.entries(catalogue).map(([code, entry]) => [
    `<a id="${code.toLowerCase()}"></a>\`${code}\``,
    `${EXIT_OF_KIND[entry.kind]} ${entry.kind}`,
    messagePattern(entry.message),
    entry.hint,
  ]);
  return `${NOTE}# Errors

Source: \`src/core/errors.ts\`. Programs match the code, which never changes its meaning; the text may.

${table(["code", "exit code and kind", "message", "next step"], rows)}`;
}

function renderAccountFindings(): string {
  const problems = Object.entries<{ severity: string; why: string; aws?: string; source: string }>(ACCOUNT_PROBLEMS);
  const documents = Object.entries<{ severity: string; why: string; aws?: string }>(OPENAPI_FINDINGS);
  const said = (aws: string | undefined): string => (aws === undefined ? "" : `\`${aws}\``);
  return `${NOTE}# Findings in accounts

What \`gatehouse import\` and \`gatehouse gateway\` can say about a file, each at its line and column:
[Your API Gateway](../guide/your-api-gateway.md).

## What AWS would refuse

Source: \`src/model/account-problems.ts\`. Marks: [D] documented by AWS, [O] seen on AWS and reported, [E] our choice where
AWS is silent.

${table(
  ["id", "severity", "why", "AWS answers", "source"],
  problems.map(([id, one]) => [`\`${id}\``, one.severity, one.why, said(one.aws), one.source]),
)}
## OpenAPI documents

Source: \`src/openapi/findings.ts\`.

${table(
  ["id", "severity", "why", "API Gateway says"],
  documents.map(([id, one]) => [`\`${id}\``, one.severity, one.why, said(one.aws)]),
)}
## Account files

Source: \`src/app/account-file.ts\`. All are errors.

${table(
  ["id", "why"],
  Object.entries(ACCOUNT_FILE_FINDINGS).map(([id, why]) => [`\`${id}\``, why]),
)}`;
}

function renderReasons(): string {
  const section = (title: string, text: string, reasons: Readonly<Record<string, string>>): string =>
    `## ${title}\n\n${text}\n\n${table(
      ["reason", "meaning"],
      Object.entries(reasons).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
    )}`;
  return `${NOTE}# Reasons

The field \`reason\` of every gateway record is one of these words, and \`gatehouse explain\` uses the same.

${section("Decisions", "Source: `src/policy/decision.ts`. The policy decided.", REASONS)}
${section("Tokens", "Source: `src/identity/identity.ts`. The token was refused with 401; the meaning is what `www-authenticate` says.", TOKEN_REASONS)}
${section("Proofs", "Source: `src/identity/identity.ts`. The token is good and bound to a key, and what was shown does not prove the key; 401 in the same way.", PROOF_REASONS)}
${section("The road", "Source: `src/gateway/reasons.ts`. What only the gateway itself can say.", ROAD_REASONS)}`;
}

function renderFindings(): string {
  const rules = Object.entries(RULES).map(([id, rule]) => [`\`${id}\``, rule.severity, rule.clause, rule.why]);
  const guardrails = Object.entries(GUARDRAILS).map(([id, rule]) => [
    linkToGuardrail(id),
    rule.severity,
    rule.why,
    rule.fix,
  ]);
  const waivers = Object.entries(WAIVER_FINDINGS).map(([id, rule]) => [`\`${id}\``, rule.severity, rule.why, rule.fix]);
  return `${NOTE}# Findings

What \`gatehouse check\` can say about a policy, each at its line and column.

## Guardrails

Source: \`src/policy/guardrails.ts\`. A policy may be well formed and still say what it should not. A guardrail can be
waived in the policy, with a reason, an owner and an expiry: [Guardrails](../guide/guardrails.md).

${table(["id", "severity", "why", "what to do"], guardrails)}
## Waivers

Source: \`src/policy/lint-policy.ts\`. These cannot be waived.

${table(["id", "severity", "why", "what to do"], waivers)}
## The language

Source: \`src/policy/rules.ts\`.

${table(["id", "severity", "clause", "why"], rules)}`;
}

function linkToGuardrail(id: string): string {
  return `[\`${id}\`](guardrails.md#${anchorOf(id)})`;
}

/** The anchor that a heading of this text gets. */
function anchorOf(heading: string): string {
  return heading.replaceAll(/[^a-z0-9-]/g, "");
}

function renderGuardrails(): string {
  const sections = Object.entries(GUARDRAILS).map(([id, { severity, why, example, fix, sources }]) => {
    const links = sources.map((source) => (source.startsWith("GH") ? `[${source}](#${source.toLowerCase()})` : source));
    const known = links.length === 0 ? "" : `\nAnswers: ${links.join("; ")}.\n`;
    return `### ${id}\n\n**${severity}**: ${why}.\n\n\`\`\`yaml\n${example}\n\`\`\`\n\nInstead: ${fix}.\n${known}`;
  });
  const rules = Object.entries(RULES_FOR_IAM).map(([id, { rule, known, language, emitted }]) => {
    const guardrails = Object.entries(GUARDRAILS).filter(([, { sources }]) => sources.includes(id));
    const answers = [
      ...guardrails.map(([name]) => linkToGuardrail(name).replace("guardrails.md", "")),
      ...language.map((name) => `\`${name}\``),
    ].join(", ");
    return [`<a id="${id.toLowerCase()}"></a>${id}`, rule, known.join("; "), answers, emitted ?? ""];
  });
  return `${NOTE}# Guardrails

What a well-formed policy should still not say. How to read a finding and how to waive one is in the
[guide](../guide/guardrails.md). Each example is a section of a policy in which the guardrail finds something.

## The list

Source: \`src/policy/guardrails.ts\`.

${sections.join("\n")}
## Rules of other tools

Source: \`src/policy/guardrails/rules-for-iam.ts\`. What linters and scanners ask of IAM policies and API gateways, and
what answers it: a finding about the policy, or that no document is ever emitted like this, which
\`tests/guardrails\` checks over generated policies.

${table(["rule", "what it asks", "known as", "findings here", "why it cannot be emitted"], rules)}`;
}

function renderTargets(): string {
  const clauseOf = ({ clause }: Capability): number[] => clause.replace("PL-", "").split(".").map(Number);
  const byClause = (a: Capability, b: Capability): number => {
    const [[chapterA = 0, numberA = 0], [chapterB = 0, numberB = 0]] = [clauseOf(a), clauseOf(b)];
    return chapterA - chapterB || numberA - numberB;
  };
  const rows = Object.values<Capability>(CAPABILITIES)
    .toSorted(byClause)
    .map(({ what, clause, verdicts, why, wayOut }) => [
      what,
      clause,
      ...CAPABILITY_TARGETS.map((target) => verdicts[target]),
      wayOut === null ? why : `${why}; where it is \`no\`: ${wayOut}`,
    ]);
  return `${NOTE}# Targets

Source: \`src/compile/capabilities.ts\`. What of [the policy language](../spec/policy-language.md) an environment can
express with each \`gateway\`. It is about public services: private ones are served by Gatehouse itself everywhere.

- \`yes\`: the target holds it up.
- \`edge\`: Gatehouse does it, before AWS is called or after AWS has answered; AWS by itself would not hold it up. For
  conditions this is told: \`compile/decided-at-the-edge\`, \`compile/source-ip-of-the-edge\`.
- \`no\`: a policy that uses it is refused for the environment: \`compile/not-expressible\`,
  \`compile/role-not-enforceable-by-iam\`, \`compile/role-not-enforceable-by-jwt\`.

${table(["feature", "clause", "embedded", "AWS, IAM, brokered", "AWS, IAM, direct", "AWS, JWT", "why"], rows)}`;
}

function renderCommands(): string {
  const program = createProgram();
  const help = (command: Command): string => {
    command.configureHelp({ helpWidth: 100, showGlobalOptions: false });
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 });
    command.outputHelp();
    return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`;
  };
  const sections = program.commands.map((command) => `## ${command.name()}\n\n${help(command)}`);
  return `${NOTE}# Commands

Source: \`src/cli\`. What \`gatehouse --help\` and \`gatehouse COMMAND --help\` print.

${help(program)}
${sections.join("\n")}`;
}

function renderLayers(): string {
  const layers = JSON.parse(readFileSync(join(root, "script", "layers.json"), "utf8")) as Layers;
  const rows = Object.entries(layers).map(([name, layer]) => [
    `\`src/${name}\``,
    layer.holds,
    layer.mayImport.length === 0 ? "nothing of ours" : layer.mayImport.join(", "),
    layer.everyFileIsADoor === true ? "every file" : "`index.ts`",
  ]);
  return `${NOTE}# Layers

Source: \`script/layers.json\`, held against every import by \`script/check\`.

${table(["module", "what lives there", "may import", "door"], rows)}`;
}

/** Names of pages that differ from what stands on disk, that are missing there, or that nothing generates any more. */
export function findStalePages(pages: Pages, directory: string): readonly string[] {
  const onDisk = new Map<string, string>();
  try {
    for (const name of readdirSync(directory)) onDisk.set(name, readFileSync(join(directory, name), "utf8"));
  } catch {
    // No folder yet: every page is missing.
  }
  return [...new Set([...pages.keys(), ...onDisk.keys()])]
    .filter((name) => pages.get(name) !== onDisk.get(name))
    .sort();
}

if (import.meta.main) {
  const pages = renderPages();
  const stale = findStalePages(pages, folder);
  if (process.argv.includes("--check")) {
    for (const name of stale) process.stdout.write(`docs/generated/${name} is not what its source says\n`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    mkdirSync(folder, { recursive: true });
    for (const name of stale) {
      const text = pages.get(name);
      if (text === undefined) rmSync(join(folder, name));
      else writeFileSync(join(folder, name), text);
    }
    process.stdout.write(`docs/generated: ${stale.length} of ${pages.size} pages written\n`);
  }
}
