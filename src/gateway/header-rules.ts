/**
 * What a policy says about single headers: set, removed, on the way to the service or back.
 *
 * In: the rules of a route's artifact. Out: what a pass over a head needs; names are compared folded, as back ends may.
 * Not here: what happens to headers without any rule (request-head.ts, response-head.ts).
 * INVARIANT: no rule touches what frames a message, what Gatehouse itself says, cookies, or the answer to CORS; a rule
 * that would is a fault when the artifacts are taken over.
 */
import type { HeaderRules as Written } from "../model/index.ts";
import {
  REQUEST_CLASS,
  RESPONSE_CLASS,
  foldHeaderName,
  isOwnRequestHeader,
  requestClassOf,
  responseClassOf,
} from "./header-names.ts";

export interface HeaderRules {
  /** Folded names whose values do not pass: those removed and those set anew; null for none. */
  readonly dropped: ReadonlySet<string> | null;
  /** Flat names and values. */
  readonly set: readonly string[];
}

/** SOURCE: RFC 9110 5.6.2 (token) and 5.5 (field-value, here without obs-text at its ends). */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;

export function isHeaderValue(text: string): boolean {
  return VALUE.test(text);
}

/** The rules made fast, or the name of the header that is not for a rule. */
export function compileHeaderRules(
  { set, remove }: Written,
  isAllowed: (name: string) => boolean,
): HeaderRules | { readonly refused: string } {
  const entries = Object.entries(set);
  for (const name of [...Object.keys(set), ...remove])
    if (!NAME.test(name) || !isAllowed(name)) return { refused: name };
  for (const [name, value] of entries) if (!isHeaderValue(value)) return { refused: name };
  const dropped = new Set([...Object.keys(set), ...remove].map((name) => foldHeaderName(name)));
  return { dropped: dropped.size === 0 ? null : dropped, set: entries.flat() };
}

/** Whether a rule may speak of a header on its way to the service. */
export function isRequestRuleName(name: string, identityNames: ReadonlySet<string>): boolean {
  if (isHandshakeName(name) || isOwnRequestHeader(name) || identityNames.has(foldHeaderName(name))) return false;
  const { pass, authorization, securityToken, dpop, via, lookalike } = REQUEST_CLASS;
  const allowed: readonly number[] = [pass, authorization, securityToken, dpop, via, lookalike];
  return allowed.includes(requestClassOf(name));
}

/** Whether a rule may speak of a header of the service's answer. */
export function isResponseRuleName(name: string): boolean {
  return !isHandshakeName(name) && responseClassOf(name) === RESPONSE_CLASS.pass;
}

/** The two ends of a WebSocket agree by these; another value than theirs would break it. RFC 6455 11.3. */
function isHandshakeName(name: string): boolean {
  return name.startsWith("sec-websocket-");
}
