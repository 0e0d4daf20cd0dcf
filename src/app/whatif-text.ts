/** Which recorded decisions would flip, for a terminal and as Markdown. */
import { visibleText } from "../records/index.ts";
import { code, plain } from "../policy/index.ts";
import { wrap } from "./access-words.ts";
import { type Flip, type Whatif } from "./whatif.ts";
import { NOT_JUDGED, type NotJudged, type Verdict, meaningOf } from "./whatif-judge.ts";

interface Section {
  readonly title: string;
  readonly entries: readonly { readonly text: string; readonly detail: string }[];
}

export function renderWhatif(found: Whatif): string {
  const lines = [...wrap(headline(found), 0), ""];
  for (const { title, entries } of sectionsOf(found)) {
    lines.push(title);
    for (const { text, detail } of entries) lines.push(...wrap(text, 2), ...wrap(detail, 6));
    lines.push("");
  }
  for (const note of notesOf(found)) lines.push(...wrap(note, 0));
  return lines.join("\n");
}

export function renderWhatifMarkdown(found: Whatif): string {
  const quiet = found.judged === 0 ? "No recorded decision could be judged" : "No recorded decision flips";
  const title = found.flipped === 0 ? quiet : "Recorded decisions flip";
  const lines = [`### ${title}`, "", `${headline(found)}.`, ""];
  for (const section of sectionsOf(found)) {
    lines.push(`**${section.title}**`, "");
    for (const { text, detail } of section.entries) lines.push(`- ${text}  `, `  ${detail}`);
    lines.push("");
  }
  lines.push(...notesOf(found).flatMap((note) => [`${note}.`, ""]));
  return lines.join("\n").trimEnd();
}

function headline({ policyFile, environment, judged, flipped }: Whatif): string {
  if (judged === 0) return `with ${code(policyFile)} in ${code(environment)} no recorded decision could be judged`;
  const what =
    flipped === 0
      ? `none of ${count(judged, "recorded decision")} flips`
      : `${flipped} of ${count(judged, "recorded decision")} ${flipped === 1 ? "flips" : "flip"}`;
  return `with ${code(policyFile)} in ${code(environment)} ${what}`;
}

function sectionsOf({ flips }: Whatif): Section[] {
  const entries = (effect: "allow" | "deny"): Section["entries"] =>
    flips
      .filter(({ is }) => is.effect === effect)
      .map((flip) => ({ text: describe(flip), detail: describeTimes(flip) }));
  return [
    { title: "let in from now on", entries: entries("allow") },
    { title: "refused from now on", entries: entries("deny") },
  ].filter((section) => section.entries.length > 0);
}

function describe({ exposure, was, is }: Flip): string {
  const route = was.route ?? is.route;
  const moved =
    was.route !== null && is.route !== null && was.route !== is.route ? `, answered by ${code(is.route)} now` : "";
  const place = exposure === "private" ? "private " : "";
  return `${place}${route === null ? "no route" : code(show(route))}: was ${describeVerdict(was)}, would be ${describeVerdict(is)}${moved}`;
}

function describeVerdict({ effect, reason, role }: Verdict): string {
  const who = role === null ? "" : ` ${effect === "allow" ? "by" : "for"} role ${code(show(role))}`;
  if (effect === "allow") return reason === "open-route" ? "open to everybody" : `allowed${who}`;
  return `refused${who}, ${meaningOf(reason)} (${reason})`;
}

/** Records may have been written by anybody. */
function show(text: string): string {
  return visibleText(plain(text));
}

function describeTimes({ count: number, first, last, requestId }: Flip): string {
  const when = number === 1 ? `once, at ${show(first)}` : `${number} times from ${show(first)} to ${show(last)}`;
  return `${when}, ${number === 1 ? "" : "for example "}request ${code(show(requestId))}`;
}

const HONESTY = {
  people:
    "who asked is known by name from the people file as it is now, with its groups and claims; a workload is taken to hold exactly the role that was recorded, and who called an open route counts as nobody",
  recorded:
    "records do not say with which groups and claims somebody asked: each caller is taken to hold exactly the role that was recorded, and none where no role was held; who called an open route counts as nobody; who holds a role now is told by `gatehouse access --diff`",
} as const;

function notesOf({ callers, notJudged, foreignHosts, environment }: Whatif): string[] {
  const skipped = (Object.keys(NOT_JUDGED) as NotJudged[]).flatMap((why) => {
    const number = notJudged[why];
    return number === undefined ? [] : `${number} not judged: ${NOT_JUDGED[why]}`;
  });
  const foreign =
    foreignHosts === 0
      ? []
      : [
          `${foreignHosts} not judged: ${code(environment)} answers for none of the hosts that were asked for; name the environment that wrote the records with \`--env\``,
        ];
  return [...skipped, ...foreign, HONESTY[callers]];
}

function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? "" : "s"}`;
}

export function whatifJson({ guardrailErrors: _guardrailErrors, ...found }: Whatif): Record<string, unknown> {
  return { ...found, notJudgedMeanings: NOT_JUDGED, callersMeaning: HONESTY[found.callers] };
}
