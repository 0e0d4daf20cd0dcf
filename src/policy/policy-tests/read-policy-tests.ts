/**
 * Text of a `*.test.yaml` to the tests that it holds, or everything that is wrong with it.
 *
 * In: path as given, text. Out: the tests (null when there is an error), findings, and the text for those who print
 * places. Not here: running them (app/test-policy.ts).
 * Source: docs/spec/policy-language.md chapter 17.
 * INVARIANT: never throws, whatever the text.
 */
import { type Diagnostic, type Sources, type Span, hasErrors } from "../../core/index.ts";
import { REASONS, type Reason } from "../decision.ts";
import { type Tree, readTree } from "../parse/read-tree.ts";
import {
  type Fields,
  readChoice,
  readDuration,
  readFields,
  readInstant,
  readList,
  readText,
} from "../parse/read-values.ts";
import { type Report, createReport, quote } from "../parse/report.ts";
import { isHostName } from "../origin.ts";
import { METHODS } from "../policy.ts";
import { isAddress } from "../source-address.ts";
import type { Expectation, PolicyTest, PolicyTestFile, TestClaims, TestIdentity } from "./policy-test.ts";

const FILE_KEYS = {
  required: { tests: "tests: [{ as: nobody, request: GET /orders, expect: deny }]" },
  optional: ["policy", "environment", "as"],
} as const;
const TEST_KEYS = {
  required: { request: "request: GET /orders", expect: "expect: allow" },
  optional: ["name", "as", "exposure", "host", "from", "at"],
} as const;
const EXPECT_KEYS = { required: { effect: "effect: deny" }, optional: ["reason", "role", "route"] } as const;
const TOKEN_AGE = { minMs: 0, maxMs: 365 * 86_400_000, range: "at most 365 days" };
const ALLOWING: ReadonlySet<Reason> = new Set<Reason>(["open-route", "role-grants"]);
const NOBODY: TestIdentity = { kind: "nobody" };
const LOOPBACK = "127.0.0.1";

export interface ReadPolicyTests {
  readonly file: PolicyTestFile | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: Sources;
}

export function readPolicyTests(path: string, text: string): ReadPolicyTests {
  const report = createReport(path, text);
  const tree = readTree(report);
  const fields = tree === null ? null : readFields(report, tree, "a test file", tree.at, FILE_KEYS);
  let file: PolicyTestFile | null = null;
  if (fields !== null) {
    const known = readIdentities(report, fields.of("as"));
    const items = readList(report, fields.of("tests"), "`tests`", { mayBeEmpty: false }) ?? [];
    file = {
      policy: readText(report, fields.of("policy"), "`policy`")?.value ?? null,
      environment: readText(report, fields.of("environment"), "`environment`")?.value ?? null,
      tests: items.flatMap((item) => readTest(report, item, known)),
    };
  }
  const diagnostics = report.list();
  return { file: hasErrors(diagnostics) ? null : file, diagnostics, sources: report.sources() };
}

type Identities = ReadonlyMap<string, TestIdentity>;

function readIdentities(report: Report, tree: Tree | null): Identities {
  if (tree === null) return new Map();
  if (tree.kind !== "mapping") {
    report.add("parse/expected-mapping", tree.at, "`as` is not a mapping of names to claims", {
      hint: "write `support: { groups: [support] }`",
    });
    return new Map();
  }
  return new Map(tree.entries.map((entry) => [entry.key, readClaims(report, entry.key, entry.value, entry.keyAt)]));
}

function readClaims(report: Report, label: string, tree: Tree, at: Span): TestIdentity {
  if (tree.kind !== "mapping") {
    report.add("parse/expected-mapping", tree.at, `${quote(label)} is not a mapping of claims`, {
      hint: "write `{ sub: ada, groups: [support] }`",
    });
    return NOBODY;
  }
  checkClaimNames(report, tree.entries);
  const own = new Map(tree.entries.map((entry) => [entry.key, entry]));
  const claims: TestClaims = {
    issuer: readText(report, own.get("issuer")?.value ?? null, "`issuer`")?.value ?? null,
    tokenAgeMs: readDuration(report, own.get("token_age")?.value ?? null, "`token_age`", TOKEN_AGE) ?? 0,
    payload: Object.fromEntries(
      tree.entries
        .filter(({ key }) => key !== "issuer" && key !== "token_age")
        .map(({ key, value }) => [key, toJson(value)]),
    ),
  };
  return { kind: "claims", label, claims, at };
}

function toJson(tree: Tree): unknown {
  switch (tree.kind) {
    case "mapping":
      return Object.fromEntries(tree.entries.map(({ key, value }) => [key, toJson(value)]));
    case "list":
      return tree.items.map(toJson);
    case "text":
      return tree.text;
    case "number":
      return Number(tree.text);
    case "boolean":
      return tree.text.toLowerCase() === "true";
    case "nothing":
      return null;
  }
  return tree satisfies never;
}

type TestFields = Fields<keyof (typeof TEST_KEYS)["required"] | (typeof TEST_KEYS)["optional"][number]>;

