/**
 * Ways to write the same policy otherwise. None of them may change a decision.
 *
 * In: the tree of a policy and of the files that it includes. Out: the trees of another policy, and how its answers are
 * read: a route key may have other parameter names, another of several roles may come first.
 * Source: docs/spec/policy-language.md PL-1.9, PL-5.7, PL-7.5, PL-8.5, PL-9.2, PL-9.9, PL-15.3.
 */
import type { Answer } from "./engine.ts";
import type { GeneratedPolicy, Mapping, Tree } from "./generate-policy.ts";

export interface Rewritten {
  readonly policy: GeneratedPolicy;
  /** An answer to the original as it has to be for the rewritten one. */
  readonly expect: (answer: Answer) => Answer;
  /** Role names of answers are not compared. */
  readonly isRoleFree?: true;
  /** The decisions of one environment only. */
  readonly environment?: string;
}

/** Null where there is nothing to rewrite. */
export type Rewrite = (policy: GeneratedPolicy) => Rewritten | null;

const same = (answer: Answer): Answer => answer;

export const REWRITES: Readonly<Record<string, Rewrite>> = {
  "path parameters have other names": (policy) => ({
    policy: overParts(policy, renameParameters),
    expect: (answer) => ({ ...answer, route: answer.route === null ? null : renameInKey(answer.route) }),
  }),
  "services and routes stand in another order": (policy) => ({
    policy: overParts(policy, (part) =>
      overSection(part, "services", (services) => reversed(mapValues(services, reverseRoutes))),
    ),
    expect: same,
  }),
  "roles and boundaries stand in another order": (policy) => ({
    policy: overParts(policy, (part) => overSection(overSection(part, "roles", reversed), "boundaries", reversed)),
    expect: same,
    isRoleFree: true,
  }),
  "parts stand in included files": (policy) =>
    Object.keys(policy.include).length > 0 ? null : { policy: splitEverything(policy.policy), expect: same },
  "included files are written into one": (policy) =>
    Object.keys(policy.include).length === 0 ? null : { policy: joinParts(policy), expect: same },
  "members are written in an equal form": (policy) => ({
    policy: overRoles(policy, (role) =>
      "members" in role ? { ...role, members: otherForm(role["members"] ?? null) } : role,
    ),
    expect: same,
  }),
  "areas are written out": (policy) => {
    const needed = listNeeded(policy);
    return {
      policy: overRoles(policy, (role) =>
        "can" in role ? { ...role, can: writeOut(role["can"] ?? [], needed) } : role,
      ),
      expect: same,
    };
  },
  "conditions of roles stand on their grants": (policy) => {
    const kept = listRolesWithOtherConditions(policy);
    return {
      policy: overParts(policy, (part) =>
        overSection(part, "roles", (roles) =>
          mapValues(roles, (role, name) => (kept.has(name) ? role : moveCondition(role as Mapping))),
        ),
      ),
      expect: same,
    };
  },
  "a role that nobody holds comes first": (policy) => ({
    policy: overPolicy(policy, (root) => ({
      ...root,
      roles: {
        nobody: { members: { groups: [] }, can: ["*"], boundary: "for-nobody" },
        ...(root["roles"] as Mapping | undefined),
      },
      boundaries: { "for-nobody": ["*"], ...(root["boundaries"] as Mapping | undefined) },
    })),
    expect: same,
  }),
  "what the last environment says stands in the roles": (policy) => writeOverridesOut(policy),
};

// --- walking

function overPolicy({ policy, include }: GeneratedPolicy, change: (root: Mapping) => Mapping): GeneratedPolicy {
  return { policy: change(policy), include };
}

function overParts({ policy, include }: GeneratedPolicy, change: (part: Mapping) => Mapping): GeneratedPolicy {
  return {
    policy: change(policy),
    include: mapValues(include, (part) => change(part as Mapping)) as GeneratedPolicy["include"],
  };
}

function overSection(part: Mapping, section: string, change: (tree: Mapping) => Mapping): Mapping {
  const tree = part[section];
  return tree === undefined ? part : { ...part, [section]: change(tree as Mapping) };
}

/** Roles, and what environments say about them. */
function overRoles(policy: GeneratedPolicy, change: (role: Mapping) => Mapping): GeneratedPolicy {
  const changeAll = (roles: Mapping): Mapping => mapValues(roles, (role) => change(role as Mapping));
  return overParts(policy, (part) =>
    overSection(overSection(part, "roles", changeAll), "environments", (environments) =>
      mapValues(environments, (environment) => overSection(environment as Mapping, "roles", changeAll)),
    ),
  );
}

