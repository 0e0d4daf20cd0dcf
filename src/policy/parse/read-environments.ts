/** Reads `environments:`: provider, host name, certificates, gateway, networks and shared state of each. */
import { type Span, suggest } from "../../core/index.ts";
import { isLoopbackHost } from "../origin.ts";
import type { Environment, Overrides, RoleOverride, RouteOverride } from "../policy.ts";
import { KEYS } from "./keys.ts";
import { readBlocks } from "./read-blocks.ts";
import { readCondition } from "./read-condition.ts";
import { readCors } from "./read-cors.ts";
import { readHostName } from "./read-host-name.ts";
import { type SecretUse, readIssuer, readLogin } from "./read-identity.ts";
import { readThrottleOverride } from "./read-limits.ts";
import { type Issuers, readMembers } from "./read-members.ts";
import { BODY, MAX_RETRIES, TIMEOUT } from "./read-routes.ts";
import type { Entry, Tree } from "./read-tree.ts";
import {
  type Fields,
  listKeys,
  readChoice,
  readCount,
  readDuration,
  readFields,
  readNamed,
  readRate,
  readSize,
  readText,
  readTexts,
} from "./read-values.ts";
import { type Report, quote } from "./report.ts";

/** Every service is looked at once for each of them. */
const MAX_ENVIRONMENTS = 32;
const EXAMPLE = "local: { identity: embedded, domain: shop.localhost }";

/** What environments are read against. */
export interface EnvironmentContext {
  /** The policy's issuer, used where an environment names none; null when the policy has none either. */
  readonly issuer: string | null;
  readonly issuers: Issuers;
}

/** An environment, and what other parts are checked against. */
export interface EnvironmentReading {
  readonly environment: Environment;
  readonly domainAt: Span;
  /** Keys of `routes` and `roles` that it overrides, and where. */
  readonly routes: readonly {
    readonly key: string;
    readonly at: Span;
    readonly bodyAt: Span | null;
    readonly retriesAt: Span | null;
  }[];
  readonly roles: readonly { readonly key: string; readonly at: Span }[];
  readonly secrets: readonly SecretUse[];
}

export function readEnvironments(report: Report, entry: Entry, context: EnvironmentContext): EnvironmentReading[] {
  const entries = readNamed(report, entry.value, "`environments`", "environment", {
    mayBeEmpty: false,
    example: EXAMPLE,
  });
  const extra = entries[MAX_ENVIRONMENTS];
  if (extra !== undefined)
    report.add("parse/range", extra.keyAt, `there are more than ${MAX_ENVIRONMENTS} environments`, {
      hint: "split the policy into several",
    });
  return entries.slice(0, MAX_ENVIRONMENTS).map((item) => readEnvironment(report, item, context));
}

function readEnvironment(
  report: Report,
  { key, keyAt, value }: Entry,
  { issuer, issuers }: EnvironmentContext,
): EnvironmentReading {
  const fields = readFields(report, value, `environment ${quote(key)}`, keyAt, {
    ...KEYS.environment,
    required: { domain: `domain: ${key}.localhost` },
  });
  const secrets: SecretUse[] = [];
  const overrides = readOverrides(report, fields, keyAt, issuers, secrets);
  const ownerOf = (field: "identity" | "certificates" | "gateway"): Span => fields?.keyAt(field) ?? keyAt;
  const domain = readHostName(report, fields?.of("domain") ?? null, "`domain`", "environment/domain") ?? "";
  const certificates = fields?.of("certificates") ?? null;
  if (fields !== null && certificates === null && domain !== "" && !isLoopbackHost(domain))
    report.add("environment/certificates-missing", keyAt, `environment ${quote(key)} lacks \`certificates\``, {
      hint: "add `certificates: { acme: you@example.org }`, or `certificates: internal`",
    });
  const environment: Environment = {
    name: key,
    identity: readProvider(report, fields?.of("identity") ?? null, ownerOf("identity"), issuer, key),
    domain,
    certificates: readCertificates(report, certificates, ownerOf("certificates")),
    gateway: readGateway(report, fields?.of("gateway") ?? null, ownerOf("gateway")),
    privateNetwork: readBlocks(report, fields?.of("private_network") ?? null, "`private_network`"),
    state: readState(report, fields?.of("state") ?? null),
    overrides: overrides.overrides,
    at: keyAt,
  };
  const domainAt = fields?.of("domain")?.at ?? keyAt;
  return { environment, domainAt, routes: overrides.routes, roles: overrides.roles, secrets };
}

type EnvironmentFields = Fields<"domain" | (typeof KEYS.environment.optional)[number]>;

