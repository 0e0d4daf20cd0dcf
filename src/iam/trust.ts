/**
 * A role's trust policy: who may take the role on.
 *
 * In: the document as written; then the provider of a token, what is asked for, and the facts of token and call as context
 * keys. Out: whether the role lets it. Whether the token is good is not asked here.
 * `Principal` is `*`, or the names of providers, AWS principals and services; of these only `*` and a provider can fit
 * somebody who comes with a token. IAM itself does not take `NotPrincipal` and resources in a trust policy, nor actions
 * of other services.
 * Source: IAM user guide, "Creating a role for OpenID Connect federation", "AWS JSON policy elements: Principal",
 * "Access Analyzer policy check reference" (role trust policies).
 * INVARIANT: a permissions boundary and session policies have no say in who may take a role on.
 */
import { type Condition, conditionsHold } from "./condition.ts";
import type { WrittenDocument } from "./document.ts";
import { type RequestContext, readContext } from "./request-context.ts";
import {
  type CheckedStatement,
  compileActions,
  compileConditions,
  malformed,
  readStatements,
  recordAt,
  textsAt,
} from "./grammar.ts";
import { type Pattern, matchPattern } from "./wildcard.ts";

export interface CompiledTrust {
  readonly statements: readonly TrustStatement[];
}

interface TrustStatement {
  readonly effect: "Allow" | "Deny";
  readonly principals: "*" | { readonly federated: ReadonlySet<string> };
  readonly actions: readonly Pattern[];
  readonly notActions: boolean;
  readonly conditions: readonly Condition[];
}

export interface TrustRequest {
  /** `sts:TagSession` is asked for beside the other when the token brings session tags. */
  readonly action: "sts:AssumeRoleWithWebIdentity" | "sts:TagSession";
  /** The provider as `Principal` names it: the ARN of an OIDC provider. */
  readonly principal: { readonly federated: string };
  /** `<issuer without https://>:aud`, `…:sub`, `aws:RequestTag/…`, `sts:RoleSessionName` and so on; any case. */
  readonly context: RequestContext;
}

export type TrustVerdict = "Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied";

const STATEMENT_FIELDS = ["Sid", "Effect", "Principal", "Action", "NotAction", "Condition"];
const compiledBefore = new WeakMap<WrittenDocument, CompiledTrust>();

/**
 * The trust policy, ready to be evaluated; the same object gives the same result without being read again.
 *
 * @throws GH_IAM_DOCUMENT_MALFORMED when it breaks the grammar
 * @throws GH_IAM_OPERATOR_UNKNOWN when a condition uses an operator that is not known
 */
export function compileTrust(document: WrittenDocument): CompiledTrust {
  const known = compiledBefore.get(document);
  if (known !== undefined) return known;
  const { dialect, statements } = readStatements(document, STATEMENT_FIELDS);
  const compiled = {
    statements: statements.map((statement): TrustStatement => {
      const { actions, notActions, at } = compileActions(statement);
      if (!actions.every(isOfSts)) malformed(at, "a trust policy is about actions of `sts` only");
      return {
        effect: statement.effect,
        principals: compilePrincipals(statement),
        actions,
        notActions,
        conditions: compileConditions(statement, dialect),
      };
    }),
  };
  compiledBefore.set(document, compiled);
  return compiled;
}

/** Whether the role lets itself be taken on; total, never throws. */
export function evaluateTrust(trust: CompiledTrust, { action, principal, context }: TrustRequest): TrustVerdict {
  const { lookup, resolve } = readContext(context);
  const folded = action.toLowerCase();
  let verdict: TrustVerdict = "ImplicitlyDenied";
  for (const { effect, principals, actions, notActions, conditions } of trust.statements) {
    if (principals !== "*" && !principals.federated.has(principal.federated)) continue;
    if (actions.some((pattern) => matchPattern(pattern, folded)) === notActions) continue;
    if (!conditionsHold(conditions, effect, lookup, resolve)) continue;
    if (effect === "Deny") return "ExplicitlyDenied";
    verdict = "Allowed";
  }
  return verdict;
}

/** What a name of each kind looks like; none may have wildcards. */
const NAMES = {
  AWS: /^(\d{12}|arn:[\w-]+:(iam|sts)::\d{12}:[^*?]+|A[A-Z0-9]{15,127})$/,
  Federated: /^(arn:[\w-]+:iam::\d{12}:(oidc|saml)-provider\/[^*?]+|[A-Za-z0-9][A-Za-z0-9.-]*)$/,
  Service: /^[A-Za-z0-9][A-Za-z0-9.-]*$/,
} as const;

function compilePrincipals({ fields, at }: CheckedStatement): TrustStatement["principals"] {
  const written = fields["Principal"];
  const place = `${at}.Principal`;
  if (written === undefined) malformed(at, "must have a `Principal`");
  if (written === "*") return "*";
  const byKind = recordAt(written, place, Object.keys(NAMES));
  const kinds = Object.keys(byKind) as (keyof typeof NAMES)[];
  if (kinds.length === 0) malformed(place, "is empty");
  let isEverybody = false;
  for (const kind of kinds) {
    const names = textsAt(byKind[kind], `${place}.${kind}`);
    if (names.length === 0) malformed(`${place}.${kind}`, "is empty");
    for (const name of names)
      // `{ "AWS": "*" }` is another spelling of `*`.
      if (kind === "AWS" && name === "*") isEverybody = true;
      else if (!NAMES[kind].test(name)) malformed(`${place}.${kind}`, `\`${name}\` is not the name of a principal`);
  }
  if (isEverybody) return "*";
  const { Federated } = byKind;
  return { federated: new Set(Federated === undefined ? [] : textsAt(Federated, place)) };
}

function isOfSts({ chunks }: Pattern): boolean {
  const [first] = chunks;
  const text = typeof first === "string" ? first : first?.[0];
  return typeof text === "string" && text.startsWith("sts:");
}
