/** docs/guide/reviewing-changes.md: its example is what the commands say of the example shop. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GATEHOUSE } from "../support/instance.ts";
import { run } from "../support/run.ts";

const root = join(import.meta.dirname, "../..");
const guide = readFileSync(join(root, "docs/guide/reviewing-changes.md"), "utf8");

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), "gh-review-"));
  cpSync(join(root, "examples/shop"), dir, { recursive: true });
  const git = (...args: readonly string[]): void => {
    const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    execFileSync("git", ["-C", dir, ...identity, ...args], { stdio: "ignore" });
  };
  git("init", "-q", "-b", "main");
  git("add", "gatehouse.yaml");
  git("commit", "-q", "--no-verify", "-m", "shop");
});
after(() => rmSync(dir, { recursive: true, force: true }));

function fences(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text = ""]) => text);
}

test("the edits of the guide apply to the shop, and say what the guide says", async () => {
  const file = join(dir, "gatehouse.yaml");
  for (const edit of fences("diff")) {
    const [from = "", to = ""] = ["-", "+"].map((mark) =>
      edit
        .split("\n")
        .find((line) => line.startsWith(mark))
        ?.slice(1),
    );
    const text = readFileSync(file, "utf8");
    assert.equal(text.split(from).length, 2, from);
    writeFileSync(file, text.replace(from, to));
  }
  const ran = await run(GATEHOUSE, ["access", "--diff", "main"], { cwd: dir });
  assert.deepEqual([ran.stdout, ran.stderr, ran.code], [fences("text")[0], "", 1]);
});

test("the other commands of the guide are understood", async () => {
  const commands = fences("sh")
    .flatMap((text) => text.trim().split("\n"))
    .filter((line) => !line.includes("origin/") && !line.startsWith("gatehouse whatif"));
  assert.equal(commands.length, 6);
  for (const command of commands) {
    const ran = await run("sh", ["-c", command.replace("gatehouse", GATEHOUSE)], { cwd: dir });
    assert.equal(ran.stderr, "", command);
    assert.ok(ran.code === 0 || ran.code === 4, `${command} ended with ${ran.code}`);
  }
});
