/**
 * The context keys of one request, as conditions and policy variables ask for them.
 * Source: IAM user guide, "The request context" (keys have no case).
 */
import type { Lookup } from "./condition.ts";
import type { Resolve } from "./wildcard.ts";

/** Keys in any case, with one value or several. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

const NONE: readonly string[] = [];

/** A variable has a value where its key has exactly one. The keys are read when the first one is asked for. */
export function readContext(context: RequestContext): { readonly lookup: Lookup; readonly resolve: Resolve } {
  let folded: Map<string, readonly string[]> | null = null;
  const lookup: Lookup = (key) => {
    if (folded === null) {
      folded = new Map();
      for (const [name, value] of Object.entries(context))
        folded.set(name.toLowerCase(), typeof value === "string" ? [value] : value);
    }
    return folded.get(key) ?? NONE;
  };
  const resolve: Resolve = (key) => {
    const values = lookup(key);
    return values.length === 1 ? (values[0] ?? null) : null;
  };
  return { lookup, resolve };
}