function mapValues(mapping: Mapping, change: (value: Tree, name: string) => Tree): Mapping {
  return Object.fromEntries(Object.entries(mapping).map(([name, value]) => [name, change(value, name)]));
}

function mapKeys(mapping: Mapping, change: (name: string) => string): Mapping {
  return Object.fromEntries(Object.entries(mapping).map(([name, value]) => [change(name), value]));
}

function reversed(mapping: Mapping): Mapping {
  return Object.fromEntries(Object.entries(mapping).toReversed());
}

function reverseRoutes(service: Tree): Tree {
  return overSection(service as Mapping, "routes", reversed);
}

function isMapping(tree: Tree | undefined): tree is Mapping {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree);
}

// --- parameters

function renameInKey(key: string): string {
  return key.replace(/\{([^}+]+)(\+?)\}/g, (_, name: string, plus: string) => `{${renameParameter(name)}${plus}}`);
}

function renameParameter(name: string): string {
  return `other-${name}`;
}

function renameParameters(part: Mapping): Mapping {
  const inRole = (role: Tree): Tree => renameInConditions(role);
  const inEnvironment = (environment: Tree): Tree =>
    overSection(
      overSection(environment as Mapping, "routes", (routes) => mapKeys(routes, renameInKey)),
      "roles",
      (roles) => mapValues(roles, inRole),
    );
  const inService = (service: Tree): Tree =>
    overSection(service as Mapping, "routes", (routes) => mapKeys(routes, renameInKey));
  return overSection(
    overSection(
      overSection(part, "services", (services) => mapValues(services, inService)),
      "roles",
      (roles) => mapValues(roles, inRole),
    ),
    "environments",
    (environments) => mapValues(environments, inEnvironment),
  );
}

/** Of a role or a grant. */
function renameInConditions(holder: Tree): Tree {
  if (!isMapping(holder)) return holder;
  const { when, can } = holder;
  return {
    ...holder,
    ...(isMapping(when) ? { when: overSection(when, "path", (path) => mapKeys(path, renameParameter)) } : {}),
    ...(Array.isArray(can) ? { can: (can as readonly Tree[]).map(renameInConditions) } : {}),
  };
}

// --- files

function splitEverything(root: Mapping): GeneratedPolicy {
  const { services = {}, roles, boundaries, ...rest } = root;
  const [first, ...others] = Object.entries(services as Mapping);
  const part = (name: string, tree: Tree | undefined): Mapping => (tree === undefined ? {} : { [name]: tree });
  return {
    policy: {
      ...rest,
      include: ["teams/a.yaml", "b.yaml"],
      services: Object.fromEntries(first === undefined ? [] : [first]),
    },
    include: {
      "teams/a.yaml": {
        gatehouse: 1,
        include: ["more/c.yaml"],
        ...(others.length === 0 ? {} : { services: Object.fromEntries(others) }),
      },
      "teams/more/c.yaml": { gatehouse: 1, ...part("roles", roles) },
      "b.yaml": { gatehouse: 1, ...part("boundaries", boundaries) },
    },
  };
}

/** In the order in which they count: the policy, then each file before those that it includes. */
function joinParts({ policy, include }: GeneratedPolicy): GeneratedPolicy {
  const joined: Record<string, Tree> = { ...policy };
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
  const visit = (paths: Tree | undefined, folder: string): void => {
    for (const path of (paths ?? []) as readonly string[]) {
      const part = include[`${folder}${path}`] ?? {};
      for (const section of ["services", "roles", "boundaries"])
        if (part[section] !== undefined)
          joined[section] = { ...(joined[section] as Mapping | undefined), ...(part[section] as Mapping) };
      visit(part["include"], folderOf(`${folder}${path}`));
    }
  };
  visit(policy["include"], "");
  delete joined["include"];
  return { policy: joined, include: {} };
}

// --- members

/**
 * Lists become `any` of single members, issuers move inwards, `equals` and `one_of` change places, order is turned, an
 * entry of `all` stands there twice. A policy may be 16 levels deep, so single members stay as they are further in.
 */
