/**
 * Guardrails on who holds a role.
 * Source: OpenID Connect Core 5.7 (which claims identify somebody); RFC 8725 and the providers' own advice on trusting
 * the tokens of shared issuers (shared-issuers.ts).
 */
import { inEnvironment } from "../in-environment.ts";
import { quote } from "../parse/report.ts";
import type { Members, Policy } from "../policy.ts";
import { type Finding, type Guardrails, findInEnvironments } from "./guardrail.ts";
import { findSharedIssuer, isPinned } from "./shared-issuers.ts";
import { type Leaf, canHold, hasMembers, isHeldThrough } from "./who-holds.ts";

export const MEMBER_GUARDRAILS: Guardrails = {
  "guardrail/role-without-members": {
    severity: "warning",
    why: "nobody can hold the role, so nobody notices what it grants",
    example: `roles:
  bot: { members: { groups: [] }, can: [orders:read, orders:write], boundary: machines }`,
    fix: "add members, or remove the role",
    sources: [],
    find: (policy) => {
      const held = listHeldRoles(policy);
      return policy.roles
        .filter(({ name }) => !held.has(name))
        .map(({ name, at }) => ({ subject: name, at, message: `role \`${name}\` has no members` }));
    },
  },
  "guardrail/everybody-is-member": {
    severity: "error",
    why: "a role that everybody holds protects nothing, and its grants are open to whoever can sign in",
    example: `roles:
  bot:
    members: { claim: { name: department, prefix: s } }
    can: [orders:read, orders:write]
    boundary: machines`,
    fix: "name groups, subjects, clients, or a claim's whole value",
    sources: ["GH110", "GH114", "cloudsplaining AssumableByAnyPrincipal"],
    find: (policy) => findInEnvironments(policy, findEverybody),
  },
  "guardrail/workload-not-pinned": {
    severity: "error",
    why: "the issuer signs tokens for every customer it has, so anybody's workload could hold the role",
    example: `identity:
  issuer: https://login.shop.example
  audience: shop-api
  issuers: { ci: { issuer: "https://token.actions.githubusercontent.com", audience: shop-ci } }
roles:
  bot:
    members: { issuer: ci, claim: { name: ref, equals: refs/heads/main } }
    can: [orders:read, orders:write]
    boundary: machines`,
    fix: "add to `all` a claim that says whose workload it is: repository, project, namespace or organization",
    sources: [
      "GH113",
      "Access Analyzer: Missing github repo condition key",
      "Access Analyzer: Specific github repo and branch recommended",
    ],
    find: (policy) => findInEnvironments(policy, findUnpinned),
  },
  "guardrail/open-ended-prefix": {
    severity: "warning",
    why: "a prefix that ends within a name also fits longer names, which others may be able to choose",
    example: `identity:
  issuer: https://login.shop.example
  audience: shop-api
  issuers: { ci: { issuer: "https://ci.shop.example", audience: shop-ci } }
roles:
  bot:
    members: { issuer: ci, claim: { name: repository, prefix: shop } }
    can: [orders:read, orders:write]
    boundary: machines`,
    fix: "end the prefix with the sign that ends the name, as in `shop/`, or compare the whole value with `equals`",
    sources: ["GH113", "GH128"],
    find: (policy) => findInEnvironments(policy, findOpenEndedPrefixes),
  },
  "guardrail/excluded-by-claim": {
    severity: "warning",
    why: "whoever has not the claim, or has it in another form, is not excluded",
    example: `roles:
  bot:
    members: { all: [{ groups: [staff] }, { not: { claim: { name: suspended, equals: true } } }] }
    can: [orders:read, orders:write]
    boundary: machines`,
    fix: "require a value that is always there, as `claim: { name: suspended, equals: false }`, or exclude by `subject`",
    sources: [],
    find: (policy) => findInEnvironments(policy, findExcludedByClaim),
  },
  "guardrail/pattern-like-member": {
    severity: "info",
    why: "members are compared as they stand, so what is meant as a pattern or as a list fits nobody",
    example: `roles:
  bot: { members: { groups: [(billing|accounts)] }, can: [orders:read, orders:write], boundary: machines }`,
    fix: "write the value as tokens have it, several values as a list, and the beginning of a claim as `prefix`",
    sources: [],
    find: (policy) => findInEnvironments(policy, findPatternLike),
  },
  "guardrail/self-asserted-claim": {
    severity: "warning",
    why: "many providers let people change the claim themselves, and none promises that it stays one person's",
    example: `roles:
  bot:
    members: { claim: { name: email, equals: ada@shop.example } }
    can: [orders:read, orders:write]
    boundary: machines`,
    fix: "use groups or subjects; for `email` also ask for `email_verified`",
    sources: ["GH113"],
    find: (policy) => findInEnvironments(policy, findSelfAsserted),
  },
};