function readOverrides(
  report: Report,
  fields: EnvironmentFields | null,
  owner: Span,
  issuers: Issuers,
  secrets: SecretUse[],
): Pick<EnvironmentReading, "routes" | "roles"> & { readonly overrides: Overrides } {
  const of = (field: Parameters<EnvironmentFields["of"]>[0]): Tree | null => fields?.of(field) ?? null;
  const atOf = (field: Parameters<EnvironmentFields["of"]>[0]): Span => fields?.keyAt(field) ?? owner;
  const login = of("login");
  const routes = readKeyed(report, of("routes"), "`routes`", "GET /orders: { timeout: 5 seconds }").map((entry) =>
    readRouteOverride(report, entry),
  );
  const roles = readKeyed(report, of("roles"), "`roles`", "support: { members: { groups: [support] } }").map(
    (entry) => ({
      key: entry.key,
      at: entry.keyAt,
      override: readRoleOverride(report, entry, issuers),
    }),
  );
  return {
    overrides: {
      audience: readText(report, of("audience"), "`audience`")?.value ?? null,
      issuers: readTrustedIssuers(report, of("issuers"), issuers),
      login: login === null ? null : readLogin(report, login, atOf("login"), secrets),
      throttle: readThrottleOverride(report, of("throttle"), atOf("throttle")),
      cors: readCors(report, of("cors"), atOf("cors")),
      routes: Object.fromEntries(routes.map(({ key, override }) => [key, override])),
      roles: Object.fromEntries(roles.map(({ key, override }) => [key, override])),
    },
    routes,
    roles,
  };
}

function readKeyed(report: Report, tree: Tree | null, what: string, example: string): readonly Entry[] {
  if (tree === null) return [];
  if (tree.kind === "mapping" && tree.entries.length > 0) return tree.entries;
  const isEmpty = tree.kind === "nothing" || tree.kind === "mapping";
  report.add(
    isEmpty ? "parse/empty-mapping" : "parse/expected-mapping",
    tree.at,
    isEmpty ? `${what} is empty` : `${what} is not a mapping`,
    { hint: `add \`${example}\`, or remove it` },
  );
  return [];
}

function readRouteOverride(
  report: Report,
  { key, keyAt, value }: Entry,
): EnvironmentReading["routes"][number] & { readonly override: RouteOverride } {
  const fields = readFields(report, value, `route ${quote(key)}`, keyAt, {
    ...KEYS.routeOverride,
    hintFor: (other) => hintForSame(other, listKeys(KEYS.route)),
  });
  const body = fields?.of("body") ?? null;
  const retries = fields?.of("retries") ?? null;
  return {
    key,
    at: keyAt,
    bodyAt: body === null ? null : body.at,
    retriesAt: retries === null ? null : retries.at,
    override: {
      throttle: readRate(report, fields?.of("throttle") ?? null, "`throttle`"),
      timeoutMs: readDuration(report, fields?.of("timeout") ?? null, "`timeout`", TIMEOUT),
      maxBodyBytes: readSize(report, body, "`body`", BODY),
      retries: readCount(report, retries, "`retries`", MAX_RETRIES),
    },
  };
}

function hintForSame(key: string, known: readonly string[]): string | null {
  return known.includes(key) ? `${quote(key)} is the same in every environment` : null;
}

/** Null for all. */
function readTrustedIssuers(report: Report, tree: Tree | null, issuers: Issuers): string[] | null {
  if (tree === null) return null;
  const names = readTexts(report, tree, "`issuers`", { mayBeEmpty: true });
  for (const { value, at } of names)
    if (issuers !== null && !issuers.includes(value))
      report.add("reference/issuer", at, `there is no workload issuer ${quote(value)}`, {
        hint: () => suggest(value, issuers),
      });
  return names.map(({ value }) => value);
}

function readRoleOverride(report: Report, { key, keyAt, value }: Entry, issuers: Issuers): RoleOverride {
  const fields = readFields(report, value, `role ${quote(key)}`, keyAt, {
    ...KEYS.roleOverride,
    hintFor: (other) => hintForSame(other, listKeys(KEYS.role)),
  });
  const members = fields?.of("members") ?? null;
  return {
    members: members === null ? null : readMembers(report, members, fields?.keyAt("members") ?? keyAt, issuers),
    when: readCondition(report, fields?.of("when") ?? null, fields?.keyAt("when") ?? keyAt),
  };
}

function readProvider(
  report: Report,
  tree: Tree | null,
  owner: Span,
  issuer: string | null,
  name: string,
): Environment["identity"] {
  const inherited = { kind: "issuer", issuer: issuer ?? "" } as const;
  if (tree === null) {
    if (issuer === null)
      report.add("identity/issuer-missing", owner, `environment ${quote(name)} has no identity provider`, {
        hint: "add `issuer: https://...` under `identity`, or `identity: embedded` here",
      });
    return inherited;
  }
  if (tree.kind === "text" && tree.text === "embedded") return { kind: "embedded", peopleFile: "people.yaml" };
  if (tree.kind === "text" && /^https?:/.test(tree.text))
    return { kind: "issuer", issuer: readIssuer(report, tree) ?? "" };
  if (tree.kind !== "mapping") {
    readChoice(report, tree, "`identity`", ["embedded"], ["{ issuer: https://... }"]);
    return inherited;
  }
  const fields = readFields(report, tree, "`identity`", owner, KEYS.environmentIdentity);
  const embedded = fields?.of("embedded") ?? null;
  const own = fields?.of("issuer") ?? null;
  if ((embedded === null) === (own === null))
    report.add("parse/choice", tree.at, "`identity` needs either `embedded` or `issuer`", {
      hint: "write `identity: embedded`, `identity: { embedded: people.yaml }` or `identity: { issuer: https://... }`",
    });
  if (embedded === null) return { kind: "issuer", issuer: readIssuer(report, own) ?? "" };
  const file = readText(report, embedded, "`embedded`");
  if (file !== null && /^[/\\]|\\|^[A-Za-z]:/.test(file.value))
    report.add("environment/people-file", file.at, `${quote(file.value)} is not a path beside the policy`, {
      hint: "write it relative to the policy file, with `/`",
    });
  return { kind: "embedded", peopleFile: file?.value ?? "people.yaml" };
}

