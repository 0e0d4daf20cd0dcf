/** Reads `identity:`: the provider, its claims, and sign-in for people. */
import { COLOR, type Span, contrastOf, withContrast } from "../../core/index.ts";
import { checkIssuer } from "../origin.ts";
import {
  type ClaimMapping,
  type IdentityProvider,
  type Login,
  type LoginClient,
  type LoginPage,
  PROOFS,
  type Proof,
  TITLE,
  TOKEN_PROFILES,
  type TokenRules,
  type WorkloadIssuer,
} from "../policy.ts";
import { KEYS } from "./keys.ts";
import type { Entry, Tree } from "./read-tree.ts";
import {
  type Fields,
  orList,
  readBoolean,
  readChoice,
  readDuration,
  readFields,
  readNamed,
  readText,
  readTexts,
} from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DEFAULT_SCOPES = ["openid", "profile", "offline_access"];
const SECRET = /^secret:([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/;

/** A secret that the policy refers to, and where. */
export interface SecretUse {
  /** Empty when it could not be read. */
  readonly name: string;
  readonly at: Span;
}

export interface IdentityReading {
  readonly provider: IdentityProvider;
  /** Whether the file names an issuer at all, well formed or not. */
  readonly hasIssuer: boolean;
  /** Where the addresses of workload issuers stand, by name; null when the issuers could not be read. */
  readonly issuersAt: ReadonlyMap<string, Span> | null;
  readonly secrets: readonly SecretUse[];
}

/** The issuer is the empty string when there is none; whether one is needed depends on the environments. */
export function readIdentity(report: Report, entry: Entry): IdentityReading {
  const fields = readFields(report, entry.value, "`identity`", entry.keyAt, KEYS.identity);
  const claims = readClaims(report, fields?.of("claims") ?? null, fields?.keyAt("claims") ?? entry.keyAt);
  const tokens = readTokens(report, fields?.of("tokens") ?? null, fields?.keyAt("tokens") ?? entry.keyAt);
  const secrets: SecretUse[] = [];
  const login = fields?.of("login") ?? null;
  const issuer = readIssuer(report, fields?.of("issuer") ?? null) ?? "";
  const audience = readText(report, fields?.of("audience") ?? null, "`audience`")?.value ?? "";
  return {
    provider: {
      issuer,
      audience,
      claims,
      tokens,
      issuers: readIssuers(report, fields?.of("issuers") ?? null, { audience, tokens }, secrets),
      login: login === null ? null : readLogin(report, login, fields?.keyAt("login") ?? entry.keyAt, secrets),
      at: entry.keyAt,
    },
    issuersAt: placesOf(fields?.of("issuers") ?? null),
    hasIssuer: fields === null || fields.of("issuer") !== null,
    secrets,
  };
}

export function readIssuer(report: Report, tree: Tree | null): string | null {
  const text = readText(report, tree, "`issuer`");
  if (text === null) return null;
  const checked = checkIssuer(text.value);
  if (checked.ok) return checked.value;
  const name = checked.concealed === true ? "`issuer`" : quote(text.value);
  report.add("identity/issuer", text.at, `${name} ${checked.problem}`, {
    hint: checked.hint,
    ...(checked.concealed === true ? { concealed: true } : {}),
  });
  return null;
}

function placesOf(issuers: Tree | null): ReadonlyMap<string, Span> | null {
  if (issuers !== null && issuers.kind !== "mapping") return null;
  return new Map(
    (issuers?.entries ?? []).map(({ key, keyAt, value }) => {
      const address = value.kind === "mapping" ? value.entries.find((entry) => entry.key === "issuer") : undefined;
      return [key, address?.value.at ?? keyAt];
    }),
  );
}

function readIssuers(
  report: Report,
  tree: Tree | null,
  { audience, tokens }: Pick<IdentityProvider, "audience" | "tokens">,
  secrets: SecretUse[],
): WorkloadIssuer[] {
  if (tree === null) return [];
  const example = "ci: { issuer: https://ci.example.org, audience: my-api }";
  return readNamed(report, tree, "`issuers`", "issuer", { mayBeEmpty: true, example }).map(({ key, keyAt, value }) => {
    const fields = readFields(report, value, `issuer ${quote(key)}`, keyAt, KEYS.issuer);
    const login = fields?.of("login") ?? null;
    return {
      name: key,
      issuer: readIssuer(report, fields?.of("issuer") ?? null) ?? "",
      audience: readText(report, fields?.of("audience") ?? null, "`audience`")?.value ?? audience,
      hasOwnAudience: (fields?.of("audience") ?? null) !== null,
      claims: readClaims(report, fields?.of("claims") ?? null, fields?.keyAt("claims") ?? keyAt),
      tokens: readTokens(report, fields?.of("tokens") ?? null, fields?.keyAt("tokens") ?? keyAt) ?? tokens,
      login: login === null ? null : readIssuerLogin(report, login, fields?.keyAt("login") ?? keyAt, secrets),
      at: keyAt,
    };
  });
}

function readClaims(report: Report, tree: Tree | null, owner: Span): ClaimMapping {
  const defaults = { groups: "groups", name: "name" };
  if (tree === null) return defaults;
  const fields = readFields(report, tree, "`claims`", owner, KEYS.claims);
  return {
    groups: readText(report, fields?.of("groups") ?? null, "`groups`")?.value ?? defaults.groups,
    name: readText(report, fields?.of("name") ?? null, "`name`")?.value ?? defaults.name,
  };
}

function readTokens(report: Report, tree: Tree | null, owner: Span): TokenRules | null {
  if (tree === null) return null;
  const fields = readFields(report, tree, "`tokens`", owner, KEYS.tokens);
  if (fields === null) return null;
  const proof = fields.of("proof");
  const named = new Set(readProofs(report, proof));
  const requireProof = readBoolean(report, fields.of("require_proof"), "`require_proof`", false);
  if (requireProof && (proof === null || (proof.kind === "list" && proof.items.length === 0)))
    report.add("identity/proof", fields.keyAt("require_proof"), "`require_proof` refuses every token without `proof`", {
      hint: "add `proof: [dpop]`, `proof: [mtls]` or `proof: [dpop, mtls]`",
    });
  return {
    proof: PROOFS.filter((each) => named.has(each)),
    requireProof,
    profile: readChoice(report, fields.of("profile"), "`profile`", TOKEN_PROFILES),
    at: owner,
  };
}

function readProofs(report: Report, tree: Tree | null): Proof[] {
  return readTexts(report, tree, "`proof`", { mayBeEmpty: true }).flatMap(({ value, at }) => {
    const known = PROOFS.find((proof) => proof === value);
    if (known !== undefined) return [known];
    report.add("parse/choice", at, `an entry of \`proof\` cannot be ${quote(value)}`, {
      hint: `write ${orList(PROOFS)}`,
    });
    return [];
  });
}

export function readLogin(report: Report, tree: Tree, owner: Span, secrets: SecretUse[]): Login | null {
  const fields = readFields(report, tree, "`login`", owner, KEYS.login);
  if (fields === null) return null;
  return {
    ...readClient(report, fields, owner, secrets),
    ...readSession(report, fields.of("session"), fields.keyAt("session")),
    page: readPage(report, fields.of("page"), fields.keyAt("page")),
  };
}

function readIssuerLogin(report: Report, tree: Tree, owner: Span, secrets: SecretUse[]): LoginClient | null {
  const fields = readFields(report, tree, "`login`", owner, KEYS.issuerLogin);
  return fields === null ? null : readClient(report, fields, owner, secrets);
}

function readClient(
  report: Report,
  fields: Fields<"client_id" | "client_secret" | "scopes" | "title">,
  owner: Span,
  secrets: SecretUse[],
): LoginClient {
  const secret = readSecretName(report, fields.of("client_secret"));
  if (secret !== null) secrets.push(secret);
  return {
    clientId: readText(report, fields.of("client_id"), "`client_id`")?.value ?? "",
    clientSecret: secret?.name ?? null,
    scopes: fields.of("scopes") === null ? DEFAULT_SCOPES : readScopes(report, fields.of("scopes")),
    title: readTitle(report, fields.of("title"), "title"),
    at: owner,
  };
}

function readPage(report: Report, tree: Tree | null, owner: Span): LoginPage | null {
  const fields = tree === null ? null : readFields(report, tree, "`page`", owner, KEYS.loginPage);
  if (fields === null) return null;
  return {
    name: readTitle(report, fields.of("name"), "name"),
    color: readColor(report, fields.of("color")),
  };
}

const WHITE = "#ffffff";
/** WCAG 2.2, 1.4.3. */
const LEAST_CONTRAST = 4.5;

function readColor(report: Report, tree: Tree | null): string | null {
  const text = readText(report, tree, "`color`");
  if (text === null) return null;
  if (!COLOR.test(text.value)) {
    report.add("identity/color", text.at, `${quote(text.value)} is not a color`, {
      hint: 'write `"#rrggbb"`, in quotes: `"#0b5cad"`',
    });
    return null;
  }
  const color = text.value.toLowerCase();
  const contrast = contrastOf(color, WHITE);
  if (contrast >= LEAST_CONTRAST) return color;
  const better = withContrast(color, WHITE, LEAST_CONTRAST, "#000000");
  const found = (Math.floor(contrast * 10) / 10).toFixed(1);
  report.add("identity/color", text.at, `${quote(color)} has contrast ${found}:1 to white, too weak to be read`, {
    hint: `write a darker color, with 4.5:1 or more: \`"${better}"\``,
  });
  return null;
}

function readTitle(report: Report, tree: Tree | null, key: "title" | "name"): string | null {
  const text = readText(report, tree, `\`${key}\``);
  if (text === null || TITLE.test(text.value)) return text?.value ?? null;
  report.add("identity/title", text.at, `${quote(text.value)} does not fit on one line of a page`, {
    hint: "write one line of at most 60 characters, without a blank at its ends: `Sign in with Example`",
  });
  return null;
}

function readSecretName(report: Report, tree: Tree | null): SecretUse | null {
  if (tree === null) return null;
  const [, name] = (tree.kind === "text" ? SECRET.exec(tree.text) : null) ?? [];
  if (name !== undefined) return { name, at: tree.at };
  report.add("identity/literal-secret", tree.at, "`client_secret` does not name a secret", {
    hint: "write `secret:NAME`, give NAME a schedule under `secrets`, and keep the value outside of the policy",
    concealed: true,
  });
  return { name: "", at: tree.at };
}

function readScopes(report: Report, tree: Tree | null): string[] {
  const scopes = readTexts(report, tree, "`scopes`", { mayBeEmpty: false });
  for (const { value, at } of scopes)
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value))
      report.add("identity/scope", at, `${quote(value)} is not a scope`, { hint: "write one scope per entry" });
  if (tree !== null && scopes.length > 0 && !scopes.some((scope) => scope.value === "openid"))
    report.add("identity/scope", tree.at, "`scopes` lacks `openid`", { hint: "add `openid`" });
  return scopes.map((scope) => scope.value);
}

