/**
 * The cases of cases/iam: AWS's evaluation as data, asked of `src/iam` and of an evaluator that others wrote. Where that
 * one says something else, the case says so, who is right, and why; a difference that nobody wrote down fails, and so does
 * one that was written down and is none.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type WrittenDocument,
  compileDocument,
  compileTrust,
  evaluate,
  evaluateTrust,
  explainDenial,
} from "../../src/iam/index.ts";
import {
  ACCOUNT,
  API,
  type AccessCase,
  type ConditionCase,
  type Effect,
  ISSUER,
  type IamCase,
  type MalformedCase,
  type TrustCase,
  type Truth,
  readIamCaseFiles,
} from "./iam-case.ts";
import { type Simulator, type SimulatorQuestion, startSimulator } from "./simulator.ts";

const LEAST_CASES = 150;
const PRINCIPAL = `arn:aws:sts::${ACCOUNT}:assumed-role/reader/ada`;
const files = readIamCaseFiles();
const counts = { asked: 0, agreed: 0, explained: 0, malformed: 0 };

describe("IAM evaluates the cases as AWS does", () => {
  let simulator: Simulator;
  before(async () => {
    simulator = await startSimulator();
  });
  after(() => simulator.close());

  for (const { name, cases } of files)
    describe(name, () => {
      for (const one of cases)
        test(one.id, async () => {
          if (one.kind === "malformed") return expectMalformed(one);
          const { ours, theirs } = await askBoth(simulator, one);
          assert.equal(ours, one.expect, `gatehouse; source: ${one.source}`);
          assert.equal(theirs, one.simulator?.says ?? one.expect, `simulator; source: ${one.source}`);
          if (one.simulator !== null) assert.notEqual(one.simulator.says, one.expect, "this is no difference");
          counts.asked += 1;
          counts[one.simulator === null ? "agreed" : "explained"] += 1;
        });
    });

  test(`there are at least ${LEAST_CASES} cases, each with an id of its own`, (context) => {
    const { asked, agreed, explained, malformed } = counts;
    context.diagnostic(`${asked} cases asked of both: ${agreed} alike, ${explained} differ as written down`);
    context.diagnostic(`${malformed} documents that break the grammar`);
    const ids = files.flatMap(({ cases }) => cases.map(({ id }) => id));
    assert.ok(ids.length >= LEAST_CASES, `${ids.length} cases`);
    assert.equal(new Set(ids).size, ids.length);
  });
});

function expectMalformed({ of, document, message }: MalformedCase): void {
  assert.throws(() => (of === "trust" ? compileTrust(document) : compileDocument(document)), {
    name: "GatehouseError",
    code: "GH_IAM_DOCUMENT_MALFORMED",
    message: `IAM document is malformed at ${message}`,
  });
  counts.malformed += 1;
}

interface Both {
  readonly ours: Effect | Truth;
  readonly theirs: Effect | Truth | "nothing";
}

type Answer = Effect | "nothing";

function askBoth(simulator: Simulator, one: Exclude<IamCase, MalformedCase>): Promise<Both> {
  if (one.kind === "condition") return askAboutCondition(simulator, one);
  return one.kind === "trust" ? askAboutTrust(simulator, one) : askAboutAccess(simulator, one);
}

function question(of: Partial<SimulatorQuestion> & Pick<SimulatorQuestion, "context">): SimulatorQuestion {
  return {
    principal: PRINCIPAL,
    account: ACCOUNT,
    action: "execute-api:Invoke",
    resource: `${API}/GET/orders/7`,
    identity: [],
    boundary: null,
    session: null,
    trust: null,
    ...of,
  };
}

async function askSimulator(simulator: Simulator, questions: readonly SimulatorQuestion[]): Promise<Answer[]> {
  const answers = await simulator.ask(questions);
  return answers.map((answer) => {
    if (!answer.ok && !answer.problem.includes("no.resource.types"))
      throw new Error(`the simulator does not answer: ${answer.problem}`);
    return answer.ok ? answer.effect : "nothing";
  });
}

/** An Allow with the condition, and a Deny with it beside an Allow of everything. */
async function askAboutCondition(simulator: Simulator, { condition, context }: ConditionCase): Promise<Both> {
  const all = { Action: "*", Resource: "*" };
  const documents = [
    [{ ...all, Effect: "Allow", Condition: condition }],
    [
      { ...all, Effect: "Allow" },
      { ...all, Effect: "Deny", Condition: condition },
    ],
  ].map((Statement) => ({ Version: "2012-10-17", Statement }) as unknown as WrittenDocument);
  const request = { action: "execute-api:Invoke", resource: `${API}/GET/orders/7`, context };
  const ours = documents.map(
    (document) => evaluate(request, { identity: [compileDocument(document)], boundary: null }).effect,
  );
  const theirs = await askSimulator(
    simulator,
    documents.map((document) => question({ context, identity: [document] })),
  );
  return { ours: truthOf(ours), theirs: truthOf(theirs) };
}

function truthOf([allow, deny]: readonly Answer[]): Truth {
  if (allow === "Allowed") return deny === "ExplicitlyDenied" ? "holds" : assert.fail("it holds in an Allow only");
  return deny === "ExplicitlyDenied" ? "open" : "fails";
}

async function askAboutAccess(simulator: Simulator, one: AccessCase): Promise<Both> {
  const { identities, boundary, sessions, action, resource, context, why } = one;
  const evaluation = evaluate(
    { action, resource, context },
    {
      identity: identities.map(compileDocument),
      boundary: boundary === null ? null : compileDocument(boundary),
      session: sessions?.map(compileDocument) ?? null,
    },
  );
  if (why !== null)
    assert.equal(
      explainDenial(evaluation, { userArn: PRINCIPAL, action, resource }),
      `User: ${PRINCIPAL} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
    );
  const [theirs] = await askSimulator(simulator, [
    question({ context, action, resource, identity: identities, boundary, session: sessions }),
  ]);
  return { ours: evaluation.effect, theirs: theirs ?? assert.fail() };
}

/** The simulator does not know the keys of other issuers than AWS's partners; they get names that it knows. */
const KEYS: Readonly<Record<string, string>> = {
  [`${ISSUER}:sub`]: "aws:PrincipalTag/sub",
  [`${ISSUER}:aud`]: "aws:PrincipalTag/aud",
  [`${ISSUER}:amr`]: "aws:CalledVia",
};

async function askAboutTrust(simulator: Simulator, { trust, action, federated, context }: TrustCase): Promise<Both> {
  const ours = evaluateTrust(compileTrust(trust), { action, principal: { federated }, context });
  const renamed = Object.entries(KEYS).reduce((text, [key, name]) => text.replaceAll(key, name), JSON.stringify(trust));
  const [theirs] = await askSimulator(simulator, [
    question({
      principal: federated,
      action,
      resource: `arn:aws:iam::${ACCOUNT}:role/reader`,
      context: Object.fromEntries(Object.entries(context).map(([key, value]) => [KEYS[key] ?? key, value])),
      trust: JSON.parse(renamed) as WrittenDocument,
    }),
  ]);
  return { ours, theirs: theirs ?? assert.fail() };
}
