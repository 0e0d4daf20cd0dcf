import assert from "node:assert/strict";
import { test } from "node:test";
import { hasErrors, renderDiagnostic } from "../../core/index.ts";
import { RULES } from "../rules.ts";
import { BROKEN_CONDITIONS } from "../testing/broken-conditions.ts";
import { BROKEN_ENVIRONMENTS } from "../testing/broken-environments.ts";
import { BROKEN_INCLUDES } from "../testing/broken-includes.ts";
import { BROKEN_LIMITS } from "../testing/broken-limits.ts";
import { BROKEN_MEMBERS } from "../testing/broken-members.ts";
import { BROKEN_ROUTES } from "../testing/broken-routes.ts";
import { BROKEN_SECTIONS } from "../testing/broken-sections.ts";
import { BROKEN_SERVICES } from "../testing/broken-services.ts";
import { BROKEN_TOKENS } from "../testing/broken-tokens.ts";
import { BROKEN_TEXTS } from "../testing/broken-yaml.ts";
import { SHOP, describeFindings, editShop } from "../testing/shop-policy.ts";
import { ROOT, WHOLE, describeAll, editWhole, parseFiles } from "../testing/whole-policy.ts";
import { KEYS } from "./keys.ts";
import { parsePolicy } from "./parse-policy.ts";
import { type Tree, readTree } from "./read-tree.ts";
import { listKeys } from "./read-values.ts";
import { createReport } from "./report.ts";

const BROKEN_WHOLE = [
  ...BROKEN_MEMBERS,
  ...BROKEN_CONDITIONS,
  ...BROKEN_SERVICES,
  ...BROKEN_LIMITS,
  ...BROKEN_ENVIRONMENTS,
  ...BROKEN_TOKENS,
];

/** Short texts lack most sections; that they say so is of no interest to what is tested with them. */
const LACKS_SECTION = /: the policy lacks `(?:name|identity|environments|services)`/;

test("the policy that the cases edit is good", () => {
  const { policy, diagnostics } = parsePolicy("p.yaml", SHOP);
  assert.deepEqual(diagnostics, []);
  assert.notEqual(policy, null);
  const whole = parseFiles(WHOLE);
  assert.deepEqual(whole.diagnostics, []);
  assert.notEqual(whole.policy, null);
});

test("every key of the language stands in the policy that the cases edit", () => {
  const written = new Set<string>();
  const collect = (tree: Tree): void => {
    if (tree.kind === "list") tree.items.forEach(collect);
    if (tree.kind !== "mapping") return;
    for (const { key, value } of tree.entries) {
      written.add(key);
      collect(value);
    }
  };
  for (const [file, text] of Object.entries(WHOLE)) collect(readTree(createReport(file, text)) as Tree);
  assert.deepEqual(
    Object.values(KEYS)
      .flatMap(listKeys)
      .filter((key) => !written.has(key)),
    [],
  );
});

for (const { what, edit, found } of [...BROKEN_SECTIONS, ...BROKEN_ROUTES])
  test(`reports ${what}`, () => {
    const { policy, diagnostics, sources } = parsePolicy("p.yaml", editShop(...edit));
    assert.deepEqual(describeAll(diagnostics, sources), found);
    assert.equal(policy === null, hasErrors(diagnostics));
  });

for (const { what, file, edit, found } of BROKEN_WHOLE)
  test(`reports ${what}`, () => {
    const { policy, diagnostics, sources } = parseFiles(editWhole(file ?? ROOT, ...edit));
    assert.deepEqual(describeAll(diagnostics, sources), found);
    assert.equal(policy === null, hasErrors(diagnostics));
  });

for (const { what, files, found } of BROKEN_INCLUDES)
  test(`reports of included files: ${what}`, () => {
    const { policy, diagnostics, sources } = parseFiles(files);
    assert.deepEqual(describeAll(diagnostics, sources), found);
    assert.equal(policy === null, hasErrors(diagnostics));
  });

for (const { what, text, found } of BROKEN_TEXTS)
  test(`reports text that is not a policy: ${what}`, () => {
    const { policy, diagnostics, sources } = parsePolicy("p.yaml", text);
    const described = describeAll(diagnostics, sources).filter((line) => !LACKS_SECTION.test(line));
    assert.deepEqual(described, found);
    assert.equal(policy, null);
  });

