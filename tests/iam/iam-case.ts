/**
 * The cases of cases/iam, read and checked; the format is in cases/iam/README.md.
 * Not here: asking them (cases.test.ts).
 */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Evaluation, RequestContext, WrittenDocument } from "../../src/iam/index.ts";

export const API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5/$default";
export const ACCOUNT = "111122223333";
export const ISSUER = "id.example.test";
export const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/${ISSUER}`;

export type Effect = Evaluation["effect"];
export type Truth = "holds" | "fails" | "open";

/** What the other evaluator says instead, and who is right. */
export interface Disagreement<T> {
  /** `nothing`: it does not answer. */
  readonly says: T | "nothing";
  readonly right: "gatehouse" | "simulator" | "unknown";
  readonly because: string;
  readonly source: string | null;
}

interface Common {
  readonly id: string;
  readonly source: string;
  readonly context: RequestContext;
}

export interface ConditionCase extends Common {
  readonly kind: "condition";
  readonly condition: unknown;
  readonly expect: Truth;
  readonly simulator: Disagreement<Truth> | null;
}

export interface AccessCase extends Common {
  readonly kind: "access";
  readonly identities: readonly WrittenDocument[];
  readonly boundary: WrittenDocument | null;
  readonly sessions: readonly WrittenDocument[] | null;
  readonly action: string;
  readonly resource: string;
  readonly expect: Effect;
  readonly why: string | null;
  readonly simulator: Disagreement<Effect> | null;
}

export interface TrustCase extends Common {
  readonly kind: "trust";
  readonly trust: WrittenDocument;
  readonly action: "sts:AssumeRoleWithWebIdentity" | "sts:TagSession";
  readonly federated: string;
  readonly expect: Effect;
  readonly simulator: Disagreement<Effect> | null;
}

export interface MalformedCase extends Common {
  readonly kind: "malformed";
  readonly of: "policy" | "trust";
  readonly document: WrittenDocument;
  readonly message: string;
}

export type IamCase = ConditionCase | AccessCase | TrustCase | MalformedCase;

export interface IamCaseFile {
  readonly name: string;
  readonly cases: readonly IamCase[];
}

const EFFECTS = ["Allowed", "ExplicitlyDenied", "ImplicitlyDenied"] as const;
const TRUTHS = ["holds", "fails", "open"] as const;

const document = z
  .union([z.array(z.record(z.string(), z.unknown())), z.record(z.string(), z.unknown())])
  .transform(
    (written) =>
      (Array.isArray(written) ? { Version: "2012-10-17", Statement: written } : written) as unknown as WrittenDocument,
  );
const disagreement = <const T extends readonly string[]>(says: T): z.ZodType<Disagreement<T[number]> | null> =>
  z
    .strictObject({
      says: z.enum([...says, "nothing"]),
      right: z.enum(["gatehouse", "simulator", "unknown"]),
      because: z.string(),
      source: z.string().nullable().default(null),
    })
    .nullable()
    .default(null);
const common = {
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  source: z.string().optional(),
  context: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
};
const conditionCase = z.strictObject({
  ...common,
  condition: z.record(z.string(), z.record(z.string(), z.unknown())),
  expect: z.enum(TRUTHS),
  simulator: disagreement(TRUTHS),
});
const accessCase = z.strictObject({
  ...common,
  identity: document.optional(),
  identities: z.array(document).optional(),
  boundary: document.nullable().default(null),
  sessions: z.array(document).nullable().default(null),
  action: z.string().default("execute-api:Invoke"),
  resource: z.string().default(`${API}/GET/orders/7`),
  expect: z.enum(EFFECTS),
  why: z.string().nullable().default(null),
  simulator: disagreement(EFFECTS),
});
const trustCase = z.strictObject({
  ...common,
  trust: document,
  action: z.enum(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]).default("sts:AssumeRoleWithWebIdentity"),
  federated: z.string().default(PROVIDER),
  expect: z.enum(EFFECTS),
  simulator: disagreement(EFFECTS),
});
const malformedCase = z
  .strictObject({ ...common, identity: document.optional(), trust: document.optional(), malformed: z.string() })
  .refine(({ identity, trust }) => (identity === undefined) !== (trust === undefined), "one document is malformed");
const caseFile = z.strictObject({ source: z.string(), cases: z.array(z.record(z.string(), z.unknown())).min(1) });

/** @throws with everything that is wrong in the file */
export function readIamCaseFile(name: string, text: string): IamCaseFile {
  const read = caseFile.parse(parse(text.replaceAll("{api}", API).replaceAll("{provider}", PROVIDER)));
  return { name, cases: read.cases.map((entry) => readCase(name, read.source, entry)) };
}

function readCase(file: string, fileSource: string, entry: Readonly<Record<string, unknown>>): IamCase {
  const check = <T>(schema: z.ZodType<T>): T => {
    const read = schema.safeParse(entry);
    if (read.success) return read.data;
    throw new Error(`${file}, \`${String(entry["id"])}\`: ${z.prettifyError(read.error)}`);
  };
  if ("malformed" in entry) {
    const { id, source = fileSource, context, identity, trust, malformed } = check(malformedCase);
    const of = trust === undefined ? "policy" : "trust";
    const written = trust ?? identity ?? { Statement: [] };
    return { kind: "malformed", id, source, context, of, document: written, message: malformed };
  }
  if ("condition" in entry) {
    const { source = fileSource, ...rest } = check(conditionCase);
    return { kind: "condition", ...rest, source };
  }
  if ("trust" in entry) {
    const { source = fileSource, ...rest } = check(trustCase);
    return { kind: "trust", ...rest, source };
  }
  const { source = fileSource, identity, identities, ...rest } = check(accessCase);
  return { kind: "access", ...rest, source, identities: identities ?? (identity === undefined ? [] : [identity]) };
}

/** Every file of cases/iam, by name. */
export function readIamCaseFiles(): IamCaseFile[] {
  const folder = join(import.meta.dirname, "..", "..", "cases", "iam");
  return globSync("*.yaml", { cwd: folder })
    .sort()
    .map((path) => readIamCaseFile(basename(path, ".yaml"), readFileSync(join(folder, path), "utf8")));
}
