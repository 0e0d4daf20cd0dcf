/**
 * Every line that is written to a log file, once, though the file is rotated meanwhile.
 *
 * The file stays open until it has been read to its end and another one has its name. Whoever rotates twice between two
 * calls of `read` is too fast for this.
 */
import { type Stats, closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

const CHUNK_BYTES = 1024 * 1024;

export class LineFollower {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  #file: number | null = null;
  #rest = "";

  constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#onLine = onLine;
  }

  /** All complete lines that are there by now. */
  read(): void {
    for (;;) {
      this.#file ??= openIfThere(this.#path);
      if (this.#file === null) return;
      const now = statIfThere(this.#path);
      this.#readToEnd(this.#file);
      if (now === null || now.ino === fstatSync(this.#file).ino) return;
      // It has another name by now, and this was its end: it was still written to after the last look, at most.
      this.#readToEnd(this.#file);
      closeSync(this.#file);
      this.#file = null;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #readToEnd(file: number): void {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const bytes = readSync(file, buffer);
      if (bytes === 0) return;
      // Ids, names and numbers of these lines are ASCII; a character cut in two harms nothing that is read.
      const lines = (this.#rest + buffer.toString("latin1", 0, bytes)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#onLine(line);
    }
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    return null;
  }
}

function statIfThere(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}
