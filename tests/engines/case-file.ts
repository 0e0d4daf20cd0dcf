/**
 * The cases of `cases/*.yaml`: one policy, and what it has to decide about requests, as data that every engine reads.
 *
 * In: the text of a case file. Out: the policy's text and its cases with every default filled in.
 * INVARIANT: strict: an unknown key, an id that stands twice, a clause that is not in the specification, an expectation
 * that contradicts itself make the whole file unusable; nothing is guessed.
 * Source: cases/README.md.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { REASONS, type Reason } from "../../src/policy/index.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Stands in policies of case files for the address of the service that answers. */
export const UPSTREAM = "http://service.invalid";

/** Why an engine is not asked about a case. A closed list: what is not here has to agree. */
export const NOT_CARRIED = {
  caddy: {
    "source-address": "no socket of this machine has the source address",
    "edge-rewrites": "the edge refuses the target, or spells it anew, before the gateway sees it",
    "http-client": "no request over TLS can say it",
    "no-listener": "the edge listens for an exposure only when a service has it",
  },
  iam: {
    "mapped-address": "the evaluator takes an IPv4 address written as IPv6 for another one",
    "star-in-path": "the evaluator takes `*` in the path of a request for a wildcard",
    "empty-mask": "the evaluator takes `0.0.0.0/0` for one address",
    "escaped-dollar": "the evaluator does not read `${$}` in a value that is compared whole",
    "root-path": "the evaluator knows no resource whose path is empty",
    "line-separator": "the evaluator's `?` and `*` stop at line separators",
  },
} as const;
type NotCarriedBy = { readonly [E in keyof typeof NOT_CARRIED]?: keyof (typeof NOT_CARRIED)[E] | undefined };

export type Expectation = {
  readonly effect: "allow" | "deny";
  readonly reason: Reason | "request-path";
  readonly role: string | null;
  readonly route: string | null;
  readonly service: string | null;
};

/** Claims as they stand in a token; `issuer` is the name of a workload issuer. */
export interface CaseIdentity {
  readonly issuer: string | null;
  /** Null: the one that the environment asks for. */
  readonly audience: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Where the issuer's mapping looks for groups; undefined for no claim at all. */
  readonly groups: unknown;
  /** Milliseconds since the epoch; null for a token that does not say. */
  readonly issuedAtMs: number | null;
}

/** What engines are asked. */
export interface AskedCase {
  readonly id: string;
  /** Null: the first one of the policy. */
  readonly environment: string | null;
  readonly exposure: "public" | "private";
  /** Null: the domain of the environment. */
  readonly host: string | null;
  readonly method: string;
  /** As in the request line. */
  readonly target: string;
  /** Null: nobody. */
  readonly as: CaseIdentity | null;
  readonly sourceIp: string;
  readonly atMs: number;
}

export interface Case extends AskedCase {
  readonly clauses: readonly string[];
  readonly expect: Expectation;
  /** What the gateway's record says where the road answers before anything is decided. */
  readonly gatewayReason: string | null;
  /** Status of the edge where it answers by itself. */
  readonly edgeStatus: number | null;
  readonly notCarried: NotCarriedBy;
}

export interface CaseFile {
  /** `07-order` */
  readonly name: string;
  /** The text of the policy. */
  readonly policy: string;
  /** Text of included files by path. */
  readonly include: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

const DEFAULT_AT = "2026-11-24T12:00:00Z";
const DEFAULT_FROM = "127.0.0.1";
/** Tokens of cases that do not say are one minute old. */
const DEFAULT_AGE_MS = 60_000;

const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z|[+-]\d\d:\d\d)$/)
  .transform((text) => Date.parse(text));
const json = z.custom<unknown>((value) => value !== undefined);
const claims = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "claims are a mapping",
);
const identity = z.strictObject({
  issuer: z.string().optional(),
  audience: z.string().optional(),
  sub: z.string().default("somebody"),
  client: z.string().optional(),
  groups: json.optional(),
  claims: claims.default({}),
  issued: z.union([z.literal("never"), instant]).optional(),
});
const reasons = Object.keys(REASONS) as [Reason, ...Reason[]];
const expectation = z
  .strictObject({
    allow: z.enum(["open-route", "role-grants"]).optional(),
    deny: z
      .enum([...reasons, "request-path"])
      .exclude(["open-route", "role-grants"])
      .optional(),
    role: z.string().optional(),
    route: z.string().optional(),
    service: z.string().optional(),
    gateway: z.string().optional(),
    edge: z.int().optional(),
  })
  .refine(({ allow, deny }) => (allow === undefined) !== (deny === undefined), "expect says either `allow` or `deny`")
  .refine(
    ({ allow, deny, route }) => (route === undefined) === (allow === undefined && NO_ROUTE.has(deny ?? "")),
    "a decision has the route that answers, unless there is none",
  )
  .refine(
    ({ allow, deny, role }) => (role !== undefined) === (allow === "role-grants" || OF_A_ROLE.has(deny ?? "")),
    "a decision by roles names one",
  );
