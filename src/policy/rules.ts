/**
 * Every finding that reading a policy file can give: the closed list of ids, with severity and reason.
 * The id is what people search for and waive; texts beside the place are made where the finding is made.
 * Guardrails, which judge a policy that was read without error, have their own list (guardrails.ts).
 */
import type { Severity } from "../core/index.ts";

interface Rule {
  readonly severity: Severity;
  /** Why the rule is there, one sentence. */
  readonly why: string;
}

const error = (why: string): Rule => ({ severity: "error", why });
const warning = (why: string): Rule => ({ severity: "warning", why });

export const RULES = {
  "parse/too-large": error("a policy is written by people; a file this large is a mistake or an attack"),
  "parse/not-text": error("bytes that are not UTF-8 text hide what a reader sees"),
  "parse/syntax": error("the file has to be YAML 1.2"),
  "parse/tab": error("YAML does not take tabs as indentation"),
  "parse/too-deep": error("no part of the language is nested so deeply"),
  "parse/multiple-documents": error("one file holds one policy"),
  "parse/directive": error("a directive can change how values are read"),
  "parse/anchor": error("everything stands where it counts, so that a reader need not follow references"),
  "parse/alias": error("everything stands where it counts, and references can expand without bound"),
  "parse/tag": error("types come from the language, not from the file"),
  "parse/merge-key": error("merged mappings hide which value counts"),
  "parse/duplicate-key": error("of two equal keys readers would take different ones"),
  "parse/key-not-text": error("keys are names; a number or a structure is a slip"),
  "parse/empty": error("an empty file allows nobody and serves nothing"),
  "parse/too-many": error("after this many findings the first ones are what matters"),
  "parse/version": error("the first line says which language the file is in"),
  "parse/unknown-key": error("a key that is ignored is a rule that does not hold"),
  "parse/missing-key": error("the language has no safe default for it"),
  "parse/expected-mapping": error("the language has a mapping there"),
  "parse/expected-list": error("the language has a list there"),
  "parse/expected-text": error(
    "numbers, truth values and texts are different values; YAML changes how they are spelled",
  ),
  "parse/expected-boolean": error("only `true` and `false` are truth values"),
  "parse/empty-mapping": error("the section says nothing"),
  "parse/empty-list": error("the list says nothing"),
  "parse/empty-text": error("the text says nothing"),
  "parse/text": error("control characters and very long texts hide what a reader sees"),
  "parse/choice": error("only the listed words have a meaning there"),
  "parse/name": error("names become parts of host names, role names and file names"),
  "parse/duration": error("a duration is a whole number and one unit"),
  "parse/range": error("the value is outside of what every engine can do"),
  "parse/rate": error("a rate is tokens by unit of time and an optional burst"),
  "parse/duplicate-entry": warning("an entry that stands twice is a slip"),
  "identity/issuer": error("tokens are trusted because of the exact issuer, reached safely"),
  "identity/issuer-missing": error("an environment without its own provider takes the policy's"),
  "identity/literal-secret": error("a secret in the policy is in every copy of it"),
  "identity/scope": error("without `openid` there is no sign-in"),
  "identity/session": error("a session that may be idle longer than it may live is a slip"),
  "environment/domain": error("the edge answers for exactly one host name per environment"),
  "environment/certificates-missing": error("a public host name needs certificates that clients accept"),
  "environment/acme": error("certificate authorities want an address and speak https"),
  "environment/people-file": error("the people file stands beside the policy"),
  "environment/account": error("an AWS account number is twelve digits and may begin with zero"),
  "environment/region": error("regions are AWS's own names"),
  "environment/state": error("shared state is one Valkey or Redis address without credentials"),
  "network/block": error("a network block has one spelling; others are read differently by different programs"),
  "service/upstream": error("a service is reached at scheme, host and port; the request brings the path"),
  "service/upstream-missing": error("the service would have nowhere to go in that environment"),
  "service/header": error("header names are compared after folding, so they are written in one way"),
  "service/header-reserved": error("the header is set or removed by the gateway on every request"),
  "service/header-twice": error("one header cannot be the client's and the gateway's at once"),
  "route/key": error("a route is named by method and path, as in API Gateway"),
  "route/method": error("API Gateway knows these methods, in upper case"),
  "route/path": error("no request in normal form could ever have that path, or engines would disagree on it"),
  "route/parameter": error("a parameter is one whole segment"),
  "route/greedy": error("`{name+}` takes the rest of the path, so nothing can follow"),
  "route/trailing-slash": error("API Gateway refuses such a key for HTTP APIs"),
  "route/reserved": error("`/_gatehouse` belongs to the gateway"),
  "route/conflict": error("API Gateway takes keys that differ only in parameter names for the same route"),
  "route/order-unconfirmed": warning("AWS does not say whether method or path counts first for such a pair"),
  "route/access": error("a route says what it needs, or that it is open and why"),
  "route/permission": error("a permission is `area:action`; a route needs exactly one"),
  "role/permission": error("a grant is a permission or `area:*`"),
  "role/member": error("members are compared whole; a pattern would match nobody"),
  "secret/overlap": error("two generations at once are enough"),
  "waiver/expiry": error("an exception without an end is a rule"),
  "reference/environment": error("the environment does not exist"),
  "reference/boundary": error("a role without boundary is not limited"),
  "reference/permission": error("a grant that no route asks for is a misspelling, or a right nobody can review"),
  "reference/unused-boundary-entry": warning("the entry limits nothing and will allow whatever takes that name later"),
  "reference/login": error("people can only be sent to sign in where sign-in is set up"),
  "reference/secret": error("every secret has an age and a schedule"),
  "reference/unused-secret": warning("nothing uses the secret"),
  "reference/rule": error("the waiver waives nothing"),
} as const satisfies Record<`${string}/${string}`, Rule>;

export type RuleId = keyof typeof RULES;
