/** The data plane of an instance: in one thread, or in as many as were asked for or suit the machine. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Clock, Reporter } from "../core/index.ts";
import type { ProofMemory, SessionMemory } from "../identity/index.ts";
import type { RecordWriter } from "../records/index.ts";
import { type DataPlane, type PlaneRuntime, createSinglePlane, defaultWorkers } from "./data-plane.ts";
import { createThreadedPlane } from "./gateway-threads.ts";
import { type StatePaths, threadSockets } from "./state.ts";

export interface PlaneParts {
  readonly paths: StatePaths;
  /** Undefined: as many as suit the machine. */
  readonly workers: number | undefined;
  readonly records: RecordWriter;
  readonly sessionMemory: SessionMemory;
  readonly proofMemory: ProofMemory;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* */
export function choosePlane(runtime: PlaneRuntime, parts: PlaneParts): DataPlane {
  const { paths, workers, records, sessionMemory, proofMemory, clock, reporter } = parts;
  const sockets = threadSockets(paths, workers ?? defaultWorkers(availableParallelism()));
  const [only, ...others] = sockets;
  if (only !== undefined && others.length === 0)
    return createSinglePlane(runtime, only, { clock, record: (record) => records.write(record) });
  const assertions = assertionOptions(runtime.baseUrl, paths);
  const shared = { sessionMemory, proofMemory };
  return createThreadedPlane(runtime, { sockets, keysDir: paths.keys, assertions, ...shared, records, reporter });
}

export function assertionOptions(
  baseUrl: string,
  paths: StatePaths,
): { readonly issuer: string; readonly keyFile: string } {
  return { issuer: `${baseUrl}/_gatehouse`, keyFile: join(paths.keys, "assertion.json") };
}
