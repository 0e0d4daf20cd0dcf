/**
 * From identity to roles, from roles to a decision, as API Gateway's AWS_IAM authorizer would make it for the role session.
 *
 * In: the compiled roles, a verified identity, the request. Out: a grant with its role, or the reason of the refusal.
 * Not here: who the identity is (identity), how a document is evaluated (iam), what a role was in the policy (compile).
 * Source: API Gateway developer guide, "Control access to HTTP APIs with AWS IAM authorization".
 * INVARIANT: only an evaluation that said `Allowed` is remembered, under everything it may have depended on; what depends
 * on more than the route and the address is evaluated each time. The memory belongs to one set of artifacts and dies
 * with it.
 */
import { RecentMap } from "../core/index.ts";
import {
  type AccessRequest,
  type CompiledDocument,
  type WrittenDocument,
  compileDocument,
  evaluate,
  invokeArn,
} from "../iam/index.ts";
import type { Identity } from "../identity/index.ts";
import { type IamArtifact, SOURCE_IP_KEY, contextOf, pathKey } from "../model/index.ts";
import { captureParameters } from "../policy/index.ts";
import { listContextKeys } from "./context-keys.ts";
import { RoleHolders } from "./role-holders.ts";
import { UNKNOWN_ADDRESS } from "./service-headers.ts";

export type DenyReason = "no-role" | "not-granted" | "outside-boundary" | "condition-not-met";

export type Authorization =
  | { readonly allowed: true; readonly role: string }
  | {
      readonly allowed: false;
      readonly reason: DenyReason | "session-policy" | "request-path-too-long";
      readonly role: string | null;
    };

interface CompiledRole {
  readonly name: string;
  readonly arn: string;
  readonly identity: readonly CompiledDocument[];
  readonly boundary: CompiledDocument;
  /** Documents that came with the session; they only take away. */
  readonly session: readonly CompiledDocument[] | null;
  /** Of `listContextKeys`. */
  readonly contextKeys: readonly string[];
}

/** The roles that an identity holds, in the order of the artifacts. One object for each combination. */
export interface RoleSet {
  readonly id: number;
  readonly roles: readonly CompiledRole[];
  /** What a decision depends on beside the route and the path. */
  readonly contextKeys: readonly string[];
  /** Whether parameters of the path are among that. */
  readonly needsParameters: boolean;
  /** Under what a grant may be remembered. */
  readonly memory: "route" | "route-and-address" | "none";
}

/** A request as far as a decision is concerned. */
export interface Question {
  readonly apiId: string;
  readonly stage: string;
  readonly method: string;
  /** Decoded, with leading slash. */
  readonly path: string;
  /** The path of the route that answers, with its parameters. */
  readonly routePath: string;
  readonly sourceIp: string;
  readonly atMs: number;
  readonly identity: Identity;
}

