/**
 * Generated documents and requests, each asked of `src/iam` and of an evaluator that others wrote. Where they disagree, what
 * is known about that evaluator is taken out of the question, and both have to agree on the rest.
 * The seed is printed; `GATEHOUSE_SEED=n` repeats it, `GATEHOUSE_IAM_QUESTIONS=n` asks more or fewer.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Evaluation, compileDocument, evaluate } from "../../src/iam/index.ts";
import { createRandom } from "../engines/random.ts";
import { readSeed } from "../engines/render-counts.ts";
import { OPERATORS, type Question, generateQuestion } from "./generate-question.ts";
import { ACCOUNT } from "./iam-case.ts";
import { withoutKnownDifferences } from "./known-differences.ts";
import { type Simulator, startSimulator } from "./simulator.ts";

const QUESTIONS = Number(process.env["GATEHOUSE_IAM_QUESTIONS"] ?? 4000);
const BATCH = 100;
/** Of all questions, so that known differences cannot grow into everything. */
const MOST_KNOWN = 0.12;
const LEAST_OF_EACH_EFFECT = 0.05;

type Effect = Evaluation["effect"];

describe("generated documents mean the same to an evaluator that others wrote", () => {
  let simulator: Simulator;
  before(async () => {
    simulator = await startSimulator();
  });
  after(() => simulator.close());

  test(`${QUESTIONS} questions`, async (context) => {
    const seed = readSeed();
    const random = createRandom(seed);
    const effects = new Map<string, number>();
    const known = new Map<string, number>();
    const operators = new Map<string, number>();
    let differ = 0;
    for (let asked = 0; asked < QUESTIONS; asked += BATCH) {
      const questions = Array.from({ length: Math.min(BATCH, QUESTIONS - asked) }, () => generateQuestion(random));
      const ours = questions.map(askOurs);
      const theirs = await askTheirs(simulator, questions);
      const disputed: { question: Question; ours: Effect; index: number }[] = [];
      for (const [index, question] of questions.entries()) {
        const effect = ours[index] ?? assert.fail();
        count(effects, effect);
        for (const operator of operatorsOf(question)) count(operators, operator);
        if (effect !== theirs[index]) disputed.push({ question, ours: effect, index });
      }
      differ += disputed.length;
      const left = disputed.map(({ question }) => withoutKnownDifferences(question));
      const answers = await askTheirs(
        simulator,
        left.map(({ question }) => question),
      );
      for (const [place, { question, ours: effect, index }] of disputed.entries()) {
        const { names, question: rest } = left[place] ?? assert.fail();
        const verdicts = {
          ours: effect,
          theirs: theirs[index],
          oursOfRest: askOurs(rest),
          theirsOfRest: answers[place],
        };
        const isExplained = names.size > 0 && verdicts.oursOfRest === effect && verdicts.theirsOfRest === effect;
        const shown = JSON.stringify({ verdicts, known: [...names], question, rest }, null, 1);
        assert.ok(isExplained, `seed ${seed}, question ${asked + index}: not explained\n${shown}`);
        for (const name of names) count(known, name);
      }
    }
    context.diagnostic(
      `GATEHOUSE_SEED=${seed}: ${QUESTIONS} questions, ${QUESTIONS - differ} answered alike, ${differ} differ as is known`,
    );
    for (const line of renderTable("effect", effects)) context.diagnostic(line);
    for (const line of renderTable("known difference in a question that differs", known)) context.diagnostic(line);
    for (const line of renderTable("operator in a question", operators)) context.diagnostic(line);
    assert.ok(differ <= MOST_KNOWN * QUESTIONS, `${differ} of ${QUESTIONS} questions differ`);
    for (const effect of ["Allowed", "ExplicitlyDenied", "ImplicitlyDenied"])
      assert.ok((effects.get(effect) ?? 0) >= LEAST_OF_EACH_EFFECT * QUESTIONS, `${effect}: ${effects.get(effect)}`);
    assert.deepEqual(
      [...OPERATORS, "Null"].filter((operator) => !operators.has(operator)),
      [],
    );
  });
});

function askOurs({ action, resource, context, identity, boundary, session }: Question): Effect {
  return evaluate(
    { action, resource, context },
    {
      identity: identity.map(compileDocument),
      boundary: boundary === null ? null : compileDocument(boundary),
      session: session?.map(compileDocument) ?? null,
    },
  ).effect;
}

async function askTheirs(simulator: Simulator, questions: readonly Question[]): Promise<Effect[]> {
  const principal = `arn:aws:sts::${ACCOUNT}:assumed-role/reader/ada`;
  const answers = await simulator.ask(
    questions.map((question) => ({ ...question, principal, account: ACCOUNT, trust: null })),
  );
  return answers.map((answer) => (answer.ok ? answer.effect : assert.fail(answer.problem)));
}

function operatorsOf({ identity, boundary, session }: Question): Set<string> {
  const documents = [...identity, ...(boundary === null ? [] : [boundary]), ...(session ?? [])];
  const names = documents.flatMap(({ Statement }) =>
    [Statement].flat().flatMap(({ Condition }) => Object.keys(Condition ?? {})),
  );
  return new Set(names.map((name) => name.replace(/^.*:/, "").replace(/IfExists$/, "")));
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function renderTable(title: string, counts: ReadonlyMap<string, number>): string[] {
  const rows = [...counts].sort(([, a], [, b]) => b - a);
  const width = Math.max(title.length, ...rows.map(([name]) => name.length));
  return [
    `${title.padEnd(width)}  questions`,
    ...rows.map(([name, n]) => `${name.padEnd(width)}  ${String(n).padStart(9)}`),
  ];
}