/** Names of the roles that somebody could hold in at least one environment. */
export function listHeldRoles(policy: Policy): ReadonlySet<string> {
  const issuers = namesOf(policy);
  const held = new Set<string>();
  for (const effective of new Set(policy.environments.map((environment) => inEnvironment(policy, environment))))
    for (const { name, members } of effective.roles) if (hasMembers(members, issuers)) held.add(name);
  return held;
}

function namesOf({ identity }: Policy): string[] {
  return identity.issuers.map(({ name }) => name);
}

function findEverybody(policy: Policy): Finding[] {
  const issuers = [null, ...namesOf(policy)];
  return policy.roles.flatMap(({ name, members, at }) =>
    issuers
      .filter((issuer) => canHold(members, issuer) && !isHeldThrough(members, issuer, saysWho))
      .map((issuer) => {
        const who = issuer === null ? "everybody who can sign in" : `every identity of issuer \`${issuer}\``;
        return { subject: name, at, message: `role \`${name}\` takes in nearly ${who}` };
      }),
  );
}

/** Claims that are alike in the tokens of everybody. */
const SAYS_NOTHING = new Set(["iss", "aud", "typ", "token_use", "email_verified", "phone_number_verified"]);

const TWO_CHARACTERS = /^..+/su;

/** One character is how a value begins for a large part of all identities. */
function saysWho(leaf: Leaf): boolean {
  if (leaf.kind !== "claim") return true;
  if (SAYS_NOTHING.has(leaf.claim)) return false;
  return leaf.test === "equals" || leaf.values.every((prefix) => TWO_CHARACTERS.test(prefix));
}

function findUnpinned(policy: Policy): Finding[] {
  return policy.identity.issuers.flatMap((issuer) => {
    const shared = findSharedIssuer(issuer.issuer);
    if (shared === null) return [];
    return policy.roles
      .filter(
        ({ members }) =>
          canHold(members, issuer.name) &&
          !isHeldThrough(members, issuer.name, (leaf) => isPinned(shared, issuer, leaf)),
      )
      .map(({ name, at }) => ({
        subject: name,
        at,
        message: `role \`${name}\` does not say whose workload of ${shared.name} holds it; it lacks ${shared.pin}`,
      }));
  });
}

function findOpenEndedPrefixes(policy: Policy): Finding[] {
  return policy.roles.flatMap(({ name, members, at }) =>
    listPositiveLeaves(members).flatMap((leaf) =>
      leaf.kind !== "claim" || leaf.test !== "prefix"
        ? []
        : leaf.values
            .filter((prefix) => TWO_CHARACTERS.test(prefix) && endsWithinName(prefix))
            .map((prefix) => {
              const other = /[-_]$/.test(prefix) ? `${prefix}other` : `${prefix}-other`;
              const message = `role \`${name}\` takes in every \`${leaf.claim}\` beginning with \`${prefix}\`, \`${other}\` among them`;
              const fix = `end the prefix with the sign that ends the name, as in \`${endName(prefix)}\`, or compare the whole value with \`equals\``;
              return { subject: name, at, message, fix };
            }),
    ),
  );
}

/** With the sign that divides its own names; a slash when it has none, or one such as the colon of `repo:shop`. */
function endName(prefix: string): string {
  const name = prefix.replace(/[-_]+$/, "");
  const signs = name.match(/[/:.]/g) ?? [];
  const last = signs.at(-1) ?? "/";
  return name + (signs.filter((sign) => sign === last).length > 1 ? last : "/");
}

function findExcludedByClaim(policy: Policy): Finding[] {
  return policy.roles.flatMap(({ name, members, at }) => {
    const claims = listLeaves(members, true).flatMap((leaf) => (leaf.kind === "claim" ? [leaf.claim] : []));
    return [...new Set(claims)].map((claim) => ({
      subject: name,
      at,
      message: `role \`${name}\` keeps somebody out by claim \`${claim}\`, and lets in whoever has no such claim`,
    }));
  });
}

