/**
 * Roles and boundaries as IAM documents that say exactly what `decide` says.
 *
 * In: the policy and its compiled APIs. Out: an IAM role for each condition under which a role has grants, and its
 * boundary as a second document. An IAM role holds what the role `can` under that condition, its boundary what the boundary
 * lists; each is exact by itself, so what both allow is too.
 * Not here: how a set of permissions becomes resources (exact-grants.ts), which grants belong together (group-grants.ts),
 * who may take a role on (compile-trust.ts).
 * Source: IAM user guide, "Permissions boundaries"; API Gateway developer guide, "Control access for invoking an API".
 */
import type { Diagnostic } from "../core/index.ts";
import { type PolicyDocument, type Statement, invokeArn } from "../iam/index.ts";
import { type IamArtifact, type IamRole, canonicalCondition, sortBy } from "../model/index.ts";
import { type Environment, type Located, type Policy, type Role, permissionMatches } from "../policy/index.ts";
import type { CompiledApi } from "./compile-api.ts";
import { brokeredTrust } from "./compile-trust.ts";
import { type Overlap, type RouteIndex, grantExactly } from "./exact-grants.ts";
import { groupGrants } from "./group-grants.ts";
import type { ConditionBlock } from "./iam-condition.ts";
import { createOverlapReport } from "./overlap-diagnostics.ts";
import type { Target } from "./target.ts";

export interface IndexedApi {
  readonly compiled: CompiledApi;
  readonly index: RouteIndex;
}

const ACTION = "execute-api:Invoke";

export function compileIam(
  policy: Policy,
  environment: Environment,
  apis: readonly IndexedApi[],
  target: Target,
): { iam: IamArtifact; diagnostics: Diagnostic[] } {
  const known = new Set(apis.flatMap(({ index }) => [...index.permissions]));
  const expand = createExpander(known);
  const grant = createGranter(apis, target);
  const documentOf = createDocuments();
  const report = createOverlapReport();

  const boundaries = new Map<string, { document: PolicyDocument; permissions: ReadonlySet<string> }>();
  const used = new Set(policy.roles.map((role) => role.boundary));
  for (const { name, permissions: listed, at } of policy.boundaries) {
    if (!used.has(name)) continue;
    const permissions = expand(listed);
    const { grants, overlaps } = grant(permissions, NO_PERMISSIONS);
    report.add({ kind: "boundary", name, at, isPart: false }, overlaps);
    boundaries.set(name, { document: documentOf(grants, null), permissions });
  }

  const { partition, region, account } = target;
  const roles: IamRole[] = [];
  const found: Diagnostic[] = [];
  const nameOf = createNames(policy, environment.name);
  const trust = brokeredTrust(environment, target);
  for (const role of policy.roles) {
    const boundary = boundaries.get(role.boundary) ?? { document: NOTHING, permissions: new Set() };
    const { groups, diagnostics } = groupGrants(role, expand);
    found.push(...diagnostics);
    for (const [index, { condition, permissions, alsoGranted }] of groups.entries()) {
      const { grants, overlaps } = grant(permissions, alsoGranted);
      report.add({ kind: "role", name: role.name, at: role.at, isPart: groups.length > 1 }, overlaps);
      const roleName = nameOf(role, index);
      roles.push({
        name: role.name,
        roleName,
        arn: `arn:${partition}:iam::${account}:role/gatehouse/${roleName}`,
        members: role.members,
        permissions: [...permissions].filter((permission) => boundary.permissions.has(permission)).sort(),
        policy: documentOf(grants, condition),
        boundaryName: role.boundary,
        permissionsBoundary: boundary.document,
        ...(trust === null ? {} : { assumeRolePolicyDocument: trust.trustOf(role.name) }),
      });
    }
  }
  const provider = trust === null ? {} : { oidcProvider: trust.provider };
  return { iam: { partition, region, account, ...provider, roles }, diagnostics: [...found, ...report.diagnostics()] };
}

/** `policy-environment-role` for a role's first group, then with `-2`, `-3`..., but never the name of another role. */
function createNames(policy: Policy, environmentName: string): (role: Role, index: number) => string {
  const plain = (name: string): string => `${policy.name}-${environmentName}-${name}`;
  const given = new Set(policy.roles.map(({ name }) => plain(name)));
  return (role, index) => {
    if (index === 0) return plain(role.name);
    let number = index + 1;
    while (given.has(`${plain(role.name)}-${number}`)) number++;
    const name = `${plain(role.name)}-${number}`;
    given.add(name);
    return name;
  };
}

interface Grants {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** A document that allows nothing. IAM has no document without statements. */
const NOTHING: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [{ Sid: "Nothing", Effect: "Deny", Action: ACTION, Resource: "*" }],
};

