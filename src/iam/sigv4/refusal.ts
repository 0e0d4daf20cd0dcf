/**
 * Refusals and their texts, as API Gateway's REST APIs and the services beside it say them.
 *
 * Source: IAM user guide, "Troubleshoot Signature Version 4 signing"; the texts of form as DynamoDB says them, which is
 *      what mhart/dynalite and dacut/scratchstack-aws-signature recorded.
 * INVARIANT: nothing that a client wrote is repeated but what cannot hold a secret: times, and names of a few plain
 *      characters. AWS ends its texts of form with the header as it came; a bearer token would stand there.
 */
import type { SignatureRefusal } from "./signature.ts";

export interface Refused {
  readonly ok: false;
  readonly refusal: SignatureRefusal;
}

export function refuse(
  reason: SignatureRefusal["reason"],
  errorType: SignatureRefusal["errorType"],
  message: string,
): Refused {
  return { ok: false, refusal: { reason, errorType, message } };
}

/** The request says how it is signed, but not so that it could be read. */
export function refuseForm(message: string): Refused {
  return refuse("signature-incomplete", "IncompleteSignatureException", message);
}

/** ` 'us-east-1'` after `text`, if the word is short and plain. */
export function naming(text: string, word: string): string {
  return /^[A-Za-z0-9_-]{1,40}$/.test(word) ? `${text} '${word}'` : text;
}
