/** The commands that need nothing running, as a user calls them: what they print, in text and JSON, and their exit codes. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";
import { ROAD_PEOPLE, roadPolicy } from "../road/policies.ts";

const NOWHERE = "http://127.0.0.1:9";
const POLICY = roadPolicy({ orders: NOWHERE, backoffice: NOWHERE, down: NOWHERE });

let dir: string;
before(() => {
  dir = makeDirectory({ "gatehouse.yaml": POLICY, "people.yaml": ROAD_PEOPLE });
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function gatehouse(...args: string[]): Promise<Ran> {
  return run(GATEHOUSE, args, { cwd: dir });
}

describe("check", () => {
  test("of a policy that could be better says what, and what it holds; exit 1, nothing on stderr", async () => {
    const { code, stdout, stderr } = await gatehouse("check");
    assert.deepEqual([code, stderr], [1, ""]);
    const findings = stdout.match(/^gatehouse\.yaml:\d+:\d+ warning \S+$/gm) ?? [];
    assert.deepEqual(
      findings.map((line) => line.split(" ").at(-1)),
      ["guardrail/unreachable-route", "guardrail/dead-grant"],
    );
    assert.match(stdout, /^gatehouse\.yaml: ok, 3 services, 9 routes, 3 roles, environments local$/m);
  });

  test("of a broken one gives every finding with its place, as JSON too; exit 3", async () => {
    writeFileSync(
      join(dir, "broken.yaml"),
      POLICY.replace("boundary: staff", "boundary: staf").replace("burst 3", "birst 3"),
    );
    const { code, stdout } = await gatehouse("check", "broken.yaml", "--json");
    assert.equal(code, 3);
    const document = JSON.parse(stdout) as {
      ok: boolean;
      errors: number;
      diagnostics: { id: string; line: number; column: number; hint?: string }[];
    };
    assert.equal(document.ok, false);
    assert.equal(document.errors, 2);
    for (const d of document.diagnostics.filter((x) => x.id !== "")) {
      assert.ok(d.line > 0 && d.column > 0);
    }
    const lines = POLICY.split("\n");
    assert.ok(document.diagnostics.some((d) => lines[d.line - 1]?.includes("burst 3")));
    assert.ok(document.diagnostics.some((d) => lines[d.line - 1]?.includes("boundary: staff")));
  });

  test("of a file that is no text: where, exit 3", async () => {
    writeFileSync(join(dir, "binary.yaml"), Buffer.from([0xff, 0xfe, 0x00, 0x80]));
    const { code, stdout } = await gatehouse("check", "binary.yaml");
    assert.equal(code, 3);
    assert.match(stdout, /^binary\.yaml:1:1 error parse\/not-text\n {2}the file is not valid UTF-8 here\n/);
  });

  test("of a file that is not there, and of a folder: one line, exit 3", async () => {
    for (const [file, reason] of [
      ["missing.yaml", "there is no such file"],
      [".", "it is not a file"],
    ]) {
      const { code, stdout, stderr } = await gatehouse("check", file ?? "");
      assert.deepEqual([code, stdout], [3, ""]);
      assert.ok(
        stderr.startsWith(`gatehouse: cannot read policy \`${file}\`: ${reason} [GH_POLICY_UNREADABLE]\n  next: `),
        stderr,
      );
    }
  });
});

test("compile writes the same bytes each time, and names every file", async () => {
  const first = await gatehouse("compile", "--env", "local", "--out", "one", "--json");
  const second = await gatehouse("compile", "--env", "local", "--out", "two", "--json");
  assert.deepEqual([first.code, second.code], [0, 0]);
  const names = readdirSync(join(dir, "one"), { recursive: true }).map(String).sort();
  assert.deepEqual(
    names.filter((n) => n.endsWith(".json")),
    [
      "artifacts.json",
      "caddy.json",
      "http-api.private.json",
      "http-api.public.json",
      "iam/billing.json",
      "iam/capped.json",
      "iam/support.json",
    ],
  );
  for (const name of names.filter((n) => n.endsWith(".json"))) {
    assert.equal(readFileSync(join(dir, "one", name), "utf8"), readFileSync(join(dir, "two", name), "utf8"), name);
  }
  assert.ok(!readFileSync(join(dir, "one/caddy.json"), "utf8").includes(dir));
});

test("check tells of a people file that is not there, and of one that is wrong, at its place", async () => {
  const home = makeDirectory({ "gatehouse.yaml": POLICY });
  try {
    const missing = await run(GATEHOUSE, ["check"], { cwd: home });
    assert.equal(missing.code, 3);
    assert.match(missing.stdout, /^gatehouse\.yaml:\d+:\d+ error people\/missing$/m);
    writeFileSync(join(home, "people.yaml"), "people:\n  alice: { pasword: x }\n");
    const wrong = await run(GATEHOUSE, ["check"], { cwd: home });
    assert.equal(wrong.code, 3);
    assert.match(wrong.stdout, /^people\.yaml:2:\d+ error /m);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

describe("explain", () => {
  const cases: readonly (readonly [args: readonly string[], code: number, effect: string, reason: string])[] = [
    [["GET", "/orders", "--as", "alice"], 0, "allow", "role-grants"],
    [["GET", "/orders", "--as", "bob"], 4, "deny", "no-role"],
    [["POST", "/orders", "--as", "carl"], 4, "deny", "outside-boundary"],
    [["GET", "/orders"], 4, "deny", "unauthenticated"],
    [["GET", "/health"], 0, "allow", "open-route"],
    [["GET", "/nowhere", "--as", "alice"], 4, "deny", "no-route"],
    [["GET", "/stock", "--as", "alice"], 0, "allow", "role-grants"],
    [["GET", "/orders", "--claims", '{"sub":"zoe","groups":["support"]}'], 0, "allow", "role-grants"],
  ];
  for (const [args, code, effect, reason] of cases) {
    test(`${args.join(" ")}: ${effect}, ${reason}`, async () => {
      const ran = await gatehouse("explain", ...args, "--json");
      assert.equal(ran.code, code, ran.stderr);
      const document = JSON.parse(ran.stdout) as {
        effect: string;
        reason: string;
        statements: { at: { line: number } }[];
      };
      assert.deepEqual([document.effect, document.reason], [effect, reason]);
      for (const statement of document.statements) assert.ok(statement.at.line > 0);
    });
  }

  test("an unknown name, claims that are no JSON, a path of two readings: one line each, exit 3, 2, 2", async () => {
    const unknown = await gatehouse("explain", "GET", "/orders", "--as", "nobody-here");
    assert.deepEqual([unknown.code, unknown.stderr.split("\n").length], [3, 3]);
    assert.match(unknown.stderr, /\[GH_APP_UNKNOWN_NAME\]/);
    assert.match((await gatehouse("explain", "GET", "/orders", "--claims", "{")).stderr, /\[GH_APP_CLAIMS\]/);
    const path = await gatehouse("explain", "GET", "/a/../b");
    assert.deepEqual([path.code, path.stderr.includes("[GH_APP_PATH]")], [2, true]);
  });
});

/** All three answers, with those of `args` in place of good ones. */
function complete(args: readonly string[]): readonly string[] {
  const good = ["--service", "app", "--upstream", "http://127.0.0.1:3000", "--provider", "embedded"];
  return [...good, ...args];
}

