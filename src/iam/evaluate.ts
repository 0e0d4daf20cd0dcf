/**
 * What IAM says about one request: explicit deny anywhere, then what boundary and session let through of what the
 * identity is allowed.
 *
 * In: action, resource, context, compiled documents of one identity, its boundary and its session. Out: effect and whose
 * word it is. Not here: resource policies, which HTTP APIs do not have; organisation policies.
 * Source: IAM user guide, "Policy evaluation logic" (one account), "Session policies".
 * INVARIANT: boundary and session never grant; effective is identity ∩ boundary ∩ session.
 */
import { type Arn, matchArn, splitArn } from "./arn.ts";
import type { CompiledDocument, CompiledStatement } from "./compile-document.ts";
import { type Lookup, conditionsHold } from "./condition.ts";
import { type RequestContext, readContext } from "./request-context.ts";
import { findStatements } from "./resource-index.ts";
import { type Resolve, matchPattern } from "./wildcard.ts";

export interface AccessRequest {
  /** `service:Action`, any case. */
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

export interface Evaluation {
  readonly effect: "Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied";
  /**
   * Whose word it is. `identity`: allowed. `boundary`, `session`: a statement of the identity grants this, whether or
   * not its condition holds, and the boundary or else the session does not let it. `deny`: a Deny statement. `none`:
   * nothing grants this, or what does has a condition that does not hold (`conditional` tells).
   */
  readonly by: "identity" | "boundary" | "session" | "deny" | "none";
  /** Where the Deny statement stands that decided; null when none did. */
  readonly deniedIn: "identity" | "boundary" | "session" | null;
  /** `Sid` of the statement that decided, null when it has none or nothing matched. */
  readonly statement: string | null;
  /** Whether a statement that names action and resource had a condition to be consulted. */
  readonly conditional: boolean;
}

/** The documents that say what one caller may do. */
export interface CallerDocuments {
  readonly identity: readonly CompiledDocument[];
  readonly boundary: CompiledDocument | null;
  /** Passed when the session was begun; null, none and an empty list are a session without limits of its own. */
  readonly session?: readonly CompiledDocument[] | null;
}

/** Evaluates one request; total, never throws. A resource that is not an ARN is named by `*` and a Deny's `NotResource` alone. */
export function evaluate(request: AccessRequest, { identity, boundary, session }: CallerDocuments): Evaluation {
  const question = prepare(request);
  const { allow, granted, deny } = appliesInAny(identity, question);
  const limit = boundary === null ? null : applies(boundary, question);
  const passed =
    session === undefined || session === null || session.length === 0 ? null : appliesInAny(session, question);
  const { conditional } = question;
  const denied = deny ?? limit?.deny ?? passed?.deny ?? null;
  if (denied !== null) {
    const deniedIn = denied === deny ? "identity" : denied === limit?.deny ? "boundary" : "session";
    const by = deniedIn === "identity" || granted === null ? "deny" : deniedIn;
    return { effect: "ExplicitlyDenied", by, deniedIn, statement: denied.sid, conditional };
  }
  const effect = "ImplicitlyDenied";
  if (granted !== null && limit?.allow === null)
    return { effect, by: "boundary", deniedIn: null, statement: granted.sid, conditional };
  if (granted !== null && passed?.allow === null)
    return { effect, by: "session", deniedIn: null, statement: granted.sid, conditional };
  if (allow === null) return { effect, by: "none", deniedIn: null, statement: null, conditional };
  return { effect: "Allowed", by: "identity", deniedIn: null, statement: allow.sid, conditional };
}

interface Question {
  readonly action: string;
  readonly arn: Arn | null;
  readonly lookup: Lookup;
  readonly resolve: Resolve;
  conditional: boolean;
}

function prepare({ action, resource, context }: AccessRequest): Question {
  const { lookup, resolve } = readContext(context);
  return { action: action.toLowerCase(), arn: splitArn(resource), lookup, resolve, conditional: false };
}

interface Found {
  readonly allow: CompiledStatement | null;
  /** The first Allow that names the request, whether or not its condition holds. */
  readonly granted: CompiledStatement | null;
  readonly deny: CompiledStatement | null;
}

function appliesInAny(documents: readonly CompiledDocument[], question: Question): Found {
  let allow: CompiledStatement | null = null;
  let granted: CompiledStatement | null = null;
  let deny: CompiledStatement | null = null;
  for (const document of documents) {
    const found = applies(document, question);
    allow ??= found.allow;
    granted ??= found.granted;
    deny ??= found.deny;
  }
  return { allow, granted, deny };
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