test("an alias bomb expands nothing and is reported at each reference", () => {
  const references = (level: number): string => Array.from({ length: 9 }, () => `*a${level}`).join(", ");
  const bomb = Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} [${i === 0 ? "x" : references(i - 1)}]`).join("\n");
  const ids = parsePolicy("p.yaml", bomb).diagnostics.map((finding) => finding.id);
  assert.equal(ids.filter((id) => id === "parse/alias").length, 72);
  assert.equal(ids.filter((id) => id === "parse/anchor").length, 9);
});

test("a text that is nested without end gives one finding", () => {
  for (const text of ["[".repeat(20_000), "- ".repeat(20_000), "{a: ".repeat(20_000), "a: ".repeat(20_000)]) {
    const ids = parsePolicy("p.yaml", text).diagnostics.map((finding) => finding.id);
    assert.ok(ids.length >= 1 && ids.every((id) => id === "parse/too-deep" || id === "parse/syntax"), ids.join());
  }
  assert.deepEqual(
    parsePolicy("p.yaml", "[".repeat(20_000)).diagnostics.map((finding) => finding.id),
    ["parse/too-deep"],
  );
});

test("a text above the limit is refused before it is read", () => {
  for (const text of ["x".repeat(2 * 1024 * 1024 + 1), "é".repeat(1024 * 1024 + 1), `name: ${"a".repeat(6e6)}`])
    assert.deepEqual(describeFindings(text, parsePolicy("p.yaml", text).diagnostics), [
      "1:1 parse/too-large: the file has more than 2097152 bytes -> split it and name the parts in `include`",
    ]);
});

test("findings beyond the first 200 are counted, not listed", () => {
  const text = Array.from({ length: 300 }, (_, i) => `key-${i}: 1`).join("\n");
  const { diagnostics } = parsePolicy("p.yaml", text);
  assert.equal(diagnostics.length, 201);
  const last = diagnostics.at(-1);
  assert.equal(last?.id, "parse/too-many");
  // 300 unknown keys and 5 sections that are missing.
  assert.equal(last.message, "105 more findings are not shown");
});

test("every error is reported at once, in the order of the file", () => {
  const text = SHOP.replace("name: shop", "name: Shop")
    .replace("audience: shop-api", "audience: 7")
    .replace("exposure: private", "exposure: hidden")
    .replace("GET /orders:", "get /orders/:")
    .replace("boundary: staff", "boundary: stuff")
    .replace("rotate: 90 days", "rotate: monthly");
  assert.deepEqual(
    describeFindings(text, parsePolicy("p.yaml", text).diagnostics).map((line) => line.split(": ")[0]),
    [
      "2:7 parse/name",
      "5:13 parse/expected-text",
      "23:7 route/method",
      "23:18 route/trailing-slash",
      "28:15 parse/choice",
      "33:92 reference/boundary",
      "44:27 parse/duration",
    ],
  );
});

test("PL-1.7, PL-11.3: a secret in the policy is never printed, by no finding of its line", () => {
  const secrets: readonly (readonly [from: string, to: string, secret: string])[] = [
    ["secret:login-client, scopes: [openid]", "c4nary-value, scopes: [7]", "c4nary-value"],
    ["secret:login-client", "4815162342", "4815162342"],
    ["secret:login-client", "[c4nary-value]", "c4nary-value"],
    ["issuer: https://", "issuer: https://user:c4nary-value@", "c4nary-value"],
    ["upstream: http://127.0.0.1:4002", "upstream: http://user:c4nary-value@127.0.0.1:4002", "c4nary-value"],
    ["valkey://", "valkey://user:c4nary-value@", "c4nary-value"],
    ["boundaries:", 'cors: { origins: ["https://user:c4nary-value@app.shop.example"] }\nboundaries:', "c4nary-value"],
    ["{ keep: [x-tenant],", "{ keep: [x-tenant], request: { set: { x-key: c4nary-value-ä } },", "c4nary-value"],
  ];
  for (const [from, to, secret] of secrets) {
    const text = editShop(from, to);
    const { diagnostics, sources } = parsePolicy("p.yaml", text);
    assert.ok(hasErrors(diagnostics));
    const printed = diagnostics.map((finding) => renderDiagnostic(finding, sources)).join("\n");
    assert.ok(!printed.includes(secret), `printed after the edit to ${to.replace(secret, "...")}`);
    assert.ok(!JSON.stringify(diagnostics).includes(secret));
  }
});

test("every rule of reading is shown by a case", () => {
  const shown = new Set(
    [...BROKEN_SECTIONS, ...BROKEN_ROUTES, ...BROKEN_TEXTS, ...BROKEN_WHOLE, ...BROKEN_INCLUDES]
      .flatMap(({ found }) => found)
      .map((line) => /(?:^| )([a-z]+\/[a-z-]+):/.exec(line)?.[1]),
  );
  const elsewhere = ["parse/too-many"];
  assert.deepEqual(
    // Files of tests have their own cases.
    Object.keys(RULES).filter((id) => !shown.has(id) && !elsewhere.includes(id) && !id.startsWith("test/")),
    [],
  );
});
