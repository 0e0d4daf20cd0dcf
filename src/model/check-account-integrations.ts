/** Where an HTTP API sends requests: URL or ARN, method, time limit, and parameter mappings. */
import type { AddProblem } from "./account-problems.ts";
import { checkMappings } from "./check-account-mappings.ts";
import type { HttpApi, Integration } from "./http-api.ts";
import { ROUTE_METHODS, parametersOfKey } from "./http-route-key.ts";

const MAX_URI = 2048;
const LISTENER_ARN = /^arn:[\w-]+:elasticloadbalancing:[\w-]+:\d{12}:listener\/(?:app|net)\/[^/\s]+\/[^/\s]+\/[^/\s]+$/;
const SERVICE_ARN = /^arn:[\w-]+:servicediscovery:[\w-]+:\d{12}:service\/srv-[\w-]+$/;
const STAGE_VARIABLE = /\$\{stageVariables\.\w+\}/g;
const PARAMETER = /\{([^{}/]+)\}/g;

export function checkIntegration(integration: Integration, api: HttpApi, at: string, add: AddProblem): void {
  const { integrationMethod, timeoutInMillis, connectionType, connectionId, tlsConfig } = integration;
  if (connectionType === "VPC_LINK") checkPrivateUri(integration, at, add);
  else checkPublicUri(integration, api, at, add);
  if (connectionType === "VPC_LINK" && connectionId === undefined)
    add("integration/connection", at, "a private integration names no VPC link", "add `connectionId`");
  if (connectionType === "INTERNET" && connectionId !== undefined)
    add(
      "integration/connection",
      `${at}/connectionId`,
      "a public integration names a VPC link",
      "write `connectionType: VPC_LINK`, or remove `connectionId`",
    );
  if (connectionType === "INTERNET" && tlsConfig !== undefined)
    add("integration/tls", `${at}/tlsConfig`, "a public integration has `tlsConfig`", "remove it");
  const methods: readonly string[] = ROUTE_METHODS;
  if (!methods.includes(integrationMethod))
    add(
      "integration/method",
      `${at}/integrationMethod`,
      `\`${integrationMethod}\` is not a method`,
      methods.includes(integrationMethod.toUpperCase())
        ? `write \`${integrationMethod.toUpperCase()}\``
        : "write `ANY` for the client's own method",
    );
  if (!Number.isInteger(timeoutInMillis) || timeoutInMillis < 50 || timeoutInMillis > 30_000)
    add(
      "integration/timeout",
      `${at}/timeoutInMillis`,
      `the time limit is ${timeoutInMillis} ms`,
      "write 50 to 30000, in milliseconds",
    );
  checkMappings(integration, at, add);
}

function checkPublicUri(
  { integrationUri, integrationId }: Integration,
  api: HttpApi,
  at: string,
  add: AddProblem,
): void {
  if (!isHttpUrl(integrationUri)) {
    const hint = integrationUri.startsWith("arn:")
      ? "write `connectionType: VPC_LINK` for a listener or service of a VPC, or an http or https URL"
      : "write `https://orders.example/orders/{id}`";
    add("integration/uri", `${at}/integrationUri`, `\`${shorten(integrationUri)}\` is not an http or https URL`, hint);
    return;
  }
  if (!checkAuthority(integrationUri, at, add)) return;
  const names = [...integrationUri.replace(STAGE_VARIABLE, "x").matchAll(PARAMETER)].map(([, name]) => name ?? "");
  for (const { routeKey, target } of api.routes) {
    if (target !== `integrations/${integrationId}`) continue;
    const missing = names.find((name) => !parametersOfKey(routeKey).includes(name));
    if (missing === undefined) continue;
    add(
      "integration/uri-parameter",
      `${at}/integrationUri`,
      `\`${routeKey}\` has no parameter \`{${missing}}\``,
      "name the parameters of every route that leads here, or give the route an integration of its own",
    );
    return;
  }
}

function checkPrivateUri({ integrationUri }: Integration, at: string, add: AddProblem): void {
  if (LISTENER_ARN.test(integrationUri) || SERVICE_ARN.test(integrationUri)) return;
  if (isHttpUrl(integrationUri)) {
    if (!checkAuthority(integrationUri, at, add)) return;
    add(
      "integration/vpc-link-url",
      `${at}/integrationUri`,
      `AWS does not take the URL \`${shorten(integrationUri)}\` for a private integration`,
      "for AWS, write the ARN of a listener or of a Cloud Map service",
    );
  } else
    add(
      "integration/vpc-link-uri",
      `${at}/integrationUri`,
      `\`${shorten(integrationUri)}\` is neither the ARN of a listener nor of a Cloud Map service`,
      integrationUri.includes(":loadbalancer/")
        ? "write the ARN of the load balancer's listener"
        : "write the ARN, or an http or https URL to run it here",
    );
}

/** Whether a URL says who is called, without credentials and without asking the client. The credentials are not repeated. */
function checkAuthority(uri: string, at: string, add: AddProblem): boolean {
  const authority = /^https?:\/\/([^/?#]*)/.exec(uri.replace(STAGE_VARIABLE, "x"))?.[1] ?? "";
  const parameter = /\{[^}]*\}?/.exec(authority)?.[0];
  if (authority.includes("@"))
    add(
      "integration/uri",
      `${at}/integrationUri`,
      "the URL has credentials in it",
      "write it without; a header can be added by a parameter mapping",
    );
  else if (parameter !== undefined)
    add(
      "integration/uri",
      `${at}/integrationUri`,
      `the host would come from the client, by \`${parameter}\``,
      "write the host, or take it from a stage variable: `https://${stageVariables.host}/orders`",
    );
  else return true;
  return false;
}

/** With stage variables and parameters in it, each standing for a part. */
function isHttpUrl(uri: string): boolean {
  const url = URL.parse(uri.replace(STAGE_VARIABLE, "x").replace(PARAMETER, "x"));
  const isWeb = url !== null && (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "";
  // A whole origin may come from a stage variable.
  const isVariable = /^\$\{stageVariables\.\w+\}/.test(uri);
  return (isWeb || isVariable) && /^(?:https?:\/\/|\$)/.test(uri) && uri.length <= MAX_URI && !/[\s#]/.test(uri);
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
