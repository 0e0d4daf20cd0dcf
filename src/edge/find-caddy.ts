/**
 * Which Caddy to run.
 *
 * In:  a path that the user named, else PATH, else the cache that `script/up` fills. Out: the binary and its version.
 * Not here: running it (caddy-process.ts), getting one (script/setup.sh).
 * INVARIANT: a Caddy with open advisories is never returned; one that the user named is used or refused, never replaced.
 */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { GatehouseError } from "../core/index.ts";
import { MINIMUM_CADDY, compareNumbers, isGoodEnough, parseCaddyVersion } from "./caddy-version.ts";

export interface FoundCaddy {
  /** Absolute path. */
  readonly binary: string;
  /** Such as `2.11.7`. */
  readonly version: string;
}

const VERSION_TIMEOUT_MS = 10_000;

/**
 * The first Caddy that is new enough: of `explicit` alone when it is given, else of the folders of `pathEnv` in order and
 * then of `caddy-*` in `cacheDir` (default `gatehouse` in the user's cache folder), newest first.
 * @throws GH_EDGE_CADDY_MISSING, GH_EDGE_CADDY_TOO_OLD, GH_EDGE_CADDY_UNUSABLE
 */
export async function findCaddy(where: {
  readonly explicit?: string | undefined;
  readonly pathEnv: string | undefined;
  readonly cacheDir?: string | undefined;
}): Promise<FoundCaddy> {
  if (where.explicit !== undefined) {
    const binary = path.resolve(where.explicit);
    if (!(await isExecutable(binary))) throw new GatehouseError("GH_EDGE_CADDY_MISSING", { looked: `\`${binary}\`` });
    return examine(binary);
  }
  const cacheDir = where.cacheDir ?? defaultCacheDir();
  const inPath = (where.pathEnv ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  let firstProblem: GatehouseError | null = null;
  for (const binary of [...inPath.map((folder) => path.join(folder, "caddy")), ...(await cachedCaddies(cacheDir))]) {
    if (!(await isExecutable(binary))) continue;
    try {
      return await examine(binary);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      firstProblem ??= error;
    }
  }
  throw firstProblem ?? new GatehouseError("GH_EDGE_CADDY_MISSING", { looked: `PATH or \`${cacheDir}\`` });
}

function defaultCacheDir(): string {
  const base = process.env["XDG_CACHE_HOME"];
  const root = base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), ".cache");
  return path.join(root, "gatehouse");
}

async function cachedCaddies(cacheDir: string): Promise<string[]> {
  const names = await readdir(cacheDir).catch(() => []);
  return names
    .filter((name) => /^caddy-\d+\.\d+\.\d+$/.test(name))
    .sort((a, b) => compareNumbers(b.slice("caddy-".length), a.slice("caddy-".length)))
    .map((name) => path.join(cacheDir, name, "caddy"));
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

async function examine(binary: string): Promise<FoundCaddy> {
  const version = parseCaddyVersion(await askVersion(binary));
  if (version === null) throw unusable(binary, "it does not tell its version");
  if (isGoodEnough(version)) return { binary, version };
  throw new GatehouseError("GH_EDGE_CADDY_TOO_OLD", { binary, version, minimum: MINIMUM_CADDY });
}

function askVersion(binary: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Without the user's environment: it may hold secrets, and Caddy needs none of it to tell its version.
    const options = { timeout: VERSION_TIMEOUT_MS, env: {}, encoding: "utf8" as const };
    execFile(binary, ["version"], options, (error, stdout) => {
      if (error === null) return resolve(stdout);
      const code = typeof error.code === "string" ? error.code : null;
      reject(unusable(binary, error.killed === true ? "it does not answer" : (code ?? "it fails"), error));
    });
  });
}

function unusable(binary: string, reason: string, cause?: unknown): GatehouseError {
  return new GatehouseError("GH_EDGE_CADDY_UNUSABLE", { binary, reason }, { cause });
}
