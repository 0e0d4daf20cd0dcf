/**
 * What has to be true of any documents, whatever they say: asked of `src/iam` alone, on generated questions.
 * The seed is printed; `GATEHOUSE_SEED=n` repeats it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Evaluation,
  type RequestContext,
  type WrittenDocument,
  type WrittenStatement,
  compileDocument,
  evaluate,
} from "../../src/iam/index.ts";
import { type Random, createRandom } from "../engines/random.ts";
import { readSeed } from "../engines/render-counts.ts";
import { type Question, generateDocument, generateQuestion } from "./generate-question.ts";

const QUESTIONS = 4000;
/** Share of questions that a change has to touch, or it was no change. */
const LEAST_DIFFERENT = 0.02;

type Effect = Evaluation["effect"];

function ask({ action, resource, context, identity, boundary, session }: Question): Effect {
  return evaluate(
    { action, resource, context },
    {
      identity: identity.map(compileDocument),
      boundary: boundary === null ? null : compileDocument(boundary),
      session: session?.map(compileDocument) ?? null,
    },
  ).effect;
}

function statementsOf({ Statement }: WrittenDocument): readonly WrittenStatement[] {
  return [Statement].flat();
}

function withStatements(
  question: Question,
  change: (statements: readonly WrittenStatement[]) => WrittenStatement[],
): Question {
  const changed = (document: WrittenDocument): WrittenDocument => ({
    ...document,
    Statement: change(statementsOf(document)),
  });
  return {
    ...question,
    identity: question.identity.map(changed),
    boundary: question.boundary === null ? null : changed(question.boundary),
    session: question.session?.map(changed) ?? null,
  };
}

function withEffect(document: WrittenDocument, Effect: "Allow" | "Deny"): WrittenDocument {
  return { ...document, Statement: statementsOf(document).map((statement) => ({ ...statement, Effect })) };
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  return list.map(() => left.splice(random.below(left.length), 1)[0] as T);
}

function upperCaseKeys(context: RequestContext): RequestContext {
  return Object.fromEntries(Object.entries(context).map(([key, value]) => [key.toUpperCase(), value]));
}

const RANK: Readonly<Record<Effect, number>> = { ExplicitlyDenied: 0, ImplicitlyDenied: 1, Allowed: 2 };
const narrows = (before: Effect, after: Effect): boolean => RANK[after] <= RANK[before];
const isSame = (before: Effect, after: Effect): boolean => after === before;

interface Property {
  readonly title: string;
  readonly change: (question: Question, random: Random) => Question;
  readonly holds: (before: Effect, after: Effect) => boolean;
  /** Whether the change has to make a difference now and then. */
  readonly differs: boolean;
}

