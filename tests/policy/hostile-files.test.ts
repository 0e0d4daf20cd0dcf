/**
 * Files that are made to be slow or large: each is answered, with findings in their places, in bounded time and memory.
 *
 * The bounds are generous, because machines of CI are slow and shared; what grows with the square of the size misses
 * them by far. CPU time is counted, not time on the wall.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasErrors } from "../../src/core/index.ts";
import { lintPolicy, parsePolicy } from "../../src/policy/index.ts";

const MAX_CPU_MS = 12_000;
const MAX_MEMORY_BYTES = 1.2e9;
/** Just below the limit of a file. */
const SIZE = 2 * 1024 * 1024 - 16_000;

const HEAD = "gatehouse: 1\nname: tiny\nidentity: { audience: a }\n";
const LOCAL = "environments: { local: { identity: embedded, domain: localhost } }\n";
const BOUNDARY = "boundaries: { b: [a:b] }\n";
const service = (routes: string): string =>
  `services:\n  web:\n    exposure: public\n    upstream: http://127.0.0.1:4001\n    routes:\n${routes}`;
const ONE = service("      GET /: { needs: a:b }\n");

/** As many pieces as there is room for. */
function fill(piece: (index: number) => string, size = SIZE): string {
  const pieces: string[] = [];
  for (let length = 0, i = 0; ; i++) {
    const next = piece(i);
    length += next.length;
    if (length > size) return pieces.join("");
    pieces.push(next);
  }
}
const environments = (count: number): string =>
  `environments:\n${Array.from({ length: count }, (_, i) => `  e${i}: { identity: embedded, domain: localhost }\n`).join("")}`;

