/** The development provider's own step of a sign-in: ask for name and password, say who it was. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { timingSafeEqual } from "node:crypto";
import type Provider from "oidc-provider";
import type { People } from "../people.ts";
import { reachedAcr } from "./development-claims.ts";
import { renderMessagePage, renderSignInPage, sendPage } from "./dev-pages.ts";

const MAX_FORM_BYTES = 10_000;

/** Answers `GET` and `POST /interaction/ID`. The browser's cookie, not the path, says which sign-in it is. */
export async function answerInteraction(
  provider: Provider,
  people: People,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let details: Awaited<ReturnType<Provider["interactionDetails"]>>;
  try {
    details = await provider.interactionDetails(request, response);
  } catch {
    sendPage(
      response,
      renderMessagePage("This sign-in has ended", "Go back to where you came from and try again."),
      400,
    );
    return;
  }
  const client = await provider.Client.find(String(details.params["client_id"]));
  const { acr_values: acrValues } = details.params;
  const askedAcr = typeof acrValues === "string" ? acrValues : "";
  const page = (wrongFor: string | null): string =>
    renderSignInPage({
      action: `/interaction/${details.uid}`,
      clientName: client?.clientName ?? client?.clientId ?? "",
      askedAcr,
      names: people.people.map(({ name }) => name),
      wrongFor,
    });
  if (request.method !== "POST") return sendPage(response, page(null));

  const form = await readForm(request);
  if (form === null) return sendPage(response, renderMessagePage("That did not work", "The form is too long."), 413);
  if (form.has("cancel")) {
    const result = { error: "access_denied", error_description: "sign-in was cancelled" };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const name = form.get("name") ?? "";
  const person = people.people.find((candidate) => candidate.name === name);
  if (person === undefined || !isEqual(person.password.reveal(), form.get("password") ?? ""))
    return sendPage(response, page(name), 403);
  const acr = reachedAcr(person, askedAcr);
  const login = { accountId: name, ...(acr === undefined ? {} : { acr }) };
  return provider.interactionFinished(request, response, { login });
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FORM_BYTES) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
