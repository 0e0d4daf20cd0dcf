/**
 * What a response mapping makes of a backend's answer.
 *
 * In: the mapping for the backend's status, the answer to read. Out: status and headers for the client.
 * Not here: answers of the gateway itself, which no mapping touches.
 * Source: API Gateway developer guide, "Transforming API responses".
 */
import type { ResponseMapping } from "../../model/index.ts";
import { type MappingSwitches, changeHeaders } from "./map-headers.ts";
import { evaluateValue } from "./map-value.ts";
import type { ValueSource } from "./value-source.ts";

export interface MappedResponse {
  readonly status: number;
  /** Flat names and values. */
  readonly headers: string[];
}

const STATUS = /^[2-5]\d\d$/;

/** @param unmapped takes the destinations whose value cannot stand there */
export function applyResponseMapping(
  mapping: ResponseMapping,
  source: ValueSource,
  response: Readonly<{ status: number; headers: readonly string[] }>,
  switches: MappingSwitches,
  unmapped: string[],
): MappedResponse {
  const headers = changeHeaders(response.headers, mapping.headers, source, switches, unmapped);
  const written = mapping.status === null ? null : evaluateValue(mapping.status, source);
  if (written === null) return { status: response.status, headers };
  if (STATUS.test(written)) return { status: Number(written), headers };
  unmapped.push("statuscode");
  return { status: response.status, headers };
}
