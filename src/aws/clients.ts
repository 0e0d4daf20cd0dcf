/**
 * Clients of AWS, with whatever credentials its own tools would find.
 *
 * In: where to ask. Out: clients, loaded when the first command needs them: they are a third of a second of start-up.
 * Not here: what is asked (read-*.ts), what a refusal means (ask.ts).
 * INVARIANT: no credentials are read, kept or shown here; the SDK's own chain finds them (environment, profile, SSO, web
 * identity, instance).
 */
import type { ApiGatewayV2Client } from "@aws-sdk/client-apigatewayv2";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { STSClient } from "@aws-sdk/client-sts";
import { GatehouseError } from "../core/index.ts";

export interface AwsPlace {
  /** Absent: that of the environment or the profile. */
  readonly region?: string;
  /** Of `~/.aws/config`. Absent: the environment's. */
  readonly profile?: string;
  /** Of something that speaks as AWS does; for every service. */
  readonly endpointUrl?: string;
}

export interface AwsClients {
  readonly region: string;
  readonly apis: ApiGatewayV2Client;
  readonly iam: IAMClient;
  readonly sts: STSClient;
}

const CONNECT_MS = 5000;
const ANSWER_MS = 20_000;
/** The control plane takes ten calls a second; who asks more is told to come again. */
const ATTEMPTS = 6;

/** @throws GH_AWS_REGION when nobody says one */
export async function createAwsClients({ region, profile, endpointUrl }: AwsPlace): Promise<AwsClients> {
  const [apigateway, iam, sts] = await Promise.all([
    import("@aws-sdk/client-apigatewayv2"),
    import("@aws-sdk/client-iam"),
    import("@aws-sdk/client-sts"),
  ]);
  const settings = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS },
  };
  const apis = new apigateway.ApiGatewayV2Client(settings);
  let found: string;
  try {
    found = await apis.config.region();
  } catch (cause) {
    const named = profile ?? process.env["AWS_PROFILE"] ?? "default";
    throw new GatehouseError("GH_AWS_REGION", { profile: named }, { cause });
  }
  const all = { ...settings, region: found };
  return { region: found, apis, iam: new iam.IAMClient(all), sts: new sts.STSClient(all) };
}
