/**
 * Policies made up from a seed, with every feature that takes part in a decision. Alphabets are small, so that names,
 * paths, values and times of different parts meet.
 *
 * In: random numbers. Out: a policy as the tree that YAML is written from, and what requests can ask it about.
 * Not here: whether a policy is accepted or compiles (differential.ts counts what is refused).
 */
import type { Random } from "./random.ts";
import { UPSTREAM } from "./case-file.ts";

export type Tree = string | number | boolean | null | readonly Tree[] | { readonly [key: string]: Tree };
export type Mapping = { readonly [key: string]: Tree };

export interface GeneratedPolicy {
  readonly policy: Mapping;
  /** By path. */
  readonly include: Readonly<Record<string, Mapping>>;
}

/** Tuesday, a second before noon in UTC. */
export const START_MS = Date.UTC(2026, 10, 24, 11, 59, 59);
export const ENVIRONMENTS = ["one", "two"] as const;
export const DOMAINS = { one: "one.localhost", two: "two.localhost" } as const;
export const HOSTS = ["h.localhost", "i.localhost"] as const;
export const ISSUERS = ["ci", "pods"] as const;
export const WORDS = ["a", "b", "c"] as const;
export const CLAIMS = ["k", "l", "m.n", "acr", "amr"] as const;
export const VALUES = ["a", "b", "1", "true", "a?", "${k}", "é"] as const;
export const BLOCKS = [
  "127.0.0.0/8",
  "127.0.0.0/30",
  "127.0.0.2/31",
  "127.128.0.0/9",
  "10.0.0.0/8",
  "::1/128",
] as const;
const SEGMENTS = ["a", "b", "c", "a.b", "$a"] as const;
const PARAMETERS = ["p", "q", "idOf"] as const;
const METHODS = ["GET", "GET", "GET", "POST", "ANY", "PUT", "HEAD"] as const;
const PERMISSIONS = ["a:r", "a:w", "b:r", "b:w", "a-b:r"] as const;
const ZONES = ["UTC", "Europe/Berlin", "America/New_York"] as const;
const DAYS = ["monday", "tuesday", "wednesday"] as const;
/** Around the start; some hold at it and some do not. */
const INSTANTS = [-86_400_000, 0, 1000, 61_000, 3_600_000, 86_400_000].map((ms) => instant(START_MS + ms));
const MINUTES = ["00:00", "06:00", "07:00", "11:59", "12:00", "12:59", "13:00", "14:00", "24:00"] as const;

const CONDITION_KINDS = ["source_ip", "after", "hours", "path", "claim", "acr", "token_age"] as const;

export function generatePolicy(random: Random): GeneratedPolicy {
  const scope: Scope = { random, focus: random.some(CONDITION_KINDS, 1, 2) };
  const environments = random.chance(40) ? [...ENVIRONMENTS] : [ENVIRONMENTS[0]];
  const services = generateServices(random, environments);
  const needed = services.needed.length === 0 ? ["a:r"] : services.needed;
  const roles: Record<string, Tree> = {};
  for (let i = 0; i <= random.below(5); i++) roles[`r${i}`] = generateRole(scope, needed, services.routes);
  const boundaries = Object.fromEntries(
    ["wide", "narrow"].map((name, index) => [name, index === 0 ? ["*"] : patterns(random, needed)]),
  );
  const all: Record<string, Tree> = {
    gatehouse: 1,
    name: "made",
    identity: {
      issuer: "https://login.made.example",
      audience: "made",
      ...(random.chance(30) ? { claims: { groups: random.pick(["groups", "m.groups"]) } } : {}),
      issuers: Object.fromEntries(
        ISSUERS.map((name) => [
          name,
          { issuer: `https://${name}.made.example`, ...(random.chance(30) ? { audience: `for-${name}` } : {}) },
        ]),
      ),
    },
    environments: Object.fromEntries(
      environments.map((name) => [
        name,
        {
          domain: DOMAINS[name],
          private_network: ["127.0.0.0/8"],
          ...(name === "two" ? generateOverrides(scope, Object.keys(roles), services.routes, roles) : {}),
        },
      ]),
    ),
    services: services.tree,
    roles,
    boundaries,
  };
  return random.chance(20) ? splitIntoFiles(all, random) : { policy: all, include: {} };
}

/** Roles, boundaries and the last services in files of their own; nothing of it changes a decision. */
export function splitIntoFiles(policy: Mapping, random: Random): GeneratedPolicy {
  const { roles = {}, boundaries = {}, services = {}, ...rest } = policy;
  const entries = Object.entries(services as Mapping);
  const at = random.below(entries.length);
  return {
    policy: { ...rest, include: ["parts/services.yaml"], services: Object.fromEntries(entries.slice(0, at)) },
    include: {
      "parts/services.yaml": {
        gatehouse: 1,
        include: ["roles.yaml"],
        services: Object.fromEntries(entries.slice(at)),
        boundaries,
      },
      "parts/roles.yaml": { gatehouse: 1, roles },
    },
  };
}

