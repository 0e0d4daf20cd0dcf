/**
 * Who may call what, in one environment: every route, and for each role or each person and client whether it is let in.
 * Cells come from `decide`, so the table cannot say anything but what the gateway does.
 */
import { type PolicyRoute, type Reason, decide, inEnvironment, judgeRole, permissionMatches } from "../policy/index.ts";
import { type LoadedEnvironment, type LoadedPolicy, isLoaded, loadEnvironment } from "./load-policy.ts";
import { allCallers, loadPeople } from "./people.ts";

export interface AccessRow {
  readonly exposure: "public" | "private";
  readonly service: string;
  readonly route: string;
  /** Permission needed; null for an open route. */
  readonly needs: string | null;
  /** Column name to outcome: `allow`, or why not. */
  readonly cells: Readonly<Record<string, Reason | "allow" | "conditional">>;
}

export interface AccessMatrix {
  readonly environment: string;
  readonly by: "role" | "identity";
  readonly columns: readonly string[];
  readonly rows: readonly AccessRow[];
}

/** @throws GH_POLICY_UNREADABLE, GH_APP_ENVIRONMENT */
export function accessMatrix(
  policyFile: string,
  environment: string | undefined,
  by: "role" | "identity",
): AccessMatrix | LoadedPolicy {
  const loaded = loadEnvironment(policyFile, environment);
  if (!isLoaded(loaded)) return loaded;
  const columns = by === "role" ? roleColumns(loaded) : identityColumns(loaded);
  const rows = loaded.policy.services.flatMap((service) =>
    service.routes.map((route) => ({
      exposure: service.exposure,
      service: service.name,
      route: route.key,
      needs: route.access.kind === "needs" ? route.access.permission : null,
      cells: Object.fromEntries(columns.map(({ name, judge }) => [name, judge(service.exposure, route)])),
    })),
  );
  return { environment: loaded.environment.name, by, columns: columns.map((c) => c.name), rows };
}

interface Column {
  readonly name: string;
  readonly judge: (exposure: "public" | "private", route: PolicyRoute) => Reason | "allow" | "conditional";
}

/** A role is judged for whoever holds it; what its conditions ask for is taken to be given. */
function roleColumns({ policy: written, environment }: LoadedEnvironment): readonly Column[] {
  const policy = inEnvironment(written, environment);
  return policy.roles.map((role) => ({
    name: role.name,
    judge: (_, route) => {
      if (route.access.kind === "open") return "allow";
      const { permission } = route.access;
      const { outcome } = judgeRole(policy, role, permission, null);
      if (outcome !== "allows") return outcome;
      const grants = role.can.filter(({ value }) => permissionMatches(value, permission));
      return role.when === null && grants.some(({ when }) => when === null) ? "allow" : "conditional";
    },
  }));
}

function identityColumns(loaded: LoadedEnvironment): readonly Column[] {
  return allCallers(loadPeople(loaded), loaded.artifacts.identity).map(({ name, caller }) => ({
    name,
    judge: (exposure, route) => {
      const request = requestFor(exposure, route, "127.0.0.1");
      const decision = decide(loaded.policy, loaded.environment.name, request, caller);
      return decision.effect === "allow" ? "allow" : decision.reason;
    },
  }));
}

/** A request that this route and no other answers: its own path with parameters filled in. */
function requestFor(exposure: "public" | "private", route: PolicyRoute, sourceIp: string) {
  const path = route.path.replaceAll(/\{[^}]*\}/g, "0");
  return { exposure, method: route.method === "ANY" ? "GET" : route.method, path, sourceIp };
}

const MARKS: Readonly<Record<string, string>> = { allow: "yes", conditional: "when", "condition-not-met": "when" };

export function renderAccess(matrix: AccessMatrix): string {
  const head = ["exposure", "route", "needs", ...matrix.columns];
  const body = matrix.rows.map((row) => [
    row.exposure,
    row.route,
    row.needs ?? "(open)",
    ...matrix.columns.map((column) => MARKS[row.cells[column] ?? ""] ?? "-"),
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((line) => (line[i] ?? "").length)));
  const lines = [head, ...body].map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [`who may call what in \`${matrix.environment}\`, by ${matrix.by}`, "", ...lines].join("\n");
}