function otherForm(tree: Tree, depth = 0, outer?: Tree): Tree {
  if (!isMapping(tree)) return tree;
  const { issuer = outer, all, any, not, claim, ...lists } = tree;
  const of = issuer === undefined ? {} : { issuer };
  const inner = (part: Tree): Tree => otherForm(part, depth + 1, issuer);
  if (Array.isArray(all)) {
    const parts = (all as readonly Tree[]).map(inner).toReversed();
    return { all: [...parts, ...parts.filter((part) => isMapping(part) && !("not" in part)).slice(0, 1)] };
  }
  if (Array.isArray(any)) return { any: (any as readonly Tree[]).map(inner).toReversed() };
  if (not !== undefined) return { not: inner(not) };
  const single = isMapping(claim)
    ? claimForms(claim).map((one) => ({ ...of, claim: one }))
    : Object.entries(lists).flatMap(([kind, values]) =>
        (values as readonly string[]).map((value) => ({ ...of, [kind]: [value] })),
      );
  if (single.length === 0) return tree;
  return single.length === 1 && depth > 0 ? (single[0] as Tree) : { any: single.toReversed() };
}

function claimForms({ name = "", equals, one_of: oneOf, prefix }: Mapping): Mapping[] {
  if (equals !== undefined) return [{ name, one_of: [equals] }];
  if (oneOf !== undefined) return [oneOf].flat().map((value) => ({ name, equals: value }));
  return [prefix ?? []].flat().map((value) => ({ name, prefix: value }));
}

// --- grants

function listNeeded({ policy, include }: GeneratedPolicy): string[] {
  const services = [policy, ...Object.values(include)].flatMap((part) =>
    Object.values((part["services"] ?? {}) as Mapping),
  );
  const routes = services.flatMap((service) => Object.values((service as { routes: Mapping }).routes));
  return [...new Set(routes.flatMap((route) => (route as { needs?: string }).needs ?? []))];
}

function writeOut(can: Tree, needed: readonly string[]): Tree {
  return (can as readonly Tree[]).flatMap((grant): Tree[] => {
    const pattern = isMapping(grant) ? grant["permission"] : grant;
    if (typeof pattern !== "string" || !pattern.endsWith(":*") || pattern === "*:*") return [grant];
    // A condition on a parameter is refused for a permission whose routes have none.
    if (isMapping(grant) && isMapping(grant["when"]) && "path" in grant["when"]) return [grant];
    const permissions = needed.filter((permission) => permission.startsWith(pattern.slice(0, -1)));
    return permissions.map((permission) => (isMapping(grant) ? { ...grant, permission } : permission));
  });
}

/** Roles whose condition cannot be moved: a grant has one too, it asks for a parameter, or an environment replaces it. */
function listRolesWithOtherConditions({ policy, include }: GeneratedPolicy): ReadonlySet<string> {
  const replaced = Object.values((policy["environments"] ?? {}) as Mapping).flatMap((environment) =>
    Object.keys(((environment as Mapping)["roles"] ?? {}) as Mapping),
  );
  const roles = [policy, ...Object.values(include)].flatMap((part) => Object.entries((part["roles"] ?? {}) as Mapping));
  const bound = roles.flatMap(([name, role]) => {
    const { can = [], when } = role as { can?: readonly Tree[]; when?: Mapping };
    return when === undefined || "path" in when || can.some(isMapping) ? [name] : [];
  });
  return new Set([...replaced, ...bound]);
}

function moveCondition({ when, can, ...role }: Mapping): Mapping {
  if (when === undefined) return { ...role, can: can ?? [] };
  return { ...role, can: ((can ?? []) as readonly Tree[]).map((permission) => ({ permission, when })) };
}

// --- environments

function writeOverridesOut(policy: GeneratedPolicy): Rewritten | null {
  const [name, environment] = Object.entries((policy.policy["environments"] ?? {}) as Mapping).at(-1) ?? [];
  const { roles, ...rest } = (environment ?? {}) as Mapping;
  if (name === undefined || !isMapping(roles)) return null;
  const replace = (role: Tree, role_: string): Tree => ({
    ...(role as Mapping),
    ...(roles[role_] as Mapping | undefined),
  });
  const written = overParts(policy, (part) => overSection(part, "roles", (own) => mapValues(own, replace)));
  const only = overPolicy(written, (root) =>
    overSection(root, "environments", (environments) => ({ ...environments, [name]: rest })),
  );
  return { policy: only, expect: same, environment: name };
}