/** A policy has more conditions of some kinds than of others, so that conditions of one kind come together. */
interface Scope {
  readonly random: Random;
  readonly focus: readonly string[];
}

interface RouteShape {
  readonly key: string;
  readonly permission: string | null;
  readonly parameters: readonly string[];
}

function generateServices(random: Random, environments: readonly string[]) {
  const tree: Record<string, Tree> = {};
  const routes: RouteShape[] = [];
  const taken = new Set<string>();
  for (let i = 0; i <= random.below(3); i++) {
    const exposure = random.chance(75) ? "public" : "private";
    const host: Tree = random.chance(30)
      ? random.chance(50)
        ? random.pick(HOSTS)
        : { one: random.pick(HOSTS) }
      : null;
    const basePath = random.chance(25) ? random.pick(["/a", "/b", "/a/b"]) : "";
    const hostIn = (environment: string): string => {
      const own = typeof host === "string" ? host : ((host ?? {}) as Record<string, string>)[environment];
      return own ?? DOMAINS[environment as keyof typeof DOMAINS];
    };
    const own: Record<string, Tree> = {};
    for (let j = 0; j <= random.below(7); j++) {
      const path = generatePath(random);
      const method = random.pick(METHODS);
      const full = basePath === "" ? path : path === "/" ? basePath : `${basePath}${path}`;
      const canonical = `${method} ${full.replace(/\{[^}]*?(\+?)\}/g, "{$1}")}`;
      const places = environments.map((name) => `${exposure} ${name} ${hostIn(name)} ${canonical}`);
      if (places.some((place) => taken.has(place))) continue;
      for (const place of places) taken.add(place);
      const permission = random.chance(8) ? null : random.pick(PERMISSIONS);
      own[`${method} ${path}`] = permission === null ? { open: "everybody may" } : { needs: permission };
      const parameters = [...path.matchAll(/\{([^}+]*)\+?\}/g)].map(([, name]) => name ?? "");
      routes.push({ key: `${method} ${full}`, permission, parameters });
    }
    if (Object.keys(own).length === 0) continue;
    tree[`s${i}`] = {
      exposure,
      upstream: UPSTREAM,
      ...(host === null ? {} : { host }),
      ...(basePath === "" ? {} : { base_path: basePath }),
      routes: own,
    };
  }
  const needed = [...new Set(routes.flatMap(({ permission }) => permission ?? []))];
  return { tree, routes, needed };
}

function generatePath(random: Random): string {
  if (random.chance(5)) return "/";
  const names = [...PARAMETERS];
  const segments: string[] = [];
  const length = 1 + random.below(3);
  for (let i = 0; i < length; i++) {
    const isLast = i === length - 1;
    if (isLast && random.chance(15)) segments.push("{rest+}");
    else if (random.chance(40)) segments.push(`{${names.splice(random.below(names.length), 1)[0] ?? "z"}}`);
    else segments.push(random.pick(SEGMENTS));
  }
  return `/${segments.join("/")}`;
}

/** Patterns that some route needs. */
function patterns(random: Random, needed: readonly string[]): string[] {
  if (random.chance(10)) return [random.pick(["*", "*:*"])];
  const areas = needed.map((permission) => `${permission.slice(0, permission.indexOf(":"))}:*`);
  const known = [...new Set([...needed, ...needed, ...areas])];
  return random.some(known, 1, 3);
}

function generateRole(scope: Scope, needed: readonly string[], routes: readonly RouteShape[]): Tree {
  const { random } = scope;
  const granted = patterns(random, needed);
  const when = random.chance(40) ? generateCondition(scope, parametersOf(granted, routes)) : null;
  const can: Tree[] = granted.map((permission) => {
    const own = random.chance(45) ? generateCondition(scope, parametersOf([permission], routes), when) : null;
    return own === null ? permission : { permission, when: own };
  });
  return {
    members: generateMembers(random, 2),
    can,
    boundary: random.chance(75) ? "wide" : "narrow",
    ...(when === null ? {} : { when }),
  };
}

/** Parameters of the routes that patterns are for; a condition on any other one is refused. */
function parametersOf(patternTexts: readonly string[], routes: readonly RouteShape[]): string[] {
  const meant = routes.filter(
    ({ permission }) =>
      permission !== null &&
      patternTexts.some(
        (pattern) =>
          pattern.startsWith("*") ||
          pattern === permission ||
          (pattern.endsWith(":*") && permission.startsWith(pattern.slice(0, -1))),
      ),
  );
  return [...new Set(meant.flatMap(({ parameters }) => parameters))];
}

