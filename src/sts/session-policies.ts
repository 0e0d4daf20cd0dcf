/**
 * The policies that come with a request for credentials, and the room that they and the session's tags take up.
 *
 * In: texts and ARNs. Out: documents that are known to be readable, or why not.
 * Source: STS API reference, AssumeRoleWithWebIdentity (`Policy`, `PolicyArns`, `PackedPolicySize`).
 */
import { isGatehouseError } from "../core/index.ts";
import { type WrittenDocument, compileDocument } from "../iam/index.ts";
import { parseStrictJsonObject } from "../identity/index.ts";
import type { AssumeRoleRequest } from "./assume-role-request.ts";
import { packJson } from "./packed-json.ts";
import type { RoleDirectory } from "./role-directory.ts";
import { type StsRefusal, refuse } from "./sts-error.ts";

/** What 100 % of the packed size is. AWS does not say how much it has; here it bounds the session token. */
const PACKED_BYTES = 2048;
const PACKED_TEXT = "of allotted space, please use smaller policy.";

export interface SessionPolicies {
  readonly ok: true;
  readonly documents: readonly WrittenDocument[];
}

/** The inline policy first. */
export function readSessionPolicies(
  { policy, policyArns }: Pick<AssumeRoleRequest, "policy" | "policyArns">,
  directory: RoleDirectory,
): SessionPolicies | StsRefusal {
  const documents: WrittenDocument[] = [];
  if (policy !== null) {
    const parsed = parseStrictJsonObject(Buffer.from(policy));
    if (parsed === null) return refuse("MalformedPolicyDocument", "This policy contains invalid Json");
    documents.push(parsed as unknown as WrittenDocument);
  }
  for (const arn of policyArns) {
    const found = directory.managedPolicy(arn);
    if (found === null) return refuse("ValidationError", `Policy ${arn} does not exist or is not attachable.`);
    documents.push(found);
  }
  try {
    for (const document of documents) compileDocument(document);
  } catch (cause) {
    if (!isGatehouseError(cause)) throw cause;
    return refuse("MalformedPolicyDocument", "Syntax errors in policy.");
  }
  return { ok: true, documents };
}

/** In percent; null when neither policies nor tags were passed. */
export function packedSizeOf(
  documents: readonly WrittenDocument[],
  tags: Readonly<Record<string, string>>,
): number | null {
  if (documents.length === 0 && Object.keys(tags).length === 0) return null;
  return Math.ceil((100 * packJson([documents, tags]).length) / PACKED_BYTES);
}

export function packedPolicyTooLarge(percent: number): StsRefusal {
  return refuse("PackedPolicyTooLarge", `Packed policy consumes ${percent}% ${PACKED_TEXT}`);
}
