/** What a file says, before anybody asks what it means: plain values that all know their place. */
import type { Span } from "../../core/index.ts";

export type Tree =
  | { readonly kind: "mapping"; readonly entries: readonly Entry[]; readonly at: Span }
  | { readonly kind: "list"; readonly items: readonly Tree[]; readonly at: Span }
  | { readonly kind: "text"; readonly text: string; readonly at: Span }
  /** `text` is the spelling in the file. */
  | { readonly kind: "number" | "boolean"; readonly text: string; readonly at: Span }
  | { readonly kind: "nothing"; readonly at: Span };

export interface Entry {
  readonly key: string;
  readonly keyAt: Span;
  readonly value: Tree;
}

/** Levels that may stand inside each other. */
export const MAX_DEPTH = 16;

const NOTHING = /^(?:~|[Nn]ull|NULL)?$/;
const BOOLEAN = /^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$/;
const NUMBER =
  /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN|[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?)$/;

/** The kind of a scalar without quotes. Source: YAML 1.2.2 10.3.2, core schema. */
export function kindOfPlain(source: string): "nothing" | "boolean" | "number" | "text" {
  // Nearly every word of a policy begins with a letter that no other kind begins with.
  if (/^[a-eg-mo-su-zA-EG-MO-SU-Z/]/.test(source)) return "text";
  if (NUMBER.test(source)) return "number";
  if (BOOLEAN.test(source)) return "boolean";
  return NOTHING.test(source) ? "nothing" : "text";
}
