/** What is not as a case says: one line for each thing, and none when all of it holds. */
import { isDeepStrictEqual } from "node:util";
import type { RawAnswer } from "../gateway/raw-client.ts";
import type { SeenRequest } from "./backend.ts";
import type { Answer, ExpectedValue } from "./case-file.ts";

export type Problems = string[];

/** `apigw-requestid`. SOURCE: as answers of HTTP APIs have it: 16 characters, the last one `=`. */
const REQUEST_ID = /^[A-Za-z0-9_-]{15}=$/;

export function compareValue(what: string, expected: ExpectedValue, actual: string | null, problems: Problems): void {
  const isRight =
    expected === null || typeof expected === "string"
      ? actual === expected
      : actual !== null && new RegExp(expected.matches).test(actual);
  if (!isRight) problems.push(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

export function compareAnswer(expected: Answer, answer: RawAnswer, problems: Problems): void {
  if (answer.status !== expected.status)
    problems.push(
      `status: expected ${expected.status}, got ${answer.status} ${JSON.stringify(answer.body.slice(0, 200))}`,
    );
  const headers: Record<string, ExpectedValue> = { "apigw-requestid": { matches: REQUEST_ID.source } };
  let { body } = expected;
  if (expected.message !== undefined) {
    body = `{"message":"${expected.message}"}`;
    headers["content-type"] = "application/json";
    headers["content-length"] = String(body.length);
  }
  if (body !== undefined) compareValue("body", body, answer.body, problems);
  Object.assign(headers, expected.headers);
  for (const [name, value] of Object.entries(headers))
    compareValue(`header ${name}`, value, valueOf(answer.headers, name), problems);
}

export async function compareSeen(
  expected: Exclude<Answer["backend"], undefined>,
  seen: readonly SeenRequest[],
  problems: Problems,
): Promise<void> {
  if (expected === "none") {
    if (seen.length > 0) problems.push(`backend: it was called ${seen.length} times`);
    return;
  }
  const [request] = seen;
  if (request === undefined) {
    problems.push("backend: it was not called");
    return;
  }
  const { method, target, headers, body, isAborted } = expected;
  if (method !== undefined) compareValue("backend method", method, request.method, problems);
  if (target !== undefined) compareValue("backend target", target, request.target, problems);
  if (body !== undefined) compareValue("backend body", body, request.body, problems);
  for (const [name, value] of Object.entries(headers))
    compareValue(`backend header ${name}`, value, valueOf(request.headers, name), problems);
  if (request.httpVersion !== "1.1") problems.push(`backend: it was spoken to in HTTP/${request.httpVersion}`);
  if (isAborted === true && !(await settles(request.aborted))) problems.push("backend: the call was not broken off");
}

/** A header that stands twice is shown so. */
function valueOf(headers: readonly (readonly [name: string, value: string])[], name: string): string | null {
  const values = headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return values.length === 0 ? null : values.join(" | ");
}

const PATIENCE_MS = 10_000;

export async function settles(promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  const isSettled = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return isSettled;
}

export function compareList(
  what: string,
  expected: readonly string[],
  actual: readonly string[],
  problems: Problems,
): void {
  const [wanted, found] = [[...expected].toSorted(), [...actual].toSorted()];
  if (!isDeepStrictEqual(wanted, found))
    problems.push(`${what}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(found)}`);
}
