/**
 * One case: an account of its own behind `createApiGateway`, its steps one after another.
 *
 * In: a case, a signer that nobody here wrote. Out: what is not as the case says; empty when it holds.
 * Not here: what a case may say (case-file.ts), comparing (expect.ts).
 */
import { createManualClock, Secret } from "../../src/core/index.ts";
import { type ApiGateway, type CallRecord, checkIssuer, createApiGateway } from "../../src/gateway/index.ts";
import { createKeySource } from "../../src/identity/index.ts";
import { type Account, checkAccount } from "../../src/model/index.ts";
import { accountDirectory, createSts } from "../../src/sts/index.ts";
import { askOn } from "../http-api/fixture.ts";
import type { ForeignSigner } from "../sigv4/foreign-signers.ts";
import { type SigningIssuer, fetchThrough } from "../support/signing-issuer.ts";
import { type Backend, PLAIN } from "./backend.ts";
import type { AssumeStep, Case, IssuerStep, SendStep, Step, TokenRecipe } from "./case-file.ts";
import { findPolicyFindings } from "./compile-policy.ts";
import { type Problems, compareAnswer, compareList, compareSeen, compareValue, settles } from "./expect.ts";
import { API_HOST, AUDIENCE, LISTENER_ARN, START_MS, SUBJECT, accountOf, namesOf, sessionsOf } from "./fixture.ts";
import { type Names, expand, shiftMs, timesOf } from "./macros.ts";
import { signWith } from "./signing.ts";
import { readAnswer } from "./sts-answer.ts";

/** What all cases share: starting it takes longer than a case. */
export interface Surroundings {
  readonly backend: Backend;
  readonly issuers: Readonly<Record<TokenRecipe["issuer"], SigningIssuer>>;
}

const SEPARATOR = " ;; ";

export async function runCase(one: Case, signer: ForeignSigner, around: Surroundings): Promise<Problems> {
  const run = new Run(one, signer, around);
  try {
    for (const [at, step] of one.steps.entries()) {
      const problems = await run.step(step);
      if (problems.length > 0) return problems.map((problem) => `step ${at + 1}: ${problem}`);
    }
    return [];
  } finally {
    await run.close();
  }
}

class Run {
  readonly #case: Case;
  readonly #signer: ForeignSigner;
  readonly #around: Surroundings;
  readonly #names: Names;
  readonly #variables: readonly string[];
  readonly #account: Account;
  readonly #clock = createManualClock(START_MS);
  readonly #sessions: ReturnType<typeof sessionsOf>;
  readonly #records: CallRecord[] = [];
  readonly #lines: string[] = [];
  #wake: (() => void) | null = null;
  #gateway: ApiGateway | null = null;
  #port = 0;
  #sts: ReturnType<typeof createSts> | null = null;
  readonly #ending: (() => void)[] = [];

