/**
 * The cases of `cases/api-gateway/*.yaml`: what AWS's HTTP APIs do, as data.
 *
 * In: the text of a case file. Out: its cases with every default filled in; texts with macros as they are written.
 * Not here: what a case runs on (fixture.ts), how it is run (run-case.ts), macros (macros.ts).
 * Source: cases/api-gateway/README.md.
 * INVARIANT: strict: an unknown key or a name that stands twice makes the file unusable; nothing is guessed.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

export const FOLDER = join(import.meta.dirname, "../../cases/api-gateway");

/** How it is known that AWS does so. */
export const MARKS = {
  documented: "AWS documents it",
  observed: "seen on AWS and reported",
  emulator: "a choice where AWS is silent, or inferred from what it documents",
  unconfirmed: "sources disagree or are silent: what is done here says nothing about AWS",
} as const;
export type Mark = keyof typeof MARKS;

const anything = z.custom<unknown>((value) => value !== undefined);
const object = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "a mapping",
);
/** A text, none at all, or a pattern for what no two runs have alike. */
const value = z.union([z.string(), z.null(), z.strictObject({ matches: z.string() })]);
export type ExpectedValue = z.infer<typeof value>;
const values = z.record(z.string(), value);
/** `+6m`, `-1s`, `+2h` */
const shift = z.string().regex(/^[+-]\d+(?:ms|s|m|h)$/);

const token = z.strictObject({
  /** Instead of a token. */
  text: z.string().optional(),
  issuer: z.enum(["idp", "login"]).default("idp"),
  key: z.string().default("one"),
  header: object.default({}),
  /** Laid over good ones; times as `now+300s`. */
  claims: object.default({}),
  without: z.array(z.string()).default([]),
  prefix: z.string().default("Bearer "),
  /** Null: not sent in a header. */
  in: z.string().nullable().default("Authorization"),
});
export type TokenRecipe = z.infer<typeof token>;

const signature = z.strictObject({
  /** A session of the fixture, or one that a step before has made. */
  as: z.string(),
  at: shift.default("+0s"),
  host: z.string().optional(),
  target: z.string().optional(),
  body: z.string().optional(),
  region: z.string().optional(),
  service: z.string().optional(),
  /** Instead of the session's own; null: none. */
  session: z.string().nullable().optional(),
  /** Lines that are signed besides those of the request. */
  headers: z.array(z.string()).default([]),
  presign: z.int().optional(),
  /** In the finished `Authorization`. */
  replace: z.tuple([z.string(), z.string()]).optional(),
});
export type SignatureRecipe = z.infer<typeof signature>;

const seen = z.strictObject({
  method: z.string().optional(),
  target: z.string().optional(),
  headers: values.default({}),
  body: z.string().optional(),
  /** The call was broken off before the backend had answered. */
  isAborted: z.literal(true).optional(),
});
const answer = z.strictObject({
  status: z.int(),
  /** Stands for the gateway's own answer: the JSON body with it, its length and type, and no call of the backend. */
  message: z.string().optional(),
  body: z.string().optional(),
  headers: values.default({}),
  /** `none`: it was not called. */
  backend: z.union([z.literal("none"), seen]).optional(),
  /** Of `$context`, as the access log has them. */
  log: values.default({}),
  /** Of the operator's record. */
  record: values.default({}),
});
export type Answer = z.infer<typeof answer>;

const send = z.strictObject({
  send: z.string().regex(/^[A-Z]+ \S+$/),
  host: z.string().optional(),
  headers: z.array(z.string()).default([]),
  body: z.string().default(""),
  token: token.optional(),
  sign: signature.optional(),
  times: z.int().default(1),
  expect: answer,
});
const assume = z.strictObject({
  assume: z.string(),
  token: token.default(token.parse({})),
  session: z.string().default("ada"),
  /** Parameters of the query protocol besides these. */
  parameters: z.record(z.string(), z.string()).default({}),
  expect: z.strictObject({
    status: z.int().default(200),
    code: z.string().optional(),
    message: value.optional(),
    result: z.record(z.string(), value).default({}),
  }),
});
const problem = z.strictObject({ code: z.string(), at: z.string().optional(), aws: value.optional() });
const check = z.strictObject({ check: z.literal("account"), expect: z.array(problem) });
const compile = z.strictObject({
  compile: z.string(),
  environment: z.string().default("local"),
  /** Findings of parser and compiler by rule, in any order; nothing else of this severity may be found. */
  expect: z.array(z.string()),
});
const issuerCheck = z.strictObject({
  issuer: z.literal("check"),
  expect: z.strictObject({ status: z.int(), code: z.string().optional(), message: value.optional() }),
});
const clock = z.strictObject({ clock: shift });
const fault = z.union([z.enum(["closed", "silent", "huge"]), z.strictObject({ status: z.int() })]);
const idp = z.strictObject({
  idp: z.strictObject({
    discovery: fault.nullable().optional(),
    jwks: fault.nullable().optional(),
    without: z.array(z.string()).optional(),
    with: z.array(z.string()).optional(),
    says: z.string().optional(),
  }),
});
const step = z.union([send, assume, check, compile, issuerCheck, clock, idp]);
export type Step = z.infer<typeof step>;
export type SendStep = z.infer<typeof send>;
export type AssumeStep = z.infer<typeof assume>;
export type IssuerStep = z.infer<typeof idp>["idp"];