function readCertificates(report: Report, tree: Tree | null, owner: Span): Environment["certificates"] {
  const internal = { kind: "internal" } as const;
  if (tree === null) return internal;
  if (tree.kind !== "mapping") {
    readChoice(report, tree, "`certificates`", ["internal"], ["{ acme: you@example.org }"]);
    return internal;
  }
  const fields = readFields(report, tree, "`certificates`", owner, KEYS.certificates);
  const acme = fields?.of("acme") ?? null;
  if (acme === null) return internal;
  if (acme.kind !== "mapping") return { kind: "acme", email: readEmail(report, acme), directory: null };
  const inner = readFields(report, acme, "`acme`", fields?.keyAt("acme") ?? owner, KEYS.acme);
  return {
    kind: "acme",
    email: readEmail(report, inner?.of("email") ?? null),
    directory: readDirectory(report, inner?.of("directory") ?? null),
  };
}

function readEmail(report: Report, tree: Tree | null): string {
  const text = readText(report, tree, "`acme`");
  if (text === null) return "";
  if (/^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+$/.test(text.value)) return text.value;
  report.add("environment/acme", text.at, `${quote(text.value)} is not an e-mail address`, {
    hint: "write the address that the certificate authority may write to",
  });
  return "";
}

function readDirectory(report: Report, tree: Tree | null): string | null {
  const text = readText(report, tree, "`directory`");
  if (text === null) return null;
  if (/^https:\/\/[^@\s?#]+$/.test(text.value) && URL.canParse(text.value)) return text.value;
  report.add("environment/acme", text.at, "`directory` is not an https address", {
    hint: "write `https://host/directory`",
    concealed: true,
  });
  return null;
}

function readGateway(report: Report, tree: Tree | null, owner: Span): Environment["gateway"] {
  const embedded = { kind: "embedded" } as const;
  if (tree === null) return embedded;
  if (tree.kind !== "mapping") {
    readChoice(report, tree, "`gateway`", ["embedded"], ["{ aws: ... }"]);
    return embedded;
  }
  const fields = readFields(report, tree, "`gateway`", owner, KEYS.gateway);
  const aws = fields?.of("aws") ?? null;
  if (fields === null || aws === null) return embedded;
  const inner = readFields(report, aws, "`aws`", fields.keyAt("aws"), KEYS.aws);
  return {
    kind: "aws",
    account: readAccount(report, inner?.of("account") ?? null),
    regions: readRegions(report, inner?.of("regions") ?? null),
    authorize: readChoice(report, inner?.of("authorize") ?? null, "`authorize`", ["iam", "jwt"]) ?? "iam",
    federation:
      readChoice(report, inner?.of("federation") ?? null, "`federation`", ["direct", "brokered"]) ?? "brokered",
  };
}

function readAccount(report: Report, tree: Tree | null): string {
  if (tree?.kind === "number") {
    report.add("parse/expected-text", tree.at, "`account` is a number instead of a text", {
      hint: /^\d{12}$/.test(tree.text)
        ? `put it in quotes: \`"${tree.text}"\``
        : "write its twelve digits in quotes, leading zeros too",
    });
    return "";
  }
  const text = readText(report, tree, "`account`");
  if (text === null) return "";
  if (!/^\d{12}$/.test(text.value))
    report.add("environment/account", text.at, `${quote(text.value)} is not an account number`, {
      hint: "write its twelve digits, in quotes",
    });
  return text.value;
}

function readRegions(report: Report, tree: Tree | null): string[] {
  const regions = readTexts(report, tree, "`regions`", { mayBeEmpty: false });
  for (const { value, at } of regions)
    if (!/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(value))
      report.add("environment/region", at, `${quote(value)} is not a region`, {
        hint: "write for example `eu-west-1`",
      });
  return regions.map((region) => region.value);
}

function readState(report: Report, tree: Tree | null): string | null {
  const text = readText(report, tree, "`state`");
  if (text === null) return null;
  if (text.value === "memory" || text.value === "sqlite") return text.value;
  const [, host, port] =
    /^(?:valkeys?|rediss?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text.value) ?? [];
  if (host !== undefined && (port === undefined || (Number(port) > 0 && Number(port) <= 65_535))) return text.value;
  report.add(
    "environment/state",
    text.at,
    "`state` is neither `memory`, `sqlite` nor the address of a Valkey or Redis server",
    {
      hint: "write for example `valkey://host:6379` (or `valkeys://` for TLS), without user and password",
      concealed: true,
    },
  );
  return null;
}
