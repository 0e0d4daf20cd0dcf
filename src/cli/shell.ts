/**
 * How a command speaks: results on stdout (text, or one JSON document with `--json`), everything else on stderr.
 *
 * INVARIANT: stdout carries nothing but the result, so that it can be piped; a fault is one line with its next step.
 */
import {
  GatehouseError,
  type Reporter,
  diagnosticJson,
  hasErrors,
  isGatehouseError,
  renderDiagnostic,
} from "../core/index.ts";
import type { Diagnostic, Sources } from "../core/index.ts";
import { EXIT, EXIT_OF_KIND } from "./exit-codes.ts";

export interface Shell {
  readonly json: boolean;
  readonly isTerminal: boolean;
  readonly reporter: Reporter;
  out(text: string): void;
}

/** What a command has to say at its end. */
export interface Outcome {
  readonly exitCode: number;
  readonly text: string;
  /** Undefined when everything was said before. */
  readonly json: unknown;
}

export function createShell(json: boolean): Shell {
  const stderr = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  return {
    json,
    isTerminal: process.stdin.isTTY && process.stderr.isTTY,
    reporter: { info: stderr, warn: (text) => stderr(`warning: ${text}`) },
    out: (text) => {
      if (text !== "") process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    },
  };
}

export function printOutcome(shell: Shell, outcome: Outcome): void {
  if (!shell.json) shell.out(outcome.text);
  else if (outcome.json !== undefined) shell.out(JSON.stringify(outcome.json, null, 2));
  process.exitCode = outcome.exitCode;
}

/** A fault as its exit code and, for people, one line and the next step; nothing of the stack. */
export function printFault(shell: Shell, cause: unknown): void {
  const fault = isGatehouseError(cause) ? cause : internalFault(cause);
  if (shell.json) {
    shell.out(JSON.stringify({ error: { code: fault.code, message: fault.message, hint: fault.hint } }, null, 2));
  } else {
    process.stderr.write(`gatehouse: ${fault.message} [${fault.code}]\n  next: ${fault.hint}\n`);
  }
  process.exitCode = EXIT_OF_KIND[fault.kind];
}

function internalFault(cause: unknown): GatehouseError {
  const problem = cause instanceof Error ? `${cause.name}: ${cause.message}` : "unknown fault";
  if (process.env["GATEHOUSE_DEBUG"] !== undefined && cause instanceof Error) process.stderr.write(`${cause.stack}\n`);
  return new GatehouseError("GH_INTERNAL", { problem }, { cause });
}

/** Findings of a policy file. Errors give exit 3, else `clean`. */
export function diagnosticsOutcome(
  file: string,
  diagnostics: readonly Diagnostic[],
  sources: Sources,
  clean: { readonly exitCode: number; readonly text: string; readonly json?: Readonly<Record<string, unknown>> },
): Outcome {
  const failed = hasErrors(diagnostics);
  const errors = diagnostics.filter((d) => d.severity === "error").length;
  const warnings = diagnostics.filter((d) => d.severity === "warning").length;
  const counts = `${file}: ${errors} error${errors === 1 ? "" : "s"}, ${warnings} warning${warnings === 1 ? "" : "s"}`;
  const findings = diagnostics.map((d) => renderDiagnostic(d, sources));
  return {
    exitCode: failed ? EXIT.badInput : clean.exitCode,
    text: [...findings, failed ? counts : clean.text].filter((line) => line !== "").join("\n\n"),
    json: {
      file,
      ok: !failed,
      errors,
      warnings,
      ...clean.json,
      diagnostics: diagnostics.map((d) => diagnosticJson(d, sources)),
    },
  };
}
