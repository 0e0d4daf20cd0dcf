/** `gatehouse explain` as a user calls it: the whole text of each kind of argument, and what it depends on. */
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
  issuers: { ci: { issuer: "https://ci.desk.example", audience: desk } }
environments:
  local: { identity: embedded, domain: desk.localhost, private_network: [127.0.0.0/8] }
  prod:
    domain: desk.example
    certificates: { acme: ops@desk.example }
    roles: { agents: { members: { groups: [prod-agents] } } }
services:
  tickets:
    exposure: public
    upstream: http://127.0.0.1:9
    routes:
      GET /tickets/{owner}: { needs: tickets:read }
      POST /tickets: { needs: tickets:write }
      GET /status: { open: "status page" }
  reports:
    exposure: private
    host: reports.desk.localhost
    upstream: http://127.0.0.1:9
    routes:
      GET /reports: { needs: reports:read }
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
    can: [tickets:write]
    boundary: staff
    when: { hours: { from: "20:00", to: "24:00", zone: UTC }, source_ip: [10.0.0.0/8] }
  deployers:
    members: { issuer: ci, claim: { name: repository, prefix: desk/ } }
    can: [tickets:write]
    boundary: readers
boundaries:
  staff: [tickets:read, tickets:write, reports:read]
  customers: [tickets:read]
  readers: [tickets:read]
`;

const PEOPLE = `people:
  ada: { password: a, groups: [leads] }
  bo: { password: b, groups: [] }
  cy: { password: c, groups: [customers] }
  nia: { password: d, groups: [night] }
