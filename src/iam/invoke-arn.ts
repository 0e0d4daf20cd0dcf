/** The resource that a request to an HTTP API asks for. Source: API Gateway developer guide, "Control access for invoking an API". */
export interface Invocation {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly apiId: string;
  readonly stage: string;
  /** The request's method, or a method of a pattern; never `ANY`. */
  readonly method: string;
  /** The request's path with its leading slash, without stage. */
  readonly path: string;
}

/** `arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/$default/GET/orders/7`: the path is written without its leading slash. */
export function invokeArn({ partition, region, account, apiId, stage, method, path }: Invocation): string {
  return `arn:${partition}:execute-api:${region}:${account}:${apiId}/${stage}/${method}/${path.startsWith("/") ? path.slice(1) : path}`;
}
