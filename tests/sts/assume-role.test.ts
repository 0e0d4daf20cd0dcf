/** AssumeRoleWithWebIdentity through the door, against an account: answers to the byte, errors with their order. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Claims, Headers } from "../../src/identity/testing/token-mint.ts";
import type { StsAnswer } from "../../src/sts/index.ts";
import {
  ACCOUNT,
  type Desk,
  ISSUER,
  type KeyName,
  NOW,
  PROVIDER,
  errorOf,
  openDesk,
  post,
  role,
  textOf,
  trusting,
} from "./desk.ts";

const DENIED = [403, "Sender", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"] as const;
const TAGS = "https://aws.amazon.com/tags";

/** What signs as these credentials, as the gateway would hear it. */
function principalOf(desk: Desk, answer: StsAnswer) {
  const found = desk.sts.credentials.find(
    textOf(answer, "AccessKeyId"),
    textOf(answer, "SessionToken"),
    desk.clock.nowMs(),
  );
  assert.ok(found.ok);
  assert.equal(found.secretAccessKey, textOf(answer, "SecretAccessKey"));
  return found.principal;
}

describe("credentials for a token", () => {
  test("the answer is the service's, to the byte", async () => {
    const desk = openDesk();
    const answer = await desk.assume();
    const [id, secret, token] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map((name) => textOf(answer, name));
    assert.deepEqual(answer.headers, [
      "content-type",
      "text/xml",
      "x-amzn-requestid",
      "00000000-0000-4000-8000-000000000001",
      "cache-control",
      "no-store",
    ]);
    assert.equal(
      answer.body,
      `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>ada</SubjectFromWebIdentityToken>
    <Audience>shop</Audience>
    <AssumedRoleUser>
      <AssumedRoleId>AROASUPPORTSUPPORTSUP:ada</AssumedRoleId>
      <Arn>arn:aws:sts::111122223333:assumed-role/support/ada</Arn>
    </AssumedRoleUser>
    <Provider>arn:aws:iam::111122223333:oidc-provider/login.shop.example/realms/shop</Provider>
    <Credentials>
      <AccessKeyId>${id}</AccessKeyId>
      <SecretAccessKey>${secret}</SecretAccessKey>
      <SessionToken>${token}</SessionToken>
      <Expiration>2026-11-25T13:00:00Z</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata>
    <RequestId>00000000-0000-4000-8000-000000000001</RequestId>
  </ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>
`,
    );
    assert.equal(answer.status, 200);
    assert.match(id ?? "", /^ASIA[A-Z2-7]{16}$/);
    assert.match(secret ?? "", /^[A-Za-z0-9+/]{40}$/);
  });

  test("they stand for the session of the role until they expire, and not in that second", async () => {
    const desk = openDesk();
    const answer = await desk.assume({ DurationSeconds: "900" });
    assert.deepEqual(principalOf(desk, answer), {
      accountId: ACCOUNT,
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/support/ada`,
      userId: "AROASUPPORTSUPPORTSUP:ada",
      accessKeyId: textOf(answer, "AccessKeyId"),
      roleName: "support",
      roleArn: `arn:aws:iam::${ACCOUNT}:role/support`,
      sessionName: "ada",
      sessionPolicies: [],
      tags: {},
      token: { issuer: ISSUER, subject: "ada", audience: "shop" },
      facts: null,
      expiresAtMs: (NOW + 900) * 1000,
    });
    const find = () =>
      desk.sts.credentials.find(textOf(answer, "AccessKeyId"), textOf(answer, "SessionToken"), desk.clock.nowMs());
    desk.clock.set((NOW + 900) * 1000 - 1);
    assert.equal(find().ok, true);
    desk.clock.set((NOW + 900) * 1000);
    assert.deepEqual(find(), { ok: false, problem: "expired" });
    assert.deepEqual(find(), { ok: false, problem: "expired" });
  });

  test("the end of the line after a token in a file is no part of it", async () => {
    const desk = openDesk();
    assert.equal((await desk.assume({ WebIdentityToken: `${desk.token()}\n` })).status, 200);
    assert.equal((await desk.assume({ WebIdentityToken: `${desk.token()}\nx` })).status, 400);
  });

  test("a GET asks as well as a POST", async () => {
    const desk = openDesk();
    const form = post({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/support`,
      RoleSessionName: "ada",
      WebIdentityToken: desk.token(),
    });
    const answer = await desk.sts.handle({
      method: "GET",
      target: `/?${form.body.toString()}`,
      headers: ["Host", "sts.local"],
      body: Buffer.alloc(0),
    });
    assert.equal(answer.status, 200);
    assert.equal(principalOf(desk, answer).sessionName, "ada");
  });

  test("a client that accepts JSON gets it, with the time in seconds", async () => {
    const desk = openDesk();
    const form = post({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/support`,
      RoleSessionName: "ada",
      WebIdentityToken: desk.token(),
    });
    const answer = await desk.sts.handle({ ...form, headers: [...form.headers, "Accept", "application/json"] });
    const body = JSON.parse(answer.body) as {
      AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: { Credentials: { Expiration: number } } };
    };
    assert.deepEqual(answer.headers.slice(0, 2), ["content-type", "application/json"]);
    assert.equal(
      body.AssumeRoleWithWebIdentityResponse.AssumeRoleWithWebIdentityResult.Credentials.Expiration,
      NOW + 3600,
    );
    const refused = await desk.sts.handle({
      ...post({ Action: "AssumeRole", Version: "2011-06-15" }),
      headers: ["accept", "application/json"],
    });
    assert.deepEqual(JSON.parse(refused.body), {
      Error: {
        Type: "Sender",
        Code: "InvalidAction",
        Message: "Could not find operation AssumeRole for version 2011-06-15",
      },
      RequestId: "00000000-0000-4000-8000-000000000001",
    });
  });

  test("a role's longest session bounds what can be asked for", async () => {
    const desk = openDesk({ roles: [role("support", trusting(), { maxSessionDuration: 7200 })] });
    assert.equal((await desk.assume({ DurationSeconds: "7200" })).status, 200);
    assert.deepEqual(errorOf(await desk.assume({ DurationSeconds: "7201" })), [
      400,
      "Sender",
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ]);
    assert.equal((await openDesk().assume({ DurationSeconds: "3601" })).status, 400);
  });
});

describe("a token's algorithm", () => {
  const rows: readonly [string, KeyName, boolean][] = [
    ["RS256", "rsa", true],
    ["RS384", "rsa", true],
    ["RS512", "rsa", true],
    ["ES256", "p256", true],
    ["ES384", "p384", true],
    ["ES512", "p521", true],
    ["PS256", "rsa", false],
    ["EdDSA", "ed25519", false],
    ["none", "rsa", false],
    ["HS256", "rsa", false],
  ];
  for (const [alg, key, accepted] of rows)
    test(`${alg} is ${accepted ? "accepted" : "refused"}`, async () => {
      const desk = openDesk();
      const answer = await desk.assume({ WebIdentityToken: desk.token({}, { alg }, key) });
      assert.equal(answer.status, accepted ? 200 : 400);
      if (!accepted) assert.equal(textOf(answer, "Code"), "InvalidIdentityToken");
    });
});

describe("a token is refused", () => {
  const NOT_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
  const NO_KEY =
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements";
  const rows: readonly [title: string, claims: Claims, header: Headers, code: string, message: string][] = [
    [
      "of an issuer without provider",
      { iss: "https://other.example" },
      {},
      "InvalidIdentityToken",
      "No OpenIDConnect provider found in your account for https://other.example",
    ],
    [
      "of the issuer with a slash more",
      { iss: `${ISSUER}/` },
      {},
      "InvalidIdentityToken",
      `No OpenIDConnect provider found in your account for ${ISSUER}/`,
    ],
    ["without issuer", { iss: undefined }, {}, "InvalidIdentityToken", "Missing a required claim: iss"],
    ["with another audience", { aud: "other" }, {}, "InvalidIdentityToken", "Incorrect token audience"],
    [
      "with several audiences and no azp, whichever of them is a client",
      { aud: ["shop", "x"] },
      {},
      "InvalidIdentityToken",
      "Incorrect token audience",
    ],
    ["with no audience in its list", { aud: [] }, {}, "InvalidIdentityToken", "Incorrect token audience"],
    ["with an azp that is no client", { azp: "other" }, {}, "InvalidIdentityToken", "Incorrect token audience"],
    ["without audience", { aud: undefined }, {}, "InvalidIdentityToken", "Missing a required claim: aud"],
    ["without subject", { sub: undefined }, {}, "InvalidIdentityToken", "Missing a required claim: sub"],
    ["without iat", { iat: undefined }, {}, "InvalidIdentityToken", "Missing a required claim: iat"],
    ["without exp", { exp: undefined }, {}, "InvalidIdentityToken", "Missing a required claim: exp"],
    ["with a fraction in exp", { exp: NOW + 300.5 }, {}, "InvalidIdentityToken", "The exp claim must be an integer"],
    ["with a fraction in iat", { iat: NOW - 0.5 }, {}, "InvalidIdentityToken", "The iat claim must be an integer"],
    ["with a text in nbf", { nbf: "0" }, {}, "InvalidIdentityToken", "The nbf claim must be an integer"],
    [
      "in the second in which it expires",
      { exp: NOW },
      {},
      "ExpiredTokenException",
      `Token expired: current date/time ${NOW} must be before the expiration date/time ${NOW}`,
    ],
    ["of the far future", { nbf: NOW + 301 }, {}, "InvalidIdentityToken", "The token is not valid yet"],
    ["with a key that nobody has", {}, { kid: "gone" }, "InvalidIdentityToken", NO_KEY],
    ["with the name of a key of another kind", {}, { kid: "p256-1" }, "InvalidIdentityToken", NO_KEY],
    ["with a critical header", {}, { crit: ["x"] }, "InvalidIdentityToken", NOT_JWT],
    // The provider comes first, then the times, then the audience.
    [
      "expired and with another audience",
      { exp: NOW - 1, aud: "other" },
      {},
      "ExpiredTokenException",
      `Token expired: current date/time ${NOW} must be before the expiration date/time ${NOW - 1}`,
    ],
    [
      "expired and of an issuer without provider",
      { exp: NOW - 1, iss: "https://other.example" },
      {},
      "InvalidIdentityToken",
      "No OpenIDConnect provider found in your account for https://other.example",
    ],
  ];
  for (const [title, claims, header, code, message] of rows)
    test(title, async () => {
      const desk = openDesk();
      const answer = await desk.assume({ WebIdentityToken: desk.token(claims, header) });
      assert.deepEqual(errorOf(answer), [400, "Sender", code, message]);
    });

  test("that is no JWT", async () => {
    const answer = await openDesk().assume({ WebIdentityToken: "opaque" });
    assert.deepEqual(errorOf(answer), [400, "Sender", "InvalidIdentityToken", NOT_JWT]);
  });

  test("whose payload was changed, before anything in it counts", async () => {
    const desk = openDesk();
    const [head, , signature] = desk.token().split(".");
    const payload = Buffer.from(JSON.stringify({ iss: ISSUER, aud: "other", sub: "eve", iat: 0, exp: 1 }));
    const answer = await desk.assume({ WebIdentityToken: `${head}.${payload.toString("base64url")}.${signature}` });
    assert.deepEqual(errorOf(answer), [400, "Sender", "InvalidIdentityToken", "The signature of the token is invalid"]);
  });

  test("when the provider cannot be asked, and not any more when it can", async () => {
    const desk = openDesk();
    desk.provider.fault = async () => new Response(null, { status: 500 });
    assert.deepEqual(errorOf(await desk.assume()), [
      400,
      "Sender",
      "IDPCommunicationError",
      "The identity provider could not be reached to verify the token. Please try again.",
    ]);
    desk.provider.fault = null;
    desk.clock.advance(1001);
    assert.equal((await desk.assume()).status, 200);
  });
});

describe("the trust policy", () => {
  const key = (name: string): string => `login.shop.example/realms/shop:${name}`;
  const rows: readonly [
    title: string,
    condition: Record<string, Record<string, string>>,
    claims: Claims,
    ok: boolean,
  ][] = [
    ["sub that fits", { StringEquals: { [key("sub")]: "ada" } }, {}, true],
    ["sub that does not", { StringEquals: { [key("sub")]: "bob" } }, {}, false],
    ["aud that fits", { StringEquals: { [key("aud")]: "shop" } }, {}, true],
    ["aud is azp when there is one", { StringEquals: { [key("aud")]: "shop-cli" } }, { azp: "shop-cli" }, true],
    ["azp that fits", { StringEquals: { [key("azp")]: "shop-cli" } }, { azp: "shop-cli" }, true],
    ["aud of a list of one", { StringEquals: { [key("aud")]: "shop" } }, { aud: ["shop"] }, true],
    [
      "aud as a policy variable",
      { StringEquals: { [key("sub")]: `\${${key("aud")}}` } },
      { aud: ["shop"], sub: "shop" },
      true,
    ],
    ["azp as the variable of aud", { StringEquals: { [key("azp")]: `\${${key("aud")}}` } }, { azp: "shop-cli" }, true],
    [
      "azp among several audiences",
      { StringEquals: { [key("aud")]: "shop-cli" } },
      { aud: ["x", "shop"], azp: "shop-cli" },
      true,
    ],
    ["amr has several values", { "ForAnyValue:StringEquals": { [key("amr")]: "mfa" } }, { amr: ["pwd", "mfa"] }, true],
    ["other claims are no keys", { StringEquals: { [key("email")]: "ada@x" } }, { email: "ada@x" }, false],
    ["name of the session", { StringEquals: { "sts:RoleSessionName": "ada" } }, {}, true],
    ["time", { DateGreaterThan: { "aws:CurrentTime": "2026-11-25T12:00:01Z" } }, {}, false],
    ["provider", { StringEquals: { "aws:FederatedProvider": PROVIDER } }, {}, true],
  ];
  for (const [title, condition, claims, ok] of rows)
    test(`${title}: ${ok ? "credentials" : "AccessDenied"}`, async () => {
      const desk = openDesk({ roles: [role("support", trusting(condition))] });
      const answer = await desk.assume({ WebIdentityToken: desk.token(claims) });
      if (ok) assert.equal(answer.status, 200);
      else assert.deepEqual(errorOf(answer), DENIED);
    });

  test("a role that is not there is refused in the same words", async () => {
    assert.deepEqual(errorOf(await openDesk().assume({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/nobody` })), DENIED);
    assert.deepEqual(errorOf(await openDesk().assume({ RoleArn: "arn:aws:iam::999988887777:role/support" })), DENIED);
  });

  test("another provider's role is refused", async () => {
    const trust = trusting();
    const [statement] = trust.Statement;
    const other = { ...trust, Statement: [{ ...statement, Principal: { Federated: `${PROVIDER}2` } }] };
    assert.deepEqual(errorOf(await openDesk({ roles: [role("support", other)] }).assume()), DENIED);
  });
});

