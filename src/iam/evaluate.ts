/**
 * What IAM says about one request: explicit deny, then the boundary, then what the identity is allowed.
 *
 * In: action, resource, context, compiled documents of one identity and its boundary. Out: effect and whose word it is.
 * Not here: resource policies, session policies, organisation policies; Gatehouse's roles have none of them.
 * Source: IAM user guide, "Policy evaluation logic" (one account).
 */
import { type Arn, matchArn, splitArn } from "./arn.ts";
import type { CompiledDocument, CompiledStatement } from "./compile-document.ts";
import { type Lookup, conditionsHold } from "./condition.ts";
import { findStatements } from "./resource-index.ts";
import { type Resolve, matchPattern } from "./wildcard.ts";

export interface AccessRequest {
  /** `service:Action`, any case. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys, any case, with one value or several. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

export interface Evaluation {
  readonly effect: "Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied";
  /**
   * Whose word it is. `identity`: allowed. `boundary`: a statement of the identity grants this, whether or not its
   * condition holds, and the boundary does not let it. `deny`: a Deny statement. `none`: nothing grants this, or what
   * does has a condition that does not hold (`conditional` tells).
   */
  readonly by: "identity" | "boundary" | "deny" | "none";
  /** `Sid` of the statement that decided, null when it has none or nothing matched. */
  readonly statement: string | null;
  /** Whether a statement that names action and resource had a condition to be consulted. */
  readonly conditional: boolean;
}

/** Evaluates one request; total, never throws. A resource that is not an ARN is named by `*` and a Deny's `NotResource` alone. */
export function evaluate(
  request: AccessRequest,
  documents: { readonly identity: readonly CompiledDocument[]; readonly boundary: CompiledDocument | null },
): Evaluation {
  const question = prepare(request);
  let allow: CompiledStatement | null = null;
  let granted: CompiledStatement | null = null;
  let deny: CompiledStatement | null = null;
  for (const document of documents.identity) {
    const found = applies(document, question);
    allow ??= found.allow;
    granted ??= found.granted;
    deny ??= found.deny;
  }
  const limit = documents.boundary === null ? null : applies(documents.boundary, question);
  const { conditional } = question;
  const denied = deny ?? limit?.deny ?? null;
  if (denied !== null) {
    const by = deny === null && granted !== null ? "boundary" : "deny";
    return { effect: "ExplicitlyDenied", by, statement: denied.sid, conditional };
  }
  if (granted !== null && limit !== null && limit.allow === null)
    return { effect: "ImplicitlyDenied", by: "boundary", statement: granted.sid, conditional };
  if (allow === null) return { effect: "ImplicitlyDenied", by: "none", statement: null, conditional };
  return { effect: "Allowed", by: "identity", statement: allow.sid, conditional };
}

interface Question {
  readonly action: string;
  readonly arn: Arn | null;
  readonly lookup: Lookup;
  readonly resolve: Resolve;
  conditional: boolean;
}

const NONE: readonly string[] = [];

function prepare({ action, resource, context }: AccessRequest): Question {
  let folded: Map<string, readonly string[]> | null = null;
  const lookup: Lookup = (key) => {
    if (folded === null) {
      folded = new Map();
      for (const [name, value] of Object.entries(context))
        folded.set(name.toLowerCase(), typeof value === "string" ? [value] : value);
    }
    return folded.get(key) ?? NONE;
  };
  const resolve: Resolve = (key) => {
    const values = lookup(key);
    return values.length === 1 ? (values[0] ?? null) : null;
  };
  return { action: action.toLowerCase(), arn: splitArn(resource), lookup, resolve, conditional: false };
}

interface Found {
  readonly allow: CompiledStatement | null;
  /** The first Allow that names the request, whether or not its condition holds. */
  readonly granted: CompiledStatement | null;
  readonly deny: CompiledStatement | null;
}

/** The first Allow and the first Deny of a document that apply, in the order in which they are written. */
function applies(document: CompiledDocument, question: Question): Found {
  const candidates: number[] = [...document.everywhere];
  if (question.arn !== null) findStatements(document.resources, question.arn, question.resolve, candidates);
  if (candidates.length > 1) candidates.sort((a, b) => a - b);
  let allow: CompiledStatement | null = null;
  let granted: CompiledStatement | null = null;
  let deny: CompiledStatement | null = null;
  let previous = -1;
  for (const index of candidates) {
    const statement = document.statements[index];
    if (statement === undefined || index === previous) continue;
    previous = index;
    const allows = statement.effect === "Allow";
    if ((allows ? allow : deny) !== null || !names(statement, question)) continue;
    if (allows) granted ??= statement;
    if (!holds(statement, question)) continue;
    if (allows) allow = statement;
    else deny = statement;
  }
  return { allow, granted, deny };
}

/** Whether action and resource of the statement fit. That `Resource` fits is known from the index. */
function names(statement: CompiledStatement, question: Question): boolean {
  const { action, arn, resolve } = question;
  const named = statement.actions.some((pattern) => matchPattern(pattern, action));
  if (named === statement.notActions) return false;
  if (statement.notResources !== null) {
    if (arn === null && statement.effect === "Allow") return false;
    for (const pattern of statement.notResources) {
      if (pattern === "*") return false;
      // A variable without a value makes the statement void, in NotResource too.
      const matched = arn === null ? false : matchArn(pattern, arn, resolve);
      if (matched !== false) return false;
    }
  }
  return true;
}

function holds(statement: CompiledStatement, question: Question): boolean {
  if (statement.conditions.length === 0) return true;
  question.conditional = true;
  return conditionsHold(statement.conditions, statement.effect, question.lookup, question.resolve);
}
