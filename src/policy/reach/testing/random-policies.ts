/**
 * Policies, edits of them, callers and requests, made by chance from small alphabets so that much of it meets.
 * The same number gives the same things each time.
 */
import type { Caller, DecisionRequest } from "../../decision.ts";
import { listLeaves } from "../../members.ts";
import type { Policy } from "../../policy.ts";
import type { Chance } from "./chance.ts";

type Tree = { [key: string]: unknown };

/** A policy as the tree that its YAML would have, so that JSON is its text. */
export interface RandomPolicy extends Tree {
  identity: Tree;
  environments: Record<string, Tree>;
  services: Record<string, Tree & { routes: Record<string, Tree> }>;
  roles: Record<string, Tree>;
  boundaries: Record<string, readonly string[]>;
}

const PERMISSIONS = ["o:r", "o:w", "p:u"];
const PATTERNS = [...PERMISSIONS, "o:*"];
const METHODS = ["GET", "POST", "ANY"];
const SEGMENTS = ["a", "b", "{x}", "{y}"];
const GROUPS = ["g0", "g1", "g2"];
const VALUES = ["v", "v0", "v1", "w"];
const BLOCKS = ["10.0.0.0/8", "10.0.0.0/16", "10.128.0.0/9", "192.168.0.0/24", "fd00::/8", "0.0.0.0/0"];
const INSTANTS = ["2026-01-05", "2026-01-06T12:00:00Z", "2026-01-10"];
const DAYS = ["monday", "tuesday", "saturday"];

export function randomPolicy(chance: Chance): RandomPolicy {
  const policy: RandomPolicy = {
    gatehouse: 1,
    name: "p",
    identity: {
      issuer: "https://id.example",
      audience: "p",
      issuers: { ci: { issuer: "https://ci.example", audience: "p" } },
    },
    environments: {},
    services: {},
    roles: {},
    boundaries: {},
  };
  for (const name of ["dev", "prod"])
    policy.environments[name] = { domain: `${name}.example`, certificates: { acme: "ops@p.example" } };
  const used = new Set<string>();
  for (const name of ["one", "two"]) policy.services[name] = randomService(chance, used);
  for (const name of ["wide", "narrow"])
    policy.boundaries[name] = name === "wide" ? ["o:*", "p:u"] : chance.some(PATTERNS, 1);
  for (const name of ["ra", "rb", "rc"]) policy.roles[name] = randomRole(chance);
  if (chance.happens(0.4)) addOverride(chance, policy);
  return policy;
}

function randomService(chance: Chance, used: Set<string>): RandomPolicy["services"][string] {
  const routes: Record<string, Tree> = {};
  for (let i = 0; i < 5; i++) {
    const key = randomKey(chance);
    const canonical = key.replaceAll(/\{[^}+]*(\+?)\}/g, "{$1}");
    if (used.has(canonical)) continue;
    used.add(canonical);
    routes[key] = randomAccess(chance);
  }
  // Every service has a route, and every permission is needed somewhere.
  const own = `GET /${used.size}`;
  used.add(own);
  routes[own] = { needs: chance.pick(PERMISSIONS) };
  return {
    exposure: chance.happens(0.7) ? "public" : "private",
    upstream: "http://127.0.0.1:9",
    ...(chance.happens(0.25) ? { host: "own.example" } : {}),
    ...(chance.happens(0.15) ? { base_path: "/a" } : {}),
    routes,
  };
}

function randomKey(chance: Chance): string {
  const segments: string[] = [];
  const length = 1 + Math.floor(chance.next() * 3);
  for (let i = 0; i < length; i++) {
    const segment = chance.pick(SEGMENTS);
    segments.push(segments.includes(segment) && segment.startsWith("{") ? "a" : segment);
  }
  if (chance.happens(0.25)) segments.splice(-1, 1, "{z+}");
  return `${chance.pick(METHODS)} /${segments.join("/")}`;
}

function randomAccess(chance: Chance): Tree {
  return chance.happens(0.12) ? { open: "why not" } : { needs: chance.pick(PERMISSIONS) };
}

function randomRole(chance: Chance): Tree {
  return {
    members: randomMembers(chance, 2),
    can: chance.some(PATTERNS, 1).map((permission) => randomGrant(chance, permission)),
    boundary: chance.happens(0.7) ? "wide" : "narrow",
    ...(chance.happens(0.4) ? { when: randomWhen(chance) } : {}),
  };
}

