/**
 * Policy and environment to artifacts: what every engine executes, prints or compares.
 *
 * Pure and deterministic: no clock, no I/O, the same text for the same policy. What a target cannot express is a
 * diagnostic, and with an error there are no artifacts; nothing is ever dropped.
 * Not here: Caddy's configuration (caddy.ts), CloudFormation.
 */
import { type Diagnostic, type Sources, hasErrors } from "../core/index.ts";
import { type Artifacts, type EdgeArtifact, type IdentityArtifact, digestArtifacts } from "../model/index.ts";
import type { Environment, Policy } from "../policy/index.ts";
import { type CompiledApi, compileApi } from "./compile-api.ts";
import { type IndexedApi, compileIam } from "./compile-iam.ts";
import { indexRoutes } from "./exact-grants.ts";
import { createLocator } from "./locate.ts";
import { checkAwsLimits } from "./target-limits.ts";
import { targetOf } from "./target.ts";

export interface Compiled {
  /** Null when a diagnostic is an error. */
  readonly artifacts: Artifacts | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function compile(policy: Policy, environmentName: string, sources: Sources): Compiled {
  const environment = policy.environments.find((candidate) => candidate.name === environmentName);
  if (environment === undefined) return { artifacts: null, diagnostics: [unknownEnvironment(policy, environmentName)] };
  const target = targetOf(environment);
  const locate = createLocator(sources);
  const publicApi = compileApi(policy, environment, "public", locate);
  const privateApi = compileApi(policy, environment, "private", locate);
  const apis = [publicApi, privateApi].filter((api) => api !== null).map(indexApi);
  const { iam, diagnostics } = compileIam(policy, environment.name, apis, target);
  const found: Diagnostic[] = [
    ...apis.flatMap(({ compiled }) => compiled.diagnostics),
    ...diagnostics,
    ...checkAwsLimits(policy, environment, publicApi, iam),
  ];
  if (hasErrors(found)) return { artifacts: null, diagnostics: found };
  const artifacts: Omit<Artifacts, "digest"> = {
    policy: policy.name,
    environment: environment.name,
    domain: environment.domain,
    identity: identityOf(policy, environment),
    apis: { public: publicApi?.api ?? null, private: privateApi?.api ?? null },
    iam,
    routes: { ...publicApi?.artifacts, ...privateApi?.artifacts },
    perIdentityThrottle: policy.throttle.perIdentity,
    edge: edgeOf(environment, privateApi !== null),
  };
  return { artifacts: { ...artifacts, digest: digestArtifacts(artifacts) }, diagnostics: found };
}

function indexApi(compiled: CompiledApi): IndexedApi {
  return { compiled, index: indexRoutes(compiled.routes) };
}

function identityOf({ identity }: Policy, environment: Environment): IdentityArtifact {
  const { login } = identity;
  return {
    kind: environment.identity.kind,
    issuer: environment.identity.kind === "issuer" ? environment.identity.issuer : "",
    audience: identity.audience,
    claims: { groups: identity.claims.groups, name: identity.claims.name },
    login:
      login === null
        ? null
        : {
            clientId: login.clientId,
            clientSecret: login.clientSecret,
            scopes: login.scopes,
            sessionIdleMs: login.sessionIdleMs,
            sessionMaxMs: login.sessionMaxMs,
          },
  };
}

function edgeOf(environment: Environment, hasPrivate: boolean): EdgeArtifact {
  return {
    domain: environment.domain,
    certificates: environment.certificates,
    // Passwords of the development provider stand in a file, and `.localhost` names nobody else's machine (RFC 6761).
    loopbackOnly: environment.identity.kind === "embedded" || /(^|\.)localhost$/.test(environment.domain),
    privateNetwork: hasPrivate ? environment.privateNetwork : null,
  };
}

function unknownEnvironment(policy: Policy, name: string): Diagnostic {
  const known = policy.environments.map((environment) => `\`${environment.name}\``).join(", ");
  return {
    id: "compile/unknown-environment",
    severity: "error",
    message: `there is no environment \`${name}\``,
    span: { file: policy.file, start: 0, end: 0 },
    hint: `use one of ${known}`,
  };
}
