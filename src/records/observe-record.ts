/** A gateway record as a figure. */
import type { RequestMetrics } from "./metrics.ts";
import type { GatewayRecord } from "./record.ts";

/** Of the road of a policy every API has this one stage. */
const STAGE = "$default";

export function observeRecord(metrics: RequestMetrics, record: GatewayRecord): void {
  const { api, service, routeKey, status, reason, durationMs, decideMs, upstreamMs, bytesIn, bytesOut, traceId } =
    record;
  metrics.observe({
    api: api ?? "",
    stage: STAGE,
    service,
    routeKey,
    status,
    reason,
    durationMs,
    decideMs,
    upstreamMs,
    bytesIn,
    bytesOut,
    traceId,
  });
}