`;

let dir: string;
before(() => {
  dir = makeDirectory({ "gatehouse.yaml": POLICY, "people.yaml": PEOPLE });
});
after(() => rmSync(dir, { recursive: true, force: true }));

async function explain(...args: string[]): Promise<Ran> {
  return run(GATEHOUSE, ["explain", ...args], { cwd: dir });
}

describe("the argument", () => {
  const cases: readonly (readonly [what: string, args: readonly string[], code: number, text: string])[] = [
    [
      "of a grant names the members' line, the grant and the boundary",
      ["GET", "/tickets/7", "--as", "ada"],
      0,
      `allowed: GET /tickets/7 as \`ada\` (group \`leads\`), public listener of \`local\`
because a role of the caller grants the permission within its boundary (role-grants)

  gatehouse.yaml:18:7   \`GET /tickets/{owner}\` needs \`tickets:read\`
  gatehouse.yaml:28:3   \`ada\` holds role \`agents\` as group \`leads\`
  gatehouse.yaml:30:11  role \`agents\` can \`tickets:read\`
  gatehouse.yaml:46:11  boundary \`staff\` allows \`tickets:read\`
`,
    ],
    [
      "of an open route is its reason",
      ["GET", "/status"],
      0,
      `allowed: GET /status as nobody, public listener of \`local\`
because the route is open to everybody (open-route)

  gatehouse.yaml:20:7  \`GET /status\` is open: status page
`,
    ],
    [
      "against somebody without role tells what they would have to be",
      ["GET", "/tickets/7", "--as", "bo"],
      4,
      `refused: GET /tickets/7 as \`bo\`, public listener of \`local\`
because the caller holds no role (no-role)

  gatehouse.yaml:18:7  \`GET /tickets/{owner}\` needs \`tickets:read\`

what would change it:
  would be allowed in group \`agents\`
  would be allowed in group \`leads\`
  would be allowed in group \`customers\` with \`{owner}\` equal to the caller's claim \`sub\`
  would be allowed for subject \`zoe\` with \`{owner}\` equal to the caller's claim \`sub\`
`,
    ],
    [
      "about a path that is somebody else's",
      ["GET", "/tickets/7", "--as", "cy"],
      4,
      `refused: GET /tickets/7 as \`cy\` (group \`customers\`), public listener of \`local\`
because a role grants the permission but its conditions do not hold (condition-not-met)

  gatehouse.yaml:18:7   \`GET /tickets/{owner}\` needs \`tickets:read\`
  gatehouse.yaml:32:3   \`cy\` holds role \`owners\` as group \`customers\`
  gatehouse.yaml:34:25  role \`owners\` can \`tickets:read\`
  gatehouse.yaml:47:15  boundary \`customers\` allows \`tickets:read\`
  gatehouse.yaml:34:39  role \`owners\` holds with \`{owner}\` equal to the caller's claim \`sub\`

what would change it:
  role \`owners\` would allow it with \`{owner}\` equal to the caller's claim \`sub\`
  would be allowed in group \`agents\`
  would be allowed in group \`leads\`
`,
    ],
    [
      "says which time was used where time counts",
      ["POST", "/tickets", "--as", "nia", "--ip", "10.1.2.3", "--at", "2026-11-25T20:00:00Z"],
      0,
      `allowed: POST /tickets as \`nia\` (group \`night\`), public listener of \`local\`
because a role of the caller grants the permission within its boundary (role-grants)

  gatehouse.yaml:19:7   \`POST /tickets\` needs \`tickets:write\`
  gatehouse.yaml:36:3   \`nia\` holds role \`night\` as group \`night\`
  gatehouse.yaml:38:11  role \`night\` can \`tickets:write\`
  gatehouse.yaml:46:25  boundary \`staff\` allows \`tickets:write\`
  gatehouse.yaml:40:5   role \`night\` holds from \`10.0.0.0/8\` and on monday, tuesday, wednesday, thursday, friday, saturday, sunday from 20:00 to 24:00 in UTC

at 2026-11-25T20:00:00Z
`,
    ],
    [
      "of a workload is that of its issuer, and the boundary holds it back",
      ["POST", "/tickets", "--claims", '{"sub":"run","repository":"desk/web"}', "--issuer", "ci"],
      4,
      `refused: POST /tickets as \`run\` (issuer \`ci\`), public listener of \`local\`
because a role grants the permission but its boundary does not allow it (outside-boundary)

  gatehouse.yaml:19:7   \`POST /tickets\` needs \`tickets:write\`
  gatehouse.yaml:41:3   \`run\` holds role \`deployers\` as claim \`repository\` beginning with \`desk/\` of issuer \`ci\`
  gatehouse.yaml:43:11  role \`deployers\` can \`tickets:write\`
  gatehouse.yaml:48:3   boundary \`readers\` does not allow \`tickets:write\`

what would change it:
  role \`deployers\` would allow it if boundary \`readers\` had \`tickets:write\`
  would be allowed in group \`night\` from \`10.0.0.0/8\` and on monday, tuesday, wednesday, thursday, friday, saturday, sunday from 20:00 to 24:00 in UTC
`,
    ],
    [
      "finds the listener and the host name that have the route",
      ["GET", "/reports", "--as", "ada"],
      0,
      `allowed: GET /reports as \`ada\` (group \`leads\`), private listener of \`local\` at \`reports.desk.localhost\`
because a role of the caller grants the permission within its boundary (role-grants)

  gatehouse.yaml:26:7   \`GET /reports\` needs \`reports:read\`
  gatehouse.yaml:28:3   \`ada\` holds role \`agents\` as group \`leads\`
  gatehouse.yaml:30:25  role \`agents\` can \`reports:read\`
  gatehouse.yaml:46:40  boundary \`staff\` allows \`reports:read\`
`,
    ],
    [
      "holds the request to the host and the listener that are asked for",
      ["GET", "/reports", "--as", "ada", "--host", "DESK.localhost:8443", "--listener", "private"],
      4,
      `refused: GET /reports as \`ada\` (group \`leads\`), private listener of \`local\`
because no route matches method and path (no-route)

what would change it:
  host \`reports.desk.localhost\` has the route
`,
    ],
    [
      "is about the environment that is asked for",
      ["GET", "/tickets/7", "--env", "prod", "--claims", '{"groups":["agents"]}'],
      4,
      `refused: GET /tickets/7 as \`somebody\` (group \`agents\`), public listener of \`prod\`
because the caller holds no role (no-role)

  gatehouse.yaml:18:7  \`GET /tickets/{owner}\` needs \`tickets:read\`

what would change it:
  would be allowed in group \`prod-agents\`
  would be allowed in group \`customers\` with \`{owner}\` equal to the caller's claim \`sub\`
  would be allowed for subject \`zoe\` with \`{owner}\` equal to the caller's claim \`sub\`
`,
    ],
  ];
  for (const [what, args, code, text] of cases)
    test(what, async () => {
      const ran = await explain(...args);
      assert.deepEqual([ran.stdout, ran.stderr, ran.code], [text, "", code]);
    });
});

