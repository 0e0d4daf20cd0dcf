/**
 * A policy's further files: read, and joined into one list of sections.
 *
 * In: the tree of the policy file, a reader for files below its folder. Out: for each section the entries of all files
 * in the order in which they are named, a file before those that it includes.
 * Not here: what stands in a section; whether a path leaves the folder by a symbolic link (whoever reads the files).
 * INVARIANT: a file is read once; of two entries with one name both places are told.
 * Source: docs/spec/policy-language.md chapter 1.
 */
import { posix } from "node:path";
import type { Span } from "../../core/index.ts";
import { KEYS } from "./keys.ts";
import { type Entry, type Tree, readTree } from "./read-tree.ts";
import { readFields, readTexts } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** The text of a file; the path is relative to the folder of the policy file, with `/`. */
export type ReadInclude = (
  path: string,
) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

const MAX_FILES = 200;
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** One file of the policy: its report, and its sections. */
export interface PolicyPart {
  readonly report: Report;
  readonly of: (section: Section) => Entry | null;
}

export type Section = "services" | "roles" | "boundaries" | "secrets" | "guardrails";

/** The included files in order; `include` is what the policy file says. */
export function readIncludes(report: Report, include: Tree | null, read: ReadInclude | null): PolicyPart[] {
  const folder = posix.dirname(report.file.replaceAll("\\", "/"));
  const parts: PolicyPart[] = [];
  const first = new Map<string, Span>();
  let characters = report.text.length;

  function visit(from: Report, base: string, tree: Tree | null, chain: readonly string[]): void {
    for (const { value, at } of readTexts(from, tree, "`include`", { mayBeEmpty: false })) {
      const path = resolveInclude(base, value);
      if (path === null) {
        from.add("include/path", at, `${quote(value)} is not a path below the policy's folder`, {
          hint: "write it relative to this file, with `/`, without leaving the folder of the policy",
        });
        continue;
      }
      const seen = first.get(path);
      if (chain.includes(path) || seen !== undefined) {
        const isCycle = chain.includes(path);
        from.add(
          isCycle ? "include/cycle" : "include/twice",
          at,
          `${quote(value)} ${isCycle ? "includes itself" : "is included already"}`,
          {
            hint: "remove this entry",
            ...(seen === undefined ? {} : { related: [{ message: "first here", span: seen }] }),
          },
        );
        continue;
      }
      first.set(path, at);
      if (parts.length >= MAX_FILES || characters > MAX_CHARACTERS) {
        from.add(
          "include/too-many",
          at,
          `the policy has more than ${MAX_FILES} files or ${MAX_CHARACTERS} characters`,
          {
            hint: "split it into several policies",
          },
        );
        return;
      }
      const found = read === null ? { ok: false as const, reason: "files are not read here" } : read(path);
      if (!found.ok) {
        from.add("include/unreadable", at, `${quote(value)} cannot be read: ${found.reason}`, {
          hint: "correct the path",
        });
        continue;
      }
      characters += found.text.length;
      const name = folder === "." ? path : posix.join(folder, path);
      const inner = from.within(name, found.text);
      const root = readTree(inner);
      if (root === null) continue;
      const owner = {
        ...root.at,
        end: root.kind === "mapping" ? (root.entries[0]?.keyAt.end ?? root.at.end) : root.at.end,
      };
      const fields = readFields(inner, root, "an included file", owner, KEYS.include);
      if (fields === null || !isVersionOne(inner, fields.of("gatehouse"))) continue;
      const of = (section: Section): Entry | null => {
        const value = fields.of(section);
        return value === null ? null : { key: section, keyAt: fields.keyAt(section), value };
      };
      parts.push({ report: inner, of });
      visit(inner, posix.dirname(path), fields.of("include"), [...chain, path]);
    }
  }

  visit(report, ".", include, [posix.basename(report.file)]);
  return parts;
}

/** Below the policy's folder, in normal form; null for anything else. */
function resolveInclude(base: string, written: string): string | null {
  if (written.startsWith("/") || /[\\:]/.test(written) || written.endsWith("/")) return null;
  const path = posix.normalize(posix.join(base, written));
  return path === ".." || path.startsWith("../") || path === "." ? null : path;
}

/** False when the rest of the file is in a language that is not this one. */
export function isVersionOne(report: Report, tree: Tree | null): boolean {
  if (tree === null || (tree.kind === "number" && tree.text === "1")) return true;
  const found = tree.kind === "number" || tree.kind === "text" ? quote(tree.text) : "this";
  report.add("parse/version", tree.at, `${found} is not a version of the language that is known here`, {
    hint: "write `gatehouse: 1`",
  });
  return tree.kind !== "number";
}

/**
 * The entries of one section over all files as one mapping. A name that stands in two files is told with both places;
 * what is no mapping in a file stays by itself, for the reader of the section to report.
 */
export function joinSection(
  own: Entry | null,
  parts: readonly PolicyPart[],
  section: Section,
  report: Report,
): Entry | null {
  const written = [own, ...parts.map((part) => part.of(section))].filter((entry) => entry !== null);
  const [only] = written;
  if (only === undefined || written.length === 1) return only ?? null;
  const broken = written.find((entry) => entry.value.kind !== "mapping");
  if (broken !== undefined) return broken;
  const entries = new Map<string, Entry>();
  for (const { value } of written)
    for (const entry of value.kind === "mapping" ? value.entries : []) {
      const before = entries.get(entry.key);
      if (before === undefined) entries.set(entry.key, entry);
      else
        report.add(
          "include/conflict",
          entry.keyAt,
          `${quote(entry.key)} of \`${section}\` stands in another file too`,
          {
            hint: "keep one of the two, or give one another name",
            related: [{ message: "first here", span: before.keyAt }],
          },
        );
    }
  return {
    key: section,
    keyAt: only.keyAt,
    value: { kind: "mapping", entries: [...entries.values()], at: only.value.at },
  };
}