/** What the file is, its text, and the finding that it has first; null when it is good. */
const files: readonly (readonly [string, () => string, string | null])[] = [
  ["10 MB of brackets", () => "[".repeat(10_000_000), "parse/too-large"],
  ["2 MB of brackets", () => "[".repeat(SIZE), "parse/too-deep"],
  ["2 MB of braces", () => "{".repeat(SIZE), "parse/too-deep"],
  ["2 MB of closing brackets", () => "]".repeat(SIZE), "parse/syntax"],
  ["2 MB of commas", () => `[${",".repeat(SIZE)}]`, "parse/syntax"],
  ["2 MB of colons", () => ":".repeat(SIZE), "parse/syntax"],
  ["2 MB of dashes", () => "- ".repeat(SIZE / 2), "parse/too-deep"],
  ["2 MB of question marks", () => "? ".repeat(SIZE / 2), "parse/too-deep"],
  ["2 MB of keys on one line", () => "a: ".repeat(SIZE / 3), "parse/too-deep"],
  ["2 MB of quotes", () => '"'.repeat(SIZE), "parse/syntax"],
  ["2 MB of tags", () => "!a ".repeat(SIZE / 3), "parse/tag"],
  ["2 MB of anchors", () => "&a ".repeat(SIZE / 3), "parse/tag"],
  ["2 MB of directives", () => "%a\n".repeat(SIZE / 3), "parse/directive"],
  ["2 MB of documents", () => "---\n".repeat(SIZE / 4), "parse/too-large"],
  ["2 MB of line feeds", () => "\n".repeat(SIZE), "parse/too-large"],
  ["2 MB of tabs", () => "\t".repeat(SIZE), "parse/empty"],
  ["2 MB of empty mappings", () => `[${"{},".repeat(SIZE / 3)}]`, "parse/too-large"],
  ["2 MB of one word", () => `${HEAD}x: ${"a".repeat(SIZE)}\n`, "parse/missing-key"],
  ["2 MB of one key", () => `${HEAD}${"a".repeat(SIZE)}: x\n`, "parse/syntax"],
  ["2 MB of text over many lines", () => `${HEAD}x: ${"b\n ".repeat(SIZE / 3)}\n`, "parse/missing-key"],
  ["2 MB of lines that are nothing", () => "a: ]\n".repeat(SIZE / 5), "parse/syntax"],
  ["half a million of lines that are nothing", () => "a\n".repeat(250_000), "parse/expected-mapping"],
  ["one line of 2 MB", () => `${HEAD}include: [${fill((i) => `a${i}, `)}]\n`, "parse/missing-key"],
  [
    "levels that go ever further in",
    () => Array.from({ length: 1900 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    "parse/too-deep",
  ],
  ["100,000 keys", () => `${HEAD}${fill((i) => `key-${i}: 1\n`)}`, "parse/unknown-key"],
  ["100,000 keys of one name", () => "a: 1\n".repeat(100_000), "parse/too-large"],
  ["40,000 keys of one name", () => "a: 1\n".repeat(40_000), "parse/duplicate-key"],
  ["40,000 aliases", () => `a: &a [x]\nb: [${"*a, ".repeat(40_000)}]\n`, "parse/anchor"],
  ["50,000 routes", () => HEAD + LOCAL + service(fill((i) => `      GET /r${i}: { needs: a:b }\n`, SIZE - 400)), null],
  [
    "routes that overlap each other",
    () =>
      HEAD +
      LOCAL +
      service(
        fill((i) => `      ANY /a${i}/{x}/z${i}: { needs: a:b }\n`, SIZE / 2 - 400) +
          fill((i) => `      GET /{p}/l${i}/q: { needs: a:b }\n`, SIZE / 2),
      ),
    "route/order-unconfirmed",
  ],
  [
    "roles without boundaries beside boundaries without roles",
    () =>
      `${HEAD}${LOCAL}${ONE}boundaries:\n${fill((i) => `  b${i}: [a:b]\n`, SIZE / 2 - 400)}roles:\n${fill((i) => `  r${i}: { members: { groups: [g] }, can: [a:b], boundary: x${i} }\n`, SIZE / 2)}`,
    "reference/boundary",
  ],
  [
    "grants that no route needs beside routes that no grant is for",
    () =>
      `${HEAD}${LOCAL}${service(fill((i) => `      GET /r${i}: { needs: a:b${i} }\n`, SIZE / 2 - 400))}${BOUNDARY}roles:\n${fill((i) => `  r${i}: { members: { groups: [g] }, can: [a:c${i}], boundary: b }\n`, SIZE / 2)}`,
    "reference/permission",
  ],
  [
    "conditions on parameters that one route lacks",
    () =>
      `${HEAD}${LOCAL}${service(`${fill((i) => `      GET /{p}/r${i}: { needs: a:b }\n`, SIZE / 2 - 400)}      GET /x: { needs: a:b }\n`)}${BOUNDARY}roles:\n${fill((i) => `  r${i}: { members: { groups: [g] }, can: [{ permission: a:*, when: { path: { p: x } } }], boundary: b }\n`, SIZE / 2)}`,
    "condition/path-parameter-missing",
  ],
  [
    "time zones that do not exist",
    () =>
      `${HEAD}${LOCAL}${ONE}${BOUNDARY}roles:\n  r: { members: { groups: [g] }, boundary: b, can: [${fill((i) => `{ permission: a:b, when: { hours: { from: "00:00", to: "01:00", zone: A/B${i} } } }, `, SIZE - 600)}] }\n`,
    "condition/zone",
  ],
  [
    "waivers of rules that do not exist",
    () =>
      `${HEAD}${LOCAL}${ONE}guardrails:\n  waive:\n${fill((i) => `    - { rule: guardrail/x${i}, reason: a, owner: b, expiry: 2027-01-01 }\n`, SIZE - 600)}`,
    "reference/rule",
  ],
  [
    "overrides of routes that do not exist",
    () =>
      `${HEAD}${service(fill((i) => `      GET /r${i}: { needs: a:b }\n`, SIZE / 2 - 400))}environments:\n  local:\n    identity: embedded\n    domain: localhost\n    routes:\n${fill((i) => `      GET /x${i}: { timeout: 1 second }\n`, SIZE / 2)}`,
    "reference/route",
  ],
  ["environments without number", () => HEAD + environments(40_000) + ONE, "parse/range"],
  [
    "services in as many environments as there may be",
    () =>
      `${HEAD}${environments(32)}services:\n${fill((i) => `  s${i}: { exposure: public, host: h${i}.localhost, upstream: http://127.0.0.1:1, routes: { GET /: { needs: a:b } } }\n`, SIZE - 4000)}`,
    null,
  ],
];

for (const [what, write, first] of files)
  test(`is answered in time: ${what}`, () => {
    const text = write();
    const before = process.cpuUsage();
    const { policy, diagnostics } = parsePolicy("p.yaml", text);
    const { user, system } = process.cpuUsage(before);
    assert.equal(diagnostics[0]?.id ?? null, first);
    assert.ok(diagnostics.length <= 201);
    assert.equal(policy === null, hasErrors(diagnostics));
    for (const { span, message, hint } of diagnostics) {
      assert.ok(span.start >= 0 && span.start <= span.end && span.end <= text.length);
      assert.ok(message.length <= 700 && (hint ?? "").length <= 700);
    }
    assert.ok((user + system) / 1000 < MAX_CPU_MS, `${Math.round((user + system) / 1000)} ms of CPU`);
    assert.ok(process.memoryUsage().rss < MAX_MEMORY_BYTES, `${process.memoryUsage().rss} bytes`);
  });

test("is answered in time: 200 included files of 20 kB, linted", () => {
  const include = Array.from({ length: 200 }, (_, i) => `t${i}.yaml`);
  const text = `${HEAD}include: [${include.join(", ")}]\n${LOCAL}`;
  const before = process.cpuUsage();
  const { policy, diagnostics } = parsePolicy("p.yaml", text, (path) => ({
    ok: true,
    text: `gatehouse: 1\n${ONE.replace("web:", `web-${/\d+/.exec(path)?.[0]}:`).replace("GET /", `GET /${path}/x`)}${"# a comment of a line\n".repeat(900)}`,
  }));
  assert.deepEqual(diagnostics, []);
  assert.ok(policy !== null);
  lintPolicy(policy);
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 < MAX_CPU_MS, `${Math.round((user + system) / 1000)} ms of CPU`);
});
