/**
 * The headers that every answer of the gateway has, be it the service's or its own.
 *
 * In: what arrived, the cookies of a session that was renewed. Out: names and values behind those that are there.
 */
import { apigwRequestId } from "../records/index.ts";
import type { Arrival } from "./arrival.ts";

export type AnsweredArrival = Pick<Arrival, "method" | "requestId" | "traceId" | "spanId" | "cors">;

export function addAnswerHeaders(
  headers: string[],
  { method, requestId, traceId, spanId, cors }: AnsweredArrival,
  rawHeaders: readonly string[],
  setCookies: readonly string[] | null,
): void {
  if (setCookies !== null) for (const cookie of setCookies) headers.push("set-cookie", cookie);
  if (cors !== null) headers.push(...cors.headersFor(method, rawHeaders));
  headers.push("x-request-id", requestId, "traceresponse", `00-${traceId}-${spanId}-01`);
  headers.push("apigw-requestid", apigwRequestId(requestId));
}
