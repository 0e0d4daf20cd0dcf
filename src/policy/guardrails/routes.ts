/** Guardrails on routes: who may call them, how often, and how long they hold. */
import { formatDuration } from "../../core/index.ts";
import { hostOf } from "../list-routes.ts";
import type { Policy, Service } from "../policy.ts";
import { changesThings } from "./grants.ts";
import { type Finding, type Guardrails, findInEnvironments, joinEnvironments, listAllRoutes } from "./guardrail.ts";
import { findOpenBeside } from "./open-beside.ts";

/** SOURCE: API Gateway HTTP API quotas: a client has its answer, or none, after 30 seconds. */
const LONGEST_ANSWER_MS = 30_000;

export const ROUTE_GUARDRAILS: Guardrails = {
  "guardrail/open-write": {
    severity: "error",
    why: "a route that changes something and asks for nobody can be called by everybody, also from foreign web pages",
    example: `services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes: { POST /orders: { open: everybody may order } }`,
    fix: "give the route a permission with `needs`, or name the reading methods alone",
    sources: ["GH132", "cfn_nag W59"],
    find: (policy) =>
      listAllRoutes(policy)
        .filter((route) => route.access.kind === "open" && changesThings(route.method))
        .map((route) => ({
          subject: route.key,
          at: route.at,
          message: `\`${route.key}\` is open and may change something`,
        })),
  },
  "guardrail/open-private": {
    severity: "warning",
    why: "being inside the network is not an identity",
    example: `services:
  backoffice:
    exposure: private
    upstream: http://127.0.0.1:4002
    routes: { GET /reports: { open: staff only } }`,
    fix: "give the route a permission with `needs`",
    sources: ["GH132"],
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
  "guardrail/open-beside-protected": {
    severity: "warning",
    why: "the narrower path reads as if it guarded all below it, and the open route takes requests there",
    example: `services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes:
      GET /{page+}: { open: pages for everybody }
      ANY /admin/{path+}: { needs: orders:write }`,
    fix: "name the paths that are open, or add a route with `needs` that answers the request",
    sources: ["GH132"],
    find: findOpenBesideProtected,
  },
  "guardrail/open-websocket": {
    severity: "warning",
    why: "anybody, foreign web pages included, may hold a connection for as long as they like and send what they like",
    example: `services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes: { GET /socket: { open: news for everybody, websocket: true } }`,
    fix: "give the route a permission with `needs`",
    sources: ["GH132"],
    find: (policy) =>
      listAllRoutes(policy)
        .filter((route) => route.access.kind === "open" && route.websocket)
        .map((route) => ({ subject: route.key, at: route.at, message: `\`${route.key}\` is an open WebSocket` })),
  },
  "guardrail/slow-retries": {
    severity: "warning",
    why: "callers and proxies in front give up after 30 seconds, and the service is asked again for nobody",
    example: `services:
  orders:
    exposure: public
    upstream: http://127.0.0.1:4001
    routes: { GET /orders: { needs: orders:read, timeout: 20 seconds, retries: 1 } }`,
    fix: "write a shorter `timeout` or fewer `retries`: attempts times timeout at most 30 seconds",
    sources: [],
    find: (policy) => findInEnvironments(policy, findSlowRetries),
  },
  "guardrail/no-identity-throttle": {
    severity: "info",
    why: "one caller can use up what all share",
    example: "throttle: { default: 1000/second burst 2000 }",
    fix: "add `throttle: { per_identity: 100/second burst 200 }`",
    sources: [],
    find: (policy) =>
      findInEnvironments(policy, ({ name, identity, throttle }) =>
        throttle.perIdentity === null
          ? [{ subject: name, at: identity.at, message: "no throttle holds for a single identity" }]
          : [],
      ),
  },
};

/** Environments differ in hosts only, so that most have the same lists of routes. */
function findOpenBesideProtected(policy: Policy): Finding[] {
  const lists = new Map<string, { services: readonly Service[]; names: string[] }>();
  for (const environment of policy.environments)
    for (const services of Map.groupBy(
      policy.services,
      (service) => `${service.exposure} ${hostOf(service, environment)}`,
    ).values()) {
      const key = services.map(({ name }) => name).join(" ");
      const known = lists.get(key);
      if (known === undefined) lists.set(key, { services, names: [environment.name] });
      else known.names.push(environment.name);
    }
  return joinEnvironments(
    policy,
    [...lists.values()].map(({ services, names }) => ({
      names,
      findings: findOpenBeside(services.flatMap(({ routes }) => routes)).map(({ open, guarded, request }) => ({
        subject: open.key,
        at: open.at,
        message: `\`${open.key}\` is open and answers \`${request}\`, beside \`${guarded.key}\`, which needs a permission`,
        ...(request.endsWith("/")
          ? { fix: "name the paths that are open; no route of its own takes a slash at the end" }
          : {}),
        related: [{ message: "the route that needs a permission", span: guarded.at }],
      })),
    })),
  );
}

function findSlowRetries(policy: Policy): Finding[] {
  return listAllRoutes(policy)
    .filter(({ retries, timeoutMs }) => retries > 0 && (retries + 1) * timeoutMs > LONGEST_ANSWER_MS)
    .map(({ key, at, retries, timeoutMs }) => ({
      subject: key,
      at,
      message: `\`${key}\` may take ${formatDuration((retries + 1) * timeoutMs)}: ${retries + 1} attempts of ${formatDuration(timeoutMs)}`,
    }));
}
