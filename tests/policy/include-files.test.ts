/** Included files on a real file system: what leads out of the folder, and what is no file. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadPolicy } from "../../src/app/load-policy.ts";
import { GatehouseError } from "../../src/core/index.ts";
import { describeAll } from "../../src/policy/testing/whole-policy.ts";
import { run } from "../support/run.ts";

const WEB =
  "gatehouse: 1\nservices: { web: { exposure: public, upstream: http://127.0.0.1:4001, routes: { GET /: { open: it is a sign } } } }\n";
const SECRETS = "gatehouse: 1\nsecrets: { session-key: { rotate: 30 days, overlap: 12 hours } }\n";

const outer = realpathSync(mkdtempSync(join(tmpdir(), "gatehouse-include-")));
after(() => rmSync(outer, { recursive: true, force: true }));
let count = 0;

/** A new folder in `outer` with a policy that includes `include`, and what `prepare` puts there. */
function policyIn(include: readonly string[], prepare: (folder: string) => void = () => undefined): string {
  const folder = join(outer, `p${count++}`);
  mkdirSync(join(folder, "teams"), { recursive: true });
  writeFileSync(join(folder, "web.yaml"), WEB);
  const entries = ["web.yaml", ...include].map((entry) => JSON.stringify(entry)).join(", ");
  writeFileSync(
    join(folder, "p.yaml"),
    `gatehouse: 1\nname: tiny\ninclude: [${entries}]\nidentity: { audience: a }\nenvironments: { local: { identity: embedded, domain: localhost } }\n`,
  );
  prepare(folder);
  return folder;
}

/** What reading says, without guardrails; files by their path below the folder. */
function findingsOf(folder: string): string[] {
  const { diagnostics, sources } = loadPolicy(join(folder, "p.yaml"));
  return describeAll(
    diagnostics.filter(({ id }) => !id.startsWith("guardrail/")),
    sources,
  ).map((line) => line.replaceAll(`${folder}/`, "").replace(/^p\.yaml:/, ""));
}

const unreadable = (written: string, reason: string): string =>
  `3:23 include/unreadable: \`${written}\` cannot be read: ${reason} -> correct the path, which is relative to the file that it stands in, or remove the entry`;

/** What is included, what stands there, and what is found. */
const cases: readonly (readonly [string, string, (folder: string) => void, readonly string[]])[] = [
  ["a file below the folder", "teams/a.yaml", (f) => writeFileSync(join(f, "teams/a.yaml"), SECRETS), []],
  [
    "a symbolic link to a file below the folder",
    "teams/a.yaml",
    (f) => {
      writeFileSync(join(f, "b.yaml"), SECRETS);
      symlinkSync("../b.yaml", join(f, "teams/a.yaml"));
    },
    [],
  ],
  [
    "a file that exists outside",
    "../outside.yaml",
    () => writeFileSync(join(outer, "outside.yaml"), SECRETS),
    [
      "3:23 include/path: `../outside.yaml` is not a path below the policy's folder -> write it relative to this file, without leaving the folder of the policy",
    ],
  ],
  [
    "a file that exists outside, percent-encoded",
    "%2e%2e/outside.yaml",
    () => undefined,
    [unreadable("%2e%2e/outside.yaml", "there is no such file")],
  ],
  [
    "a symbolic link to a file outside",
    "a.yaml",
    (f) => symlinkSync(join(outer, "outside.yaml"), join(f, "a.yaml")),
    [unreadable("a.yaml", "it leads out of the policy's folder")],
  ],
  [
    "a symbolic link to a folder outside",
    "there/outside.yaml",
    (f) => symlinkSync(outer, join(f, "there")),
    [unreadable("there/outside.yaml", "it leads out of the policy's folder")],
  ],
  [
    "a symbolic link to a sibling whose name begins like the folder's",
    "a.yaml",
    (f) => {
      writeFileSync(`${f}-other.yaml`, SECRETS);
      symlinkSync(`${f}-other.yaml`, join(f, "a.yaml"));
    },
    [unreadable("a.yaml", "it leads out of the policy's folder")],
  ],
  ["a file whose name begins with two dots", "..a.yaml", (f) => writeFileSync(join(f, "..a.yaml"), SECRETS), []],
  [
    "symbolic links in a circle",
    "a.yaml",
    (f) => {
      symlinkSync("b.yaml", join(f, "a.yaml"));
      symlinkSync("a.yaml", join(f, "b.yaml"));
    },
    [unreadable("a.yaml", "its symbolic links lead in a circle")],
  ],
  [
    "a symbolic link to nothing",
    "a.yaml",
    (f) => symlinkSync("gone.yaml", join(f, "a.yaml")),
    [unreadable("a.yaml", "there is no such file")],
  ],
  [
    "another name of a file that is included already",
    "a.yaml",
    (f) => symlinkSync("web.yaml", join(f, "a.yaml")),
    [unreadable("a.yaml", "it is the same file as `web.yaml`")],
  ],
  [
    "a hard link to a file that is included already",
    "a.yaml",
    (f) => linkSync(join(f, "web.yaml"), join(f, "a.yaml")),
    [unreadable("a.yaml", "it is the same file as `web.yaml`")],
  ],
  [
    "another name of the policy",
    "a.yaml",
    (f) => symlinkSync("p.yaml", join(f, "a.yaml")),
    [unreadable("a.yaml", "it is the same file as `p.yaml`")],
  ],
  [
    "the policy through a folder that is a link to its own",
    "self/p.yaml",
    (f) => symlinkSync(".", join(f, "self")),
    [unreadable("self/p.yaml", "it is the same file as `p.yaml`")],
  ],
  ["a folder", "teams", () => undefined, [unreadable("teams", "it is not a file")]],
  [
    "a folder where a file is",
    "web.yaml/a.yaml",
    () => undefined,
    [unreadable("web.yaml/a.yaml", "a part of the path is a file instead of a folder")],
  ],
  [
    "a name that is too long",
    `${"x".repeat(300)}.yaml`,
    () => undefined,
    [unreadable(`${"x".repeat(60)}...`, "its name is too long")],
  ],
  [
    "a device",
    "a.yaml",
    (f) => symlinkSync("/dev/zero", join(f, "a.yaml")),
    [unreadable("a.yaml", "it leads out of the policy's folder")],
  ],
  [
    "bytes that are not UTF-8",
    "teams/a.yaml",
    (f) => writeFileSync(join(f, "teams/a.yaml"), Buffer.from("gatehouse: 1\n# f\xfcr alle\n", "latin1")),
    ["teams/a.yaml:2:4 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8"],
  ],
  [
    "text in UTF-16",
    "teams/a.yaml",
    (f) => writeFileSync(join(f, "teams/a.yaml"), Buffer.from(`\ufeff${SECRETS}`, "utf16le")),
    ["teams/a.yaml:1:1 parse/not-text: the file is not valid UTF-8 here -> save the file as UTF-8"],
  ],
  [
    "a byte order mark and Windows' line ends",
    "teams/a.yaml",
    (f) => writeFileSync(join(f, "teams/a.yaml"), `\ufeff${SECRETS.replaceAll("\n", "\r\n")}`),
    [],
  ],
  [
    "10 MB of brackets",
    "teams/a.yaml",
    (f) => writeFileSync(join(f, "teams/a.yaml"), "[".repeat(10_000_000)),
    [
      "teams/a.yaml:1:1 parse/too-large: the file has more than 2097152 bytes -> split it and name the parts in `include`",
    ],
  ],
  [
    "a file of 20 GB",
    "teams/a.yaml",
    (f) => {
      closeSync(openSync(join(f, "teams/a.yaml"), "w"));
      truncateSync(join(f, "teams/a.yaml"), 20 * 2 ** 30);
    },
    [
      "teams/a.yaml:1:1 parse/too-large: the file has more than 2097152 bytes -> split it and name the parts in `include`",
    ],
  ],
];
for (const [what, include, prepare, found] of cases)
  test(`PL-1.8: ${what}`, () => assert.deepEqual(findingsOf(policyIn([include], prepare)), found));

