/**
 * The same routes for every road: orders, and as many services of teams as it takes to have the number wanted.
 *
 * A caller of the benchmark (`GROUPS` of issuer.ts) may use orders and the services of the first teams.
 */
import { AUDIENCE } from "./issuer.ts";

export interface RouteOfBench {
  readonly method: "GET" | "POST";
  readonly path: string;
}

export const FEW_ROUTES = 10;
export const MANY_ROUTES = 10_000;
const ORDERS: readonly RouteOfBench[] = [
  { method: "GET", path: "/orders/{id}" },
  { method: "POST", path: "/orders" },
];
const ROUTES_OF_TEAM = 20;
/** Teams whose routes every caller may use. */
const OPEN_TEAMS = 5;
const UNREACHED = "1000000/second burst 1000000";

/** Orders first, then team by team. */
export function listRoutes(count: number): RouteOfBench[] {
  const teams = Array.from({ length: count - ORDERS.length }, (_, n): RouteOfBench => {
    const [team, route] = [Math.floor(n / ROUTES_OF_TEAM), n % ROUTES_OF_TEAM];
    return { method: "GET", path: `/team-${team}/things-${route}/{id}` };
  });
  return [...ORDERS, ...teams];
}

/** Paths of teams that a caller may ask for, spread over all there are. */
export function listPaths(count: number): string[] {
  return listRoutes(count)
    .slice(ORDERS.length, ORDERS.length + OPEN_TEAMS * ROUTES_OF_TEAM)
    .map(({ path }) => path.replace("{id}", "1001"));
}

/** One role for each team, as in a company; limits are counted and never reached. */
export function renderPolicy(count: number, issuer: string, backend: string): string {
  const lines = [
    "gatehouse: 1",
    "name: bench",
    `identity: { issuer: "${issuer}", audience: ${AUDIENCE}, claims: { groups: groups } }`,
    "environments:",
    "  local: { domain: localhost, certificates: internal }",
    "services:",
    "  orders:",
    "    exposure: public",
    `    upstream: { local: "${backend}" }`,
    "    routes:",
    `      GET /orders/{id}: { needs: orders:read, throttle: ${UNREACHED} }`,
    `      POST /orders: { needs: orders:write, throttle: ${UNREACHED} }`,
  ];
  const teams = Math.ceil((count - ORDERS.length) / ROUTES_OF_TEAM);
  const routes = listRoutes(count);
  for (let team = 0; team < teams; team++) {
    const from = ORDERS.length + team * ROUTES_OF_TEAM;
    lines.push(`  team-${team}:`, "    exposure: public", `    upstream: { local: "${backend}" }`, "    routes:");
    for (const { method, path } of routes.slice(from, from + ROUTES_OF_TEAM))
      lines.push(`      ${method} ${path}: { needs: team-${team}:read }`);
  }
  lines.push("roles:", "  bench: { members: { groups: [bench] }, can: [orders:read, orders:write], boundary: orders }");
  for (let team = 0; team < teams; team++)
    lines.push(
      `  team-${team}: { members: { groups: [team-${team}] }, can: [team-${team}:read], boundary: team-${team} }`,
    );
  lines.push("boundaries:", "  orders: [orders:read, orders:write]");
  for (let team = 0; team < teams; team++) lines.push(`  team-${team}: [team-${team}:read]`);
  lines.push("throttle:", `  default: ${UNREACHED}`, `  per_identity: ${UNREACHED}`);
  return `${lines.join("\n")}\n`;
}