test("--json says everything that the text says, and what it took for granted", async () => {
  const ran = await explain("GET", "/tickets/cy", "--as", "cy", "--at", "2026-11-25", "--json");
  assert.equal(ran.code, 0);
  const { caller, statements, ...rest } = JSON.parse(ran.stdout) as Record<string, unknown>;
  assert.deepEqual(rest, {
    effect: "allow",
    reason: "role-grants",
    meaning: "a role of the caller grants the permission within its boundary",
    environment: "local",
    exposure: "public",
    host: "desk.localhost",
    method: "GET",
    path: "/tickets/cy",
    sourceIp: "127.0.0.1",
    at: "2026-11-25T00:00:00Z",
    dependsOnTime: false,
    route: "GET /tickets/{owner}",
    service: "tickets",
    role: "owners",
    nearMisses: [],
  });
  assert.deepEqual(caller, {
    subject: "cy",
    clientId: null,
    groups: ["customers"],
    issuer: null,
    claims: { sub: ["cy"] },
    issuedAtSeconds: Date.UTC(2026, 10, 25) / 1000,
    authTimeSeconds: Date.UTC(2026, 10, 25) / 1000,
  });
  assert.deepEqual((statements as unknown[])[1], {
    text: "`cy` holds role `owners` as group `customers`",
    at: { file: "gatehouse.yaml", line: 32, column: 3, endLine: 32, endColumn: 9 },
  });
});

describe("what cannot be asked is told in one line; exit 2", () => {
  for (const [args, message] of [
    [["--at", "2026-02-30"], "`2026-02-30` is no time, write `2027-01-31` or `2027-01-31T08:00:00Z` [GH_CLI_USAGE]"],
    [["--at", "noon"], "`noon` is no time, write `2027-01-31` or `2027-01-31T08:00:00Z` [GH_CLI_USAGE]"],
    [["--ip", "10.0.0.256"], "`10.0.0.256` is no IP address [GH_CLI_USAGE]"],
    [["--claims", "{}", "--issuer", "cd"], "the policy has no workload issuer `cd`, it has `ci` [GH_CLI_USAGE]"],
    [["--claims", "[]"], "the claims cannot be used: not a JSON object [GH_APP_CLAIMS]"],
  ] as const)
    test(args.join(" "), async () => {
      const { code, stdout, stderr } = await explain("GET", "/status", ...args);
      assert.deepEqual([stdout, stderr.split("\n")[0], code], ["", `gatehouse: ${message}`, 2]);
    });
});

test("a policy that guardrails refuse is explained all the same", async () => {
  const home = makeDirectory({
    "gatehouse.yaml": POLICY.replace(
      "POST /tickets: { needs: tickets:write }",
      "POST /tickets: { open: no }",
    ).replaceAll("tickets:write", "tickets:read"),
    "people.yaml": PEOPLE,
  });
  try {
    const ran = await run(GATEHOUSE, ["explain", "POST", "/tickets", "--json"], { cwd: home });
    assert.deepEqual([(JSON.parse(ran.stdout) as { reason: string }).reason, ran.code], ["open-route", 0]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
