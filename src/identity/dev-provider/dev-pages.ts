/**
 * Pages of the development provider: sign-in, the device code, sign-out, errors. No script; marked as development only.
 * Forms that oidc-provider made are put in as they are: it escaped them.
 */
import type { ServerResponse } from "node:http";
import type { Context } from "oidc-provider";
import { escapeHtml, pageHeaders, renderDocument } from "../pages.ts";

const NOTE = `<p class="note">Development only: this provider runs on your machine and its passwords stand in a file.</p>`;

/** What fields that are wrong are tied to. */
const PROBLEM_ID = "problem";
const WRONG = "Name or password is wrong.";

function problem(text: string): string {
  return `<p class="error" role="alert" id="${PROBLEM_ID}">${text}</p>`;
}

export interface SignInPage {
  readonly action: string;
  readonly clientName: string;
  /** `acr_values` of the request; empty for none. */
  readonly askedAcr: string;
  readonly names: readonly string[];
  /** Shown again after a wrong password. */
  readonly wrongFor: string | null;
}

export function renderSignInPage({ action, clientName, askedAcr, names, wrongFor }: SignInPage): string {
  const options = names.map((name) => `<option value="${escapeHtml(name)}">`).join("");
  const isWrong = wrongFor !== null;
  const tie = isWrong ? ` aria-invalid="true" aria-describedby="${PROBLEM_ID}"` : "";
  const parts = [
    NOTE,
    `<p>to go on to ${escapeHtml(clientName)}</p>`,
    ...(askedAcr === ""
      ? []
      : [
          `<p>It asks for a sign-in with ${escapeHtml(askedAcr.split(" ").join(" or "))}, so the password is asked for again.</p>`,
        ]),
    ...(isWrong ? [problem(WRONG)] : []),
    `<form method="post" action="${escapeHtml(action)}">
<label for="name">Name</label>
<input id="name" name="name" list="names" autocomplete="username" autocapitalize="none" required${tie} value="${escapeHtml(wrongFor ?? "")}">
<datalist id="names">${options}</datalist>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${tie}>
<button>Sign in</button>
<button class="quiet" name="cancel" value="yes" formnovalidate>Cancel</button>
</form>`,
  ];
  return renderDocument("Sign in", parts, isWrong ? "Wrong name or password" : "");
}

export function renderMessagePage(title: string, text: string): string {
  return renderDocument(title, [NOTE, `<p>${escapeHtml(text)}</p>`]);
}

export function renderCodePage(form: string, isWrong: boolean): string {
  const tie = isWrong ? ` aria-invalid="true" aria-describedby="${PROBLEM_ID}"` : ` aria-describedby="hint"`;
  const parts = [
    NOTE,
    isWrong
      ? problem("That code is not known, or has been used or ended.")
      : `<p id="hint">Your command line shows it.</p>`,
    `<label for="code">Code</label>`,
    form.replaceAll(/ placeholder="[^"]*"/g, "").replaceAll(/ onfocus="[^"]*"/g, ` id="code"${tie}`),
    `<button type="submit" form="op.deviceInputForm">Continue</button>`,
  ];
  return renderDocument("Enter the code", parts, isWrong ? "Wrong code" : "");
}

export function renderCodeConfirmPage(form: string, clientName: string, userCode: string): string {
  return renderDocument("Is this your code?", [
    NOTE,
    `<p>${escapeHtml(clientName)} wants to sign in as you. Go on only if it shows this code:</p>`,
    `<p><strong>${escapeHtml(userCode)}</strong></p>`,
    form,
    `<button type="submit" form="op.deviceConfirmForm">Continue</button>`,
    `<button type="submit" form="op.deviceConfirmForm" class="quiet" name="abort" value="yes">Cancel</button>`,
  ]);
}

export function renderSignOutPage(form: string): string {
  return renderDocument("Sign out?", [
    NOTE,
    form,
    `<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
    `<button type="submit" form="op.logoutForm" class="quiet">Stay signed in</button>`,
  ]);
}

/** Browsers hold the redirects that follow a form to the page's policy, and these lead back to the client. */
const FORM_TARGETS = "'self' https: http://127.0.0.1:* http://localhost:*";

export function showPage(context: Context, body: string, status = 200): void {
  context.status = status;
  context.set(pageHeaders(body, FORM_TARGETS));
  context.body = body;
}

export function sendPage(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, pageHeaders(body, FORM_TARGETS)).end(body);
}
