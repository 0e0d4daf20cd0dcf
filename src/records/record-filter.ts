/** Which records a search is about. */
import type { EdgeRecord, GatewayRecord } from "./record.ts";

export interface RecordFilter {
  readonly hop?: "edge" | "gateway" | undefined;
  /** As `parseStatusRange` reads it; what it cannot read matches nothing. */
  readonly status?: string | undefined;
  /** Only the gateway knows these: with one of them no record of the edge matches. */
  readonly route?: string | undefined;
  readonly service?: string | undefined;
  readonly reason?: string | undefined;
  /** Subject or client. */
  readonly subject?: string | undefined;
  /** Arrived at this moment or later, milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** Part of any text of the record, capital or not. */
  readonly text?: string | undefined;
}

export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** `404`, `4xx` or `400-499`; null for anything else. */
export function parseStatusRange(text: string): StatusRange | null {
  const oneClass = /^([1-5])xx$/i.exec(text)?.[1];
  if (oneClass !== undefined) return { from: Number(oneClass) * 100, to: Number(oneClass) * 100 + 99 };
  const range = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text);
  if (range === null) return null;
  const from = Number(range[1]);
  const to = Number(range[2] ?? range[1]);
  return from <= to ? { from, to } : null;
}

/** Tells of a record whether it matches every part of the filter. */
export function createRecordFilter(filter: RecordFilter): (record: EdgeRecord | GatewayRecord) => boolean {
  const tests: ((record: EdgeRecord | GatewayRecord) => boolean)[] = [];
  const { hop, status, sinceMs, text, route, service, reason, subject } = filter;
  if (hop !== undefined) tests.push((record) => record.hop === hop);
  if (status !== undefined) {
    const range = parseStatusRange(status) ?? { from: 1, to: 0 };
    tests.push((record) => record.status >= range.from && record.status <= range.to);
  }
  if (sinceMs !== undefined) tests.push((record) => Date.parse(record.time) >= sinceMs);
  if (route !== undefined) tests.push((record) => record.hop === "gateway" && record.routeKey === route);
  if (service !== undefined) tests.push((record) => record.hop === "gateway" && record.service === service);
  if (reason !== undefined) tests.push((record) => record.hop === "gateway" && record.reason === reason);
  if (subject !== undefined) {
    tests.push((record) => record.hop === "gateway" && (record.subject === subject || record.clientId === subject));
  }
  if (text !== undefined) {
    const wanted = text.toLowerCase();
    tests.push((record) => holdsText(record, wanted));
  }
  return (record) => tests.every((holds) => holds(record));
}

function holdsText(record: EdgeRecord | GatewayRecord, text: string): boolean {
  return Object.values(record)
    .flat()
    .some((value) => typeof value === "string" && value.toLowerCase().includes(text));
}
