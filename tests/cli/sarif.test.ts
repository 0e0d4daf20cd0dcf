/** `gatehouse check --sarif`: a log that the standard's own schema accepts, for every kind of finding. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";
import { createSarifCheck } from "../support/sarif-schema.ts";

const GOOD = `gatehouse: 1
name: shop
include: [teams/orders one.yaml]
identity: { issuer: "https://login.shop.example", audience: shop-api }
environments:
  prod: { domain: api.shop.example, certificates: { acme: ops@shop.example } }
roles:
  support: { members: { groups: [support] }, can: [orders:read], boundary: staff }
boundaries:
  staff: [orders:read]
throttle: { default: 10/second, per_identity: 1/second }
`;
const WAIVER = `guardrails:
  waive:
    - { rule: guardrail/open-write, for: POST /hook, reason: signed by the caller, owner: ops, expiry: 2999-12-31 }
`;
const ORDERS = `gatehouse: 1
services:
  orders:
    exposure: public
    upstream: https://orders.shop.example
    routes:
      GET /orders/{id}: { needs: orders:read }
      POST /hook: { open: "called by the payment provider" }
`;

interface Log {
  readonly runs: readonly [
    {
      readonly artifacts: readonly { readonly location: { readonly uri: string } }[];
      readonly results: readonly {
        readonly ruleId: string;
        readonly level: string;
        readonly locations: readonly [
          {
            readonly physicalLocation: {
              readonly artifactLocation: { readonly uri: string };
              readonly region: { readonly startLine: number; readonly startColumn: number };
            };
          },
        ];
        readonly relatedLocations?: readonly unknown[];
        readonly suppressions?: readonly { readonly justification: string }[];
      }[];
    },
  ];
}

let dir: string;
let problemsOf: (log: unknown) => readonly string[];
before(async () => {
  problemsOf = await createSarifCheck();
  dir = makeDirectory({});
  mkdirSync(join(dir, "teams"));
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function check(policy: string, orders: string, ...args: string[]): Promise<Ran & { readonly log: Log }> {
  writeFileSync(join(dir, "gatehouse.yaml"), policy);
  writeFileSync(join(dir, "teams/orders one.yaml"), orders);
  const ran = await run(GATEHOUSE, ["check", "--sarif", ...args], { cwd: dir });
  return { ...ran, log: JSON.parse(ran.stdout) as Log };
}

/** `uri:line:column level rule` of each result. */
function linesOf(log: Log): readonly string[] {
  return log.runs[0].results.map(({ ruleId, level, locations: [{ physicalLocation: at }] }) => {
    const { startLine, startColumn } = at.region;
    return `${at.artifactLocation.uri}:${startLine}:${startColumn} ${level} ${ruleId}`;
  });
}

describe("the log", () => {
  test("of a policy without findings is valid, names its files and exits 0", async () => {
    const { code, stderr, log } = await check(GOOD, ORDERS.replace(/^ +POST.*\n/m, ""));
    assert.deepEqual([code, stderr, linesOf(log)], [0, "", []]);
    assert.deepEqual(problemsOf(log), []);
    assert.deepEqual(
      log.runs[0].artifacts.map(({ location }) => location.uri),
      ["gatehouse.yaml", "teams/orders%20one.yaml"],
    );
  });

  test("of a waived finding is valid and has the waiver's words", async () => {
    const { code, log } = await check(GOOD + WAIVER, ORDERS);
    const waived = log.runs[0].results.filter(({ suppressions }) => suppressions !== undefined);
    assert.deepEqual(problemsOf(log), []);
    assert.equal(code, 1, "a waiver for centuries is a warning of its own");
    assert.deepEqual(
      waived.map(({ ruleId, level, suppressions }) => [ruleId, level, suppressions?.[0]?.justification]),
      [["guardrail/open-write", "error", "ops, until 2999-12-31: signed by the caller"]],
    );
    assert.ok(linesOf(log).includes("teams/orders%20one.yaml:8:7 error guardrail/open-write"));
    assert.ok(linesOf(log).includes("gatehouse.yaml:14:7 warning guardrail/waiver-long"));
  });

  test("of errors is valid and exits 3; --json says nothing else", async () => {
    const broken = GOOD.replace("boundary: staff", "boundary: staf").replace("1/second }", "1/secnd }");
    const { code, stderr, stdout, log } = await check(broken, ORDERS, "--json");
    assert.deepEqual([code, stderr], [3, ""]);
    assert.deepEqual(problemsOf(log), []);
    assert.deepEqual(linesOf(log), [
      "gatehouse.yaml:8:76 error reference/boundary",
      "gatehouse.yaml:11:47 error parse/rate",
    ]);
    assert.equal((await check(broken, ORDERS)).stdout, stdout);
  });

  test("of a text that is not YAML is valid and shows the other place", async () => {
    const { code, log } = await check(`${GOOD}name: other\n`, ORDERS);
    assert.deepEqual([code, linesOf(log)], [3, ["gatehouse.yaml:12:1 error parse/duplicate-key"]]);
    assert.deepEqual(problemsOf(log), []);
    assert.equal(log.runs[0].results[0]?.relatedLocations?.length, 1);
  });

  test("has the same fingerprints when lines move", async () => {
    const broken = GOOD.replace("boundary: staff", "boundary: staf");
    const moved = broken.replace("identity:", "# moved\n\nidentity:").replace(/^ {2}support/m, "    support");
    const [first, second] = [(await check(broken, ORDERS)).log, (await check(moved, ORDERS)).log];
    const prints = ({ runs }: Log): readonly unknown[] =>
      runs[0].results.map((result) => (result as { partialFingerprints?: unknown }).partialFingerprints);
    assert.notDeepEqual(linesOf(second), linesOf(first));
    assert.deepEqual(prints(second), prints(first));
    assert.equal(prints(first).length, 1);
  });

  test("the schema refuses what is not a log, so that it can be relied on", () => {
    assert.deepEqual(problemsOf({ version: "2.1.0", runs: [{ results: [] }] }), [
      "/runs/0 must have required property 'tool'",
    ]);
  });
});