const route = z.strictObject({
  authorizationType: z.enum(["NONE", "AWS_IAM", "JWT"]).optional(),
  authorizerId: z.string().optional(),
  authorizationScopes: z.array(z.string()).optional(),
  /** Laid over an integration that calls the backend at `/` with the client's method. */
  integration: object.default({}),
});
const api = z.strictObject({
  routes: z.record(z.string(), route).optional(),
  stages: z.record(z.string(), object).optional(),
  authorizers: z.record(z.string(), object).optional(),
  /** Members of the API besides. */
  more: object.default({}),
});
export type ApiOverlay = z.infer<typeof api>;
const role = z.strictObject({
  allow: z.array(z.string()).default([]),
  /** Further statements of its policy, as IAM has them. */
  statements: z.array(anything).default([]),
  boundary: z.array(anything).optional(),
  trust: z.array(anything).optional(),
  more: object.default({}),
});
export type RoleOverlay = z.infer<typeof role>;
const session = z.strictObject({
  role: z.string(),
  account: z.string().optional(),
  policies: z.array(anything).default([]),
  tags: z.record(z.string(), z.string()).default({}),
  expires: shift.default("+1h"),
});
export type SessionOverlay = z.infer<typeof session>;
const fixture = api.extend({
  apis: z.record(z.string(), api).default({}),
  domainNames: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  roles: z.record(z.string(), role).default({}),
  sessions: z.record(z.string(), session).default({}),
  oidcProviders: z.array(object).default([]),
  account: object.default({}),
  switches: z.record(z.string(), z.string()).default({}),
  backend: z
    .strictObject({
      status: z.int().default(200),
      headers: z.array(z.string()).default([]),
      body: z.string().default("ok"),
      isSilent: z.literal(true).optional(),
      /** The body is not all that its length promised. */
      isStalled: z.literal(true).optional(),
    })
    .default({ status: 200, headers: [], body: "ok" }),
});
export type FixtureOverlay = z.infer<typeof fixture>;

const caseEntry = z.strictObject({
  id: z.string().regex(/^[TS]\d{2,3}$/),
  title: z.string(),
  mark: z.enum(Object.keys(MARKS) as [Mark, ...Mark[]]).optional(),
  source: z.string().optional(),
  fixture: fixture.default(fixture.parse({})),
  steps: z.array(step).default([]),
  /** Why it cannot be asked of a gateway on this machine. */
  notApplicable: z.string().optional(),
});
const caseFile = z.strictObject({
  about: z.string(),
  mark: z.enum(Object.keys(MARKS) as [Mark, ...Mark[]]).optional(),
  source: z.string().optional(),
  /** Under every fixture of the file. */
  fixture: fixture.optional(),
  cases: z.array(caseEntry).min(1),
});

export interface Case {
  readonly id: string;
  /** `T07 GET /pets/dog/2 reaches GET /pets/dog/{id}` */
  readonly name: string;
  readonly title: string;
  readonly mark: Mark;
  /** Where it is documented or was seen. */
  readonly source: string;
  readonly fixture: FixtureOverlay;
  readonly steps: readonly Step[];
  readonly notApplicable: string | null;
}

export interface CaseFile {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly Case[];
}

/** @throws with everything that is wrong in the file */
export function readCaseFile(name: string, text: string): CaseFile {
  const read = caseFile.safeParse(parse(text, { merge: true, maxAliasCount: 1000 }));
  if (!read.success) throw new Error(`${name}: ${z.prettifyError(read.error)}`);
  const { about, cases, ...under } = read.data;
  const problems: string[] = [];
  const names = new Set<string>();
  const all = cases.map((entry): Case => {
    const fullName = `${entry.id} ${entry.title}`;
    if (names.has(fullName)) problems.push(`\`${fullName}\` stands twice`);
    names.add(fullName);
    const mark = entry.mark ?? under.mark;
    const source = entry.source ?? under.source;
    if (mark === undefined || source === undefined) problems.push(`\`${fullName}\` has no mark or no source`);
    if ((entry.steps.length === 0) !== (entry.notApplicable !== undefined))
      problems.push(`\`${fullName}\` has either steps or a reason why it has none`);
    return {
      id: entry.id,
      name: fullName,
      title: entry.title,
      mark: mark ?? "unconfirmed",
      source: source ?? "",
      fixture: under.fixture === undefined ? entry.fixture : layOver(under.fixture, entry.fixture),
      steps: entry.steps,
      notApplicable: entry.notApplicable ?? null,
    };
  });
  if (problems.length > 0) throw new Error(`${name}: ${problems.join("; ")}`);
  return { name, about, cases: all };
}

/** What a case says stands in place of what its file says, part by part. */
function layOver(under: FixtureOverlay, over: FixtureOverlay): FixtureOverlay {
  const isSaid = (part: unknown): boolean => part !== undefined && Object.keys(part as object).length > 0;
  const said = Object.fromEntries(Object.entries(over).filter(([, part]) => isSaid(part)));
  return { ...under, ...said, switches: { ...under.switches, ...over.switches } };
}

export function loadCaseFiles(): readonly CaseFile[] {
  return globSync(join(FOLDER, "[0-9]*.yaml"))
    .toSorted()
    .map((path) => readCaseFile(basename(path, ".yaml"), readFileSync(path, "utf8")));
}

const openPoints = z.array(
  z.strictObject({
    point: z.string(),
    here: z.string(),
    switch: z.string().optional(),
    cases: z.array(z.string()).default([]),
  }),
);
export type OpenPoint = z.infer<typeof openPoints>[number];

/** What nobody who is not AWS knows, and what is done here. */
export function loadOpenPoints(): readonly OpenPoint[] {
  return openPoints.parse(parse(readFileSync(join(FOLDER, "open-points.yaml"), "utf8")));
}

const stricter = z.array(z.strictObject({ what: z.string(), switch: z.string().optional() }));

/** Where less is taken here than AWS takes. */
export function loadStricter(): readonly z.infer<typeof stricter>[number][] {
  return stricter.parse(parse(readFileSync(join(FOLDER, "stricter.yaml"), "utf8")));
}
