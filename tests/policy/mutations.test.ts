/**
 * The mutation hunt: a good policy of three files that uses everything, changed at random in one to three places.
 *
 * What is shown: reading never throws; every finding has a known id, a place inside the text of its own file and a
 * message of one line that shows all of itself; what is accepted can be judged by the guardrails, decided on, and
 * compiled for every environment, or says in coded findings why not.
 * `GATEHOUSE_SEED` repeats a run, `GATEHOUSE_MUTANTS` makes it longer.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Document,
  type Node,
  Pair,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import { compile } from "../../src/compile/index.ts";
import { type Diagnostic, type Sources, createManualClock, hasErrors, renderDiagnostic } from "../../src/core/index.ts";
import {
  GUARDRAILS,
  type Policy,
  REASONS,
  RULES,
  WAIVER_FINDINGS,
  decide,
  lintPolicy,
} from "../../src/policy/index.ts";
import { type Files, ROOT, WHOLE, parseFiles } from "../../src/policy/testing/whole-policy.ts";

const MUTANTS = Number(process.env["GATEHOUSE_MUTANTS"] ?? 5000);
const seed = Number(process.env["GATEHOUSE_SEED"] ?? Date.now() % 2 ** 31);
const CLOCK = createManualClock(Date.parse("2026-11-25T12:00:00Z"));
/** What the eye does not see, but for line feeds. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?!\u200c|\u200d|\p{Variation_Selector})[\p{Cf}]/u;

type Random = (below: number) => number;

/** Numbers from a seed: xorshift32. */
function createRandom(from: number): Random {
  let state = from >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const ODD_TEXTS: readonly string[] = [
  ..."| |x|X|a b|a-b|a:b|a:*|*|*:*|**|0123|1_000|0x10|~|null|yes|no|on|__proto__|constructor|toString|<<".split("|"),
  ..."10 seconds|10 second|1 fortnight|5/second|0/second|5/second burst 0|5 MB|5MB|2026-02-30|2026-02-03|08:00".split(
    "|",
  ),
  ..."https://a.example|http://b.example/x|HTTPS://A.EXAMPLE|//c.example|http://[::1]:1|http://u:p@h:1|a@b.example".split(
    "|",
  ),
  ..."embedded|internal|public|private|secret:a|secret:|claim:sub|claim:|GET /x|ANY /{p+}|GET /{p}/{p}|get /x|24:00".split(
    "|",
  ),
  ..."POST /a/../b|GET /_gatehouse|OPTIONS /{customer}/items|10.0.0.0/8|::/0|::ffff:0:0/96|local|prod|stage|ci".split(
    "|",
  ),
  ..."teams/events.yaml|teams/more/roles.yaml|../x|/etc/passwd|p.yaml|x-a|x--a|X-A|x-gatehouse-subject|set-cookie".split(
    "|",
  ),
  ..."${x}|{{x}}|%00|\\|^a$|/a/|ä|שלום|ok\u200d|\u202e|\u200b|\u0000|\u001b[2J|\ud800|line\nbreak|tab\there|a\r\nb".split(
    "|",
  ),
  "a".repeat(49),
  "a".repeat(1025),
  "/a".repeat(600),
  `GET /${"a".repeat(3000)}`,
];
const ODD: readonly unknown[] = [
  ...ODD_TEXTS,
  null,
  true,
  false,
  0,
  1,
  -1,
  2.5,
  1e21,
  123_456_789_012,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  [],
  {},
  ["x"],
  [["x"]],
  [{}],
  [null],
  [1],
  ["x", "x"],
  { x: 1 },
  { a: null },
  { "": "" },
  { groups: ["x"] },
  { not: { groups: ["x"] } },
  { all: [{ not: { groups: ["x"] } }] },
  { any: [] },
  { issuer: "ci" },
  { claim: { name: "a", equals: 1 } },
  { claim: { name: "a", prefix: "shop/*" } },
  { path: { customer: "claim:sub" } },
  { needs: "a:b" },
  { open: "yes" },
  { set: { a: "b" } },
  { acme: "a@b.example" },
  { prod: "http://a:1" },
];

const STYLES = ["BLOCK_LITERAL", "BLOCK_FOLDED", "QUOTE_DOUBLE", "QUOTE_SINGLE", "PLAIN"] as const;

function pickText(random: Random): string {
  return ODD_TEXTS[random(ODD_TEXTS.length)] ?? "";
}

/** A place in a document: the collection and which of its entries. */
interface Place {
  readonly of: YAMLMap | YAMLSeq;
  readonly index: number;
}

function listPlaces(document: Document): Place[] {
  const places: Place[] = [];
  const visit = (node: unknown): void => {
    if (!isMap(node) && !isSeq(node)) return;
    for (const [index, item] of node.items.entries()) {
      places.push({ of: node, index });
      visit(isPair(item) ? item.value : item);
    }
  };
  visit(document.contents);
  return places;
}

function valueAt({ of, index }: Place): unknown {
  const item = of.items[index];
  return isPair(item) ? item.value : item;
}

function setValue({ of, index }: Place, value: unknown): void {
  const item = of.items[index];
  if (isPair(item)) item.value = value;
  else of.items[index] = value;
}

function cloneValue(value: unknown): unknown {
  return isScalar(value) || isMap(value) || isSeq(value) ? value.clone() : value;
}

/** Changes one place of a document. */
function mutateNode(document: Document, others: readonly Document[], random: Random): void {
  const places = listPlaces(document);
  const place = places[random(places.length)];
  if (place === undefined) return;
  const from = others[random(others.length)] ?? document;
  const donors = listPlaces(from);
  const donor = donors[random(donors.length)] ?? place;
  const odd = (): Node => document.createNode(ODD[random(ODD.length)]) as Node;
  const { of, index } = place;
  const item = of.items[index];
  switch (random(11)) {
    case 0:
      of.items.splice(index, 1);
      break;
    case 1: {
      // Twice, under its own name or another one.
      const copy = cloneValue(valueAt(place));
      if (isMap(of) && isPair(item)) of.items.push(new Pair(random(3) === 0 ? cloneValue(item.key) : odd(), copy));
      else of.items.push(copy as never);
      break;
    }
    case 2: {
      const mine = valueAt(place);
      setValue(place, cloneValue(valueAt(donor)));
      if (from === document) setValue(donor, cloneValue(mine));
      break;
    }
    case 3:
      setValue(place, cloneValue(valueAt(donor)));
      break;
    case 4:
      if (isPair(item))
        item.key =
          random(2) === 0 && isPair(donor.of.items[donor.index])
            ? cloneValue((donor.of.items[donor.index] as Pair).key)
            : odd();
      else setValue(place, odd());
      break;
    case 5:
      // Another type around the same.
      setValue(place, document.createNode(random(2) === 0 ? [valueAt(place)] : { [pickText(random)]: valueAt(place) }));
      break;
    case 6: {
      const value = valueAt(place);
      if (isScalar(value)) value.type = STYLES[random(STYLES.length)] ?? "PLAIN";
      else setValue(place, odd());
      break;
    }
    case 7: {
      const value = valueAt(place);
      if (isScalar(value) && typeof value.value === "string") {
        const at = random(value.value.length + 1);
        const piece = pickText(random);
        setValue(place, new Scalar(value.value.slice(0, at) + piece + value.value.slice(at + random(3))));
      } else setValue(place, odd());
      break;
    }
    case 8: {
      const other = random(of.items.length);
      [of.items[index], of.items[other]] = [of.items[other], of.items[index]];
      break;
    }
    default:
      setValue(place, odd());
  }
}

/** Changes the text itself: lines, indentation, a few characters. */
function mutateText(text: string, random: Random): string {
  const lines = text.split("\n");
  const at = random(lines.length);
  const other = random(lines.length);
  switch (random(7)) {
    case 0:
      lines.splice(at, 1 + random(3));
      break;
    case 1:
      lines.splice(other, 0, lines[at] ?? "");
      break;
    case 2:
      [lines[at], lines[other]] = [lines[other] ?? "", lines[at] ?? ""];
      break;
    case 3:
      lines[at] = `${" ".repeat(random(5))}${(lines[at] ?? "").slice(random(3))}`;
      break;
    case 4:
      return text.slice(0, random(text.length));
    case 5:
      return text.replaceAll("\n", random(2) === 0 ? "\r\n" : "\n\n");
    default: {
      const start = random(text.length);
      return text.slice(0, start) + pickText(random) + text.slice(start + random(6));
    }
  }
  return lines.join("\n");
}

const DOCUMENTS = new Map(Object.entries(WHOLE).map(([name, text]) => [name, parseDocument(text)]));

/** The files with one to three changes; null when a change cannot be written as YAML. */
function mutate(random: Random): Files | null {
  const names = Object.keys(WHOLE) as (keyof typeof WHOLE)[];
  const changed = new Map<string, Document>();
  const files: Record<string, string> = { ...WHOLE };
  for (let times = 1 + random(10) / 4; times >= 1; times--) {
    const name = names[random(names.length)] as (typeof names)[number];
    const document = changed.get(name) ?? (DOCUMENTS.get(name) as Document).clone();
    changed.set(name, document);
    if (random(8) === 0) files[name] = mutateText(files[name] ?? "", random);
    else {
      mutateNode(document, [document, document, ...DOCUMENTS.values()], random);
      try {
        files[name] = document.toString({ lineWidth: random(2) === 0 ? 0 : 80 });
      } catch {
        return null;
      }
    }
  }
  if (random(40) === 0) delete files[names[1 + random(names.length - 1)] as string];
  return files;
}

const KNOWN = new Set([...Object.keys(RULES), ...Object.keys(GUARDRAILS), ...Object.keys(WAIVER_FINDINGS)]);

function checkFindings(diagnostics: readonly Diagnostic[], sources: Sources, isKnown: (id: string) => boolean): void {
  for (const finding of diagnostics) {
    assert.ok(isKnown(finding.id), finding.id);
    for (const { file, start, end } of [finding.span, ...(finding.related ?? []).map(({ span }) => span)]) {
      const text = sources.get(file);
      assert.ok(text !== undefined, `no text of ${file}`);
      assert.ok(Number.isInteger(start) && 0 <= start && start <= end && end <= text.length, `${start} to ${end}`);
    }
    for (const said of [finding.message, ...(finding.related ?? []).map(({ message }) => message)]) {
      assert.ok(said.trim() !== "" && !said.includes("\n") && !UNSEEN.test(said), JSON.stringify(said));
    }
    assert.ok(
      finding.hint === undefined ||
        (finding.hint.trim() !== "" && !finding.hint.includes("\n") && !UNSEEN.test(finding.hint)),
      JSON.stringify(finding.hint),
    );
    assert.ok(!UNSEEN.test(renderDiagnostic(finding, sources)), "the line is shown with what nobody sees");
  }
}

const CALLERS = [
  null,
  {
    subject: "ada",
    clientId: null,
    groups: ["support", "staff"],
    claims: { sub: ["ada"], level: ["1"] },
    issuedAtSeconds: 1_790_000_000,
  },
  {
    subject: "robot",
    clientId: "worker",
    groups: [],
    issuer: "ci",
    claims: { repository: ["shop/web"] },
    issuedAtSeconds: null,
  },
];

function useEverywhere(policy: Policy, sources: Sources): void {
  checkFindings(lintPolicy(policy, CLOCK), sources, (id) => KNOWN.has(id));
  for (const environment of policy.environments) {
    for (const { exposure, routes, hosts } of policy.services)
      for (const { method, path } of routes.slice(0, 3))
        for (const caller of CALLERS) {
          const decision = decide(
            policy,
            environment.name,
            {
              exposure,
              host: hosts[environment.name] ?? environment.domain,
              method: method === "ANY" ? "GET" : method,
              path: path.replaceAll(/\{[^}]*\}/g, "ada"),
              sourceIp: "10.0.0.1",
              atMs: CLOCK.nowMs(),
            },
            caller,
          );
          assert.ok(Object.hasOwn(REASONS, decision.reason));
          assert.equal(
            decision.effect,
            decision.reason === "open-route" || decision.reason === "role-grants" ? "allow" : "deny",
          );
        }
    const compiled = compile(policy, environment.name, sources);
    checkFindings(compiled.diagnostics, sources, (id) => id.startsWith("compile/"));
    assert.equal(compiled.artifacts === null, hasErrors(compiled.diagnostics));
  }
}

