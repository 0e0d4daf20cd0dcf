/** What a gateway thread is told, in plain data. */
import type { ThrottleLayout } from "../gateway/index.ts";
import type { Revocation, SigningKey } from "../identity/index.ts";
import type { Artifacts } from "../model/index.ts";

export interface ThreadRuntime {
  readonly artifacts: Artifacts;
  /** Of the provider that runs; the artifacts do not know the embedded one's. */
  readonly issuer: string;
  /** The same as before: verified tokens and opened sessions go on to be known. */
  readonly identityId: number;
  readonly baseUrl: string;
  readonly throttleLayout: ThrottleLayout;
}

export interface ThreadSockets {
  readonly publicSocket: string;
  readonly privateSocket: string;
}

export interface ThreadStart {
  readonly sockets: ThreadSockets;
  readonly keysDir: string;
  /** The main thread alone has the file of the keys. */
  readonly assertions: { readonly issuer: string; readonly keys: readonly SigningKey[] };
  readonly revocations: readonly Revocation[];
  readonly storeName: string;
  /** Of the proof memory; all threads have the same one. */
  readonly proofs: SharedArrayBuffer;
  readonly runtime: ThreadRuntime;
}

/** Lines of gateway records. */
export interface RecordBatch {
  readonly lines: string;
  readonly count: number;
}
