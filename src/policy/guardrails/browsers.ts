/**
 * Guardrails on what browsers are told: origins that may ask, and headers that protect a page.
 * Source: Fetch standard (CORS protocol); RFC 6797 (HSTS); OWASP Secure Headers Project.
 */
import type { Policy } from "../policy.ts";
import { isLoopbackHost } from "../origin.ts";
import { type Finding, type Guardrails, findInEnvironments } from "./guardrail.ts";

export const BROWSER_GUARDRAILS: Guardrails = {
  "guardrail/cors-any-origin": {
    severity: "warning",
    why: "every web page in the world may read what the routes that ask for an identity answer, once it has a token",
    example: `cors: { origins: ["*"], methods: [GET] }`,
    fix: "name the origins of your own pages",
    sources: ["GH132"],
    find: (policy) => findInEnvironments(policy, findAnyOrigin),
  },
  "guardrail/cors-plain-origin": {
    severity: "warning",
    why: "whoever is on the path of a page without TLS can put a script into it, and that script is let in",
    example: `cors: { origins: ["http://app.shop.example"], methods: [GET] }`,
    fix: "write `https://`; http is for loopback only",
    sources: ["GH134"],
    find: (policy) => findInEnvironments(policy, findPlainOrigins),
  },
  "guardrail/weak-security-header": {
    severity: "warning",
    why: "the service protects its pages with the header, and the rule takes that away",
    example: `services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    headers: { response: { set: { strict-transport-security: max-age=0 } } }
    routes: { GET /orders: { needs: orders:read } }`,
    fix: "remove the rule, or set a value that protects",
    sources: ["GH134"],
    find: findWeakHeaders,
  },
};

/** CORS holds for public services together. */
function findAnyOrigin({ name, cors, services }: Policy): Finding[] {
  if (cors === null || !cors.origins.includes("*")) return [];
  const guarded = services
    .filter(({ exposure }) => exposure === "public")
    .flatMap(({ routes }) => routes)
    .find(({ access }) => access.kind === "needs");
  if (guarded === undefined) return [];
  const message = `\`cors\` lets every origin read \`${guarded.key}\` and what else needs an identity`;
  return [{ subject: name, at: cors.at, message }];
}

function findPlainOrigins({ name, cors }: Policy): Finding[] {
  if (cors === null) return [];
  return cors.origins
    .filter((origin) => origin.startsWith("http:") && !isLoopbackHost(new URL(origin).hostname))
    .map((origin) => ({ subject: name, at: cors.at, message: `\`cors\` trusts \`${origin}\`, which has no TLS` }));
}

function findWeakHeaders(policy: Policy): Finding[] {
  return policy.services.flatMap(({ name, headers, at }) => [
    ...headers.response.remove
      .filter((header) => Object.hasOwn(PROTECTING, header))
      .map((header) => ({ subject: name, at, message: `service \`${name}\` loses \`${header}\`` })),
    ...Object.entries(headers.response.set).flatMap(([header, value]) => {
      const protects = Object.hasOwn(PROTECTING, header) ? PROTECTING[header] : undefined;
      return protects === undefined || protects(value.toLowerCase())
        ? []
        : [{ subject: name, at, message: `service \`${name}\` answers with a weak \`${header}\`` }];
    }),
  ]);
}

/** SOURCE: HSTS preload list, at least one year. */
const YEAR_SECONDS = 31_536_000;
const SCRIPT_SOURCES = /(?:^|;)\s*(?:default-src|script-src(?:-elem|-attr)?)\s([^;]*)/g;

/** Response headers that protect, by name, with whether a value (in lower case) does. */
const PROTECTING: Readonly<Record<string, (value: string) => boolean>> = {
  "strict-transport-security": (value) => Number(/(?:^|;)\s*max-age="?(\d+)/.exec(value)?.[1] ?? 0) >= YEAR_SECONDS,
  "content-security-policy": (value) =>
    [...value.matchAll(SCRIPT_SOURCES)].every(
      ([, sources = ""]) =>
        !sources.split(/\s+/).some((source) => ["*", "http:", "https:", "data:", "'unsafe-eval'"].includes(source)) &&
        // Beside a nonce or a hash browsers ignore it.
        (!sources.includes("'unsafe-inline'") || /'(?:nonce|sha(?:256|384|512))-/.test(sources)),
    ),
  "x-content-type-options": (value) => value === "nosniff",
  "x-frame-options": (value) => value === "deny" || value === "sameorigin",
  "referrer-policy": (value) => !/(?:^|,)\s*(?:unsafe-url|no-referrer-when-downgrade)\s*$/.test(value),
  "cross-origin-opener-policy": (value) => value !== "unsafe-none",
  "cross-origin-embedder-policy": (value) => value !== "unsafe-none",
  "cross-origin-resource-policy": (value) => value === "same-origin" || value === "same-site",
};
