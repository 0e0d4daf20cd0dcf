import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { renderPage } from "./pages.ts";

const hostile = `"><script>alert('1')</script>&`;
const page = renderPage({
  status: 400,
  reason: "login-response-invalid",
  title: hostile,
  paragraphs: [hostile],
  link: { href: hostile, text: hostile },
  form: { action: hostile, button: hostile },
});

test("no text that is given becomes markup", () => {
  assert.doesNotMatch(page.body, /<script/);
  assert.equal(page.body.split("&lt;script&gt;").length, 8);
  assert.equal(page.body.split('"&quot;&gt;').length, 3);
});

test("the policy allows the page's own style and nothing else", () => {
  const style = /<style>([^]*)<\/style>/.exec(page.body)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  assert.equal(
    page.headers["content-security-policy"],
    `default-src 'none'; style-src 'sha256-${hash}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`,
  );
  assert.equal(page.headers["content-length"], String(Buffer.byteLength(page.body)));
  assert.equal(page.headers["referrer-policy"], "no-referrer");
  assert.equal(page.headers["x-content-type-options"], "nosniff");
});
