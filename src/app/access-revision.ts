/**
 * A policy and the files that it includes as they are in a commit.
 *
 * In:  the policy file in the working tree, and what git takes for a commit (`main`, `HEAD~1`, a hash), or `COMMIT:PATH`.
 * Out: texts; what cannot be had is a reason in words.
 * INVARIANT: git is only asked, in the working tree's own repository; what was asked for is never an option of git, no
 * hook, pager or prompt runs and nothing is fetched. A symbolic link is not followed.
 */
import { spawnSync } from "node:child_process";
import { basename, dirname, posix } from "node:path";
import type { ReadInclude } from "../policy/index.ts";

export type FoundInCommit =
  | {
      readonly ok: true;
      /** `COMMIT:PATH` as it was asked for, for messages. */
      readonly file: string;
      readonly text: string;
      /** Files beside it in the same commit. */
      readonly read: ReadInclude;
    }
  | { readonly ok: false; readonly reason: string };

const LIMIT_MS = 20_000;
const MAX_BYTES = 32 * 1024 * 1024;

export function readFromCommit(policyFile: string, asked: string): FoundInCommit {
  const [, name = "", path] = /^([^:]+)(?::(.+))?$/.exec(asked) ?? [];
  const folder = dirname(policyFile);
  const commit = askGit(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`]);
  if (!commit.ok) return { ok: false, reason: commit.reason ?? "there is no such file, and no such commit" };
  const hash = commit.output.toString("utf8").trim();
  // Without a path it is the policy file's own, seen from its folder; with one it is seen from the top.
  const top = path === undefined ? null : askGit(folder, ["rev-parse", "--show-toplevel"]);
  if (top?.ok === false) return { ok: false, reason: "the working tree cannot be found" };
  const base = top === null ? folder : top.output.toString("utf8").trimEnd();
  const own = path === undefined ? basename(policyFile) : posix.normalize(path);
  const file = `${name}:${path ?? basename(policyFile)}`;
  const found = readBlob(base, hash, own);
  if (!found.ok) return { ok: false, reason: `in commit \`${name}\` \`${own}\` cannot be read: ${found.reason}` };
  const beside = posix.dirname(own);
  return { ok: true, file, text: found.text, read: (one) => readBlob(base, hash, posix.join(beside, one)) };
}

/** The text of a path at a commit; the path is seen from `folder`. */
function readBlob(folder: string, hash: string, path: string): ReturnType<ReadInclude> {
  const listed = askGit(folder, ["ls-tree", "-z", hash, "--", path]);
  const [, mode, type, blob] = /^(\d+) (\w+) ([0-9a-f]+)\t/.exec(listed.ok ? listed.output.toString("utf8") : "") ?? [];
  if (blob === undefined) return { ok: false, reason: "there is no such file" };
  if (mode === "120000") return { ok: false, reason: "it is a symbolic link" };
  if (type !== "blob") return { ok: false, reason: "it is not a file" };
  const content = askGit(folder, ["cat-file", "blob", blob]);
  if (!content.ok) return { ok: false, reason: content.reason ?? "git does not have its content" };
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { ok: true, text: decoder.decode(content.output) };
  } catch {
    return { ok: false, reason: "it is not UTF-8 text" };
  }
}

type Answer = { readonly ok: true; readonly output: Buffer } | { readonly ok: false; readonly reason: string | null };

/** The reason is null when git itself said no. */
function askGit(folder: string, args: readonly string[]): Answer {
  const { error, status, stdout, stderr } = spawnSync("git", ["--no-pager", "-C", folder, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: LIMIT_MS,
    maxBuffer: MAX_BYTES,
    env: {
      ...process.env,
      // Within a hook these name the repository that is at work, which need not be the policy's.
      GIT_DIR: undefined,
      GIT_WORK_TREE: undefined,
      GIT_INDEX_FILE: undefined,
      GIT_TERMINAL_PROMPT: "0",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_NO_LAZY_FETCH: "1",
      GIT_LITERAL_PATHSPECS: "1",
      LC_ALL: "C",
    },
  });
  if (error !== undefined) {
    const code = "code" in error ? error.code : undefined;
    return {
      ok: false,
      reason: code === "ENOENT" ? "there is no such file, and git is not installed" : "git gave no answer",
    };
  }
  if (status === 0) return { ok: true, output: stdout };
  return { ok: false, reason: explainRefusal(stderr.toString("utf8")) };
}

function explainRefusal(said: string): string | null {
  if (said.includes("not a git repository")) return "there is no such file, and the policy is in no git repository";
  if (said.includes("dubious ownership")) return "git does not trust the repository's owner, see `safe.directory`";
  return null;
}
