/**
 * Python packages that nobody here wrote, for tests: installed once into the cache.
 *
 * In:  a requirements file, exact versions with digests; a `python3` of 3.11 or newer.
 * Out: the folder that holds the packages; a script puts it first on `sys.path`.
 * INVARIANT: the folder is named by the digest of the requirements and of the Python they are for, and appears whole or
 * not at all; without Python or packages this fails, so that nothing is skipped silently.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const tests = join(import.meta.dirname, "..");
const SCANNERS = join(tests, "guardrails", "requirements.txt");
const AWS_COMMAND = join(tests, "sts", "requirements.txt");
const TIMEOUT_MS = 300_000;

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "gatehouse");
}

/**
 * The folder that holds the packages.
 * @param requirements @default those of tests/guardrails, boto3 among them
 */
export async function installPythonPackages(requirements = SCANNERS): Promise<string> {
  const { stdout: kind } = await run("python3", [
    "-I",
    "-c",
    "import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform())",
  ]);
  const digest = createHash("sha256").update(readFileSync(requirements)).update(kind).digest("hex");
  const folder = join(cacheFolder(), `python-${digest.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  process.stderr.write(`gatehouse: installing the Python packages of tests/${relative(tests, requirements)}, once\n`);
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(join(cacheFolder(), ".python-"));
  try {
    const packages = join(temporary, "packages");
    await run(
      await findPip(temporary),
      [
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--target",
        packages,
        "--requirement",
        requirements,
      ],
      { timeout: TIMEOUT_MS },
    );
    try {
      renameSync(packages, folder);
    } catch (error) {
      // Somebody else was first; theirs is the same.
      if (!existsSync(folder)) throw error;
    }
    return folder;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A folder for PATH in which `aws` is the command of AWS, version 1, with packages that nothing else sees. */
export async function installAwsCommand(): Promise<string> {
  const packages = await installPythonPackages(AWS_COMMAND);
  const folder = `${packages}-command`;
  if (existsSync(join(folder, "aws"))) return folder;
  mkdirSync(folder, { recursive: true });
  // pip's own script names the Python that pip ran under, which may be gone.
  const temporary = join(folder, `.aws-${process.pid}`);
  writeFileSync(temporary, `#!/bin/sh\nPYTHONPATH='${packages}' exec python3 -m awscli "$@"\n`, { mode: 0o755 });
  renameSync(temporary, join(folder, "aws"));
  return folder;
}

/** A Python that has pip: the machine's own, one in a virtual environment, or the machine's after its package is there. */
async function findPip(temporary: string): Promise<string> {
  if (await succeeds("python3", ["-m", "pip", "--version"])) return "python3";
  const venv = join(temporary, "venv");
  if (await succeeds("python3", ["-m", "venv", venv])) return join(venv, "bin", "python3");
  if (process.getuid?.() === 0) {
    const install = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", "python3-pip"];
    const isThere = (await succeeds("apt-get", install)) || (await succeeds("apt-get", ["update"]));
    if (isThere && (await succeeds("apt-get", install))) return "/usr/bin/python3";
  }
  throw new Error("python3 has no pip, and it could not be installed; install python3-pip");
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(command, args, { timeout: TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    return true;
  } catch {
    return false;
  }
}