describe("tags of a token", () => {
  const tagged = (principal: unknown, more: object = {}): Claims =>
    ({ [TAGS]: { principal_tags: principal, ...more } }) as Claims;
  const BOTH = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"];

  test("without sts:TagSession nothing is given", async () => {
    const desk = openDesk();
    const answer = await desk.assume({ WebIdentityToken: desk.token(tagged({ team: ["blue"] })) });
    assert.deepEqual(errorOf(answer), DENIED);
  });

  test("with it they are the session's, and take up room", async () => {
    const desk = openDesk({ roles: [role("support", trusting(undefined, BOTH))] });
    const answer = await desk.assume({ WebIdentityToken: desk.token(tagged({ team: ["blue"], Cost: ["7"] })) });
    assert.deepEqual(principalOf(desk, answer).tags, { team: "blue", Cost: "7" });
    assert.equal(textOf(answer, "PackedPolicySize"), "2");
  });

  test("the trust policy sees them", async () => {
    const condition = {
      StringEquals: { "aws:RequestTag/team": "blue" },
      "ForAllValues:StringEquals": { "aws:TagKeys": ["team"], "sts:TransitiveTagKeys": ["team"] },
    };
    const desk = openDesk({ roles: [role("support", trusting(condition, BOTH))] });
    const ask = async (principal: unknown) =>
      (await desk.assume({ WebIdentityToken: desk.token(tagged(principal, { transitive_tag_keys: ["team"] })) }))
        .status;
    assert.equal(await ask({ team: ["blue"] }), 200);
    assert.equal(await ask({ team: ["red"] }), 403);
    assert.equal(await ask({ team: ["blue"], cost: ["7"] }), 403);
  });

  const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ["v"]]));
  const one = "has a principal tag that is not a list of exactly one text";
  const rows: readonly [title: string, claims: Claims, code: string, message: string][] = [
    ["two values", tagged({ team: ["a", "b"] }), "InvalidIdentityToken", `The claim ${TAGS} ${one}`],
    ["no value", tagged({ team: [] }), "InvalidIdentityToken", `The claim ${TAGS} ${one}`],
    ["a bare text", tagged({ team: "a" }), "InvalidIdentityToken", `The claim ${TAGS} ${one}`],
    ["no object", { [TAGS]: "x" }, "InvalidIdentityToken", `The claim ${TAGS} is not an object`],
    [
      "one key in two cases",
      tagged({ team: ["a"], Team: ["b"] }),
      "InvalidIdentityToken",
      `The claim ${TAGS} has a principal tag twice`,
    ],
    [
      "a key of AWS",
      tagged({ "aws:x": ["a"] }),
      "InvalidIdentityToken",
      `The claim ${TAGS} has a principal tag with a key or value that tags cannot have`,
    ],
    [
      "a long value",
      tagged({ team: ["v".repeat(257)] }),
      "InvalidIdentityToken",
      `The claim ${TAGS} has a principal tag with more than 128 characters of key or 256 of value`,
    ],
    [
      "transitive keys without tag",
      tagged({ team: ["a"] }, { transitive_tag_keys: ["cost"] }),
      "InvalidIdentityToken",
      `The claim ${TAGS} has transitive_tag_keys that are not a list of keys of its tags`,
    ],
    [
      "51 tags",
      tagged(many),
      "PackedPolicyTooLarge",
      "Packed policy consumes 102% of allotted space, please use smaller policy.",
    ],
  ];
  for (const [title, claims, code, message] of rows)
    test(`${title}: ${code}`, async () => {
      const desk = openDesk({ roles: [role("support", trusting(undefined, BOTH))] });
      const answer = await desk.assume({ WebIdentityToken: desk.token(claims) });
      assert.deepEqual(errorOf(answer), [400, "Sender", code, message]);
    });
});

