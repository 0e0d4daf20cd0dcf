/**
 * One spelling for what the model says, so that equal things have equal text and equal digests.
 * Source: the lists of an HTTP API have no order in API Gateway; those of an IAM document have none that matters.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { canonicalJson } from "../core/index.ts";
import type { PolicyDocument, Statement } from "../iam/index.ts";
import type { Artifacts } from "./artifacts.ts";
import type { CorsConfiguration, HttpApi } from "./http-api.ts";

/** The same API with every list in its one order: routes by key, the rest by id or name. */
export function canonicalHttpApi(api: HttpApi): HttpApi {
  return {
    ...api,
    routes: sortBy(api.routes, (route) => route.routeKey),
    integrations: sortBy(api.integrations, (integration) => integration.integrationId),
    authorizers: sortBy(api.authorizers, (authorizer) => authorizer.authorizerId),
    stages: sortBy(api.stages, (stage) => stage.stageName),
    ...(api.corsConfiguration === undefined ? {} : { corsConfiguration: canonicalCors(api.corsConfiguration) }),
  };
}

function canonicalCors(cors: CorsConfiguration): CorsConfiguration {
  return {
    ...cors,
    allowOrigins: cors.allowOrigins.toSorted(),
    allowMethods: cors.allowMethods.toSorted(),
    allowHeaders: cors.allowHeaders.toSorted(),
    exposeHeaders: cors.exposeHeaders.toSorted(),
  };
}

/** Equal for condition blocks that say the same in another order; empty for none. */
export function canonicalCondition(block: Statement["Condition"] | null): string {
  if (block === null || block === undefined) return "";
  const sorted = Object.entries(block).map(([operator, keys]) => [
    operator,
    Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, [values].flat().toSorted()])),
  ]);
  return canonicalJson(Object.fromEntries(sorted));
}

/** SHA-256 of the API's canonical form, in lower-case hexadecimal. */
export function digestHttpApi(api: HttpApi): string {
  return digest(canonicalHttpApi(api));
}

/**
 * SHA-256 over everything in the artifacts but the digest itself, in lower-case hexadecimal. IAM documents go in by
 * their own digest, so that one that many roles share is read once. Of the policy's files the names count and not the
 * folder, so that a policy has one digest whatever path it is called by.
 */
export function digestArtifacts(artifacts: Omit<Artifacts, "digest">): string {
  const known = new Map<PolicyDocument, string>();
  const digestDocument = (document: PolicyDocument): string => {
    let found = known.get(document);
    if (found === undefined) known.set(document, (found = digestPolicyDocument(document)));
    return found;
  };
  const { apis, hostApis, iam, routes } = artifacts;
  return digest({
    ...artifacts,
    digest: undefined,
    routes: Object.fromEntries(
      Object.entries(routes).map(([key, route]) => [key, { ...route, at: basename(route.at) }]),
    ),
    apis: {
      public: apis.public === null ? null : digestHttpApi(apis.public),
      private: apis.private === null ? null : digestHttpApi(apis.private),
    },
    hostApis: hostApis.map(({ api, ...rest }) => ({ ...rest, api: digestHttpApi(api) })),
    iam: {
      ...iam,
      roles: iam.roles.map((role) => ({
        ...role,
        policy: digestDocument(role.policy),
        permissionsBoundary: digestDocument(role.permissionsBoundary),
      })),
    },
  });
}

/** Of the canonical JSON, written without copying lists, of which a document may have very long ones. */
function digestPolicyDocument({ Version, Statement }: PolicyDocument): string {
  const statements = Statement.map(({ Condition, ...rest }) => {
    const fields = Object.entries({ ...rest, Condition: canonicalCondition(Condition) });
    return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash("sha256")
    .update(JSON.stringify({ Statement: statements, Version }))
    .digest("hex");
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** Sorted by code unit. */
export function sortBy<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return items.toSorted((a, b) => {
    const [left, right] = [keyOf(a), keyOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}
