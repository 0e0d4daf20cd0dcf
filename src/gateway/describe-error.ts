/** An error as operators read it in a record: a code where there is one, never a stack. */
import { isGatehouseError } from "../core/index.ts";

const MAX_LENGTH = 200;

export function describeError(error: unknown): string {
  if (isGatehouseError(error)) return `${error.code}: ${error.message}`.slice(0, MAX_LENGTH);
  if (!(error instanceof Error)) return "unknown error";
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? `${error.name}: ${error.message}` : code).slice(0, MAX_LENGTH);
}
