/**
 * The value of each `$context` variable for a call, as far as it is known at the moment.
 *
 * In: facts of the call. Out: text, or null for what is not there.
 * Not here: which variables there are (model's context-variables.ts), where they are written (access-log.ts, map-*.ts).
 * Without value here: client certificates, Cognito, organizations, what a Lambda authorizer returns.
 * Source: API Gateway developer guide, "Customize HTTP API access logs"; Apache's common log format for `requestTime`.
 */
import type { ContextVariableName } from "../../model/index.ts";
import type { Principal } from "../../sts/index.ts";

/** Of one call. What is not known yet, or never was, is null. */
export interface CallFacts {
  readonly accountId: string;
  readonly apiId: string;
  readonly stage: string;
  readonly routeKey: string | null;
  readonly requestId: string;
  readonly domainName: string;
  readonly domainPrefix: string;
  readonly basePathMatched: string | null;
  readonly method: string;
  /** With the stage, without query. */
  readonly path: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
  /** Epoch milliseconds of the call's arrival. */
  readonly atMs: number;
  /** Who signed. */
  readonly principal: Principal | null;
  /** Of the token. */
  readonly claims: ReadonlyMap<string, string> | null;
  readonly authorizerError: string | null;
  readonly errorMessage: string | null;
  readonly errorType: string | null;
  readonly integrationStatus: number | null;
  readonly integrationMs: number | null;
  readonly integrationError: string | null;
  /** A header of the backend's answer. */
  readonly answerHeader: (name: string) => string | null;
  readonly status: number | null;
  readonly durationMs: number | null;
  /** Of the bodies. */
  readonly bytesIn: number;
  readonly bytesOut: number | null;
}

type Known = Exclude<ContextVariableName, `${string}*`>;
type Value = string | number | null;

const VALUES: Readonly<Partial<Record<Known, (facts: CallFacts) => Value>>> = {
  accountId: ({ accountId }) => accountId,
  apiId: ({ apiId }) => apiId,
  "authorizer.error": ({ authorizerError }) => authorizerError,
  awsEndpointRequestId: endpointRequestId,
  awsEndpointRequestId2: ({ answerHeader }) => answerHeader("x-amz-id-2"),
  "customDomain.basePathMatched": ({ basePathMatched }) => basePathMatched,
  dataProcessed: ({ bytesIn, bytesOut }) => (bytesOut === null ? null : bytesIn + bytesOut),
  domainName: ({ domainName }) => domainName,
  domainPrefix: ({ domainPrefix }) => domainPrefix,
  "error.message": ({ errorMessage }) => errorMessage,
  "error.messageString": ({ errorMessage }) => (errorMessage === null ? null : JSON.stringify(errorMessage)),
  "error.responseType": ({ errorType }) => errorType,
  extendedRequestId: ({ requestId }) => requestId,
  httpMethod: ({ method }) => method,
  "identity.accountId": ({ principal }) => principal?.accountId ?? null,
  "identity.caller": ({ principal }) => principal?.userId ?? null,
  "identity.sourceIp": ({ sourceIp }) => sourceIp,
  "identity.user": ({ principal }) => principal?.userId ?? null,
  "identity.userAgent": ({ userAgent }) => userAgent,
  "identity.userArn": ({ principal }) => principal?.arn ?? null,
  "integration.error": ({ integrationError }) => integrationError,
  "integration.integrationStatus": ({ integrationStatus }) => integrationStatus,
  "integration.latency": integrationLatency,
  "integration.requestId": endpointRequestId,
  "integration.status": ({ integrationStatus }) => integrationStatus,
  integrationErrorMessage: ({ integrationError }) => integrationError,
  integrationLatency,
  integrationStatus: ({ integrationStatus }) => integrationStatus,
  path: ({ path }) => path,
  protocol: ({ protocol }) => protocol,
  requestId: ({ requestId }) => requestId,
  requestTime: ({ atMs }) => commonLogTime(atMs),
  requestTimeEpoch: ({ atMs }) => Math.floor(atMs),
  responseLatency: ({ durationMs }) => (durationMs === null ? null : Math.round(durationMs)),
  responseLength: ({ bytesOut }) => bytesOut,
  routeKey: ({ routeKey }) => routeKey,
  stage: ({ stage }) => stage,
  status: ({ status }) => status,
};

const CLAIM = /^authorizer\.(?:jwt\.)?claims\.(.+)$/s;

/** @param name without `$context.` */
export function compileContextVariable(name: string): (facts: CallFacts) => string | null {
  const claim = CLAIM.exec(name)?.[1];
  if (claim !== undefined) return ({ claims }) => claims?.get(claim) ?? null;
  const read = Object.hasOwn(VALUES, name) ? VALUES[name as Known] : undefined;
  if (read === undefined) return () => null;
  return (facts) => {
    const value = read(facts);
    return value === null ? null : String(value);
  };
}

function endpointRequestId({ answerHeader }: CallFacts): string | null {
  return answerHeader("x-amz-request-id") ?? answerHeader("x-amzn-requestid");
}

function integrationLatency({ integrationMs }: CallFacts): number | null {
  return integrationMs === null ? null : Math.round(integrationMs);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** `dd/MMM/yyyy:HH:mm:ss +0000`. */
export function commonLogTime(epochMs: number): string {
  const iso = new Date(epochMs).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1];
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
