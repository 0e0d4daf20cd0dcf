/** The data plane of an instance: in one thread, or in as many as were asked for or suit the machine. */
import { availableParallelism } from "node:os";
import type { Clock, Reporter } from "../core/index.ts";
import type { ProofMemory, Revocations, SigningKey } from "../identity/index.ts";
import type { RecordWriter } from "../records/index.ts";
import type { Store } from "../store/index.ts";
import { type DataPlane, type PlaneRuntime, createSinglePlane, defaultWorkers } from "./data-plane.ts";
import { createThreadedPlane } from "./gateway-threads.ts";
import { type StatePaths, threadSockets } from "./state.ts";

export interface PlaneParts {
  readonly paths: StatePaths;
  /** Undefined: as many as suit the machine. */
  readonly workers: number | undefined;
  readonly records: RecordWriter;
  readonly revocations: Revocations;
  readonly store: Store;
  readonly proofMemory: ProofMemory;
  /** `iss` and keys of assertions. */
  readonly signing: { readonly issuer: string; readonly keys: readonly SigningKey[] };
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** @throws GH_GATEWAY_ARTIFACT_UNSUPPORTED, GH_IAM_* */
export function choosePlane(runtime: PlaneRuntime, parts: PlaneParts): DataPlane {
  const { paths, workers, records, revocations, store, proofMemory, signing, clock, reporter } = parts;
  const sockets = threadSockets(paths, workers ?? defaultWorkers(availableParallelism()));
  const [only, ...others] = sockets;
  if (only !== undefined && others.length === 0)
    return createSinglePlane(runtime, only, { clock, record: (record) => records.write(record) });
  const keysDir = paths.keys;
  const shared = { revocations, store, proofMemory, records, reporter };
  return createThreadedPlane(runtime, { sockets, keysDir, assertions: signing, ...shared });
}