const ACTION = "execute-api:Invoke";
/** Longest method ARN that API Gateway authorizes. */
const MAX_ARN_BYTES = 1600;
const REMEMBERED_GRANTS = 50_000;
const MAX_ROLE_SETS = 10_000;
const PATH_KEYS = pathKey("");

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
      arn: role.arn,
      identity: [compileDocument(role.policy)],
      boundary: compileDocument(role.permissionsBoundary),
      session: null,
      contextKeys: listContextKeys([role.policy, role.permissionsBoundary]),
    }));
    this.#holders = new RoleHolders(iam.roles.map(({ members }) => members));
  }

  /** The roles of an identity, one object for all identities that hold the same. */
  roleSetOf(identity: Identity): RoleSet {
    const indexes = this.#holders.rolesOf(identity);
    const key = indexes.join(",");
    const known = this.#roleSets.get(key);
    if (known !== undefined) return known;
    return this.#remember(
      key,
      indexes.flatMap((index) => this.#roles[index] ?? []),
    );
  }

  /**
   * The one role with this ARN for an identity that holds it, within the policies of a session; no role for any other
   * identity.
   */
  sessionRoleSet(identity: Identity, roleArn: string, sessionPolicies: readonly WrittenDocument[]): RoleSet {
    const index = this.#holders.rolesOf(identity).find((each) => this.#roles[each]?.arn === roleArn);
    const role = index === undefined ? undefined : this.#roles[index];
    if (index === undefined || role === undefined) return this.#roleSets.get("") ?? this.#remember("", []);
    if (sessionPolicies.length === 0) return this.#roleSets.get(`${index}`) ?? this.#remember(`${index}`, [role]);
    const session = sessionPolicies.map((document) => compileDocument(document));
    const contextKeys = [...new Set([...role.contextKeys, ...listContextKeys(sessionPolicies)])];
    // A set of this session alone: what is decided for it is not worth remembering.
    return { ...this.#compose([{ ...role, session, contextKeys }]), memory: "none" };
  }

  #remember(key: string, roles: readonly CompiledRole[]): RoleSet {
    // Ids are never used twice, so forgetting sets cannot mix up what is remembered about them.
    if (this.#roleSets.size >= MAX_ROLE_SETS) this.#roleSets = new Map();
    const set = this.#compose(roles);
    this.#roleSets.set(key, set);
    return set;
  }

  #compose(roles: readonly CompiledRole[]): RoleSet {
    const contextKeys = [...new Set(roles.flatMap((role) => role.contextKeys))];
    return {
      id: ++this.#lastRoleSet,
      roles,
      contextKeys,
      needsParameters: contextKeys.some((each) => each.startsWith(PATH_KEYS)),
      memory: memoryFor(contextKeys),
    };
  }

  /** The first role that allows wins. */
  authorize(set: RoleSet, question: Question): Authorization {
    if (set.roles.length === 0) return { allowed: false, reason: "no-role", role: null };
    if (set.memory === "none") return this.#evaluate(set, question);
    const { apiId, method, path, sourceIp } = question;
    // Lengths are written where a client's text is followed by more, so that no two questions share a key.
    const key =
      set.memory === "route"
        ? `${set.id} ${apiId} ${method} ${path}`
        : `${set.id} ${apiId} ${method} ${sourceIp.length} ${sourceIp} ${path}`;
    const remembered = this.#grants.get(key);
    if (remembered !== undefined) return remembered;
    const fresh = this.#evaluate(set, question);
    if (fresh.allowed) this.#grants.set(key, fresh);
    return fresh;
  }

  #evaluate(set: RoleSet, question: Question): Authorization {
    const { apiId, stage, method, path } = question;
    const arn = invokeArn({ ...this.#iam, apiId, stage, method, path });
    if (arn.length * 3 > MAX_ARN_BYTES && Buffer.byteLength(arn) > MAX_ARN_BYTES)
      return { allowed: false, reason: "request-path-too-long", role: null };
    const request = { action: ACTION, resource: arn, context: contextFor(set, question) };
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

/** Asks the role's grants, its boundary and the session by themselves; only refusals pay for it. */
function explainRefusal(role: CompiledRole, request: AccessRequest): RoleRefusal {
  const { identity, boundary } = role;
  if (role.session !== null && evaluate(request, { identity, boundary }).effect === "Allowed") return "session-policy";
  const granted = evaluate(request, { identity: role.identity, boundary: null });
  if (granted.effect === "Allowed") return "outside-boundary";
  if (granted.effect === "ExplicitlyDenied" || !granted.conditional) return "not-granted";
  const within = evaluate(request, { identity: [role.boundary], boundary: null });
  return within.effect === "Allowed" ? "condition-not-met" : "outside-boundary";
}

type RoleRefusal = Exclude<DenyReason, "no-role"> | "session-policy";

/** The reason of a refusal is that of the role that came nearest to allowing. */
const NEARNESS: Readonly<Record<RoleRefusal, number>> = {
  "not-granted": 0,
  "outside-boundary": 1,
  "condition-not-met": 2,
  "session-policy": 3,
};

function memoryFor(contextKeys: readonly string[]): RoleSet["memory"] {
  if (contextKeys.length === 0) return "route";
  return contextKeys.every((key) => key === SOURCE_IP_KEY) ? "route-and-address" : "none";
}

function contextFor(set: RoleSet, question: Question): AccessRequest["context"] {
  if (set.contextKeys.length === 0) return {};
  const { sourceIp, atMs, routePath, path, identity } = question;
  return contextOf(set.contextKeys, {
    sourceIp: sourceIp === UNKNOWN_ADDRESS ? null : sourceIp,
    atMs,
    params: set.needsParameters ? captureParameters(routePath, path) : {},
    claims: identity.claims,
    issuedAtSeconds: identity.issuedAtSeconds,
  });
}
