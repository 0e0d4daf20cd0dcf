/**
 * Whether HTTP APIs here do what AWS's do: every case of `cases/api-gateway`, and a table of what holds.
 * A case with signed requests is run with each signer. Nothing is written.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { listSwitches } from "../../src/gateway/index.ts";
import { type ForeignSigner, loadSigners } from "../sigv4/foreign-signers.ts";
import { startSigningIssuer } from "../support/signing-issuer.ts";
import { startBackend } from "./backend.ts";
import { type Case, loadCaseFiles, loadOpenPoints, loadStricter } from "./case-file.ts";
import { IDP, LOGIN } from "./fixture.ts";
import { type Surroundings, runCase } from "./run-case.ts";
import { type Verdict, renderCounts } from "./table.ts";

const files = loadCaseFiles();
const cases = files.flatMap((file) => file.cases);
const KEYS = [
  { kid: "one", alg: "RS256" },
  { kid: "rs512", alg: "RS512" },
  { kid: "ps256", alg: "PS256" },
  { kid: "ec", alg: "ES256" },
  { kid: "stranger", alg: "RS256", isPublished: false },
];

let around: Surroundings;
let signers: readonly ForeignSigner[] = [];
const verdicts = new Map<Case, Verdict>();

before(
  async () => {
    const [backend, idp, login] = await Promise.all([
      startBackend(),
      startSigningIssuer(IDP, KEYS),
      startSigningIssuer(LOGIN, KEYS),
    ]);
    around = { backend, issuers: { idp, login } };
    // The first call of a process loads what the others find; the gateway waits for issuers as long as AWS does.
    await fetch(`${idp.origin}/jwks`);
    // botocore runs in a process of its own for each request; tests/sigv4 asks it.
    signers = (await loadSigners()).filter(({ name }) => name !== "botocore");
  },
  { timeout: 600_000 },
);

after(async () => {
  process.stdout.write(renderCounts(verdicts));
  await Promise.all([around.backend.close(), around.issuers.idp.close(), around.issuers.login.close()]);
});

for (const one of cases) {
  if (one.notApplicable !== null) {
    // Told in the table and on the generated page, with its reason.
    verdicts.set(one, "not applicable");
    continue;
  }
  verdicts.set(one, "not held");
  test(one.name, async () => {
    const isSigned = one.steps.some((step) => "send" in step && step.sign !== undefined);
    for (const signer of isSigned ? signers : signers.slice(0, 1))
      assert.deepEqual(await runCase(one, signer, around), [], `signed by ${signer.name}`);
    verdicts.set(one, "held");
  });
}

test("T01 to T118 each have a case", () => {
  const ids = new Set(cases.map(({ id }) => id));
  const missing = Array.from({ length: 118 }, (_, at) => `T${String(at + 1).padStart(2, "0")}`).filter(
    (id) => !ids.has(id),
  );
  assert.deepEqual(missing, []);
});

test("a name stands once over all files", () => {
  const names = cases.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
});

test("every choice of every switch has a case", () => {
  const said = new Set(
    cases.flatMap(({ fixture }) => Object.entries(fixture.switches).map(([name, value]) => `${name}=${value}`)),
  );
  const missing = listSwitches().flatMap(({ name, choices }) =>
    choices.map((choice) => `${name}=${choice}`).filter((each) => !said.has(each)),
  );
  assert.deepEqual(missing, []);
});

test("open points and stricter checks name switches and cases that there are", () => {
  const switches = new Set<string>(listSwitches().map(({ name }) => name));
  const ids = new Set(cases.map(({ id }) => id));
  for (const point of loadOpenPoints()) {
    if (point.switch !== undefined) assert.equal(switches.has(point.switch), true, point.switch);
    for (const id of point.cases) assert.equal(ids.has(id), true, id);
  }
  for (const { switch: name } of loadStricter()) if (name !== undefined) assert.equal(switches.has(name), true, name);
});
