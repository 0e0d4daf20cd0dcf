/** `gatehouse access` as a user calls it: tables, filters, CSV; its words on one policy in every form. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";

const POLICY = `gatehouse: 1
name: desk
identity:
  issuer: https://login.desk.example
  audience: desk
environments:
  local: { identity: embedded, domain: desk.localhost, private_network: [127.0.0.0/8] }
  prod:
    domain: desk.example
    certificates: { acme: ops@desk.example }
    private_network: [10.0.0.0/8]
    roles: { agents: { members: { groups: [prod-agents] } } }
services:
  tickets:
    exposure: public
    upstream: http://127.0.0.1:9
    routes:
      GET /tickets/{owner}: { needs: tickets:read }
      GET /tickets/x: { needs: tickets:admin }
      POST /tickets: { needs: tickets:write }
      GET /status: { open: 'status page, "public"' }
  reports:
    exposure: private
    host: reports.desk.localhost
    upstream: http://127.0.0.1:9
    routes:
      GET /reports: { needs: reports:read }
      GET /secret: { needs: reports:secret }
roles:
  agents:
    members: { groups: [agents, leads] }
    can: [tickets:read, reports:read]
    boundary: staff
  owners:
    members: { any: [{ groups: [customers] }, { subject: [zoe] }] }
    can: [{ permission: tickets:read, when: { path: { owner: claim:sub } } }]
    boundary: customers
  night:
    members: { groups: [night] }
    can: [{ permission: tickets:write, when: { amr: [mfa] } }, tickets:read]
    boundary: staff
    when: { source_ip: [10.0.0.0/8] }
  capped:
    members: { groups: [capped] }
    can: [tickets:write]
    boundary: customers
boundaries:
  staff: [tickets:read, tickets:write, reports:read]
  customers: [tickets:read]
`;

const PEOPLE = `people:
  ada: { password: a, groups: [leads] }
  bo: { password: b, groups: [] }
  cy: { password: c, groups: [customers, capped] }
  nia: { password: d, groups: [night] }
  max: { password: e, groups: [night], claims: { amr: [mfa] } }
`;

let dir: string;
before(() => {
  dir = makeDirectory({ "gatehouse.yaml": POLICY, "people.yaml": PEOPLE });
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function access(...args: string[]): Promise<Ran> {
  return run(GATEHOUSE, ["access", ...args], { cwd: dir });
}

/** The lines of a good answer. */
async function linesOf(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await access(...args);
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.split("\n");
}

