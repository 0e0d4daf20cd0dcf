import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { waitFor } from "../support/instance.ts";
import { run } from "../support/run.ts";

const root = join(import.meta.dirname, "../..");
const UP = join(root, "script", "up");
/** The shop's own, which its policy names. */
const SHOP_PORTS = [4001, 4002, 4003];

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("script/up", () => {
  const anyPort = ["--https", "0", "--http", "0", "--private", "0", "--identity", "0"];
  let state: string;
  let child: ChildProcess;
  let screen = "";

  before(async () => {
    state = mkdtempSync(join(tmpdir(), "gh-"));
    child = spawn(UP, ["--state", state, ...anyPort], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    child.stdout?.on("data", (chunk: Buffer) => (screen += chunk.toString()));
    await waitFor(
      "the screen is there",
      () => screen.includes("Ctrl-C stops everything") || child.exitCode !== null,
      30_000,
    );
  });
  after(() => {
    child.kill("SIGKILL");
    rmSync(state, { recursive: true, force: true });
  });

  test("the screen names who exists and where everything is", () => {
    assert.match(screen, /^shop, environment local: ready after \d+\.\d s$/m);
    assert.match(screen, /^ {2}people +alice \(support\), bob, carol \(accounts\)$/m);
    assert.match(screen, /^ {2}clients +billing$/m);
    assert.match(screen, /^ {2}public +https:\/\/shop\.localhost:\d+ /m);
    assert.match(screen, /^ {2}CA file +\S+ca\.crt$/m);
  });

  test("each of the five lines can be pasted and does what it says", async () => {
    const lines = [...screen.matchAll(/^ {2}(\d{3}), [^\n]*:\n {2}(curl [^\n]+)$/gm)];
    assert.deepEqual(
      lines.map((line) => line[1]),
      ["200", "401", "403", "404", "429"],
    );
    for (const [, status, line] of lines) {
      const ran = await run("bash", ["-c", line ?? ""], { cwd: root });
      assert.deepEqual([ran.code, ran.stderr, ran.stdout.trim().split("  ").at(-1)], [0, "", status], line);
    }
  });

  test("the services take identity from the verified assertion only", async () => {
    const direct = await fetch("http://127.0.0.1:4001/orders", { headers: { "x-gatehouse-subject": "alice" } });
    assert.equal(direct.status, 401);
  });

  test("an interrupt ends all that was started, and exits 0", async () => {
    const { pid } = JSON.parse(readFileSync(join(state, "instance.json"), "utf8")) as { pid: number };
    const exited = once(child, "exit");
    child.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
    assert.equal(isAlive(pid), false);
    assert.deepEqual(await Promise.all(SHOP_PORTS.map(isListening)), [false, false, false]);
  });
});

test("a taken port of the shop is one clear line, and nothing is started", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(4002, "127.0.0.1", resolve));
  try {
    const ran = await run(UP, [], { cwd: root });
    assert.deepEqual(ran, {
      code: 5,
      stdout: "",
      stderr: "gatehouse: port 4002 is taken by another program; the shop needs 4001, 4002, 4003 on 127.0.0.1\n",
    });
    assert.equal(await isListening(4001), false);
  } finally {
    other.close();
  }
});
