/**
 * A request for something that Gatehouse itself serves, below `/_gatehouse/`: on the environment's domain and its public
 * listener alone. Not here: what is served there (own-endpoints.ts, sts).
 */
import { BACK_CHANNEL_PATH, type WebRequest } from "../identity/index.ts";
import type { Asking } from "./authenticate.ts";
import { MAX_STS_BODY_BYTES, answerOwnEndpoint, isStsPath } from "./own-endpoints.ts";

/** What the provider tells of a sign-out: one token. */
const MAX_FORM_BYTES = 16_384;

/** Ends in one call on `asking`. */
export function serveOwn(asking: Asking, path: string, isDomain: boolean): void {
  const { api, method, query, head } = asking.arrival;
  if (api !== "public" || !isDomain) return asking.refuse("no-route");
  if (isStsPath(path)) return serveSts(asking);
  const request = { method, path, query, cookieHeader: head.cookie, headers: asking.request.allHeaders };
  const answerTo = (asked: WebRequest): void =>
    asking.wait(answerOwnEndpoint(asking.runtime.source, asked), (answer) => {
      if (answer === null) asking.refuse("no-route");
      else asking.answerOwn(answer, answer.reason);
    });
  if (path !== BACK_CHANNEL_PATH || !asking.arrival.hasBody) return answerTo(request);
  asking.collectBody(MAX_FORM_BYTES, (body) => answerTo({ ...request, body: body.toString("utf8") }));
}

function serveSts(asking: Asking): void {
  const { signedCallers } = asking.runtime;
  if (signedCallers === null) return asking.refuse("no-route");
  const { method, target, hasBody } = asking.arrival;
  const handle = (body: Buffer): void =>
    asking.wait(
      signedCallers.sts.handle({ method, target, headers: asking.request.rawHeaders, body }),
      ({ status, headers, body: text }) => {
        const length = ["content-length", String(Buffer.byteLength(text))];
        asking.answer({ status, body: text, headers: [...headers, ...length] }, "own-endpoint");
      },
    );
  if (hasBody) asking.collectBody(MAX_STS_BODY_BYTES, handle);
  else handle(Buffer.alloc(0));
}
