/**
 * ARNs as patterns: six parts between colons, of which a wildcard never leaves its own; the sixth may hold colons.
 * Source: IAM user guide, "IAM JSON policy elements: Resource".
 */
import { type Result, err, ok } from "../core/index.ts";
import { type Pattern, type Resolve, bindPattern, compilePattern, literalOf, matchPattern } from "./wildcard.ts";

const PARTS = 6;

export interface ArnPattern {
  /** `arn:partition:service:region:account`, without the resource. */
  readonly head: string;
  readonly headParts: readonly Pattern[];
  /** Whether the head is one fixed text. */
  readonly fixedHead: boolean;
  readonly resource: Pattern;
}

export interface Arn {
  readonly head: string;
  readonly resource: string;
}

/** With `variables` false, `${...}` is plain text. The error is what is wrong with the text. */
export function compileArnPattern(
  text: string,
  { variables }: { readonly variables: boolean },
): Result<ArnPattern, string> {
  const cuts = colons(text, variables);
  if (cuts.length < PARTS - 1) return err(`an ARN has ${PARTS} parts, this one has ${cuts.length + 1}`);
  const parts: Pattern[] = [];
  for (let i = 0; i < PARTS; i++) {
    const from = i === 0 ? 0 : (cuts[i - 1] ?? 0) + 1;
    const compiled = compilePattern(text.slice(from, i === PARTS - 1 ? text.length : cuts[i]), {
      wildcards: true,
      variables,
    });
    if (!compiled.ok) return compiled;
    parts.push(compiled.value);
  }
  const [scheme] = parts;
  const resource = parts.pop();
  if (scheme === undefined || resource === undefined || literalOf(scheme) !== "arn")
    return err("an ARN begins with `arn:`");
  const fixed = parts.map(literalOf);
  const fixedHead = !fixed.includes(null);
  return ok({
    head: fixedHead ? fixed.join(":") : text.slice(0, cuts[PARTS - 2]),
    headParts: parts,
    fixedHead,
    resource,
  });
}

/** An ARN's head and resource; null when it has fewer than six parts. */
export function splitArn(text: string): Arn | null {
  let at = -1;
  for (let i = 0; i < PARTS - 1; i++) {
    at = text.indexOf(":", at + 1);
    if (at === -1) return null;
  }
  return { head: text.slice(0, at), resource: text.slice(at + 1) };
}

/** Whether the parts before the resource fit; null when a variable has no value. */
export function matchArnHead(pattern: ArnPattern, head: string, resolve: Resolve): boolean | null {
  if (pattern.fixedHead) return pattern.head === head;
  const parts = head.split(":");
  for (const [index, part] of pattern.headParts.entries()) {
    const bound = bindPattern(part, resolve);
    if (bound === null) return null;
    if (!matchPattern(bound, parts[index] ?? "")) return false;
  }
  return true;
}

/** Whether every variable of the pattern has a value. */
export function bindsArn({ headParts, resource }: ArnPattern, resolve: Resolve): boolean {
  return [...headParts, resource].every((part) => bindPattern(part, resolve) !== null);
}

/** Whether the whole ARN fits; null when a variable has no value. */
export function matchArn(pattern: ArnPattern, arn: Arn, resolve: Resolve): boolean | null {
  const head = matchArnHead(pattern, arn.head, resolve);
  if (head !== true) return head;
  const bound = bindPattern(pattern.resource, resolve);
  return bound === null ? null : matchPattern(bound, arn.resource);
}

/** Places of the colons that are not inside a policy variable. */
function colons(text: string, variables: boolean): number[] {
  const places: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (variables && text.startsWith("${", i)) {
      const end = text.indexOf("}", i);
      if (end !== -1) i = end;
    } else if (text.charAt(i) === ":") places.push(i);
  }
  return places;
}
