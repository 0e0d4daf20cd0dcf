/**
 * The context keys of one request, as conditions and policy variables ask for them.
 * Source: IAM user guide, "The request context" (keys have no case), "Single-valued vs. multivalued context keys".
 */
import type { Lookup } from "./condition.ts";
import type { Resolve } from "./wildcard.ts";

/** Keys in any case, with one value or several. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

const NONE: readonly string[] = [];

/**
 * A key with a list is multivalued, however long the list: conditions compare its values, but no policy variable has one.
 * The keys are read when the first one is asked for.
 */
export function readContext(context: RequestContext): { readonly lookup: Lookup; readonly resolve: Resolve } {
  let folded: Map<string, readonly string[]> | null = null;
  let lists: Set<readonly string[]> | null = null;
  const lookup: Lookup = (key) => {
    if (folded === null) {
      folded = new Map();
      for (const [name, value] of Object.entries(context)) {
        folded.set(name.toLowerCase(), typeof value === "string" ? [value] : value);
        if (typeof value !== "string") (lists ??= new Set()).add(value);
      }
    }
    return folded.get(key) ?? NONE;
  };
  const resolve: Resolve = (key) => {
    const values = lookup(key);
    return lists?.has(values) === true ? null : (values[0] ?? null);
  };
  return { lookup, resolve };
}
