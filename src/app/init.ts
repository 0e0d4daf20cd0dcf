/**
 * A starter policy for one service: what a newcomer needs to see a first protected answer.
 *
 * In:  name of the service, its address, which provider. Out: the files written.
 * Nothing is overwritten unless asked; either all files are written or none.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GatehouseError, renderDiagnostic } from "../core/index.ts";
import { parsePolicy } from "../policy/index.ts";
import { POLICY_FILE } from "./load-policy.ts";
import { SCHEMA_FILE, schemaText } from "./schema.ts";
import { errnoOf } from "./state.ts";

export interface InitAnswers {
  readonly service: string;
  /** Base address, `http://127.0.0.1:3000`. */
  readonly upstream: string;
  /** `embedded`, or the issuer of a real provider. */
  readonly provider: string;
  /** @default the service's name followed by `-api` */
  readonly audience?: string | undefined;
}

export interface Initialized {
  readonly files: readonly string[];
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** @throws GH_APP_ANSWER, GH_APP_FILE_EXISTS, GH_STATE_UNWRITABLE */
export function initPolicy(dir: string, answers: InitAnswers, force: boolean): Initialized {
  checkAnswers(answers);
  const policy = policyText(answers);
  const { policy: parsed, diagnostics, sources } = parsePolicy(POLICY_FILE, policy);
  if (parsed === null) {
    const first = diagnostics[0];
    const problem = first === undefined ? "it does not parse" : renderDiagnostic(first, sources);
    throw new GatehouseError("GH_INTERNAL", { problem: `the starter policy is wrong: ${problem}` });
  }
  const files = new Map([
    [POLICY_FILE, policy],
    [SCHEMA_FILE, schemaText("policy")],
  ]);
  if (answers.provider === "embedded") files.set("people.yaml", peopleText());
  if (!existsSync(join(dir, ".gitignore"))) files.set(".gitignore", ".gatehouse/\n");
  for (const name of files.keys()) {
    if (!force && existsSync(join(dir, name)))
      throw new GatehouseError("GH_APP_FILE_EXISTS", { file: join(dir, name) });
  }
  const written: string[] = [];
  try {
    mkdirSync(dir, { recursive: true });
    for (const [name, text] of files) {
      const file = join(dir, name);
      // Passwords stand in it, if only for development.
      const mode = name === "people.yaml" ? 0o600 : 0o644;
      writeFileSync(file, text, { flag: force ? "w" : "wx", mode });
      written.push(file);
    }
  } catch (cause) {
    if (!force) for (const file of written) rmSync(file, { force: true });
    throw new GatehouseError("GH_STATE_UNWRITABLE", { path: dir, reason: errnoOf(cause) ?? "unknown" }, { cause });
  }
  return { files: written };
}

function checkAnswers({ service, upstream, provider }: InitAnswers): void {
  if (!NAME.test(service)) {
    throw new GatehouseError("GH_APP_ANSWER", {
      answer: service,
      wanted: "a service name of lower-case letters, digits and single hyphens",
    });
  }
  if (!isOrigin(upstream, ["http:", "https:"])) {
    throw new GatehouseError("GH_APP_ANSWER", {
      answer: upstream,
      wanted: "the service's address such as http://127.0.0.1:3000, without a path",
    });
  }
  if (provider !== "embedded" && !isUrl(provider)) {
    throw new GatehouseError("GH_APP_ANSWER", {
      answer: provider,
      wanted: "`embedded`, or the https address of an OpenID provider",
    });
  }
}

function isOrigin(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    protocols.includes(url.protocol) &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === ""
  );
}

function isUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    (url.protocol === "https:" ||
      (url.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname)))
  );
}

function policyText({ service, upstream, provider, audience }: InitAnswers): string {
  const embedded = provider === "embedded";
  const issuer = embedded ? "https://login.example.com" : provider;
  return `# yaml-language-server: $schema=${SCHEMA_FILE}
# Who may reach what. \`gatehouse check\` reads this file, \`gatehouse up\` runs it, \`gatehouse access\` shows what it means.
gatehouse: 1
name: ${service}

identity:
  issuer: ${issuer}${embedded ? "  # used by environments other than local" : ""}
  audience: ${audience ?? `${service}-api`}
  claims: { groups: groups, name: preferred_username }

environments:
  local:
${embedded ? "    identity: embedded  # a development provider in this process; people and clients are in people.yaml\n" : ""}    domain: ${service}.localhost
    certificates: internal
    gateway: embedded

services:
  ${service}:
    exposure: public
    upstream: ${upstream.replace(/\/$/, "")}
    routes:
      ANY /:        { needs: ${service}:use }
      ANY /{path+}: { needs: ${service}:use }

roles:
  users: { members: { groups: [users] }, can: ["${service}:use"], boundary: everyone }

boundaries:
  everyone: ["${service}:use"]

throttle: { default: 1000/second burst 2000, per_identity: 100/second burst 200 }
`;
}

function peopleText(): string {
  return `# Development only: these people and clients exist in the embedded provider, on this machine alone.
people:
  alice: { password: alice, name: Alice Adams, email: alice@example.com, groups: [users] }
  bob:   { password: bob, name: Bob Brown, email: bob@example.com, groups: [] }
clients:
  robot: { secret: robot-development-secret, groups: [users] }
`;
}