function randomGrant(chance: Chance, permission: string): unknown {
  return chance.happens(0.3) ? { permission, when: randomWhen(chance) } : permission;
}

function randomMembers(chance: Chance, depth: number): Tree {
  const issuer = chance.happens(0.15) ? { issuer: "ci" } : {};
  const kind = chance.next();
  if (depth > 0 && kind < 0.25)
    return { any: [randomMembers(chance, depth - 1), randomMembers(chance, depth - 1)], ...issuer };
  if (depth > 0 && kind < 0.5) {
    const second = randomMembers(chance, depth - 1);
    return { all: [randomMembers(chance, depth - 1), chance.happens(0.5) ? { not: second } : second], ...issuer };
  }
  if (kind < 0.65)
    return {
      claim: {
        name: "c",
        ...(chance.happens(0.5) ? { one_of: chance.some(VALUES, 1) } : { prefix: chance.pick(["v", "v0", "w"]) }),
      },
      ...issuer,
    };
  if (kind < 0.72) return { subject: chance.some(["s0", "s1"], 1), ...issuer };
  if (kind < 0.8) return { client_id: chance.some(["c0", "c1"], 1), ...issuer };
  return { groups: chance.some(GROUPS, 1), ...issuer };
}

function randomWhen(chance: Chance): Tree {
  const parts: Tree[] = [
    { source_ip: chance.some(BLOCKS, 1) },
    { source_ip: chance.some(BLOCKS, 1) },
    { after: chance.pick(INSTANTS) },
    { before: chance.pick(INSTANTS) },
    {
      hours: {
        days: chance.some(DAYS, 1),
        from: chance.pick(["00:00", "08:00"]),
        to: chance.pick(["12:00", "24:00"]),
        zone: chance.pick(["UTC", "Europe/Berlin"]),
      },
    },
    { path: { x: chance.happens(0.5) ? chance.some(VALUES, 1) : "claim:c" } },
    { claim: { c: chance.some(VALUES, 1) } },
    { amr: ["mfa"] },
    { token_age: chance.pick(["10 minutes", "1 hour"]) },
  ];
  return Object.assign({}, ...chance.some(parts, 1).slice(0, 2)) as Tree;
}

function addOverride(chance: Chance, policy: RandomPolicy): void {
  const environment = policy.environments["prod"];
  const role = chance.pick(Object.keys(policy.roles));
  if (environment !== undefined)
    environment["roles"] = {
      [role]: chance.happens(0.5) ? { members: randomMembers(chance, 1) } : { when: randomWhen(chance) },
    };
}

/** The policy with one to three things changed. */
export function editPolicy(chance: Chance, policy: RandomPolicy): RandomPolicy {
  const edited = structuredClone(policy);
  const edits = 1 + Math.floor(chance.next() * 3);
  for (let i = 0; i < edits; i++) editOnce(chance, edited);
  return edited;
}

function editOnce(chance: Chance, policy: RandomPolicy): void {
  const service = policy.services[chance.pick(Object.keys(policy.services))];
  const roleName = chance.pick(Object.keys(policy.roles));
  const role = policy.roles[roleName];
  if (service === undefined || role === undefined) return;
  const routeKey = chance.pick(Object.keys(service.routes));
  const edits: (() => void)[] = [
    () => (role["members"] = randomMembers(chance, 2)),
    () =>
      (role["members"] = chance.happens(0.5)
        ? { any: [role["members"], randomMembers(chance, 1)] }
        : { all: [role["members"], randomMembers(chance, 1)] }),
    () => (role["when"] = randomWhen(chance)),
    () => (role["when"] = { ...(role["when"] as Tree | undefined), ...randomWhen(chance) }),
    () => (role["when"] = { ...(role["when"] as Tree | undefined), ...randomWhen(chance) }),
    () => (role["can"] = (role["can"] as unknown[]).map((grant) => editGrant(chance, grant))),
    () => delete role["when"],
    () => (role["can"] = [...(role["can"] as unknown[]), randomGrant(chance, chance.pick(PATTERNS))]),
    () => (role["can"] = (role["can"] as unknown[]).slice(0, 1)),
    () => (role["boundary"] = chance.pick(["wide", "narrow"])),
    () => (policy.boundaries["narrow"] = chance.some(PATTERNS, 1)),
    () => (policy.roles["rd"] = randomRole(chance)),
    () => (service.routes[routeKey] = randomAccess(chance)),
    () => (service.routes[randomKey(chance)] = randomAccess(chance)),
    () => delete service.routes[routeKey],
    () => (service["exposure"] = chance.pick(["public", "private"])),
    () => (chance.happens(0.5) ? delete service["host"] : (service["host"] = "own.example")),
    () => (service["base_path"] = chance.pick(["/a", "/b"])),
    () => addOverride(chance, policy),
    () =>
      (policy.environments["prod"] = {
        domain: chance.pick(["prod.example", "own.example"]),
        certificates: { acme: "ops@p.example" },
      }),
    () => (chance.happens(0.3) ? delete policy.environments["dev"] : undefined),
  ];
  chance.pick(edits)();
}

