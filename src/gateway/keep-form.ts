/**
 * A form that a person sends when the session has ended, or is not enough for the route: given back instead of lost.
 *
 * In: a request that would be refused with 401, and whose browser has, or had, a session of ours. Out: a page with the
 * form, or that refusal.
 * INVARIANT: only for what a page of this very origin navigates to; another site never gets one shown.
 * Source: Fetch Metadata (`Sec-Fetch-Mode`, `Sec-Fetch-Site`).
 */
import { type AskedSignIn, isFormType, keptFormPage } from "../identity/index.ts";
import type { Asking } from "./authenticate.ts";

/** Larger forms get the refusal. */
export const MAX_KEPT_BYTES = 262_144;

/** Ends in one call on `asking`; `refuse` is that call where there is no form to give back. */
export function keepForm(asking: Asking, asked: AskedSignIn | null, refuse: () => void): void {
  const { target, hasBody } = asking.arrival;
  const contentType = asking.request.allHeaders["content-type"] ?? "";
  if (!isOwnForm(asking, contentType)) return refuse();
  const give = (body: Buffer): void =>
    asking.wait(keptFormPage({ target, contentType, body, asked }), (page) => {
      if (page === null) refuse();
      else asking.answerOwn(page, page.reason);
    });
  if (hasBody) asking.collectBody(MAX_KEPT_BYTES, give);
  else give(Buffer.alloc(0));
}

function isOwnForm({ arrival, request }: Asking, contentType: string): boolean {
  const { method, head } = arrival;
  const { "sec-fetch-mode": mode, "sec-fetch-site": site } = request.allHeaders;
  if (method !== "POST" || mode !== "navigate" || site !== "same-origin" || !isFormType(contentType)) return false;
  // Browsers always say how long a form is.
  return !head.isChunked && Number(head.contentLength) <= MAX_KEPT_BYTES;
}
