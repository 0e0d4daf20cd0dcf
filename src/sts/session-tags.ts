/**
 * The tags that a token gives to the session: the claim `https://aws.amazon.com/tags`.
 *
 * Source: IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity".
 */
import type { JsonObject } from "../identity/index.ts";
import { packedPolicyTooLarge } from "./session-policies.ts";
import { type StsRefusal, refuse } from "./sts-error.ts";

const CLAIM = "https://aws.amazon.com/tags";
const MAX_TAGS = 50;
const MAX_KEY_CHARS = 128;
const MAX_VALUE_CHARS = 256;
const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export interface SessionTags {
  readonly ok: true;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveKeys: readonly string[];
}

const NONE: SessionTags = { ok: true, tags: {}, transitiveKeys: [] };

export function readSessionTags(claims: JsonObject): SessionTags | StsRefusal {
  if (!Object.hasOwn(claims, CLAIM)) return NONE;
  const claim = claims[CLAIM];
  if (!isObject(claim)) return malformed("is not an object");
  const principalTags = claim["principal_tags"] ?? {};
  if (!isObject(principalTags)) return malformed("has principal_tags that are not an object");
  const tags: [string, string][] = [];
  const folded = new Set<string>();
  for (const [key, values] of Object.entries(principalTags)) {
    if (!Array.isArray(values) || values.length !== 1 || typeof values[0] !== "string")
      return malformed("has a principal tag that is not a list of exactly one text");
    const [value] = values as [string];
    if (key === "" || key.length > MAX_KEY_CHARS || value.length > MAX_VALUE_CHARS)
      return malformed(
        `has a principal tag with more than ${MAX_KEY_CHARS} characters of key or ${MAX_VALUE_CHARS} of value`,
      );
    if (!CHARACTERS.test(key) || !CHARACTERS.test(value) || /^aws:/i.test(key))
      return malformed("has a principal tag with a key or value that tags cannot have");
    if (folded.has(key.toLowerCase())) return malformed("has a principal tag twice");
    folded.add(key.toLowerCase());
    tags.push([key, value]);
  }
  if (tags.length > MAX_TAGS) return packedPolicyTooLarge(Math.ceil((100 * tags.length) / MAX_TAGS));
  const transitive = claim["transitive_tag_keys"] ?? [];
  if (
    !Array.isArray(transitive) ||
    !transitive.every((key) => typeof key === "string" && folded.has(key.toLowerCase()))
  )
    return malformed("has transitive_tag_keys that are not a list of keys of its tags");
  return { ok: true, tags: Object.fromEntries(tags), transitiveKeys: transitive as string[] };
}

function malformed(problem: string): StsRefusal {
  return refuse("InvalidIdentityToken", `The claim ${CLAIM} ${problem}`);
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
