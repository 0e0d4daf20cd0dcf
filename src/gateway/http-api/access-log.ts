/**
 * The line that a stage's access log gets for a call.
 *
 * In: the format of the stage, once; facts of a call. Out: a line without its end.
 * Values go in as text, as on AWS: quotes of a user agent end a string of JSON there too. What would end the line, and
 * what a terminal would obey, becomes a space.
 * Not here: the grammar (model's access-log-format.ts), who keeps lines (app).
 * Source: API Gateway developer guide, "Customize HTTP API access logs".
 * INVARIANT: a call makes one line, whatever its client sent.
 */
import type { AccessLogFormat } from "../../model/index.ts";
import { type CallFacts, compileContextVariable } from "./context-variables.ts";

export type WriteAccessLog = (facts: CallFacts) => string;

/** A variable without value. */
const ABSENT = "-";
/** Of one value: a format names one variable as often as it likes. */
const MAX_VALUE = 4096;
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

export function compileAccessLogFormat(format: AccessLogFormat): WriteAccessLog {
  const parts = format.map((part, at) => {
    if (at % 2 === 0) return part.replace(UNSEEN, " ");
    return compileContextVariable(part);
  });
  return (facts) => {
    let line = "";
    for (const part of parts) line += typeof part === "string" ? part : textOf(part(facts));
    return line;
  };
}

function textOf(value: string | null): string {
  if (value === null || value === "") return ABSENT;
  return value.slice(0, MAX_VALUE).replace(UNSEEN, " ");
}
