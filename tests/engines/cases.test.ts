/**
 * Promise P1 on the shared cases: one policy, one decision, whoever is asked. Each case is asked of `decide`, of the
 * gateway over its socket with signed tokens, of a client in front of a real Caddy, where IAM has a say of an evaluator of
 * IAM documents that others wrote, and of the compiled APIs served as AWS serves them to callers who sign. The table at the end says how many cases each engine was asked.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Artifacts, IamRole } from "../../src/model/index.ts";
import {
  type Environment,
  inEnvironment,
  isMember,
  listRoutes,
  matchRoute,
  normalizePath,
} from "../../src/policy/index.ts";
import type { GatewayRecord } from "../../src/records/index.ts";
import { type Case, type CaseFile, NOT_CARRIED, readCaseFiles } from "./case-file.ts";
import { type Loaded, compileFor, findDifference, groupByEnvironment, loadPolicy } from "./engine.ts";
import { askReference, callerOf, payloadOf, sourceOf } from "./reference.ts";
import { type RunningEdge, startRunningEdge } from "./running-edge.ts";
import { type Asked, type RunningGateway, answerOf, startRunningGateway, statusOf } from "./running-gateway.ts";
import { type RunningHttpApi, hasOwnKeys, startRunningHttpApi } from "./running-http-api.ts";
import { type SecondEvaluator, startSecondEvaluator } from "./second-evaluator.ts";
import { createTally } from "./tally.ts";

const files = readCaseFiles();
const LEAST_CASES = 300;
const tally = createTally(["decide", "gateway", "caddy", "iam-simulate", "http-api"]);

describe("every engine decides the shared cases alike", () => {
  let gateway: RunningGateway;
  let edge: RunningEdge;
  let evaluator: SecondEvaluator;
  let httpApi: RunningHttpApi;
  const started: { close(): Promise<void> }[] = [];
  before(async () => {
    started.push((evaluator = await startSecondEvaluator()));
    started.push((gateway = await startRunningGateway()));
    started.push((edge = await startRunningEdge(gateway)));
    started.push((httpApi = await startRunningHttpApi()));
  });
  after(async () => {
    for (const part of started.toReversed()) await part.close();
  });

  for (const file of files)
    test(`${file.name}: ${file.cases.length} cases`, async () => {
      const loaded = loadPolicy(file, gateway.upstream);
      const problems: string[] = [];
      for (const [environment, cases] of groupByEnvironment(file, loaded)) {
        const artifacts = compileFor(loaded, environment);
        await gateway.load(artifacts);
        await edge.load(artifacts.edge);
        httpApi.load(artifacts);
        const asker = { file, loaded, environment, artifacts, gateway, edge, evaluator, httpApi };
        for (const one of cases) problems.push(...(await askEverybody(asker, one)));
      }
      assert.deepEqual(problems, []);
    });

  test(`there are at least ${LEAST_CASES} cases, each with an id of its own`, (context) => {
    for (const line of tally.render()) context.diagnostic(line);
    const ids = files.flatMap(({ cases }) => cases.map(({ id }) => id));
    assert.ok(ids.length >= LEAST_CASES, `${ids.length} cases`);
    assert.equal(new Set(ids).size, ids.length);
  });
});

interface Asker {
  readonly file: CaseFile;
  readonly loaded: Loaded;
  readonly environment: Environment;
  readonly artifacts: Artifacts;
  readonly gateway: RunningGateway;
  readonly edge: RunningEdge;
  readonly evaluator: SecondEvaluator;
  readonly httpApi: RunningHttpApi;
}

/** What does not agree, one text each. */
async function askEverybody(asker: Asker, one: Case): Promise<string[]> {
  const problems: string[] = [];
  const note = (engine: Parameters<typeof tally.agreed>[0], problem: string | null): void => {
    if (problem === null) tally.agreed(engine);
    else {
      tally.disagreed(engine);
      problems.push(`${one.id}, ${engine}: ${problem}`);
    }
  };
  const { policy } = asker.loaded;
  note("decide", findDifference(one.expect, askReference(policy, asker.environment.name, one)));
  const asked = await requestOf(asker, one);
  note("gateway", await askGateway(asker, one, asked));
  if (one.notCarried.caddy !== undefined) tally.notCarried("caddy", NOT_CARRIED.caddy[one.notCarried.caddy]);
  else note("caddy", await askEdge(asker, one, asked));
  const reason = whyIamIsNotAsked(one);
  if (reason !== null) tally.notCarried("iam-simulate", reason);
  else note("iam-simulate", await askEvaluator(asker, one));
  const held = rolesHeld(asker, one);
  const left = whyHttpApiIsNotAsked(one, held);
  if (left !== null) tally.notCarried("http-api", left);
  else note("http-api", await askHttpApi(asker, one, held));
  return problems;
}

async function requestOf({ loaded, environment, gateway }: Asker, one: Case): Promise<Asked> {
  gateway.setTime(one.atMs);
  const { exposure, method, target, host, sourceIp, as } = one;
  const issuedAt = as === null || as.issuedAtMs === null ? null : Math.floor(as.issuedAtMs / 1000);
  const source = sourceOf(loaded.policy, environment, as?.issuer ?? null);
  const token =
    as === null
      ? null
      : await gateway.issuers.sign(
          { ...source, audience: as.audience ?? source.audience },
          payloadOf(loaded.policy, as),
          issuedAt,
          one.atMs,
        );
  return { exposure, method, target, host: host ?? environment.domain, sourceIp, token };
}

