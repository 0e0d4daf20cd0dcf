/** Reads `services:`: exposure, addresses by environment and sign-in of each. Routes and headers have their own files. */
import type { Span } from "../../core/index.ts";
import { checkOrigin, isHostName } from "../origin.ts";
import type { Exposure, Service } from "../policy.ts";
import { parseRouteKey } from "../route-key.ts";
import { KEYS } from "./keys.ts";
import { suggest } from "./nearest.ts";
import { readHeaders } from "./read-headers.ts";
import { UNREADABLE_PERMISSION, readRoutes } from "./read-routes.ts";
import type { Entry, Tree } from "./read-tree.ts";
import { readBoolean, readChoice, readFields, readNamed, readText } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const EXPOSURES: readonly Exposure[] = ["public", "private"];
const EXAMPLE = "orders: { exposure: public, upstream: http://127.0.0.1:4001, routes: { ... } }";

/** A service, with what other parts are checked against. */
export interface ServiceReading {
  readonly service: Service;
  /** See `RoutesReading.needed`. */
  readonly needed: readonly string[];
  readonly loginAt: Span;
}

export function readServices(report: Report, entry: Entry, environments: readonly string[]): ServiceReading[] {
  const entries = readNamed(report, entry.value, "`services`", "service", { mayBeEmpty: false, example: EXAMPLE });
  return entries.map((item) => readService(report, item, environments));
}

function readService(report: Report, { key, keyAt, value }: Entry, environments: readonly string[]): ServiceReading {
  const fields = readFields(report, value, `service ${quote(key)}`, keyAt, KEYS.service);
  const basePath = readBasePath(report, fields?.of("base_path") ?? null);
  const tree = fields?.of("routes") ?? null;
  const { routes, needed } =
    tree === null ? { routes: [], needed: [UNREADABLE_PERMISSION] } : readRoutes(report, tree, key, basePath);
  return {
    service: {
      name: key,
      exposure: readChoice(report, fields?.of("exposure") ?? null, "`exposure`", EXPOSURES) ?? "public",
      upstream: readUpstream(report, fields?.of("upstream") ?? null, keyAt, key, environments),
      hosts: readHosts(report, fields?.of("host") ?? null, environments),
      basePath,
      login: readBoolean(report, fields?.of("login") ?? null, "`login`", false),
      headers: readHeaders(report, fields?.of("headers") ?? null, fields?.keyAt("headers") ?? keyAt),
      routes,
      at: keyAt,
    },
    needed,
    loginAt: fields?.keyAt("login") ?? keyAt,
  };
}

/** One host name for all environments, or one for some of them; elsewhere it is the environment's domain. */
function readHosts(report: Report, tree: Tree | null, environments: readonly string[]): Record<string, string> {
  if (tree === null) return {};
  if (tree.kind !== "mapping") {
    const host = readHost(report, tree);
    return host === null ? {} : Object.fromEntries(environments.map((name) => [name, host]));
  }
  const hosts: [string, string][] = [];
  for (const { key, keyAt, value } of tree.entries) {
    checkEnvironment(report, key, keyAt, environments);
    const host = readHost(report, value);
    if (host !== null) hosts.push([key, host]);
  }
  return Object.fromEntries(hosts);
}

function readHost(report: Report, tree: Tree): string | null {
  const text = readText(report, tree, "`host`");
  if (text === null || isHostName(text.value)) return text?.value ?? null;
  report.add("service/host", text.at, `${quote(text.value)} is not a host name`, {
    hint: "write a host name in lower case, without scheme and port",
  });
  return null;
}

function readBasePath(report: Report, tree: Tree | null): string {
  const text = readText(report, tree, "`base_path`");
  if (text === null) return "";
  const isPlain = text.value !== "/" && !text.value.includes("{") && parseRouteKey(`GET ${text.value}`).ok;
  if (isPlain) return text.value;
  report.add("service/base-path", text.at, `${quote(text.value)} cannot stand in front of every path`, {
    hint: "write literal segments without a slash at the end, for example `/orders`",
  });
  return "";
}

function checkEnvironment(report: Report, name: string, at: Span, environments: readonly string[]): void {
  if (environments.length > 0 && !environments.includes(name))
    report.add("reference/environment", at, `there is no environment ${quote(name)}`, {
      hint: suggest(name, environments),
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
  for (const name of environments)
    if (!tree.entries.some((entry) => entry.key === name))
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
