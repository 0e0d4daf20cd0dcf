/**
 * An IAM policy document, checked and made fast to evaluate.
 *
 * In: a document as written, also one read from disk or from AWS. Out: a `CompiledDocument`, the only thing evaluated.
 * Not here: trust policies, which have a `Principal` and no `Resource`.
 * Source: IAM user guide, "Grammar of the IAM JSON policy language".
 * INVARIANT: whatever is not understood is a fault here, so that no statement is ever skipped.
 */
import { GatehouseError } from "../core/index.ts";
import { type ArnPattern, compileArnPattern } from "./arn.ts";
import { type Condition, compileCondition } from "./condition.ts";
import type { PolicyDocument } from "./document.ts";
import { type ResourceIndex, indexResources } from "./resource-index.ts";
import { type Pattern, compilePattern } from "./wildcard.ts";

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

const compiledBefore = new WeakMap<PolicyDocument, CompiledDocument>();

/**
 * The document, ready to be evaluated; the same object gives the same result without being read again.
 *
 * @throws GH_IAM_DOCUMENT_MALFORMED when it breaks the grammar
 * @throws GH_IAM_OPERATOR_UNKNOWN when a condition uses an operator that is not known
 */
export function compileDocument(document: PolicyDocument): CompiledDocument {
  const known = compiledBefore.get(document);
  if (known !== undefined) return known;
  const compiled = compile(document);
  compiledBefore.set(document, compiled);
  return compiled;
}

function compile(document: unknown): CompiledDocument {
  const { Version, Statement } = recordAt(document, "document", ["Version", "Statement", "Id"]);
  if (Version !== "2012-10-17") malformed("Version", "must be `2012-10-17`");
  const written = Array.isArray(Statement) ? (Statement as unknown[]) : [Statement];
  if (written.length === 0) malformed("Statement", "there is no statement");
  const statements: CompiledStatement[] = [];
  const named: { arn: ArnPattern; statement: number }[] = [];
  const everywhere: number[] = [];
  const sids = new Set<string>();
  for (const [index, statement] of written.entries()) {
    const { compiled, resources } = compileStatement(statement, `Statement[${index}]`);
    if (compiled.sid !== null && sids.has(compiled.sid)) malformed(`Statement[${index}].Sid`, "is not unique");
    if (compiled.sid !== null) sids.add(compiled.sid);
    statements.push(compiled);
    if (compiled.notResources !== null || resources.includes("*")) everywhere.push(index);
    else for (const arn of resources) if (arn !== "*") named.push({ arn, statement: index });
  }
  return { statements, resources: indexResources(named), everywhere };
}

const STATEMENT_FIELDS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

function compileStatement(
  value: unknown,
  at: string,
): { compiled: CompiledStatement; resources: readonly (ArnPattern | "*")[] } {
  const statement = recordAt(value, at, STATEMENT_FIELDS);
  const { Sid, Effect } = statement;
  if (Sid !== undefined && (typeof Sid !== "string" || !/^[A-Za-z0-9]+$/.test(Sid)))
    malformed(`${at}.Sid`, "must be letters and digits");
  if (Effect !== "Allow" && Effect !== "Deny") malformed(`${at}.Effect`, "must be `Allow` or `Deny`");
  const actions = oneOf(statement, "Action", at);
  const resources = oneOf(statement, "Resource", at);
  const compiledResources = resources.texts.map((text) => compileResource(text, resources.at));
  return {
    compiled: {
      sid: typeof Sid === "string" ? Sid : null,
      effect: Effect,
      actions: actions.texts.map((text) => compileAction(text, actions.at)),
      notActions: actions.negated,
      notResources: resources.negated ? compiledResources : null,
      conditions: statement["Condition"] === undefined ? [] : compileConditions(statement["Condition"], at),
    },
    resources: resources.negated ? [] : compiledResources,
  };
}

function oneOf(
  statement: Readonly<Record<string, unknown>>,
  name: "Action" | "Resource",
  at: string,
): { texts: readonly string[]; negated: boolean; at: string } {
  const [plain, negative] = [statement[name], statement[`Not${name}`]];
  if ((plain === undefined) === (negative === undefined))
    malformed(at, `must have exactly one of \`${name}\` and \`Not${name}\``);
  const negated = plain === undefined;
  const place = `${at}.${negated ? "Not" : ""}${name}`;
  const texts = textsAt(negated ? negative : plain, place);
  if (texts.length === 0) malformed(place, "is empty");
  return { texts, negated, at: place };
}

function compileAction(text: string, at: string): Pattern {
  if (!/^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/.test(text)) malformed(at, `\`${text}\` is not \`service:Action\``);
  const compiled = compilePattern(text.toLowerCase(), { wildcards: true });
  return compiled.ok ? compiled.value : malformed(at, compiled.error);
}

function compileResource(text: string, at: string): ArnPattern | "*" {
  if (text === "*") return text;
  const compiled = compileArnPattern(text);
  return compiled.ok ? compiled.value : malformed(at, `\`${text}\`: ${compiled.error}`);
}

function compileConditions(value: unknown, at: string): Condition[] {
  const conditions: Condition[] = [];
  for (const [operator, keys] of Object.entries(recordAt(value, `${at}.Condition`, null)))
    for (const [key, written] of Object.entries(recordAt(keys, `${at}.Condition.${operator}`, null))) {
      const texts = textsAt(written, `${at}.Condition.${operator}.${key}`);
      const compiled = compileCondition(operator, key, texts);
      if (compiled.ok) conditions.push(compiled.value);
      else if (compiled.error.kind === "operator")
        throw new GatehouseError("GH_IAM_OPERATOR_UNKNOWN", { operator, at: `${at}.Condition` });
      else malformed(`${at}.Condition.${compiled.error.at}`, compiled.error.problem);
    }
  return conditions;
}

function recordAt(value: unknown, at: string, fields: readonly string[] | null): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) malformed(at, "must be an object");
  const record = value as Readonly<Record<string, unknown>>;
  for (const field of Object.keys(record))
    if (fields !== null && !fields.includes(field)) malformed(`${at}.${field}`, "is not an element of this document");
  return record;
}

function textsAt(value: unknown, at: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.map((item) => (typeof item === "string" ? item : malformed(at, "must be text or a list of texts")));
}

function malformed(at: string, problem: string): never {
  throw new GatehouseError("GH_IAM_DOCUMENT_MALFORMED", { at, problem });
}
