/** Where people choose which provider they sign in at. It links, and remembers nothing. */
import { type AskedSignIn, askedParameters } from "./asked-sign-in.ts";
import { renderPage } from "./pages.ts";
import type { SignInProvider } from "./sign-in-provider.ts";
import type { WebResponse } from "./web-response.ts";

export const LOGIN_PATH = "/_gatehouse/login";
/** Names the environment's provider in an address: the policy has no name for it, and no name looks like this. */
const OWN_NAME = "_";

/** What the choice is on the way to. */
export interface Wish {
  readonly returnTo: string;
  readonly asked: AskedSignIn | null;
}

/** @param isUnknown somebody asked for a provider that is not here */
export function chooserPage(providers: readonly SignInProvider[], wish: Wish, isUnknown: boolean): WebResponse {
  return renderPage({
    status: isUnknown ? 400 : 200,
    reason: isUnknown ? "login-provider-unknown" : "login-choice",
    title: isUnknown ? "That way to sign in does not exist" : "How do you want to sign in?",
    paragraphs: isUnknown ? ["Choose one of these:"] : [],
    choices: providers.map((provider) => ({ href: loginHref(wish, provider), text: provider.title })),
  });
}

/** Our address that leads to the provider, or to the choice of one. */
export function loginHref({ returnTo, asked }: Wish, provider: SignInProvider | null): string {
  const query = new URLSearchParams({
    ...(provider === null ? {} : { provider: provider.name ?? OWN_NAME }),
    return_to: returnTo,
    ...askedParameters(asked),
  });
  return `${LOGIN_PATH}?${query.toString()}`;
}

/** The one that is asked for; null when that is none of them; undefined when the choice is still to be made. */
export function chosenProvider(
  providers: readonly SignInProvider[],
  query: URLSearchParams,
): SignInProvider | null | undefined {
  const asked = query.getAll("provider");
  if (asked.length === 0) return undefined;
  const found = providers.find(({ name }) => (name ?? OWN_NAME) === asked[0]);
  return asked.length === 1 ? (found ?? null) : null;
}
