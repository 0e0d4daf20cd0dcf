/**
 * What anyone gains or loses, for a terminal and as Markdown for a pull request.
 * INVARIANT: the same policies give the same text; it holds no time and no path but those that were given.
 */
import { code, joinWords } from "../policy/index.ts";
import type { AccessDiff, EnvironmentDiff } from "./access-diff.ts";
import { type Told, tellChange, wrap } from "./access-words.ts";

interface Section {
  readonly title: string;
  readonly entries: readonly Told[];
  /** What a reviewer has to look at. */
  readonly isAccess: boolean;
}

/** Environments, and what is to be said of them together. */
interface Block {
  readonly environments: readonly string[];
  readonly sections: readonly Section[];
}

const NOTHING = "nobody gains or loses anything";

export function renderAccessDiff(diff: AccessDiff): string {
  const lines = [...wrap(headline(diff), 0), ""];
  for (const { environments, sections } of blocksOf(diff)) {
    const names = environments.join(", ");
    if (sections.length === 0) {
      lines.push(`${names}: ${NOTHING}`, "");
      continue;
    }
    lines.push(names);
    for (const { title, entries } of sections) {
      lines.push(`  ${title}`);
      for (const { text, below } of entries)
        lines.push(...wrap(below.length === 0 ? text : `${text}:`, 4), ...below.flatMap((route) => wrap(route, 8)));
    }
    lines.push("");
  }
  return lines.join("\n").trimEnd();
}

export function renderAccessDiffMarkdown(diff: AccessDiff): string {
  const lines = [
    `### ${diff.widens ? "Access widens" : "Access does not widen"}`,
    "",
    `${capital(headline(diff))}.`,
    "",
  ];
  for (const { environments, sections } of blocksOf(diff)) {
    const names = joinWords(environments.map(code));
    if (sections.length === 0) {
      lines.push(`In ${names} ${NOTHING}.`, "");
      continue;
    }
    lines.push(`#### In ${names}`, "");
    for (const { title, entries, isAccess } of sections) {
      const list = entries.flatMap(({ text, below }) => [
        `- ${text}${below.length === 0 ? "" : ":"}`,
        ...below.map((route) => `  - ${route}`),
      ]);
      if (isAccess) lines.push(`**${capital(title)}**`, "", ...list, "");
      else
        lines.push(
          `<details><summary>${capital(title)} (${entries.length})</summary>`,
          "",
          ...list,
          "",
          "</details>",
          "",
        );
    }
  }
  return lines.join("\n").trimEnd();
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

const TITLES = {
  whole: { title: "environment", isAccess: true },
  gain: { title: "gains", isAccess: true },
  entry: { title: "who gets in and from where", isAccess: true },
  loss: { title: "losses", isAccess: false },
  exit: { title: "who no longer gets in", isAccess: false },
  limit: { title: "limits and addresses", isAccess: false },
} as const;
type Kind = keyof typeof TITLES;
const KINDS = Object.keys(TITLES) as Kind[];

/** What a kind of change is called in the first line. */
const SUMMARY: Readonly<Record<Exclude<Kind, "whole">, string>> = {
  gain: "somebody gains",
  entry: "who gets in changes",
  loss: "somebody loses",
  exit: "who gets in narrows",
  limit: "limits change",
};

function headline({ from, to, environments }: AccessDiff): string {
  const parts = (["gain", "entry", "loss", "exit", "limit"] as const).flatMap((kind) => {
    const names = environments.filter((one) => tellOf(one).some((told) => told.kind === kind));
    return names.length === 0
      ? []
      : `${SUMMARY[kind]} in ${joinWords(names.map(({ environment }) => code(environment)))}`;
  });
  return `from ${code(from)} to ${code(to)}: ${parts.length === 0 ? NOTHING : parts.join("; ")}`;
}

/** What is true of the same environments comes together, in the order in which it is first true. */
function blocksOf({ environments }: AccessDiff): Block[] {
  const known = new Map<string, { readonly kind: Kind; readonly told: Told; readonly names: string[] }>();
  for (const environment of environments)
    for (const { kind, told } of tellOf(environment)) {
      const key = JSON.stringify([kind, told]);
      const names = known.get(key)?.names ?? [];
      names.push(environment.environment);
      known.set(key, { kind, told, names });
    }
  const blocks = new Map<string, { names: readonly string[]; entries: { kind: Kind; told: Told }[] }>();
  for (const { kind, told, names } of known.values()) {
    const key = names.join(" ");
    const block = blocks.get(key) ?? { names, entries: [] };
    block.entries.push({ kind, told });
    blocks.set(key, block);
  }
  const quiet = environments.filter((one) => tellOf(one).length === 0).map(({ environment }) => environment);
  return [
    ...[...blocks.values()].map(({ names, entries }) => ({ environments: names, sections: sectionsOf(entries) })),
    ...(quiet.length === 0 ? [] : [{ environments: quiet, sections: [] }]),
  ];
}

function sectionsOf(entries: readonly { readonly kind: Kind; readonly told: Told }[]): Section[] {
  return KINDS.map((kind) => ({
    ...TITLES[kind],
    entries: entries.filter((entry) => entry.kind === kind).map(({ told }) => told),
  })).filter((section) => section.entries.length > 0);
}

function tellOf({ isNew, isGone, changes, settings, domains }: EnvironmentDiff): { kind: Kind; told: Told }[] {
  const whole = isNew ? ["the environment is new"] : isGone ? ["the environment is gone"] : [];
  return [
    ...whole.map((text) => ({ kind: "whole" as const, told: { text, below: [] } })),
    ...changes.map((change) => ({ kind: change.effect, told: tellChange(change, domains[change.effect]) })),
    ...settings.map(({ isAccess, direction, text }) => {
      const kind: Kind = isAccess ? (direction === "narrower" ? "exit" : "entry") : "limit";
      return { kind, told: { text, below: [] } };
    }),
  ];
}