/** Only what hardly stands in names as they are: e-mail addresses, URLs, paths and `auth0|7` have dots, `+`, `|` and `?`. `*` and `^` are refused. */
const PATTERN_SIGNS = /\$$|\(.*\|.*\)|(?<!:\/\/)\[.*\]|\.\+|.\?$/su;
/** Distinguished names of a directory have a comma and a blank, and an equals sign before. */
const LIST_SIGNS = /^[^=]*,\s/u;
const OUTER_BLANKS = /^\s|\s$/u;

const LEAF_WORDS = { groups: "group", subject: "subject", client: "client" } as const;

function findPatternLike(policy: Policy): Finding[] {
  return policy.roles.flatMap(({ name, members, at }) =>
    [false, true].flatMap((negated) =>
      listLeaves(members, negated).flatMap((leaf) => {
        const what =
          leaf.kind === "claim"
            ? `${leaf.test === "prefix" ? "prefix of " : ""}\`${leaf.claim}\``
            : LEAF_WORDS[leaf.kind];
        return leaf.values.flatMap((value) => {
          const looks = describeLooks(value);
          const message = `role \`${name}\` names the ${what} ${quote(value)}, which ${looks} and is compared as it stands`;
          return looks === null ? [] : [{ subject: name, at, message }];
        });
      }),
    ),
  );
}

function describeLooks(value: string): string | null {
  if (PATTERN_SIGNS.test(value)) return "looks like a pattern";
  if (LIST_SIGNS.test(value)) return "looks like a list";
  return OUTER_BLANKS.test(value) ? "begins or ends with a blank" : null;
}

/** Below a slash, names that share a beginning up to a hyphen are a family of one owner: `refs/heads/release-`. */
function endsWithinName(prefix: string): boolean {
  return /[\p{L}\p{N}]$/u.test(prefix) || (/[-_]$/.test(prefix) && !prefix.includes("/"));
}

/** SOURCE: OpenID Connect Core 5.1 and 5.7. */
const SELF_ASSERTED = new Set([
  "email",
  "preferred_username",
  "username",
  "upn",
  "unique_name",
  "name",
  "given_name",
  "family_name",
  "nickname",
  "profile",
  "website",
  "phone_number",
]);

/** Roles that some identity holds through such claims alone. */
function findSelfAsserted(policy: Policy): Finding[] {
  const workloads = new Set<string | null>(
    policy.identity.issuers.flatMap((one) => (one.login === null ? one.name : [])),
  );
  return policy.roles.flatMap(({ name, members, when, at }) => {
    const isVerified = when?.claims.some(({ claim, values }) => claim === "email_verified" && isOnlyTrue(values));
    const isSelfAsserted = (leaf: Leaf): boolean =>
      leaf.kind === "claim" &&
      SELF_ASSERTED.has(leaf.claim) &&
      // What a workload issuer calls `name` is its own word, not that of whoever asks.
      (leaf.claim === "email" ? isVerified !== true : !workloads.has(leaf.issuer));
    const leaves = listPositiveLeaves(members).filter(isSelfAsserted);
    const alone = leaves.filter(({ issuer }) => !isHeldThrough(members, issuer, (leaf) => !isSelfAsserted(leaf)));
    const claims = new Set(alone.flatMap((leaf) => (leaf.kind === "claim" ? [leaf.claim] : [])));
    return [...claims].map((claim) => ({
      subject: name,
      at,
      message: `role \`${name}\` is held by claim \`${claim}\``,
    }));
  });
}

function isOnlyTrue(values: readonly string[]): boolean {
  return values.every((value) => value === "true");
}

/** Leaves that let somebody in; those that keep somebody out do not widen a role. */
function listPositiveLeaves(members: Members): Leaf[] {
  return listLeaves(members, false);
}

/** Leaves below an even number of `not`, or below an odd one. */
function listLeaves(members: Members, isBelowNot: boolean): Leaf[] {
  switch (members.kind) {
    case "all":
    case "any":
      return members.of.flatMap((part) => listLeaves(part, isBelowNot));
    case "not":
      return listLeaves(members.of, !isBelowNot);
    default:
      return isBelowNot ? [] : [members];
  }
}
