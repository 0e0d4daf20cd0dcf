/**
 * Appends gateway records to a file of JSON lines, in batches, bounded in size, beside the requests and never in their way.
 *
 * In:  records. Out: `file`, and the older `file.1` (youngest) to `file.{keep}`.
 * Not here: the form of a line (gateway-line.ts), reading (log-files.ts).
 * INVARIANT: `write` does no I/O and never throws. A disk that fails costs records, which are counted, never a request;
 * writing resumes by itself when the disk does. Memory is bounded. A torn line is always followed by a newline.
 */
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { formatGatewayLine } from "./gateway-line.ts";
import type { GatewayRecord } from "./record.ts";

export interface RecordWriter {
  /** Takes the record into the buffer. Never throws, never waits. */
  write(record: GatewayRecord): void;
  /** Takes whole lines, of `formatGatewayLine`, as another thread made them. Never throws, never waits. */
  writeLines(lines: string, count: number): void;
  /** Resolves when all that was written before the call is in the file, or has been dropped. */
  flush(): Promise<void>;
  /** Flushes and closes the file. Records written afterwards are dropped. */
  close(): Promise<void>;
  state(): RecordWriterState;
}

export interface RecordWriterState {
  /** Records lost since the start. */
  readonly dropped: number;
  /** Why writing fails now, null while it works. No path of a record, no content. */
  readonly lastError: string | null;
}

export interface RecordWriterOptions {
  readonly file: string;
  /** A file that would grow beyond is rotated first. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Rotated files that are kept beside the current one. Default 5. */
  readonly keep?: number;
  /** Longest time that a record waits for company. Default 100 ms. */
  readonly batchMs?: number;
  /** After a failed write the disk is left alone for so long. Default 1000 ms. */
  readonly retryMs?: number;
}

/** Enough company to write at once. */
const BATCH_CHARACTERS = 64 * 1024;
/** Records that wait while the disk is slow or fails; what comes on top is dropped. */
const MAX_PENDING_CHARACTERS = 8 * 1024 * 1024;

/**
 * A writer that appends to `file` (created with mode 0600 in an existing folder). Nothing is opened before the first batch,
 * so that a broken disk is a state, not a failed start. Up to `batchMs` of records are lost when the process is killed.
 */
export function createRecordWriter(options: RecordWriterOptions): RecordWriter {
  const { batchMs = 100, retryMs = 1000 } = options;
  const file = createAppendFile(options.file, options.maxBytes ?? 64 * 1024 * 1024, options.keep ?? 5);

  let pending = "";
  let pendingRecords = 0;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let dropped = 0;
  let lastError: string | null = null;
  let closed = false;

  function schedule(ms: number): void {
    if (timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      void drain();
    }, ms);
    timer.unref();
  }

  /** One batch at a time; records that arrive meanwhile make the next one. */
  function drain(): Promise<void> {
    running ??= writeBatch().finally(() => {
      running = null;
      if (pendingRecords > 0 && !closed) schedule(lastError === null ? 0 : retryMs);
    });
    return running;
  }

  async function writeBatch(): Promise<void> {
    const batch = pending;
    const records = pendingRecords;
    pending = "";
    pendingRecords = 0;
    if (records === 0) return;
    try {
      await file.append(Buffer.from(batch));
      lastError = null;
    } catch (error) {
      dropped += records;
      lastError = (error as NodeJS.ErrnoException).code ?? "unknown error";
    }
  }

  async function flush(): Promise<void> {
    if (running !== null) await running;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    await drain();
  }

  function writeLines(lines: string, count: number): void {
    if (closed || pending.length > MAX_PENDING_CHARACTERS) {
      dropped += count;
      return;
    }
    pending += lines;
    pendingRecords += count;
    if (pending.length < BATCH_CHARACTERS) schedule(lastError === null ? batchMs : retryMs);
    else if (running === null && lastError === null) void drain();
  }

  return {
    write(record) {
      let line: string;
      try {
        line = formatGatewayLine(record);
      } catch {
        dropped += 1;
        return;
      }
      writeLines(line, 1);
    },
    writeLines,
    flush,
    async close() {
      await flush();
      closed = true;
      await flush();
      await file.close();
    },
    state: () => ({ dropped, lastError }),
  };
}

interface AppendFile {
  append(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

function createAppendFile(path: string, maxBytes: number, keep: number): AppendFile {
  let handle: FileHandle | null = null;
  let inode = 0;
  let size = 0;
  /** The file does not end in a newline: a write was cut short, here or in an earlier process. */
  let torn = false;

  async function openFile(): Promise<void> {
    const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
    const opened = await open(path, flags, 0o600);
    try {
      const found = await opened.stat();
      if ((found.mode & 0o077) !== 0) await opened.chmod(0o600);
      const last = Buffer.alloc(1);
      if (found.size > 0) await opened.read(last, 0, 1, found.size - 1);
      torn = found.size > 0 && last[0] !== 0x0a;
      size = found.size;
      inode = found.ino;
      handle = opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  async function closeFile(): Promise<void> {
    const closing = handle;
    handle = null;
    await closing?.close();
  }

  /** Another program may have moved or deleted the file; then a new one is begun at the same path. */
  async function isStillThere(): Promise<boolean> {
    const found = await stat(path).catch(() => null);
    return found !== null && found.ino === inode;
  }

  async function rotate(): Promise<void> {
    await closeFile();
    if (keep === 0) return rm(path, { force: true });
    for (let n = keep - 1; n >= 0; n -= 1) {
      await rename(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    }
  }

  return {
    async append(bytes) {
      if (handle !== null && !(await isStillThere())) await closeFile();
      if (handle === null) await openFile();
      if (size > 0 && size + bytes.length > maxBytes) {
        await rotate();
        await openFile();
      }
      const batch = torn ? Buffer.concat([Buffer.from("\n"), bytes]) : bytes;
      let done = 0;
      try {
        while (done < batch.length && handle !== null) {
          const { bytesWritten } = await handle.write(batch, done);
          done += bytesWritten;
        }
        torn = false;
      } catch (error) {
        if (done > 0) torn = batch[done - 1] !== 0x0a;
        throw error;
      } finally {
        size += done;
      }
    },
    close: closeFile,
  };
}
