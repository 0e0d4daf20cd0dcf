/**
 * Identities and requests for a generated policy, made from the same small alphabets: most requests meet a route, most
 * identities hold some role.
 */
import type { Members, Policy, PolicyRoute } from "../../src/policy/index.ts";
import { hostOf, inEnvironment } from "../../src/policy/index.ts";
import type { AskedCase, CaseIdentity } from "./case-file.ts";
import { CLAIMS, HOSTS, ISSUERS, START_MS, VALUES, WORDS } from "./generate-policy.ts";
import type { Random } from "./random.ts";

const ADDRESSES = ["127.0.0.1", "127.0.0.2", "127.0.0.4", "127.200.0.1", "10.0.0.1", "::1"] as const;
/** After the start: edges of the policies' times, to the millisecond. */
const MOMENTS = [0, 999, 1000, 1001, 2000, 60_999, 61_000, 3_599_999, 3_600_000, 43_201_000, 86_400_000] as const;
/** Of tokens, before the start; the last one comes from a clock that is ahead. */
const AGES_MS = [0, 1000, 59_000, 60_000, 89_000, 600_000, -20_000] as const;
const METHODS = ["GET", "GET", "GET", "POST", "PUT", "HEAD", "DELETE"] as const;
/** How values of path parameters are written in a request. */
const WRITTEN = ["a", "b", "c", "1", "true", "%61", "a.b", "$a", "%C3%A9", "$%7Bk%7D", "x"] as const;
/** Targets without a normal form, or with nothing but luck. */
const ODD = ["/", "//", "/a/", "/a//b", "/a/../b", "/%2e/a", "/a%2Fb", "/a;b", "/a?b=/c", "/_gatehouse/x"] as const;

/** Nobody, anybody, or somebody who probably holds one of the policy's roles. */
export function generateIdentity(random: Random, policy: Policy): CaseIdentity | null {
  if (random.chance(8)) return null;
  const anybody = generateAnybody(random);
  if (policy.roles.length === 0 || random.chance(35)) return anybody;
  const { members } =
    inEnvironment(policy, random.pick(policy.environments)).roles[random.below(policy.roles.length)] ?? {};
  return members === undefined ? anybody : makeMember(random, members, anybody);
}

/** The identity with what the expression asks for; what it excludes stays as chance has it. */
function makeMember(random: Random, members: Members, identity: CaseIdentity): CaseIdentity {
  switch (members.kind) {
    case "not":
      return identity;
    case "all":
    case "any": {
      const parts = members.kind === "all" || members.of.length === 0 ? members.of : [random.pick(members.of)];
      return parts.reduce((so, part) => makeMember(random, part, so), identity);
    }
    default:
      return withLeaf(random, members, identity);
  }
}

function withLeaf(
  random: Random,
  leaf: Exclude<Members, { kind: "all" | "any" | "not" }>,
  identity: CaseIdentity,
): CaseIdentity {
  const value = leaf.values.length === 0 ? "a" : random.pick(leaf.values);
  const { claims } = identity;
  const of = { ...identity, issuer: leaf.issuer };
  switch (leaf.kind) {
    case "groups":
      return { ...of, groups: [...new Set([value, ...[identity.groups ?? []].flat()])] };
    case "subject":
      return { ...of, claims: { ...claims, sub: value } };
    case "client":
      return { ...of, claims: { ...claims, client_id: value } };
    case "claim":
      return { ...of, claims: { ...claims, [leaf.claim]: leaf.test === "prefix" ? `${value}-x` : value } };
  }
  return leaf satisfies never;
}

function generateAnybody(random: Random): CaseIdentity {
  const claims: Record<string, unknown> = { sub: random.pick(WORDS) };
  if (random.chance(40)) claims[random.pick(["client_id", "azp"])] = random.pick(WORDS);
  for (const claim of random.some(CLAIMS, 0, 4)) {
    const value = generateClaim(random);
    if (claim === "m.n" && random.chance(60)) claims["m"] = { ...(claims["m"] as object | undefined), n: value };
    else claims[claim] = value;
  }
  return {
    issuer: random.chance(25) ? random.pick(ISSUERS) : null,
    audience: null,
    claims,
    groups: random.chance(15) ? undefined : random.chance(10) ? random.pick(WORDS) : random.some(WORDS, 1, 3),
    issuedAtMs: random.chance(8) ? null : START_MS - random.pick(AGES_MS),
  };
}

function generateClaim(random: Random): unknown {
  switch (random.below(10)) {
    case 0:
      return random.chance(50);
    case 1:
      return random.pick([1, 1.5, 0]);
    case 2:
      return random.pick([null, { a: "a" }, [], ["a", null], [["a"]]]);
    case 3:
    case 4:
      return random.some(VALUES, 1, 3);
    case 5:
      return [random.pick(VALUES), true, 1];
    default:
      return random.pick(VALUES);
  }
}

export function generateCase(random: Random, policy: Policy, id: string, as: CaseIdentity | null): AskedCase {
  const environment = random.pick(policy.environments);
  const service = random.pick(inEnvironment(policy, environment).services);
  const route = random.pick(service.routes);
  const own = hostOf(service, environment);
  const host = random.chance(97) ? own : random.pick([environment.domain, ...HOSTS]);
  const isExposureKept = random.chance(98);
  return {
    id,
    environment: environment.name,
    exposure: isExposureKept ? service.exposure : service.exposure === "public" ? "private" : "public",
    host: host === environment.domain ? null : host,
    method: route.method !== "ANY" && random.chance(97) ? route.method : random.pick(METHODS),
    target: random.chance(3) ? random.pick(ODD) : targetOf(random, route),
    as,
    sourceIp: random.pick(ADDRESSES),
    atMs: START_MS + random.pick(MOMENTS),
  };
}

/** The route's path with values in place, at times a bit beside it. */
function targetOf(random: Random, { path }: PolicyRoute): string {
  const segments = path
    .slice(1)
    .split("/")
    .map((segment) => {
      if (segment.endsWith("+}")) return random.some(WRITTEN, 1, 3).join("/");
      if (segment.startsWith("{")) return random.pick(WRITTEN);
      return random.chance(3) ? random.pick(WRITTEN) : segment;
    });
  if (random.chance(4)) segments.push(random.pick(WRITTEN));
  if (random.chance(2)) segments.pop();
  return `/${segments.join("/")}${random.chance(2) ? "/" : ""}`;
}
