/**
 * `gatehouse whatif` as a user calls it: what it says, where records come from, a log of any size in little memory.
 * Each kind of record is in tests/access/whatif-judge.test.ts.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { formatGatewayLine, type GatewayRecord } from "../../src/records/index.ts";
import { DESK, DESK_PEOPLE, deskRecord as record } from "../access/desk.ts";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";

let dir: string;
before(() => {
  dir = makeDirectory({ "gatehouse.yaml": DESK, "people.yaml": DESK_PEOPLE });
});
after(() => rmSync(dir, { recursive: true, force: true }));

interface Document {
  readonly callers: string;
  readonly judged: number;
  readonly flipped: number;
  readonly flips: readonly { readonly is: { readonly reason: string } }[];
}
async function whatif(records: readonly (GatewayRecord | string)[], ...args: readonly string[]): Promise<Ran> {
  const lines = records.map((one) => (typeof one === "string" ? one : formatGatewayLine(one)));
  return run(GATEHOUSE, ["whatif", "-", ...args], { cwd: dir, input: lines.join("") });
}

test("flips come by meaning, the most frequent first, with first and last time and one request; exit 1", async () => {
  const at = (minute: number): string => `2026-11-24T20:${String(minute).padStart(2, "0")}:00.000Z`;
  const id = (n: number): string => `0f8fad5b-d9cb-469f-a165-70867728950${n}`;
  const ran = await whatif([
    record({ reason: "role-grants", role: "agents", subject: "bo", time: at(3), requestId: id(1) }),
    record({ reason: "role-grants", role: "agents", subject: "bo", time: at(1), requestId: id(2) }),
    record({ reason: "role-grants", role: "agents", subject: "bo", time: at(9), requestId: id(3), path: "/tickets/8" }),
    record({ reason: "open-route", routeKey: "GET /old", path: "/old", time: at(5), requestId: id(4) }),
    record({ reason: "no-role", subject: "ada", time: at(7), requestId: id(5) }),
    record({ reason: "role-grants", role: "agents", subject: "ada" }),
    record({ reason: "role-grants", role: "agents", subject: "eve" }),
    "no record\n",
  ]);
  assert.deepEqual(
    [ran.stdout, ran.stderr, ran.code],
    [
      `with \`gatehouse.yaml\` in \`local\` 5 of 6 recorded decisions flip

let in from now on
  \`GET /tickets/{owner}\`: was refused, the caller holds no role (no-role), would be allowed by role
      \`agents\`
      once, at 2026-11-24T20:07:00.000Z, request \`${id(5)}\`

refused from now on
  \`GET /tickets/{owner}\`: was allowed by role \`agents\`, would be refused, the caller holds no role
      (no-role)
      3 times from 2026-11-24T20:01:00.000Z to 2026-11-24T20:09:00.000Z, for example request
          \`${id(1)}\`
  \`GET /old\`: was open to everybody, would be refused, no route matches method and path (no-route)
      once, at 2026-11-24T20:05:00.000Z, request \`${id(4)}\`

1 not judged: lines that are no record of the gateway
1 not judged: of somebody whom the people file does not name
who asked is known by name from the people file as it is now, with its groups and claims; a workload
    is taken to hold exactly the role that was recorded, and who called an open route counts as
    nobody
`,
      "",
      1,
    ],
  );
  const markdown = await whatif([record({ reason: "no-role", subject: "ada", time: at(7), requestId: id(5) })], "--md");
  assert.equal(
    markdown.stdout,
    `### Recorded decisions flip

with \`gatehouse.yaml\` in \`local\` 1 of 1 recorded decision flips.

**let in from now on**

- \`GET /tickets/{owner}\`: was refused, the caller holds no role (no-role), would be allowed by role \`agents\`  
  once, at 2026-11-24T20:07:00.000Z, request \`${id(5)}\`

who asked is known by name from the people file as it is now, with its groups and claims; a workload is taken to hold exactly the role that was recorded, and who called an open route counts as nobody.
`,
  );
});

describe("hosts", () => {
  test("where a real provider knows everybody, roles are taken as recorded, and the environment is that of the records", async () => {
    const one = record({ host: "desk.example", reason: "role-grants", role: "agents", subject: "zoe" });
    const ran = await whatif([one], "--env", "prod", "--json");
    const found = JSON.parse(ran.stdout) as Document;
    assert.deepEqual([found.callers, found.judged, found.flipped, ran.code], ["recorded", 1, 0, 0]);
  });

  test("records of another environment are not judged, which is not a good sign: exit 1", async () => {
    const ran = await whatif([record({ host: "desk.example", reason: "role-grants", role: "agents", subject: "ada" })]);
    assert.equal(ran.code, 1);
    assert.match(ran.stdout, /^with `gatehouse\.yaml` in `local` no recorded decision could be judged\n/);
    assert.match(
      ran.stdout,
      /\n1 not judged: `local` answers for none of the hosts that were asked for; name the environment/,
    );
  });

  test("one host among others that is answered for no longer flips", async () => {
    const ran = await whatif(
      [
        record({ reason: "unauthenticated" }),
        record({ host: "old.desk.localhost", reason: "role-grants", role: "agents", subject: "ada" }),
      ],
      "--json",
    );
    const { judged, flips } = JSON.parse(ran.stdout) as Document;
    assert.deepEqual([judged, flips.map(({ is }) => is.reason), ran.code], [2, ["no-route"], 1]);
  });
});

describe("where records come from", () => {
  test("a file, whose last line may lack its end, and a state directory with rotated files", async () => {
    const line = formatGatewayLine(record({ reason: "no-role", subject: "ada" }));
    const state = join(dir, "state");
    mkdirSync(join(state, "logs"), { recursive: true });
    writeFileSync(join(state, "logs/gateway.log"), line + line.trimEnd());
    writeFileSync(join(state, "logs/gateway.log.1"), line);
    writeFileSync(join(state, "logs/gateway.log.2"), line);
    for (const [from, count] of [
      ["state/logs/gateway.log", 2],
      ["state", 4],
    ] as const) {
      const { stdout } = await run(GATEHOUSE, ["whatif", from, "--json"], { cwd: dir });
      assert.equal((JSON.parse(stdout) as Document).flipped, count, from);
    }
  });

  for (const [from, reason] of [
    ["missing.log", "there is no such file"],
    [".", "it has no `logs/gateway.log`"],
  ] as const)
    test(`\`${from}\`: ${reason}; exit 3`, async () => {
      const { code, stderr } = await run(GATEHOUSE, ["whatif", from], { cwd: dir });
      assert.deepEqual(
        [code, stderr.split("\n")[0]],
        [3, `gatehouse: cannot read records from \`${from}\`: ${reason} [GH_APP_RECORDS_UNREADABLE]`],
      );
    });

  test("a log much larger than the memory, with a line that never ends in it", async () => {
    const lines = Array.from({ length: 500 }, (_, i) =>
      formatGatewayLine(record({ reason: "no-role", subject: i % 2 === 0 ? "ada" : "bo", path: `/tickets/${i}` })),
    );
    const chunk = Buffer.from(lines.join(""));
    const child = spawn(GATEHOUSE, ["whatif", "-", "--json"], {
      cwd: dir,
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "--max-old-space-size=48" },
    });
    let stdout = "";
    child.stdout.on("data", (part: Buffer) => (stdout += part.toString()));
    const exited = once(child, "exit");
    const endless = Buffer.alloc(1024 * 1024, "x");
    for (let i = 0; i < 64 + 260; i++)
      if (!child.stdin.write(i < 64 ? endless : chunk)) await once(child.stdin, "drain");
    child.stdin.end();
    const [code] = (await exited) as [number | null];
    const { judged, flipped } = JSON.parse(stdout) as Document;
    // The first line is the end of the endless one.
    assert.deepEqual([code, judged, flipped], [1, 260 * 500 - 1, 260 * 250 - 1]);
  });
});
