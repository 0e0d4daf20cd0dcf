/**
 * Follows every relative link of the Markdown pages: the file must exist, and so must the heading it names.
 *
 * In:  the text of each Markdown page and the set of all files, by path from the root.
 * Out: one finding per dead link, and per ADR that does not end with what checks it.
 * Source: GitHub's rule for heading anchors: lower case, punctuation dropped, spaces to hyphens, repeats numbered.
 */
import { posix } from "node:path";
import type { Finding } from "./finding.ts";

const LINK = /(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|!\[[^\]]*\]\(\s*([^)\s]+)\s*\)/g;
const HEADING = /^#{1,6}\s+(.+?)\s*#*$/;

export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const line of withoutCode(text).split("\n")) {
    for (const match of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(match[1] ?? "");
    const heading = HEADING.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** Same number of lines, with fenced blocks blanked: what stands there is no heading and no link. */
function withoutCode(text: string): string {
  let fence: string | null = null;
  return text
    .split("\n")
    .map((line) => {
      const mark = /^\s*(```+|~~~+)/.exec(line)?.[1] ?? null;
      if (fence === null && mark !== null) {
        fence = mark;
        return "";
      }
      if (fence !== null) {
        if (mark?.startsWith(fence) === true) fence = null;
        return "";
      }
      return line;
    })
    .join("\n");
}

export function checkLinks(pages: ReadonlyMap<string, string>, files: ReadonlySet<string>): readonly Finding[] {
  const folders = new Set<string>();
  for (const file of files)
    for (let folder = posix.dirname(file); folder !== "."; folder = posix.dirname(folder)) folders.add(folder);
  const findings: Finding[] = [];
  for (const [file, text] of pages) {
    withoutCode(text)
      .split("\n")
      .forEach((line, index) => {
        for (const match of line.replace(/`[^`]*`/g, "``").matchAll(LINK)) {
          const message = judge(file, decodeURI(match[1] ?? match[2] ?? ""), pages, files, folders);
          if (message !== null) findings.push({ file, line: index + 1, message });
        }
      });
    if (/^docs\/adr\/\d{4}-/.test(file)) findings.push(...checkAdr(file, text, files, folders));
  }
  return findings;
}

/** The last line says what holds the decision up, and the files that it names exist. */
function checkAdr(
  file: string,
  text: string,
  files: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): readonly Finding[] {
  const last = text.slice(text.lastIndexOf("Checked by: "));
  if (!text.includes("\nChecked by: ") || last.includes("\n\n"))
    return [{ file, line: 0, message: "an ADR ends with a line `Checked by: …`" }];
  return [...last.matchAll(/\b(?:src|tests|script|bench)\/[\w./-]*\w/g)]
    .map((match) => match[0])
    .filter((path) => !files.has(path) && !folders.has(path))
    .map((path) => ({ file, line: 0, message: `is checked by \`${path}\`, which is not there` }));
}

function judge(
  file: string,
  link: string,
  pages: ReadonlyMap<string, string>,
  files: ReadonlySet<string>,
  folders: ReadonlySet<string>,
): string | null {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return null;
  const [path = "", anchor] = link.split("#", 2);
  const target = path === "" ? file : posix.normalize(posix.join(posix.dirname(file), path)).replace(/\/$/, "");
  if (target.startsWith("..")) return `link \`${link}\` leaves the repository`;
  if (!files.has(target) && !folders.has(target) && target !== ".") return `link \`${link}\` leads nowhere`;
  if (anchor === undefined || !target.endsWith(".md")) return null;
  return anchorsOf(pages.get(target) ?? "").has(anchor) ? null : `link \`${link}\`: the page has no such heading`;
}
