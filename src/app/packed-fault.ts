/** A fault on its way to another process or thread, where it is made again from its code and details, without a stack. */
import { type ErrorCode, GatehouseError, catalogue, isGatehouseError } from "../core/index.ts";

export interface PackedFault {
  readonly code: ErrorCode;
  readonly detail: Readonly<Record<string, string | number>>;
}

export function packFault(cause: unknown): PackedFault {
  if (isGatehouseError(cause)) return { code: cause.code, detail: cause.detail };
  return { code: "GH_INTERNAL", detail: { problem: cause instanceof Error ? cause.message : "unknown fault" } };
}

export function unpackFault({ code, detail }: PackedFault): GatehouseError {
  if (!Object.hasOwn(catalogue, code)) return new GatehouseError("GH_INTERNAL", { problem: `fault ${code}` });
  return new GatehouseError(code, detail as never);
}
