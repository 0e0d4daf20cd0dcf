/**
 * Exits 0 when node_modules holds exactly what package-lock.json asks for on this platform, else 1.
 *
 * In: the checkout as first argument. npm writes what it installed to node_modules/.package-lock.json; packages that
 * the lock file calls optional may be missing there (other platforms' binaries).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
}

function readLock(path: string): Record<string, Locked> {
  return (JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, Locked> }).packages;
}

export function isInstalled(wanted: Record<string, Locked>, installed: Record<string, Locked>): boolean {
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional === true) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
  }
  return Object.keys(installed).every((path) => path in wanted);
}

if (import.meta.main) {
  const root = process.argv[2] ?? ".";
  let current = false;
  try {
    current = isInstalled(
      readLock(join(root, "package-lock.json")),
      readLock(join(root, "node_modules", ".package-lock.json")),
    );
  } catch {
    // No node_modules, or none that npm wrote: not installed.
  }
  process.exitCode = current ? 0 : 1;
}
