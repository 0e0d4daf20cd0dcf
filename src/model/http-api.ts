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
  readonly requestParameters: Readonly<Record<string, string>>;
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
}

export interface RouteSettings {
  /** Tokens per second. */
  readonly throttlingRateLimit: number;
  readonly throttlingBurstLimit: number;
}
