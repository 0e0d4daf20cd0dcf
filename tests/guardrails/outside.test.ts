/**
 * Scanners of IAM policies that others wrote, beside the guardrails: over what becomes of the example and of policies
 * that break guardrails, and over documents that Gatehouse never emits, which show that both sides find something.
 * Golden rule: what a scanner finds, a guardrail or a rule of document-rules.ts finds too, or accepted.json says why not.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { compile } from "../../src/compile/index.ts";
import { createManualClock } from "../../src/core/index.ts";
import { RULES_FOR_IAM } from "../../src/policy/guardrails/rules-for-iam.ts";
import { GUARDRAILS, lintPolicy, parsePolicy } from "../../src/policy/index.ts";
import { BAD_POLICIES } from "./bad-policies.ts";
import { CONTROL_DOCUMENTS } from "./control-documents.ts";
import { DOCUMENT_RULES } from "./document-rules.ts";
import { type OutsideFinding, scanDocuments } from "./scanners.ts";

interface Accepted {
  readonly finding: string;
  /** How the scanner's own words begin. */
  readonly detail: string;
  readonly reason: string;
}

const ACCEPTED = JSON.parse(readFileSync(join(import.meta.dirname, "accepted.json"), "utf8")) as readonly Accepted[];
const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "shop", "gatehouse.yaml");
const clock = createManualClock(Date.parse("2026-11-24T12:00:00Z"));

interface EmittedDocument {
  readonly name: string;
  readonly document: unknown;
}

interface Scanned {
  readonly what: string;
  /** Ids of the guardrails that find something in it, in the order of the policy. */
  readonly guardrails: readonly string[];
  /** The role policies, boundaries and trust policies of every environment; a boundary that several roles have stands once. */
  readonly documents: readonly EmittedDocument[];
}

function emit(what: string, text: string): Scanned {
  const { policy, diagnostics, sources } = parsePolicy("gatehouse.yaml", text);
  assert.ok(policy, `${what}: ${JSON.stringify(diagnostics)}`);
  const documents = new Map<string, unknown>();
  for (const { name: environment } of policy.environments) {
    const { artifacts, diagnostics: problems } = compile(policy, environment, sources);
    assert.ok(artifacts, `${what} in ${environment}: ${JSON.stringify(problems)}`);
    for (const role of artifacts.iam.roles) {
      const { roleName, policy: document, boundaryName, permissionsBoundary, assumeRolePolicyDocument } = role;
      documents.set(`${what}, ${environment}: role ${roleName}`, document);
      documents.set(`${what}, ${environment}: boundary ${boundaryName}`, permissionsBoundary);
      if (assumeRolePolicyDocument !== undefined)
        documents.set(`${what}, ${environment}: trust of ${roleName}`, assumeRolePolicyDocument);
    }
  }
  return {
    what,
    guardrails: lintPolicy(policy, clock).map(({ id }) => id.replace("guardrail/", "")),
    documents: [...documents].map(([name, document]) => ({ name, document })),
  };
}

const policies = [
  emit("shop", readFileSync(EXAMPLE, "utf8")),
  ...BAD_POLICIES.map(({ what, text }) => emit(what, text)),
];
const emitted = policies.flatMap(({ documents }) => documents);

let found: Readonly<Record<string, readonly OutsideFinding[]>> = {};
before(async () => {
  const documents = emitted.map(({ name, document }) => [name, document] as const);
  const controls = CONTROL_DOCUMENTS.map(({ what, document }) => [what, document] as const);
  found = await scanDocuments(Object.fromEntries([...documents, ...controls]));
});

function findingsIn(name: string): readonly OutsideFinding[] {
  const findings = found[name];
  assert.ok(findings, `${name} was not scanned`);
  return findings;
}

function nameOf({ tool, kind }: OutsideFinding): string {
  return `${tool} ${kind}`;
}