function readSession(
  report: Report,
  tree: Tree | null,
  owner: Span,
): Pick<Login, "sessionIdleMs" | "sessionMaxMs" | "sessionStore"> {
  const defaults = {
    sessionIdleMs: 30 * MINUTE_MS,
    sessionMaxMs: 12 * 60 * MINUTE_MS,
    sessionStore: "cookie",
  } as const;
  const fields = tree === null ? null : readFields(report, tree, "`session`", owner, KEYS.session);
  if (fields === null) return defaults;
  const limits = { minMs: MINUTE_MS, maxMs: 30 * DAY_MS, range: "between 1 minute and 30 days" };
  const max = readDuration(report, fields.of("max"), "`max`", limits) ?? defaults.sessionMaxMs;
  const idle = readDuration(report, fields.of("idle"), "`idle`", limits) ?? Math.min(defaults.sessionIdleMs, max);
  if (idle > max)
    report.add("identity/session", fields.of("idle")?.at ?? fields.at, "`idle` is longer than `max`", {
      hint: "write a shorter `idle` or a longer `max`",
    });
  const sessionStore = readChoice(report, fields.of("store"), "`store`", ["cookie", "server"]) ?? defaults.sessionStore;
  return { sessionIdleMs: idle, sessionMaxMs: max, sessionStore };
}