describe("the table", () => {
  test("by role: conditions in words below it, why a route is open, and what a boundary holds back", async () => {
    assert.deepEqual(await linesOf(), [
      "who may call what in `local`, by role",
      "",
      "                        needs           agents  owners  night  capped",
      "tickets, public",
      "  GET /tickets/{owner}  tickets:read    yes     (1)     (2)    -",
      "  GET /tickets/x        tickets:admin   -       -       -      -",
      "  POST /tickets         tickets:write   -       -       (3)    bound",
      "  GET /status           open            yes     yes     yes    yes",
      "reports, private, at reports.desk.localhost",
      "  GET /reports          reports:read    yes     -       -      -",
      "  GET /secret           reports:secret  -       -       -      -",
      "",
      "(1) with `{owner}` equal to the caller's claim `sub`",
      "(2) from `10.0.0.0/8`",
      "(3) from `10.0.0.0/8` and with claim `amr` `mfa`",
      "bound: granted, and the role's boundary does not allow it",
      'GET /status is open: status page, "public"',
      "",
    ]);
  });

  test("by identity: what the caller's claims settle is no condition any more", async () => {
    assert.deepEqual(await linesOf("--by", "identity"), [
      "who may call what in `local`, by identity",
      "",
      "                        needs           ada  bo   cy     nia  max",
      "tickets, public",
      "  GET /tickets/{owner}  tickets:read    yes  -    (1)    (2)  (2)",
      "  GET /tickets/x        tickets:admin   -    -    -      -    -",
      "  POST /tickets         tickets:write   -    -    bound  -    (2)",
      "  GET /status           open            yes  yes  yes    yes  yes",
      "reports, private, at reports.desk.localhost",
      "  GET /reports          reports:read    yes  -    -      -    -",
      "  GET /secret           reports:secret  -    -    -      -    -",
      "",
      "(1) with `{owner}` equal to the caller's claim `sub`",
      "(2) from `10.0.0.0/8`",
      "bound: granted, and the role's boundary does not allow it",
      'GET /status is open: status page, "public"',
      "",
    ]);
  });

  test("by route: who may, in words; nobody and everybody too", async () => {
    assert.deepEqual(await linesOf("--by", "route", "--env", "prod"), [
      "who may call what in `prod`, by route",
      "",
      "tickets, public",
      "  GET /tickets/{owner}  needs tickets:read",
      "      group `prod-agents` (role `agents`)",
      "      group `customers` or subject `zoe` with `{owner}` equal to the caller's claim `sub` (role",
      "          `owners`)",
      "      group `night` from `10.0.0.0/8` (role `night`)",
      "  GET /tickets/x  needs tickets:admin",
      "      nobody",
      "  POST /tickets  needs tickets:write",
      "      group `night` from `10.0.0.0/8` and with claim `amr` `mfa` (role `night`)",
      '  GET /status  open: status page, "public"',
      "      everybody",
      "",
      "reports, private, at reports.desk.localhost",
      "  GET /reports  needs reports:read",
      "      group `prod-agents` (role `agents`)",
      "  GET /secret  needs reports:secret",
      "      nobody",
      "",
    ]);
  });

  test("fits 100 columns however many roles there are: what does not fit beside goes below", async () => {
    const names = Array.from({ length: 25 }, (_, i) => `department-number-${i}`);
    const roles = names.map((name) => `  ${name}: { members: { groups: [g] }, can: [t:read], boundary: b }\n`).join("");
    const route = `/${"long-segment/".repeat(8)}end`;
    const text = `gatehouse: 1
name: many
identity: { issuer: "https://login.example", audience: many }
environments: { local: { domain: many.localhost } }
services: { s: { exposure: public, upstream: "http://127.0.0.1:9", routes: { GET ${route}: { needs: t:read } } } }
roles:
${roles}boundaries: { b: [t:read] }
`;
    const home = makeDirectory({ "gatehouse.yaml": text });
    try {
      const { stdout } = await run(GATEHOUSE, ["access"], { cwd: home });
      const lines = stdout.split("\n");
      assert.deepEqual(
        lines.filter((line) => line.length > 100),
        lines.filter((line) => line === `  GET ${route}`),
      );
      for (const name of names) assert.equal(lines.filter((line) => line.split(/ +/).includes(name)).length, 1, name);
      assert.equal(stdout.match(/\byes\b/g)?.length, 25);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  test("says so when other routes take every request of a route, and judges it all the same", async () => {
    const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    const routes = methods.map((method) => `${method} /t: { needs: t:write }`).join(", ");
    const home = makeDirectory({
      "gatehouse.yaml": `gatehouse: 1
name: shadow
identity: { issuer: "https://login.example", audience: shadow }
environments: { local: { domain: shadow.localhost } }
services: { s: { exposure: public, upstream: "http://127.0.0.1:9", routes: { ANY /t: { needs: t:read }, ${routes} } } }
roles: { readers: { members: { groups: [g] }, can: [t:read], boundary: b } }
boundaries: { b: [t:read] }
`,
    });
    try {
      const { stdout } = await run(GATEHOUSE, ["access", "--by", "route", "--route", "ANY *"], { cwd: home });
      assert.equal(
        stdout,
        "who may call what in `local`, by route\n\ns, public\n" +
          "  ANY /t  needs t:read (never answers: other routes take all of its requests)\n" +
          "      group `g` (role `readers`)\n",
      );
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe("filters", () => {
  const cases: readonly (readonly [args: readonly string[], columns: readonly string[], routes: readonly string[]])[] =
    [
      [
        ["--role", "night"],
        ["night"],
        ["GET /tickets/{owner}", "GET /tickets/x", "POST /tickets", "GET /status", "GET /reports", "GET /secret"],
      ],
      [
        ["--role", "*n*", "--service", "rep*"],
        ["agents", "owners", "night"],
        ["GET /reports", "GET /secret"],
      ],
      [["--route", "GET /tickets/*", "--role", "agents"], ["agents"], ["GET /tickets/{owner}", "GET /tickets/x"]],
      [["--route", "GET /tickets/{owner}", "--role", "agents"], ["agents"], ["GET /tickets/{owner}"]],
      [
        ["--permission", "tickets:*", "--role", "agents"],
        ["agents"],
        ["GET /tickets/{owner}", "GET /tickets/x", "POST /tickets"],
      ],
      [["--exposure", "private", "--role", "agents"], ["agents"], ["GET /reports", "GET /secret"]],
      [
        ["--as", "cy", "--service", "reports"],
        ["owners", "capped"],
        ["GET /reports", "GET /secret"],
      ],
      [
        ["--by", "identity", "--as", "*a*", "--service", "reports"],
        ["ada", "nia", "max"],
        ["GET /reports", "GET /secret"],
      ],
      [
        ["--by", "identity", "--role", "night", "--service", "reports"],
        ["nia", "max"],
        ["GET /reports", "GET /secret"],
      ],
      [["--by", "route", "--role", "night"], [], ["GET /tickets/{owner}", "POST /tickets"]],
      [["--by", "route", "--as", "ada"], [], ["GET /tickets/{owner}", "GET /status", "GET /reports"]],
    ];
  for (const [args, columns, routes] of cases)
    test(args.join(" "), async () => {
      const { stdout, code } = await access(...args, "--json");
      const table = JSON.parse(stdout) as { columns: string[]; rows: { route: string }[] };
      assert.deepEqual([table.columns, table.rows.map(({ route }) => route), code], [columns, routes, 0]);
    });

  for (const [args, code, message] of [
    [["--role", "agent"], 2, "no role fits `agent`, there are `agents`, `owners`, `night`, `capped` [GH_APP_FILTER]"],
    [["--service", "x*"], 2, "no service fits `x*`, there are `tickets`, `reports` [GH_APP_FILTER]"],
    [
      ["--permission", "tickets.read"],
      2,
      "no permission fits `tickets.read`, there are `tickets:read`, `tickets:admin`, `tickets:write`, `reports:read`, `reports:secret` [GH_APP_FILTER]",
    ],
    [["--as", "eve"], 3, "nobody is called `eve`, there are `ada`, `bo`, `cy`, `nia`, `max` [GH_APP_UNKNOWN_NAME]"],
    [
      ["--by", "identity", "--env", "prod"],
      3,
      "the people of environment `prod` are known to its provider only [GH_APP_NO_PEOPLE]",
    ],
    [["--env", "staging"], 2, "the policy has no environment `staging`, it has `local`, `prod` [GH_APP_ENVIRONMENT]"],
    [["--md"], 2, "`--md` needs `--diff` or `--between` [GH_CLI_USAGE]"],
  ] as const)
    test(`${args.join(" ")} is told in one line, with exit ${code}`, async () => {
      const ran = await access(...args);
      assert.deepEqual([ran.stdout, ran.stderr.split("\n")[0], ran.code], ["", `gatehouse: ${message}`, code]);
    });
});

test("--csv is RFC 4180: every cell, quotes doubled, lines ended by CR LF", async () => {
  const byRole = await access("--csv", "--service", "tickets", "--role", "*n*");
  assert.equal(
    byRole.stdout,
    [
      "exposure,host,service,route,needs,open because,agents,owners,night",
      "public,desk.localhost,tickets,GET /tickets/{owner},tickets:read,,yes,with `{owner}` equal to the caller's claim `sub`,from `10.0.0.0/8`",
      "public,desk.localhost,tickets,GET /tickets/x,tickets:admin,,no,no,no",
      "public,desk.localhost,tickets,POST /tickets,tickets:write,,no,no,from `10.0.0.0/8` and with claim `amr` `mfa`",
      'public,desk.localhost,tickets,GET /status,,"status page, ""public""",yes,yes,yes',
      "",
    ].join("\r\n"),
  );
  const byRoute = await access("--csv", "--by", "route", "--route", "GET /s*");
  assert.equal(
    byRoute.stdout,
    [
      "exposure,host,service,route,needs,open because,who,when,role",
      'public,desk.localhost,tickets,GET /status,,"status page, ""public""",everybody,,',
      "private,reports.desk.localhost,reports,GET /secret,reports:secret,,nobody,,",
      "",
    ].join("\r\n"),
  );
});

test("--json has the reason of each refusal, as decide gives it", async () => {
  const { stdout } = await access("--by", "identity", "--json");
  const { rows } = JSON.parse(stdout) as {
    rows: {
      route: string;
      answers: boolean;
      cells: Record<string, { access: string; when: string; reason: string | null }>;
    }[];
  };
  const cell = (route: string, who: string): unknown => rows.find((row) => row.route === route)?.cells[who];
  assert.deepEqual(cell("POST /tickets", "bo"), { access: "deny", when: "", reason: "no-role" });
  assert.deepEqual(cell("POST /tickets", "ada"), { access: "deny", when: "", reason: "not-granted" });
  assert.deepEqual(cell("POST /tickets", "cy"), { access: "deny", when: "", reason: "outside-boundary" });
  assert.deepEqual(cell("POST /tickets", "nia"), { access: "deny", when: "", reason: "condition-not-met" });
  assert.deepEqual(cell("POST /tickets", "max"), { access: "conditional", when: "from `10.0.0.0/8`", reason: null });
  assert.ok(rows.every(({ answers }) => answers));
});

test("a policy that guardrails refuse is shown all the same, with a warning; one with errors is not; exit 0 and 3", async () => {
  const refused = POLICY.replace("POST /tickets: { needs: tickets:write }", "POST /tickets: { open: no }").replaceAll(
    "tickets:write",
    "tickets:read",
  );
  const home = makeDirectory({
    "gatehouse.yaml": refused.replaceAll("{ permission: tickets:read, when: { amr: [mfa] } }, ", ""),
    "broken.yaml": POLICY.replace("boundary: customers", "boundary: customer"),
  });
  try {
    const shown = await run(GATEHOUSE, ["access", "--by", "route", "--route", "POST *"], { cwd: home });
    assert.match(shown.stdout, /POST \/tickets {2}open: no\n {6}everybody\n/);
    assert.match(shown.stderr, /^warning: guardrails refuse this policy \(\d+ errors?\); run `gatehouse check`\n$/);
    assert.equal(shown.code, 0);
    const broken = await run(GATEHOUSE, ["access", "broken.yaml"], { cwd: home });
    assert.match(broken.stdout, /^broken\.yaml:\d+:\d+ error reference\/boundary\n/);
    assert.equal(broken.code, 3);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