export function generateMembers(random: Random, depth: number): Tree {
  const issuer = random.chance(25) ? { issuer: random.pick(ISSUERS) } : {};
  if (depth === 0 || random.chance(55)) return { ...issuer, ...generateLeaf(random) };
  const parts = Array.from({ length: 1 + random.below(3) }, () => generateMembers(random, depth - 1));
  if (random.chance(50)) return { ...issuer, any: parts };
  const without = random.chance(50) ? [{ not: generateMembers(random, depth - 1) }] : [];
  return { ...issuer, all: [...parts, ...without] };
}

function generateLeaf(random: Random): Mapping {
  switch (random.below(6)) {
    case 0:
      return { subject: random.some(WORDS, 1, 2) };
    case 1:
      return { client_id: random.some(WORDS, 1, 2) };
    case 2:
      return { groups: random.some(WORDS, 0, 2), subject: [random.pick(WORDS)] };
    case 3: {
      const test = random.pick(["equals", "one_of", "prefix"]);
      const values = random.some(VALUES, 1, 2);
      return { claim: { name: random.pick(CLAIMS), [test]: test === "equals" ? (values[0] ?? "a") : values } };
    }
    default:
      return { groups: random.some(WORDS, 1, 2) };
  }
}

/** `beside` is another condition that has to hold too: parts of the same kind are what joining them can get wrong. */
function generateCondition(
  { random, focus }: Scope,
  parameters: readonly string[],
  beside: Mapping | null = null,
): Mapping | null {
  const parts: Record<string, Tree> = {};
  const wants = (kind: string): boolean =>
    random.chance(beside !== null && kind in beside ? 80 : focus.includes(kind) ? 60 : 8);
  if (wants("source_ip")) parts["source_ip"] = random.some(BLOCKS, 1, 2);
  if (wants("after") || wants("before")) {
    const [after, before] = random.some(INSTANTS, 1, 2);
    if (before !== undefined) Object.assign(parts, { after, before });
    else parts[random.pick(["after", "before"])] = after ?? "";
  }
  if (wants("hours")) parts["hours"] = generateHours(random);
  if (parameters.length > 0 && wants("path"))
    parts["path"] = Object.fromEntries(
      random
        .some(parameters, 1, 2)
        .map((name) => [
          name,
          random.chance(50) ? `claim:${random.pick([...CLAIMS, "sub"])}` : random.some(VALUES, 1, 2),
        ]),
    );
  if (wants("claim"))
    parts["claim"] = Object.fromEntries(
      random.some(CLAIMS, 1, 2).map((name) => [name, random.chance(20) ? true : random.some(VALUES, 1, 2)]),
    );
  for (const claim of ["acr", "amr"]) if (wants(claim)) parts[claim] = random.some(VALUES, 1, 2);
  if (wants("token_age")) parts["token_age"] = random.pick(["1 second", "1 minute", "90 seconds"]);
  return Object.keys(parts).length === 0 ? null : parts;
}

function generateHours(random: Random): Mapping {
  const from = random.below(MINUTES.length - 1);
  const to = from + 1 + random.below(MINUTES.length - from - 1);
  return {
    ...(random.chance(50) ? { days: random.some(DAYS, 1, 2) } : {}),
    from: MINUTES[from] ?? "00:00",
    to: MINUTES[to] ?? "24:00",
    zone: random.pick(ZONES),
  };
}

/** Members and conditions of roles, and limits that no decision depends on. */
function generateOverrides(
  scope: Scope,
  roleNames: readonly string[],
  routes: readonly RouteShape[],
  roles: Readonly<Record<string, Tree>>,
): Mapping {
  const { random } = scope;
  const changed = random.some(roleNames, 0, 2).map((name) => {
    const { can } = roles[name] as { can: readonly Tree[] };
    const granted = can.map((grant) =>
      typeof grant === "string" ? grant : (grant as { permission: string }).permission,
    );
    const when = random.chance(50) ? generateCondition(scope, parametersOf(granted, routes)) : null;
    const members = when === null || random.chance(50) ? { members: generateMembers(random, 1) } : {};
    return [name, { ...members, ...(when === null ? {} : { when }) }] as const;
  });
  const route = routes[0];
  return {
    ...(changed.length === 0 ? {} : { roles: Object.fromEntries(changed) }),
    ...(route !== undefined && random.chance(30) ? { routes: { [route.key]: { timeout: "3 seconds" } } } : {}),
    ...(random.chance(30) ? { audience: "made-two" } : {}),
    ...(random.chance(40) ? { issuers: random.some(ISSUERS, 0, 2) } : {}),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
