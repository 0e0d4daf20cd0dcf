/** Parameter mappings of an integration and the format of an access log. */
import { pointerStep } from "../core/index.ts";
import type { AddProblem } from "./account-problems.ts";
import type { Integration } from "./http-api.ts";

const MAX_VALUE = 512;

export function checkMappings(
  { requestParameters, responseParameters = {} }: Integration,
  at: string,
  add: AddProblem,
): void {
  checkLengths(requestParameters, `${at}/requestParameters`, add);
  for (const [status, mappings] of Object.entries(responseParameters))
    checkLengths(mappings, `${at}/responseParameters${pointerStep(status)}`, add);
}

function checkLengths(mappings: Readonly<Record<string, string>>, at: string, add: AddProblem): void {
  for (const [key, value] of Object.entries(mappings))
    if (value.length > MAX_VALUE)
      add(
        "integration/mapping",
        at + pointerStep(key),
        `the value of \`${key}\` has ${value.length} characters`,
        `write at most ${MAX_VALUE}`,
      );
}

export function checkLogFormat(format: string, at: string, add: AddProblem): void {
  if (format.length < 1 || format.length > 1024)
    add("stage/log-format", at, `the format has ${format.length} characters`, "write 1 to 1024");
  if (/[\r\n]/.test(format)) add("stage/log-format", at, "the format has several lines", "write one line");
  if (!/\$context\.(?:requestId|extendedRequestId)\b/.test(format))
    add("stage/log-format", at, "the format has no request id", "add `$context.requestId`");
}
