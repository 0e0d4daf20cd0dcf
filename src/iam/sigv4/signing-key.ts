/**
 * Keys derived from secret keys, and signatures made with them.
 *
 * A derived key holds for one day, Region and service, and four chained HMACs cost more than all the rest of a
 * verification: the keys used lately are kept.
 * INVARIANT: only requests whose access key is known and whose date is current get here, so nobody else fills the map.
 * Source: IAM user guide, "Create a signed AWS API request", steps 4 and 5.
 */
import { type KeyObject, createHmac, createSecretKey } from "node:crypto";
import { RecentMap } from "../../core/index.ts";

const CAPACITY = 1000;
const keys = new RecentMap<KeyObject>(CAPACITY);

/** Where a signature holds. */
export interface CredentialScope {
  /** `20150830`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** The signature of a canonical request, 64 lower-case hexadecimal digits. In: time as `20150830T123600Z`. */
export function signDigest(
  secretAccessKey: string,
  scope: CredentialScope,
  timestamp: string,
  canonicalRequestDigest: string,
): string {
  return createHmac("sha256", signingKey(secretAccessKey, scope))
    .update(`AWS4-HMAC-SHA256\n${timestamp}\n${scopeText(scope)}\n${canonicalRequestDigest}`)
    .digest("hex");
}

/** `20150830/eu-west-1/execute-api/aws4_request`. */
export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}/aws4_request`;
}

function signingKey(secretAccessKey: string, scope: CredentialScope): KeyObject {
  // By the secret and not by the key's id: who changes a secret needs no other key for that.
  const name = `${scopeText(scope)}\n${secretAccessKey}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  let key = hmac(`AWS4${secretAccessKey}`, scope.date);
  for (const part of [scope.region, scope.service, "aws4_request"]) key = hmac(key, part);
  // An HMAC takes a key object many times faster than bytes.
  const derived = createSecretKey(key);
  keys.set(name, derived);
  return derived;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
