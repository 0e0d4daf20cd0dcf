/** Routes that IAM cannot tell apart for a role or a boundary, as one finding for each granted route. */
import type { Diagnostic, Span } from "../core/index.ts";
import type { PolicyRoute } from "../policy/index.ts";
import type { Overlap } from "./exact-grants.ts";

/** A role or boundary as it stands in the policy. */
export interface Holder {
  readonly kind: "role" | "boundary";
  readonly name: string;
  readonly at: Span;
}

export interface OverlapReport {
  readonly add: (holder: Holder, overlaps: readonly Overlap[]) => void;
  readonly diagnostics: () => Diagnostic[];
}

const SHOWN_ROUTES = 4;
const SHOWN_HOLDERS = 3;

interface Case {
  readonly granted: PolicyRoute;
  readonly others: Map<PolicyRoute, PolicyRoute | null>;
  readonly holders: Map<string, Holder>;
}

export function createOverlapReport(): OverlapReport {
  const cases = new Map<PolicyRoute, Case>();
  return {
    add(holder, overlaps) {
      for (const { granted, other, hit } of overlaps) {
        let found = cases.get(granted.route);
        if (found === undefined)
          cases.set(granted.route, (found = { granted: granted.route, others: new Map(), holders: new Map() }));
        found.holders.set(`${holder.kind} ${holder.name}`, holder);
        if (!found.others.has(other.route)) found.others.set(other.route, hit?.route ?? null);
      }
    },
    diagnostics: () => [...cases.values()].map(describe),
  };
}

function describe({ granted, others, holders }: Case): Diagnostic {
  const listed = [...others].slice(0, SHOWN_ROUTES);
  const [first] = listed;
  const other = first === undefined ? "" : first[0].key;
  const shown = [...holders.values()].sort(compareHolders).slice(0, SHOWN_HOLDERS);
  const names = shown.map(({ kind, name }) => `${kind} \`${name}\``);
  const more = holders.size > names.length ? ` and ${holders.size - names.length} more` : "";
  const related = listed.flatMap(([route, hit]) => [
    { message: `${describeNeed(route)}, which is not granted`, span: route.at },
    ...(hit === null
      ? []
      : [{ message: `denying \`${route.key}\` would also deny this granted route, \`${hit.key}\``, span: hit.at }]),
  ]);
  if (others.size > listed.length)
    related.push({ message: `and ${others.size - listed.length} more routes that are not granted`, span: granted.at });
  for (const { kind, name, at } of shown)
    related.push({ message: `${kind} \`${name}\` has \`${granted.key}\` but not \`${other}\``, span: at });
  return {
    id: "compile/iam-overlap",
    severity: "error",
    message: `${names.join(", ")}${more}: IAM cannot allow \`${granted.key}\` without \`${other}\`, because \`*\` in a resource crosses slashes`,
    span: granted.at,
    hint: `grant the permissions of both together, or move \`${other}\` to a path that \`${granted.path}\` does not cover even if its parameters held slashes`,
    related,
  };
}

/** Roles before boundaries, each in the order of the policy. */
function compareHolders(a: Holder, b: Holder): number {
  return a.kind === b.kind ? a.at.start - b.at.start : a.kind === "role" ? -1 : 1;
}

function describeNeed(route: PolicyRoute): string {
  return route.access.kind === "needs" ? `\`${route.key}\` needs \`${route.access.permission}\`` : `\`${route.key}\``;
}
