/**
 * Both logs as one stream of records, in the order in which the requests ended.
 *
 * In:  the logs, a filter. Out: records. Not here: how they look (render-trace.ts).
 * INVARIANT: a record is given out once; one of the edge and one of the gateway come in the order of their ends as long as
 * the later one was written within the hold time.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseEdgeLine } from "./edge-line.ts";
import { parseGatewayLine } from "./gateway-line.ts";
import { type LogFiles, listEdgeRotated, listGatewayRotated } from "./log-files.ts";
import { type RecordFilter, createRecordFilter } from "./record-filter.ts";
import type { EdgeRecord, GatewayRecord } from "./record.ts";
import { type Tail, createTail } from "./tail.ts";

type AnyRecord = EdgeRecord | GatewayRecord;

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** True for what is written from now on, false to begin with the oldest rotated file. */
  readonly fromEnd: boolean;
  readonly filter?: RecordFilter | undefined;
  /** How often the files are looked at. Default 150 ms. */
  readonly pollMs?: number | undefined;
  /** How long a record waits for an earlier one of the other log. Default 300 ms. */
  readonly holdMs?: number | undefined;
}

/** What is written, as it is written, until the signal. */
export async function* followRecords(files: LogFiles, options: FollowOptions): AsyncGenerator<AnyRecord> {
  const { signal, fromEnd, filter = {}, pollMs = 150 } = options;
  // With one hop alone there is nothing to wait for.
  const holdMs = filter.hop === undefined ? (options.holdMs ?? 300) : 0;
  const from = fromEnd ? "end" : "start";
  const isWanted = createRecordFilter(filter);
  const edge = new Source(createTail(files.edgeLog, listEdgeRotated, from), parseEdgeLine, isWanted);
  const gateway = new Source(createTail(files.gatewayLog, listGatewayRotated, from), parseGatewayLine, isWanted);
  try {
    while (!signal.aborted) {
      await Promise.all([edge.fill(), gateway.fill()]);
      const next = edge.isBefore(gateway) ? edge : gateway;
      const other = next === edge ? gateway : edge;
      const record = next.first();
      if (record !== null && (other.first() !== null || (other.atEnd && next.hasWaited(holdMs)))) {
        next.take();
        yield record;
      } else if (other.atEnd && (record !== null || next.atEnd)) {
        await delay(pollMs, null, { signal }).catch(() => {});
      }
    }
  } finally {
    await edge.close();
    await gateway.close();
  }
}

interface Waiting {
  readonly record: AnyRecord;
  readonly endMs: number;
  readonly seenMs: number;
}

/** One log: its next records, and whether there are more for now. */
class Source {
  readonly #tail: Tail;
  readonly #parse: (line: string) => AnyRecord | null;
  readonly #isWanted: (record: AnyRecord) => boolean;
  #waiting: Waiting[] = [];
  #at = 0;
  atEnd = false;

  constructor(tail: Tail, parse: (line: string) => AnyRecord | null, isWanted: (record: AnyRecord) => boolean) {
    this.#tail = tail;
    this.#parse = parse;
    this.#isWanted = isWanted;
  }

  /** Reads on when no record waits. */
  async fill(): Promise<void> {
    if (this.#at < this.#waiting.length) return;
    this.#waiting = [];
    this.#at = 0;
    const { lines, atEnd } = await this.#tail.read();
    this.atEnd = atEnd;
    const seenMs = performance.now();
    for (const line of lines) {
      const record = this.#parse(line);
      if (record === null || !this.#isWanted(record)) continue;
      this.#waiting.push({ record, endMs: Date.parse(record.time) + record.durationMs, seenMs });
    }
  }

  first(): AnyRecord | null {
    return this.#waiting[this.#at]?.record ?? null;
  }

  take(): void {
    this.#at += 1;
  }

  /** True when an earlier record of the other log would have been written by now. */
  hasWaited(ms: number): boolean {
    const first = this.#waiting[this.#at];
    return first !== undefined && (Date.now() - first.endMs >= ms || performance.now() - first.seenMs >= ms);
  }

  isBefore(other: Source): boolean {
    const [mine, theirs] = [this.#waiting[this.#at], other.#waiting[other.#at]];
    if (mine === undefined || theirs === undefined) return theirs === undefined;
    return mine.endMs <= theirs.endMs;
  }

  close(): Promise<void> {
    return this.#tail.close();
  }
}
