/**
 * One question to AWS: its answer, or what is in the way and what to do about it.
 *
 * Source: AWS SDK for JavaScript v3 developer guide, "Error handling"; "Common errors" of each API reference.
 * INVARIANT: of what AWS says only its words go on, in one line and bounded; they name principals and actions, no secrets.
 */
import { GatehouseError, inOneLine } from "../core/index.ts";

const MAX_WORDS = 300;
const DENIED = /^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|NotAuthorized|ForbiddenException)$/;
const EXPIRED = /^(?:ExpiredToken(?:Exception)?|RequestExpired|TokenRefreshRequired)$/;
const UNKNOWN =
  /^(?:InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|AuthFailure)$/;
const NO_CREDENTIALS = /^(?:CredentialsProviderError|TokenProviderError)$/;
const THROTTLED = /^(?:TooManyRequestsException|Throttling(?:Exception)?|RequestLimitExceeded|ThrottledException)$/;

/**
 * @param action that IAM has to allow, `apigateway:GET`
 * @throws GH_AWS_CREDENTIALS, GH_AWS_DENIED, GH_AWS_UNREACHABLE, GH_AWS_REFUSED
 */
export async function ask<T>(action: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    throw faultOf(action, cause);
  }
}

/** Every page of a list; `next` is undefined at its end. As `ask`. */
export async function askPages<T>(
  action: string,
  page: (token: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const { items, next } = await ask(action, () => page(token));
    all.push(...items);
    // A list that leads back to itself has no end.
    token = next === undefined || next === "" || seen.has(next) ? undefined : next;
    if (token !== undefined) seen.add(token);
  } while (token !== undefined);
  return all;
}

function faultOf(action: string, cause: unknown): GatehouseError {
  const {
    name = "",
    message = "",
    $metadata,
  } = cause as {
    readonly name?: string;
    readonly message?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const reason = inOneLine((message === "" ? name : message).replace(/\s+/g, " ")).slice(0, MAX_WORDS);
  if (NO_CREDENTIALS.test(name)) return new GatehouseError("GH_AWS_CREDENTIALS", { reason }, { cause });
  if (EXPIRED.test(name)) return new GatehouseError("GH_AWS_CREDENTIALS", { reason: "they have expired" }, { cause });
  if (UNKNOWN.test(name)) return new GatehouseError("GH_AWS_CREDENTIALS", { reason }, { cause });
  if (DENIED.test(name) || $metadata?.httpStatusCode === 403)
    return new GatehouseError("GH_AWS_DENIED", { action, reason }, { cause });
  if (THROTTLED.test(name) || $metadata?.httpStatusCode === undefined)
    return new GatehouseError("GH_AWS_UNREACHABLE", { action, reason: connectionReason(cause) ?? reason }, { cause });
  return new GatehouseError(
    "GH_AWS_REFUSED",
    { action, reason: name === "" ? reason : `${name}: ${reason}` },
    { cause },
  );
}

/** `ECONNREFUSED` says more than "fetch failed"; of several addresses that were tried the first one's. */
function connectionReason(cause: unknown): string | null {
  const { code, errors } = cause as {
    readonly code?: unknown;
    readonly errors?: readonly { readonly code?: unknown }[];
  };
  const first = code ?? errors?.[0]?.code;
  return typeof first === "string" ? first : null;
}
