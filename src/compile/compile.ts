/**
 * Policy and environment to artifacts: what every engine executes, prints or compares.
 *
 * Pure and deterministic: no clock, no I/O, the same text for the same policy. What a target cannot express is a
 * diagnostic, and with an error there are no artifacts; nothing is ever dropped.
 * Not here: Caddy's configuration (caddy.ts), CloudFormation.
 */
import { type Diagnostic, type Sources, hasErrors } from "../core/index.ts";
import {
  type Artifacts,
  type EdgeArtifact,
  type HttpApi,
  type IdentityArtifact,
  type LoginClientArtifact,
  digestArtifacts,
  sortBy,
} from "../model/index.ts";
import {
  type Environment,
  type Exposure,
  type LoginClient,
  type Policy,
  type Proof,
  inEnvironment,
  listUsedClaims,
} from "../policy/index.ts";
import { checkCapabilities } from "./check-capabilities.ts";
import { type CompiledApi, compileApis } from "./compile-api.ts";
import { type IndexedApi, compileIam } from "./compile-iam.ts";
import { indexRoutes } from "./exact-grants.ts";
import { createLocator } from "./locate.ts";
import { createShortIds } from "./short-id.ts";
import { checkAwsLimits } from "./target-limits.ts";
import { targetOf } from "./target.ts";

export interface Compiled {
  /** Null when a diagnostic is an error. */
  readonly artifacts: Artifacts | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function compile(written: Policy, environmentName: string, sources: Sources): Compiled {
  const { artifacts, diagnostics } = build(written, environmentName, sources);
  if (artifacts === null) return { artifacts, diagnostics };
  return { artifacts: { ...artifacts, digest: digestArtifacts(artifacts) }, diagnostics };
}

/** What `compile` finds, for who needs no artifacts: their digest takes as long as all the rest. */
export function findCompileProblems(policy: Policy, environmentName: string, sources: Sources): readonly Diagnostic[] {
  return build(policy, environmentName, sources).diagnostics;
}

interface Built {
  readonly artifacts: Omit<Artifacts, "digest"> | null;
  readonly diagnostics: readonly Diagnostic[];
}

function build(written: Policy, environmentName: string, sources: Sources): Built {
  const environment = written.environments.find((candidate) => candidate.name === environmentName);
  if (environment === undefined)
    return { artifacts: null, diagnostics: [unknownEnvironment(written, environmentName)] };
  const policy = inEnvironment(written, environment);
  const target = targetOf(environment);
  const [locate, idOf] = [createLocator(sources), createShortIds()];
  const compiled = EXPOSURES.flatMap((exposure) => compileApis(policy, environment, exposure, locate, idOf));
  const { iam, diagnostics } = compileIam(policy, environment, compiled.map(indexApi), target);
  const found: Diagnostic[] = [
    ...compiled.flatMap((api) => api.diagnostics),
    ...diagnostics,
    ...checkAwsLimits(policy, environment, compiled, iam),
    ...checkCapabilities(policy, environment),
  ];
  if (hasErrors(found)) return { artifacts: null, diagnostics: found };
  const artifacts: Built["artifacts"] = {
    policy: policy.name,
    environment: environment.name,
    domain: environment.domain,
    identity: identityOf(policy, environment),
    apis: { public: apiOfDomain(compiled, "public"), private: apiOfDomain(compiled, "private") },
    hostApis: hostApisOf(compiled),
    iam,
    routes: Object.assign({}, ...compiled.map((api) => api.artifacts)) as Artifacts["routes"],
    perIdentityThrottle: policy.throttle.perIdentity,
    edge: edgeOf(policy, environment, compiled),
  };
  return { artifacts, diagnostics: found };
}

const EXPOSURES: readonly Exposure[] = ["public", "private"];

function apiOfDomain(compiled: readonly CompiledApi[], exposure: Exposure): HttpApi | null {
  return compiled.find((api) => api.host === null && api.exposure === exposure)?.api ?? null;
}

function hostApisOf(compiled: readonly CompiledApi[]): Artifacts["hostApis"] {
  const apis = compiled.flatMap(({ host, exposure, api }) => (host === null ? [] : [{ host, exposure, api }]));
  return sortBy(apis, ({ host, exposure }) => `${host} ${exposure}`);
}

function indexApi(compiled: CompiledApi): IndexedApi {
  return { compiled, index: indexRoutes(compiled.routes) };
}

function identityOf(policy: Policy, environment: Environment): IdentityArtifact {
  const { identity } = policy;
  const { login } = identity;
  return {
    kind: environment.identity.kind,
    issuer: environment.identity.kind === "issuer" ? environment.identity.issuer : "",
    audience: identity.audience,
    claims: identity.claims,
    ...tokensOf(identity),
    usedClaims: listUsedClaims(policy),
    issuers: identity.issuers.map(({ name, issuer, audience, claims, tokens, login: client }) => ({
      name,
      issuer,
      audience,
      claims,
      ...tokensOf({ tokens }),
      ...(client === null ? {} : { login: clientOf(client) }),
    })),
    login:
      login === null
        ? null
        : {
            ...clientOf(login),
            sessionIdleMs: login.sessionIdleMs,
            sessionMaxMs: login.sessionMaxMs,
            sessionStore: login.sessionStore,
            ...(login.page === null ? {} : { page: login.page }),
          },
  };
}

function clientOf({ clientId, clientSecret, scopes, title }: LoginClient): LoginClientArtifact {
  return { clientId, clientSecret, scopes, ...(title === null ? {} : { title }) };
}

/** Nothing for rules that ask for nothing. */
function tokensOf({ tokens }: Pick<Policy["identity"], "tokens">): Pick<IdentityArtifact, "tokens"> {
  if (tokens === null) return {};
  const { proof, requireProof, profile } = tokens;
  return proof.length === 0 && profile === null ? {} : { tokens: { proof, requireProof, profile } };
}

/** Whether any token may come with the proof. */
function takesProof({ identity }: Policy, proof: Proof): boolean {
  return [identity, ...identity.issuers].some(({ tokens }) => tokens?.proof.includes(proof) === true);
}

function edgeOf(policy: Policy, environment: Environment, compiled: readonly CompiledApi[]): EdgeArtifact {
  const names = new Set(compiled.flatMap(({ host }) => host ?? []));
  const isKnownTo = (host: string, exposure: Exposure): boolean =>
    compiled.some((api) => api.host === host && api.exposure === exposure);
  const hasPrivate = compiled.some(({ exposure }) => exposure === "private");
  return {
    domain: environment.domain,
    hosts: [...names]
      .sort()
      .map((host) => ({ host, public: isKnownTo(host, "public"), private: isKnownTo(host, "private") })),
    certificates: environment.certificates,
    // Passwords of the development provider stand in a file, and `.localhost` names nobody else's machine (RFC 6761).
    loopbackOnly: environment.identity.kind === "embedded" || /(^|\.)localhost$/.test(environment.domain),
    privateNetwork: hasPrivate ? environment.privateNetwork : null,
    ...(takesProof(policy, "mtls") ? { asksForCertificate: true } : {}),
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
