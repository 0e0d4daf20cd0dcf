/** Custom domain names, as far as they lead to the APIs that were read. Source: API Gateway v2 API reference, DomainNames. */
import type { ApiGatewayV2Client } from "@aws-sdk/client-apigatewayv2";
import { askPages } from "./ask.ts";
import type { LiveFinding } from "./read-account.ts";
import { type LiveApi, byText } from "./read-apis.ts";

const ACTION = "apigateway:GET";

/** In order of name; a domain that leads to none of `apis` is not there. @throws GH_AWS_* */
export async function readDomains(
  client: ApiGatewayV2Client,
  apis: readonly LiveApi[],
  findings: LiveFinding[],
): Promise<readonly unknown[]> {
  if (apis.length === 0) return [];
  const { GetDomainNamesCommand, GetApiMappingsCommand } = await import("@aws-sdk/client-apigatewayv2");
  const names = await askPages(ACTION, async (NextToken) => {
    const { Items = [], NextToken: next } = await client.send(new GetDomainNamesCommand({ NextToken }));
    return { items: Items, next };
  });
  const domains: unknown[] = [];
  for (const { DomainName = "", MutualTlsAuthentication } of names.toSorted(byText(({ DomainName: name }) => name))) {
    const mappings = await askPages(ACTION, async (NextToken) => {
      const { Items = [], NextToken: next } = await client.send(new GetApiMappingsCommand({ DomainName, NextToken }));
      return { items: Items, next };
    });
    const kept = mappings.filter(({ ApiId }) => apis.some(({ apiId }) => apiId === ApiId));
    if (kept.length === 0) continue;
    if (MutualTlsAuthentication?.TruststoreUri !== undefined)
      findings.push({
        severity: "warning",
        id: "pull/mutual-tls",
        at: DomainName,
        message: "the domain asks for certificates of clients on AWS; here nobody asks for them",
        hint: "put a server in front that does, or keep to routes with an authorizer",
      });
    for (const { ApiId, ApiMappingKey = "" } of mappings)
      if (!apis.some(({ apiId }) => apiId === ApiId))
        findings.push({
          severity: "warning",
          id: "pull/left-out",
          at: `${DomainName}/${ApiMappingKey}`,
          message: `the mapping is left out: it leads to \`${ApiId}\`, which was not read`,
          hint: "REST and WebSocket APIs cannot run here; an HTTP API is added with `--api`",
        });
    domains.push({
      domainName: DomainName,
      apiMappings: kept
        .toSorted(byText(({ ApiMappingKey }) => ApiMappingKey))
        .map(({ ApiMappingKey = "", ApiId, Stage }) => ({
          apiMappingKey: ApiMappingKey === "(none)" ? "" : ApiMappingKey,
          apiId: ApiId,
          stage: Stage,
        })),
    });
  }
  return domains;
}
