/** `gatehouse fmt` as a user calls it: what it writes, what it leaves alone, what it prints, and its exit codes. */
import assert from "node:assert/strict";
import {
  chmodSync,
  globSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";

const MESSY = "gatehouse:   1\nname: shop # the shop\nroles:\n    a: {members: {groups: [ x ]}}\n    long: {}\n";
const TIDY = "gatehouse: 1\nname: shop  # the shop\nroles:\n  a:    { members: { groups: [x] } }\n  long: {}\n";
const BROKEN = "gatehouse: 1\nname: shop\nname: {b}\n";
const BROKEN_FINDING =
  /^broken\.yaml:3:1 error parse\/duplicate-key\n {2}`name` stands here a second time\n {4}3 \| name: \{b\}\n {6}\| \^{4}\n/;

let dir: string;
beforeEach(() => {
  dir = makeDirectory({ "messy.yaml": MESSY, "tidy.yaml": TIDY, "broken.yaml": BROKEN });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const fmt = (...args: string[]): Promise<Ran> => run(GATEHOUSE, ["fmt", ...args], { cwd: dir });
const fmtInput = (input: string, ...args: string[]): Promise<Ran> =>
  run(GATEHOUSE, ["fmt", ...args], { cwd: dir, input });
const read = (name: string): string => readFileSync(join(dir, name), "utf8");
const files = (): readonly string[] => readdirSync(dir).sort();

describe("files", () => {
  test("that differ are rewritten and named; one that has its layout is not touched", async () => {
    const longAgo = new Date("2020-01-02T03:04:05Z");
    utimesSync(join(dir, "tidy.yaml"), longAgo, longAgo);
    const { ino } = statSync(join(dir, "tidy.yaml"));
    const ran = await fmt("messy.yaml", "tidy.yaml");
    assert.deepEqual(ran, { code: 0, stdout: "formatted messy.yaml\n1 file unchanged\n", stderr: "" });
    assert.equal(read("messy.yaml"), TIDY);
    const after = statSync(join(dir, "tidy.yaml"));
    assert.deepEqual([after.mtimeMs, after.ino], [longAgo.getTime(), ino]);
    assert.deepEqual(files(), ["broken.yaml", "messy.yaml", "tidy.yaml"]);
  });

  test("keep their mode, and a link stays a link to the file that is rewritten", async () => {
    chmodSync(join(dir, "messy.yaml"), 0o640);
    symlinkSync("messy.yaml", join(dir, "link.yaml"));
    const ran = await fmt("link.yaml");
    assert.deepEqual(ran, { code: 0, stdout: "formatted link.yaml\n", stderr: "" });
    assert.equal(read("messy.yaml"), TIDY);
    assert.equal(statSync(join(dir, "messy.yaml")).mode & 0o7777, 0o640);
    assert.ok(lstatSync(join(dir, "link.yaml")).isSymbolicLink());
  });

  test("that are not YAML, no text or not there are left alone and told; the others are rewritten; exit 3", async () => {
    const bytes = Buffer.from([0x61, 0x3a, 0x20, 0xff, 0x0a]);
    writeFileSync(join(dir, "bytes.yaml"), bytes);
    const { code, stdout, stderr } = await fmt("broken.yaml", "bytes.yaml", "missing.yaml", ".", "messy.yaml");
    assert.deepEqual([code, stdout], [3, "formatted messy.yaml\n"]);
    assert.match(stderr, BROKEN_FINDING);
    assert.deepEqual(stderr.match(/^gatehouse: .*$/gm), [
      "gatehouse: cannot read policy `missing.yaml`: there is no such file [GH_POLICY_UNREADABLE]",
      "gatehouse: cannot read policy `.`: it is not a file [GH_POLICY_UNREADABLE]",
    ]);
    assert.match(stderr, /^bytes\.yaml:1:4 error parse\/not-text$/m);
    assert.equal(read("broken.yaml"), BROKEN);
    assert.deepEqual(readFileSync(join(dir, "bytes.yaml")), bytes);
    assert.equal(read("messy.yaml"), TIDY);
  });

  test("are by default the policy and what it includes", async () => {
    writeFileSync(join(dir, "gatehouse.yaml"), `include: [messy.yaml]\n${MESSY}`);
    const ran = await fmt();
    assert.deepEqual(ran, { code: 0, stdout: "formatted gatehouse.yaml\nformatted messy.yaml\n", stderr: "" });
    assert.equal(read("gatehouse.yaml"), `include: [messy.yaml]\n${TIDY}`);
    rmSync(join(dir, "gatehouse.yaml"));
    const without = await fmt();
    assert.deepEqual([without.code, without.stdout], [3, ""]);
    assert.match(without.stderr, /`gatehouse\.yaml`: there is no such file \[GH_POLICY_UNREADABLE\]/);
  });

  test("are as they were when the disk takes no more; exit 5, and nothing is left behind", async () => {
    const script = 'ulimit -f 0; "$0" fmt messy.yaml; echo "exit $?"';
    const { stdout, stderr } = await run("bash", ["-c", script, GATEHOUSE], { cwd: dir });
    assert.equal(stdout, "exit 5\n");
    assert.match(stderr, /^gatehouse: cannot write `messy\.yaml`: EFBIG \[GH_APP_FILE_UNWRITABLE\]\n {2}next: /);
    assert.equal(read("messy.yaml"), MESSY);
    assert.deepEqual(files(), ["broken.yaml", "messy.yaml", "tidy.yaml"]);
  });

  test("as JSON, each with its state", async () => {
    const { code, stdout, stderr } = await fmt("messy.yaml", "tidy.yaml", "broken.yaml", "missing.yaml", "--json");
    assert.deepEqual([code, stderr], [3, ""]);
    const document = JSON.parse(stdout) as {
      ok: boolean;
      files: { file: string; state: string; diagnostics: { id: string; line: number }[]; error?: { code: string } }[];
    };
    assert.equal(document.ok, false);
    assert.deepEqual(
      document.files.map(({ file, state, diagnostics, error }) => [
        file,
        state,
        diagnostics.map(({ id, line }) => `${line} ${id}`),
        error?.code,
      ]),
      [
        ["messy.yaml", "formatted", [], undefined],
        ["tidy.yaml", "unchanged", [], undefined],
        ["broken.yaml", "broken", ["3 parse/duplicate-key"], undefined],
        ["missing.yaml", "unreadable", [], "GH_POLICY_UNREADABLE"],
      ],
    );
  });
});

describe("--check", () => {
  test("changes nothing and lists the files that differ; exit 1", async () => {
    const ran = await fmt("--check", "messy.yaml", "tidy.yaml");
    assert.deepEqual(ran, { code: 1, stdout: "messy.yaml\n", stderr: "" });
    assert.equal(read("messy.yaml"), MESSY);
    assert.deepEqual(await fmt("--check", "tidy.yaml"), { code: 0, stdout: "", stderr: "" });
  });

  test("tells a file that cannot be read apart from one that differs; exit 3", async () => {
    const { code, stdout, stderr } = await fmt("--check", "messy.yaml", "broken.yaml");
    assert.deepEqual([code, stdout], [3, "messy.yaml\n"]);
    assert.match(stderr, BROKEN_FINDING);
  });

  test("takes standard input", async () => {
    assert.deepEqual(await fmtInput(MESSY, "--check", "-"), { code: 1, stdout: "<stdin>\n", stderr: "" });
    assert.deepEqual(await fmtInput(TIDY, "--check", "-"), { code: 0, stdout: "", stderr: "" });
  });
});

describe("to standard output", () => {
  test("--stdout prints one file and changes nothing", async () => {
    assert.deepEqual(await fmt("--stdout", "messy.yaml"), { code: 0, stdout: TIDY, stderr: "" });
    assert.equal(read("messy.yaml"), MESSY);
  });

  test("`-` formats standard input", async () => {
    assert.deepEqual(await fmtInput(MESSY, "-"), { code: 0, stdout: TIDY, stderr: "" });
  });

  test("a character of standard input may come in two parts, and bytes that are no text are refused", async () => {
    // Of two bytes each, behind an odd number of others: one of them lies across every border of parts.
    const input = `ab: ${"é".repeat(100_000)}\na: ${"é".repeat(100_000)}\n`;
    assert.deepEqual(await fmtInput(input, "--check", "-"), { code: 0, stdout: "", stderr: "" });
    const script = `printf 'a: \\377\\n' | "$0" fmt -`;
    const { code, stdout, stderr } = await run("bash", ["-c", script, GATEHOUSE], { cwd: dir });
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /^<stdin>:1:4 error parse\/not-text\n/);
  });

  test("what is not YAML prints nothing there, so that it replaces nothing; exit 3", async () => {
    const { code, stdout, stderr } = await fmtInput(BROKEN, "-");
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /^<stdin>:3:1 error parse\/duplicate-key\n/);
  });

  test("as JSON the text is a field", async () => {
    const { code, stdout } = await fmtInput(MESSY, "-", "--json");
    assert.deepEqual(
      [code, JSON.parse(stdout)],
      [0, { ok: true, files: [{ file: "<stdin>", state: "differs", text: TIDY, diagnostics: [] }] }],
    );
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], said: RegExp])[] = [
    ["--stdout of no file", ["--stdout"], /`--stdout` prints one file, and has to be told which \[GH_CLI_USAGE\]/],
    ["--stdout of two files", ["--stdout", "tidy.yaml", "messy.yaml"], /`--stdout` prints one file/],
    ["--stdout and --check", ["--stdout", "--check", "tidy.yaml"], /'--stdout' cannot be used with option '--check'/],
    ["`-` and a file", ["-", "messy.yaml"], /`-` is standard input and stands alone \[GH_CLI_USAGE\]/],
  ];
  for (const [what, args, said] of wrong)
    test(`${what}: bad usage, and nothing is written`, async () => {
      const { code, stdout, stderr } = await fmt(...args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, said);
      assert.equal(read("messy.yaml"), MESSY);
    });
});

