/** GetCallerIdentity: signed by header or by query, for any Region, with every refusal's code. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { Secret } from "../../src/core/index.ts";
import { signRequest } from "../../src/iam/index.ts";
import { ACCOUNT, type Desk, NOW_MS, errorOf, openDesk, post, textOf } from "./desk.ts";

const ASK = post({ Action: "GetCallerIdentity", Version: "2011-06-15" });

interface Signing {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly region?: string;
  readonly service?: string;
  readonly nowMs?: number;
}

async function credentialsOf(desk: Desk): Promise<Signing> {
  const answer = await desk.assume();
  return {
    accessKeyId: textOf(answer, "AccessKeyId"),
    secretAccessKey: textOf(answer, "SecretAccessKey"),
    sessionToken: textOf(answer, "SessionToken"),
  };
}

function signed(signing: Signing, ask = ASK) {
  const payloadHash = createHash("sha256").update(ask.body).digest("hex");
  const options = { region: "us-east-1", service: "sts", nowMs: NOW_MS, ...signing };
  return { ...ask, ...signRequest({ ...ask, payloadHash }, options) };
}

describe("who signed", () => {
  test("the answer is the service's, to the byte", async () => {
    const desk = openDesk();
    const answer = await desk.sts.handle(signed(await credentialsOf(desk)));
    assert.equal(answer.status, 200);
    assert.equal(
      answer.body,
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:sts::${ACCOUNT}:assumed-role/support/ada</Arn>
    <UserId>AROASUPPORTSUPPORTSUP:ada</UserId>
    <Account>${ACCOUNT}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>00000000-0000-4000-8000-000000000001</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
`,
    );
  });

  for (const region of ["eu-west-1", "ap-southeast-2", "us-gov-west-1"])
    test(`a signature for ${region} is taken`, async () => {
      const desk = openDesk();
      const signing = { ...(await credentialsOf(desk)), region };
      assert.equal((await desk.sts.handle(signed(signing))).status, 200);
    });

  test("a presigned address is taken until it expires", async () => {
    const desk = openDesk();
    const signing = { ...(await credentialsOf(desk)), region: "eu-central-1", service: "sts", nowMs: NOW_MS };
    const target = "/?Action=GetCallerIdentity&Version=2011-06-15";
    const payloadHash = createHash("sha256").digest("hex");
    const headers = ["host", "sts.local", "x-k8s-aws-id", "shop"];
    const request = {
      method: "GET",
      body: Buffer.alloc(0),
      ...signRequest({ method: "GET", target, headers, payloadHash }, { ...signing, presign: { expiresSeconds: 60 } }),
    };
    assert.equal((await desk.sts.handle(request)).status, 200);
    desk.clock.advance(61_000);
    const [status, , code] = errorOf(await desk.sts.handle(request));
    assert.deepEqual([status, code], [403, "SignatureDoesNotMatch"]);
  });

  test("another process with the same key knows the credentials, also after the key has been exchanged", async () => {
    const [first, second] = [1, 2].map((byte) => new Secret(new Uint8Array(32).fill(byte))) as [
      Secret<Uint8Array>,
      Secret<Uint8Array>,
    ];
    const request = signed(await credentialsOf(openDesk({ sealKeys: [first] })));
    const statusWith = async (...sealKeys: Secret<Uint8Array>[]) =>
      (await openDesk({ sealKeys }).sts.handle(request)).status;
    assert.equal(await statusWith(first), 200);
    assert.equal(await statusWith(second, first), 200);
    assert.equal(await statusWith(second), 403);
  });
});

describe("a request is refused", () => {
  const rows: readonly [title: string, change: (s: Signing) => Signing, code: string, message: string][] = [
    [
      "with a wrong secret",
      (s) => ({ ...s, secretAccessKey: "x".repeat(40) }),
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ],
    [
      "without session token",
      (s) => ({ ...s, sessionToken: null }),
      "InvalidClientTokenId",
      "The security token included in the request is invalid.",
    ],
    [
      "with another access key id",
      (s) => ({ ...s, accessKeyId: "ASIAAAAAAAAAAAAAAAAA" }),
      "InvalidClientTokenId",
      "The security token included in the request is invalid.",
    ],
    [
      "with a lasting access key",
      (s) => ({ ...s, accessKeyId: "AKIAAAAAAAAAAAAAAAAA" }),
      "InvalidClientTokenId",
      "The security token included in the request is invalid.",
    ],
    [
      "for another service",
      (s) => ({ ...s, service: "s3" }),
      "SignatureDoesNotMatch",
      "Credential should be scoped to correct service: 'sts'.",
    ],
  ];
  for (const [title, change, code, message] of rows)
    test(title, async () => {
      const desk = openDesk();
      const answer = await desk.sts.handle(signed(change(await credentialsOf(desk))));
      assert.deepEqual(errorOf(answer), [403, "Sender", code, message]);
    });

  test("unsigned", async () => {
    assert.deepEqual(errorOf(await openDesk().sts.handle(ASK)), [
      403,
      "Sender",
      "MissingAuthenticationToken",
      "Request is missing Authentication Token",
    ]);
  });

  test("with a bearer token, which is not repeated", async () => {
    const desk = openDesk();
    const answer = await desk.sts.handle({ ...ASK, headers: [...ASK.headers, "authorization", "Bearer canary"] });
    assert.deepEqual(errorOf(answer).slice(0, 3), [403, "Sender", "IncompleteSignature"]);
    assert.equal(answer.body.includes("canary"), false);
  });

  test("with expired credentials", async () => {
    const desk = openDesk();
    const credentials = await credentialsOf(desk);
    desk.clock.advance(3_600_000);
    const answer = await desk.sts.handle(signed({ ...credentials, nowMs: desk.clock.nowMs() }));
    assert.deepEqual(errorOf(answer), [
      403,
      "Sender",
      "ExpiredToken",
      "The security token included in the request is expired",
    ]);
  });

  test("signed too long ago", async () => {
    const desk = openDesk();
    const request = signed(await credentialsOf(desk));
    desk.clock.advance(301_000);
    const [status, , code, message] = errorOf(await desk.sts.handle(request));
    assert.deepEqual([status, code], [403, "SignatureDoesNotMatch"]);
    assert.match(message, /^Signature expired: 20261125T120000Z is now earlier than 20261125T120001Z /);
  });

  test("whose body was changed", async () => {
    const desk = openDesk();
    const request = signed(await credentialsOf(desk));
    const body = Buffer.from(`${ASK.body.toString()}&x=1`);
    assert.equal(errorOf(await desk.sts.handle({ ...request, body }))[2], "SignatureDoesNotMatch");
  });
});
