/**
 * Programs that nobody here wrote, for tests that put them behind Gatehouse: a package of its own (tests/partners),
 * installed once into the cache and never into the product's node_modules.
 *
 * In:  tests/partners/package.json and its lock file, exact versions.
 * Out: the folder that holds their node_modules.
 * INVARIANT: the folder is named by the lock file's digest and appears whole or not at all.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "gatehouse");
}

/** Installs the partners unless they are there; offline that works with npm's own cache only. */
export function installPartners(): Promise<string> {
  return installPackages(join(import.meta.dirname, "..", "partners"), "partners");
}

/**
 * The same for any folder with a package.json and its lock file.
 * @param name of the folder in the cache, before the digest
 */
export async function installPackages(source: string, name: string): Promise<string> {
  const digest = createHash("sha256")
    .update(readFileSync(join(source, "package-lock.json")))
    .digest("hex");
  const folder = join(cacheFolder(), `${name}-${digest.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  process.stderr.write(`gatehouse: installing ${name}, once\n`);
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(join(cacheFolder(), `.${name}-`));
  try {
    for (const file of ["package.json", "package-lock.json", ".npmrc"])
      copyFileSync(join(source, file), join(temporary, file));
    await promisify(execFile)("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], {
      cwd: temporary,
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
    });
    try {
      renameSync(temporary, folder);
    } catch (error) {
      // Somebody else was first; theirs is the same.
      if (!existsSync(folder)) throw error;
    }
    return folder;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (import.meta.main) await installPartners();
