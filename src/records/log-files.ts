/**
 * The files of a log, newest first: the one that is written and those that were rotated away.
 *
 * In:  the path that is written to. Out: paths that exist now, and their lines.
 * Rotated names: `NAME.1`, `NAME.2` (ours), `NAME-<time>.EXT` (Caddy's), in the same directory.
 */
import { createReadStream, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { createInterface } from "node:readline";

/** Caddy's roller stamps the name with the time of rotation; it may add why. */
const STAMP = /^-\d{4}-\d{2}-\d{2}T[\d.-]+(?:-[a-z]+)?$/;

/** Newest first; empty when the log does not exist. */
export function listLogFiles(file: string): readonly string[] {
  const dir = dirname(file);
  const name = basename(file);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch {
    return [];
  }
  const isOurs = (n: string): boolean =>
    n === name || (n.startsWith(`${name}.`) && /^\d+$/.test(n.slice(name.length + 1)));
  const isCaddys = (n: string): boolean =>
    n.startsWith(stem) && n.endsWith(extension) && STAMP.test(n.slice(stem.length, n.length - extension.length));
  return names
    .filter((n) => isOurs(n) || isCaddys(n))
    .map((n) => join(dir, n))
    .map((path) => ({ path, modifiedMs: modifiedMsOf(path) }))
    .toSorted((a, b) => b.modifiedMs - a.modifiedMs)
    .map(({ path }) => path);
}

/** The lines of one file that contain `needle`; all of them when it is empty. A file that is gone has none. */
export async function* readLines(path: string, needle = ""): AsyncGenerator<string> {
  const stream = createReadStream(path, { encoding: "utf8" });
  // Without a listener here a failure between two reads would end the process.
  stream.on("error", () => {});
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      if (line !== "" && line.includes(needle)) yield line;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  } finally {
    stream.destroy();
  }
}

function modifiedMsOf(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
