/**
 * AWS_IAM: who signed the call, and whether the documents of their role let them make it.
 *
 * In: a signed call with its body's hash, the roles of an account. Out: the caller, or why not, in the words that AWS has
 * for a REST API; an HTTP API's client hears `Forbidden` and nothing else.
 * Not here: signatures and documents themselves (iam), temporary credentials (sts).
 * Source: API Gateway developer guide, "Controlling access to HTTP APIs with IAM authorization"; IAM user guide, "AWS
 * global condition context keys".
 * INVARIANT: a caller of another account, or of a role that the account does not have any more, is refused: HTTP APIs
 * have no resource policies that could let them in.
 */
import { createHash } from "node:crypto";
import {
  type CallerDocuments,
  type CompiledDocument,
  type CredentialSource,
  type RequestContext,
  type SignatureRefusal,
  type SignatureResult,
  compileDocument,
  evaluate,
  explainDenial,
  invokeArn,
  verifySignature,
} from "../../iam/index.ts";
import type { Account, AccountRole } from "../../model/index.ts";
import type { Principal } from "../../sts/index.ts";
import type { Switches } from "./switches.ts";

export interface SignedCall {
  readonly method: string;
  /** As received. */
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: Buffer | null;
  readonly nowMs: number;
  readonly sourceIp: string | null;
  readonly isSecure: boolean;
  readonly userAgent: string | null;
  readonly referer: string | null;
  readonly resource: string;
}

export type IamOutcome =
  | { readonly ok: true; readonly principal: Principal }
  | {
      readonly ok: false;
      /** Null when the signature was the trouble. */
      readonly principal: Principal | null;
      /** `x-amzn-errortype` of the answer; null for none. */
      readonly errorType: string | null;
      readonly message: string;
    };

interface RolePlan {
  readonly role: AccountRole;
  readonly identity: readonly CompiledDocument[];
  readonly boundary: CompiledDocument | null;
}

const SERVICE = "execute-api";
const ACTION = "execute-api:Invoke";
/** Refusals that another body might not have met with. */
const NEEDS_BODY: ReadonlySet<SignatureRefusal["reason"]> = new Set(["signature-mismatch", "payload-mismatch"]);
const EMPTY_HASH = createHash("sha256").digest("hex");

export class IamAuthorizer {
  readonly #account: Account;
  readonly #credentials: CredentialSource<Principal>;
  readonly #switches: Switches;
  readonly #roles: ReadonlyMap<string, RolePlan>;