const properties: readonly Property[] = [
  {
    title: "a Deny more never widens, wherever it stands",
    change(question, random) {
      const deny = withEffect(generateDocument(random), "Deny");
      const place = random.pick(["identity", "boundary", "session"]);
      if (place === "boundary" && question.boundary !== null) {
        const { boundary } = question;
        return {
          ...question,
          boundary: { Version: "2012-10-17", Statement: [...statementsOf(boundary), ...statementsOf(deny)] },
        };
      }
      if (place === "session" && question.session !== null)
        return { ...question, session: [...question.session, deny] };
      return { ...question, identity: [deny, ...question.identity] };
    },
    holds: narrows,
    differs: true,
  },
  {
    title: "a Deny of everything denies, wherever it stands",
    change(question, random) {
      const deny: WrittenDocument = {
        Version: "2012-10-17",
        Statement: { Effect: "Deny", Action: "*", Resource: "*" },
      };
      const place = random.pick(["identity", "boundary", "session"]);
      if (place === "boundary") return { ...question, boundary: deny };
      if (place === "session") return { ...question, session: [...(question.session ?? []), deny] };
      return { ...question, identity: [...question.identity, deny] };
    },
    holds: (_, after) => after === "ExplicitlyDenied",
    differs: true,
  },
  {
    title: "a boundary more never widens",
    change: (question, random) =>
      question.boundary === null ? { ...question, boundary: generateDocument(random) } : question,
    holds: narrows,
    differs: true,
  },
  {
    title: "session policies more never widen",
    change: (question, random) =>
      question.session === null
        ? { ...question, session: [generateDocument(random), generateDocument(random)] }
        : question,
    holds: narrows,
    differs: true,
  },
  {
    title: "an Allow more never narrows",
    change: (question, random) => ({
      ...question,
      identity: [...question.identity, withEffect(generateDocument(random), "Allow")],
    }),
    holds: (before, after) => narrows(after, before),
    differs: true,
  },
  {
    title: "an Allow more in a boundary never overrules a Deny",
    change: (question) => ({
      ...question,
      boundary: {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: "*", Resource: "*" },
          ...(question.boundary === null ? [] : statementsOf(question.boundary)),
        ],
      },
    }),
    holds: (before, after) => (before === "ExplicitlyDenied") === (after === "ExplicitlyDenied"),
    differs: true,
  },
  {
    title: "the order of statements and documents never matters",
    change: (question, random) => ({
      ...withStatements(question, (statements) => shuffled(statements, random)),
      identity: shuffled(question.identity, random).map((document) => ({
        ...document,
        Statement: shuffled(statementsOf(document), random),
      })),
    }),
    holds: isSame,
    differs: false,
  },
  {
    title: "a statement for each action is the same as a list of them",
    change: (question) =>
      withStatements(question, (statements) =>
        statements.flatMap((statement) =>
          statement.Action === undefined
            ? [statement]
            : [statement.Action].flat().map((Action) => ({ ...statement, Action })),
        ),
      ),
    holds: isSame,
    differs: false,
  },
  {
    title: "a statement for each resource is the same as a list of them",
    change: (question) =>
      withStatements(question, (statements) =>
        statements.flatMap((statement) =>
          statement.Resource === undefined
            ? [statement]
            : [statement.Resource].flat().map((Resource) => ({ ...statement, Resource })),
        ),
      ),
    holds: isSame,
    differs: false,
  },
  {
    title: "a document for each statement is the same as one of all",
    change: (question) => ({
      ...question,
      identity: question.identity.flatMap((document) =>
        statementsOf(document).map((Statement) => ({ ...document, Statement })),
      ),
    }),
    holds: isSame,
    differs: false,
  },
  {
    title: "statements twice are the same as once",
    change: (question) => withStatements(question, (statements) => [...statements, ...statements]),
    holds: isSame,
    differs: false,
  },
  {
    title: "the case of actions and of context keys never matters",
    change: (question) => ({
      ...question,
      action: question.action.toUpperCase(),
      context: upperCaseKeys(question.context),
    }),
    holds: isSame,
    differs: false,
  },
  {
    title: "an empty list of session policies is none",
    change: (question) => (question.session === null ? { ...question, session: [] } : question),
    holds: isSame,
    differs: false,
  },
  {
    title: "the identity's documents as boundary too change nothing but where a Deny is seen",
    change: (question) =>
      question.boundary !== null || question.identity.some(({ Version }) => Version !== "2012-10-17")
        ? question
        : {
            ...question,
            boundary: { Version: "2012-10-17", Statement: question.identity.flatMap(statementsOf) },
          },
    holds: isSame,
    differs: false,
  },
];

for (const { title, change, holds, differs } of properties)
  test(title, (context) => {
    const seed = readSeed();
    const random = createRandom(seed);
    let different = 0;
    for (let index = 0; index < QUESTIONS; index++) {
      const question = generateQuestion(random);
      const changed = change(question, random);
      const [before, after] = [ask(question), ask(changed)];
      if (before !== after) different += 1;
      if (!holds(before, after))
        assert.fail(`seed ${seed}: ${before} became ${after}\n${JSON.stringify({ question, changed }, null, 1)}`);
    }
    context.diagnostic(`GATEHOUSE_SEED=${seed}: ${different} of ${QUESTIONS} effects differ`);
    if (differs) assert.ok(different >= LEAST_DIFFERENT * QUESTIONS, `${different} effects differ`);
  });
