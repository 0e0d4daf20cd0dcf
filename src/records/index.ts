/** Ids, trace context, and the records of each hop: written, read, joined and shown. */
export type { EdgeRecord, GatewayRecord } from "./record.ts";
export { apigwRequestId, isRequestId, newRequestId } from "./ids.ts";
export { type TraceStart, type Traceparent, checkTracestate, parseTraceparent, startTrace } from "./trace-context.ts";
export { formatGatewayLine, parseGatewayLine } from "./gateway-line.ts";
export { type RecordWriter, type RecordWriterOptions, type RecordWriterState, createRecordWriter } from "./writer.ts";
export { parseEdgeLine } from "./edge-line.ts";
export { type LogPaths, type RequestStory, type Trace, findTrace } from "./find-trace.ts";
export { renderRecord, renderTrace, showSafely } from "./render-records.ts";
export { type RecordFilter, followRecords, searchRecords } from "./search-records.ts";
