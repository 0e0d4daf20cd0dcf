/**
 * The latest records that match, of both logs and their rotated files.
 *
 * In:  the logs, a filter, a number. Out: records in the order in which the requests ended, oldest first.
 * INVARIANT: files are read newest first and only as far back as the number needs.
 */
import { parseEdgeLine } from "./edge-line.ts";
import { parseGatewayLine } from "./gateway-line.ts";
import { type LogFiles, listEdgeRotated, listGatewayRotated, readBlocks } from "./log-files.ts";
import { type RecordFilter, createRecordFilter } from "./record-filter.ts";
import type { EdgeRecord, GatewayRecord } from "./record.ts";

type AnyRecord = EdgeRecord | GatewayRecord;

/** At most the `limit` latest. A filter for one hop leaves the other one's log unread. */
export async function searchRecords(
  files: LogFiles,
  filter: RecordFilter,
  limit: number,
): Promise<readonly AnyRecord[]> {
  const isWanted = createRecordFilter(filter);
  const found: AnyRecord[] = [];
  if (filter.hop !== "gateway") {
    found.push(...(await latest(files.edgeLog, listEdgeRotated, parseEdgeLine, isWanted, limit)));
  }
  if (filter.hop !== "edge") {
    found.push(...(await latest(files.gatewayLog, listGatewayRotated, parseGatewayLine, isWanted, limit)));
  }
  return limit <= 0 ? [] : found.toSorted((a, b) => endMsOf(a) - endMsOf(b)).slice(-limit);
}

async function latest(
  file: string,
  listRotated: (file: string) => Promise<string[]>,
  parse: (line: string) => AnyRecord | null,
  isWanted: (record: AnyRecord) => boolean,
  limit: number,
): Promise<readonly AnyRecord[]> {
  let found: AnyRecord[] = [];
  for (const name of [file, ...(await listRotated(file)).toReversed()]) {
    let here: AnyRecord[] = [];
    for await (const block of readBlocks(name)) {
      for (const line of block.toString("utf8").split("\n")) {
        const record = parse(line);
        if (record !== null && isWanted(record)) here.push(record);
      }
      if (here.length > limit) here = here.slice(-limit);
    }
    found = [...here, ...found];
    if (found.length >= limit) break;
  }
  return found;
}

function endMsOf(record: AnyRecord): number {
  return Date.parse(record.time) + record.durationMs;
}
