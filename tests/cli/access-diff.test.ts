/**
 * `gatehouse access --diff` and `--between` as a reviewer calls them: against a file, against commits of a real repository,
 * between environments; text, Markdown, JSON and exit codes.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { GATEHOUSE } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";

const POLICY = `gatehouse: 1
name: desk
include: [teams/tickets.yaml]
identity: { issuer: https://login.desk.example, audience: desk }
environments:
  dev: { domain: desk.localhost }
  prod:
    domain: desk.example
    certificates: { acme: ops@desk.example }
    private_network: [10.0.0.0/16]
    roles: { agents: { when: { source_ip: [10.0.0.0/16] } } }
services:
  reports:
    exposure: private
    upstream: http://127.0.0.1:9
    routes: { GET /reports: { needs: reports:read } }
throttle: { default: 100/second }
`;

const TEAM = `gatehouse: 1
services:
  tickets:
    exposure: public
    upstream: http://127.0.0.1:9
    routes:
      GET /tickets: { needs: tickets:read }
      GET /tickets/{id}: { needs: tickets:read }
      POST /tickets: { needs: tickets:write }
      GET /status: { open: "status page" }
roles:
  agents: { members: { groups: [agents] }, can: [tickets:read, reports:read], boundary: staff }
boundaries:
  staff: [tickets:*, reports:read]
`;

const WIDER_TEAM = TEAM.replace("can: [tickets:read, ", "can: [tickets:*, ").replace(
  "groups: [agents]",
  "groups: [agents, leads]",
);
const WIDER_POLICY = POLICY.replace("[10.0.0.0/16]\n", "[10.0.0.0/8]\n").replace("100/second", "200/second");

/** A repository whose policy is in a folder: one commit with the first texts, the wider ones in the working tree. */
let repository: string;
let folder: string;
before(() => {
  repository = mkdtempSync(join(tmpdir(), "gh-diff-"));
  folder = join(repository, "deploy");
  write("deploy/gatehouse.yaml", POLICY);
  write("deploy/teams/tickets.yaml", TEAM);
  git("init", "-q", "-b", "main");
  commit("first");
  write("deploy/gatehouse.yaml", WIDER_POLICY);
  write("deploy/teams/tickets.yaml", WIDER_TEAM);
});
after(() => rmSync(repository, { recursive: true, force: true }));

