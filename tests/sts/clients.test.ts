/**
 * Clients that nobody here wrote get credentials for a token and say who they are with them: AWS's SDK for JavaScript,
 * boto3, the `aws` command. What a signed call to an API meets is asked in tests/http-api and tests/docs.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type StsListener, listenForSts } from "../../src/app/sts-listener.ts";
import { Secret, systemClock } from "../../src/core/index.ts";
import { type AccountDirectory, type StsRequest, accountDirectory, createSts } from "../../src/sts/index.ts";
import { type TestIssuer, startIssuer } from "../support/issuer.ts";
import { installPartners } from "../support/partners.ts";
import { installAwsCommand, installPythonPackages } from "../support/python-packages.ts";
import { type Ran, run } from "../support/run.ts";

const ACCOUNT = "111122223333";
const ROLE = `arn:aws:iam::${ACCOUNT}:role/support`;
const ASSUMED = `arn:aws:sts::${ACCOUNT}:assumed-role/support/ada`;

interface Identity {
  readonly Account: string;
  readonly UserId: string;
  readonly Arn: string;
}

interface Sdk {
  readonly STSClient: new (options: object) => { send(command: object): Promise<Identity> };
  readonly GetCallerIdentityCommand: new (input: object) => object;
  readonly AssumeRoleWithWebIdentityCommand: new (input: object) => object;
  readonly fromWebToken: (options: object) => () => Promise<{ readonly accountId?: string }>;
}

describe("clients of STS", { timeout: 600_000 }, () => {
  let issuer: TestIssuer;
  let directory: AccountDirectory;
  let listener: StsListener;
  let endpoint = "";
  let dir = "";
  let env: Record<string, string | undefined> = {};
  let sdk: Sdk;
  let packages = "";
  const asked: StsRequest[] = [];

  before(async () => {
    issuer = await startIssuer("shop");
    const provider = `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer.issuer.replace("http://", "")}`;
    directory = accountDirectory(
      {
        accountId: ACCOUNT,
        region: "eu-west-1",
        partition: "aws",
        apis: [],
        domainNames: [],
        oidcProviders: [{ url: issuer.issuer, clientIdList: ["shop"] }],
        roles: [
          {
            roleName: "support",
            arn: ROLE,
            roleId: "AROASUPPORTSUPPORTSUP",
            assumeRolePolicyDocument: {
              Version: "2012-10-17",
              Statement: [
                { Effect: "Allow", Principal: { Federated: provider }, Action: "sts:AssumeRoleWithWebIdentity" },
              ],
            },
            policies: [],
            permissionsBoundary: null,
          },
        ],
      },
      { clock: systemClock },
    );
    const sts = createSts({ directory, keys: [new Secret(new Uint8Array(randomBytes(32)))], clock: systemClock });
    listener = await listenForSts(async (request) => {
      asked.push(request);
      return sts.handle(request);
    }, 0);
    endpoint = `http://127.0.0.1:${listener.port}`;
    dir = mkdtempSync(join(tmpdir(), "gh-"));
    writeFileSync(join(dir, "token"), await issuer.sign({ sub: "ada" }));
    writeFileSync(join(dir, "bad-token"), await issuer.signWithOtherKey());
    const path = await installAwsCommand();
    packages = await installPythonPackages();
    const require = createRequire(join(await installPartners(), "package.json"));
    sdk = { ...require("@aws-sdk/client-sts"), ...require("@aws-sdk/credential-providers") } as Sdk;
    env = {
      PATH: `${path}:${process.env["PATH"] ?? ""}`,
      HOME: dir,
      AWS_CONFIG_FILE: join(dir, "config"),
      AWS_SHARED_CREDENTIALS_FILE: join(dir, "credentials"),
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_ENDPOINT_URL_STS: endpoint,
      AWS_ROLE_ARN: ROLE,
      AWS_ROLE_SESSION_NAME: "ada",
      AWS_WEB_IDENTITY_TOKEN_FILE: join(dir, "token"),
      AWS_PAGER: "",
      AWS_MAX_ATTEMPTS: "1",
    };
  });
  after(async () => {
    await listener.close();
    directory.close();
    await issuer.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const aws = (args: readonly string[], more: Record<string, string> = {}): Promise<Ran> =>
    run("aws", args, { env: { ...env, ...more }, limitMs: 300_000 });
  const python = (script: string): Promise<Ran> =>
    run("python3", ["-W", "ignore", "-c", script], { env: { ...env, PYTHONPATH: packages }, limitMs: 300_000 });

  test("the aws command says whose credentials it got", async () => {
    const { code, stdout, stderr } = await aws(["sts", "get-caller-identity"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { UserId: "AROASUPPORTSUPPORTSUP:ada", Account: ACCOUNT, Arn: ASSUMED });
  });

  test("the aws command shows the answer to a token", async () => {
    const { code, stdout, stderr } = await aws([
      "sts",
      "assume-role-with-web-identity",
      "--role-arn",
      ROLE,
      "--role-session-name",
      "ada",
      "--duration-seconds",
      "900",
      "--web-identity-token",
      `file://${join(dir, "token")}`,
    ]);
    assert.equal(code, 0, stderr);
    const answer = JSON.parse(stdout) as {
      Credentials: { AccessKeyId: string; Expiration: string };
      AssumedRoleUser: { Arn: string };
      SubjectFromWebIdentityToken: string;
      Audience: string;
    };
    assert.match(answer.Credentials.AccessKeyId, /^ASIA/);
    assert.ok(Math.abs(Date.parse(answer.Credentials.Expiration) - Date.now() - 900_000) < 120_000);
    assert.equal(answer.AssumedRoleUser.Arn, ASSUMED);
    assert.deepEqual([answer.SubjectFromWebIdentityToken, answer.Audience], ["ada", "shop"]);
  });

  test("the aws command prints code and message of a refusal", async () => {
    const { code, stderr } = await aws(["sts", "get-caller-identity"], {
      AWS_WEB_IDENTITY_TOKEN_FILE: join(dir, "bad-token"),
    });
    assert.equal(code, 255);
    assert.match(
      stderr,
      /An error occurred \(InvalidIdentityToken\) when calling the AssumeRoleWithWebIdentity operation: The signature of the token is invalid/,
    );
  });

  test("boto3 gets credentials by itself, and says who it is, also by a presigned address", async () => {
    const { code, stdout, stderr } = await python(`
import boto3, json, urllib.request
sts = boto3.session.Session().client("sts")
print(json.dumps({k: v for k, v in sts.get_caller_identity().items() if k != "ResponseMetadata"}))
url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
ask = urllib.request.Request(url, headers={"Accept": "application/json"})
answer = json.load(urllib.request.urlopen(ask))
print(json.dumps(answer["GetCallerIdentityResponse"]["GetCallerIdentityResult"]))
try:
    sts.assume_role_with_web_identity(RoleArn="${ROLE}", RoleSessionName="ada", WebIdentityToken="opaque")
except sts.exceptions.InvalidIdentityTokenException as error:
    print(json.dumps(error.response["Error"]))
`);
    assert.equal(code, 0, stderr);
    const [identity, presigned, refused] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    const expected = { UserId: "AROASUPPORTSUPPORTSUP:ada", Account: ACCOUNT, Arn: ASSUMED };
    assert.deepEqual(identity, expected);
    assert.deepEqual(presigned, expected);
    assert.deepEqual(refused, {
      Type: "Sender",
      Code: "InvalidIdentityToken",
      Message: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    });
  });

  test("the SDK for JavaScript gets credentials and says who it is", async () => {
    const region = "us-east-2";
    const credentials = sdk.fromWebToken({
      roleArn: ROLE,
      roleSessionName: "ada",
      webIdentityToken: await issuer.sign({ sub: "ada" }),
      policy: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] }),
      clientConfig: { endpoint, region },
    });
    const client = new sdk.STSClient({ endpoint, region, credentials });
    const { Account, UserId, Arn } = await client.send(new sdk.GetCallerIdentityCommand({}));
    assert.deepEqual([Account, UserId, Arn], [ACCOUNT, "AROASUPPORTSUPPORTSUP:ada", ASSUMED]);
    assert.equal((await credentials()).accountId, ACCOUNT);
    const refused = client.send(
      new sdk.AssumeRoleWithWebIdentityCommand({
        RoleArn: `${ROLE}s`,
        RoleSessionName: "ada",
        WebIdentityToken: await issuer.sign(),
      }),
    );
    await assert.rejects(refused, {
      name: "AccessDenied",
      message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      $fault: "client",
    });
  });

  test("each of them speaks the Query protocol: a form, in version 2011-06-15", () => {
    const forms = asked.filter(({ method }) => method === "POST");
    assert.ok(forms.length >= 8, `${forms.length}`);
    for (const { headers, body } of forms) {
      const type = headers.findIndex((name) => name.toLowerCase() === "content-type");
      assert.match(headers[type + 1] ?? "", /^application\/x-www-form-urlencoded/);
      assert.equal(new URLSearchParams(body.toString()).get("Version"), "2011-06-15");
    }
  });
});