test("PL-1.8: names that differ in case are two files, or one where the file system says so", () => {
  const folder = policyIn(["teams/a.yaml", "teams/A.yaml"], (f) => writeFileSync(join(f, "teams/a.yaml"), SECRETS));
  const [finding] = findingsOf(folder);
  assert.match(
    finding ?? "",
    /^3:39 include\/unreadable: `teams\/A\.yaml` cannot be read: (?:there is no such file|it is the same file as `teams\/a\.yaml`) -> /,
  );
});

test("PL-1.8: a socket is not a file", async () => {
  const folder = policyIn(["a.yaml"]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(folder, "a.yaml"), resolve));
  try {
    assert.deepEqual(findingsOf(folder), [unreadable("a.yaml", "it is not a file")]);
  } finally {
    server.close();
  }
});

test("PL-1.8: a pipe that nobody writes to is not waited for, as included file and as policy", async () => {
  const folder = policyIn(["a.yaml"], (f) => execFileSync("mkfifo", [join(f, "a.yaml")]));
  const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
  const check = async (file: string) => run(process.execPath, [main, "check", join(folder, file)], { limitMs: 30_000 });
  const included = await check("p.yaml");
  assert.equal(included.code, 3);
  assert.match(included.stdout, /`a\.yaml` cannot be read: it is not a file\n/);
  const policy = await check("a.yaml");
  assert.equal(policy.code, 3);
  assert.match(policy.stderr, /it is not a file \[GH_POLICY_UNREADABLE\]/);
});

test("a policy that is a folder, a device or not there is one fault with its reason", () => {
  const folder = policyIn([]);
  for (const [file, reason] of [
    [folder, "it is not a file"],
    ["/dev/zero", "it is not a file"],
    [join(folder, "gone.yaml"), "there is no such file"],
  ] as const)
    assert.throws(
      () => loadPolicy(file),
      (fault) =>
        fault instanceof GatehouseError && fault.code === "GH_POLICY_UNREADABLE" && fault.message.endsWith(reason),
    );
});

test("every file is told to whoever watches, those that cannot be read among them", () => {
  const folder = policyIn(["teams/a.yaml", "gone.yaml"], (f) => {
    writeFileSync(join(f, "teams/a.yaml"), `${SECRETS}include: [b.yaml]\n`);
    copyFileSync(join(f, "teams/a.yaml"), join(f, "teams/c.yaml"));
  });
  assert.deepEqual(
    loadPolicy(join(folder, "p.yaml")).files.map((file) => file.replace(`${folder}/`, "")),
    ["p.yaml", "web.yaml", "teams/a.yaml", "teams/b.yaml", "gone.yaml"],
  );
});

test("200 files of a team each are read as one policy", () => {
  const names = Array.from({ length: 199 }, (_, i) => `teams/t${i}.yaml`);
  const folder = policyIn(names, (f) => {
    for (const [i, name] of names.entries())
      writeFileSync(join(f, name), WEB.replace("{ web:", `{ web-${i}:`).replace("GET /:", `GET /${i}:`));
  });
  assert.deepEqual(findingsOf(folder), []);
  assert.equal(loadPolicy(join(folder, "p.yaml")).policy?.services.length, 200);
});