function write(name: string, text: string): void {
  const file = join(repository, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function git(...args: readonly string[]): void {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
  execFileSync("git", ["-C", repository, ...identity, ...args], { stdio: "ignore" });
}

function commit(message: string): void {
  git("add", "-A");
  git("commit", "-q", "--no-verify", "-m", message);
}

async function access(...args: readonly string[]): Promise<Ran> {
  return run(GATEHOUSE, ["access", ...args], { cwd: folder });
}

const WIDER_TEXT = `from \`main:gatehouse.yaml\` to \`gatehouse.yaml\`: somebody gains in \`dev\` and \`prod\`; who gets in
    changes in \`prod\`; limits change in \`dev\` and \`prod\`

dev
  gains
    group \`leads\` can now call private \`GET /reports\`, \`GET /tickets\` and \`GET /tickets/{id}\` (role
        \`agents\`)
    group \`agents\` or \`leads\` can now call \`POST /tickets\` (role \`agents\`)

dev, prod
  limits and addresses
    routes without a rate of their own take 200/second, before 100/second

prod
  gains
    group \`leads\` can now call private \`GET /reports\`, \`GET /tickets\` and \`GET /tickets/{id}\` from
        \`10.0.0.0/16\` (role \`agents\`)
    group \`agents\` or \`leads\` can now call \`POST /tickets\` from \`10.0.0.0/16\` (role \`agents\`)
  who gets in and from where
    private services can be reached from \`10.0.0.0/8\`, before from \`10.0.0.0/16\`
`;

describe("against a commit", () => {
  test("the policy and what it includes are those of the commit; exit 1 as somebody gains", async () => {
    // As within a git hook, where another repository may be at work.
    const env = { GIT_DIR: ".git", GIT_WORK_TREE: "/nowhere", GIT_INDEX_FILE: ".git/index" };
    for (const options of [{ cwd: folder }, { cwd: folder, env }]) {
      const ran = await run(GATEHOUSE, ["access", "--diff", "main"], options);
      assert.deepEqual([ran.stdout, ran.stderr, ran.code], [WIDER_TEXT, "", 1]);
    }
  });

  test("from another folder, by hash and by path from the top", async () => {
    const hash = execFileSync("git", ["-C", repository, "rev-parse", "HEAD"]).toString().trim();
    for (const [other, shown] of [
      [hash, `${hash}:gatehouse.yaml`],
      ["HEAD:deploy/gatehouse.yaml", "HEAD:deploy/gatehouse.yaml"],
    ] as const) {
      const ran = await run(GATEHOUSE, ["access", "deploy/gatehouse.yaml", "--diff", other, "--json"], {
        cwd: repository,
      });
      const { from, to, widens } = JSON.parse(ran.stdout) as Record<string, unknown>;
      assert.deepEqual([from, to, widens, ran.code], [shown, "deploy/gatehouse.yaml", true, 1]);
    }
  });

  test("one environment alone; a file that moved", async () => {
    const ran = await access("--diff", "main", "--env", "dev", "--json");
    const { environments } = JSON.parse(ran.stdout) as { environments: { environment: string }[] };
    assert.deepEqual(
      environments.map(({ environment }) => environment),
      ["dev"],
    );
    write("moved/policy.yaml", POLICY.replace("teams/tickets.yaml", "tickets.yaml"));
    write("moved/tickets.yaml", TEAM);
    const moved = await run(GATEHOUSE, ["access", "moved/policy.yaml", "--diff", "main:deploy/gatehouse.yaml"], {
      cwd: repository,
    });
    assert.deepEqual(
      [moved.stdout, moved.code],
      [
        "from `main:deploy/gatehouse.yaml` to `moved/policy.yaml`: nobody gains or loses anything\n\n" +
          "dev, prod: nobody gains or loses anything\n",
        0,
      ],
    );
  });

  test("an include that was a symbolic link, and a policy with errors, are told at their places; exit 3", async () => {
    rmSync(join(folder, "teams/tickets.yaml"));
    symlinkSync("/etc/hostname", join(folder, "teams/tickets.yaml"));
    git("checkout", "-q", "-b", "linked");
    commit("linked");
    rmSync(join(folder, "teams/tickets.yaml"));
    write("deploy/teams/tickets.yaml", WIDER_TEAM);
    const ran = await access("--diff", "linked");
    assert.equal(
      ran.stdout.split("\n").slice(0, 2).join("\n"),
      "linked:gatehouse.yaml:3:11 error include/unreadable\n  `teams/tickets.yaml` cannot be read: it is a symbolic link",
    );
    assert.equal(ran.code, 3);
    const back = await access("--diff", "main");
    assert.deepEqual([back.stdout, back.code], [WIDER_TEXT, 1]);
  });

  for (const [other, reason] of [
    ["nowhere", "there is no such file, and no such commit"],
    ["--output=x", "there is no such file, and no such commit"],
    ["main:nowhere.yaml", "in commit `main` `nowhere.yaml` cannot be read: there is no such file"],
    ["main:deploy", "in commit `main` `deploy` cannot be read: it is not a file"],
    ["main:../../etc/passwd", "in commit `main` `../../etc/passwd` cannot be read: there is no such file"],
  ] as const)
    test(`\`${other}\` is told in one line with the next step; exit 3`, async () => {
      const { code, stdout, stderr } = await access(`--diff=${other}`);
      assert.deepEqual(
        [code, stdout, stderr.split("\n")[0]],
        [3, "", `gatehouse: cannot compare with \`${other}\`: ${reason} [GH_APP_REVISION]`],
      );
      assert.match(stderr, /\n {2}next: give another policy file, a commit such as `main`/);
    });

  test("a policy that is in no repository says so", async () => {
    const home = mkdtempSync(join(tmpdir(), "gh-none-"));
    try {
      mkdirSync(join(home, "teams"));
      writeFileSync(join(home, "gatehouse.yaml"), POLICY);
      writeFileSync(join(home, "teams/tickets.yaml"), TEAM);
      const ran = await run(GATEHOUSE, ["access", "--diff", "main"], {
        cwd: home,
        env: { GIT_CEILING_DIRECTORIES: tmpdir() },
      });
      assert.match(ran.stderr, /there is no such file, and the policy is in no git repository \[GH_APP_REVISION\]/);
      assert.equal(ran.code, 3);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe("against a file", () => {
  test("a file goes before a commit of that name; what only one has is new or gone", async () => {
    const alone = POLICY.replace("include: [teams/tickets.yaml]\n", "");
    write("deploy/main.yaml", alone.replace("    roles: { agents: { when: { source_ip: [10.0.0.0/16] } } }\n", ""));
    write("deploy/other.yaml", alone.replace(/ {2}prod:\n(?: {4}.*\n)+/, "  test: { domain: test.localhost }\n"));
    git("branch", "-f", "main.yaml");
    const ran = await access("other.yaml", "--diff", "main.yaml");
    assert.deepEqual(
      [ran.stdout, ran.code],
      [
        "from `main.yaml` to `other.yaml`: nobody gains or loses anything\n\n" +
          "test\n  environment\n    the environment is new\n\nprod\n  environment\n    the environment is gone\n\n" +
          "dev: nobody gains or loses anything\n",
        0,
      ],
    );
  });

  test("losses alone are exit 0, and stand folded in Markdown; nothing in it depends on the day", async () => {
    write("deploy/narrow.yaml", POLICY.replace("include: [teams/tickets.yaml]", "include: [teams/narrow.yaml]"));
    write("deploy/teams/narrow.yaml", TEAM.replace("can: [tickets:read, ", "can: ["));
    write("deploy/same.yaml", POLICY.replace("include: [teams/tickets.yaml]", "include: [teams/same.yaml]"));
    write("deploy/teams/same.yaml", TEAM);
    const markdown = `### Access does not widen

From \`same.yaml\` to \`narrow.yaml\`: somebody loses in \`dev\` and \`prod\`.

#### In \`dev\`

<details><summary>Losses (1)</summary>

- group \`agents\` can no longer call \`GET /tickets\` and \`GET /tickets/{id}\` (role \`agents\`)

</details>

#### In \`prod\`

<details><summary>Losses (1)</summary>

- group \`agents\` can no longer call \`GET /tickets\` and \`GET /tickets/{id}\` from \`10.0.0.0/16\` (role \`agents\`)

</details>
`;
    for (let i = 0; i < 2; i++) {
      const ran = await access("narrow.yaml", "--diff", "same.yaml", "--md");
      assert.deepEqual([ran.stdout, ran.stderr, ran.code], [markdown, "", 0]);
    }
    const wider = await access("same.yaml", "--diff", "narrow.yaml", "--md");
    assert.match(wider.stdout, /^### Access widens\n/);
    assert.match(
      wider.stdout,
      /\n\*\*Gains\*\*\n\n- group `agents` can now call `GET \/tickets` and `GET \/tickets\/{id}` \(role `agents`\)\n/,
    );
    assert.equal(wider.code, 1);
  });

  test("--json has every change with its routes and a request that shows it", async () => {
    const { stdout } = await access("same.yaml", "--diff", "narrow.yaml", "--env", "prod", "--json");
    const { environments } = JSON.parse(stdout) as { environments: { changes: Record<string, unknown>[] }[] };
    const [change] = environments[0]?.changes ?? [];
    assert.deepEqual(change, {
      text: "group `agents` can now call `GET /tickets` and `GET /tickets/{id}` from `10.0.0.0/16` (role `agents`)",
      effect: "gain",
      isSure: true,
      who: ["group `agents`"],
      when: "from `10.0.0.0/16`",
      otherwise: null,
      roles: ["agents"],
      routes: ["GET /tickets", "GET /tickets/{id}"].map((key) => ({
        exposure: "public",
        host: "desk.example",
        service: "tickets",
        key,
        otherKeys: [key],
        isOnBoth: true,
        because: null,
      })),
      example: {
        method: "GET",
        path: "/tickets",
        sourceIp: "10.0.0.0",
        atMs: Date.UTC(2026, 0, 5, 12),
        caller: {
          subject: "somebody",
          clientId: null,
          groups: ["agents"],
          issuer: null,
          claims: {},
          issuedAtSeconds: Date.UTC(2026, 0, 5, 12) / 1000,
        },
      },
    });
  });
});

describe("between environments", () => {
  test("what promotion would change: who may call what counts, addresses and networks are told; exit 0 and 1", async () => {
    const forth = await access("--between", "dev", "prod", "same.yaml");
    assert.deepEqual(
      [forth.stdout, forth.code],
      [
        "from `dev` to `prod`: who gets in changes in `prod`; somebody loses in `prod`; limits change in\n    `prod`\n\n" +
          "prod\n  who gets in and from where\n    private services can be reached from `10.0.0.0/16`, before from nowhere\n" +
          "  losses\n    group `agents` can no longer call private `GET /reports`, `GET /tickets` and `GET /tickets/{id}`\n" +
          "        in all circumstances, now only from `10.0.0.0/16` (role `agents`)\n" +
          "  limits and addresses\n    `desk.example` answers, before `desk.localhost`\n",
        0,
      ],
    );
    const back = await access("same.yaml", "--between", "prod", "dev");
    assert.match(
      back.stdout,
      /\n {4}group `agents` can now call private `GET \/reports`, `GET \/tickets` and `GET \/tickets\/{id}` in\n {8}all circumstances, before only from `10\.0\.0\.0\/16` \(role `agents`\)\n/,
    );
    assert.equal(back.code, 1);
  });

  for (const [args, message] of [
    [["--between", "dev", "dev"], "`dev` is compared with itself"],
    [["--between", "dev"], "`--between` takes two environments"],
    [["--between", "dev", "staging"], "the policy has no environment `staging`, it has `dev`, `prod`"],
    [["--between", "dev", "prod", "--env", "prod"], "`--between` names its environments, so `--env` has no meaning"],
    [["--diff", "main", "--role", "agents"], "`--role` cannot be used in a comparison, which is always of everything"],
  ] as const)
    test(`${args.join(" ")}: ${message}`, async () => {
      const { code, stderr } = await access(...args);
      assert.equal(code, 2);
      assert.ok(stderr.startsWith(`gatehouse: ${message} [GH_`), stderr);
    });
});
