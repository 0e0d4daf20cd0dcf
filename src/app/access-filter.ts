/**
 * Which roles, routes, services, permissions and people a table is about: whole names, or patterns with `*`.
 * A pattern that fits nothing is a slip and is told, so that an empty table always means nobody.
 */
import { GatehouseError } from "../core/index.ts";
import type { Policy } from "../policy/index.ts";

export interface AccessFilter {
  readonly role?: string | undefined;
  readonly route?: string | undefined;
  readonly service?: string | undefined;
  readonly permission?: string | undefined;
  readonly exposure?: string | undefined;
  readonly as?: string | undefined;
}

type Test = (name: string | null) => boolean;

/** One test for each part of the filter; a part that is not asked for lets everything be. */
export function createFilter(filter: AccessFilter): Readonly<Record<keyof AccessFilter, Test>> {
  const test = (pattern: string | undefined): Test => {
    if (pattern === undefined) return () => true;
    const expression = new RegExp(`^${pattern.split("*").map(escapeText).join(".*")}$`, "su");
    return (name) => name !== null && expression.test(name);
  };
  return {
    role: test(filter.role),
    route: test(filter.route),
    service: test(filter.service),
    permission: test(filter.permission),
    exposure: test(filter.exposure),
    as: test(filter.as),
  };
}

function escapeText(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

const MAX_KNOWN = 12;

/** @throws GH_APP_FILTER when a part of the filter fits nothing that the policy has */
export function checkFilter(filter: AccessFilter, { roles, services }: Policy): void {
  const routes = services.flatMap((service) => service.routes);
  const known: readonly (readonly ["role" | "route" | "service" | "permission" | "exposure", readonly string[]])[] = [
    ["role", roles.map(({ name }) => name)],
    ["service", services.map(({ name }) => name)],
    ["exposure", services.map(({ exposure }) => exposure)],
    ["route", routes.map(({ key }) => key)],
    ["permission", routes.flatMap(({ access }) => (access.kind === "needs" ? [access.permission] : []))],
  ];
  const fits = createFilter(filter);
  for (const [what, names] of known) {
    const pattern = filter[what];
    if (pattern === undefined || names.some((name) => fits[what](name))) continue;
    const distinct = [...new Set(names)];
    const shown = distinct.slice(0, MAX_KNOWN).map((name) => `\`${name}\``);
    const more = distinct.length > MAX_KNOWN ? [`${distinct.length - MAX_KNOWN} more`] : [];
    throw new GatehouseError("GH_APP_FILTER", { what, pattern, known: [...shown, ...more].join(", ") || "none" });
  }
}
