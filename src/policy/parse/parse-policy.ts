/**
 * Text of a policy file to a checked policy, or everything that is wrong with it.
 *
 * In: path as the user gave it, text. Out: the policy (null when there is an error), findings in the order of the file,
 * and the text for those who print places. Not here: guardrails, which judge a policy that is well formed.
 * Source: docs/spec/policy-language.md.
 * INVARIANT: never throws, whatever the text; the policy is frozen all the way down.
 */
import { type Diagnostic, type Sources, hasErrors } from "../../core/index.ts";
import type { Exposure, Policy } from "../policy.ts";
import { checkRoutes } from "./check-routes.ts";
import { readEnvironments } from "./read-environments.ts";
import { readIdentity } from "./read-identity.ts";
import { readSecrets, readThrottle, readWaivers } from "./read-limits.ts";
import { readBoundaries, readRoles } from "./read-roles.ts";
import { type ServiceReading, readServices } from "./read-services.ts";
import { type Entry, type Tree, readTree } from "./read-tree.ts";
import { checkName, readFields, readText } from "./read-values.ts";
import { type Report, createReport, quote } from "./report.ts";
import { checkBoundaryNames, checkLogin, checkPermissions, checkSecrets } from "./resolve.ts";

const REQUIRED = {
  gatehouse: "gatehouse: 1",
  name: "name: shop",
  identity: "identity: { audience: shop-api }",
  environments: "environments: { local: { identity: embedded, domain: shop.localhost } }",
  services: "services: { orders: { exposure: public, upstream: http://127.0.0.1:4001, routes: { ... } } }",
};

export interface ParsedPolicy {
  readonly policy: Policy | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

export function parsePolicy(file: string, text: string): ParsedPolicy {
  const report = createReport(file, text);
  const tree = readTree(report);
  const policy = tree === null ? null : readPolicy(report, tree);
  const diagnostics = report.list();
  return {
    policy: policy === null || hasErrors(diagnostics) ? null : freeze(policy),
    diagnostics,
    sources: new Map([[file, text]]),
  };
}

function readPolicy(report: Report, root: Tree): Policy | null {
  const fields = readFields(report, root, "the policy", startOf(root), {
    required: REQUIRED,
    optional: ["roles", "boundaries", "throttle", "secrets", "guardrails"],
  });
  if (fields === null || !isVersionOne(report, fields.of("gatehouse"))) return null;
  const entryOf = (key: Parameters<typeof fields.of>[0]): Entry | null => {
    const value = fields.of(key);
    return value === null ? null : { key, keyAt: fields.keyAt(key), value };
  };

  const name = readText(report, fields.of("name"), "`name`");
  if (name !== null) checkName(report, name.value, name.at, "policy");
  const identityEntry = entryOf("identity");
  const identity = identityEntry === null ? null : readIdentity(report, identityEntry);
  const environmentsEntry = entryOf("environments");
  const issuer = identity === null || identity.hasIssuer ? (identity?.provider.issuer ?? "") : null;
  const environments = environmentsEntry === null ? [] : readEnvironments(report, environmentsEntry, issuer);
  const servicesEntry = entryOf("services");
  const environmentNames = environments.map((environment) => environment.name);
  const services = servicesEntry === null ? [] : readServices(report, servicesEntry, environmentNames);
  const roles = readRoles(report, entryOf("roles"));
  const boundaries = readBoundaries(report, entryOf("boundaries"));
  const throttle = readThrottle(report, entryOf("throttle"));
  const secrets = readSecrets(report, entryOf("secrets"));
  const waivers = readWaivers(report, entryOf("guardrails"));

  checkRoutes(report, listByExposure(services, "public"));
  checkRoutes(report, listByExposure(services, "private"));
  if (fields.of("boundaries") !== null || !fields.hasUnknown) checkBoundaryNames(report, roles, boundaries);
  checkPermissions(report, services, roles, boundaries);
  if (identity !== null) {
    checkLogin(report, services, identity.provider);
    checkSecrets(report, identity.secrets, secrets);
  }
  if (identity === null) return null;
  return {
    name: name?.value ?? "",
    file: report.file,
    identity: identity.provider,
    environments,
    services: services.map(({ service }) => service),
    roles: roles.map(({ role }) => role),
    boundaries,
    throttle,
    secrets,
    waivers,
  };
}

/** False when the rest of the file is in a language that is not this one. */
function isVersionOne(report: Report, tree: Tree | null): boolean {
  if (tree === null || (tree.kind === "number" && tree.text === "1")) return true;
  const found = tree.kind === "number" || tree.kind === "text" ? quote(tree.text) : "this";
  report.add("parse/version", tree.at, `${found} is not a version of the language that is known here`, {
    hint: "write `gatehouse: 1`",
  });
  return tree.kind !== "number";
}

function listByExposure(services: readonly ServiceReading[], exposure: Exposure): Policy["services"][number]["routes"] {
  return services.filter(({ service }) => service.exposure === exposure).flatMap(({ service }) => service.routes);
}

function startOf(root: Tree): Tree["at"] {
  return { ...root.at, end: root.kind === "mapping" ? (root.entries[0]?.keyAt.end ?? root.at.end) : root.at.end };
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
