/**
 * `gatehouse gateway FILE`: the HTTP APIs of a file on this machine, until it is told to end.
 *
 * In: the file, where to listen, what to assume. Out: listeners, one line for each call, the access logs of the stages.
 * Not here: what is in the file (read-account.ts), what a call meets (gateway).
 * INVARIANT: a file that is wrong never takes the place of one that runs; without `checksIssuers` off no authorizer is
 * served whose issuer was never seen.
 */
import {
  type Clock,
  type Diagnostic,
  GatehouseError,
  type Reporter,
  type Sources,
  renderDiagnostic,
} from "../core/index.ts";
import { type ApiGateway, checkIssuer, createApiGateway, formatCallRecord } from "../gateway/index.ts";
import type { Account } from "../model/index.ts";
import { type Family, type RecordWriter, RequestMetrics, createRecordWriter } from "../records/index.ts";
import { type AccountSts, startAccountSts } from "./account-sts.ts";
import { type MetricsListener, startMetrics } from "./metrics-listener.ts";
import { observeCall } from "./observe-call.ts";
import { processFamilies } from "./process-families.ts";
import { requestFamilies } from "./request-families.ts";
import { type AccountOptions, type LoadedAccount, loadAccount } from "./read-account.ts";
import { type Watch, watchFiles } from "./watch.ts";

export interface ServeOptions extends Pick<AccountOptions, "accountId" | "region"> {
  readonly file: string;
  /** Null: only the socket. */
  readonly port: number | null;
  readonly host: string;
  readonly socket: string | null;
  /** Null: no STS, and nobody can sign calls. */
  readonly stsPort: number | null;
  readonly switches: Readonly<Record<string, string>>;
  readonly backends: Readonly<Record<string, string>>;
  /** Null: `line` gets the records. */
  readonly logFile: string | null;
  /** Null: the lines of stages' access logs are not kept. */
  readonly accessLogFile: string | null;
  /** Null: no figures for Prometheus. */
  readonly metricsPort: number | null;
  /** Whether issuers must answer before their authorizers are served. */
  readonly checksIssuers: boolean;
  /** Whether a changed file is taken over. */
  readonly watches: boolean;
}

export interface ServeDeps {
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** A record, without its line's end. */
  readonly line: (text: string) => void;
}

export interface ServedApi {
  readonly apiId: string;
  readonly name: string;
  readonly stages: readonly string[];
  readonly routes: number;
  /** Null when its execute-api endpoint is disabled, or there is no port. */
  readonly url: string | null;
}

/** What `--json` prints first. */
export interface ServeStatus {
  readonly ready: true;
  readonly file: string;
  readonly account: string;
  readonly region: string;
  /** `http://127.0.0.1:4000`; null without a port. */
  readonly address: string | null;
  readonly socket: string | null;
  /** Endpoint for SDKs; null without `--sts`. */
  readonly sts: string | null;
  /** For Prometheus; null without `--metrics`. */
  readonly metrics: string | null;
  readonly apis: readonly ServedApi[];
  readonly domainNames: readonly string[];
}

export interface Serving {
  readonly status: ServeStatus;
  readonly warnings: readonly Diagnostic[];
  readonly sources: Sources;
  /** Calls in flight have a while to finish. */
  close(): Promise<void>;
}