/** Documents; the same object for the same grants, as many boundaries are alike and documents can be long. */
function createDocuments(): (grants: Grants, condition: ConditionBlock | null) => PolicyDocument {
  const known = new Map<Grants, Map<string, PolicyDocument>>();
  return (grants, condition) => {
    let ofGrants = known.get(grants);
    if (ofGrants === undefined) known.set(grants, (ofGrants = new Map()));
    const key = canonicalCondition(condition);
    let document = ofGrants.get(key);
    if (document === undefined) ofGrants.set(key, (document = writeDocument(grants, condition)));
    return document;
  };
}

function writeDocument({ allow, deny }: Grants, Condition: ConditionBlock | null): PolicyDocument {
  if (allow.length === 0) return NOTHING;
  const statements: Statement[] = [
    { Sid: "Grants", Effect: "Allow", Action: ACTION, Resource: allow, ...(Condition === null ? {} : { Condition }) },
  ];
  if (deny.length > 0) statements.push({ Sid: "Except", Effect: "Deny", Action: ACTION, Resource: deny });
  return { Version: "2012-10-17", Statement: statements };
}

/** The permissions of routes that a list of patterns covers; the same set for the same list. */
function createExpander(known: ReadonlySet<string>): (patterns: readonly Located<string>[]) => ReadonlySet<string> {
  const byArea = new Map<string, string[]>();
  for (const permission of known) {
    const area = `${permission.slice(0, permission.indexOf(":"))}:*`;
    const list = byArea.get(area);
    if (list === undefined) byArea.set(area, [permission]);
    else list.push(permission);
  }
  const byPatterns = new Map<string, ReadonlySet<string>>();
  const cover = (pattern: string): Iterable<string> => {
    // Only a pattern with a wildcard covers more than itself.
    if (!pattern.includes("*")) return known.has(pattern) ? [pattern] : [];
    return byArea.get(pattern) ?? [...known].filter((permission) => permissionMatches(pattern, permission));
  };
  return (patterns) => {
    const key = patterns.map(({ value }) => value).join(" ");
    let permissions = byPatterns.get(key);
    if (permissions !== undefined) return permissions;
    const covered = new Set<string>();
    for (const { value } of patterns) for (const permission of cover(value)) covered.add(permission);
    byPatterns.set(key, (permissions = covered));
    return permissions;
  };
}

type Granter = (
  permissions: ReadonlySet<string>,
  indifferent: ReadonlySet<string>,
) => { readonly grants: Grants; readonly overlaps: readonly Overlap[] };

const NO_PERMISSIONS: ReadonlySet<string> = new Set();

/** The ARNs that allow exactly the routes of some permissions over all APIs; equal sets are worked out once. */
function createGranter(apis: readonly IndexedApi[], target: Target): Granter {
  const known = new Map<string, ReturnType<Granter>>();
  const keys = new Map<ReadonlySet<string>, string>();
  // Patterns such as `*` make one large set for many boundaries, which is sorted once.
  const keyOf = (permissions: ReadonlySet<string>): string => {
    let key = keys.get(permissions);
    if (key === undefined) keys.set(permissions, (key = [...permissions].sort().join(" ")));
    return key;
  };
  // In the order of their ids, so that the ARNs of one after those of another are sorted.
  const sorted = sortBy(apis, ({ compiled }) => compiled.api.apiId).map(({ compiled, index }) => ({
    index,
    arnOf: createArns(target, compiled.api.apiId),
  }));
  const byPermission = new Map<string, number[]>();
  for (const [place, { index }] of sorted.entries())
    for (const permission of index.permissions) {
      const places = byPermission.get(permission);
      if (places === undefined) byPermission.set(permission, [place]);
      else places.push(place);
    }
  return (permissions, indifferent) => {
    const key = `${keyOf(permissions)}|${keyOf(indifferent)}`;
    let found = known.get(key);
    if (found !== undefined) return found;
    const allow: string[] = [];
    const deny: string[] = [];
    const overlaps: Overlap[] = [];
    const places = new Set([...permissions].flatMap((permission) => byPermission.get(permission) ?? []));
    for (const place of [...places].sort((a, b) => a - b)) {
      const api = sorted[place];
      if (api === undefined) continue;
      const grants = grantExactly(api.index, permissions, indifferent);
      for (const resource of grants.allow) allow.push(api.arnOf(resource));
      for (const resource of grants.deny) deny.push(api.arnOf(resource));
      overlaps.push(...grants.overlaps);
    }
    found = { grants: { allow, deny }, overlaps };
    known.set(key, found);
    return found;
  };
}

/** The ARN of `METHOD/path`; the same text each time, as many roles name the same routes. */
function createArns(target: Target, apiId: string): (resource: string) => string {
  const root = invokeArn({ ...target, apiId, stage: "$default", method: "", path: "" });
  const prefix = root.slice(0, -1);
  const known = new Map<string, string>();
  return (resource) => {
    let arn = known.get(resource);
    if (arn === undefined) known.set(resource, (arn = prefix + resource));
    return arn;
  };
}
