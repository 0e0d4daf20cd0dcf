/**
 * A policy file in the one layout of the language. Comments, order, quotes and spelling stay as they are.
 *
 * In: path as the user gave it, text. Out: the text in its layout, or null and why it cannot be read as YAML of the
 * language. Whether it is a good policy is not asked: an unknown key has its place in a layout as well.
 * INVARIANT: never throws, whatever the text; what is formatted stays as it is when formatted again; both texts have the
 * same values and the same comments in the same order.
 */
import { type Diagnostic, type Sources, hasErrors } from "../../core/index.ts";
import { readTree } from "../parse/read-tree.ts";
import { createReport } from "../parse/report.ts";
import { alignLines } from "./align-lines.ts";
import { Misfit, layOut } from "./lay-out.ts";
import { readPlainTokens } from "./read-plain-tokens.ts";
import { readTokens } from "./read-tokens.ts";

export interface FormattedPolicy {
  readonly text: string | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

export function formatPolicy(file: string, source: string): FormattedPolicy {
  const text = source.replace(/^\ufeff/, "");
  const report = createReport(file, text);
  const tree = readTree(report);
  let formatted: string | null = null;
  if (tree !== null && !hasErrors(report.list()))
    try {
      formatted = alignLines(layOut(tree, readPlainTokens(text, tree) ?? readTokens(text)));
    } catch (cause) {
      if (!(cause instanceof Misfit)) throw cause;
      const at = { file, start: cause.offset, end: Math.min(cause.offset + 1, text.length) };
      report.add("parse/syntax", at, "what begins here is no part of the policy", {
        hint: "check indentation, brackets, quotes and the space after each colon",
      });
    }
  return { text: formatted, diagnostics: report.list(), sources: new Map([[file, text]]) };
}
