/** Routes that IAM cannot tell apart for a role or a boundary, as one finding for each of them. */
import type { Diagnostic, Span } from "../core/index.ts";
import type { Overlap } from "./exact-grants.ts";
import { MANY } from "./route-pattern.ts";
import type { ApiRoute } from "./route-trie.ts";

/** A role or boundary as it stands in the policy. */
export interface Holder {
  readonly kind: "role" | "boundary";
  readonly name: string;
  readonly at: Span;
  /** Of a role: whether this is about the grants under one of several conditions. */
  readonly isPart: boolean;
}

export interface OverlapReport {
  readonly add: (holder: Holder, overlaps: readonly Overlap[]) => void;
  readonly diagnostics: () => Diagnostic[];
}

const SHOWN_ROUTES = 4;
const SHOWN_HOLDERS = 3;

interface Case {
  readonly first: Overlap;
  readonly subject: ApiRoute;
  /** The routes on the other side, each with the granted route that would be hit. */
  readonly partners: Map<ApiRoute, ApiRoute | null>;
  readonly holders: Map<string, Holder>;
}

export function createOverlapReport(): OverlapReport {
  const cases = new Map<string, Case>();
  return {
    add(holder, overlaps) {
      for (const overlap of overlaps) {
        const { granted, other, hit } = overlap;
        // A catch-all stands against many routes: then it is the one to speak about.
        const isAboutOther = isGreedy(other) && !isGreedy(granted);
        const [subject, partner] = isAboutOther ? [other, granted] : [granted, other];
        const key = `${isAboutOther} ${subject.route.key} ${subject.route.at.start}`;
        let found = cases.get(key);
        if (found === undefined)
          cases.set(key, (found = { first: overlap, subject, partners: new Map(), holders: new Map() }));
        const holderKey = `${holder.kind} ${holder.name}`;
        if (!found.holders.has(holderKey)) found.holders.set(holderKey, holder);
        if (!found.partners.has(partner)) found.partners.set(partner, hit);
      }
    },
    diagnostics: () => [...cases.values()].map(describe),
  };
}

function describe({ first, subject, partners, holders }: Case): Diagnostic {
  const { granted, other } = first;
  const shown = [...holders.values()].sort(compareHolders).slice(0, SHOWN_HOLDERS);
  const names = shown.map(({ kind, name }) => `${kind} \`${name}\``).join(", ");
  const more = holders.size > shown.length ? ` and ${holders.size - shown.length} more` : "";
  const related: { message: string; span: Span }[] = [];
  for (const [partner, hit] of [...partners].slice(0, SHOWN_ROUTES)) {
    related.push({
      message: `${describeNeed(partner)}, which is ${subject === other ? "" : "not "}granted`,
      span: partner.route.at,
    });
    if (hit !== null && hit !== partner && hit !== subject)
      related.push({
        message: `a Deny would also refuse this granted route, \`${hit.route.key}\``,
        span: hit.route.at,
      });
  }
  if (partners.size > SHOWN_ROUTES)
    related.push({ message: `and ${partners.size - SHOWN_ROUTES} routes more like these`, span: subject.route.at });
  for (const { kind, name, at, isPart } of shown)
    related.push({
      message: `${kind} \`${name}\` has \`${granted.route.key}\` but not \`${other.route.key}\`${isPart ? " under the same condition" : ""}`,
      span: at,
    });
  return {
    id: "compile/iam-overlap",
    severity: "error",
    message: `${names}${more}: IAM cannot allow \`${granted.route.key}\` without \`${other.route.key}\`, because \`*\` in a resource crosses slashes`,
    span: subject.route.at,
    hint: wayOut(first, shown[0]?.isPart === true),
    related,
  };
}

/**
 * Where a catch-all is on one side, a `{rest+}` of the other side's own takes what lies between them; else the two can
 * only be granted together or moved apart.
 */
function wayOut({ granted, other, hit }: Overlap, isPart: boolean): string {
  const together = `grant the permissions of both together${isPart ? ", under the same condition" : ""}`;
  const [inner, outer] = isGreedy(other) ? [granted, other] : [other, hit !== null && isGreedy(hit) ? hit : granted];
  const prefix = inner.template.slice(
    0,
    inner.template.findIndex((token) => typeof token !== "string"),
  );
  if (isGreedy(outer) && !isGreedy(inner) && prefix.length > 0 && inner.route.access.kind === "needs")
    return `add \`${inner.route.method} /${prefix.join("/")}/{rest+}: { needs: ${inner.route.access.permission} }\`, so that \`${outer.route.key}\` does not answer there, or ${together}`;
  return `${together}, or move \`${other.route.key}\` to a path that does not begin like \`${granted.route.path}\``;
}

function isGreedy({ template }: ApiRoute): boolean {
  return template.at(-1) === MANY;
}

/** Roles before boundaries, each in the order of the policy. */
function compareHolders(a: Holder, b: Holder): number {
  return a.kind === b.kind ? a.at.start - b.at.start : a.kind === "role" ? -1 : 1;
}

function describeNeed({ route }: ApiRoute): string {
  return route.access.kind === "needs" ? `\`${route.key}\` needs \`${route.access.permission}\`` : `\`${route.key}\``;
}
