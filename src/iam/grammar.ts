/**
 * What documents of permissions and documents of trust have in common: version, statements, `Sid`, effect, actions and
 * conditions, each checked where it stands.
 *
 * In: JSON that nobody has looked at. Out: checked parts. Not here: resources (compile-document.ts), principals (trust.ts).
 * Source: IAM user guide, "Grammar of the IAM JSON policy language", "Sid", "Version".
 * INVARIANT: whatever is not understood is a fault with its place, so that no statement is ever skipped.
 */
import { GatehouseError } from "../core/index.ts";
import { type Condition, compileCondition } from "./condition.ts";
import { type Pattern, compilePattern } from "./wildcard.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface CheckedStatement {
  readonly fields: Fields;
  /** Where it stands: `Statement[0]`. */
  readonly at: string;
  /** Null for none and for an empty one. */
  readonly sid: string | null;
  readonly effect: "Allow" | "Deny";
}

/** Policy variables came with version 2012-10-17; before it `${...}` is plain text. */
export interface Dialect {
  readonly variables: boolean;
}

/** The statements of a document in the order in which they are written, and how its texts are to be read. */
export function readStatements(
  document: unknown,
  statementFields: readonly string[],
): { readonly dialect: Dialect; readonly statements: readonly CheckedStatement[] } {
  const { Version, Statement, Id } = recordAt(document, "document", ["Version", "Statement", "Id"]);
  if (Version !== undefined && Version !== "2012-10-17" && Version !== "2008-10-17")
    malformed("Version", "must be `2012-10-17` or `2008-10-17`");
  if (Id !== undefined && typeof Id !== "string") malformed("Id", "must be text");
  const written = Array.isArray(Statement) ? (Statement as unknown[]) : [Statement];
  if (written.length === 0) malformed("Statement", "there is no statement");
  const sids = new Set<string>();
  const statements = written.map((value, index): CheckedStatement => {
    const at = `Statement[${index}]`;
    const fields = recordAt(value, at, statementFields);
    const { Sid, Effect } = fields;
    if (Sid !== undefined && (typeof Sid !== "string" || !/^[A-Za-z0-9]*$/.test(Sid)))
      malformed(`${at}.Sid`, "must be letters and digits");
    const sid = typeof Sid === "string" && Sid !== "" ? Sid : null;
    if (sid !== null && sids.has(sid)) malformed(`${at}.Sid`, "is not unique");
    if (sid !== null) sids.add(sid);
    if (Effect !== "Allow" && Effect !== "Deny") malformed(`${at}.Effect`, "must be `Allow` or `Deny`");
    return { fields, at, sid, effect: Effect };
  });
  return { dialect: { variables: Version === "2012-10-17" }, statements };
}

/** An element that a statement has exactly once, as such or as its `Not...`. */
export function oneOf(
  { fields, at }: CheckedStatement,
  name: "Action" | "Resource",
): { readonly texts: readonly string[]; readonly negated: boolean; readonly at: string } {
  const [plain, negative] = [fields[name], fields[`Not${name}`]];
  if ((plain === undefined) === (negative === undefined))
    malformed(at, `must have exactly one of \`${name}\` and \`Not${name}\``);
  const negated = plain === undefined;
  const place = `${at}.${negated ? "Not" : ""}${name}`;
  const texts = textsAt(negated ? negative : plain, place);
  if (texts.length === 0) malformed(place, "is empty");
  return { texts, negated, at: place };
}

/** `*` or `service:Action`, where the action may have wildcards; matched in lower case. */
export function compileActions(statement: CheckedStatement): {
  readonly actions: readonly Pattern[];
  readonly notActions: boolean;
  readonly at: string;
} {
  const { texts, negated, at } = oneOf(statement, "Action");
  return { actions: texts.map((text) => compileAction(text, at)), notActions: negated, at };
}

function compileAction(text: string, at: string): Pattern {
  if (!/^(\*|(\*|[A-Za-z0-9.-]+):[A-Za-z0-9*?_-]+)$/.test(text)) malformed(at, `\`${text}\` is not \`service:Action\``);
  const compiled = compilePattern(text.toLowerCase(), { wildcards: true });
  return compiled.ok ? compiled.value : malformed(at, compiled.error);
}

export function compileConditions({ fields, at }: CheckedStatement, dialect: Dialect): readonly Condition[] {
  const block = fields["Condition"];
  if (block === undefined) return [];
  const conditions: Condition[] = [];
  for (const [operator, keys] of Object.entries(recordAt(block, `${at}.Condition`, null))) {
    const folded = new Set<string>();
    for (const [key, written] of Object.entries(recordAt(keys, `${at}.Condition.${operator}`, null))) {
      const place = `${at}.Condition.${operator}.${key}`;
      if (folded.has(key.toLowerCase())) malformed(place, "stands twice, keys have no case");
      folded.add(key.toLowerCase());
      const compiled = compileCondition(operator, key, valuesAt(written, place), dialect);
      if (compiled.ok) conditions.push(compiled.value);
      else if (compiled.error.kind === "operator")
        throw new GatehouseError("GH_IAM_OPERATOR_UNKNOWN", { operator, at: `${at}.Condition` });
      else malformed(`${at}.Condition.${compiled.error.at}`, compiled.error.problem);
    }
  }
  return conditions;
}

/** With `fields` null, any names are taken. */
export function recordAt(value: unknown, at: string, fields: readonly string[] | null): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) malformed(at, "must be an object");
  const record = value as Fields;
  for (const field of Object.keys(record))
    if (fields !== null && !fields.includes(field)) malformed(`${at}.${field}`, "is not an element of this document");
  return record;
}

export function textsAt(value: unknown, at: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.map((item) => (typeof item === "string" ? item : malformed(at, "must be text or a list of texts")));
}

function valuesAt(value: unknown, at: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
  const kind = typeof list[0];
  return list.map((item) => {
    if (typeof item !== "string" && typeof item !== "number" && typeof item !== "boolean")
      malformed(at, "must be text, a number, a boolean, or a list of them");
    if (typeof item !== kind) malformed(at, "has values of different kinds");
    return String(item);
  });
}

export function malformed(at: string, problem: string): never {
  throw new GatehouseError("GH_IAM_DOCUMENT_MALFORMED", { at, problem });
}
