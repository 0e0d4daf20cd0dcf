/**
 * `claims:` of somebody in the people file: what their tokens say beyond name and groups.
 *
 * In: a YAML node. Out: names and values, each written as a token will say it, or findings.
 * INVARIANT: nothing here can speak in the place of the provider (who, for whom, until when) or of `groups:`.
 * Source: RFC 7519 section 4.1, RFC 9068 section 2.2, RFC 7800; docs/guide/people.md for the format.
 */
import { type Node, type Scalar, isAlias, isScalar, isSeq } from "yaml";
import type { ClaimNames } from "./claims.ts";

export type ClaimValue = string | number | boolean | readonly (string | number | boolean)[];

export interface ClaimFinding {
  readonly id: "people/alias" | "people/claim-value" | "people/reserved-claim";
  readonly message: string;
  readonly hint: string;
}

/** Said by the provider itself in every token, or by nobody. */
const RESERVED = new Set([
  "iss",
  "sub",
  "aud",
  "exp",
  "iat",
  "nbf",
  "jti",
  "client_id",
  "azp",
  "scope",
  "authorization_details",
  "sid",
  "nonce",
  "cnf",
]);

/** Whether a claim of this name would stand where the policy looks for groups or the name, or around it. */
export function isMappedClaim(name: string, names: ClaimNames): boolean {
  return [names.groups, names.name].some((path) => path === name || firstStepOf(path) === name);
}

/** What is wrong with a claim's name, null when nothing is. */
export function findNameProblem(name: string, names: ClaimNames): ClaimFinding | null {
  const id = "people/reserved-claim";
  if (RESERVED.has(name))
    return { id, message: `the provider itself says \`${name}\` in its tokens`, hint: "leave it out" };
  if (!isMappedClaim(name, names)) return null;
  const isGroups = name === names.groups || name === firstStepOf(names.groups);
  return {
    id,
    message: `\`${name}\` is where the policy looks for ${isGroups ? "groups" : "the name"}`,
    hint: isGroups ? "write `groups: [...]` beside `claims`" : "leave it out: the provider fills it in",
  };
}

/** The value as tokens will carry it; each finding with the node that it is about. */
export function readClaimValue(
  node: Node | null | undefined,
  report: (finding: ClaimFinding, node: Node | null | undefined) => void,
): ClaimValue {
  if (!isSeq(node)) return readScalar(node, report);
  return (node.items as (Node | null)[]).map((item) => readScalar(item, report));
}

function readScalar(
  node: Node | null | undefined,
  report: (finding: ClaimFinding, node: Node | null | undefined) => void,
): string | number | boolean {
  if (isAlias(node)) {
    report({ id: "people/alias", message: "aliases are not read here", hint: "write the value in full" }, node);
    return "";
  }
  const value = isScalar(node) ? node.value : null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    const problem = findNumberProblem(value, (node as Scalar).source ?? "");
    if (problem !== null) report(problem, node);
    return value;
  }
  const message = "a claim must be text, a number, a truth value, or a list of these";
  report({ id: "people/claim-value", message, hint: "write for example `level: 3` or `amr: [pwd, mfa]`" }, node);
  return "";
}

/** Conditions compare texts, so a number has to be spelled as the token will spell it. */
function findNumberProblem(value: number, source: string): ClaimFinding | null {
  const id = "people/claim-value";
  const quote = "put it into quotes if it is meant as it stands";
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    return { id, message: `\`${source}\` is not a number that a token can carry exactly`, hint: quote };
  const said = JSON.stringify(value);
  return said === source ? null : { id, message: `a token would say \`${said}\` for \`${source}\``, hint: quote };
}

function firstStepOf(path: string): string {
  return /[:/]/.test(path) ? path : (path.split(".")[0] ?? path);
}
