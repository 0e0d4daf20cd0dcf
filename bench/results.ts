/** bench/RESULTS.md: one section for each benchmark, so that each writes its own and leaves the others alone. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "RESULTS.md");

/** `text` begins with its heading, `# Results of ...`. It takes the place of the section of that heading, or the end. */
export function replaceSection(whole: string, text: string): string {
  const [heading = ""] = text.split("\n", 1);
  const sections = whole.split(/^(?=# )/m).filter((section) => section.trim() !== "");
  const at = sections.findIndex((section) => section.startsWith(`${heading}\n`));
  if (at === -1) sections.push(text);
  else sections[at] = text;
  return sections.map((section) => `${section.trimEnd()}\n`).join("\n");
}

export function writeSection(text: string): void {
  let whole = "";
  try {
    whole = readFileSync(FILE, "utf8");
  } catch {
    // The first results make the file.
  }
  writeFileSync(FILE, replaceSection(whole, text));
}