describe("session policies", () => {
  const POLICY = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" }],
  } as const;
  const MANAGED = `arn:aws:iam::${ACCOUNT}:policy/readers`;

  test("inline first, then those that are named, and their packed size", async () => {
    const deny = { Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "*", Resource: "*" }] } as const;
    const desk = openDesk({ managedPolicies: { [MANAGED]: deny } });
    const answer = await desk.assume({ Policy: JSON.stringify(POLICY), "PolicyArns.member.1.arn": MANAGED });
    assert.deepEqual(principalOf(desk, answer).sessionPolicies, [POLICY, deny]);
    assert.match(textOf(answer, "PackedPolicySize"), /^[1-9]$/);
  });

  const rows: readonly [title: string, policy: string, message: string][] = [
    ["no JSON", "{", "This policy contains invalid Json"],
    [
      "a name twice",
      '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
      "This policy contains invalid Json",
    ],
    ["no statement", '{"Version":"2012-10-17"}', "Syntax errors in policy."],
    [
      "a principal",
      JSON.stringify({ ...POLICY, Statement: [{ ...POLICY.Statement[0], Principal: "*" }] }),
      "Syntax errors in policy.",
    ],
  ];
  for (const [title, policy, message] of rows)
    test(`${title}: MalformedPolicyDocument`, async () => {
      const answer = await openDesk().assume({ Policy: policy });
      assert.deepEqual(errorOf(answer), [400, "Sender", "MalformedPolicyDocument", message]);
    });

  test("a name that stands for no policy", async () => {
    assert.deepEqual(errorOf(await openDesk().assume({ "PolicyArns.member.1.arn": MANAGED })), [
      400,
      "Sender",
      "ValidationError",
      `Policy ${MANAGED} does not exist or is not attachable.`,
    ]);
  });

  test("more than there is room for", async () => {
    const sid = (i: number): string =>
      `a${i}${Buffer.from(String(Math.imul(i + 7, 2_654_435_761) >>> 0)).toString("hex")}`;
    const managedPolicies = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [
        `${MANAGED}${i}`,
        {
          Version: "2012-10-17" as const,
          Statement: Array.from({ length: 20 }, (__, j) => ({
            Sid: sid(100 * i + j),
            Effect: "Allow" as const,
            Action: "execute-api:Invoke",
            Resource: `arn:aws:execute-api:eu-west-1:${ACCOUNT}:${sid(7 * i + j)}/*`,
          })),
        },
      ]),
    );
    const arns = Object.fromEntries(
      Object.keys(managedPolicies).map((arn, i) => [`PolicyArns.member.${i + 1}.arn`, arn]),
    );
    const answer = await openDesk({ managedPolicies }).assume(arns);
    assert.equal(answer.status, 400);
    assert.equal(textOf(answer, "Code"), "PackedPolicyTooLarge");
    const text = /^Packed policy consumes (\d+)% of allotted space, please use smaller policy\.$/;
    assert.ok(Number(text.exec(textOf(answer, "Message"))?.[1]) > 100);
  });
});