/** The file cannot be served. */
export interface Unservable {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

export function isServing(outcome: Serving | Unservable): outcome is Serving {
  return "status" in outcome;
}

const STOP_GRACE_MS = 10_000;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/**
 * Afterwards calls are answered.
 *
 * @throws GH_APP_ACCOUNT_UNREADABLE, GH_APP_ISSUER_SILENT, GH_GATEWAY_*, GH_IAM_*, GH_CLI_USAGE
 */
export async function serveAccount(options: ServeOptions, deps: ServeDeps): Promise<Serving | Unservable> {
  const { file, port, host, socket } = options;
  if (port !== null && !LOOPBACK.test(host))
    throw new GatehouseError("GH_CLI_USAGE", {
      problem: `plain HTTP is spoken on loopback only, and \`${host}\` is not; give \`--socket\` to a server with TLS`,
    });
  const loaded = loadAccount(file, options);
  if (loaded.account === null) return loaded;
  if (options.checksIssuers) await checkIssuers(loaded);
  const log = options.logFile === null ? null : createRecordWriter({ file: options.logFile });
  const accessLog = options.accessLogFile === null ? null : createRecordWriter({ file: options.accessLogFile });
  const figures = new RequestMetrics(() => deps.clock.nowMs());
  const parts: Parts = { gateway: null, sts: null, metrics: null, logs: [log, accessLog], watch: null };
  try {
    if (options.stsPort !== null) parts.sts = await startAccountSts(loaded.account, options.stsPort, deps.clock);
    const { sts } = parts;
    const gateway = createApiGateway(loaded.account, {
      clock: deps.clock,
      switches: options.switches,
      backends: options.backends,
      ...(sts === null ? {} : { credentials: sts.credentials }),
      accessLog: (line) => accessLog?.writeLines(`${line}\n`, 1),
      record: (record) => {
        observeCall(figures, record);
        writeLine(formatCallRecord(record), log, deps);
      },
    });
    parts.gateway = gateway;
    if (socket !== null) await gateway.listen({ socket });
    const listening = port === null ? null : await gateway.listen({ host, port });
    if (options.metricsPort !== null)
      parts.metrics = await startMetrics(options.metricsPort, () => familiesOf(figures));
    if (options.watches) parts.watch = watchAccount(options, gateway, sts, deps);
    const { diagnostics: warnings, sources } = loaded;
    const status = statusOf(options, loaded.account, listening?.port ?? null, parts);
    return { status, warnings, sources, close: () => closeParts(parts) };
  } catch (error) {
    await closeParts(parts);
    throw error;
  }
}

interface Parts {
  gateway: ApiGateway | null;
  sts: AccountSts | null;
  metrics: MetricsListener | null;
  readonly logs: readonly (RecordWriter | null)[];
  watch: Watch | null;
}

async function closeParts({ gateway, sts, metrics, logs, watch }: Parts): Promise<void> {
  watch?.close();
  await gateway?.close({ graceMs: STOP_GRACE_MS });
  await sts?.close();
  await metrics?.close();
  for (const log of logs) await log?.close();
}

function familiesOf(figures: RequestMetrics): Promise<readonly Family[]> {
  return Promise.resolve([...requestFamilies(figures.snapshot(), "api"), ...processFamilies()]);
}

function writeLine(text: string, log: RecordWriter | null, deps: ServeDeps): void {
  if (log === null) deps.line(text);
  else log.writeLines(`${text}\n`, 1);
}

/** SOURCE: API Gateway v2 API reference, CreateAuthorizer: the issuer's discovery document is fetched then. */
async function checkIssuers({ account, placeOf }: LoadedAccount): Promise<void> {
  const authorizers = new Map<string, { readonly name: string; readonly at: string }>();
  for (const [i, api] of (account?.apis ?? []).entries())
    for (const [k, { name, jwtConfiguration }] of api.authorizers.entries())
      authorizers.set(jwtConfiguration.issuer, { name, at: `/apis/${i}/authorizers/${k}/jwtConfiguration/issuer` });
  await Promise.all(
    [...authorizers].map(async ([issuer, { name, at }]) => {
      const checked = await checkIssuer(issuer);
      if (!checked.ok)
        throw new GatehouseError("GH_APP_ISSUER_SILENT", {
          place: placeOf(at),
          authorizer: name,
          reason: checked.message,
        });
    }),
  );
}

/** One change at a time; a wrong one is told, and what ran before goes on. */
function watchAccount(
  options: ServeOptions,
  gateway: ApiGateway,
  sts: AccountSts | null,
  { reporter }: ServeDeps,
): Watch {
  let last = Promise.resolve();
  const takeOver = async (): Promise<void> => {
    try {
      const loaded = loadAccount(options.file, options);
      const { account, diagnostics, sources } = loaded;
      for (const each of diagnostics) reporter.warn(renderDiagnostic(each, sources));
      if (account === null) return reporter.warn(`${options.file} is wrong, what ran before goes on`);
      if (options.checksIssuers) await checkIssuers(loaded);
      gateway.replace(account);
      sts?.replace(account);
      reporter.info(`${options.file} taken over`);
    } catch (error) {
      const reason = error instanceof GatehouseError ? `${error.message} [${error.code}]` : "unknown fault";
      reporter.warn(`${options.file} cannot be taken over, what ran before goes on: ${reason}`);
    }
  };
  return watchFiles(
    () => [options.file],
    () => {
      last = last.then(takeOver);
    },
  );
}

function statusOf(options: ServeOptions, account: Account, port: number | null, { sts, metrics }: Parts): ServeStatus {
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    ready: true,
    file: options.file,
    account: account.accountId,
    region: account.region,
    address: port === null ? null : `http://${host}:${port}`,
    socket: options.socket,
    sts: sts === null ? null : `http://127.0.0.1:${sts.port}`,
    metrics: metrics === null ? null : metrics.url,
    apis: account.apis.map(({ apiId, name, stages, routes, disableExecuteApiEndpoint }) => ({
      apiId,
      name,
      stages: stages.map(({ stageName }) => stageName),
      routes: routes.length,
      url: port === null || disableExecuteApiEndpoint === true ? null : `http://${apiId}.execute-api.localhost:${port}`,
    })),
    domainNames: account.domainNames.map(({ domainName }) => domainName),
  };
}

/** The status for people. */
export function renderServing({
  file,
  account,
  region,
  address,
  socket,
  sts,
  metrics,
  apis,
  domainNames,
}: ServeStatus): string {
  const lines = [
    `serving ${file} as account ${account} in ${region}`,
    ...(address === null ? [] : [`address   ${address}`]),
    ...(socket === null ? [] : [`socket    ${socket}`]),
    ...(sts === null ? [] : [`sts       ${sts}`]),
    ...(metrics === null ? [] : [`metrics   ${metrics}`]),
    ...apis.map(
      ({ apiId, name, stages, routes, url }) =>
        `api       ${url ?? apiId}  ${name}: ${routes} route${routes === 1 ? "" : "s"}, stages ${stages.join(", ")}`,
    ),
    ...domainNames.map((name) => `domain    ${name}`),
  ];
  return lines.join("\n");
}
