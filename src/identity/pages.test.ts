import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { contrastOf } from "../core/index.ts";
import { dressPage, renderPage } from "./pages.ts";
import { redirectTo } from "./web-response.ts";

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

test("a page in its owner's name and color is the same page, under a policy for its own style", () => {
  const dressed = dressPage(page, { name: "Shop <&>", color: "#7a1fa2" });
  assert.match(dressed.body, /<title>[^<]* - Shop &lt;&amp;&gt;<\/title>/);
  assert.match(dressed.body, /<p class="brand">Shop &lt;&amp;&gt;<\/p>\n<h1>/);
  const style = /<style>([^]*)<\/style>/.exec(dressed.body)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  assert.ok(String(dressed.headers["content-security-policy"]).includes(`style-src 'sha256-${hash}'`));
  assert.equal(dressed.headers["content-length"], String(Buffer.byteLength(dressed.body)));
  assert.deepEqual([dressed.status, dressed.reason], [page.status, page.reason]);
  const [light = "", dark = ""] = [...style.matchAll(/--accent:(#[0-9a-f]{6})/g)].slice(-2).map(([, color]) => color);
  assert.equal(light, "#7a1fa2");
  assert.ok(contrastOf(dark, "#1d2328") >= 4.5);
});

test("an answer that is no page stays as it is", () => {
  const away = redirectTo(302, "/", [], "login-started");
  assert.equal(dressPage(away, { name: "Shop", color: null }), away);
});
