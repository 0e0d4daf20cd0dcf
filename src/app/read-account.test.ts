import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { formatSpan, isGatehouseError } from "../core/index.ts";
import { loadAccount, readAccount } from "./read-account.ts";

const DOCUMENT = `openapi: 3.0.1
info: { title: pets, version: "1" }
paths:
  /pets:
    get:
      x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: https://pets.example, payloadFormatVersion: "1.0" }
`;
const LAMBDA = DOCUMENT.replace("http_proxy", "aws_proxy");
const ACCOUNT = `apis:
  - name: pets
    routes:
      - { routeKey: GET /pets/, target: integrations/dogs }
    integrations:
      - integrationId: pets
        integrationUri: http://127.0.0.1:3000
        connectionType: VPC_LINK
        connectionId: link
`;

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), "gh-account-"));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function fileOf(text: string): string {
  const file = join(dir, "f.yaml");
  writeFileSync(file, text);
  return file;
}

function describe({ diagnostics, sources }: ReturnType<typeof loadAccount>): readonly string[] {
  return diagnostics.map(
    ({ id, severity, message, span }) =>
      `${formatSpan(span, sources).slice(dir.length + 1)} ${severity} ${id}: ${message}`,
  );
}

test("a document is an account of one API with the stage $default", async () => {
  const { account, warnings } = await readAccount(fileOf(DOCUMENT), {
    region: "cn-north-1",
    accountId: "999988887777",
  });
  assert.deepEqual(
    [account.accountId, account.region, account.partition, account.domainNames, account.oidcProviders, account.roles],
    ["999988887777", "cn-north-1", "aws-cn", [], [], []],
  );
  assert.deepEqual(
    account.apis.map(({ name, stages }) => [name, stages.map(({ stageName, autoDeploy }) => [stageName, autoDeploy])]),
    [["pets", [["$default", true]]]],
  );
  assert.deepEqual(warnings, []);
});

test("a document with a route that cannot be served is an error here, and only a warning when it is imported", () => {
  const loaded = loadAccount(fileOf(LAMBDA));
  assert.equal(loaded.account, null);
  assert.deepEqual(describe(loaded), [
    "f.yaml:6:48 error openapi/left-out: `GET /pets` is left out: it calls a Lambda function, and this gateway has HTTP integrations only",
  ]);
});

test("what AWS would refuse of an account file is at its place, in AWS's words", () => {
  assert.deepEqual(describe(loadAccount(fileOf(ACCOUNT))), [
    "f.yaml:4:21 error route/trailing-slash: the path ends in a slash",
    'f.yaml:4:41 error route/target: there is no integration `dogs` (AWS: "Invalid Integration identifier specified")',
    'f.yaml:7:25 warning integration/vpc-link-url: AWS does not take the URL `http://127.0.0.1:3000` for a private integration (AWS: "For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN.")',
  ]);
});

test("an account that is wrong is a fault that names the errors and not the warnings", async () => {
  const fault = await readAccount(fileOf(ACCOUNT)).then(
    () => null,
    (cause: unknown) => cause,
  );
  assert.ok(isGatehouseError(fault));
  assert.deepEqual(
    [fault.code, ...[...fault.message.matchAll(/f\.yaml:\d+:\d+ \w+ \S+/g)].map(([found]) => found)],
    ["GH_APP_ACCOUNT_INVALID", "f.yaml:4:21 error route/trailing-slash", "f.yaml:4:41 error route/target"],
  );
});

test("a file that is not there is a fault", async () => {
  await assert.rejects(readAccount(join(dir, "none.yaml")), { code: "GH_APP_ACCOUNT_UNREADABLE" });
});
