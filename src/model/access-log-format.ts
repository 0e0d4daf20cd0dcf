/**
 * The format of a stage's access log: text with `$context` variables in it.
 *
 * In: a format as it is written. Out: its texts and variables, or everything that is wrong with it.
 * Not here: lines (src/gateway/http-api/access-log.ts).
 * Source: API Gateway v2 service model, `AccessLogSettings` (1 to 1024 characters); developer guide, "Logging variables
 * for HTTP APIs"; what CreateStage takes and says is as others who compared with AWS report it.
 */
import { type Result, err, findNearest, ok } from "../core/index.ts";
import type { AccountProblemCode } from "./account-problems.ts";
import { CONTEXT_NAMES, findContextVariable } from "./context-variables.ts";

/** Texts at even places, names behind `$context.` at odd ones; texts may be empty. */
export type AccessLogFormat = readonly string[];

export interface LogFormatProblem {
  readonly code: Extract<AccountProblemCode, `stage/log-${"format" | "variable"}`>;
  readonly message: string;
  readonly hint: string;
  /** What AWS's words name; absent where they are not known. */
  readonly value?: string;
}

const MAX_FORMAT = 1024;
/** AWS takes `|`, `.` and `-` behind a name for a part of it. */
const VARIABLE = /\$context\.([\w.|-]+)|\$\{context\.([^}]*)\}/g;

/** What a REST API's format names, and an HTTP API calls otherwise. */
const OF_REST: Readonly<Record<string, string>> = {
  resourceId: "routeKey",
  xrayTraceId: "requestId",
};

export function parseAccessLogFormat(format: string): Result<AccessLogFormat, readonly LogFormatProblem[]> {
  const problems: LogFormatProblem[] = [];
  const add = (message: string, hint: string, said?: string): void => {
    const value = said === undefined ? {} : { value: `${said}: '${format}'` };
    problems.push({ code: "stage/log-format", message, hint, ...value });
  };
  if (format.length < 1 || format.length > MAX_FORMAT)
    add(`the format has ${format.length} characters`, `write 1 to ${MAX_FORMAT}`);
  if (/[\r\n]/.test(format)) add("the format has several lines", "write one line", "must be single line");
  const parts = partsOf(format);
  const names = parts.filter((_, at) => at % 2 === 1);
  if (!names.includes("requestId") && !names.includes("extendedRequestId"))
    add(
      "the format has no request id",
      "add `$context.requestId`",
      "must include either $context.requestId or $context.extendedRequestId ",
    );
  for (const name of new Set(names))
    if (findContextVariable(name) === null)
      problems.push({
        code: "stage/log-variable",
        message: `there is no variable \`$context.${name}\``,
        hint: hintFor(name),
        value: `$context.${name}`,
      });
  return problems.length > 0 ? err(problems) : ok(parts);
}

function partsOf(format: string): AccessLogFormat {
  const parts: string[] = [];
  let at = 0;
  for (const match of format.matchAll(VARIABLE)) {
    parts.push(format.slice(at, match.index), match[1] ?? match[2] ?? "");
    at = match.index + match[0].length;
  }
  parts.push(format.slice(at));
  return parts;
}

function hintFor(name: string): string {
  const other = Object.hasOwn(OF_REST, name) ? OF_REST[name] : undefined;
  if (other !== undefined) return `HTTP APIs have \`$context.${other}\``;
  const plain = name.replace(/[.|-]+$/, "");
  if (plain !== name && findContextVariable(plain) !== null) return `write \`\${context.${plain}}\``;
  const near = findNearest(name, CONTEXT_NAMES);
  return near === null ? "remove it" : `did you mean \`$context.${near}\`?`;
}
