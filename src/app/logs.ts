/** Recent records of the gateway, and those that come. */
import { GatehouseError, parseDuration } from "../core/index.ts";
import { type GatewayRecord, type RecordFilter, followRecords, renderRecord, searchRecords } from "../records/index.ts";
import { callControl } from "./control.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";

export interface LogsRequest extends Omit<RecordFilter, "sinceMs"> {
  readonly state?: string | undefined;
  readonly limit: number;
  /** A duration as people write it, back from now. */
  readonly since?: string | undefined;
}

export const renderLine: (record: GatewayRecord) => string = renderRecord;

/** Oldest first. @throws GH_CLI_USAGE */
export async function readLogs(request: LogsRequest): Promise<readonly GatewayRecord[]> {
  const paths = statePaths(stateDirOf(request.state, undefined));
  await callControl(paths.controlSocket, "flush").catch(() => undefined);
  return searchRecords(paths.gatewayLog, filterOf(request), request.limit);
}

/** Records from now on. @throws GH_CLI_USAGE */
export function followLogs(request: LogsRequest, signal: AbortSignal): AsyncGenerator<GatewayRecord> {
  const paths = statePaths(stateDirOf(request.state, undefined));
  return followRecords(paths.gatewayLog, filterOf(request), signal);
}

function filterOf({ since, ...filter }: LogsRequest): RecordFilter {
  if (since === undefined) return filter;
  const ms = parseDuration(since);
  if (ms === null)
    throw new GatehouseError("GH_CLI_USAGE", { problem: `\`${since}\` is no duration, write \`5 minutes\`` });
  return { ...filter, sinceMs: Date.now() - ms };
}
