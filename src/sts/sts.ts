/**
 * The Security Token Service: credentials for a token, and who a signature is by.
 *
 * In: requests of the Query protocol, unsigned for AssumeRoleWithWebIdentity and signed for GetCallerIdentity. Out:
 * answers as the service gives them, and the source of credentials by which signed requests are verified elsewhere.
 * Nothing is stored: who has the same keys knows the same credentials.
 * Source: STS API reference, version 2011-06-15.
 * INVARIANT: `handle` answers whatever comes, and never with anything of a token, a key or a signature that came.
 */
import { randomUUID } from "node:crypto";
import type { Clock, Secret } from "../core/index.ts";
import type { CredentialSource } from "../iam/index.ts";
import { readAssumeRoleRequest } from "./assume-role-request.ts";
import { findCaller } from "./caller-identity.ts";
import type { Principal } from "./principal.ts";
import {
  AnswerWriter,
  type Parameters,
  type StsAnswer,
  type StsRequest,
  type Tree,
  readParameters,
} from "./query-protocol.ts";
import type { RoleDirectory } from "./role-directory.ts";
import { packedPolicyTooLarge, packedSizeOf, readSessionPolicies } from "./session-policies.ts";
import { assumedRoleArn, createSessionTokens } from "./session-tokens.ts";
import { type StsRefusal, refuse } from "./sts-error.ts";

export interface StsOptions {
  readonly directory: RoleDirectory;
  /** 32 random bytes or more each. The first seals session tokens, each opens them. */
  readonly keys: readonly Secret<Uint8Array>[];
  readonly clock: Clock;
  /** Of answers. @default a random UUID */
  readonly newRequestId?: (() => string) | undefined;
}

export interface Sts {
  /** Never rejects. */
  handle(request: StsRequest): Promise<StsAnswer>;
  readonly credentials: CredentialSource<Principal>;
}

const VERSION = "2011-06-15";

type Outcome = { readonly ok: true; readonly tree: Tree } | StsRefusal;

/** @throws GH_STS_SEAL_KEY for a key that is too short, or for none */
export function createSts(options: StsOptions): Sts {
  const { directory, clock, newRequestId = randomUUID } = options;
  const tokens = createSessionTokens({ keys: options.keys });

  async function assumeRole(parameters: Parameters): Promise<Outcome> {
    const nowMs = clock.nowMs();
    const read = readAssumeRoleRequest(parameters);
    if (!read.ok) return read;
    const { roleArn, roleSessionName: sessionName, webIdentityToken: token, durationSeconds } = read.request;
    const policies = readSessionPolicies(read.request, directory);
    if (!policies.ok) return policies;
    const assumed = await directory.assume({ roleArn, sessionName, token, durationSeconds, nowMs });
    if (!assumed.ok) return assumed;
    const { role, tags } = assumed;
    if (durationSeconds > role.maxSessionSeconds)
      return refuse(
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      );
    const packedSize = packedSizeOf(policies.documents, tags);
    if (packedSize !== null && packedSize > 100) return packedPolicyTooLarge(packedSize);
    const { partition, accountId, roleName, roleId } = role;
    const expiresAtMs = (Math.floor(nowMs / 1000) + durationSeconds) * 1000;
    const issued = tokens.issue({
      partition,
      accountId,
      roleArn: role.arn,
      roleId,
      sessionName,
      sessionPolicies: policies.documents,
      tags,
      token: assumed.token,
      facts: assumed.facts,
      expiresAtMs,
    });
    // What the directory needs to know again shares the room.
    if (issued === null) return packedPolicyTooLarge(Math.max(101, packedSize ?? 0));
    return {
      ok: true,
      tree: {
        SubjectFromWebIdentityToken: assumed.token.subject,
        Audience: assumed.token.audience,
        AssumedRoleUser: {
          AssumedRoleId: `${roleId}:${sessionName}`,
          Arn: assumedRoleArn(partition, accountId, roleName, sessionName),
        },
        Provider: assumed.provider,
        Credentials: {
          AccessKeyId: issued.accessKeyId,
          SecretAccessKey: issued.secretAccessKey,
          SessionToken: issued.sessionToken,
          Expiration: { epochSeconds: expiresAtMs / 1000 },
        },
        PackedPolicySize: packedSize,
      },
    };
  }

  function callerIdentity(request: StsRequest): Outcome {
    const found = findCaller(request, tokens, clock.nowMs());
    if (!found.ok) return found;
    const { arn, userId, accountId } = found.principal;
    return { ok: true, tree: { Arn: arn, UserId: userId, Account: accountId } };
  }

  async function answer(request: StsRequest, writer: AnswerWriter): Promise<StsAnswer> {
    const read = readParameters(request);
    if (!read.ok) return writer.error(read.code, read.message);
    const { parameters } = read;
    const action = parameters.get("Action") ?? "";
    const version = parameters.get("Version") ?? "NO_VERSION_SPECIFIED";
    let outcome: Outcome;
    if (action === "") outcome = refuse("MissingAction", "The request must contain the parameter Action.");
    else if (version !== VERSION) outcome = unknownAction(action, version);
    else if (action === "AssumeRoleWithWebIdentity") outcome = await assumeRole(parameters);
    else if (action === "GetCallerIdentity") outcome = callerIdentity(request);
    else outcome = unknownAction(action, version);
    return outcome.ok ? writer.result(action, outcome.tree) : writer.error(outcome.code, outcome.message);
  }

  return {
    credentials: tokens,
    async handle(request) {
      const writer = new AnswerWriter(request, newRequestId());
      try {
        return await answer(request, writer);
      } catch {
        return writer.error("InternalFailure", "The request processing has failed because of an unknown error.");
      }
    },
  };
}

function unknownAction(action: string, version: string): StsRefusal {
  const [name, shown] = [action, version].map((text) => (/^[\w-]{1,64}$/.test(text) ? text : "(unreadable)"));
  return refuse("InvalidAction", `Could not find operation ${name} for version ${shown}`);
}
