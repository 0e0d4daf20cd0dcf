/**
 * Reads a log from a place on, across its rotations: first what is there, later what is added.
 *
 * In:  the current file's path and how its rotated files are listed. Out: whole lines, in order, none twice.
 * INVARIANT: the file that is being read stays open, so that its inode cannot be taken by a new file meanwhile.
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { createLineBlocks } from "./log-files.ts";

export interface Tail {
  /** The next lines, at most some 256 KiB of them; `atEnd` when there were no more at that moment. */
  read(): Promise<{ readonly lines: readonly string[]; readonly atEnd: boolean }>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 256 * 1024;

/** @param from `end` for what is added from now on, `start` to begin with the oldest rotated file */
export function createTail(
  file: string,
  listRotated: (file: string) => Promise<string[]>,
  from: "start" | "end",
): Tail {
  let handle: FileHandle | null = null;
  let offset = 0;
  let blocks = createLineBlocks();
  let wasMissing = false;
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);

  async function moveTo(path: string): Promise<boolean> {
    const next = await open(path, "r").catch(() => null);
    if (next === null) return false;
    await handle?.close();
    handle = next;
    offset = 0;
    blocks = createLineBlocks();
    return true;
  }

  async function begin(): Promise<boolean> {
    const oldest = from === "start" ? (await listRotated(file))[0] : undefined;
    const isOpen = await moveTo(oldest ?? file);
    // A file that appears later is read from its start: all of it is new.
    if (isOpen && from === "end" && !wasMissing) offset = (await handle?.stat())?.size ?? 0;
    wasMissing = !isOpen;
    return isOpen;
  }

  async function wasRotated(current: FileHandle): Promise<boolean> {
    const [mine, newest] = await Promise.all([current.stat(), stat(file).catch(() => null)]);
    return newest !== null && newest.ino !== mine.ino;
  }

  /** Goes on to the file that came after the one that is open. */
  async function moveOn(current: FileHandle): Promise<void> {
    const mine = await current.stat();
    const all = [...(await listRotated(file)), file];
    const found = await Promise.all(all.map((path) => stat(path).catch(() => null)));
    const index = found.findIndex((other) => other?.ino === mine.ino);
    // Deleted in the meantime: what was written to later than it comes next.
    const next = index === -1 ? found.findIndex((other) => other !== null && other.mtimeMs >= mine.mtimeMs) : index + 1;
    await moveTo(all[next] ?? file);
  }

  return {
    async read() {
      if (handle === null && !(await begin())) return { lines: [], atEnd: true };
      const current = handle;
      if (current === null) return { lines: [], atEnd: true };
      const { bytesRead } = await current.read(buffer, 0, CHUNK_BYTES, offset);
      if (bytesRead > 0) {
        offset += bytesRead;
        const block = blocks.add(Buffer.from(buffer.subarray(0, bytesRead)));
        return { lines: block === null ? [] : block.toString("utf8").trimEnd().split("\n"), atEnd: false };
      }
      // In this order: nothing is written to a file any more once it has been rotated away.
      const isOld = await wasRotated(current);
      const { size } = await current.stat();
      if (size < offset) {
        // Emptied in place.
        offset = 0;
        blocks = createLineBlocks();
      } else if (size === offset) {
        if (!isOld) return { lines: [], atEnd: true };
        await moveOn(current);
      }
      return { lines: [], atEnd: false };
    },
    async close() {
      await handle?.close();
      handle = null;
    },
  };
}
