/** Policies that are broken in what they ask of tokens. */
import type { BrokenWhole } from "./whole-policy.ts";

export const BROKEN_TOKENS: readonly BrokenWhole[] = [
  {
    what: "a proof that is needed and not verified",
    edit: ["proof: [dpop], require_proof", "require_proof"],
    found: [
      "9:121 identity/proof: `require_proof` refuses every token without `proof` -> add `proof: [dpop]`, `proof: [mtls]` or `proof: [dpop, mtls]`",
    ],
  },
  {
    what: "a proof of no kind that is known",
    edit: ["proof: [dpop]", "proof: [dpop, tls]"],
    found: ["9:135 parse/choice: an entry of `proof` cannot be `tls` -> write `dpop` or `mtls`"],
  },
  {
    what: "a profile of tokens that is not known",
    edit: ["profile: rfc9068", "profile: rfc7519"],
    found: ["9:166 parse/choice: `profile` cannot be `rfc7519` -> write `rfc9068`"],
  },
  {
    what: "rules for tokens that are a text",
    edit: ["tokens: { proof: [dpop], require_proof: true, profile: rfc9068 }", "tokens: dpop"],
    found: [
      "9:119 parse/expected-mapping: `tokens` is a text instead of a mapping -> write a mapping with `proof`, `require_proof`, `profile`",
    ],
  },
];
