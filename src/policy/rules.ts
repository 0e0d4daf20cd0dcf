/**
 * Every finding that reading a policy file can give: the closed list of ids, with severity and reason.
 * The id is what people search for and waive; texts beside the place are made where the finding is made.
 * Guardrails, which judge a policy that was read without error, have their own list (guardrails.ts).
 */
import type { Severity } from "../core/index.ts";

interface Rule {
  readonly severity: Severity;
  /** Of docs/spec/policy-language.md. */
  readonly clause: `PL-${number}.${number}`;
  /** Why the rule is there, one sentence. */
  readonly why: string;
}

const error = (clause: Rule["clause"], why: string): Rule => ({ severity: "error", clause, why });
const warning = (clause: Rule["clause"], why: string): Rule => ({ severity: "warning", clause, why });

export const RULES = {
  "parse/too-large": error("PL-1.1", "a policy is written by people; a file this large is a mistake or an attack"),
  "parse/not-text": error("PL-1.1", "bytes that are not UTF-8 text hide what a reader sees"),
  "parse/syntax": error("PL-1.2", "the file has to be YAML 1.2"),
  "parse/tab": error("PL-1.2", "YAML does not take tabs as indentation"),
  "parse/too-deep": error("PL-1.2", "no part of the language is nested so deeply"),
  "parse/multiple-documents": error("PL-1.2", "one file holds one policy"),
  "parse/directive": error("PL-1.2", "a directive can change how values are read"),
  "parse/anchor": error("PL-1.2", "everything stands where it counts, so that a reader need not follow references"),
  "parse/alias": error("PL-1.2", "everything stands where it counts, and references can expand without bound"),
  "parse/tag": error("PL-1.2", "types come from the language, not from the file"),
  "parse/merge-key": error("PL-1.2", "merged mappings hide which value counts"),
  "parse/duplicate-key": error("PL-1.2", "of two equal keys readers would take different ones"),
  "parse/key-not-text": error("PL-1.2", "keys are names; a number or a structure is a slip"),
  "parse/empty": error("PL-1.3", "an empty file allows nobody and serves nothing"),
  "parse/too-many": error("PL-1.6", "after this many findings the first ones are what matters"),
  "parse/version": error("PL-1.4", "the first line says which language the file is in"),
  "parse/unknown-key": error("PL-1.5", "a key that is ignored is a rule that does not hold"),
  "parse/missing-key": error("PL-1.3", "the language has no safe default for it"),
  "parse/expected-mapping": error("PL-1.3", "the language has a mapping there"),
  "parse/expected-list": error("PL-1.3", "the language has a list there"),
  "parse/expected-text": error(
    "PL-2.1",
    "numbers, truth values and texts are different values; YAML changes how they are spelled",
  ),
  "parse/expected-boolean": error("PL-2.3", "only `true` and `false` are truth values"),
  "parse/empty-mapping": error("PL-1.3", "the section says nothing"),
  "parse/empty-list": error("PL-1.3", "the list says nothing"),
  "parse/empty-text": error("PL-2.1", "the text says nothing"),
  "parse/text": error("PL-2.1", "control characters and very long texts hide what a reader sees"),
  "parse/choice": error("PL-1.3", "only the listed words have a meaning there"),
  "parse/name": error("PL-2.2", "names become parts of host names, role names and file names"),
  "parse/duration": error("PL-2.4", "a duration is a whole number and one unit"),
  "parse/range": error("PL-2.4", "the value is outside of what every engine can do"),
  "parse/rate": error("PL-2.5", "a rate is tokens by unit of time and an optional burst"),
  "parse/size": error("PL-2.8", "a size is a whole number and one unit"),
  "parse/instant": error("PL-2.9", "a point in time is a date, or a date with time and offset"),
  "parse/duplicate-entry": warning("PL-2.7", "an entry that stands twice is a slip"),
  "include/path": error(
    "PL-1.8",
    "a policy is what lies in its own folder, so that whoever reviews the folder sees all of it",
  ),
  "include/unreadable": error("PL-1.8", "a part that is missing is a rule that does not hold"),
  "include/cycle": error("PL-1.10", "a file cannot be a part of itself"),
  "include/twice": error("PL-1.10", "what stands in a file counts once"),
  "include/too-many": error("PL-1.10", "this many files are a mistake or an attack"),
  "include/conflict": error("PL-1.11", "of two equal names readers would take different ones"),
  "identity/issuer": error("PL-3.2", "tokens are trusted because of the exact issuer, reached safely"),
  "identity/issuer-missing": error("PL-3.2", "an environment without its own provider takes the policy's"),
  "identity/literal-secret": error("PL-3.4", "a secret in the policy is in every copy of it"),
  "identity/issuer-twice": error(
    "PL-3.12",
    "which rules hold for a token follows from its issuer, so each is named once",
  ),
  "identity/scope": error("PL-3.4", "without `openid` there is no sign-in"),
  "identity/session": error("PL-3.5", "a session that may be idle longer than it may live is a slip"),
  "environment/domain": error("PL-3.6", "the edge answers for exactly one host name per environment"),
  "environment/certificates-missing": error("PL-3.8", "a public host name needs certificates that clients accept"),
  "environment/acme": error("PL-3.8", "certificate authorities want an address and speak https"),
  "environment/people-file": error("PL-3.7", "the people file stands beside the policy"),
  "environment/account": error("PL-3.9", "an AWS account number is twelve digits and may begin with zero"),
  "environment/region": error("PL-3.9", "regions are AWS's own names"),
  "environment/state": error("PL-3.11", "shared state is one Valkey or Redis address without credentials"),
  "network/block": error(
    "PL-2.6",
    "a network block has one spelling; others are read differently by different programs",
  ),
  "service/upstream": error("PL-4.2", "a service is reached at scheme, host and port; the request brings the path"),
  "service/upstream-missing": error("PL-4.2", "the service would have nowhere to go in that environment"),
  "service/host": error("PL-4.6", "the edge answers for exact host names"),
  "service/base-path": error("PL-4.7", "an API mapping of AWS has literal segments"),
  "service/header-value": error("PL-4.8", "a header's value is visible ASCII; anything else could end the header"),
  "cors/origin": error("PL-14.2", "browsers compare origins as text: scheme, host and port"),
  "cors/credentials": error("PL-14.2", "beside credentials browsers take `*` for a name of its own"),
  "cors/header": error("PL-14.1", "header names are compared after folding, so they are written in one way"),
  "service/header": error("PL-4.5", "header names are compared after folding, so they are written in one way"),
  "service/header-reserved": error("PL-4.5", "the header is set or removed by the gateway on every request"),
  "service/header-twice": error("PL-4.4", "one header cannot be the client's and the gateway's at once"),
  "route/key": error("PL-5.1", "a route is named by method and path, as in API Gateway"),
  "route/method": error("PL-5.2", "API Gateway knows these methods, in upper case"),
  "route/path": error("PL-5.4", "no request in normal form could ever have that path, or engines would disagree on it"),
  "route/parameter": error("PL-5.3", "a parameter is one whole segment"),
  "route/greedy": error("PL-5.3", "`{name+}` takes the rest of the path, so nothing can follow"),
  "route/trailing-slash": error("PL-5.5", "API Gateway refuses such a key for HTTP APIs"),
  "route/reserved": error("PL-5.6", "`/_gatehouse` belongs to the gateway"),
  "route/conflict": error("PL-5.7", "API Gateway takes keys that differ only in parameter names for the same route"),
  "route/order-unconfirmed": warning("PL-7.7", "AWS does not say whether method or path counts first for such a pair"),
  "route/retries": error("PL-5.13", "what is not idempotent may do its work twice"),
  "route/streaming": error("PL-5.11", "a body that passes as it comes cannot be measured before"),
  "route/websocket": error("PL-5.12", "RFC 6455: a WebSocket is opened by GET"),
  "route/access": error("PL-5.8", "a route says what it needs, or that it is open and why"),
  "route/permission": error("PL-9.1", "a permission is `area:action`; a route needs exactly one"),
  "role/permission": error("PL-9.2", "a grant is a permission or `area:*`"),
  "role/member": error("PL-9.4", "members are compared whole; a pattern would match nobody"),
  "role/members": error("PL-9.9", "lists beside an expression could mean either or both"),
  "role/not": error("PL-9.10", "everybody but some is nearly everybody, strangers included"),
  "role/claim": error("PL-9.8", "a claim is tested in one way"),
  "condition/never": error("PL-13.3", "no request could ever meet it"),
  "condition/hours": error("PL-13.4", "a time of day is hours and minutes"),
  "condition/zone": error("PL-13.4", "a time of day means something in a time zone only"),
  "condition/path-parameter": error(
    "PL-13.5",
    "no route that the grant is for has the parameter, so the grant would never hold",
  ),
  "condition/path-parameter-missing": warning("PL-13.5", "on a route without the parameter the grant never holds"),
  "test/request": error("PL-17.2", "a test asks one request, as it is sent"),
  "secret/overlap": error("PL-11.1", "two generations at once are enough"),
  "waiver/expiry": error("PL-12.3", "an exception without an end is a rule"),
  "reference/environment": error("PL-4.2", "the environment does not exist"),
  "reference/issuer": error("PL-9.5", "the workload issuer does not exist"),
  "reference/route": error("PL-15.3", "an environment can only override a route that exists"),
  "reference/role": error("PL-15.3", "an environment can only override a role that exists"),
  "reference/boundary": error("PL-9.3", "a role without boundary is not limited"),
  "reference/permission": error(
    "PL-9.7",
    "a grant that no route asks for is a misspelling, or a right nobody can review",
  ),
  "reference/unused-boundary-entry": warning(
    "PL-9.7",
    "the entry limits nothing and will allow whatever takes that name later",
  ),
  "reference/login": error("PL-4.3", "people can only be sent to sign in where sign-in is set up"),
  "reference/secret": error("PL-11.2", "every secret has an age and a schedule"),
  "reference/unused-secret": warning("PL-11.2", "nothing uses the secret"),
  "reference/rule": error("PL-12.2", "the waiver waives nothing"),
} as const satisfies Record<`${string}/${string}`, Rule>;

export type RuleId = keyof typeof RULES;
