/**
 * The files of a log: the current one and those that were rotated away, read as whole lines.
 *
 * In:  the path of the current file. Out: paths, oldest first, and blocks of whole lines.
 * Not here: what a line says. Rotation itself is the writer's (writer.ts) and Caddy's.
 * INVARIANT: memory is bounded by one block, whatever a file holds; a line without an end is not given out.
 */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";

/** The logs of one instance. */
export interface LogFiles {
  /** Caddy's access log. */
  readonly edgeLog: string;
  readonly gatewayLog: string;
}

const NEWLINE = 0x0a;
/** Longer ones are no records of ours and are skipped. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Rotated files of the record writer, oldest first: `gateway.log.5` … `gateway.log.1`. */
export async function listGatewayRotated(file: string): Promise<string[]> {
  const prefix = `${path.basename(file)}.`;
  const numbers = (await namesBeside(file))
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  return numbers.sort((a, b) => b - a).map((number) => `${file}.${number}`);
}

/** Rotated files of Caddy, oldest first: `access-2026-11-24T20-35-00.000-size.log`. */
export async function listEdgeRotated(file: string): Promise<string[]> {
  const { name, ext } = path.parse(file);
  const isRotated = (other: string) =>
    other.startsWith(`${name}-`) &&
    other.endsWith(ext) &&
    /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}(-[a-z]+)?$/.test(other.slice(name.length + 1, other.length - ext.length));
  const names = (await namesBeside(file)).filter(isRotated).sort();
  return names.map((other) => path.join(path.dirname(file), other));
}

async function namesBeside(file: string): Promise<string[]> {
  return readdir(path.dirname(file)).catch(() => []);
}

/** The content in blocks that each end where a line ends. Nothing when the file cannot be read. */
export async function* readBlocks(file: string): AsyncGenerator<Buffer> {
  const lines = createLineBlocks();
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      const block = lines.add(chunk);
      if (block !== null) yield block;
    }
  } catch (error) {
    // Rotated away between listing and reading, or not there yet.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Cuts a stream of chunks into blocks of whole lines. */
export function createLineBlocks(): { add(chunk: Buffer): Buffer | null } {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let isSkipping = false;
  return {
    add(chunk) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        restBytes += chunk.length;
        if (restBytes > MAX_LINE_BYTES) {
          isSkipping = true;
          rest = [];
        } else if (!isSkipping) rest.push(chunk);
        return null;
      }
      const begin = isSkipping ? chunk.indexOf(NEWLINE) + 1 : 0;
      const block = Buffer.concat([...rest, chunk.subarray(begin, end)]);
      rest = end < chunk.length ? [Buffer.from(chunk.subarray(end))] : [];
      restBytes = chunk.length - end;
      isSkipping = false;
      return block.length === 0 ? null : block;
    },
  };
}

/** The lines of a block that hold one of the texts; all that is read of a large file besides. */
export function findLines(block: Buffer, texts: readonly string[]): string[] {
  const starts = new Set<number>();
  for (const text of texts) {
    let at = block.indexOf(text);
    while (at !== -1) {
      starts.add(at === 0 ? 0 : block.lastIndexOf(NEWLINE, at - 1) + 1);
      const end = block.indexOf(NEWLINE, at);
      at = end === -1 ? -1 : block.indexOf(text, end);
    }
  }
  return [...starts].sort((a, b) => a - b).map((start) => block.toString("utf8", start, lineEnd(block, start)));
}

function lineEnd(block: Buffer, start: number): number {
  const end = block.indexOf(NEWLINE, start);
  return end === -1 ? block.length : end;
}
