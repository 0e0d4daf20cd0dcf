/** Parameter mappings of an integration and the format of an access log. */
import { pointerStep } from "../core/index.ts";
import { parseAccessLogFormat } from "./access-log-format.ts";
import type { AddProblem } from "./account-problems.ts";
import { findContextVariable } from "./context-variables.ts";
import type { Integration } from "./http-api.ts";
import {
  type MappingProblem,
  type RequestMapping,
  listValues,
  parseRequestParameters,
  parseResponseParameters,
} from "./parameter-mapping.ts";

export function checkMappings(
  { requestParameters, responseParameters = {} }: Integration,
  at: string,
  add: AddProblem,
): void {
  const request = parseRequestParameters(requestParameters);
  if (request.ok) checkVariables(request.value, `${at}/requestParameters`, add);
  else addProblems(request.error, `${at}/requestParameters`, add);
  const response = parseResponseParameters(responseParameters);
  if (!response.ok) addProblems(response.error, `${at}/responseParameters`, add);
}

function addProblems(problems: readonly MappingProblem[], at: string, add: AddProblem): void {
  for (const { at: steps, code, message, hint, value } of problems)
    add(code, at + steps.map(pointerStep).join(""), message, hint, value);
}

function checkVariables(mapping: RequestMapping, at: string, add: AddProblem): void {
  for (const part of [...listValues(mapping)].flat()) {
    if (typeof part === "string" || part.kind !== "context") continue;
    if (findContextVariable(part.name)?.isLogOnly !== true) continue;
    add(
      "integration/mapping-variable",
      at,
      `\`$context.${part.name}\` has no value before the backend has answered`,
      "use it in the format of an access log",
    );
  }
}

export function checkLogFormat(format: string, at: string, add: AddProblem): void {
  const parsed = parseAccessLogFormat(format);
  if (parsed.ok) return;
  for (const { code, message, hint, value } of parsed.error) add(code, at, message, hint, value);
}
