/** Reads `members:`: who holds a role, as lists, as a claim, or as an expression of these. */
import { type Span, findNearest, suggest } from "../../core/index.ts";
import type { Members } from "../policy.ts";
import { KEYS } from "./keys.ts";
import type { Tree } from "./read-tree.ts";
import { type Fields, looksLikePattern, readFields, readList, readText, readTexts, readValues } from "./read-values.ts";
import { type Report, quote } from "./report.ts";

const LISTS = [
  ["groups", "groups"],
  ["subject", "subject"],
  ["client_id", "client"],
] as const;
const EXPRESSIONS = ["claim", "all", "any", "not"] as const;

const NOBODY: Members = { kind: "any", of: [] };

/** Names of the workload issuers; null when they could not be read. */
export type Issuers = readonly string[] | null;

type MemberFields = Fields<(typeof KEYS.members.optional)[number]>;

/** What could not be read takes in nobody. */
export function readMembers(report: Report, tree: Tree | null, owner: Span, issuers: Issuers): Members {
  const place = { what: "`members`", owner, issuer: null, mayBeNot: false, isInside: false };
  return tree === null ? NOBODY : readExpression(report, tree, issuers, place);
}

/** Where an expression stands. */
interface Place {
  readonly what: string;
  readonly owner: Span;
  /** Of the nearest expression around that names one. */
  readonly issuer: string | null;
  readonly mayBeNot: boolean;
  /** Whether it is a part of another one. A role may be held by nobody; a part that names nobody is a slip. */
  readonly isInside: boolean;
}

function readExpression(report: Report, tree: Tree, issuers: Issuers, place: Place): Members {
  const fields = readFields(report, tree, place.what, place.owner, KEYS.members);
  if (fields === null) return NOBODY;
  const issuer = readIssuerName(report, fields.of("issuer"), issuers) ?? place.issuer;
  const lists = LISTS.filter(([key]) => fields.of(key) !== null);
  const parts = [
    ...(lists.length === 0 ? [] : [lists.map(([key]) => key)]),
    ...EXPRESSIONS.filter((key) => fields.of(key) !== null),
  ];
  if (parts.length > 1) {
    const first = parts[1] as string;
    report.add(
      "role/members",
      fields.keyAt(first as "all"),
      `${quote(first)} stands beside ${quote(String(parts[0]))}`,
      {
        hint: "put each into an entry of `any` (one of them holds) or `all` (every one holds)",
      },
    );
    return NOBODY;
  }
  const [kind] = EXPRESSIONS.filter((key) => fields.of(key) !== null);
  switch (kind) {
    case undefined: {
      const leaves = readLists(report, fields, issuer);
      const isEmpty = LISTS.every(([key]) => isEmptyList(fields.of(key)));
      if (place.isInside && isEmpty && !fields.hasUnknown)
        report.add("parse/empty-mapping", place.owner, `${place.what} names nobody`, {
          hint: "name who is meant, or remove it",
        });
      return leaves;
    }
    case "claim":
      return readClaim(report, fields, issuer);
    case "not": {
      if (!place.mayBeNot)
        report.add("role/not", fields.keyAt("not"), "`not` alone would take in everybody else", {
          hint: "write `all: [ ..., { not: ... } ]` with an entry that says who is meant",
        });
      const inner = fields.of("not");
      const inside = { what: "`not`", owner: fields.keyAt("not"), issuer, mayBeNot: false, isInside: true };
      const of = inner === null ? NOBODY : readExpression(report, inner, issuers, inside);
      // A part that could not be read is nobody, and not nobody would be everybody.
      return { kind: "not", of };
    }
    case "all":
    case "any":
      return readParts(report, fields, kind, issuers, issuer);
  }
  return kind satisfies never;
}