async function askGateway({ gateway }: Asker, one: Case, asked: Asked): Promise<string | null> {
  const { status, record } = await gateway.ask(asked);
  const wrongStatus = differs("status", statusOf(record.reason), status);
  return findRecordDifference(one, record) ?? wrongStatus;
}

function findRecordDifference(one: Case, record: GatewayRecord): string | null {
  if (one.gatewayReason !== null) return differs("reason", one.gatewayReason, record.reason);
  return findDifference(one.expect, answerOf(record)) ?? differs("source", one.sourceIp, record.sourceIp);
}

function differs(what: string, expected: unknown, given: unknown): string | null {
  return expected === given ? null : `${what}: expected ${String(expected)}, got ${String(given)}`;
}

async function askEdge({ gateway, edge }: Asker, one: Case, asked: Asked): Promise<string | null> {
  if (!/^127\.|^::1$/.test(one.sourceIp)) return "a source address that no socket here has is not declared";
  const { sent, record } = await gateway.recordOf(() => edge.send(asked), one.edgeStatus === null);
  if (one.edgeStatus !== null)
    return record !== null ? "the edge let it through" : differs("status", one.edgeStatus, sent.status);
  if (record === null) return `status ${sent.status}, and nothing reached the gateway`;
  return findRecordDifference(one, record) ?? differs("status", statusOf(record.reason), sent.status);
}

const NOT_ON_AWS = "AWS does not ask how a caller signed in, and such a policy does not compile for it";

/** Routing, open routes and identity are decided before IAM is asked, and nobody's documents allow nothing. */
function whyIamIsNotAsked({ expect, notCarried }: Case): string | null {
  if (notCarried.iam !== undefined) return NOT_CARRIED.iam[notCarried.iam];
  switch (expect.reason) {
    case "no-route":
    case "request-path":
      return "no route answers";
    case "open-route":
      return "the route is open";
    case "unauthenticated":
      return "nobody asks";
    case "no-role":
      return "the caller holds no role";
    case "authentication-needed":
      return NOT_ON_AWS;
    default:
      return null;
  }
}

async function askEvaluator({ loaded, environment, artifacts, evaluator }: Asker, one: Case): Promise<string | null> {
  if (one.as === null) return "there is no caller";
  const normal = normalizePath(one.target);
  const host = (one.host ?? environment.domain).toLowerCase().replace(/:\d+$/, "");
  const policy = inEnvironment(loaded.policy, environment);
  const routes = listRoutes(policy, environment, one.exposure, host);
  const match = normal.ok ? matchRoute(routes, one.method, normal.path) : null;
  if (!normal.ok || match === null) return "no route answers";
  const asked = evaluator.isAllowed(artifacts, {
    exposure: one.exposure,
    host,
    route: match.route,
    method: one.method,
    path: normal.path,
    caller: callerOf(policy, one.as),
    sourceIp: one.sourceIp,
    atMs: one.atMs,
  });
  return asked.then(
    (isAllowed) => differs("effect", one.expect.effect, isAllowed ? "allow" : "deny"),
    (cause: unknown) => String(cause),
  );
}

/** Whose credentials the caller may ask for. */
function rolesHeld({ loaded, environment, artifacts }: Asker, one: Case): readonly IamRole[] {
  if (one.as === null || one.expect.reason === "unauthenticated") return [];
  const caller = callerOf(inEnvironment(loaded.policy, environment), one.as);
  return artifacts.iam.roles.filter(({ members }) => isMember(members, caller));
}

function whyHttpApiIsNotAsked({ exposure, expect, target }: Case, held: readonly IamRole[]): string | null {
  if (exposure === "private") return "private services are not on AWS";
  if (expect.reason === "request-path") return "AWS resolves targets without normal form";
  if (expect.reason === "authentication-needed") return NOT_ON_AWS;
  if (target.startsWith("/_gatehouse")) return "the gateway's own paths are none on AWS";
  if (expect.reason !== "no-route" && expect.reason !== "open-route" && held.some(hasOwnKeys))
    return "a condition has keys that AWS does not know";
  return null;
}

/** One call for each role that is held, or one that is not signed: one that gets through is an allow. */
async function askHttpApi(
  { environment, httpApi }: Asker,
  one: Case,
  held: readonly IamRole[],
): Promise<string | null> {
  httpApi.setTime(one.atMs);
  const { method, target, sourceIp } = one;
  const host = one.host ?? environment.domain;
  const seen: string[] = [];
  for (const role of held.length === 0 ? [null] : held) {
    const { status, record } = await httpApi.ask({ method, target, host, sourceIp, role });
    if (status !== 200 && !DENIALS.has(status)) return `status ${status}: ${record?.responseType} ${record?.error}`;
    seen.push(`${role?.name ?? "nobody"}: ${status} ${record?.authorizerError ?? ""}`);
    if (status === 200) return differs("effect", one.expect.effect, "allow");
  }
  return one.expect.effect === "deny" ? null : `expected allow, got ${seen.join("; ")}`;
}

const DENIALS: ReadonlySet<number> = new Set([400, 403, 404]);
