/**
 * What an operator reads of one call: the facts that AWS keeps to itself (which stage and route, why an authorizer
 * refused, what the backend did). One line of JSON.
 *
 * Not here: the access log of a stage, whose format its owner writes (access-log*.ts).
 * INVARIANT: no token, signature, query string, header value or body is in a record.
 */
export interface CallRecord {
  /** RFC 3339 with milliseconds, when the call arrived. */
  readonly time: string;
  /** `apigw-requestid`, or `x-amzn-requestid` where no API answers. */
  readonly requestId: string;
  readonly apiId: string | null;
  readonly stage: string | null;
  readonly routeKey: string | null;
  readonly host: string;
  readonly method: string;
  /** As routes see it before stage and base path are taken off, at most 1024 characters. */
  readonly path: string;
  readonly sourceIp: string;
  readonly status: number;
  /** `$context.error.responseType`. */
  readonly responseType: string | null;
  /** Of the route. */
  readonly authorizer: "NONE" | "JWT" | "AWS_IAM" | null;
  /** ARN of who signed, subject of a token. */
  readonly caller: string | null;
  /** Why the authorizer refused. */
  readonly authorizerError: string | null;
  /** Origin of the backend that was asked. */
  readonly integration: string | null;
  readonly integrationStatus: number | null;
  readonly integrationMs: number | null;
  readonly integrationError: string | null;
  /** Where a parameter mapping's value could not stand: `header.x-user`, `querystring.page`, `path`, `statuscode`. */
  readonly unmapped: readonly string[];
  /** A fault of ours, or that the client went away. */
  readonly error: string | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
}

export function formatCallRecord(record: CallRecord): string {
  return JSON.stringify(record);
}
