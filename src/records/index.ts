/** Ids, trace context, and the records of each hop: written, read, joined and shown. */
export type { EdgeRecord, GatewayRecord, RecordedHeaders } from "./record.ts";
export { apigwRequestId, isRequestId, newRequestId } from "./ids.ts";
export { type TraceStart, type Traceparent, checkTracestate, parseTraceparent, startTrace } from "./trace-context.ts";
export { formatGatewayLine, parseGatewayLine } from "./gateway-line.ts";
export { type RecordWriter, type RecordWriterOptions, type RecordWriterState, createRecordWriter } from "./writer.ts";
export { parseEdgeLine } from "./edge-line.ts";
export { type LogFiles, createLineBlocks, listGatewayRotated } from "./log-files.ts";
export { type IdKind, type Timings, type Trace, type TracedRequest, findTrace, readId } from "./find-trace.ts";
export { renderRecord, renderTrace } from "./render-trace.ts";
export { visibleText } from "./visible-text.ts";
export { type RecordFilter, type StatusRange, createRecordFilter, parseStatusRange } from "./record-filter.ts";
export { type FollowOptions, followRecords } from "./follow-records.ts";
export { searchRecords } from "./search-records.ts";
export {
  type MetricsSnapshot,
  type Observation,
  type RouteSnapshot,
  RequestMetrics,
  sumHistograms,
  sumSnapshots,
} from "./metrics.ts";
export { type Family, type MetricsPage, renderPage } from "./prometheus-text.ts";
export { type AwsMetric, awsMetrics } from "./aws-metrics.ts";
export { observeRecord } from "./observe-record.ts";
