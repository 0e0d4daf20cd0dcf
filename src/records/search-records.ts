/**
 * Recent records of the gateway's log, and those that come.
 *
 * In:  the log's path and a filter. Out: matching records, oldest first.
 * Following survives rotation: the file that carries the name is read, from where it was left or from its start.
 */
import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseGatewayLine } from "./gateway-line.ts";
import { listLogFiles, readLines } from "./log-files.ts";
import type { GatewayRecord } from "./record.ts";

/** All that is given has to fit. */
export interface RecordFilter {
  /** `403`, or a class such as `4xx`. */
  readonly status?: string | undefined;
  readonly service?: string | undefined;
  /** Subject or client. */
  readonly subject?: string | undefined;
  readonly route?: string | undefined;
  readonly reason?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
}

const POLL_MS = 100;
const CHUNK_BYTES = 64 * 1024;

export function matchesFilter(record: GatewayRecord, filter: RecordFilter): boolean {
  const { status, service, subject, route, reason, sinceMs } = filter;
  const statusFits =
    status === undefined ||
    (/^\dxx$/i.test(status) ? String(record.status)[0] === status[0] : String(record.status) === status);
  return (
    statusFits &&
    (service === undefined || record.service === service) &&
    (subject === undefined || record.subject === subject || record.clientId === subject) &&
    (route === undefined || record.routeKey === route) &&
    (reason === undefined || record.reason === reason) &&
    (sinceMs === undefined || Date.parse(record.time) >= sinceMs)
  );
}

/** At most the `limit` latest. */
export async function searchRecords(
  file: string,
  filter: RecordFilter,
  limit: number,
): Promise<readonly GatewayRecord[]> {
  let found: GatewayRecord[] = [];
  for (const path of listLogFiles(file)) {
    const here: GatewayRecord[] = [];
    for await (const line of readLines(path)) {
      const record = parseGatewayLine(line);
      if (record !== null && matchesFilter(record, filter)) here.push(record);
      if (here.length > limit * 2) here.splice(0, here.length - limit);
    }
    found = [...here, ...found];
    if (found.length >= limit) break;
  }
  return found.slice(-limit);
}

/** Records written from now on, until `signal` says stop. */
export async function* followRecords(
  file: string,
  filter: RecordFilter,
  signal: AbortSignal,
): AsyncGenerator<GatewayRecord> {
  let position = await stat(file).then(
    (s) => ({ inode: s.ino, offset: s.size }),
    () => ({ inode: 0, offset: 0 }),
  );
  let rest = "";
  while (!signal.aborted) {
    const read = await readFrom(file, position);
    if (read === null || read.text === "") {
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
      continue;
    }
    if (read.position.inode !== position.inode) rest = "";
    position = read.position;
    const lines = (rest + read.text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const record = parseGatewayLine(line);
      if (record !== null && matchesFilter(record, filter)) yield record;
    }
  }
}

interface Place {
  readonly inode: number;
  readonly offset: number;
}

/** Null when the file is not there. A file that was replaced or cut is read from its start. */
async function readFrom(
  file: string,
  from: Place,
): Promise<{ readonly text: string; readonly position: Place } | null> {
  const handle = await open(file, "r").catch(() => null);
  if (handle === null) return null;
  try {
    const { ino, size } = await handle.stat();
    const start = ino === from.inode && size >= from.offset ? from.offset : 0;
    const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, size - start));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    // Whole lines only: a character is never cut in two.
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    return { text: buffer.toString("utf8", 0, end), position: { inode: ino, offset: start + end } };
  } finally {
    await handle.close();
  }
}