function readParts(
  report: Report,
  fields: MemberFields,
  kind: "all" | "any",
  issuers: Issuers,
  issuer: string | null,
): Members {
  const items = readList(report, fields.of(kind), `\`${kind}\``, { mayBeEmpty: false }) ?? [];
  const of = items.map((item) =>
    readExpression(report, item, issuers, {
      what: `an entry of \`${kind}\``,
      owner: item.at,
      issuer,
      mayBeNot: kind === "all",
      isInside: true,
    }),
  );
  if (of.length === 0) return NOBODY;
  if (kind === "all" && of.every((part) => part.kind === "not"))
    report.add("role/not", fields.keyAt("all"), "`all` says only who is not meant", {
      hint: "add an entry that says who is meant, for example `{ groups: [staff] }`",
    });
  return { kind, of };
}

function isEmptyList(tree: Tree | null): boolean {
  return tree === null || (tree.kind === "list" && tree.items.length === 0);
}

function readLists(report: Report, fields: MemberFields, issuer: string | null): Members {
  const leaves = LISTS.flatMap(([key, kind]): Members[] => {
    const texts = readTexts(report, fields.of(key), `\`${key}\``, { mayBeEmpty: true });
    for (const { value, at } of texts)
      if (looksLikePattern(value))
        report.add("role/member", at, `${quote(value)} is compared whole and would match nobody`, {
          hint:
            value === "*"
              ? "name each member; a route for everybody is `open` and says why"
              : "name each member; patterns are not taken",
        });
    return texts.length === 0 ? [] : [{ kind, values: texts.map(({ value }) => value), issuer }];
  });
  const [first] = leaves;
  return leaves.length === 1 && first !== undefined ? first : { kind: "any", of: leaves };
}

function readClaim(report: Report, outer: MemberFields, issuer: string | null): Members {
  const tree = outer.of("claim");
  const fields = tree === null ? null : readFields(report, tree, "`claim`", outer.keyAt("claim"), KEYS.memberClaim);
  if (fields === null || tree === null) return NOBODY;
  const claim = readText(report, fields.of("name"), "`name`")?.value ?? "";
  const tests = (["equals", "one_of", "prefix"] as const).filter((key) => fields.of(key) !== null);
  const [test] = tests;
  if (test === undefined || tests.length > 1) {
    // A test that the language does not have is reported already.
    if (test !== undefined || !fields.hasUnknown)
      report.add("role/claim", tree.at, test === undefined ? "`claim` says no value" : "`claim` is tested twice", {
        hint: "write one of `equals: value`, `one_of: [value, value]` or `prefix: text`",
      });
    return NOBODY;
  }
  const given = fields.of(test);
  if (test === "equals" && given?.kind === "list")
    report.add("role/claim", given.at, "`equals` is one value", { hint: "write `one_of` for several" });
  if (test === "one_of" && given !== null && given.kind !== "list")
    report.add("role/claim", given.at, "`one_of` is a list", { hint: "write `equals` for one value" });
  const values = readValues(report, given, `\`${test}\``);
  for (const { value, at } of values)
    if (looksLikePattern(value))
      report.add(
        "role/member",
        at,
        `${quote(value)} is compared ${test === "prefix" ? "letter by letter" : "whole"} and would match nobody`,
        {
          hint: test === "prefix" ? "write what the values begin with, without `*`" : hintForPattern(value),
        },
      );
  return {
    kind: "claim",
    claim,
    test: test === "prefix" ? "prefix" : "equals",
    values: values.map(({ value }) => value),
    issuer,
  };
}

function hintForPattern(value: string): string {
  const [, start] = /^([^*^]+)\*$/.exec(value) ?? [];
  return start === undefined ? "write each value that is meant in `one_of`" : `write ${quote(`prefix: ${start}`)}`;
}

function readIssuerName(report: Report, tree: Tree | null, issuers: Issuers): string | null {
  const text = readText(report, tree, "`issuer`");
  if (text === null) return null;
  if (issuers !== null && !issuers.includes(text.value))
    report.add("reference/issuer", text.at, `there is no workload issuer ${quote(text.value)}`, {
      hint: () =>
        findNearest(text.value, issuers) === null
          ? `add it under \`identity.issuers\`${issuers.length === 0 ? "" : `; ${suggest(text.value, issuers)}`}`
          : suggest(text.value, issuers),
    });
  return text.value;
}
