/**
 * What a well-formed policy should still not say: the closed list of guardrails, each with why, what to do, and its check.
 * A check is pure and knows nothing of waivers (lint-policy.ts). Severity is that of an unwaived finding.
 */
import type { Severity, Span } from "../core/index.ts";
import { isLoopbackHost } from "./origin.ts";
import { isCatchAll, permissionMatches } from "./permission.ts";
import type { Located, Members, Policy, PolicyRoute, Role } from "./policy.ts";
import { findAddressKind } from "./source-address.ts";

export interface Finding {
  /** The one thing that the finding is about: name of role, boundary, service or environment, or route key. */
  readonly subject: string;
  readonly at: Span;
  readonly message: string;
}

export interface Guardrail {
  readonly severity: Severity;
  readonly why: string;
  readonly fix: string;
  readonly find: (policy: Policy) => readonly Finding[];
}

export const GUARDRAILS: Readonly<Record<`guardrail/${string}`, Guardrail>> = {
  "guardrail/catch-all-grant": {
    severity: "error",
    why: "a role that may do everything takes in whatever is added later",
    fix: "name the permissions, or one area as `orders:*`",
    find: (policy) =>
      policy.roles.flatMap((role) =>
        role.can
          .filter(({ value }) => isCatchAll(value))
          .map(({ value, at }) => ({ subject: role.name, at, message: `role \`${role.name}\` can \`${value}\`` })),
      ),
  },
  "guardrail/catch-all-boundary": {
    severity: "error",
    why: "a boundary that allows everything is none",
    fix: "name the permissions, or one area as `orders:*`",
    find: (policy) =>
      policy.boundaries.flatMap(({ name, permissions }) =>
        permissions
          .filter(({ value }) => isCatchAll(value))
          .map(({ value, at }) => ({ subject: name, at, message: `boundary \`${name}\` allows \`${value}\`` })),
      ),
  },
  "guardrail/open-write": {
    severity: "error",
    why: "a route that changes something and asks for nobody can be called by everybody, also from foreign web pages",
    fix: "give the route a permission with `needs`, or name the reading methods alone",
    find: (policy) =>
      listAllRoutes(policy)
        .filter((route) => route.access.kind === "open" && !["GET", "HEAD", "OPTIONS"].includes(route.method))
        .map((route) => ({
          subject: route.key,
          at: route.at,
          message: `\`${route.key}\` is open and may change something`,
        })),
  },
  "guardrail/open-private": {
    severity: "warning",
    why: "being inside the network is not an identity",
    fix: "give the route a permission with `needs`",
    find: (policy) =>
      policy.services
        .filter((service) => service.exposure === "private")
        .flatMap((service) => service.routes)
        .filter((route) => route.access.kind === "open")
        .map((route) => ({
          subject: route.key,
          at: route.at,
          message: `\`${route.key}\` of a private service is open`,
        })),
  },
  "guardrail/role-without-members": {
    severity: "warning",
    why: "nobody can hold the role, so nobody notices what it grants",
    fix: "add members, or remove the role",
    find: (policy) =>
      policy.roles
        .filter(({ members }) => !hasMembers(members))
        .map((role) => ({ subject: role.name, at: role.at, message: `role \`${role.name}\` has no members` })),
  },
  "guardrail/dead-grant": {
    severity: "warning",
    why: "the grant reads as a right that the boundary takes away again",
    fix: "remove the grant, or widen the boundary on purpose",
    find: (policy) =>
      listGrants(policy)
        .filter(({ needed, allowed }) => needed.length > 0 && allowed.length === 0)
        .map(({ role, pattern }) => ({
          subject: role.name,
          at: pattern.at,
          message: `role \`${role.name}\` can \`${pattern.value}\`, which boundary \`${role.boundary}\` does not allow`,
        })),
  },
  "guardrail/unreachable-route": {
    severity: "warning",
    why: "no role lets anybody call the route",
    fix: "grant its permission to a role, within that role's boundary, or remove the route",
    find: findUnreachableRoutes,
  },
  "guardrail/unused-boundary": {
    severity: "info",
    why: "a boundary that no role has limits nothing",
    fix: "remove it, or give it to a role",
    find: (policy) =>
      policy.boundaries
        .filter(({ name }) => !policy.roles.some((role) => role.boundary === name))
        .map(({ name, at }) => ({ subject: name, at, message: `no role has boundary \`${name}\`` })),
  },
  "guardrail/no-identity-throttle": {
    severity: "info",
    why: "one caller can use up what all share",
    fix: "add `throttle: { per_identity: 100/second burst 200 }`",
    find: (policy) =>
      policy.throttle.perIdentity === null
        ? [{ subject: policy.name, at: policy.identity.at, message: "no throttle holds for a single identity" }]
        : [],
  },
  "guardrail/development-identity": {
    severity: "error",
    why: "the embedded provider has passwords in a file and is for one developer's machine",
    fix: "name a real provider, or use internal certificates, the embedded gateway and a host below `localhost`",
    find: (policy) =>
      policy.environments
        .filter((environment) => environment.identity.kind === "embedded")
        .filter(
          ({ certificates, gateway, domain }) =>
            certificates.kind === "acme" || gateway.kind === "aws" || !isLoopbackHost(domain),
        )
        .map(({ name, at }) => ({
          subject: name,
          at,
          message: `environment \`${name}\` uses the development provider beyond this machine`,
        })),
  },
  "guardrail/plain-http-upstream": {
    severity: "warning",
    why: "requests and identities would cross a public network in the clear",
    fix: "write `https://`, or a name or address of the internal network",
    find: (policy) =>
      listUpstreams(policy)
        .filter(({ url }) => url.protocol === "http:" && !isInternalHost(url.hostname))
        .map(({ service, environment, url, at }) => ({
          subject: service,
          at,
          message: `service \`${service}\` is reached at \`${url.origin}\` without TLS in \`${environment}\``,
        })),
  },
  "guardrail/metadata-upstream": {
    severity: "error",
    why: "the address hands out the machine's own credentials",
    fix: "write the address of the service",
    find: (policy) =>
      listUpstreams(policy)
        .filter(({ url }) => isMetadataHost(url.hostname))
        .map(({ service, environment, url, at }) => ({
          subject: service,
          at,
          message: `service \`${service}\` is sent to \`${url.hostname}\` in \`${environment}\``,
        })),
  },
  "guardrail/open-private-network": {
    severity: "error",
    why: "a private network that is the whole internet is not private",
    fix: "name the blocks of the internal network",
    find: (policy) =>
      policy.environments.flatMap((environment) =>
        environment.privateNetwork
          .filter((block) => block.endsWith("/0"))
          .map((block) => ({
            subject: environment.name,
            at: environment.at,
            message: `environment \`${environment.name}\` takes \`${block}\` for its private network`,
          })),
      ),
  },
};

