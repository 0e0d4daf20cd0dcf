/** Guardrails on where environments are and what they reach. */
import type { Span } from "../../core/index.ts";
import { isLoopbackHost } from "../origin.ts";
import type { Policy } from "../policy.ts";
import type { Guardrails } from "./guardrail.ts";
import { isInternalHost, isMetadataHost, isWideBlock } from "./hosts.ts";

export const NETWORK_GUARDRAILS: Guardrails = {
  "guardrail/development-identity": {
    severity: "error",
    why: "the embedded provider has passwords in a file and is for one developer's machine",
    example: `environments:
  local: { identity: embedded, domain: shop.example, certificates: internal }`,
    fix: "name a real provider, or use internal certificates, the embedded gateway and a host below `localhost`",
    sources: ["GH113"],
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
    example: `services:
  orders:
    exposure: public
    upstream: http://orders.shop.example
    routes: { GET /orders: { needs: orders:read } }`,
    fix: "write `https://`, or a name or address of the internal network",
    sources: ["GH134"],
    find: (policy) =>
      listUpstreams(policy)
        .filter(({ url }) => url.protocol === "http:" && !isInternalHost(url.hostname))
        .map(({ service, environment, url, at }) => ({
          subject: service,
          at,
          message: `service \`${service}\` is reached at \`${url.origin}\` without TLS in \`${environment}\``,
        })),
  },
  "guardrail/plain-state": {
    severity: "warning",
    why: "sessions and throttles would cross a public network in the clear",
    example: `environments:
  local: { identity: embedded, domain: shop.localhost, state: "valkey://cache.shop.example:6379" }`,
    fix: "write `valkeys://` for TLS, or a name or address of the internal network",
    sources: ["GH134"],
    find: (policy) =>
      policy.environments.flatMap(({ name, state, at }) => {
        const [, scheme = "", host = ""] = /^([a-z]+):\/\/(\[[^\]]*\]|[^:]*)/.exec(state ?? "") ?? [];
        if (!["valkey", "redis"].includes(scheme) || isInternalHost(host)) return [];
        return [{ subject: name, at, message: `environment \`${name}\` keeps state at \`${host}\` without TLS` }];
      }),
  },
  "guardrail/metadata-upstream": {
    severity: "error",
    why: "the address hands out the machine's own credentials",
    example: `services:
  orders:
    exposure: public
    upstream: http://169.254.169.254
    routes: { GET /orders: { needs: orders:read } }`,
    fix: "write the address of the service",
    sources: ["GH122", "cloudsplaining CredentialsExposure"],
    find: (policy) =>
      listUpstreams(policy)
        .filter(({ url }) => isMetadataHost(url.hostname))
        .map(({ service, environment, url, at }) => ({
          subject: service,
          at,
          message: `service \`${service}\` is sent to \`${url.hostname}\` in \`${environment}\``,
        })),
  },
  "guardrail/private-unreachable": {
    severity: "warning",
    why: "the edge lets nobody reach a private service from an environment that names no network of its own",
    example: `services:
  backoffice:
    exposure: private
    upstream: http://127.0.0.1:4002
    routes: { GET /reports: { needs: orders:read } }`,
    fix: 'name the blocks of the internal network, on one machine `private_network: [127.0.0.0/8, "::1/128"]`',
    sources: [],
    find: (policy) => {
      const names = policy.services.filter(({ exposure }) => exposure === "private").map(({ name }) => `\`${name}\``);
      if (names.length === 0) return [];
      return policy.environments
        .filter(({ privateNetwork }) => privateNetwork.length === 0)
        .map(({ name, at }) => ({
          subject: name,
          at,
          message: `environment \`${name}\` has no \`private_network\`, so nobody reaches ${names.join(", ")}`,
        }));
    },
  },
  "guardrail/open-private-network": {
    severity: "error",
    why: "a private network that strangers are in is not private",
    example: `environments:
  local: { identity: embedded, domain: shop.localhost, private_network: ["::/0"] }`,
    fix: "name the blocks of the internal network",
    sources: [],
    find: (policy) =>
      policy.environments.flatMap((environment) =>
        environment.privateNetwork.filter(isWideBlock).map((block) => ({
          subject: environment.name,
          at: environment.at,
          message: `environment \`${environment.name}\` takes \`${block}\` for its private network`,
        })),
      ),
  },
};

function listUpstreams(policy: Policy): { service: string; environment: string; url: URL; at: Span }[] {
  return policy.services.flatMap(({ name, upstream, at }) =>
    Object.entries(upstream).map(([environment, url]) => ({ service: name, environment, url: new URL(url), at })),
  );
}
