/**
 * Text of a policy file to a checked policy, or everything that is wrong with it.
 *
 * In: path as the user gave it, text. Out: the policy (null when there is an error), findings in the order of the file,
 * and the text for those who print places. Not here: guardrails, which judge a policy that is well formed.
 * Source: docs/spec/policy-language.md.
 * INVARIANT: never throws, whatever the text; the policy is frozen all the way down.
 */
import { type Diagnostic, type Sources, hasErrors } from "../../core/index.ts";
import { hostOf } from "../list-routes.ts";
import type { Policy } from "../policy.ts";
import { checkPathParameters } from "./check-path-parameters.ts";
import { checkRoutes } from "./check-routes.ts";
import { isVersionOne } from "./check-version.ts";
import { joinSection } from "./join-sections.ts";
import { KEYS } from "./keys.ts";
import { readCors } from "./read-cors.ts";
import { type EnvironmentReading, readEnvironments } from "./read-environments.ts";
import { readIdentity } from "./read-identity.ts";
import { type ReadInclude, type Section, readIncludes, startOf } from "./read-includes.ts";
import { readSecrets, readThrottle, readWaivers } from "./read-limits.ts";
import { readBoundaries, readRoles } from "./read-roles.ts";
import { type ServiceReading, readServices } from "./read-services.ts";
import { type Entry, type Tree, readTree } from "./read-tree.ts";
import { checkName, readFields, readText } from "./read-values.ts";
import { type Report, createReport } from "./report.ts";
import {
  checkBoundaryNames,
  checkHostNames,
  checkIssuers,
  checkLogin,
  checkOverrides,
  checkPermissions,
  checkSecrets,
} from "./resolve.ts";

const SERVICES_EXAMPLE = "services: { orders: { exposure: public, upstream: http://127.0.0.1:4001, routes: { ... } } }";

export interface ParsedPolicy {
  readonly policy: Policy | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

/** `read` gives the files that the policy includes; without it including one is an error. */
export function parsePolicy(file: string, text: string, read: ReadInclude | null = null): ParsedPolicy {
  // Editors do not count a byte order mark as a column.
  const report = createReport(file, text.replace(/^\ufeff/, ""));
  const tree = readTree(report);
  const policy = tree === null ? null : readPolicy(report, tree, read);
  const diagnostics = report.list();
  return {
    policy: policy === null || hasErrors(diagnostics) ? null : freeze(policy),
    diagnostics,
    sources: report.sources(),
  };
}

function readPolicy(report: Report, root: Tree, read: ReadInclude | null): Policy | null {
  const fields = readFields(report, root, "the policy", startOf(root), KEYS.policy);
  if (fields === null || !isVersionOne(report, fields.of("gatehouse"))) return null;
  const entryOf = (key: Parameters<typeof fields.of>[0]): Entry | null => {
    const value = fields.of(key);
    return value === null ? null : { key, keyAt: fields.keyAt(key), value };
  };
  const { parts, isComplete } = readIncludes(report, fields.of("include"), read);
  const sectionOf = (section: Exclude<Section, "guardrails">): Entry | null => sections[section].entry;
  const join = (section: Section) => joinSection(entryOf(section), parts, section, report);
  const sections = {
    services: join("services"),
    roles: join("roles"),
    boundaries: join("boundaries"),
    secrets: join("secrets"),
  };
  // What is missing may stand where nothing could be read, or under a key that is misspelled.
  const isKnown = (section: keyof typeof sections): boolean =>
    !report.hasErrors() ||
    (isComplete && sections[section].isComplete && (sections[section].entry !== null || !fields.hasUnknown));

  const name = readText(report, fields.of("name"), "`name`");
  if (name !== null) checkName(report, name.value, name.at, "policy");
  const identityEntry = entryOf("identity");
  const identity = identityEntry === null ? null : readIdentity(report, identityEntry);
  const issuers = identity === null || identity.issuersAt === null ? null : [...identity.issuersAt.keys()];
  const environmentsEntry = entryOf("environments");
  const issuer = identity === null || identity.hasIssuer ? (identity?.provider.issuer ?? "") : null;
  const environments =
    environmentsEntry === null ? [] : readEnvironments(report, environmentsEntry, { issuer, issuers });
  const servicesEntry = sectionOf("services");
  if (servicesEntry === null && (isComplete || !report.hasErrors()) && !fields.isMisspelled("services"))
    report.add("parse/missing-key", startOf(root), "the policy lacks `services`", {
      hint: `add \`${SERVICES_EXAMPLE}\``,
    });
  const environmentNames = environments.map(({ environment }) => environment.name);
  const services = servicesEntry === null ? [] : readServices(report, servicesEntry, environmentNames);
  const roles = readRoles(report, sectionOf("roles"), issuers);
  const boundaries = readBoundaries(report, sectionOf("boundaries"));
  const throttle = readThrottle(report, entryOf("throttle"));
  const cors = readCors(report, fields.of("cors"), fields.keyAt("cors"));
  const secrets = readSecrets(report, sectionOf("secrets"));
  const waivers = [entryOf("guardrails"), ...parts.map((part) => part.of("guardrails"))].flatMap((entry) =>
    readWaivers(report, entry),
  );

  checkHosts(report, services, environments);
  checkHostNames(report, services, environments);
  if (isKnown("boundaries")) checkBoundaryNames(report, roles, boundaries);
  if (isKnown("services")) {
    checkPermissions(report, services, roles, boundaries);
    checkPathParameters(report, services, roles, environments);
  }
  checkOverrides(
    report,
    isKnown("services") ? services : null,
    isKnown("roles") ? roles : null,
    environments,
    issuers ?? [],
  );
  if (identity !== null) {
    checkLogin(report, services, identity.provider, environments);
    checkIssuers(report, identity, environments);
    if (isKnown("secrets"))
      checkSecrets(report, [...identity.secrets, ...environments.flatMap((one) => one.secrets)], secrets);
  }
  if (identity === null) return null;
  return {
    name: name?.value ?? "",
    file: report.file,
    identity: identity.provider,
    environments: environments.map(({ environment }) => environment),
    services: services.map(({ service }) => service),
    roles: roles.map(({ role }) => role),
    boundaries,
    throttle,
    cors,
    secrets,
    waivers,
  };
}

/** Routes against each other, for each set that answers for one host name on one listener in some environment. */
function checkHosts(
  report: Report,
  services: readonly ServiceReading[],
  environments: readonly EnvironmentReading[],
): void {
  const checked = new Set<string>();
  // Without a readable environment all services share one host.
  const views = environments.length === 0 ? [null] : environments.map(({ environment }) => environment);
  for (const environment of views) {
    const sets = new Map<string, ServiceReading["service"][]>();
    for (const { service } of services) {
      const key = `${service.exposure} ${environment === null ? "" : hostOf(service, environment)}`;
      const set = sets.get(key);
      if (set === undefined) sets.set(key, [service]);
      else set.push(service);
    }
    for (const set of sets.values()) {
      const key = set.map(({ name }) => name).join(" ");
      if (checked.has(key)) continue;
      checked.add(key);
      checkRoutes(
        report,
        set.flatMap((service) => service.routes),
      );
    }
  }
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