  constructor(one: Case, signer: ForeignSigner, around: Surroundings) {
    this.#case = one;
    this.#signer = signer;
    this.#around = around;
    const { backend, issuers } = around;
    this.#names = namesOf(backend.origin, backend.closedOrigin);
    this.#variables = variablesOf(one);
    this.#account = accountOf(one.fixture, this.#names, logFormat(this.#variables));
    this.#sessions = sessionsOf(expand(one.fixture, this.#names));
    backend.seen.length = 0;
    backend.script = { ...PLAIN, ...one.fixture.backend };
    for (const issuer of Object.values(issuers)) {
      const published = new Map(issuer.jwks);
      const { discovery } = issuer;
      this.#ending.push(() => {
        issuer.faults.discovery = issuer.faults.jwks = undefined;
        issuer.discovery = discovery;
        issuer.jwks.clear();
        for (const [kid, key] of published) issuer.jwks.set(kid, key);
      });
    }
  }

  async step(step: Step): Promise<Problems> {
    if ("send" in step) return this.#send(expand(step, this.#names));
    if ("assume" in step) return this.#assume(expand(step, this.#names));
    if ("clock" in step) this.#clock.advance(shiftMs(step.clock));
    else if ("idp" in step) this.#changeIssuer(step.idp);
    else return this.#judge(step);
    return [];
  }

  async close(): Promise<void> {
    for (const end of this.#ending) end();
    await this.#gateway?.close({ graceMs: 0 });
  }

  #judge(
    step: Exclude<Step, { send: string } | { assume: string } | { clock: string } | { idp: IssuerStep }>,
  ): Problems | Promise<Problems> {
    if ("check" in step) return this.#check(expand(step.expect, this.#names));
    if ("compile" in step) {
      const problems: Problems = [];
      const found = findPolicyFindings(expand(step.compile, this.#names), step.environment);
      compareList("findings", step.expect, found, problems);
      return problems;
    }
    return this.#checkIssuer(step.expect);
  }

  #check(expected: readonly { code: string; at?: string | undefined; aws?: unknown }[]): Problems {
    const problems: Problems = [];
    const found = checkAccount(this.#account);
    const show = ({ code, at }: { code: string; at?: string | undefined }, withPlace: boolean): string =>
      withPlace ? `${code} at ${at ?? ""}` : code;
    const hasPlaces = expected.some(({ at }) => at !== undefined);
    compareList(
      "problems of the account",
      expected.map((each) => show(each, hasPlaces)),
      found.map((each) => show(each, hasPlaces)),
      problems,
    );
    for (const { code, aws } of expected) {
      const one = found.find((each) => each.code === code);
      if (aws !== undefined) compareValue(`words of AWS for ${code}`, aws as string, one?.aws ?? null, problems);
    }
    return problems;
  }

  async #checkIssuer(expected: { status: number; code?: string | undefined; message?: unknown }): Promise<Problems> {
    const problems: Problems = [];
    const issuer = this.#account.apis[0]?.authorizers[0]?.jwtConfiguration.issuer ?? "";
    const found = await checkIssuer(issuer, { fetch: fetchThrough(Object.values(this.#around.issuers)) });
    const [status, code, message] = found.ok ? [200, null, null] : [found.status, found.code, found.message];
    compareValue("status", String(expected.status), String(status), problems);
    compareValue("code", expected.code ?? null, code, problems);
    if (expected.message !== undefined) compareValue("message", expected.message as string, message, problems);
    return problems;
  }

  #changeIssuer(change: IssuerStep): void {
    const { idp, login } = this.#around.issuers;
    for (const issuer of [idp, login]) {
      if (change.discovery !== undefined) issuer.faults.discovery = change.discovery ?? undefined;
      if (change.jwks !== undefined) issuer.faults.jwks = change.jwks ?? undefined;
      for (const kid of change.without ?? []) issuer.jwks.delete(kid);
      for (const kid of change.with ?? []) issuer.publish(kid);
      if (change.says !== undefined) issuer.discovery = { ...issuer.discovery, issuer: change.says };
    }
  }

  // --- calls

  async #send(step: SendStep): Promise<Problems> {
    const port = await this.#start();
    for (let i = 0; i < step.times; i++) {
      const problems = await this.#call(port, step);
      if (problems.length > 0) return step.times === 1 ? problems : problems.map((each) => `call ${i + 1}: ${each}`);
    }
    return [];
  }

  async #call(port: number, step: SendStep): Promise<Problems> {
    const { backend } = this.#around;
    const [method = "", written = ""] = step.send.split(" ");
    const host = step.host ?? API_HOST;
    const headers = [...step.headers];
    let target = written;
    if (step.token !== undefined) {
      const value = await this.#tokenValue(step.token);
      if (step.token.in === null) target = target.replace("${token}", value);
      else headers.push(`${step.token.in}: ${step.token.prefix}${value}`);
    }
    if (step.sign !== undefined) {
      const credentials = this.#sessions.byName.get(step.sign.as);
      if (credentials === undefined) throw new Error(`there is no session \`${step.sign.as}\``);
      const request = { method, target, host, headers, body: step.body, nowMs: this.#clock.nowMs() };
      const signed = await signWith(this.#signer, credentials, step.sign, request);
      target = signed.target;
      headers.push(...signed.headers);
    }
    backend.seen.length = 0;
    this.#lines.length = 0;
    const before = this.#records.length;
    const answer = await askOn(port, `${method} ${target}`, { host, headers, body: step.body });
    const problems: Problems = [];
    const { expect } = step;
    compareAnswer(expect, answer, problems);
    await compareSeen(
      expect.backend ?? (expect.message === undefined ? { headers: {} } : "none"),
      backend.seen,
      problems,
    );
    await this.#compareRecord(step, before, answer.headers, problems);
    return problems;
  }

  async #compareRecord(
    { expect }: SendStep,
    before: number,
    headers: readonly (readonly [string, string])[],
    problems: Problems,
  ): Promise<void> {
    if (this.#records.length <= before)
      await settles(
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
      );
    const record = this.#records[before];
    if (record === undefined) {
      problems.push("record: nothing was recorded");
      return;
    }
    for (const [name, expected] of Object.entries(expect.record)) {
      const found = (record as unknown as Readonly<Record<string, string | number | null>>)[name] ?? null;
      compareValue(`record ${name}`, expected, found === null ? null : String(found), problems);
    }
    if (this.#variables.length === 0) return;
    const [line] = this.#lines;
    if (line === undefined) {
      if (Object.keys(expect.log).length > 0) problems.push("access log: nothing was logged");
      return;
    }
    const logged = new Map(line.split(SEPARATOR).map((text, at) => [this.#variables[at] ?? "", text]));
    for (const [name, expected] of Object.entries(expect.log))
      compareValue(`access log ${name}`, expected, logged.get(name) ?? null, problems);
    const id = headers.find(([name]) => name.toLowerCase() === "apigw-requestid")?.[1] ?? null;
    compareValue("access log requestId", id, logged.get("requestId") ?? null, problems);
  }

  async #start(): Promise<number> {
    if (this.#gateway !== null) return this.#port;
    const fetch = fetchThrough(Object.values(this.#around.issuers));
    const { credentials } = this.#startSts();
    const gateway = createApiGateway(this.#account, {
      clock: this.#clock,
      fetch,
      switches: this.#case.fixture.switches,
      backends: { [LISTENER_ARN]: this.#around.backend.origin },
      credentials: {
        find: (accessKeyId, sessionToken, nowMs) => {
          const known = this.#sessions.source.find(accessKeyId, sessionToken, nowMs);
          return known.ok || known.problem === "expired" ? known : credentials.find(accessKeyId, sessionToken, nowMs);
        },
      },
      accessLog: (line) => this.#lines.push(line),
      record: (record) => {
        this.#records.push(record);
        this.#wake?.();
      },
    });
    this.#gateway = gateway;
    const { port } = await gateway.listen({ host: "127.0.0.1", port: 0 });
    return (this.#port = port ?? 0);
  }

  // --- tokens

  async #tokenValue(recipe: TokenRecipe): Promise<string> {
    return recipe.text ?? this.#token(recipe);
  }

  #token(recipe: TokenRecipe): Promise<string> {
    const issuer = this.#around.issuers[recipe.issuer];
    const nowMs = this.#clock.nowMs();
    const seconds = Math.floor(nowMs / 1000);
    const good = { iss: issuer.issuer, aud: AUDIENCE, sub: SUBJECT, iat: seconds, exp: seconds + 300 };
    const claims: Record<string, unknown> = { ...good, ...timesOf(recipe.claims, nowMs) };
    for (const name of recipe.without) delete claims[name];
    const header = Object.fromEntries(Object.entries(recipe.header).map(([name, value]) => [name, value ?? undefined]));
    return issuer.sign(claims, header, recipe.key);
  }

  // --- STS

  #startSts(): ReturnType<typeof createSts> {
    if (this.#sts !== null) return this.#sts;
    const fetch = fetchThrough(Object.values(this.#around.issuers));
    const clock = this.#clock;
    const directory = accountDirectory(this.#account, {
      clock,
      keysOf: (issuer) => {
        const source = createKeySource({ issuer, clock, fetch, allowHttpLoopback: true, schedule: () => () => {} });
        this.#ending.push(() => source.close());
        return source;
      },
    });
    return (this.#sts = createSts({ directory, keys: [new Secret(Buffer.alloc(32, 7))], clock }));
  }

  async #assume(step: AssumeStep): Promise<Problems> {
    const sts = this.#startSts();
    const parameters = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: `arn:aws:iam::${this.#account.accountId}:role/${step.assume}`,
      RoleSessionName: step.session,
      WebIdentityToken: await this.#tokenValue(step.token),
      ...step.parameters,
    });
    const answer = await sts.handle({
      method: "POST",
      target: "/",
      headers: ["host", "sts.eu-central-1.amazonaws.com", "content-type", "application/x-www-form-urlencoded"],
      body: Buffer.from(parameters.toString()),
    });
    const problems: Problems = [];
    const { expect } = step;
    const read = readAnswer(answer.body);
    if (answer.status !== expect.status)
      problems.push(
        `status: expected ${expect.status}, got ${answer.status} ${read.get("Code")} ${read.get("Message")}`,
      );
    compareValue("code", expect.code ?? null, read.get("Code") ?? null, problems);
    if (expect.message !== undefined) compareValue("message", expect.message, read.get("Message") ?? null, problems);
    for (const [name, expected] of Object.entries(expect.result))
      compareValue(`result ${name}`, expected, read.get(name) ?? null, problems);
    const [accessKeyId, secretAccessKey, sessionToken] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(
      (name) => read.get(name),
    );
    if (accessKeyId !== undefined && secretAccessKey !== undefined && sessionToken !== undefined)
      this.#sessions.byName.set(step.session, { accessKeyId, secretAccessKey, sessionToken });
    return problems;
  }
}

/** The variables that a case's log expectations name, and the request's id. */
function variablesOf(one: Case): readonly string[] {
  const named = one.steps.flatMap((step) => ("send" in step ? Object.keys(step.expect.log) : []));
  return named.length === 0 ? [] : [...new Set(["requestId", ...named])];
}

function logFormat(variables: readonly string[]): string {
  return variables.length === 0 ? "$context.requestId" : variables.map((name) => `$context.${name}`).join(SEPARATOR);
}
