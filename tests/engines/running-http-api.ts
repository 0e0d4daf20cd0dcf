/**
 * The fifth engine: the compiled public APIs as an AWS account, served as AWS serves HTTP APIs, on a unix socket.
 *
 * In: artifacts. Out: for a caller with the credentials of one role, or none, whether the call reaches the service.
 * Credentials come from STS for a token of an issuer that every role trusts: who holds which role is not IAM's business
 * but that of whoever asks for its credentials. A private API has no place on AWS.
 * INVARIANT: nothing of the road of policies takes part: routes, signatures and documents are all that decides.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { type Clock, Secret } from "../../src/core/index.ts";
import { type ApiGateway, type CallRecord, createApiGateway } from "../../src/gateway/index.ts";
import { type WrittenDocument, signRequest } from "../../src/iam/index.ts";
import { type KeySource, createKeySource } from "../../src/identity/index.ts";
import type { Account, Artifacts, IamRole } from "../../src/model/index.ts";
import { type AccountDirectory, type Sts, accountDirectory, createSts, providerArn } from "../../src/sts/index.ts";
import { HttpChannel } from "./http-channel.ts";

export interface SignedAsk {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly sourceIp: string;
  /** Null: the call is not signed. */
  readonly role: IamRole | null;
}

export interface HttpApiAnswer {
  readonly status: number;
  /** Null where the bytes were no request: nobody records them. */
  readonly record: CallRecord | null;
}

export interface RunningHttpApi {
  setTime(nowMs: number): void;
  /** Takes over other artifacts. */
  load(artifacts: Artifacts): void;
  ask(asked: SignedAsk): Promise<HttpApiAnswer>;
  close(): Promise<void>;
}

const ISSUER = "https://callers.invalid";
const AUDIENCE = "callers";
const EMPTY_HASH = createHash("sha256").digest("hex");

export async function startRunningHttpApi(): Promise<RunningHttpApi> {
  const folder = await mkdtemp(join(tmpdir(), "gh-ha-"));
  const socket = join(folder, "run", "api.sock");
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", use: "sig", alg: "ES256" }] };
  let nowMs = 0;
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
  const keys: KeySource = createKeySource({
    issuer: ISSUER,
    clock,
    allowHttpLoopback: false,
    fetch: (url) =>
      Promise.resolve(Response.json(url.endsWith("/jwks") ? jwks : { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` })),
  });
  await keys.load();
  const channel = new HttpChannel(async () => connect(socket));
  let directory: AccountDirectory | null = null;
  let sts: Sts | null = null;
  let account: Account | null = null;
  let gateway: ApiGateway | null = null;
  let onRecord: ((record: CallRecord) => void) | null = null;

  async function credentialsOf(
    role: IamRole,
  ): Promise<Record<"AccessKeyId" | "SecretAccessKey" | "SessionToken", string>> {
    const seconds = Math.floor(nowMs / 1000);
    const token = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "caller", iat: seconds, exp: seconds + 600 })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .sign(privateKey);
    const parameters = new URLSearchParams({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: role.arn,
      RoleSessionName: "caller",
      WebIdentityToken: token,
    });
    const headers = ["accept", "application/json", "content-type", "application/x-www-form-urlencoded"];
    const answer = await sts?.handle({
      method: "POST",
      target: "/",
      headers,
      body: Buffer.from(parameters.toString()),
    });
    if (answer?.status !== 200) throw new Error(`no credentials for \`${role.roleName}\`: ${answer?.body}`);
    const read = JSON.parse(answer.body) as {
      AssumeRoleWithWebIdentityResponse: {
        AssumeRoleWithWebIdentityResult: {
          Credentials: Record<"AccessKeyId" | "SecretAccessKey" | "SessionToken", string>;
        };
      };
    };
    return read.AssumeRoleWithWebIdentityResponse.AssumeRoleWithWebIdentityResult.Credentials;
  }

  async function signed({ method, target, host, role }: SignedAsk): Promise<{ target: string; headers: string[] }> {
    if (role === null || account === null) return { target, headers: [] };
    const { AccessKeyId, SecretAccessKey, SessionToken } = await credentialsOf(role);
    return signRequest(
      // A server reads every byte of the line as one character.
      { method, target: Buffer.from(target).toString("latin1"), headers: ["host", host], payloadHash: EMPTY_HASH },
      {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
        service: "execute-api",
        region: account.region,
        nowMs,
      },
    );
  }

  return {
    setTime(ms) {
      nowMs = ms;
    },
    load(artifacts) {
      directory?.close();
      account = accountOf(artifacts);
      directory = accountDirectory(account, { clock, keysOf: () => keys });
      sts = createSts({ directory, keys: [new Secret(Buffer.alloc(32, 7))], clock });
      if (gateway !== null) return gateway.replace(account);
      gateway = createApiGateway(account, {
        clock,
        credentials: { find: (...args) => sts?.credentials.find(...args) ?? { ok: false, problem: "unknown" } },
        record: (record) => onRecord?.(record),
      });
    },
    async ask(asked) {
      if (gateway === null) throw new Error("nothing is loaded");
      if (onRecord === null) await gateway.listen({ socket });
      let wake: ((record: CallRecord) => void) | null = null;
      const recorded = new Promise<CallRecord>((resolve) => (wake = resolve));
      onRecord = wake;
      const { headers } = await signed(asked);
      const lines = [`Host: ${asked.host}`, `X-Forwarded-For: ${asked.sourceIp}`, "X-Forwarded-Proto: https"];
      for (let i = 0; i + 1 < headers.length; i += 2)
        if (headers[i]?.toLowerCase() !== "host") lines.push(`${headers[i]}: ${headers[i + 1]}`);
      const { status } = await channel.send(asked.method, asked.target, lines);
      return { status, record: status === 400 ? null : await recorded };
    },
    async close() {
      channel.close();
      keys.close();
      directory?.close();
      await gateway?.close({ graceMs: 0 });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The domain and each host of a service is a custom domain name of the account. */
function accountOf({ domain, apis, hostApis, iam }: Artifacts): Account {
  const served = [
    ...(apis.public === null ? [] : [{ host: domain, api: apis.public }]),
    ...hostApis.filter(({ exposure }) => exposure === "public"),
  ];
  const { partition, account: accountId, region } = iam;
  const trust: WrittenDocument = {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: providerArn(partition, accountId, ISSUER) },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { "callers.invalid:aud": AUDIENCE } },
      },
    ],
  };
  return {
    accountId,
    region,
    partition,
    apis: served.map(({ api }) => api),
    domainNames: served.map(({ host, api }) => ({
      domainName: host,
      apiMappings: [{ apiMappingKey: "", apiId: api.apiId, stage: "$default" }],
    })),
    oidcProviders: [{ url: ISSUER, clientIdList: [AUDIENCE] }],
    roles: iam.roles.map(({ roleName, arn, policy, permissionsBoundary }) => ({
      roleName,
      arn,
      assumeRolePolicyDocument: trust as never,
      policies: [policy],
      permissionsBoundary,
    })),
  };
}

/** Keys of ours in its documents: on AWS nobody could say what they hold. */
export function hasOwnKeys({ policy, permissionsBoundary }: IamRole): boolean {
  return [policy, permissionsBoundary].some(({ Statement }) =>
    Statement.some(({ Condition = {} }) =>
      Object.values(Condition).some((block) =>
        Object.entries(block).some(
          ([key, values]) =>
            key.startsWith("gatehouse:") || [values].flat().some((each) => each.includes("${gatehouse:")),
        ),
      ),
    ),
  );
}