function editGrant(chance: Chance, grant: unknown): unknown {
  const { permission = grant, when = {} } = typeof grant === "string" ? {} : (grant as Tree);
  return chance.happens(0.3) ? permission : { permission, when: { ...(when as Tree), ...randomWhen(chance) } };
}

const ADDRESSES = [
  "10.0.0.1",
  "10.0.255.255",
  "10.1.0.0",
  "10.128.0.1",
  "192.168.0.255",
  "192.168.1.0",
  "fd00::1",
  "2001:db8::1",
  "unknown",
];
const TIMES = [
  "2026-01-04T23:59:59.999Z",
  "2026-01-05T00:00:00Z",
  "2026-01-05T07:30:00Z",
  "2026-01-05T11:30:00Z",
  "2026-01-05T12:00:00Z",
  "2026-01-06T12:00:00Z",
  "2026-01-09T23:30:00Z",
  "2026-01-10T09:00:00Z",
].map((text) => Date.parse(text));

/** A request; mostly one that some route of the policy may answer. */
export function randomRequest(chance: Chance, { services }: Policy): DecisionRequest {
  const service = chance.pick(services);
  const route = chance.pick(service.routes);
  if (chance.happens(0.6))
    return {
      exposure: service.exposure,
      ...(Object.keys(service.hosts).length === 0 ? {} : { host: "own.example" }),
      method: route.method === "ANY" ? chance.pick(["GET", "PUT"]) : route.method,
      path: route.path.replaceAll(/\{[^}]*\}/g, () => chance.pick(["a", "v", "v0", "v1", "w", "q"])),
      sourceIp: chance.pick(ADDRESSES),
      atMs: chance.pick(TIMES),
    };
  const length = 1 + Math.floor(chance.next() * 4);
  const path = Array.from({ length }, () => chance.pick(["a", "b", "v", "v0", "q", "5", "11"])).join("/");
  const host = chance.pick([undefined, undefined, "own.example", "prod.example", "dev.example"]);
  return {
    exposure: chance.happens(0.7) ? "public" : "private",
    ...(host === undefined ? {} : { host }),
    method: chance.pick(["GET", "GET", "POST", "PUT"]),
    path: `/${path}${chance.happens(0.1) ? "/" : ""}`,
    sourceIp: chance.pick(ADDRESSES),
    atMs: chance.pick(TIMES),
  };
}

/** A caller; mostly one who may hold some role of the policy. */
export function randomCaller(chance: Chance, atMs: number, { roles }: Policy): Caller | null {
  if (chance.happens(0.05)) return null;
  const age = chance.pick([0, 600, 601, 3600, null]);
  const issuedAtSeconds = age === null ? null : Math.floor(atMs / 1000) - age;
  const leaves = chance.some(listLeaves(chance.pick(roles).members), 1);
  const valuesOf = (kind: string): string[] =>
    leaves.flatMap((leaf) => (leaf.kind === kind ? [chance.pick(leaf.values)] : []));
  if (chance.happens(0.6))
    return {
      subject: valuesOf("subject")[0] ?? "s2",
      clientId: valuesOf("client")[0] ?? null,
      groups: valuesOf("groups"),
      issuer: leaves[0]?.issuer ?? null,
      claims: { c: [...valuesOf("claim"), ...chance.some(VALUES)], ...(chance.happens(0.7) ? { amr: ["mfa"] } : {}) },
      issuedAtSeconds,
    };
  return {
    subject: chance.pick(["s0", "s1", "s2"]),
    clientId: chance.pick([null, null, "c0", "c1"]),
    groups: chance.some(GROUPS),
    issuer: chance.happens(0.8) ? null : "ci",
    claims: { c: chance.some([...VALUES, "v00", "q"]), ...(chance.happens(0.5) ? { amr: ["mfa"] } : {}) },
    issuedAtSeconds,
  };
}
