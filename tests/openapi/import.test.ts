/** `gatehouse import` as a person runs it: text, files, findings with their places, and exit codes. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { GATEHOUSE, makeDirectory } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";

const GOOD = `openapi: 3.0.1
info: { title: pets, version: "1" }
servers: [{ url: "https://pets.example/v1" }]
paths:
  /pets:
    get:
      x-amazon-apigateway-auth: { type: AWS_IAM }
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        uri: https://pets.example/\${AWS::Region}/\${AWS::AccountId}
        payloadFormatVersion: "1.0"
`;
const LAMBDA = `${GOOD}  /hello:
    post:
      x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, uri: x, payloadFormatVersion: "2.0" }
`;
const BROKEN = `openapi: 3.0.1
info: { title: pets, version: "1" }
paths:
  /pets/:
    get:
      security: [{ idp: [] }]
      x-amazon-apigateway-integration:
        { type: http_proxy, httpMethod: GET, uri: https://pets.example, payloadFormatVersion: "1.0", timeoutInMillis: 49 }
  /dogs/:
    get:
      x-amazon-apigateway-integration:
        { type: http_proxy, httpMethod: GET, uri: dogs, payloadFormatVersion: "1.0" }
`;

const ACCOUNT = `accountId: "111122223333"
region: us-east-1
partition: aws
apis:
  - apiId: 2j40pr9dhn
    name: pets
    routes:
      - routeId: 3pqjmmt53k
        routeKey: GET /pets
        authorizationType: AWS_IAM
        target: integrations/77203c30qr
    integrations:
      - integrationId: 77203c30qr
        integrationMethod: GET
        integrationUri: https://pets.example/us-east-1/111122223333
        timeoutInMillis: 30000
    stages:
      - stageName: $default
        autoDeploy: true
`;

describe("gatehouse import", () => {
  let dir: string;
  before(() => {
    dir = makeDirectory({ "good.yaml": GOOD, "lambda.yaml": LAMBDA, "broken.yaml": BROKEN, "not.yaml": "a: [" });
  });
  after(() => rmSync(dir, { recursive: true, force: true }));
  const gatehouse = async (...args: readonly string[]): Promise<Ran> =>
    run(GATEHOUSE, ["import", ...args], { cwd: dir });

  test("prints the account file, with what it has to say on stderr; the same bytes each time; exit 0", async () => {
    const ran = await gatehouse("good.yaml");
    assert.deepEqual([ran.stdout, ran.code], [ACCOUNT, 0]);
    assert.equal(
      ran.stderr,
      `good.yaml:3:18 info openapi/base-path
  the base path \`/v1\` is not part of the routes
    3 | servers: [{ url: "https://pets.example/v1" }]
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^
  help: to have it in front of each path: \`--base-path prepend\`

`,
    );
    assert.deepEqual(await gatehouse("good.yaml"), ran);
  });

  test("writes a file, of JSON for a name that says so, for another account, Region and base path", async () => {
    const options = ["--region", "cn-north-1", "--account", "999988887777", "--base-path", "prepend"];
    const ran = await gatehouse("good.yaml", "--out", "account.json", ...options);
    assert.deepEqual([ran.stdout, ran.stderr, ran.code], ["wrote account.json\n", "", 0]);
    const { partition, apis } = JSON.parse(readFileSync(join(dir, "account.json"), "utf8")) as {
      partition: string;
      apis: { routes: { routeKey: string }[]; integrations: { integrationUri: string }[] }[];
    };
    assert.deepEqual(
      [partition, apis[0]?.routes[0]?.routeKey, apis[0]?.integrations[0]?.integrationUri],
      ["aws-cn", "GET /v1/pets", "https://pets.example/cn-north-1/999988887777"],
    );
  });

  test("gives the document as API Gateway exports it, which gives the same API again", async () => {
    const exported = await gatehouse("good.yaml", "--format", "openapi", "--out", "exported.yaml");
    assert.equal(exported.code, 0);
    const ran = await gatehouse("exported.yaml");
    assert.deepEqual([ran.stdout, ran.stderr, ran.code], [ACCOUNT, "", 0]);
  });

  test("goes on after a warning, and does not with --fail-on-warnings; exit 1", async () => {
    const warning = /^lambda\.yaml:15:48 warning openapi\/left-out\n {2}`POST \/hello` is left out: it calls a Lambda/m;
    const ran = await gatehouse("lambda.yaml");
    assert.deepEqual([ran.stdout, ran.code], [ACCOUNT, 0]);
    assert.match(ran.stderr, warning);
    const refused = await gatehouse("lambda.yaml", "--fail-on-warnings", "--out", "never.yaml");
    assert.deepEqual([refused.stdout, refused.code], ["", 1]);
    assert.match(refused.stderr, warning);
    assert.match(refused.stderr, /^lambda\.yaml: 0 errors, 1 warning; nothing was imported$/m);
    assert.throws(() => readFileSync(join(dir, "never.yaml")), { code: "ENOENT" });
  });

  test("tells everything that is wrong, of the document and of the API, at its place; exit 3", async () => {
    const ran = await gatehouse("broken.yaml", "--json");
    assert.deepEqual([ran.stderr, ran.code], ["", 3]);
    const { ok, errors, account, diagnostics } = JSON.parse(ran.stdout) as {
      ok: boolean;
      errors: number;
      account: unknown;
      diagnostics: { id: string; line: number; column: number; message: string }[];
    };
    assert.deepEqual([ok, errors, account], [false, 4, null]);
    assert.deepEqual(
      diagnostics.map(({ id, line, column, message }) => `${line}:${column} ${id} ${message}`),
      [
        "6:20 openapi/security-scheme there is no security scheme `idp`",
        '8:119 integration/timeout the time limit is 49 ms (AWS: "Timeout should be between 50 ms and 30000 ms")',
        "9:3 route/trailing-slash the path ends in a slash",
        '12:51 integration/uri `dogs` is not an http or https URL (AWS: "Invalid HTTP endpoint specified for URI")',
      ],
    );
  });

  test("says that a text is not YAML, and that a file is not there; exit 3", async () => {
    const ran = await gatehouse("not.yaml");
    assert.deepEqual([ran.stdout, ran.code], ["", 3]);
    assert.match(ran.stderr, /^not\.yaml:1:5 error file\/syntax$/m);
    const none = await gatehouse("none.yaml");
    assert.deepEqual(
      [none.stdout, none.stderr, none.code],
      [
        "",
        "gatehouse: cannot read `none.yaml`: there is no such file [GH_APP_ACCOUNT_UNREADABLE]\n  next: give an OpenAPI document or an account file\n",
        3,
      ],
    );
  });

  test("says that it cannot write; exit 5", async () => {
    const ran = await gatehouse("good.yaml", "--out", "none/account.yaml");
    assert.equal(ran.code, 5);
    assert.match(ran.stderr, /cannot write `none\/account\.yaml`: ENOENT \[GH_APP_FILE_UNWRITABLE\]/);
  });

  test("takes no other format and no other mode; exit 2", async () => {
    for (const args of [["--format", "raml"], ["--base-path", "keep"], []])
      assert.equal((await gatehouse(...(args.length === 0 ? [] : ["good.yaml", ...args]))).code, 2);
  });
});
