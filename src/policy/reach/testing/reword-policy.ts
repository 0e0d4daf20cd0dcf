/** The same policy in other words: another order, other names of parameters, members taken apart or put together. */
import type { Chance } from "./chance.ts";
import type { RandomPolicy } from "./random-policies.ts";

type Tree = Record<string, unknown>;

export function rewordPolicy(chance: Chance, policy: RandomPolicy): RandomPolicy {
  const renamed = chance.happens(0.5) ? renameParameters(policy) : structuredClone(policy);
  renamed.services = shuffleKeys(chance, renamed.services);
  for (const service of Object.values(renamed.services)) service.routes = shuffleKeys(chance, service.routes);
  renamed.roles = shuffleKeys(chance, renamed.roles);
  for (const role of Object.values(renamed.roles)) {
    role["members"] = rewordMembers(chance, role["members"] as Tree);
    role["can"] = chance.shuffle(role["can"] as unknown[]).map((grant) => rewordGrant(chance, grant));
    if (role["when"] !== undefined) role["when"] = rewordWhen(chance, role["when"] as Tree);
  }
  for (const [name, permissions] of Object.entries(renamed.boundaries))
    renamed.boundaries[name] = chance.shuffle(permissions);
  return renamed;
}

function shuffleKeys<T>(chance: Chance, table: Record<string, T>): Record<string, T> {
  return Object.fromEntries(chance.shuffle(Object.entries(table)));
}

function renameParameters(policy: RandomPolicy): RandomPolicy {
  const text = JSON.stringify(policy)
    .replaceAll(/\{([xyz])(\+?)\}/g, "{$1-renamed$2}")
    .replaceAll('"path":{"x":', '"path":{"x-renamed":');
  return JSON.parse(text) as RandomPolicy;
}

function rewordMembers(chance: Chance, members: Tree): Tree {
  const { issuer, ...rest } = members;
  const outer = issuer === undefined ? {} : { issuer };
  const inner = rewordExpression(chance, rest);
  const [kind] = Object.keys(inner);
  const wrapped = kind !== "not" && chance.happens(0.3) ? { [chance.pick(["any", "all"])]: [inner] } : inner;
  return { ...wrapped, ...outer };
}

function rewordExpression(chance: Chance, members: Tree): Tree {
  for (const kind of ["any", "all"])
    if (Array.isArray(members[kind]))
      return { [kind]: chance.shuffle(members[kind] as Tree[]).map((part) => rewordMembers(chance, part)) };
  if (members["not"] !== undefined) return { not: rewordMembers(chance, members["not"] as Tree) };
  for (const kind of ["groups", "subject", "client_id"]) {
    const values = members[kind];
    if (!Array.isArray(values)) continue;
    const shuffled = chance.shuffle(values as string[]);
    return chance.happens(0.5) ? { [kind]: shuffled } : { any: shuffled.map((value) => ({ [kind]: [value] })) };
  }
  const claim = members["claim"] as Tree;
  if (!Array.isArray(claim["one_of"])) return members;
  const { one_of: values, ...rest } = claim;
  if (chance.happens(0.5)) return { claim: { ...rest, one_of: chance.shuffle(values) } };
  return { any: chance.shuffle(values).map((value: unknown) => ({ claim: { ...rest, equals: value } })) };
}

function rewordGrant(chance: Chance, grant: unknown): unknown {
  if (typeof grant === "string") return chance.happens(0.3) ? { permission: grant } : grant;
  const { when, ...rest } = grant as Tree;
  return when === undefined ? rest : { ...rest, when: rewordWhen(chance, when as Tree) };
}

/** Lists in another order; a network also as its two halves. */
function rewordWhen(chance: Chance, when: Tree): Tree {
  return shuffleKeys(
    chance,
    Object.fromEntries(
      Object.entries(when).map(([key, value]) => {
        if (!Array.isArray(value)) return [key, value];
        const values = value.flatMap((one: unknown) =>
          one === "10.0.0.0/8" && chance.happens(0.5) ? ["10.128.0.0/9", "10.0.0.0/9"] : [one],
        );
        return [key, chance.shuffle([...new Set(values)])];
      }),
    ),
  );
}
