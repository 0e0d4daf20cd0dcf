/**
 * A Go program, built from a folder with its `go.mod` and `go.sum`.
 *
 * In:  Go 1.21 or newer, on PATH or where its own installer puts it. Modules come from the proxy that Go is set up for,
 *      once, at the exact versions and digests of the folder, into the cache.
 * Without Go or modules this fails, so that nothing is skipped silently.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const OWN_PLACE = "/usr/local/go/bin";
const TIMEOUT_MS = 500_000;

function findGo(): string {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), OWN_PLACE];
  const go = folders.map((folder) => join(folder, "go")).find((file) => existsSync(file));
  if (go === undefined) throw new Error("there is no go, which a test needs; install Go 1.21 or newer");
  return go;
}

/** The program is at `file` afterwards. */
export async function buildGoProgram(folder: string, file: string): Promise<void> {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "gatehouse", "go");
  const env = {
    ...process.env,
    GOMODCACHE: join(cache, "modules"),
    GOCACHE: join(cache, "build"),
    GOFLAGS: "-mod=readonly -buildvcs=false",
    CGO_ENABLED: "0",
  };
  await run(findGo(), ["build", "-o", file, "."], { cwd: folder, env, timeout: TIMEOUT_MS });
}
