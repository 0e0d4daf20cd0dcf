/**
 * What a child process prints, in a file that cannot grow without end, with its last lines in memory.
 *
 * In:  chunks of output. Out: `file` and, when that was full, `file.1`; `lastLines` for a fault's message.
 * INVARIANT: a file that cannot be written costs log lines, nothing else.
 */
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from "node:fs";

export interface BoundedLog {
  add(chunk: Buffer): void;
  /** The last lines, oldest first. */
  lastLines(): readonly string[];
  close(): void;
}

const KEPT_LINES = 50;
const MAX_LINE = 4096;

/** Appends to `file` (mode 0600); at `maxBytes`, default 8 MiB, it becomes `file.1` and a new one is begun. */
export function createBoundedLog(file: string, maxBytes: number = 8 * 1024 * 1024): BoundedLog {
  let fd: number | null = null;
  let size = 0;
  let partial = "";
  const lines: string[] = [];

  function open(): void {
    fd = openSync(file, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    size = fstatSync(fd).size;
  }

  function close(): void {
    if (fd !== null) closeSync(fd);
    fd = null;
  }

  function write(chunk: Buffer): void {
    if (fd === null) open();
    if (size > 0 && size + chunk.length > maxBytes) {
      close();
      renameSync(file, `${file}.1`);
      open();
    }
    // Few and small: the child logs its own life here, not requests.
    if (fd !== null) size += writeSync(fd, chunk);
  }

  return {
    add(chunk) {
      const parts = (partial + chunk.toString("utf8")).split("\n");
      partial = (parts.pop() ?? "").slice(0, MAX_LINE);
      lines.push(...parts.map((line) => line.slice(0, MAX_LINE)));
      lines.splice(0, Math.max(0, lines.length - KEPT_LINES));
      try {
        write(chunk);
      } catch {
        close();
      }
    },
    lastLines: () => (partial === "" ? lines : [...lines, partial]),
    close,
  };
}