/** One test for each request and each identity that the entry names. */
function readTest(report: Report, tree: Tree, known: Identities): PolicyTest[] {
  const fields = readFields(report, tree, "a test", tree.at, TEST_KEYS);
  if (fields === null) return [];
  const requests = listOf(report, fields.of("request"), "`request`").flatMap((item) => readRequest(report, item));
  const given = fields.of("as");
  const identities =
    given === null ? [NOBODY] : listOf(report, given, "`as`").map((item) => readIdentity(report, item, known));
  const name = readText(report, fields.of("name"), "`name`")?.value ?? null;
  const shared = {
    exposure: readChoice(report, fields.of("exposure"), "`exposure`", ["public", "private"] as const),
    host: readHostName(report, fields.of("host")),
    sourceIp: readAddress(report, fields.of("from")),
    atMs: readInstant(report, fields.of("at"), "`at`"),
    expect: readExpectation(report, fields),
  };
  return identities.flatMap((as) =>
    requests.map(({ method, target, at }) => {
      const request = `${method} ${target} as ${labelOf(as)}`;
      return { name: name === null ? request : `${name}: ${request}`, as, method, target, at, ...shared };
    }),
  );
}

export function labelOf(as: TestIdentity): string {
  return as.kind === "nobody" ? "nobody" : as.kind === "person" ? as.name : as.label;
}

/** One thing or a list of them. */
function listOf(report: Report, tree: Tree | null, what: string): readonly Tree[] {
  if (tree === null) return [];
  return tree.kind === "list" ? (readList(report, tree, what, { mayBeEmpty: false }) ?? []) : [tree];
}

function readRequest(report: Report, tree: Tree): { method: string; target: string; at: Span }[] {
  const text = readText(report, tree, "`request`");
  if (text === null) return [];
  const [, method = "", target = ""] = /^([A-Za-z]+) (\S+)$/.exec(text.value) ?? [];
  if (method !== "ANY" && METHODS.some((one) => one === method)) return [{ method, target, at: text.at }];
  report.add("test/request", text.at, `${quote(text.value)} is not method and path`, {
    hint: "write for example `GET /orders/7`",
  });
  return [];
}

function readAddress(report: Report, tree: Tree | null): string {
  const text = readText(report, tree, "`from`");
  if (text === null || isAddress(text.value)) return text?.value ?? LOOPBACK;
  report.add("test/address", text.at, `${quote(text.value)} is not an address`, {
    hint: "write one address: `10.0.3.4`",
  });
  return LOOPBACK;
}

function readHostName(report: Report, tree: Tree | null): string | null {
  const text = readText(report, tree, "`host`");
  if (text === null || isHostName(text.value.toLowerCase())) return text?.value ?? null;
  report.add("test/host", text.at, `${quote(text.value)} is not a host name`, { hint: "leave scheme and port out" });
  return null;
}

/** What a token never calls so, and members do. */
const MEMBER_WORDS: Readonly<Record<string, string>> = { subject: "sub", client: "client_id" };

function checkClaimNames(report: Report, entries: readonly { readonly key: string; readonly keyAt: Span }[]): void {
  for (const { key, keyAt } of entries)
    if (Object.hasOwn(MEMBER_WORDS, key))
      report.add("test/claim", keyAt, `a token has no claim ${quote(key)}`, { hint: `write \`${MEMBER_WORDS[key]}\`` });
}

function readIdentity(report: Report, tree: Tree, known: Identities): TestIdentity {
  if (tree.kind === "mapping") return readClaims(report, "these claims", tree, tree.at);
  const text = readText(report, tree, "`as`");
  if (text === null || text.value === "nobody") return NOBODY;
  return known.get(text.value) ?? { kind: "person", name: text.value, at: text.at };
}

function readExpectation(report: Report, fields: TestFields): Expectation {
  const tree = fields.of("expect");
  const nothing = { effect: "deny" as const, reason: null, role: null, route: null };
  if (tree?.kind !== "mapping")
    return { ...nothing, effect: readChoice(report, tree, "`expect`", ["allow", "deny"] as const) ?? "deny" };
  const inner = readFields(report, tree, "`expect`", fields.keyAt("expect"), EXPECT_KEYS);
  const entry = (key: "reason" | "role" | "route"): string | null =>
    readText(report, inner?.of(key) ?? null, `\`${key}\``)?.value ?? null;
  const effect = readChoice(report, inner?.of("effect") ?? null, "`effect`", ["allow", "deny"] as const);
  const reasonTree = inner?.of("reason") ?? null;
  const reason = readChoice(report, reasonTree, "`reason`", Object.keys(REASONS) as Reason[]);
  if (effect !== null && reason !== null && ALLOWING.has(reason) !== (effect === "allow"))
    report.add("test/expect", reasonTree?.at ?? fields.keyAt("expect"), `${quote(reason)} is no reason to ${effect}`, {
      hint: `correct one of the two`,
    });
  return {
    effect: effect ?? "deny",
    reason,
    role: entry("role"),
    route: entry("route"),
  };
}
