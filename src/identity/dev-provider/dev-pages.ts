/**
 * Pages of the development provider: sign-in, the device code, sign-out, errors. No script; marked as development only.
 * Forms that oidc-provider made are put in as they are: it escaped them.
 */
import type { ServerResponse } from "node:http";
import type { Context } from "oidc-provider";
import { escapeHtml, pageHeaders, renderDocument } from "../pages.ts";

const NOTE = `<p class="note">Development only: this provider runs on your machine and its passwords stand in a file.</p>`;

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
  return renderDocument("Sign in", [
    NOTE,
    `<p>to go on to ${escapeHtml(clientName)}</p>`,
    ...(askedAcr === ""
      ? []
      : [
          `<p>It asks for a sign-in with ${escapeHtml(askedAcr.split(" ").join(" or "))}, so the password is asked for again.</p>`,
        ]),
    ...(wrongFor === null ? [] : [`<p class="error" role="alert">Name or password is wrong.</p>`]),
    `<form method="post" action="${escapeHtml(action)}">
<label for="name">Name</label>
<input id="name" name="name" list="names" autocomplete="username" autocapitalize="none" required value="${escapeHtml(wrongFor ?? "")}">
<datalist id="names">${options}</datalist>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button>
<button name="cancel" value="yes" formnovalidate>Cancel</button>
</form>`,
  ]);
}

export function renderMessagePage(title: string, text: string): string {
  return renderDocument(title, [NOTE, `<p>${escapeHtml(text)}</p>`]);
}

export function renderCodePage(form: string, problem: boolean): string {
  return renderDocument("Enter the code", [
    NOTE,
    problem
      ? `<p class="error" role="alert">That code is not known, or has been used or ended.</p>`
      : `<p>Your command line shows it.</p>`,
    form.replaceAll(/ onfocus="[^"]*"/g, ` aria-label="Code"`),
    `<button type="submit" form="op.deviceInputForm">Continue</button>`,
  ]);
}

export function renderCodeConfirmPage(form: string, clientName: string, userCode: string): string {
  return renderDocument("Is this your code?", [
    NOTE,
    `<p>${escapeHtml(clientName)} wants to sign in as you. Go on only if it shows this code:</p>`,
    `<p><strong>${escapeHtml(userCode)}</strong></p>`,
    form,
    `<button type="submit" form="op.deviceConfirmForm">Continue</button>`,
    `<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Cancel</button>`,
  ]);
}

export function renderSignOutPage(form: string): string {
  return renderDocument("Sign out?", [
    NOTE,
    form,
    `<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
    `<button type="submit" form="op.logoutForm">Stay signed in</button>`,
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
