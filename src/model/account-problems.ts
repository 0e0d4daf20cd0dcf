/**
 * Everything that can be wrong with an account: one entry for each finding, with why, what AWS answers, and how that is
 * known. The page docs/generated/account-findings.md is written from it.
 *
 * Marks of `source`: [D] documented by AWS, [O] seen on AWS and reported, [E] our choice where AWS is silent.
 */
import { type Severity, inOneLine } from "../core/index.ts";

interface ProblemEntry {
  readonly severity: Severity;
  readonly why: string;
  /** AWS's own words, with `{}` for the value; absent where they are not known. */
  readonly aws?: string;
  readonly source: string;
}

export const ACCOUNT_PROBLEMS = {
  "account/id": { severity: "error", why: "an account id has twelve digits", source: "[D] IAM user guide" },
  "account/region": { severity: "error", why: "the Region is part of ARNs and of every signature", source: "[D]" },
  "account/partition": {
    severity: "error",
    why: "the partition begins every ARN, and Regions belong to one",
    source: "[D] AWS general reference, ARNs",
  },
  "account/throttle": { severity: "error", why: "a rate or burst below zero is none", source: "[D] service model" },
  "account/duplicate-id": {
    severity: "error",
    why: "AWS gives each thing its own id, and routes name integrations and authorizers by it",
    source: "[D] service model",
  },
  "account/quota": {
    severity: "error",
    why: "AWS creates no more than its quota allows",
    source: "[D] developer guide, quotas for HTTP APIs",
  },
  "api/id": { severity: "error", why: "the id is the first label of the API's host name", source: "[D]" },
  "api/name": { severity: "error", why: "a name has 1 to 128 characters", source: "[D] service model" },
  "route/key": {
    severity: "error",
    why: "a route key is `$default`, or a method in capitals, a space and a path",
    aws: 'The provided route key is not formatted properly for HTTP protocol. Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"',
    source: "[O] CreateRoute",
  },
  "route/path": {
    severity: "error",
    why: "a segment is a literal of letters, digits and `.:_-`, or one whole parameter",
    aws: "One or more path parts appear to be invalid. Parts are validated against this regular expression: ^(\\{[\\w.:-]+\\+?\\}|[a-zA-Z0-9.:_-]+)$",
    source: "[O] CreateRoute",
  },
  "route/trailing-slash": { severity: "error", why: "HTTP APIs take no key that ends in a slash", source: "[O]" },
  "route/greedy": { severity: "error", why: "only the last segment can take the rest of the path", source: "[D]" },
  "route/parameter": {
    severity: "error",
    why: "of two parameters with one name only one could be told",
    source: "[E] refused by other emulators too",
  },
  "route/conflict": {
    severity: "error",
    why: "names of parameters do not tell routes apart",
    aws: "Route with key {} already exists for this API",
    source: "[O] ConflictException of CreateRoute",
  },
  "route/order-unconfirmed": {
    severity: "warning",
    why: "which of an `ANY` route with the longer path and a method's route with the shorter one AWS takes is not known",
    source: "sources disagree",
  },
  "route/reserved": {
    severity: "warning",
    why: "API Gateway answers `/ping` and `/sping` itself",
    source: "[D] developer guide, known issues",
  },
  "route/target": {
    severity: "error",
    why: "a route without an integration answers nobody",
    aws: "Invalid Integration identifier specified",
    source: "[O] CreateRoute",
  },
  "route/authorizer": {
    severity: "error",
    why: "a JWT route names an authorizer of its API, other routes name none",
    source: "[D] service model",
  },
  "route/scopes": {
    severity: "error",
    why: "scopes are looked at on JWT routes alone, and have 1 to 64 characters",
    source: "[D] service model; [E] for AWS_IAM",
  },
  "integration/uri": {
    severity: "error",
    why: "a public integration is called at an http or https URL of at most 2048 characters, whose host nobody who calls chooses",
    aws: "Invalid HTTP endpoint specified for URI",
    source: "[O] CreateIntegration",
  },
  "integration/uri-parameter": {
    severity: "warning",
    why: "a parameter that the route does not have stays in the URL as it is written",
    source: "[E]",
  },
  "integration/vpc-link-uri": {
    severity: "error",
    why: "a private integration names a listener of a load balancer or a Cloud Map service",
    aws: "For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN.",
    source: "[O] CreateIntegration",
  },
  "integration/vpc-link-url": {
    severity: "warning",
    why: "a private integration with a URL runs here, where there is no VPC; AWS takes an ARN only",
    aws: "For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN.",
    source: "[O] CreateIntegration",
  },
  "integration/connection": {
    severity: "error",
    why: "a private integration names its VPC link, a public one none",
    source: "[D] service model",
  },
  "integration/tls": {
    severity: "warning",
    why: "`tlsConfig` is for private integrations",
    source: "[D] service model, `TlsConfig`",
  },
  "integration/method": { severity: "error", why: "the method is one of HTTP's, or `ANY`", source: "[D]" },
  "integration/timeout": {
    severity: "error",
    why: "an integration has 50 to 30,000 milliseconds",
    aws: "Timeout should be between 50 ms and 30000 ms",
    source: "[D] service model; [O] wording",
  },
  "integration/mapping": {
    severity: "error",
    why: "a parameter mapping has a grammar, reserved headers and lengths",
    source: "[D] developer guide, parameter mapping",
  },
  "integration/response-destination": {
    severity: "error",
    why: "of an answer, headers and the status code can be changed",
    aws: "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid Response Actioned Parameter destination specified: {}]",
    source: "[D] developer guide, parameter mapping; [O] wording",
  },
  "integration/mapping-variable": {
    severity: "warning",
    why: "what is known only when a call has ended has no value for a request",
    source: "[E]",
  },
  "authorizer/name": {
    severity: "error",
    why: "a name has 1 to 128 characters and is the API's only one of that name",
    aws: "Authorizer name must be unique. Authorizer {} already exists in this RestApi.",
    source: "[D] service model; [O] wording",
  },
  "authorizer/identity-source": {
    severity: "error",
    why: "a JWT authorizer looks for the token in exactly one header or query parameter",
    source: "[D] developer guide, JWT authorizers",
  },
  "authorizer/issuer": { severity: "error", why: "keys are fetched from the issuer over https", source: "[D]" },
  "authorizer/issuer-local": {
    severity: "warning",
    why: "an issuer at http on this machine works here; AWS cannot reach it",
    source: "[D]",
  },
  "authorizer/audience": {
    severity: "error",
    why: "without an audience, tokens for anybody else would be taken",
    source: "[D] service model, `JWTConfiguration`",
  },
  "stage/name": {
    severity: "error",
    why: "a stage is `$default` or 1 to 128 letters, digits, `_` and `-`",
    source: "[D] service model",
  },
  "stage/variable": {
    severity: "error",
    why: "names have letters, digits and `_`, values at most 2048 of `A-Za-z0-9-._~:/?#&=,`",
    source: "[D] service model",
  },
  "stage/throttle": { severity: "error", why: "a rate or burst below zero is none", source: "[D] service model" },
  "stage/throttle-above-account": {
    severity: "warning",
    why: "the account's limit holds all the same",
    source: "[D] developer guide, throttling",
  },
  "stage/throttle-zero": {
    severity: "warning",
    why: "a rate or burst of 0 answers every request with 429",
    source: "[O]",
  },
  "stage/route-settings": {
    severity: "error",
    why: "settings are for a route that exists, by its exact key",
    aws: "Unable to find Route by key {} within the provided RouteSettings",
    source: "[O] CreateStage",
  },
  "stage/log-destination": {
    severity: "error",
    why: "the access log goes to a log group or a delivery stream, named by its ARN without `:*`",
    source: "[D] developer guide, logging",
  },
  "stage/log-format": {
    severity: "error",
    why: "the format is one line of 1 to 1024 characters with `$context.requestId`",
    aws: "The following errors are found in Access Log Format: Access Log format {}",
    source: "[D] service model, `AccessLogSettings`; [O] wording",
  },
  "stage/log-variable": {
    severity: "error",
    why: "the format names variables that HTTP APIs have",
    aws: "The following context variables are not supported: [{}]",
    source: "[O] serverless/serverless #7038",
  },
  "cors/credentials": {
    severity: "error",
    why: "browsers take no credentials for every origin at once",
    aws: "allow-credentials is not supported if 'allow-origin' is *",
    source: "[O] CreateApi",
  },
  "cors/origin": {
    severity: "error",
    why: "an origin is `*`, `https://*`, `http://*`, or scheme and host without a path",
    aws: "Invalid format for origin {}",
    source: "[O] CreateApi",
  },
  "cors/method": { severity: "error", why: "a method of HTTP, or `*`", source: "[D] service model" },
  "cors/method-case": {
    severity: "warning",
    why: "browsers look for the method in capitals",
    source: "[O] AWS takes small letters; Fetch standard, 4.9",
  },
  "cors/header": { severity: "error", why: "a header's name, or `*`", source: "[D] service model" },
  "cors/max-age": { severity: "error", why: "-1 to 86,400 seconds", source: "[D] service model" },
  "domain/name": {
    severity: "error",
    why: "a domain name of one's own in lower case, which the account has once",
    source: "[D]",
  },
  "domain/mapping-key": {
    severity: "error",
    why: "at most 300 letters, digits and `$-_.+!*'()/`, without an empty segment",
    source: "[D] developer guide, API mappings",
  },
  "domain/mapping-conflict": {
    severity: "error",
    why: "a domain has one mapping for each path",
    aws: "ApiMapping key already exists for this domain name",
    source: "[O] CreateApiMapping",
  },
  "domain/mapping-api": {
    severity: "error",
    why: "a mapping leads to an API of the account",
    aws: "Invalid API identifier specified",
    source: "[O] CreateApiMapping",
  },
  "domain/mapping-stage": { severity: "error", why: "a mapping leads to a stage of its API", source: "[O]" },
  "oidc/url": {
    severity: "error",
    why: "an OpenID provider is an https URL of at most 255 characters without query",
    source: "[D] IAM API reference, CreateOpenIDConnectProvider",
  },
  "oidc/url-local": {
    severity: "warning",
    why: "a provider at http on this machine works here; AWS cannot reach it",
    source: "[D]",
  },
  "oidc/client-id": { severity: "error", why: "a client id has 1 to 255 characters", source: "[D] IAM quotas" },
  "role/name": {
    severity: "error",
    why: "a role's name has 1 to 64 letters, digits and `+=,.@_-`, and is the account's only one, whatever its case",
    source: "[D] IAM quotas",
  },
  "role/arn": {
    severity: "error",
    why: "the ARN is what callers assume: it holds partition, account and the role's name",
    source: "[D] IAM user guide, identifiers",
  },
  "role/session-duration": { severity: "error", why: "3600 to 43,200 seconds", source: "[D] IAM API reference" },
  "role/tag": {
    severity: "error",
    why: "a key has 1 to 128 characters and stands once whatever its case, a value has at most 256",
    source: "[D] IAM quotas",
  },
  "role/document": {
    severity: "error",
    why: "IAM takes documents of its grammar, up to its sizes",
    source: "[D] IAM user guide, policy grammar and quotas",
  },
  "role/trust-provider": {
    severity: "warning",
    why: "a trusted provider that the account does not have lets nobody in",
    source: "[E]",
  },
  "role/trust-open": {
    severity: "warning",
    why: "without conditions on `aud` and `sub` every token that the provider gives for the account assumes the role",
    source: "[E]",
  },
  "role/trust-anyone": {
    severity: "warning",
    why: "`*` is every provider of the account, and on AWS every principal of every account",
    source: "[E]",
  },
  "role/for-all-values": {
    severity: "warning",
    why: "`ForAllValues` holds when the key is not there at all, and so lets in who has none",
    source: "[D] IAM user guide, multivalued context keys",
  },
} as const satisfies Record<`${string}/${string}`, ProblemEntry>;

