/**
 * An HTTP API in API Gateway's own terms (API Gateway v2 service model). The compiler writes it, the embedded gateway
 * executes it, the AWS road deploys it, drift compares two of them.
 */
export interface HttpApi {
  readonly apiId: string;
  readonly name: string;
  readonly protocolType: "HTTP";
  readonly routes: readonly Route[];
  readonly integrations: readonly Integration[];
  readonly authorizers: readonly Authorizer[];
  readonly stages: readonly Stage[];
  /** Absent: no CORS. */
  readonly corsConfiguration?: CorsConfiguration;
  /** The address `{apiId}.execute-api.…` does not answer; custom domain names do. */
  readonly disableExecuteApiEndpoint?: boolean;
}

/** SOURCE: API Gateway v2 service model, `Cors`. */
export interface CorsConfiguration {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
  readonly allowCredentials: boolean;
}

export interface Route {
  readonly routeId: string;
  /** `METHOD /path` or `$default`. */
  readonly routeKey: string;
  readonly authorizationType: "NONE" | "AWS_IAM" | "JWT";
  readonly authorizerId?: string;
  readonly authorizationScopes?: readonly string[];
  /** `integrations/{integrationId}`. */
  readonly target: string;
}

export interface Integration {
  readonly integrationId: string;
  readonly integrationType: "HTTP_PROXY";
  /** `ANY` passes the client's method on. */
  readonly integrationMethod: string;
  /** URL with the route's path parameters as `{name}` (for `{name+}` also `{name}`). */
  readonly integrationUri: string;
  readonly connectionType: "INTERNET" | "VPC_LINK";
  readonly payloadFormatVersion: "1.0";
  /** 50 to 30000. */
  readonly timeoutInMillis: number;
  /** `append|overwrite|remove:header|querystring.<name>` or `overwrite:path` to a value. */
  readonly requestParameters: Readonly<Record<string, string>>;
  /** By status code of the backend (`"200"`): `append|overwrite|remove:header.<name>` or `overwrite:statuscode`. */
  readonly responseParameters?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of a VPC link. */
  readonly connectionId?: string;
  readonly tlsConfig?: { readonly serverNameToVerify: string };
}

export interface Authorizer {
  readonly authorizerId: string;
  readonly name: string;
  readonly authorizerType: "JWT";
  readonly identitySource: readonly string[];
  readonly jwtConfiguration: { readonly issuer: string; readonly audience: readonly string[] };
}

export interface Stage {
  readonly stageName: string;
  readonly autoDeploy: boolean;
  readonly defaultRouteSettings: RouteSettings;
  readonly routeSettings: Readonly<Record<string, RouteSettings>>;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly accessLogSettings?: { readonly destinationArn: string; readonly format: string };
}

/** A number that is absent is that of the account. */
export interface RouteSettings {
  /** Tokens per second. */
  readonly throttlingRateLimit?: number;
  readonly throttlingBurstLimit?: number;
  /** Metrics by route. */
  readonly detailedMetricsEnabled?: boolean;
}
