/**
 * A policy as large companies have it: services of many teams, each team's in a file of its own, with their roles and
 * boundaries. Every route is needed by a role, every grant is used, so that nothing is found.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Size {
  readonly routes: number;
  readonly roles: number;
  readonly files: number;
}

const ROUTES_OF_SERVICE = 20;
const CONDITIONS = [
  "{ source_ip: [10.0.0.0/8] }",
  "{ token_age: 10 minutes, amr: [mfa] }",
  '{ hours: { days: [monday, friday], from: "08:00", to: "18:00", zone: Europe/Berlin } }',
];

/** Texts by path; the policy itself is `gatehouse.yaml`. */
export function writeLargePolicy({ routes, roles, files }: Size): Map<string, string> {
  const texts = new Map<string, string>();
  const names = Array.from({ length: files - 1 }, (_, file) => `teams/team-${file}.gatehouse.yaml`);
  texts.set(
    "gatehouse.yaml",
    `gatehouse: 1
name: large
include:
${names.map((name) => `  - ${name}`).join("\n")}

identity:
  issuer: https://login.shop.example
  audience: shop-api

environments:
  local: { identity: embedded, domain: shop.localhost }
  prod:
    domain: api.shop.example
    certificates: { acme: ops@shop.example }
    throttle: { per_identity: 10/second }

throttle: { default: 1000/second burst 2000, per_identity: 100/second }
`,
  );
  const teams = names.length;
  const share = (total: number, team: number): number =>
    Math.floor((total * (team + 1)) / teams) - Math.floor((total * team) / teams);
  for (const [team, name] of names.entries()) texts.set(name, writeTeam(team, share(routes, team), share(roles, team)));
  return texts;
}

function writeTeam(team: number, routes: number, roles: number): string {
  const lines = [`# What team ${team} runs.`, "gatehouse: 1", "", "services:"];
  const services = Math.max(1, Math.ceil(routes / ROUTES_OF_SERVICE));
  for (let s = 0; s < services; s++) {
    const service = `t${team}-s${s}`;
    lines.push(
      `  ${service}:`,
      "    exposure: public",
      `    upstream: { local: http://127.0.0.1:4001, prod: https://${service}.shop.internal }`,
      `    base_path: /${service}`,
      "    headers: { keep: [x-tenant], identity: { x-user: subject } }",
      "    routes:",
    );
    for (let r = 0; r < Math.min(ROUTES_OF_SERVICE, routes - s * ROUTES_OF_SERVICE); r++)
      lines.push(`      ${writeRoute(r, `t${team}-a${s % roles}`)}`);
  }
  lines.push("", "roles:");
  for (let role = 0; role < roles; role++) {
    const area = `t${team}-a${role % services}`;
    lines.push(
      `  t${team}-role-${role}:`,
      role % 7 === 0
        ? `    members: { any: [{ groups: [team-${team}, readers] }, { subject: [person-${role}] }] }`
        : `    members: { groups: [team-${team}-${role}] }`,
      `    can: [${area}:read, ${area}:write]`,
      `    boundary: t${team}`,
      ...(role % 4 === 0 ? [`    when: ${CONDITIONS[(role / 4) % CONDITIONS.length]}`] : []),
    );
  }
  lines.push("", "boundaries:");
  const areas = Array.from({ length: Math.min(services, roles) }, (_, area) => `t${team}-a${area}:*`);
  lines.push(`  t${team}: [${areas.join(", ")}]`, "");
  return lines.join("\n");
}

function writeRoute(r: number, area: string): string {
  switch (r % 5) {
    case 0:
      return `GET /things-${r}:            { needs: ${area}:read, timeout: 5 seconds }`;
    case 1:
      return `POST /things-${r}:           { needs: ${area}:write, throttle: 50/second burst 100, timeout: 10 seconds, body: 1 MB }`;
    case 2:
      return `GET /things-${r}/{id}:       { needs: ${area}:read, timeout: 5 seconds, retries: 2 }`;
    case 3:
      return `DELETE /things-${r}/{id}:    { needs: ${area}:write, timeout: 5 seconds }`;
    default:
      return `GET /files-${r}/{path+}:     { needs: ${area}:read, streaming: true }`;
  }
}

export function writeFiles(folder: string, texts: ReadonlyMap<string, string>): void {
  for (const [name, text] of texts) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  writeFileSync(join(folder, "people.yaml"), "people:\n  ada: { password: ada, groups: [readers] }\n");
}