function listOrNone(texts: readonly string[]): string {
  return texts.length === 0 ? "none" : unique(texts).join(", ");
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

const SOURCES = Object.values(GUARDRAILS).flatMap(({ sources }) => sources);

function reasonFor(finding: OutsideFinding): Accepted | undefined {
  return ACCEPTED.find((one) => one.finding === nameOf(finding) && finding.detail.startsWith(one.detail));
}

/** In each document of the embedded gateway with ARNs. */
const LOCAL = "parliament INVALID_ARN: Region expected to be of form like us-east-1";

function ipv6(...blocks: readonly string[]): string {
  const list = blocks.map((block) => `'${block}'`).join(", ");
  return `parliament MISMATCHED_TYPE: Type mismatch: aws:SourceIp requires a value of type Ip but given [${list}]`;
}
function unknownKeys(...keys: readonly string[]): string[] {
  return keys.map(
    (key) =>
      `parliament UNKNOWN_CONDITION_FOR_ACTION: Unknown condition gatehouse:${key} for action execute-api:Invoke`,
  );
}

const SHOP_NETWORKS = ["127.0.0.0/8", "::1/128", "10.0.0.0/16"] as const;
const KEYS = ["weekday/UTC", "path/id", "minute/UTC", "claim/plan", "claim/amr", "token-age"] as const;

/** In each trust policy: parliament takes it for a policy of an identity. */
const TRUST = [
  "parliament MALFORMED: Statement contains neither Resource nor NotResource",
  "parliament UNKNOWN_FEDERATION_SOURCE: arn:aws:iam::111122223333:oidc-provider/api.shop.example/_gatehouse",
] as const;

/** Findings by document; of the others trust policies have `TRUST`, those for `local` `LOCAL`, those for `prod` nothing. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  "shop, local: role shop-local-billing-bot": [LOCAL, ipv6(...SHOP_NETWORKS)],
  "shop, prod: role shop-prod-billing-bot": [ipv6(...SHOP_NETWORKS)],
  "nobody, and a boundary that takes everything away, local: boundary machines": [],
  "the whole internet as source network, local: role bad-local-bot": [LOCAL, ipv6("0.0.0.0/0", "::/0")],
  "the whole internet as source network, prod: role bad-prod-bot": [ipv6("0.0.0.0/0", "::/0")],
  "conditions of every kind, local: role bad-local-bot": [LOCAL, ...unknownKeys(...KEYS)],
  "conditions of every kind, prod: role bad-prod-bot": unknownKeys(...KEYS),
};

for (const { name } of emitted)
  test(`scanned: ${name}`, () => {
    const findings = unique(findingsIn(name).map((one) => `${nameOf(one)}: ${one.detail}`));
    const byKind = name.includes(": trust of ") ? TRUST : name.includes(", local: ") ? [LOCAL] : [];
    assert.deepEqual(findings.sort(), [...(EXPECTED[name] ?? byKind)].sort());
  });

test("no expectation is left of a document that is not emitted", () => {
  const names = emitted.map(({ name }) => name);
  assert.deepEqual(
    Object.keys(EXPECTED).filter((name) => !names.includes(name)),
    [],
  );
});

test("whatever is found in what is emitted is a guardrail's source or accepted with a reason", (t) => {
  t.diagnostic("policy | outside findings in its documents | guardrails");
  const open: string[] = [];
  const accepted = new Map<Accepted, number>();
  for (const { what, guardrails, documents } of policies) {
    const findings = documents.flatMap(({ name }) => findingsIn(name));
    t.diagnostic(`${what} | ${listOrNone(findings.map(nameOf))} | ${listOrNone(guardrails)}`);
    for (const finding of findings) {
      const reason = reasonFor(finding);
      if (reason !== undefined) accepted.set(reason, (accepted.get(reason) ?? 0) + 1);
      else if (!SOURCES.includes(nameOf(finding))) open.push(`${what}: ${nameOf(finding)}: ${finding.detail}`);
    }
  }
  for (const [{ finding, reason }, times] of accepted) t.diagnostic(`accepted ${times} times: ${finding}: ${reason}`);
  assert.deepEqual(open, []);
});

test("every accepted finding is found, and says why it is accepted", () => {
  const all = emitted.flatMap(({ name }) => findingsIn(name));
  assert.deepEqual(
    ACCEPTED.filter((accepted) => !all.some((finding) => reasonFor(finding) === accepted)),
    [],
  );
  for (const { reason } of ACCEPTED) assert.match(reason, /\w+ \w+ \w+/);
});

for (const [index, { what, guardrails }] of BAD_POLICIES.entries())
  test(`guardrails of a policy with ${what}`, () => assert.deepEqual(policies[index + 1]?.guardrails, guardrails));

for (const { what, outside } of CONTROL_DOCUMENTS)
  test(`scanned: a document with ${what}`, () => assert.deepEqual(unique(findingsIn(what).map(nameOf)), outside));

test("whatever is found in a document that is never emitted, a rule of ours finds there too", (t) => {
  t.diagnostic("document | outside findings | rules of ours, and the rows that answer the findings");
  const missing: string[] = [];
  for (const { what, document } of CONTROL_DOCUMENTS) {
    const broken = Object.entries(DOCUMENT_RULES).filter(([, { find }]) => find(document).length > 0);
    const answered = new Set<string>(broken.flatMap(([, { answers }]) => answers));
    const kinds = unique(findingsIn(what).map(nameOf));
    const rowsOf = (kind: string): string[] =>
      Object.entries(RULES_FOR_IAM).flatMap(([id, { known }]) =>
        known.includes(kind) && answered.has(id) ? [id] : [],
      );
    const ours = `${broken.map(([id]) => id).join(", ")} (${listOrNone(kinds.flatMap(rowsOf).sort())})`;
    t.diagnostic(`${what} | ${listOrNone(kinds)} | ${ours}`);
    missing.push(...kinds.filter((kind) => rowsOf(kind).length === 0).map((kind) => `${what}: ${kind}`));
  }
  assert.deepEqual(missing, []);
});
