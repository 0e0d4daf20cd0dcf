/**
 * One section over all files of a policy.
 * INVARIANT: of two entries with one name both places are told.
 */
import type { Entry } from "./read-tree.ts";
import type { PolicyPart, Section } from "./read-includes.ts";
import { type Report, quote } from "./report.ts";

export interface SectionReading {
  /** Null when no file has the section. */
  readonly entry: Entry | null;
  /** False when an entry of it was left out or not understood: what seems to be missing may stand there. */
  readonly isComplete: boolean;
}

/**
 * The entries of all files as one mapping. What is no mapping in a file stays by itself, for the reader of the section
 * to report.
 */
export function joinSection(
  own: Entry | null,
  parts: readonly PolicyPart[],
  section: Section,
  report: Report,
): SectionReading {
  const written = [own, ...parts.map((part) => part.of(section))].filter((entry) => entry !== null);
  const broken = written.find((entry) => entry.value.kind !== "mapping");
  if (broken !== undefined) return { entry: broken, isComplete: false };
  const [only] = written;
  if (only === undefined || written.length === 1) return { entry: only ?? null, isComplete: true };
  const entries = new Map<string, Entry>();
  let isComplete = true;
  for (const { value } of written)
    for (const entry of value.kind === "mapping" ? value.entries : []) {
      const before = entries.get(entry.key);
      if (before === undefined) {
        entries.set(entry.key, entry);
        continue;
      }
      isComplete = false;
      report.add("include/conflict", entry.keyAt, `${quote(entry.key)} of \`${section}\` stands in another file too`, {
        hint: "keep one of the two, or give one another name",
        related: [{ message: "first here", span: before.keyAt }],
      });
    }
  const joined = { kind: "mapping", entries: [...entries.values()], at: only.value.at } as const;
  return { entry: { key: section, keyAt: only.keyAt, value: joined }, isComplete };
}
