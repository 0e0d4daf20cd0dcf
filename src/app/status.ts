/** What `status` says of a running instance. Field names are part of the command line's contract. */
import { formatDuration } from "../core/index.ts";
import type { AssertionKeys, KeySourceState } from "../identity/index.ts";
import { type RecordWriterState, visibleText } from "../records/index.ts";
import { callControl } from "./control.ts";
import type { PlaneStats } from "./data-plane.ts";
import { stateDirOf } from "./load-policy.ts";
import { statePaths } from "./state.ts";

export interface Status {
  readonly ready: boolean;
  readonly pid: number;
  readonly policy: string;
  readonly policyFile: string;
  readonly environment: string;
  readonly policyDigest: string;
  readonly startedAt: string;
  readonly state: string;
  readonly edge: {
    readonly https: string;
    readonly http: string;
    readonly private: string | null;
    /** Null when certificates are public. */
    readonly caFile: string | null;
    readonly caddyVersion: string;
    readonly attached: boolean;
  };
  readonly identity: {
    readonly issuer: string;
    readonly embedded: boolean;
    readonly keys: KeySourceState;
    /** Workload issuers, in the order of the policy. */
    readonly issuers: readonly { readonly name: string; readonly keys: KeySourceState }[];
    /** What assertions are signed with, the youngest first. */
    readonly assertionKeys: ReturnType<AssertionKeys["states"]>;
  };
  /** For AWS's SDKs: temporary credentials for a token. */
  readonly sts: {
    readonly address: string;
    /** That requests are signed for. */
    readonly region: string;
    /** A role of the policy has one ARN for each condition of its grants. */
    readonly roles: readonly { readonly name: string; readonly arn: string }[];
  };
  readonly gateway: { readonly socket: string; readonly privateSocket: string | null } & PlaneStats;
  readonly records: { readonly edge: string; readonly gateway: string } & RecordWriterState;
  /** Address of the figures; null without `--metrics`. */
  readonly metrics: string | null;
  readonly console: null;
  readonly lastReload: Reload | null;
}

export interface Reload {
  readonly at: string;
  readonly ok: boolean;
  readonly changes: readonly string[];
  readonly error: string | null;
}

/** What the running instance of a state directory says of itself. @throws GH_CONTROL_NOT_RUNNING */
export async function readStatus(stateDir: string | undefined): Promise<Status> {
  const { controlSocket } = statePaths(stateDirOf(stateDir, undefined));
  return (await callControl(controlSocket, "status")) as Status;
}

export function renderStatus(status: Status): string {
  const rows: [string, string][] = [
    ["policy", `${status.policy}, environment ${status.environment}, digest ${status.policyDigest.slice(0, 12)}`],
    ["public", `${status.edge.https} (${status.edge.http} redirects)`],
  ];
  if (status.edge.private !== null) rows.push(["private", status.edge.private]);
  rows.push([
    "provider",
    `${status.identity.issuer}${status.identity.embedded ? " (embedded, development only)" : ""}`,
  ]);
  for (const { name, keys } of status.identity.issuers)
    rows.push(["issuer", visibleText(`${name}: ${keys.issuer}, ${describeKeys(keys)}`)]);
  rows.push(["sts", `${status.sts.address}, region ${status.sts.region}`]);
  if (status.edge.caFile !== null) rows.push(["CA file", status.edge.caFile]);
  rows.push(["edge", `Caddy ${status.edge.caddyVersion}${status.edge.attached ? ", attached" : ""}`]);
  rows.push(["requests", `${status.gateway.requests}, ${status.gateway.inFlight} in flight`]);
  if (status.metrics !== null) rows.push(["metrics", status.metrics]);
  const { workers } = status.gateway;
  if (workers.length > 1) {
    const restarts = workers.reduce((total, each) => total + each.restarts, 0);
    const up = workers.filter((each) => each.up).length;
    rows.push(["threads", `${up} of ${workers.length} up${restarts === 0 ? "" : `, started again ${restarts} times`}`]);
  }
  rows.push(["process", `${status.pid} since ${status.startedAt}`]);
  if (status.lastReload?.ok === false)
    rows.push(["reload", `refused at ${status.lastReload.at}:\n${status.lastReload.error ?? ""}`]);
  return rows.map(([name, value]) => `${name.padEnd(10)}${value}`).join("\n");
}

/** Whether tokens can be verified, since when the keys are known, and why they are not fresher. */
function describeKeys({ usable, ageMs, lastError }: KeySourceState): string {
  const fetched = ageMs === null ? "no keys yet" : `keys fetched ${describeAge(ageMs)} ago`;
  const effect = usable ? "" : `${ageMs === null ? "" : ", too old to be used"}; its tokens get 503`;
  return `${fetched}${effect}${lastError === null ? "" : `; the latest fetch failed: ${lastError}`}`;
}

/** In whole seconds, minutes or hours. */
function describeAge(ms: number): string {
  const unitMs = ms < 120_000 ? 1000 : ms < 7_200_000 ? 60_000 : 3_600_000;
  return formatDuration(Math.max(1, Math.floor(ms / unitMs)) * unitMs);
}
