/** Routes of one HTTP API: their keys, which requests two of them would share, where they lead and who may call them. */
import { pointerStep } from "../core/index.ts";
import type { AddProblem } from "./account-problems.ts";
import { checkCount } from "./check-account-lists.ts";
import type { HttpApi, Route } from "./http-api.ts";
import { type RouteKeyParts, canonicalHttpRouteKey, readRouteKey } from "./http-route-key.ts";

type PathKey = Extract<RouteKeyParts, { kind: "path" }>;

/** Paths that API Gateway's own hosts answer. */
const RESERVED = new Set(["/ping", "/sping"]);

export function checkRoutes(api: HttpApi, at: string, add: AddProblem): void {
  const first = new Map<string, Route>();
  const paths: { readonly route: Route; readonly at: string; readonly key: PathKey }[] = [];
  const integrations = new Set(api.integrations.map(({ integrationId }) => integrationId));
  for (const [index, route] of api.routes.entries()) {
    const here = `${at}/routes${pointerStep(index)}`;
    const read = readRouteKey(route.routeKey);
    if (!read.ok)
      for (const { code, message, hint } of read.faults) add(code, `${here}/routeKey`, message, hint, route.routeKey);
    else if (read.parts.kind === "path") paths.push({ route, at: here, key: read.parts });
    const canonical = canonicalHttpRouteKey(route.routeKey);
    const other = first.get(canonical);
    if (other === undefined) first.set(canonical, route);
    else
      add(
        "route/conflict",
        `${here}/routeKey`,
        `\`${route.routeKey}\` is the same route as \`${other.routeKey}\``,
        "keep one of the two",
        route.routeKey,
      );
    checkTarget(route, integrations, here, add);
    checkAuthorization(route, api, here, add);
  }
  for (const { route, at: here } of paths)
    if (RESERVED.has(route.routeKey.slice(route.routeKey.indexOf("/"))))
      add(
        "route/reserved",
        `${here}/routeKey`,
        `\`${route.routeKey}\` is never called on AWS`,
        "choose another path for a health check",
      );
  checkOrder(paths, add);
}

function checkTarget({ target }: Route, integrations: ReadonlySet<string>, at: string, add: AddProblem): void {
  const [, id] = /^integrations\/(.+)$/.exec(target) ?? [];
  if (id !== undefined && integrations.has(id) && target.length <= 128) return;
  const known = [...integrations].slice(0, 3).map((name) => `\`integrations/${name}\``);
  const hint = known.length === 0 ? "add an integration" : `write the id of an integration: ${known.join(", ")}`;
  const problem =
    id === undefined || target.length > 128
      ? `\`${target}\` is not the target of a route`
      : `there is no integration \`${id}\``;
  add("route/target", `${at}/target`, problem, hint);
}

function checkAuthorization(route: Route, api: HttpApi, at: string, add: AddProblem): void {
  const { authorizationType, authorizerId, authorizationScopes = [] } = route;
  const known = api.authorizers.map((authorizer) => authorizer.authorizerId);
  if (authorizationType === "JWT") {
    const hint =
      known.length === 0
        ? "add an authorizer"
        : `write one of ${known
            .slice(0, 5)
            .map((id) => `\`${id}\``)
            .join(", ")}`;
    if (authorizerId === undefined)
      add("route/authorizer", at, "a JWT route has no authorizer", `add \`authorizerId\`: ${hint}`);
    else if (!known.includes(authorizerId))
      add("route/authorizer", `${at}/authorizerId`, `there is no authorizer \`${authorizerId}\``, hint);
  } else if (authorizerId !== undefined)
    add(
      "route/authorizer",
      `${at}/authorizerId`,
      `a route of type ${authorizationType} names an authorizer`,
      "write `authorizationType: JWT`, or remove `authorizerId`",
    );
  if (authorizationType !== "JWT" && authorizationScopes.length > 0)
    add(
      "route/scopes",
      `${at}/authorizationScopes`,
      `a route of type ${authorizationType} has scopes`,
      "write `authorizationType: JWT`, or remove the scopes",
    );
  checkCount("scopes", authorizationScopes.length, `${at}/authorizationScopes`, add);
  for (const [index, scope] of authorizationScopes.entries())
    if (scope.length < 1 || scope.length > 64)
      add(
        "route/scopes",
        `${at}/authorizationScopes/${index}`,
        `a scope has ${scope.length} characters`,
        "write 1 to 64 characters",
      );
}

/**
 * An `ANY` route whose path is the more specific one, beside a method's route that fits the same request.
 * INVARIANT: time grows with the product of `ANY` routes and others, of which an API has 300 at most.
 */
function checkOrder(paths: readonly { route: Route; at: string; key: PathKey }[], add: AddProblem): void {
  const known = new Set(paths.map(({ route }) => canonicalHttpRouteKey(route.routeKey)));
  for (const { route, at, key } of paths) {
    if (key.method !== "ANY") continue;
    const other = paths.find(
      ({ key: wider }) =>
        wider.method !== "ANY" &&
        isLessSpecific(wider.segments, key.segments) &&
        !known.has(canonicalHttpRouteKey(route.routeKey.replace("ANY", wider.method))),
    );
    if (other !== undefined)
      add(
        "route/order-unconfirmed",
        `${at}/routeKey`,
        `whether AWS sends ${other.key.method} requests to \`${route.routeKey}\` or to \`${other.route.routeKey}\` is not known`,
        `add \`${other.key.method} /${key.segments.join("/")}\`, which is taken first in either case`,
      );
  }
}

/**
 * Whether some request fits both paths and `wider` says less about it: at the first segment where they differ it has
 * the parameter. A path to its end beats one that takes the rest, which AWS documents: such pairs are not in doubt.
 */
function isLessSpecific(wider: readonly string[], path: readonly string[]): boolean {
  const rankOf = (segment: string): number => (segment.endsWith("+}") ? 2 : segment.startsWith("{") ? 1 : 0);
  const isGreedy = (segments: readonly string[]): boolean => segments.at(-1)?.endsWith("+}") === true;
  if (isGreedy(wider) !== isGreedy(path)) return false;
  let verdict = 0;
  for (let index = 0; index < Math.max(wider.length, path.length); index++) {
    const [a, b] = [wider[index], path[index]];
    if (a === undefined || b === undefined) return false;
    if (rankOf(a) === 0 && rankOf(b) === 0 && a !== b) return false;
    if (verdict === 0) verdict = rankOf(a) - rankOf(b);
    if (rankOf(a) === 2 || rankOf(b) === 2) break;
  }
  return verdict > 0;
}