interface Grant {
  readonly role: Role;
  readonly pattern: Located<string>;
  /** Permissions of routes that the pattern covers, and those of them that the boundary lets through. */
  readonly needed: readonly string[];
  readonly allowed: readonly string[];
}

function listGrants(policy: Policy): Grant[] {
  const byArea = new Map<string, Set<string>>();
  for (const { access } of listAllRoutes(policy)) {
    if (access.kind !== "needs") continue;
    const area = access.permission.slice(0, access.permission.indexOf(":"));
    const known = byArea.get(area) ?? new Set();
    byArea.set(area, known.add(access.permission));
  }
  const limits = new Map(policy.boundaries.map(({ name, permissions }) => [name, permissions]));
  return policy.roles.flatMap((role) =>
    role.can.map((pattern) => {
      const areas = isCatchAll(pattern.value)
        ? [...byArea.keys()]
        : [pattern.value.slice(0, pattern.value.indexOf(":"))];
      const needed = areas
        .flatMap((area) => [...(byArea.get(area) ?? [])])
        .filter((permission) => permissionMatches(pattern.value, permission));
      const limit = limits.get(role.boundary) ?? [];
      const allowed = needed.filter((permission) => limit.some(({ value }) => permissionMatches(value, permission)));
      return { role, pattern, needed, allowed };
    }),
  );
}

function findUnreachableRoutes(policy: Policy): Finding[] {
  const reachable = new Set(
    listGrants(policy)
      .filter(({ role }) => hasMembers(role.members))
      .flatMap(({ allowed }) => allowed),
  );
  return listAllRoutes(policy).flatMap(({ key, at, access }) =>
    access.kind === "open" || reachable.has(access.permission)
      ? []
      : [{ subject: key, at, message: `\`${key}\` needs \`${access.permission}\`, which nobody can have` }],
  );
}

function listAllRoutes(policy: Policy): readonly PolicyRoute[] {
  return policy.services.flatMap((service) => service.routes);
}

/** Whether anybody could be one of the members. An identity has one issuer, but that is not looked at here. */
function hasMembers(members: Members): boolean {
  switch (members.kind) {
    case "any":
      return members.of.some(hasMembers);
    case "all":
      return members.of.every(hasMembers);
    case "not":
      return true;
    default:
      return members.values.length > 0;
  }
}

function listUpstreams(policy: Policy): { service: string; environment: string; url: URL; at: Span }[] {
  return policy.services.flatMap(({ name, upstream, at }) =>
    Object.entries(upstream).map(([environment, url]) => ({ service: name, environment, url: new URL(url), at })),
  );
}

const INTERNAL_SUFFIXES = [".internal", ".local", ".lan", ".home.arpa", ".svc", ".cluster.local", ".test"];

/** A name that public DNS does not resolve, or an address that is not routed on the internet. */
function isInternalHost(host: string): boolean {
  const kind = findAddressKind(host);
  if (kind !== null) return kind !== "unicast";
  return isLoopbackHost(host) || !host.includes(".") || INTERNAL_SUFFIXES.some((suffix) => host.endsWith(suffix));
}

/** SOURCE: instance metadata of AWS (IPv4, IPv6, containers), Azure and Google Cloud; Alibaba Cloud. */
function isMetadataHost(host: string): boolean {
  return (
    findAddressKind(host) === "linkLocal" ||
    ["[fd00:ec2::254]", "[fd00:ec2::23]", "100.100.100.200", "metadata", "metadata.google.internal"].includes(host)
  );
}