const NO_ROUTE: ReadonlySet<string> = new Set(["no-route", "request-path"]);
const OF_A_ROLE: ReadonlySet<string> = new Set([
  "authentication-needed",
  "condition-not-met",
  "outside-boundary",
  "not-granted",
]);
const caseEntry = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  clauses: z.array(z.string()).default([]),
  environment: z.string().optional(),
  exposure: z.enum(["public", "private"]).default("public"),
  host: z.string().optional(),
  request: z.string().regex(/^\S+ [^]+$/),
  as: z.union([z.string(), identity]),
  from: z.string().default(DEFAULT_FROM),
  at: instant.default(Date.parse(DEFAULT_AT)),
  expect: expectation,
  not: z
    .strictObject({
      caddy: z.enum(Object.keys(NOT_CARRIED.caddy) as [keyof (typeof NOT_CARRIED)["caddy"]]).optional(),
      iam: z.enum(Object.keys(NOT_CARRIED.iam) as [keyof (typeof NOT_CARRIED)["iam"]]).optional(),
    })
    .default({}),
});
const caseFile = z.strictObject({
  clauses: z.array(z.string()).default([]),
  policy: z.string(),
  include: z.record(z.string(), z.string()).default({}),
  people: z.record(z.string(), identity).default({}),
  cases: z.array(caseEntry).min(1),
});

/** Ids of the clauses of the specification. */
export function listClauses(): ReadonlySet<string> {
  const text = readFileSync(join(ROOT, "docs/spec/policy-language.md"), "utf8");
  return new Set([...text.matchAll(/^- \*\*(PL-\d+\.\d+)\*\*/gm)].map(([, id]) => id ?? ""));
}

/** @throws with everything that is wrong in the file */
export function readCaseFile(name: string, text: string, clauses: ReadonlySet<string>): CaseFile {
  const read = caseFile.safeParse(parse(text));
  if (!read.success) throw new Error(`${name}: ${z.prettifyError(read.error)}`);
  const problems: string[] = [];
  const ids = new Set<string>();
  const { people, policy, include } = read.data;
  const cases = read.data.cases.map((entry): Case => {
    const { id, expect, as, at, request } = entry;
    if (ids.has(id)) problems.push(`the id \`${id}\` stands twice`);
    ids.add(id);
    const cited = [...new Set([...read.data.clauses, ...entry.clauses])];
    if (cited.length === 0) problems.push(`\`${id}\` cites no clause`);
    for (const clause of cited) if (!clauses.has(clause)) problems.push(`\`${id}\`: there is no clause \`${clause}\``);
    const isNobody = as === "nobody";
    const who = typeof as !== "string" ? as : Object.hasOwn(people, as) ? people[as] : undefined;
    if (!isNobody && who === undefined) problems.push(`\`${id}\`: there is nobody of that name in \`people\``);
    const space = request.indexOf(" ");
    return {
      id,
      clauses: cited,
      environment: entry.environment ?? null,
      exposure: entry.exposure,
      host: entry.host ?? null,
      method: request.slice(0, space),
      target: request.slice(space + 1),
      as: isNobody || who === undefined ? null : identityOf(who, at),
      sourceIp: entry.from,
      atMs: at,
      expect: {
        effect: expect.allow === undefined ? "deny" : "allow",
        reason: expect.allow ?? expect.deny ?? "no-route",
        role: expect.role ?? null,
        route: expect.route ?? null,
        service: expect.service ?? null,
      },
      gatewayReason: expect.gateway ?? null,
      edgeStatus: expect.edge ?? null,
      notCarried: entry.not,
    };
  });
  if (problems.length > 0) throw new Error(`${name}: ${problems.join("; ")}`);
  return { name, policy, include, cases };
}

function identityOf(who: z.infer<typeof identity>, atMs: number): CaseIdentity {
  const { sub, client, issued = atMs - DEFAULT_AGE_MS } = who;
  return {
    issuer: who.issuer ?? null,
    audience: who.audience ?? null,
    claims: { sub, ...(client === undefined ? {} : { client_id: client }), ...who.claims },
    groups: who.groups,
    issuedAtMs: issued === "never" ? null : issued,
  };
}

/** Every case file, by name. */
export function readCaseFiles(): CaseFile[] {
  const clauses = listClauses();
  return globSync("cases/*.yaml", { cwd: ROOT })
    .sort()
    .map((path) => readCaseFile(basename(path, ".yaml"), readFileSync(join(ROOT, path), "utf8"), clauses));
}
