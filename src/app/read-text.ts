/**
 * The text of a file that a user names: a policy, what it includes, an account file, an OpenAPI document.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { errnoOf } from "./state.ts";

export type ReadText =
  | { readonly ok: true; readonly text: string }
  /** Goes on after "cannot be read: ". */
  | { readonly ok: false; readonly reason: string };

/** More than any of these files may have; what is beyond is not read, and their readers say that it is too large. */
const MAX_READ_BYTES = 8 * 1024 * 1024;

/**
 * The text of a file. Bytes that are no UTF-8 become U+FFFD, which the reader of the policy shows with line and column.
 * What is not a file (a folder, a pipe, a device) is never read or waited for.
 */
export function readTextFile(file: string): ReadText {
  try {
    // A pipe would block when opened, a device might do something.
    if (!statSync(file).isFile()) return { ok: false, reason: "it is not a file" };
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // It may have been exchanged in between.
      if (!fstatSync(fd).isFile()) return { ok: false, reason: "it is not a file" };
      return { ok: true, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(readBytes(fd)) };
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    return { ok: false, reason: describeErrno(cause) };
  }
}

/** At most `MAX_READ_BYTES`; the size that a file system tells is not relied on. */
function readBytes(fd: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < MAX_READ_BYTES) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, MAX_READ_BYTES - length));
    const count = readSync(fd, chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  return Buffer.concat(chunks);
}

/** Why a file cannot be had, in words. */
export function describeErrno(cause: unknown): string {
  switch (errnoOf(cause)) {
    case "ENOENT":
      return "there is no such file";
    case "ENOTDIR":
      return "a part of the path is a file instead of a folder";
    case "EACCES":
    case "EPERM":
      return "it may not be read";
    case "ELOOP":
      return "its symbolic links lead in a circle";
    case "ENAMETOOLONG":
      return "its name is too long";
    default:
      return errnoOf(cause) ?? "unknown";
  }
}
