/**
 * From identity to roles, from roles to a decision, as API Gateway's AWS_IAM authorizer would make it for the role session.
 *
 * In: the compiled roles, a verified identity, the request. Out: a grant with its role, or the reason of the refusal.
 * Not here: who the identity is (identity), how a document is evaluated (iam), what a role was in the policy (compile).
 * Source: API Gateway developer guide, "Control access to HTTP APIs with AWS IAM authorization".
 * INVARIANT: only an evaluation that said `Allowed` is remembered, under everything it may have depended on; the memory
 * belongs to one set of artifacts and dies with it.
 */
import { RecentMap } from "../core/index.ts";
import {
  type AccessRequest,
  type CompiledDocument,
  type PolicyDocument,
  compileDocument,
  evaluate,
  invokeArn,
} from "../iam/index.ts";
import type { Identity } from "../identity/index.ts";
import type { IamArtifact } from "../model/index.ts";
import { RoleHolders } from "./role-holders.ts";
import { UNKNOWN_ADDRESS } from "./service-headers.ts";

export type DenyReason = "no-role" | "not-granted" | "outside-boundary" | "condition-not-met";

export type Authorization =
  | { readonly allowed: true; readonly role: string }
  | { readonly allowed: false; readonly reason: DenyReason | "request-path-too-long"; readonly role: string | null };

interface CompiledRole {
  readonly name: string;
  readonly identity: readonly CompiledDocument[];
  readonly boundary: CompiledDocument;
  readonly isConditional: boolean;
}

/** The roles that an identity holds, in the order of the artifacts. One object for each combination. */
export interface RoleSet {
  readonly id: number;
  readonly roles: readonly CompiledRole[];
  readonly isConditional: boolean;
}

/** The route as far as a decision is concerned. */
export interface Resource {
  readonly apiId: string;
  readonly stage: string;
  readonly method: string;
  /** Decoded, with leading slash. */
  readonly path: string;
}

const ACTION = "execute-api:Invoke";
/** Longest method ARN that API Gateway authorizes. */
const MAX_ARN_BYTES = 1600;
const REMEMBERED_GRANTS = 50_000;
const MAX_ROLE_SETS = 10_000;

export class Authorizer {
  readonly #iam: Pick<IamArtifact, "partition" | "region" | "account">;
  readonly #roles: readonly CompiledRole[];
  readonly #holders: RoleHolders;
  #roleSets = new Map<string, RoleSet>();
  #lastRoleSet = 0;
  readonly #grants = new RecentMap<Authorization>(REMEMBERED_GRANTS);

  /** @throws GH_IAM_* when a document cannot be compiled */
  constructor(iam: IamArtifact) {
    this.#iam = iam;
    this.#roles = iam.roles.map((role) => ({
      name: role.name,
      identity: [compileDocument(role.policy)],
      boundary: compileDocument(role.permissionsBoundary),
      isConditional: hasCondition(role.policy) || hasCondition(role.permissionsBoundary),
    }));
    this.#holders = new RoleHolders(iam.roles.map(({ members }) => members));
  }

  /** The roles of an identity, one object for all identities that hold the same. */
  roleSetOf(identity: Identity): RoleSet {
    const indexes = this.#holders.rolesOf(identity);
    const key = indexes.join(",");
    const known = this.#roleSets.get(key);
    if (known !== undefined) return known;
    const roles = indexes.flatMap((index) => this.#roles[index] ?? []);
    // Ids are never used twice, so forgetting sets cannot mix up what is remembered about them.
    if (this.#roleSets.size >= MAX_ROLE_SETS) this.#roleSets = new Map();
    const set = { id: ++this.#lastRoleSet, roles, isConditional: roles.some((role) => role.isConditional) };
    this.#roleSets.set(key, set);
    return set;
  }

  /** The first role that allows wins. */
  authorize(set: RoleSet, resource: Resource, sourceIp: string): Authorization {
    if (set.roles.length === 0) return { allowed: false, reason: "no-role", role: null };
    // Lengths are written where a client's text is followed by more, so that no two questions share a key.
    const key = set.isConditional
      ? `${set.id} ${resource.apiId} ${resource.method} ${sourceIp.length} ${sourceIp} ${resource.path}`
      : `${set.id} ${resource.apiId} ${resource.method} ${resource.path}`;
    const remembered = this.#grants.get(key);
    if (remembered !== undefined) return remembered;
    const fresh = this.#evaluate(set, resource, sourceIp);
    if (fresh.allowed) this.#grants.set(key, fresh);
    return fresh;
  }

  #evaluate(set: RoleSet, resource: Resource, sourceIp: string): Authorization {
    const arn = invokeArn({ ...this.#iam, ...resource });
    if (arn.length * 3 > MAX_ARN_BYTES && Buffer.byteLength(arn) > MAX_ARN_BYTES)
      return { allowed: false, reason: "request-path-too-long", role: null };
    const context: Record<string, string> = sourceIp === UNKNOWN_ADDRESS ? {} : { "aws:SourceIp": sourceIp };
    const request = { action: ACTION, resource: arn, context };
    let nearest: Authorization = { allowed: false, reason: "not-granted", role: set.roles[0]?.name ?? null };
    let nearness = 0;
    for (const role of set.roles) {
      if (evaluate(request, role).effect === "Allowed") return { allowed: true, role: role.name };
      const reason = explainRefusal(role, request);
      if (NEARNESS[reason] > nearness) {
        nearness = NEARNESS[reason];
        nearest = { allowed: false, reason, role: role.name };
      }
    }
    return nearest;
  }
}

/** Asks the role's grants and its boundary by themselves; only refusals pay for it. */
function explainRefusal(role: CompiledRole, request: AccessRequest): Exclude<DenyReason, "no-role"> {
  const granted = evaluate(request, { identity: role.identity, boundary: null });
  if (granted.effect === "Allowed") return "outside-boundary";
  if (granted.effect === "ExplicitlyDenied" || !granted.conditional) return "not-granted";
  const within = evaluate(request, { identity: [role.boundary], boundary: null });
  return within.effect === "Allowed" ? "condition-not-met" : "outside-boundary";
}

/** The reason of a refusal is that of the role that came nearest to allowing. */
const NEARNESS: Readonly<Record<Exclude<DenyReason, "no-role">, number>> = {
  "not-granted": 0,
  "outside-boundary": 1,
  "condition-not-met": 2,
};

function hasCondition(document: PolicyDocument): boolean {
  return document.Statement.some((statement) => statement.Condition !== undefined);
}
