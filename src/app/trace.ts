/** The joined story of one request, from the logs of a state directory. */
import { GatehouseError } from "../core/index.ts";
import { findTrace, renderTrace } from "../records/index.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { callControl } from "./control.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";
import { addHeaders, readExplainingPolicy, renderHeaders } from "./trace-headers.ts";

/** A request is logged by the edge when its last byte has gone, a moment after the client has it. */
const ATTEMPTS = 5;
const STEP_MS = 60;

/**
 * @param withHeaders tells what became of each header, too
 * @throws GH_APP_RECORD_UNKNOWN
 */
export async function readTrace(
  id: string,
  stateDir: string | undefined,
  withHeaders = false,
): Promise<{ readonly json: unknown; readonly text: string }> {
  const paths = statePaths(stateDirOf(stateDir, undefined));
  // The running instance holds records back for a moment; what is not running holds none.
  const runs = await callControl(paths.controlSocket, "flush").then(
    () => true,
    () => false,
  );
  let trace = await findTrace(paths, id);
  for (let i = 0; runs && i < ATTEMPTS && (trace === null || trace.requests.some((r) => r.edge === null)); i++) {
    await sleep(STEP_MS);
    trace = await findTrace(paths, id);
  }
  if (trace === null) throw new GatehouseError("GH_APP_RECORD_UNKNOWN", { id });
  if (!withHeaders) return { json: trace, text: renderTrace(trace) };
  const told = addHeaders(trace, readExplainingPolicy(paths));
  const stories = told.requests.map(({ requestId, headers }) =>
    told.requests.length === 1
      ? renderHeaders(headers)
      : `\nheaders of request ${requestId}\n${renderHeaders(headers)}`,
  );
  return { json: told, text: [renderTrace(trace), ...stories].join("\n") };
}