  /** @throws GH_IAM_* when a document cannot be compiled */
  constructor(account: Account, credentials: CredentialSource<Principal>, switches: Switches) {
    this.#account = account;
    this.#credentials = credentials;
    this.#switches = switches;
    this.#roles = new Map(
      account.roles.map((role) => [
        role.arn,
        {
          role,
          identity: role.policies.map((policy) => compileDocument(policy)),
          boundary: role.permissionsBoundary === null ? null : compileDocument(role.permissionsBoundary),
        },
      ]),
    );
  }

  /** The ARN that a call asks for. `path` is decoded, without stage. */
  arnOf(apiId: string, stage: string, method: string, path: string): string {
    const { partition, region, accountId } = this.#account;
    return invokeArn({ partition, region, account: accountId, apiId, stage, method, path });
  }

  /** Of a call whose body was not read: what no body could change. Null when the body has to be had to know. */
  refuseEarly(call: SignedCall): IamOutcome | null {
    const signed = this.#verify(call, "");
    return signed.ok || NEEDS_BODY.has(signed.refusal.reason) ? null : this.#refuseSignature(signed.refusal);
  }

  authorize(call: SignedCall): IamOutcome {
    const { body, resource } = call;
    const signed = this.#verify(call, body === null ? EMPTY_HASH : createHash("sha256").update(body).digest("hex"));
    if (!signed.ok) return this.#refuseSignature(signed.refusal);
    const { principal } = signed;
    const plan = principal.accountId === this.#account.accountId ? this.#roles.get(principal.roleArn) : undefined;
    const denial = plan === undefined ? noPolicy(principal, resource) : this.#judge(plan, principal, call);
    return denial === null ? { ok: true, principal } : this.#refuse(false, "AccessDeniedException", denial, principal);
  }

  #verify({ method, target, headers, nowMs }: SignedCall, payloadHash: string): SignatureResult<Principal> {
    return verifySignature<Principal>(
      { method, target, headers, payloadHash },
      {
        service: SERVICE,
        region: this.#account.region,
        nowMs,
        credentials: this.#credentials,
        allowUnsignedPayload: this.#switches["unsigned-payload"] === "accept",
      },
    );
  }

  #refuseSignature({ reason, errorType, message }: SignatureRefusal): IamOutcome {
    const isUnsigned = reason === "signature-missing";
    // An HTTP API was seen to name an unsigned request so, where a REST API says MissingAuthenticationTokenException.
    return this.#refuse(isUnsigned, isUnsigned ? "IncompleteSignatureException" : errorType, message, null);
  }

  #judge(plan: RolePlan, principal: Principal, call: SignedCall): string | null {
    const documents: CallerDocuments = {
      identity: plan.identity,
      boundary: plan.boundary,
      session: principal.sessionPolicies.map((policy) => compileDocument(policy)),
    };
    const request = { action: ACTION, resource: call.resource, context: this.#contextOf(plan.role, principal, call) };
    const evaluation = evaluate(request, documents);
    return explainDenial(evaluation, { userArn: principal.arn, action: ACTION, resource: call.resource });
  }

  #refuse(isUnsigned: boolean, errorType: string, message: string, principal: Principal | null): IamOutcome {
    const shown = this.#switches["iam-error-type"];
    const isShown = shown === "always" || (shown === "unsigned" && isUnsigned);
    return { ok: false, principal, errorType: isShown ? errorType : null, message };
  }

  #contextOf(role: AccountRole, principal: Principal, call: SignedCall): RequestContext {
    const { accountId, partition, region } = this.#account;
    const context: Record<string, string | readonly string[]> = {
      "aws:CurrentTime": `${new Date(call.nowMs).toISOString().slice(0, 19)}Z`,
      "aws:EpochTime": String(Math.floor(call.nowMs / 1000)),
      "aws:SecureTransport": String(call.isSecure),
      "aws:PrincipalArn": principal.roleArn,
      "aws:PrincipalAccount": accountId,
      "aws:PrincipalType": "AssumedRole",
      "aws:PrincipalIsAWSService": "false",
      "aws:ViaAWSService": "false",
      "aws:RequestedRegion": region,
      "aws:userid": principal.userId,
    };
    if (call.sourceIp !== null) context["aws:SourceIp"] = call.sourceIp;
    if (call.userAgent !== null) context["aws:UserAgent"] = call.userAgent;
    if (call.referer !== null) context["aws:referer"] = call.referer;
    // Keys have no case, and of two spellings the later one counts: a session's tags take the place of the role's.
    for (const tags of [role.tags ?? {}, principal.tags])
      for (const [key, value] of Object.entries(tags)) context[`aws:PrincipalTag/${key}`] = value;
    const { issuer, subject, audience } = principal.token;
    const provider = issuer.replace(/^https?:\/\//, "");
    context["aws:FederatedProvider"] = `arn:${partition}:iam::${accountId}:oidc-provider/${provider}`;
    context[`${provider}:sub`] = subject;
    context[`${provider}:aud`] = audience;
    return context;
  }
}

function noPolicy(principal: Principal, resource: string): string {
  return (
    `User: ${principal.arn} is not authorized to perform: ${ACTION} on resource: ${resource}` +
    " because no resource-based policy allows the execute-api:Invoke action"
  );
}
