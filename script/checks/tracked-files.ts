/**
 * The files that belong to the project: what git tracks, and what it would track (new and not ignored).
 * Deleted files that are still in the index are left out.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

export function listFiles(root: string): readonly string[] {
  const out = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return out
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)))
    .sort();
}
