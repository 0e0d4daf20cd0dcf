/**
 * Who holds which role, found by what the identity has instead of asking every role.
 *
 * In: the members expression of each role, in the order of the artifacts. Out: the numbers of the roles that an identity
 * holds. Groups, subjects and clients, alone or as alternatives, are looked up; every other expression is evaluated.
 * Not here: what an expression means (policy).
 * INVARIANT: gives what `isMember` of each expression gives.
 */
import type { Identity } from "../identity/index.ts";
import type { MembersArtifact } from "../model/index.ts";
import { type Caller, isMember } from "../policy/index.ts";

type Leaf = Extract<MembersArtifact, { readonly kind: "groups" | "subject" | "client" }>;

/** The leaves of one issuer, from each value to the roles that name it. */
interface Index {
  readonly groups: Map<string, number[]>;
  readonly subject: Map<string, number[]>;
  readonly client: Map<string, number[]>;
}

/** An expression that several roles may share. */
interface Evaluated {
  readonly members: MembersArtifact;
  readonly roles: number[];
}

export class RoleHolders {
  /** By name of the issuer; null is the provider of the environment. */
  readonly #indexes = new Map<string | null, Index>();
  readonly #evaluated: readonly Evaluated[];

  constructor(members: readonly MembersArtifact[]) {
    const evaluated = new Map<string, Evaluated>();
    for (const [role, expression] of members.entries()) {
      const leaves = leavesOf(expression);
      if (leaves === null) {
        const key = JSON.stringify(expression);
        const known = evaluated.get(key);
        if (known === undefined) evaluated.set(key, { members: expression, roles: [role] });
        else known.roles.push(role);
      } else for (const leaf of leaves) this.#add(leaf, role);
    }
    this.#evaluated = [...evaluated.values()];
  }

  /** Numbers of the roles that the identity holds, ascending. */
  rolesOf(identity: Identity): number[] {
    const held = new Set<number>();
    const index = this.#indexes.get(identity.issuerName);
    if (index !== undefined) {
      addAll(held, index.subject.get(identity.subject));
      for (const group of identity.groups) addAll(held, index.groups.get(group));
      if (identity.clientId !== null) addAll(held, index.client.get(identity.clientId));
    }
    if (this.#evaluated.length > 0) {
      const caller = callerOf(identity);
      for (const { members, roles } of this.#evaluated) if (isMember(members, caller)) addAll(held, roles);
    }
    return [...held].sort((a, b) => a - b);
  }

  #add(leaf: Leaf, role: number): void {
    let index = this.#indexes.get(leaf.issuer);
    if (index === undefined)
      this.#indexes.set(leaf.issuer, (index = { groups: new Map(), subject: new Map(), client: new Map() }));
    const byValue = index[leaf.kind];
    for (const value of leaf.values) {
      const roles = byValue.get(value);
      if (roles === undefined) byValue.set(value, [role]);
      else roles.push(role);
    }
  }
}

/** An identity as the meaning of the policy sees it. */
export function callerOf(identity: Identity): Caller {
  const { subject, clientId, groups, issuerName, claims, issuedAtSeconds } = identity;
  return { subject, clientId, groups, issuer: issuerName, claims, issuedAtSeconds };
}

/** The leaves of which one has to fit; null when the expression says more than that. */
function leavesOf(members: MembersArtifact): Leaf[] | null {
  switch (members.kind) {
    case "groups":
    case "subject":
    case "client":
      return [members];
    case "any": {
      const all: Leaf[] = [];
      for (const part of members.of) {
        const leaves = leavesOf(part);
        if (leaves === null) return null;
        all.push(...leaves);
      }
      return all;
    }
    case "all":
    case "not":
    case "claim":
      return null;
    default:
      return members satisfies never;
  }
}

function addAll(held: Set<number>, roles: readonly number[] | undefined): void {
  if (roles !== undefined) for (const role of roles) held.add(role);
}
