/**
 * Every fault that Gatehouse raises itself: one catalogue, one class.
 *
 * The key is the code; callers match `code`, never text, never class. `kind` is what a shell maps to its own language
 * (exit code, HTTP status). A message is one line, lower case, no full stop: what happened, the value in backticks.
 * `hint` is the next step. Nothing secret is ever passed as detail.
 */
export type Kind = "bad-usage" | "bad-input" | "denied" | "conflict" | "unreachable" | "refused" | "bug";

interface Entry {
  readonly kind: Kind;
  readonly message: (detail: never) => string;
  readonly hint: string;
}

type D<K extends string> = { readonly [key in K]: string | number };

export const catalogue = {
  GH_CLI_USAGE: {
    kind: "bad-usage",
    message: (d: D<"problem">) => `${d.problem}`,
    hint: "run `gatehouse --help`",
  },
  GH_POLICY_INVALID: {
    kind: "bad-input",
    message: (d: D<"file" | "errors">) => `policy \`${d.file}\` has ${d.errors} error(s)`,
    hint: "run `gatehouse check` to see each with its line",
  },
  GH_POLICY_UNREADABLE: {
    kind: "bad-input",
    message: (d: D<"file" | "reason">) => `cannot read policy \`${d.file}\`: ${d.reason}`,
    hint: "give the path of a policy file, or run `gatehouse init` to write one",
  },
  GH_INTERNAL: {
    kind: "bug",
    message: (d: D<"problem">) => `internal error: ${d.problem}`,
    hint: "please report this with the output of `gatehouse doctor --json`",
  },
} as const satisfies Record<`GH_${string}`, Entry>;

export type ErrorCode = keyof typeof catalogue;
type DetailOf<C extends ErrorCode> = Parameters<(typeof catalogue)[C]["message"]>[0];

export class GatehouseError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly kind: Kind;
  readonly hint: string;
  readonly detail: DetailOf<C>;

  constructor(code: C, detail: DetailOf<C>, options?: { readonly cause?: unknown }) {
    const entry: Entry = catalogue[code];
    super((entry.message as (detail: DetailOf<C>) => string)(detail), options);
    this.name = "GatehouseError";
    this.code = code;
    this.kind = entry.kind;
    this.hint = entry.hint;
    this.detail = detail;
  }
}

export function isGatehouseError(value: unknown): value is GatehouseError {
  return value instanceof Error && value.name === "GatehouseError" && "code" in value;
}
