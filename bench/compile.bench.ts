/**
 * What compiling a large policy costs: CPU time of `compile`, first call and later ones, and of the digest in it.
 *
 * In: `node bench/compile.bench.ts [--routes N] [--roles N] [--rounds N]`. Out: one line for each kind of policy. The budget
 * is 1 s for 10,000 routes and 500 roles.
 * Kinds: `plain` has grants only; `conditions` has a `when` on a third of the roles and grants; `hosts` has every other
 * service on a host of its own besides. Reading the policy is not counted.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { compile } from "../src/compile/index.ts";
import { parsePolicy } from "../src/policy/index.ts";

const { values } = parseArgs({
  options: {
    routes: { type: "string", default: "10000" },
    roles: { type: "string", default: "500" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
  },
});

const ROUTES_OF_SERVICE = 20;
const ACTIONS = ["read", "write", "list", "export", "admin"] as const;
const CONDITIONS = [
  "{ source_ip: [10.0.0.0/8] }",
  "{ token_age: 10 minutes, amr: [mfa] }",
  '{ hours: { days: [monday, friday], from: "08:00", to: "18:00", zone: Europe/Berlin } }',
  "{ path: { id: claim:sub } }",
];

type Kind = "plain" | "conditions" | "hosts";

function writePolicy(routes: number, roles: number, kind: Kind): string {
  const services = Math.ceil(routes / ROUTES_OF_SERVICE);
  const lines = [
    "gatehouse: 1",
    "name: large",
    "identity: { issuer: https://login.shop.example, audience: shop-api }",
    "environments: { local: { domain: shop.localhost, identity: embedded } }",
    "services:",
  ];
  for (let s = 0; s < services; s++) {
    lines.push(`  service-${s}:`, "    exposure: public", `    upstream: http://127.0.0.1:${10_000 + (s % 5000)}`);
    if (kind === "hosts" && s % 2 === 0) lines.push(`    host: host-${s}.localhost`);
    lines.push("    routes:");
    for (let r = 0; r < Math.min(ROUTES_OF_SERVICE, routes - s * ROUTES_OF_SERVICE); r++) {
      const action = ACTIONS[r % ACTIONS.length] ?? "read";
      const [method, tail] = [r % 2 === 0 ? "GET" : "POST", r % 4 < 2 ? "" : `/part-${r}`];
      lines.push(`      ${method} /service-${s}/things-${r >> 2}/{id}${tail}: { needs: area-${s}:${action} }`);
    }
  }
  lines.push("roles:");
  for (let r = 0; r < roles; r++) {
    const when = kind !== "plain" && r % 3 === 0 ? `, when: ${CONDITIONS[r % CONDITIONS.length]}` : "";
    lines.push(`  role-${r}: { members: { groups: [group-${r}] }, boundary: boundary-${r % 50}${when}, can: [`);
    for (let g = 0; g < 8; g++) {
      const area = `area-${(r * 7 + g * 13) % services}`;
      const narrowed = `{ permission: "${area}:*", when: ${CONDITIONS[(r + g) % CONDITIONS.length]} }`;
      lines.push(`    ${kind !== "plain" && g % 3 === 0 ? narrowed : `"${area}:*"`},`);
    }
    lines.push("    ] }");
  }
  lines.push("boundaries:");
  for (let b = 0; b < Math.min(50, roles); b++) lines.push(`  boundary-${b}: ["*"]`);
  return `${lines.join("\n")}\n`;
}

function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const [routes, roles, rounds] = [Number(values.routes), Number(values.roles), Number(values.rounds)];
process.stdout.write(
  `${routes} routes, ${roles} roles; node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}\n`,
);
for (const kind of ["plain", "conditions", "hosts"] as const) {
  if (values.only !== undefined && values.only !== kind) continue;
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", writePolicy(routes, roles, kind));
  if (policy === null) throw new Error(diagnostics[0]?.message ?? "no policy");
  let count = 0;
  const times = Array.from({ length: rounds }, () =>
    cpuMs(() => {
      const { artifacts, diagnostics: found } = compile(policy, "local", sources);
      if (artifacts === null) throw new Error(found[0]?.message ?? "no artifacts");
      count = artifacts.iam.roles.length;
    }),
  );
  const [first = 0, ...later] = times;
  const median = later.toSorted((a, b) => a - b)[later.length >> 1] ?? first;
  process.stdout.write(
    `${kind.padEnd(10)} first ${first.toFixed(0)} ms CPU, later ${median.toFixed(0)} ms; ${count} IAM roles\n`,
  );
}
