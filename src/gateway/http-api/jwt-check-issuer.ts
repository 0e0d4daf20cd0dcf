/**
 * What AWS does when an authorizer is created: the issuer's discovery document has to be there.
 *
 * In: an issuer. Out: nothing wrong, or the refusal in the control plane's words.
 * Not here: tokens (jwt-authorizer.ts). Keys are not fetched here, as AWS does not either.
 * Source: API Gateway v2 API reference, CreateAuthorizer; the text is what AWS was seen to answer.
 */
import type { Fetch } from "../../identity/index.ts";
import { discoveryUrl, fetchDiscovery, issuerFetch } from "./jwt-keys.ts";

export type IssuerCheck =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: "BadRequestException"; readonly status: 400; readonly message: string };

/** Never rejects; waits as long as AWS would. */
export async function checkIssuer(
  issuer: string,
  options: { readonly fetch?: Fetch | undefined; readonly timeoutMs?: number | undefined } = {},
): Promise<IssuerCheck> {
  if (!URL.canParse(issuer)) return refuse(issuer, "it is not a URL");
  const found = await fetchDiscovery(issuerFetch(issuer, options), issuer, false);
  return "problem" in found ? refuse(issuer, found.problem) : { ok: true };
}

function refuse(issuer: string, problem: string): IssuerCheck {
  const message =
    `Caught exception when connecting to ${discoveryUrl(issuer)} for issuer ${issuer}. ` +
    `Please try again later. Error: Invalid issuer: ${issuer}, ${problem}. ` +
    "Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'";
  return { ok: false, code: "BadRequestException", status: 400, message };
}
