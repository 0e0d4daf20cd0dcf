/** A call to an HTTP API as a figure. */
import type { CallRecord } from "../gateway/index.ts";
import type { RequestMetrics } from "../records/index.ts";

/** What the backend answered is no reason of the gateway's. */
const ANSWERED = "answered";
const CLIENT_ABORTED = "client-aborted";
const CLIENT_CLOSED_REQUEST = 499;

export function observeCall(metrics: RequestMetrics, record: CallRecord): void {
  const { apiId, stage, integration, routeKey, status, responseType } = record;
  metrics.observe({
    api: apiId ?? "",
    stage: stage ?? "",
    service: integration,
    routeKey,
    status,
    reason: responseType ?? (status === CLIENT_CLOSED_REQUEST ? CLIENT_ABORTED : ANSWERED),
    durationMs: record.durationMs,
    decideMs: null,
    upstreamMs: record.integrationStatus === null ? null : record.integrationMs,
    bytesIn: record.bytesIn,
    bytesOut: record.bytesOut,
    traceId: "",
  });
}
