/**
 * A document of permissions, checked and made fast to evaluate: of an identity, a boundary or a session.
 *
 * In: a document as written, also one read from disk or from AWS. Out: a `CompiledDocument`, the only thing evaluated.
 * Not here: trust policies, which have a `Principal` and no `Resource` (trust.ts); how long a document may be
 * (document-limits.ts).
 * Source: IAM user guide, "Grammar of the IAM JSON policy language", "Resource", "Policy elements: variables".
 */
import { type ArnPattern, compileArnPattern } from "./arn.ts";
import type { Condition } from "./condition.ts";
import type { WrittenDocument } from "./document.ts";
import {
  type CheckedStatement,
  type Dialect,
  compileActions,
  compileConditions,
  malformed,
  oneOf,
  readStatements,
} from "./grammar.ts";
import { type ResourceIndex, indexResources } from "./resource-index.ts";
import type { Pattern } from "./wildcard.ts";

export interface CompiledStatement {
  readonly sid: string | null;
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly Pattern[];
  readonly notActions: boolean;
  /** `NotResource` of the statement, null when it has `Resource`, which the document's index holds. */
  readonly notResources: readonly (ArnPattern | "*")[] | null;
  readonly conditions: readonly Condition[];
}

export interface CompiledDocument {
  readonly statements: readonly CompiledStatement[];
  readonly resources: ResourceIndex;
  /** Statements that the index does not hold: `Resource: "*"` and `NotResource`. */
  readonly everywhere: readonly number[];
}

const compiledBefore = new WeakMap<WrittenDocument, CompiledDocument>();

/**
 * The document, ready to be evaluated; the same object gives the same result without being read again.
 *
 * @throws GH_IAM_DOCUMENT_MALFORMED when it breaks the grammar
 * @throws GH_IAM_OPERATOR_UNKNOWN when a condition uses an operator that is not known
 */
export function compileDocument(document: WrittenDocument): CompiledDocument {
  const known = compiledBefore.get(document);
  if (known !== undefined) return known;
  const compiled = compile(document);
  compiledBefore.set(document, compiled);
  return compiled;
}

const STATEMENT_FIELDS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

function compile(document: unknown): CompiledDocument {
  const { dialect, statements: written } = readStatements(document, STATEMENT_FIELDS);
  const statements: CompiledStatement[] = [];
  const named: { arn: ArnPattern; statement: number }[] = [];
  const everywhere: number[] = [];
  for (const [index, statement] of written.entries()) {
    const { compiled, resources } = compileStatement(statement, dialect);
    statements.push(compiled);
    if (compiled.notResources !== null || resources.includes("*")) everywhere.push(index);
    else for (const arn of resources) if (arn !== "*") named.push({ arn, statement: index });
  }
  return { statements, resources: indexResources(named), everywhere };
}

function compileStatement(
  statement: CheckedStatement,
  dialect: Dialect,
): { compiled: CompiledStatement; resources: readonly (ArnPattern | "*")[] } {
  const { sid, effect } = statement;
  const { actions, notActions } = compileActions(statement);
  const { texts, negated, at } = oneOf(statement, "Resource");
  const resources = texts.map((text) => compileResource(text, at, dialect));
  return {
    compiled: {
      sid,
      effect,
      actions,
      notActions,
      notResources: negated ? resources : null,
      conditions: compileConditions(statement, dialect),
    },
    resources: negated ? [] : resources,
  };
}

function compileResource(text: string, at: string, dialect: Dialect): ArnPattern | "*" {
  if (text === "*") return text;
  const compiled = compileArnPattern(text, dialect);
  if (!compiled.ok) return malformed(at, `\`${text}\`: ${compiled.error}`);
  if (compiled.value.headParts.some(({ hasVariables }) => hasVariables))
    return malformed(at, `\`${text}\`: a policy variable may stand behind the fifth colon only`);
  return compiled.value;
}
