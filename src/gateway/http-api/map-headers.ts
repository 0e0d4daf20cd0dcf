/**
 * Changes of a message's headers.
 *
 * In: a flat list of names and values, changes in the order in which they count. Out: another list.
 * A value that no header can hold is left out, and so is what it was to replace: nobody's own header ever stands where
 * the gateway's should.
 * Source: API Gateway developer guide, "Transform API requests and responses for HTTP APIs"; RFC 9110 5.5 and 7.2,
 * RFC 6265 3 and 5.4 (cookies are not joined with a comma).
 * INVARIANT: no value ends its line; `host` stands once or not at all, and is a host.
 */
import type { ParameterChange } from "../../model/index.ts";
import { MAX_HEAD_BYTES } from "./gateway-answers.ts";
import { evaluateValue } from "./map-value.ts";
import type { Switches } from "./switches.ts";
import type { ValueSource } from "./value-source.ts";

export type MappingSwitches = Pick<Switches, "absent-value">;

const FIT = /^[\t\x20-\x7e\x80-\xff]*$/;
const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** @param unmapped takes the names of headers whose value cannot be one */
export function changeHeaders(
  headers: readonly string[],
  changes: readonly ParameterChange[],
  source: ValueSource,
  switches: MappingSwitches,
  unmapped: string[],
): string[] {
  let list = [...headers];
  for (const change of changes) {
    const { action, name } = change;
    if (action === "remove") {
      list = without(list, name);
      continue;
    }
    const text = evaluateValue(change.value, source) ?? (switches["absent-value"] === "empty" ? "" : null);
    const value = text === null ? null : fitHeader(name, text);
    if (text !== null && (value === null || (action === "append" && name === "host"))) unmapped.push(`header.${name}`);
    if (action === "overwrite") list = without(list, name);
    if (value === null) continue;
    if (action === "overwrite" || name === "set-cookie") list.push(name, value);
    else if (name !== "host") append(list, name, value);
  }
  return list;
}

/** Null for what cannot stand in a header. */
function fitHeader(name: string, text: string): string | null {
  const value = trimBlank(text);
  if (value.length > MAX_HEAD_BYTES || !FIT.test(value)) return null;
  return name === "host" && !HOST.test(value) ? null : value;
}

/** Without tabs and spaces at both ends, in one pass: a body may be 10 MB of them. */
function trimBlank(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function without(list: readonly string[], name: string): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2)
    if ((list[i] as string).toLowerCase() !== name) kept.push(list[i] as string, list[i + 1] as string);
  return kept;
}

/** One header with all values, where the first one stood. */
function append(list: string[], name: string, value: string): void {
  const joiner = name === "cookie" ? "; " : ",";
  let at = -1;
  for (let i = 0; i + 1 < list.length; i += 2) {
    if ((list[i] as string).toLowerCase() !== name) continue;
    if (at === -1) at = i;
    else {
      list[at + 1] = `${list[at + 1]}${joiner}${list[i + 1]}`;
      list.splice(i, 2);
      i -= 2;
    }
  }
  if (at === -1) list.push(name, value);
  else list[at + 1] = `${list[at + 1]}${joiner}${value}`;
}