describe("has nothing to change", () => {
  test("in the examples and in what the benchmark runs", async () => {
    const root = join(import.meta.dirname, "../..");
    const names = globSync(["examples/**/*.yaml", "bench/*.yaml"], { cwd: root }).sort();
    assert.ok(names.includes("examples/shop/gatehouse.yaml") && names.includes("examples/shop/people.yaml"));
    const ran = await run(GATEHOUSE, ["fmt", "--check", ...names], { cwd: root });
    assert.deepEqual(ran, { code: 0, stdout: "", stderr: "" });
  });

  for (const provider of ["embedded", "https://login.example.org/realms/staff"])
    test(`in what init writes for ${provider}`, async () => {
      const flags = ["--service", "orders", "--upstream", "http://127.0.0.1:3000", "--provider", provider];
      const init = await run(GATEHOUSE, ["init", "new", ...flags], { cwd: dir });
      assert.equal(init.code, 0);
      const names = globSync("new/*.yaml", { cwd: dir }).sort();
      assert.deepEqual(
        names,
        provider === "embedded" ? ["new/gatehouse.yaml", "new/people.yaml"] : ["new/gatehouse.yaml"],
      );
      assert.deepEqual(await fmt("--check", ...names), { code: 0, stdout: "", stderr: "" });
    });
});
