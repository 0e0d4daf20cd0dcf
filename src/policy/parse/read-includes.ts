/**
 * A policy's further files: read, and joined into one list of sections.
 *
 * In: the tree of the policy file, a reader for files below its folder. Out: for each section the entries of all files
 * in the order in which they are named, a file before those that it includes.
 * Not here: what stands in a section (join-sections.ts hands it on); whether a path leaves the folder by a symbolic link
 * (whoever reads the files).
 * INVARIANT: a file is read once; what is read is bounded in number and size.
 * Source: docs/spec/policy-language.md chapter 1.
 */
import { posix } from "node:path";
import { type Span, suggest } from "../../core/index.ts";
import { isVersionOne } from "./check-version.ts";
import { KEYS } from "./keys.ts";
import { type Entry, MAX_BYTES, type Tree, readTree } from "./read-tree.ts";
import { listKeys, readFields, readList, readText } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** The text of a file; the path is relative to the folder of the policy file, with `/`. */
export type ReadInclude = (
  path: string,
) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

const MAX_FILES = 200;
const MAX_CHARACTERS = 4 * 1024 * 1024;

export type Section = "services" | "roles" | "boundaries" | "secrets" | "guardrails";

/** The sections of one included file. */
export interface PolicyPart {
  readonly of: (section: Section) => Entry | null;
}

export interface IncludesReading {
  readonly parts: readonly PolicyPart[];
  /** When false and there are errors, something was not understood: what seems to be missing may stand there. */
  readonly isComplete: boolean;
}

/** The included files in order; `include` is what the policy file says. */
export function readIncludes(report: Report, include: Tree | null, read: ReadInclude | null): IncludesReading {
  const folder = posix.dirname(report.file.replaceAll("\\", "/"));
  const root = posix.basename(report.file.replaceAll("\\", "/"));
  const parts: PolicyPart[] = [];
  const first = new Map<string, Span>();
  let characters = report.text.length;
  let isComplete = include === null || include.kind === "list";
  let isFull = false;

  function visit(from: Report, base: string, tree: Tree | null, chain: readonly string[]): void {
    for (const item of readList(from, tree, "`include`", { mayBeEmpty: false }) ?? []) {
      const entry = readText(from, item, "an entry of `include`");
      if (entry === null) {
        isComplete = false;
        continue;
      }
      const { value, at } = entry;
      if (isFull) return;
      const path = resolveInclude(base, value);
      if (path === null) {
        isComplete = false;
        from.add("include/path", at, `${quote(value)} is not a path below the policy's folder`, {
          hint: hintForPath(value),
        });
      } else if (chain.includes(path)) {
        const before = first.get(path);
        from.add(
          "include/cycle",
          at,
          `${quote(value)} ${path === chain.at(-1) ? "is this file" : "includes this file"}`,
          {
            hint: "remove this entry",
            ...(before === undefined ? {} : { related: [{ message: "first here", span: before }] }),
          },
        );
      } else if (first.has(path))
        from.add("include/twice", at, `${quote(value)} is included already`, {
          hint: "remove this entry",
          related: [{ message: "first here", span: first.get(path) as Span }],
        });
      else if (first.size >= MAX_FILES) {
        isFull = true;
        from.add("include/too-many", at, `the policy includes more than ${MAX_FILES} files`, {
          hint: "join some of them, or split the policy into several",
        });
      } else visitFile(from, { path, written: value, at, chain });
    }
  }

  function visitFile(
    from: Report,
    file: { readonly path: string; readonly written: string; readonly at: Span; readonly chain: readonly string[] },
  ): void {
    const { path, written, at, chain } = file;
    first.set(path, at);
    const found = read === null ? { ok: false as const, reason: "files are not read here" } : read(path);
    if (!found.ok) {
      isComplete = false;
      from.add("include/unreadable", at, `${quote(written)} cannot be read: ${found.reason}`, {
        hint: "correct the path, which is relative to the file that it stands in, or remove the entry",
      });
      return;
    }
    // One that is too large by itself is refused unread.
    if (found.text.length <= MAX_BYTES) characters += found.text.length;
    if (characters > MAX_CHARACTERS) {
      isFull = true;
      from.add("include/too-many", at, `the files of the policy have more than ${MAX_CHARACTERS} characters`, {
        hint: "split it into several policies",
      });
      return;
    }
    const name = folder === "." ? path : posix.join(folder, path);
    const inner = from.within(name, found.text.replace(/^\ufeff/, ""));
    const tree = readTree(inner, "write `gatehouse: 1` and a section, or remove it from `include`");
    const fields =
      tree === null
        ? null
        : readFields(inner, tree, "an included file", startOf(tree), { ...KEYS.include, hintFor: hintForKey });
    const isKnown = fields !== null && isVersionOne(inner, fields.of("gatehouse"));
    if (!isKnown || fields.hasUnknown) isComplete = false;
    if (!isKnown) return;
    const nested = fields.of("include");
    if (nested !== null && nested.kind !== "list") isComplete = false;
    parts.push({
      of: (section) => {
        const value = fields.of(section);
        return value === null ? null : { key: section, keyAt: fields.keyAt(section), value };
      },
    });
    visit(inner, posix.dirname(path), nested, [...chain, path]);
  }

  visit(report, ".", include, [root]);
  return { parts, isComplete: isComplete && !isFull };
}

/** Where to point for what a file lacks: its first key. */
export function startOf(root: Tree): Tree["at"] {
  return { ...root.at, end: root.kind === "mapping" ? (root.entries[0]?.keyAt.end ?? root.at.end) : root.at.end };
}

/** Below the policy's folder, in normal form; null for anything else. */
function resolveInclude(base: string, written: string): string | null {
  if (written.startsWith("/") || /[\\:]/.test(written) || written.endsWith("/")) return null;
  const path = posix.normalize(posix.join(base, written));
  return path === ".." || path.startsWith("../") || path === "." ? null : path;
}

function hintForPath(written: string): string {
  const slashed = written.replaceAll("\\", "/");
  if (slashed !== written && resolveInclude(".", slashed) !== null)
    return `write \`/\` between folders: ${quote(slashed)}`;
  if (written.endsWith("/")) return "name each file; folders are not taken";
  return "write it relative to this file, without leaving the folder of the policy";
}

/** Some sections stand in the policy file alone. */
function hintForKey(key: string): string {
  const isOfPolicy = listKeys(KEYS.policy).includes(key);
  return isOfPolicy ? `${quote(key)} stands in the policy file only` : suggest(key, listKeys(KEYS.include));
}
