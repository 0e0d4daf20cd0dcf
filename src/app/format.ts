/**
 * Policy files into their layout: read, formatted, and written back when that changes them.
 *
 * In: paths, or a text that has no file. Out: for each what became of it; one that cannot be used stops no other.
 * INVARIANT: whatever fails, a file has its old text or its new one, whole. A file that has its layout is not touched.
 */
import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Diagnostic, GatehouseError, type Sources, diagnosticJson } from "../core/index.ts";
import { formatPolicy } from "../policy/index.ts";
import { POLICY_FILE, loadPolicy } from "./load-policy.ts";
import { readTextFile } from "./read-text.ts";
import { errnoOf } from "./state.ts";

/** `differs`: it has another layout and was left so. `broken`: it is not YAML of the language. */
export type FormatState = "unchanged" | "formatted" | "differs" | "broken" | "unreadable" | "unwritable";

export interface FormattedFile {
  readonly file: string;
  readonly state: FormatState;
  /** In its layout; null when it could not be read. */
  readonly text: string | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
  readonly fault: GatehouseError | null;
}

/**
 * The policy of the working directory and the files that it includes.
 *
 * @throws GH_POLICY_UNREADABLE
 */
export function listPolicyFiles(): readonly string[] {
  return loadPolicy(POLICY_FILE).files;
}

/** What became of a file; with `write` it has its layout afterwards, if the state does not say why not. */
export function formatFile(file: string, write: boolean): FormattedFile {
  const read = readTextFile(file);
  const none = { file, text: null, diagnostics: [], sources: new Map() };
  if (!read.ok) {
    const fault = new GatehouseError("GH_POLICY_UNREADABLE", { file, reason: read.reason });
    return { ...none, state: "unreadable", fault };
  }
  const formatted = formatText(file, read.text);
  if (!write || formatted.state !== "differs" || formatted.text === null) return formatted;
  try {
    replaceText(file, formatted.text);
  } catch (cause) {
    const reason = errnoOf(cause) === "ENOSPC" ? "no space left on the device" : (errnoOf(cause) ?? "unknown");
    const fault = new GatehouseError("GH_APP_FILE_UNWRITABLE", { file, reason }, { cause });
    return { ...formatted, state: "unwritable", fault };
  }
  return { ...formatted, state: "formatted" };
}

/** What the layout makes of a text; `file` is the name in its findings. */
export function formatText(file: string, source: string): FormattedFile {
  const { text, diagnostics, sources } = formatPolicy(file, source);
  const state = text === null ? "broken" : text === source ? "unchanged" : "differs";
  return { file, state, text, diagnostics, sources, fault: null };
}

export function formattedFileJson(formatted: FormattedFile, withText: boolean): Record<string, unknown> {
  const { file, state, text, diagnostics, sources, fault } = formatted;
  return {
    file,
    state,
    ...(withText ? { text } : {}),
    diagnostics: diagnostics.map((diagnostic) => diagnosticJson(diagnostic, sources)),
    ...(fault === null ? {} : { error: { code: fault.code, message: fault.message, hint: fault.hint } }),
  };
}

/** The file, or what a symbolic link leads to, holds `text`; mode and, where that is allowed, owner are kept. */
function replaceText(file: string, text: string): void {
  const target = realpathSync(file);
  // Renaming asks the directory only; a file that may not be written is not to be replaced either.
  accessSync(target, constants.W_OK);
  const { mode, uid, gid } = statSync(target);
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const handle = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(handle, text);
      keepOwner(handle, uid, gid);
      fchmodSync(handle, mode & 0o7777);
      // Else a crash could leave the new name with nothing behind it.
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, target);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw cause;
  }
}

function keepOwner(handle: number, uid: number, gid: number): void {
  if (uid === process.getuid?.() && gid === process.getgid?.()) return;
  try {
    fchownSync(handle, uid, gid);
  } catch {
    // Only the superuser may give a file away; who may write the file may also own its next version.
  }
}
