/**
 * Expected outcomes as values: an operation that may fail for a reason its caller acts on returns a `Result`.
 * Faults (I/O, broken invariants) are thrown as `GatehouseError` instead; see errors.ts.
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}
