/**
 * A call's parameter mappings: of its request, and of its backend's answer.
 *
 * In: what is known of the call. Out: what the backend is sent, and what the client gets.
 * Not here: what a mapping does (map-request.ts, map-response.ts).
 */
import { captureParameters } from "../../policy/index.ts";
import type { RoutePlan } from "./api-plan.ts";
import { joinedHeader } from "./call-head.ts";
import type { CallStory } from "./call-story.ts";
import { compileContextVariable } from "./context-variables.ts";
import type { Destination } from "./endpoints.ts";
import type { BackendAnswer } from "./integration-call.ts";
import type { MappingSwitches } from "./map-headers.ts";
import { type MappedRequest, applyRequestMapping } from "./map-request.ts";
import { type MappedResponse, applyResponseMapping } from "./map-response.ts";
import type { ValueSource } from "./value-source.ts";

/** Null when no path can be made that means the same to everybody. */
export function mapRequest(
  story: CallStory,
  { integration, path: routePath }: RoutePlan,
  to: Destination,
  request: MappedRequest,
  switches: MappingSwitches,
): MappedRequest | null {
  const { requestMapping } = integration;
  if (requestMapping === null) return request;
  const source: ValueSource = {
    ...sharedValues(story, to),
    header: (name) => story.header(name),
    querystring: (name) => story.querystring(name),
    body: () => story.body,
    path: () => to.rawPath,
    pathParameter(name, form) {
      if (routePath === null) return null;
      const values = captureParameters(routePath, form === "sent" ? to.rawPath : to.path);
      return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
    },
  };
  const mapped = applyRequestMapping(requestMapping, source, request, switches, story.unmapped);
  if (mapped === null) story.unmapped.push("path");
  return mapped;
}

/** @param body null when it is passed on as it comes */
export function mapAnswer(
  story: CallStory,
  { status, headers }: BackendAnswer,
  body: Buffer | null,
  switches: MappingSwitches,
): MappedResponse {
  const mapping = story.route?.integration.responseMappings.get(status);
  if (mapping === undefined || story.to === null) return { status, headers };
  const source: ValueSource = {
    ...sharedValues(story, story.to),
    header: (name) => joinedHeader(headers, name.toLowerCase()),
    body: () => body,
    // The grammar lets no answer be asked for these.
    querystring: () => null,
    path: () => "",
    pathParameter: () => null,
  };
  return applyResponseMapping(mapping, source, { status, headers }, switches, story.unmapped);
}

function sharedValues(story: CallStory, to: Destination): Pick<ValueSource, "context" | "stageVariable"> {
  const { variables } = to.stage;
  return {
    context: (name) => compileContextVariable(name)(story.facts(to)),
    stageVariable: (name) => (Object.hasOwn(variables, name) ? (variables[name] ?? null) : null),
  };
}
