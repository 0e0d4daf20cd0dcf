/** What stands in the way of a start: one clear line with the next step, the exit code of the table, nothing left behind. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { curl } from "../support/curl.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { GATEHOUSE, type Started, makeDirectory, startInstance, waitFor } from "../support/instance.ts";
import { startIssuer } from "../support/issuer.ts";
import { type Ran, run } from "../support/run.ts";
import { ROAD_PEOPLE, roadPolicy } from "./policies.ts";

let echo: EchoService;
let policy: string;

before(async () => {
  echo = await startEcho();
  policy = roadPolicy({ orders: echo.url, backoffice: echo.url, down: echo.url });
});
after(async () => echo.close());

interface Attempt extends Ran {
  readonly dir: string;
}

/** `up` that is expected to end by itself. */
async function attempt(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Attempt> {
  const dir = makeDirectory(files);
  const ran = await run(GATEHOUSE, ["up", "--https", "0", ...args], { cwd: dir, env, limitMs: 20_000 });
  return { ...ran, dir };
}

/** One line that says what is wrong, one that says what to do. */
function assertOneLine(stderr: string, code: string, text: RegExp): void {
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 2, stderr);
  assert.match(lines[0] ?? "", text);
  assert.ok((lines[0] ?? "").endsWith(`[${code}]`), stderr);
  assert.match(lines[1] ?? "", /^ {2}next: \S/);
}

async function assertNothingRuns(dir: string): Promise<void> {
  const { stdout } = await run("ps", ["-eo", "args"]);
  const left = stdout.split("\n").filter((line) => line.includes(dir));
  assert.deepEqual(left, []);
  rmSync(dir, { recursive: true, force: true });
}

const FILES = (): Readonly<Record<string, string>> => ({ "gatehouse.yaml": policy, "people.yaml": ROAD_PEOPLE });