export type AccountProblemCode = keyof typeof ACCOUNT_PROBLEMS;

/** What is wrong at one place of an account. */
export interface AccountProblem {
  /** JSON pointer (RFC 6901) into the account. */
  readonly at: string;
  readonly code: AccountProblemCode;
  readonly severity: Severity;
  /** One line, lower case, no full stop. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
  /** What AWS answers, in its own words; null where they are not known. */
  readonly aws: string | null;
}

/** Takes findings of a part. `value` is what AWS's words name. */
export type AddProblem = (code: AccountProblemCode, at: string, message: string, hint: string, value?: string) => void;

export function createProblemList(): { readonly add: AddProblem; readonly found: readonly AccountProblem[] } {
  const found: AccountProblem[] = [];
  return {
    found,
    add(code, at, message, hint, value) {
      const { severity, aws }: ProblemEntry = ACCOUNT_PROBLEMS[code];
      found.push({
        at,
        code,
        severity,
        message: inOneLine(message),
        hint: inOneLine(hint),
        aws: aws === undefined ? null : fill(aws, value),
      });
    },
  };
}

/** Null when the words name a value and there is none. */
function fill(words: string, value: string | undefined): string | null {
  if (value === undefined) return words.includes("{}") ? null : inOneLine(words);
  // As a function, for `$` in the value is no pattern.
  return inOneLine(words.replace("{}", () => value));
}
