/**
 * A change of access as a sentence, and sentences laid out for a terminal.
 * INVARIANT: names and values stand in backticks that they cannot end (policy `code`), so no value forges words.
 */
import { type AccessChange, type ChangedRoute, code, joinWords } from "../policy/index.ts";

/** More routes than this are counted in the sentence and listed below it. */
const MAX_INLINE = 3;
export const COLUMNS = 100;

export interface Told {
  /** One sentence, lower case, without full stop. */
  readonly text: string;
  /** Routes that the sentence only counts. */
  readonly below: readonly string[];
}

/** @param domain of the environment; a host that is not it is named */
export function tellChange(change: AccessChange, domain: string): Told {
  const routes = change.routes.map((route) => describeRoute(change.effect, route, domain));
  const isShort = routes.length <= MAX_INLINE;
  const what = isShort ? joinWords(routes) : `${routes.length} routes`;
  const text = change.effect === "gain" ? tellGain(change, what) : tellLoss(change, what);
  return { text: `${text}${describeRoles(change)}`, below: isShort ? [] : routes };
}

function tellGain({ who, when, otherwise, isSure }: AccessChange, what: string): string {
  const callers = joinCallers(who);
  const can = isSure ? "can now call" : "may now be able to call";
  const isEverybody = callers === "everybody";
  const before = otherwise === null ? "" : `, before only ${otherwise}`;
  if (isEverybody) return `${callers} ${can} ${what}, also without a token${before}`;
  const circumstances = when === "" ? (before === "" ? "" : " in all circumstances") : ` ${when}`;
  return `${callers} ${can} ${what}${circumstances}${before}`;
}

function tellLoss({ who, when, otherwise, isSure }: AccessChange, what: string): string {
  const callers = joinCallers(who);
  const can = isSure ? "can no longer call" : "may no longer be able to call";
  const now = otherwise === null ? "" : `, now only ${otherwise}`;
  if (callers === "everybody") return `callers without a token ${can} ${what}${now}`;
  const circumstances = when === "" ? (now === "" ? "" : " in all circumstances") : ` ${when}`;
  return `${callers} ${can} ${what}${circumstances}${now}`;
}

/** Callers of whom several things have to be true are kept apart from each other. */
function joinCallers(who: readonly string[]): string {
  return who.length > 1 && who.some((one) => one.includes("` and ")) ? `${who.join(", or ")},` : joinWords(who);
}

function describeRoles({ roles }: AccessChange): string {
  if (roles.length === 0) return "";
  return ` (${roles.length === 1 ? "role" : "roles"} ${joinWords(roles.map(code))})`;
}

function describeRoute(effect: AccessChange["effect"], route: ChangedRoute, domain: string): string {
  const listener = route.exposure === "private" ? "private " : "";
  const host = route.host === domain ? "" : ` at ${code(route.host)}`;
  return `${listener}${code(route.key)}${host}${describeOther(effect, route)}`;
}

/** What answers the same requests on the other side, unless it is the same route. */
function describeOther(effect: AccessChange["effect"], { otherKeys, isOnBoth, because }: ChangedRoute): string {
  const others = otherKeys.flatMap((key) => (key === null ? [] : code(key)));
  const isGain = effect === "gain";
  const notes = [
    ...(because !== null && isGain ? [`open: ${code(because)}`] : []),
    ...(isOnBoth || others.length > 0 ? [] : [isGain ? "new" : "gone"]),
    ...(isOnBoth || others.length === 0
      ? []
      : [`where ${joinWords(others)} ${isGain ? "answered" : others.length === 1 ? "answers now" : "answer now"}`]),
  ];
  return notes.length === 0 ? "" : ` (${notes.join(", ")})`;
}

/** The text in lines of at most 100 columns, broken at blanks; further lines begin deeper. */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = " ".repeat(indent + 4);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
