/**
 * The same policy written otherwise decides the same: for the shared cases by the reference and by the gateway, for
 * generated policies by the reference.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { readCaseFiles } from "./case-file.ts";
import { compileGenerated, createTokens, findProblem, readGenerated } from "./differential.ts";
import { type Answer, formatAnswer } from "./engine.ts";
import { generateCase, generateIdentity } from "./generate-case.ts";
import { type GeneratedPolicy, type Mapping, generatePolicy } from "./generate-policy.ts";
import { REWRITES, type Rewritten } from "./metamorphic.ts";
import { createRandom } from "./random.ts";
import { askReference } from "./reference.ts";
import { readSeed } from "./render-counts.ts";
import { type RunningGateway, startRunningGateway } from "./running-gateway.ts";

const GENERATED = 120;
const REQUESTS = 40;
const NOWHERE = "http://127.0.0.1:9";

/** What is not compared is left out. */
function expected(rewritten: Rewritten, answer: Answer): string {
  const read = rewritten.expect(answer);
  return formatAnswer(rewritten.isRoleFree === true ? { ...read, role: null } : read);
}

function given(rewritten: Rewritten, answer: Answer): string {
  return formatAnswer(rewritten.isRoleFree === true ? { ...answer, role: null } : answer);
}

function accepted<T extends { readonly ok: boolean }>(read: T): Extract<T, { readonly ok: true }> {
  if (!read.ok) throw new Error(`it is refused: ${JSON.stringify(read)}`);
  return read as Extract<T, { readonly ok: true }>;
}

describe("the shared cases, their policies written otherwise", () => {
  const files = readCaseFiles().map((file) => {
    const include = mapTexts(file.include);
    const written: GeneratedPolicy = { policy: parse(file.policy) as Mapping, include };
    return { file, written, read: accepted(readGenerated(written, NOWHERE)) };
  });
  let gateway: RunningGateway;
  before(async () => {
    gateway = await startRunningGateway();
  });
  after(async () => gateway.close());

  for (const [name, rewrite] of Object.entries(REWRITES))
    test(name, async (context) => {
      let [asked, changed] = [0, 0];
      const problems: string[] = [];
      for (const { file, written, read } of files) {
        const rewritten = rewrite(written);
        if (rewritten === null) continue;
        if (JSON.stringify(rewritten.policy) !== JSON.stringify(written)) changed++;
        const other = accepted(compileGenerated(rewritten.policy, gateway.upstream));
        for (const [environment, artifacts] of other.artifacts) {
          if (rewritten.environment !== undefined && rewritten.environment !== environment) continue;
          const cases = file.cases.filter((one) => read.environment(one.environment).name === environment);
          if (cases.length === 0) continue;
          await gateway.load(artifacts);
          const place = other.environment(environment);
          const tokens = createTokens(gateway, other, place);
          for (const one of cases) {
            asked++;
            const was = expected(rewritten, askReference(read.policy, environment, one));
            const is = given(rewritten, askReference(other.policy, environment, one));
            if (is !== was) problems.push(`${file.name}, ${one.id}: was ${was}, is ${is}`);
            if (one.gatewayReason !== null) continue;
            const problem = await findProblem({ gateway }, "gateway", other, place, artifacts, one, tokens);
            if (problem !== null) problems.push(`${file.name}, ${one.id}: ${problem.text}`);
          }
        }
      }
      assert.deepEqual(problems, []);
      assert.ok(changed > 0, "nothing was rewritten");
      context.diagnostic(`${name}: ${asked} cases decided alike`);
    });
});

function mapTexts(include: Readonly<Record<string, string>>): GeneratedPolicy["include"] {
  return Object.fromEntries(Object.entries(include).map(([path, text]) => [path, parse(text) as Mapping]));
}

describe("generated policies written otherwise", () => {
  const seed = readSeed();
  const made = Array.from({ length: GENERATED }, (_, index) => {
    const random = createRandom(Math.imul(seed, 1_000_003) + index);
    const written = generatePolicy(random);
    const read = readGenerated(written, NOWHERE);
    const cases = !read.ok
      ? []
      : Array.from({ length: REQUESTS }, (_each, i) =>
          generateCase(random, read.policy, `made-${index}-${i}`, generateIdentity(random, read.policy)),
        );
    return { index, written, read, cases };
  });

  for (const [name, rewrite] of Object.entries(REWRITES))
    test(name, (context) => {
      let asked = 0;
      for (const { index, written, read, cases } of made) {
        const rewritten = read.ok ? rewrite(written) : null;
        if (!read.ok || rewritten === null) continue;
        const other = accepted(readGenerated(rewritten.policy, NOWHERE));
        for (const one of cases) {
          const environment = one.environment ?? "";
          if (rewritten.environment !== undefined && rewritten.environment !== environment) continue;
          asked++;
          const was = expected(rewritten, askReference(read.policy, environment, one));
          const is = given(rewritten, askReference(other.policy, environment, one));
          assert.equal(is, was, `GATEHOUSE_SEED=${seed}, policy ${index}, ${one.id}`);
        }
      }
      assert.ok(asked > 0, "nothing was rewritten");
      context.diagnostic(`${name}: ${asked} generated decisions alike, GATEHOUSE_SEED=${seed}`);
    });
});
