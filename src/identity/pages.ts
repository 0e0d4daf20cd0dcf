/**
 * The few pages that people see of Gatehouse itself: plain, readable by assistive technology, without script.
 * Their owner's name and color are put on afterwards (`dressPage`), so that whoever makes a page need not know them.
 *
 * INVARIANT: every text that is not written here is escaped; nothing is loaded from anywhere.
 */
import { createHash } from "node:crypto";
import { withContrast } from "../core/index.ts";
import type { LoginReason, WebResponse } from "./web-response.ts";

export interface Page {
  readonly status: number;
  readonly reason: LoginReason;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly link?: { readonly href: string; readonly text: string };
  /** Links of which one is to be followed, in this order. */
  readonly choices?: readonly { readonly href: string; readonly text: string }[];
  /** A form without fields: one button that posts to `action`. */
  readonly form?: { readonly action: string; readonly button: string };
  /** Where a form may lead, after redirects too. @default 'none' */
  readonly formTargets?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** Every text has 4.5:1 or more to what it stands on, edges of fields and buttons 3:1 or more, in both schemes. */
const STYLE = `
:root{color-scheme:light dark;--ink:#1a1f24;--paper:#f6f7f8;--card:#fff;--line:#d5dade;--edge:#6b7680;--accent:#0b5cad;--wrong:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e8ebee;--paper:#14181c;--card:#1d2328;--line:#39424a;--edge:#8b97a1;--accent:#7db8f2;--wrong:#ffb4ab}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
main{box-sizing:border-box;width:min(30rem,calc(100vw - 2rem));margin:1rem 0;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
h1{margin:0 0 1rem;font-size:1.375rem;line-height:1.3;overflow-wrap:anywhere}
p{margin:0 0 1rem;overflow-wrap:anywhere}
a{color:var(--accent)}
p>a:only-child{display:inline-block;padding:.25rem 0}
label{display:block;margin:0 0 .25rem;font-weight:600}
input,button,.choices a{box-sizing:border-box;width:100%;min-height:2.75rem;margin:0 0 1rem;padding:.625rem .75rem;font:inherit;border:1px solid var(--edge);border-radius:.375rem;background:var(--card);color:inherit}
button,.choices a{display:block;background:var(--accent);border-color:var(--accent);color:var(--card);font-weight:600;text-align:center;text-decoration:none;overflow-wrap:anywhere;cursor:pointer}
button.quiet{background:var(--card);border-color:var(--edge);color:var(--ink)}
.choices{margin:0;padding:0;list-style:none}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
[aria-invalid]{border-color:var(--wrong)}
main>:last-child,main>:last-child>:last-child,.choices>:last-child>a{margin-bottom:0}
.brand{margin:0 0 .5rem;color:var(--accent);font-weight:600}
.note{padding:.625rem .75rem;border:1px solid var(--line);border-radius:.375rem;font-size:.9375rem}
.error{color:var(--wrong);font-weight:600}
@media (forced-colors:active){button,.choices a{border:1px solid}}
`;

/** Whose pages they are. */
export interface Brand {
  readonly name: string | null;
  /** `#rrggbb` with 4.5:1 or more to white. */
  readonly color: string | null;
}

const NO_BRAND: Brand = { name: null, color: null };
const DARK_CARD = "#1d2328";

function styleOf({ color }: Brand): string {
  if (color === null) return STYLE;
  const inDark = withContrast(color, DARK_CARD, 4.5, "#ffffff");
  return `${STYLE}:root{--accent:${color}}@media (prefers-color-scheme:dark){:root{--accent:${inDark}}}\n`;
}

/** What answers were made of. */
const pagesOf = new WeakMap<WebResponse, Page>();

/** The same page in its owner's name and color; any other answer as it is. */
export function dressPage(answer: WebResponse, brand: Brand): WebResponse {
  const page = pagesOf.get(answer);
  return page === undefined ? answer : renderPage(page, brand);
}

export function renderPage(page: Page, brand = NO_BRAND): WebResponse {
  const parts = [
    ...page.paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`),
    ...(page.choices === undefined
      ? []
      : [
          `<ul class="choices" role="list">`,
          ...page.choices.map(({ href, text }) => `<li><a href="${escapeHtml(href)}">${escapeHtml(text)}</a></li>`),
          "</ul>",
        ]),
    ...(page.form === undefined
      ? []
      : [
          `<form method="post" action="${escapeHtml(page.form.action)}"><button>${escapeHtml(page.form.button)}</button></form>`,
        ]),
    ...(page.link === undefined
      ? []
      : [`<p><a href="${escapeHtml(page.link.href)}">${escapeHtml(page.link.text)}</a></p>`]),
  ];
  const body = renderDocument(page.title, parts, "", brand);
  const answer: WebResponse = {
    status: page.status,
    headers: { ...pageHeaders(body, page.formTargets ?? "'none'", brand), ...page.headers },
    body,
    reason: page.reason,
  };
  pagesOf.set(answer, page);
  return answer;
}

/**
 * A whole document around parts that are HTML already.
 * @param title the heading, and what a browser's tab says
 * @param state in the tab before the title: what just happened, where the heading does not say it
 */
export function renderDocument(title: string, parts: readonly string[], state = "", brand = NO_BRAND): string {
  const said = [state, title, brand.name ?? ""].filter((text) => text !== "").join(" - ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(said)}</title>
<style>${styleOf(brand)}</style>
</head>
<body>
<main>
${brand.name === null ? "" : `<p class="brand">${escapeHtml(brand.name)}</p>\n`}<h1>${escapeHtml(title)}</h1>
${parts.join("\n")}
</main>
</body>
</html>
`;
}

export function pageHeaders(body: string, formTargets: string, brand = NO_BRAND): Record<string, string> {
  const style = createHash("sha256").update(styleOf(brand)).digest("base64");
  return {
    "content-type": "text/html; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    "cache-control": "no-store",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${style}'; form-action ${formTargets}; base-uri 'none'; frame-ancestors 'none'`,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}
