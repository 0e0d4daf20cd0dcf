/** Reads `services:`: exposure, addresses by environment and sign-in of each. Routes and headers have their own files. */
import { type Span, findNearest, suggest } from "../../core/index.ts";
import { checkOrigin } from "../origin.ts";
import type { Exposure, Located, Service } from "../policy.ts";
import { parseRouteKey } from "../route-key.ts";
import { KEYS } from "./keys.ts";
import { readHeaders } from "./read-headers.ts";
import { readHostName } from "./read-host-name.ts";
import { UNREADABLE_PERMISSION, readRoutes } from "./read-routes.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { readBoolean, readChoice, readFields, readNamed, readText } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const EXPOSURES: readonly Exposure[] = ["public", "private"];
const MAX_SLIPS = 20;
const EXAMPLE = "orders: { exposure: public, upstream: http://127.0.0.1:4001, routes: { ... } }";

/** A service, with what other parts are checked against. */
export interface ServiceReading {
  readonly service: Service;
  /** See `RoutesReading.needed`. */
  readonly needed: readonly string[];
  /** False when its base path or the key of a route could not be read. */
  readonly hasAllRoutes: boolean;
  readonly loginAt: Span;
  /** Where its own host is written, by environment name. */
  readonly hostsAt: ReadonlyMap<string, Span>;
}

export function readServices(report: Report, entry: Entry, environments: readonly string[]): ServiceReading[] {
  const entries = readNamed(report, entry.value, "`services`", "service", { mayBeEmpty: false, example: EXAMPLE });
  return entries.map((item) => readService(report, item, environments));
}

function readService(report: Report, { key, keyAt, value }: Entry, environments: readonly string[]): ServiceReading {
  const fields = readFields(report, value, `service ${quote(key)}`, keyAt, KEYS.service);
  const hosts = readHosts(report, fields?.of("host") ?? null, environments);
  const base = fields?.of("base_path") ?? null;
  const basePath = base === null ? "" : readBasePath(report, base);
  const tree = fields?.of("routes") ?? null;
  const { routes, needed, hasAll } =
    tree === null
      ? { routes: [], needed: [UNREADABLE_PERMISSION], hasAll: false }
      : readRoutes(report, tree, key, basePath ?? "");
  return {
    service: {
      name: key,
      exposure: readChoice(report, fields?.of("exposure") ?? null, "`exposure`", EXPOSURES) ?? "public",
      upstream: readUpstream(report, fields?.of("upstream") ?? null, keyAt, key, environments),
      hosts: Object.fromEntries([...hosts].map(([name, { value: host }]) => [name, host])),
      basePath: basePath ?? "",
      login: readBoolean(report, fields?.of("login") ?? null, "`login`", false),
      headers: readHeaders(report, fields?.of("headers") ?? null, fields?.keyAt("headers") ?? keyAt),
      routes,
      at: keyAt,
    },
    needed,
    hasAllRoutes: hasAll && basePath !== null,
    loginAt: fields?.keyAt("login") ?? keyAt,
    hostsAt: new Map([...hosts].map(([name, { at }]) => [name, at])),
  };
}

/** One host name for all environments, or one for some of them; elsewhere it is the environment's domain. */
function readHosts(
  report: Report,
  tree: Tree | null,
  environments: readonly string[],
): ReadonlyMap<string, Located<string>> {
  const read = (value: Tree): Located<string> | null => {
    const host = readHostName(report, value, "`host`", "service/host");
    return host === null ? null : { value: host, at: value.at };
  };
  const hosts = new Map<string, Located<string>>();
  if (tree === null) return hosts;
  if (tree.kind !== "mapping") {
    const host = read(tree);
    if (host !== null) for (const name of environments) hosts.set(name, host);
    return hosts;
  }
  for (const { key, keyAt, value } of tree.entries) {
    checkEnvironment(report, key, keyAt, environments);
    const host = read(value);
    if (host !== null) hosts.set(key, host);
  }
  return hosts;
}

function readBasePath(report: Report, tree: Tree): string | null {
  const text = readText(report, tree, "`base_path`");
  if (text === null) return null;
  const { value } = text;
  // With a route below it, as segments at the end may hold dots that others may not.
  const key = parseRouteKey(`GET ${value}/x`);
  if (key.ok && !/[{}]/.test(value)) return value;
  const better = `/${value.replace(/^\/+|\/+$/g, "")}`;
  const isSlip = better !== "/" && better !== value && !/[{}]/.test(value) && parseRouteKey(`GET ${better}/x`).ok;
  const [problem] = key.ok ? [] : key.problems;
  const isReserved = problem?.id === "route/reserved";
  report.add(
    "service/base-path",
    text.at,
    isReserved ? "`/_gatehouse` belongs to the gateway" : `${quote(value)} cannot stand in front of every path`,
    {
      hint: isReserved
        ? "choose another path"
        : value === "/"
          ? "remove it; without a base path routes begin at `/`"
          : isSlip
            ? `write ${quote(better)}`
            : "write literal segments without a slash at the end, for example `/orders`",
    },
  );
  return null;
}

function checkEnvironment(report: Report, name: string, at: Span, environments: readonly string[]): void {
  if (environments.length > 0 && !environments.includes(name))
    report.add("reference/environment", at, `there is no environment ${quote(name)}`, {
      hint: () => suggest(name, environments),
    });
}

/** One address for all environments, or one for each. */
function readUpstream(
  report: Report,
  tree: Tree | null,
  owner: Span,
  service: string,
  environments: readonly string[],
): Record<string, string> {
  if (tree === null) return {};
  if (tree.kind !== "mapping") {
    const origin = readOrigin(report, tree);
    return origin === null ? {} : Object.fromEntries(environments.map((name) => [name, origin]));
  }
  const upstream: [string, string][] = [];
  for (const { key, keyAt, value } of tree.entries) {
    checkEnvironment(report, key, keyAt, environments);
    const origin = readOrigin(report, value);
    if (origin !== null) upstream.push([key, origin]);
  }
  const named = new Set(tree.entries.map((entry) => entry.key));
  // For an environment that is misspelled, one finding is enough.
  const slips = tree.entries.filter((entry) => !environments.includes(entry.key)).slice(0, MAX_SLIPS);
  const meant = new Set(slips.map((entry) => findNearest(entry.key, environments)));
  for (const name of environments)
    if (!named.has(name) && !meant.has(name))
      report.add("service/upstream-missing", owner, `service ${quote(service)} has no upstream for ${quote(name)}`, {
        hint: `add \`${name}: http://host:port\` to its \`upstream\``,
      });
  return Object.fromEntries(upstream);
}

function readOrigin(report: Report, tree: Tree): string | null {
  const text = readText(report, tree, "`upstream`");
  if (text === null) return null;
  const checked = checkOrigin(text.value);
  if (checked.ok) return checked.value;
  const name = checked.concealed === true ? "`upstream`" : quote(text.value);
  report.add("service/upstream", text.at, `${name} ${checked.problem}`, {
    hint: checked.hint,
    ...(checked.concealed === true ? { concealed: true } : {}),
  });
  return null;
}