describe("parameters out of their limits", () => {
  const failed = (value: string, at: string, constraint: string): string =>
    `1 validation error detected: Value ${value}at '${at}' failed to satisfy constraint: ${constraint}`;
  const min = (length: number): string => `Member must have length greater than or equal to ${length}`;
  const max = (length: number): string => `Member must have length less than or equal to ${length}`;
  const pattern = "Member must satisfy regular expression pattern: [\\w+=,.@-]*";
  const long = "x".repeat(2049);
  const rows: readonly [title: string, parameters: Record<string, string | null>, message: string][] = [
    ["no RoleArn", { RoleArn: null }, failed("null ", "roleArn", "Member must not be null")],
    ["a short RoleArn", { RoleArn: "arn:aws:iam::1" }, failed("'arn:aws:iam::1' ", "roleArn", min(20))],
    ["a RoleArn that is none", { RoleArn: "urn:aws:iam::111122223333" }, "Request ARN is invalid"],
    ["no RoleSessionName", { RoleSessionName: null }, failed("null ", "roleSessionName", "Member must not be null")],
    ["a RoleSessionName of one letter", { RoleSessionName: "a" }, failed("'a' ", "roleSessionName", min(2))],
    [
      "a RoleSessionName of 65",
      { RoleSessionName: "a".repeat(65) },
      failed(`'${"a".repeat(65)}' `, "roleSessionName", max(64)),
    ],
    ["a RoleSessionName with a space", { RoleSessionName: "a b" }, failed("'a b' ", "roleSessionName", pattern)],
    ["no token", { WebIdentityToken: null }, failed("null ", "webIdentityToken", "Member must not be null")],
    ["a short token", { WebIdentityToken: "abc" }, failed("", "webIdentityToken", min(4))],
    ["a long token", { WebIdentityToken: "x".repeat(20_001) }, failed("", "webIdentityToken", max(20_000))],
    [
      "899 seconds",
      { DurationSeconds: "899" },
      failed("'899' ", "durationSeconds", "Member must have value greater than or equal to 900"),
    ],
    [
      "43201 seconds",
      { DurationSeconds: "43201" },
      failed("'43201' ", "durationSeconds", "Member must have value less than or equal to 43200"),
    ],
    ["a policy of 2049 characters", { Policy: long }, failed(`'${long}' `, "policy", max(2048))],
    [
      "a policy outside Latin-1",
      { Policy: "€" },
      failed(
        "'€' ",
        "policy",
        "Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
      ),
    ],
    ["a short policy ARN", { "PolicyArns.member.1.arn": "arn" }, failed("'arn' ", "policyArns.1.member.arn", min(20))],
    [
      "11 policy ARNs",
      Object.fromEntries(
        Array.from({ length: 11 }, (_, i) => [`PolicyArns.member.${i + 1}.arn`, `arn:aws:iam::aws:policy/p${i}`]),
      ),
      failed(
        `'[${Array.from({ length: 11 }, (_, i) => `arn:aws:iam::aws:policy/p${i}`).join(", ")}]' `,
        "policyArns",
        max(10),
      ),
    ],
    [
      "two at once",
      { RoleSessionName: "a", DurationSeconds: "0" },
      "2 validation errors detected: Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2; Value '0' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    ],
  ];
  for (const [title, parameters, message] of rows)
    test(title, async () => {
      assert.deepEqual(errorOf(await openDesk().assume(parameters)), [400, "Sender", "ValidationError", message]);
    });

  test("a provider of OAuth access tokens", async () => {
    const answer = await openDesk().assume({ ProviderId: "www.amazon.com" });
    assert.deepEqual(errorOf(answer), [
      400,
      "Sender",
      "InvalidIdentityToken",
      "OAuth 2.0 access tokens are not taken: ProviderId must not be given.",
    ]);
  });

  test("a duration that is no number", async () => {
    const answer = await openDesk().assume({ DurationSeconds: "1h" });
    assert.deepEqual(errorOf(answer), [400, "Sender", "MalformedInput", "DurationSeconds is not an integer."]);
  });
});

describe("requests that are none", () => {
  const rows: readonly [
    title: string,
    request: Partial<ReturnType<typeof post>>,
    answer: ReturnType<typeof errorOf>,
  ][] = [
    [
      "no action",
      post({ Version: "2011-06-15" }),
      [400, "Sender", "MissingAction", "The request must contain the parameter Action."],
    ],
    [
      "an action that is not served",
      post({ Action: "GetSessionToken", Version: "2011-06-15" }),
      [400, "Sender", "InvalidAction", "Could not find operation GetSessionToken for version 2011-06-15"],
    ],
    [
      "no version",
      post({ Action: "GetCallerIdentity" }),
      [400, "Sender", "InvalidAction", "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED"],
    ],
    [
      "an action with markup",
      post({ Action: "<a>", Version: "2011-06-15" }),
      [400, "Sender", "InvalidAction", "Could not find operation (unreadable) for version 2011-06-15"],
    ],
    [
      "a parameter twice",
      { body: Buffer.from("Action=GetCallerIdentity&Action=GetCallerIdentity&Version=2011-06-15") },
      [400, "Sender", "MalformedQueryString", "The query string contains a syntax error."],
    ],
    [
      "a parameter in the query and in the body",
      { target: "/?Version=2011-06-15" },
      [400, "Sender", "MalformedQueryString", "The query string contains a syntax error."],
    ],
    [
      "bytes that are not UTF-8",
      { body: Buffer.from("Action=%ff") },
      [400, "Sender", "MalformedQueryString", "The query string contains a syntax error."],
    ],
    [
      "JSON",
      { headers: ["Content-Type", "application/json"], body: Buffer.from("{}") },
      [400, "Sender", "MalformedInput", "The body must be of type application/x-www-form-urlencoded."],
    ],
    [
      "another method",
      { method: "PUT" },
      [405, "Sender", "MethodNotAllowed", "The requested method is not allowed for this service."],
    ],
  ];
  for (const [title, request, expected] of rows)
    test(title, async () => {
      const good = post({ Action: "GetCallerIdentity", Version: "2011-06-15" });
      assert.deepEqual(errorOf(await openDesk().sts.handle({ ...good, ...request })), expected);
    });

  test("an error is the service's, to the byte, and what a client wrote is escaped", async () => {
    const desk = openDesk();
    const answer = await desk.assume({ WebIdentityToken: desk.token({ iss: "<&\u0000>" }) });
    assert.equal(
      answer.body,
      `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error>
    <Type>Sender</Type>
    <Code>InvalidIdentityToken</Code>
    <Message>No OpenIDConnect provider found in your account for &lt;&amp;\ufffd&gt;</Message>
  </Error>
  <RequestId>00000000-0000-4000-8000-000000000001</RequestId>
</ErrorResponse>
`,
    );
  });
});