describe("init", () => {
  test("asks nobody where there is no terminal: what is not given is named; exit 2", async () => {
    const { code, stderr } = await run(GATEHOUSE, ["init", "app", "--service", "app"], { cwd: dir });
    assert.equal(code, 2);
    assert.match(stderr, /without a terminal to ask in, --upstream, --provider must be given \[GH_CLI_USAGE\]/);
  });

  test("writes a policy that has no errors, and overwrites nothing", async () => {
    const home = mkdtempSync(join(tmpdir(), "gh-init-"));
    try {
      const args = [
        "init",
        "app",
        "--service",
        "shop-api",
        "--upstream",
        "http://127.0.0.1:3000",
        "--provider",
        "embedded",
      ];
      const first = await run(GATEHOUSE, args, { cwd: home });
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(readdirSync(join(home, "app")).sort(), [
        ".gitignore",
        "gatehouse.schema.json",
        "gatehouse.yaml",
        "people.yaml",
      ]);
      const policy = readFileSync(join(home, "app", "gatehouse.yaml"), "utf8");
      assert.ok(policy.startsWith("# yaml-language-server: $schema=gatehouse.schema.json\n"));
      const schema = await run(GATEHOUSE, ["schema"], { cwd: home });
      assert.equal(schema.stdout, readFileSync(join(home, "app", "gatehouse.schema.json"), "utf8"));
      const check = await run(GATEHOUSE, ["check", "app/gatehouse.yaml"], { cwd: home });
      assert.deepEqual([check.code, check.stderr], [0, ""], check.stdout);
      const again = await run(GATEHOUSE, args, { cwd: home });
      assert.equal(again.code, 5);
      assert.match(again.stderr, /\[GH_APP_FILE_EXISTS\]/);
      const real = await run(
        GATEHOUSE,
        [
          "init",
          "real",
          "--service",
          "api",
          "--upstream",
          "http://127.0.0.1:3000",
          "--provider",
          "https://login.example.org/realms/x",
        ],
        { cwd: home },
      );
      assert.equal(real.code, 0, real.stderr);
      assert.equal((await run(GATEHOUSE, ["check", "real/gatehouse.yaml"], { cwd: home })).code, 0);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  test("refuses answers that cannot be used, writing nothing; exit 2", async () => {
    const home = mkdtempSync(join(tmpdir(), "gh-init-"));
    try {
      for (const args of [
        ["--service", "Shop API"],
        ["--upstream", "127.0.0.1:3000"],
        ["--upstream", "http://x/path"],
        ["--provider", "http://login.example.org"],
      ]) {
        const { code, stderr } = await run(GATEHOUSE, ["init", "app", ...complete(args)], { cwd: home });
        assert.equal(code, 2, args.join(" "));
        assert.match(stderr, /\[GH_APP_ANSWER\]/);
        assert.deepEqual(readdirSync(home), []);
      }
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe("without a running instance", () => {
  for (const args of [["status"], ["token", "--as", "alice"]]) {
    test(`\`${args.join(" ")}\` says so in one line; exit 5`, async () => {
      const { code, stdout, stderr } = await gatehouse(...args);
      assert.deepEqual([code, stdout], [5, ""]);
      assert.match(
        stderr,
        /^gatehouse: no running instance answers at `.+` \[GH_CONTROL_NOT_RUNNING\]\n {2}next: .+\n$/,
      );
    });
  }

  test("a fault with --json is one document on stdout", async () => {
    const { code, stdout, stderr } = await gatehouse("status", "--json");
    assert.deepEqual([code, stderr], [5, ""]);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "GH_CONTROL_NOT_RUNNING");
  });
});

test("help names every command and exit code; an unknown command is told; exit 0 and 2", async () => {
  const help = await gatehouse("--help");
  assert.equal(help.code, 0);
  for (const command of [
    "init",
    "check",
    "compile",
    "up",
    "down",
    "status",
    "token",
    "explain",
    "access",
    "whatif",
    "import",
    "gateway",
    "metrics",
    "trace",
    "logs",
    "doctor",
  ]) {
    assert.match(help.stdout, new RegExp(`^ {2}${command}\\b`, "m"));
  }
  assert.match(help.stdout, /^ {2}70 /m);
  assert.equal((await gatehouse("chekc")).code, 2);
  assert.equal(
    (await gatehouse("--version")).stdout.trim(),
    (JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as { version: string }).version,
  );
});
