/** Recent records of both hops, and those that come. */
import { existsSync } from "node:fs";
import { GatehouseError, parseDuration } from "../core/index.ts";
import {
  type EdgeRecord,
  type GatewayRecord,
  type RecordFilter,
  followRecords,
  parseStatusRange,
  renderRecord,
  searchRecords,
} from "../records/index.ts";
import { callControl } from "./control.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";

export interface LogsRequest extends Omit<RecordFilter, "sinceMs"> {
  readonly state?: string | undefined;
  readonly limit: number;
  /** A duration as people write it, back from now. */
  readonly since?: string | undefined;
}

export type LogRecord = EdgeRecord | GatewayRecord;

export const renderLine: (record: LogRecord) => string = renderRecord;

/** Oldest first. @throws GH_CLI_USAGE, GH_APP_STATE_MISSING */
export async function readLogs(request: LogsRequest): Promise<readonly LogRecord[]> {
  const paths = logPaths(request.state);
  const filter = filterOf(request);
  // The running instance holds records back for a moment; what is not running holds none.
  await callControl(paths.controlSocket, "flush").catch(() => undefined);
  return searchRecords(paths, filter, request.limit);
}

/** Records from now on. @throws GH_CLI_USAGE */
export function followLogs(request: LogsRequest, signal: AbortSignal): AsyncGenerator<LogRecord> {
  const paths = logPaths(request.state);
  return followRecords(paths, { signal, fromEnd: true, filter: filterOf(request) });
}

/** @throws GH_APP_STATE_MISSING */
function logPaths(state: string | undefined): ReturnType<typeof statePaths> {
  const paths = statePaths(stateDirOf(state, undefined));
  if (!existsSync(paths.logs)) throw new GatehouseError("GH_APP_STATE_MISSING", { dir: paths.dir });
  return paths;
}

function filterOf({ since, status, ...filter }: LogsRequest): RecordFilter {
  if (status !== undefined && parseStatusRange(status) === null) {
    throw new GatehouseError("GH_CLI_USAGE", {
      problem: `\`${status}\` is no status, write \`404\`, \`4xx\` or \`400-499\``,
    });
  }
  if (since === undefined) return { ...filter, status };
  const ms = parseDuration(since);
  if (ms === null)
    throw new GatehouseError("GH_CLI_USAGE", { problem: `\`${since}\` is no duration, write \`5 minutes\`` });
  return { ...filter, status, sinceMs: Date.now() - ms };
}