test("PL-1.6: a policy that is changed at random is read, or refused with places", (context) => {
  const random = createRandom(seed);
  const ids = new Set<string>();
  let accepted = 0;
  let done = 0;
  for (let run = 0; done < MUTANTS; run++) {
    const files = mutate(random);
    if (files === null) continue;
    done++;
    try {
      const { policy, diagnostics, sources } = parseFiles(files);
      checkFindings(diagnostics, sources, (id) => Object.hasOwn(RULES, id));
      assert.equal(policy === null, hasErrors(diagnostics));
      for (const { id } of diagnostics) ids.add(id);
      if (policy === null) continue;
      accepted++;
      useEverywhere(policy, sources);
    } catch (problem) {
      const shown = Object.entries(files)
        .filter(([name, text]) => text !== (WHOLE as Files)[name])
        .map(([name, text]) => `${name}:\n${text}`)
        .join("\n");
      throw new Error(`GATEHOUSE_SEED=${seed}, mutant ${run}\n${shown}`, { cause: problem });
    }
  }
  context.diagnostic(`GATEHOUSE_SEED=${seed}: ${done} mutants, ${accepted} accepted, ${ids.size} kinds of findings`);
  assert.ok(accepted > done / 20 && ids.size > 40, "the mutants are too broken, or not broken enough");
});

test("the policy that is changed is good everywhere", () => {
  const { policy, sources } = parseFiles(WHOLE);
  assert.ok(policy !== null && sources.has(ROOT));
  useEverywhere(policy, sources);
});