describe("a start that cannot be", () => {
  test("a broken policy: every error with line, column, id and what to write instead; exit 3", async () => {
    const broken = policy
      .replace("boundary: staff", "boundary: staf")
      .replace("needs: orders:write", "neds: orders:write")
      .replace("burst 3", "birst 3");
    const { code, stdout, stderr, dir } = await attempt({ ...FILES(), "gatehouse.yaml": broken });
    assert.equal(code, 3);
    const places = (stdout + stderr).match(/^gatehouse\.yaml:\d+:\d+ error [a-z]+\/[a-z-]+$/gm) ?? [];
    assert.ok(places.length >= 3, stdout + stderr);
    assert.ok(((stdout + stderr).match(/^ {2}help: /gm) ?? []).length >= 3);
    assert.ok(!existsSync(join(dir, ".gatehouse")));
    await assertNothingRuns(dir);
  });

  test("a policy file that is not there: exit 3", async () => {
    const { code, stderr, dir } = await attempt({});
    assert.equal(code, 3);
    assertOneLine(stderr, "GH_POLICY_UNREADABLE", /cannot read policy `gatehouse.yaml`/);
    await assertNothingRuns(dir);
  });

  test("a port that is taken: names it; exit 5", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const { port } = holder.address() as AddressInfo;
    const { code, stderr, dir } = await attempt(FILES(), ["--http", String(port)]);
    holder.close();
    assert.equal(code, 5);
    assertOneLine(stderr, "GH_APP_PORT_TAKEN", new RegExp(`port ${port} is taken`));
    await assertNothingRuns(dir);
  });

  test("no Caddy: says how to get one; exit 5", async () => {
    const { code, stderr, dir } = await attempt(FILES(), ["--caddy", "/nonexistent/caddy"]);
    assert.equal(code, 5);
    assertOneLine(stderr, "GH_EDGE_CADDY_MISSING", /caddy/i);
    await assertNothingRuns(dir);
  });

  test("a Caddy that is too old: says why and how to get a newer one", async () => {
    const dir = makeDirectory(FILES());
    const old = join(dir, "caddy");
    writeFileSync(old, "#!/bin/sh\necho '2.6.2'\n");
    chmodSync(old, 0o755);
    const { code, stderr } = await run(GATEHOUSE, ["up", "--https", "0", "--caddy", old], { cwd: dir });
    assert.ok(code === 5 || code === 6, stderr);
    assertOneLine(stderr, "GH_EDGE_CADDY_TOO_OLD", /2\.6\.2/);
    await assertNothingRuns(dir);
  });

  test("a provider that does not answer: exit 5", async () => {
    const issuer = await startIssuer("road-api");
    await issuer.close();
    const real = roadPolicy({ orders: echo.url, backoffice: echo.url, down: echo.url }, { issuer: issuer.issuer });
    const { code, stderr, dir } = await attempt({ "gatehouse.yaml": real });
    assert.equal(code, 5, stderr);
    assert.match(stderr, /\[GH_IDENTITY_[A-Z_]+\]\n {2}next: /);
    assert.ok(stderr.includes(issuer.issuer));
    await assertNothingRuns(dir);
  });

  test("a state directory whose socket paths are too long: exit 3", async () => {
    const { code, stderr, dir } = await attempt(FILES(), ["--state", `s${"x".repeat(120)}`]);
    assert.equal(code, 3);
    assertOneLine(stderr, "GH_STATE_SOCKET_TOO_LONG", /socket path/);
    await assertNothingRuns(dir);
  });

  test("a state directory that cannot be written: exit 5", async () => {
    const { code, stderr, dir } = await attempt(FILES(), ["--state", "/proc/gatehouse"]);
    assert.equal(code, 5);
    assertOneLine(stderr, "GH_STATE_UNWRITABLE", /cannot write/);
    await assertNothingRuns(dir);
  });

  test("a full disk: exit 5, says so", async (t) => {
    const dir = makeDirectory(FILES());
    const disk = join(dir, "disk");
    mkdirSync(disk);
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=16k,nr_inodes=64", "tmpfs", disk]);
    if (mounted.code !== 0) {
      t.diagnostic(`a small disk cannot be mounted here, /dev/full stands for it: ${mounted.stderr.trim()}`);
      const { writeFileWhole } = await import("../../src/app/state.ts");
      assert.throws(() => writeFileSync("/dev/full", "x"), { code: "ENOSPC" });
      assert.throws(() => writeFileWhole("/proc/full/x", "x"), { code: "GH_STATE_UNWRITABLE" });
      return;
    }
    try {
      writeFileSync(join(disk, "filler"), Buffer.alloc(12 * 1024));
      const { code, stderr } = await run(GATEHOUSE, ["up", "--https", "0", "--state", join(disk, "s")], {
        cwd: dir,
        limitMs: 30_000,
      });
      assert.equal(code, 5, stderr);
      assert.match(stderr, /no space left/);
      const { stdout } = await run("ps", ["-eo", "args"]);
      assert.deepEqual(
        stdout.split("\n").filter((line) => line.includes(disk)),
        [],
      );
    } finally {
      await run("umount", [disk]);
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test("an environment that the policy does not have: exit 2", async () => {
    const { code, stderr, dir } = await attempt(FILES(), ["--env", "prood"]);
    assert.equal(code, 2);
    assertOneLine(stderr, "GH_APP_ENVIRONMENT", /no environment `prood`/);
    await assertNothingRuns(dir);
  });

  test("an unknown option: exit 2", async () => {
    const { code, dir } = await attempt(FILES(), ["--bogus"]);
    assert.equal(code, 2);
    await assertNothingRuns(dir);
  });
});

describe("an instance that runs", () => {
  let instance: Started;
  before(async () => {
    instance = await startInstance({ files: FILES() });
  });
  after(async () => {
    assert.equal(await instance.stop(), 0);
  });

  test("keeps a second `up` on the same state out: exit 5, and goes on", async () => {
    const { code, stderr } = await instance.gatehouse("up", "--https", "0");
    assert.equal(code, 5);
    assertOneLine(stderr, "GH_STATE_LOCKED", /already runs/);
    assert.equal((await curl(instance, "/health")).status, 200);
  });

  test("brings Caddy back with the same configuration when Caddy dies", async () => {
    const caddyOf = async (): Promise<number[]> => {
      const { stdout } = await run("pgrep", ["-P", String(instance.process.pid), "-f", "caddy"]);
      return stdout
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map(Number);
    };
    const [pid] = await caddyOf();
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGKILL");
    await waitFor("the edge answers again", async () => {
      const [now] = await caddyOf();
      if (now === undefined || now === pid) return false;
      try {
        return (await curl(instance, "/health")).status === 200;
      } catch {
        return false;
      }
    });
    assert.equal((await curl(instance, "/orders", { token: await instance.token("alice") })).status, 200);
  });

  test("has private files only its owner may read", async () => {
    const { stdout } = await run("find", [join(instance.state, "keys"), join(instance.state, "run"), "-perm", "/077"]);
    assert.equal(stdout, "");
    const { stdout: sockets } = await run("find", [join(instance.state, "run"), "-type", "s", "-perm", "600"]);
    assert.ok(sockets.trim().split("\n").length >= 4, sockets);
  });

  test("answers `doctor` in text and JSON", async () => {
    const { stdout, code } = await instance.gatehouse("doctor", "--json");
    const { checks } = JSON.parse(stdout) as { checks: { name: string; result: string; next?: string }[] };
    const names = new Set(checks.map((c) => c.name));
    for (const name of ["node", "caddy", "disk", "sockets", "instance", "policy", "provider", "service"])
      assert.ok(names.has(name), name);
    assert.deepEqual(
      checks.filter((c) => c.result === "error"),
      [],
    );
    assert.ok(code === 0 || code === 1);
  });
});

describe("`down`", () => {
  test("ends everything that `up --detach` started, and nothing else; a second one finds nothing", async () => {
    const dir = makeDirectory(FILES());
    const up = await run(GATEHOUSE, ["up", "--detach", "--json", "--https", "0"], { cwd: dir });
    assert.equal(up.code, 0, up.stderr + up.stdout);
    assert.equal((JSON.parse(up.stdout) as { ready: boolean }).ready, true);
    const down = await run(GATEHOUSE, ["down"], { cwd: dir });
    assert.deepEqual([down.code, down.stdout], [0, "stopped what ran in .gatehouse\n"]);
    const again = await run(GATEHOUSE, ["down", "--json"], { cwd: dir });
    assert.equal(again.code, 0);
    assert.equal((JSON.parse(again.stdout) as { stopped: boolean }).stopped, false);
    await assertNothingRuns(dir);
  });

  test("after Ctrl-C the process ends with 0 and says it stopped", async () => {
    const instance = await startInstance({ files: FILES() });
    instance.process.kill("SIGINT");
    await waitFor("it ended", () => instance.process.exitCode !== null);
    assert.equal(instance.process.exitCode, 0);
    await assertNothingRuns(instance.dir);
  });
});

describe("tokens of a real provider", () => {
  test("are refused with the documented 401 when they are not good, and leave no trace of themselves", async () => {
    const issuer = await startIssuer("road-api");
    const real = roadPolicy({ orders: echo.url, backoffice: echo.url, down: echo.url }, { issuer: issuer.issuer });
    const instance = await startInstance({ files: { "gatehouse.yaml": real } });
    try {
      const now = Math.floor(Date.now() / 1000);
      const good = await issuer.sign();
      const [head = "", body = "", signature = ""] = good.split(".");
      const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid: "one" })).toString("base64url");
      const cases: readonly (readonly [name: string, token: string, reason: string, status?: number])[] = [
        ["malformed", "not-a-token", "token-malformed"],
        ["expired one second ago", await issuer.sign({ exp: now - 1 }), "token-expired"],
        ["wrong audience", await issuer.sign({ aud: "other-api" }), "token-audience"],
        ["wrong issuer", await issuer.sign({ iss: "https://elsewhere.example" }), "token-issuer"],
        ["wrong key", await issuer.signWithOtherKey(), "token-signature"],
        ["alg none", `${none}.${body}.`, "token-algorithm"],
        ["unknown kid", await issuer.sign({}, { kid: "two" }), "token-unknown-key"],
        [
          "changed payload",
          `${head}.${Buffer.from(Buffer.from(body, "base64url").toString().replace("dora", "root")).toString("base64url")}.${signature}`,
          "token-signature",
        ],
        ["not valid yet", await issuer.sign({ nbf: now + 3600 }), "token-not-yet-valid"],
      ];
      assert.equal((await curl(instance, "/orders", { token: good })).status, 200);
      const calls = echo.seen.length;
      for (const [name, token, reason] of cases) {
        const answer = await curl(instance, "/orders", { token });
        assert.equal(answer.status, 401, name);
        assert.equal(answer.body, '{"message":"Unauthorized"}', name);
        assert.match(
          answer.headers["www-authenticate"] ?? "",
          /^Bearer scope="" error="invalid_token" error_description="[^"]+"$/,
          name,
        );
        const file = join(instance.state, "logs/gateway.log");
        const id = answer.headers["x-request-id"] ?? "none";
        await waitFor("the record is written", () => existsSync(file) && readFileSync(file, "utf8").includes(id));
        const line =
          readFileSync(file, "utf8")
            .split("\n")
            .find((l) => l.includes(id)) ?? "{}";
        assert.equal((JSON.parse(line) as { reason: string }).reason, reason, name);
        const edgeFile = join(instance.state, "logs/access.log");
        await waitFor("the edge's line is written", () => readFileSync(edgeFile, "utf8").includes(id));
        for (const log of ["access.log", "gateway.log", "caddy.log"]) {
          const tail = token.split(".").at(-1) ?? "";
          if (tail.length > 20)
            assert.ok(!readFileSync(join(instance.state, "logs", log), "utf8").includes(tail), `${name} in ${log}`);
        }
      }
      // curl itself sends no more than 64 KB of headers over HTTP/2.
      const huge = await curl(instance, "/orders", { token: "A".repeat(100_000), args: ["--http1.1"] });
      assert.equal(huge.status, 401);
      assert.equal(huge.body, '{"message":"Unauthorized"}');
      assert.equal(echo.seen.length, calls);
    } finally {
      assert.equal(await instance.stop(), 0);
      await issuer.close();
    }
  });
});
