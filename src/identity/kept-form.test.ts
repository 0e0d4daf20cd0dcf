import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isFormType, keptFormPage } from "./kept-form.ts";

const URL_ENCODED = "application/x-www-form-urlencoded";

async function formOf(body: string, contentType = URL_ENCODED, target = "/orders"): Promise<string | null> {
  const page = await keptFormPage({ target, contentType, body: Buffer.from(body), asked: null });
  return page === null ? null : (/<form[\s\S]*<\/form>/.exec(page.body)?.[0] ?? "");
}

/** What a browser would send of the page: a reader of HTML that knows what this page uses. */
function fieldsOf(form: string): [name: string, value: string][] {
  const unescape = (text: string): string =>
    text.replace(/&(?:amp|lt|gt|quot|#(\d+));/g, (entity, code: string | undefined) =>
      code === undefined
        ? ({ "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' }[entity] ?? "?")
        : String.fromCodePoint(Number(code)),
    );
  return [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(
    ([, name = "", value = ""]) => [unescape(name), unescape(value)],
  );
}

function multipart(...parts: readonly string[]): string {
  return [...parts.map((part) => `--b0\r\nContent-Disposition: form-data; ${part}\r\n`), "--b0--\r\n"].join("");
}

describe("a form that is given back", () => {
  test("is a page that says what has happened, without script, that leads to nobody else", async () => {
    const page = await keptFormPage({
      target: "/orders?draft=1&x=2",
      contentType: URL_ENCODED,
      body: Buffer.from("item=tea&item=milk&note="),
      asked: null,
    });
    assert.ok(page !== null);
    assert.deepEqual([page.status, page.reason], [401, "form-kept"]);
    assert.match(
      page.body,
      /<h1>Your session has ended<\/h1>\n<p>What you filled in has not been sent on yet, and nothing was changed\.<\/p>/,
    );
    assert.equal(
      /<p><a[\s\S]*<\/form>/.exec(page.body)?.[0],
      `<p><a href="/_gatehouse/login?return_to=%2F_gatehouse%2Fsigned-in" target="_blank" rel="noopener">Sign in in another tab</a>, then come back to this one and send the form.</p>
<form method="post" action="/orders?draft=1&amp;x=2" enctype="application/x-www-form-urlencoded">
<input type="hidden" name="item" value="tea">
<input type="hidden" name="item" value="milk">
<input type="hidden" name="note" value="">
<button>Send the form</button>
</form>`,
    );
    assert.ok(!page.body.includes("<script"));
    assert.match(
      String(page.headers["content-security-policy"]),
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    assert.deepEqual([page.headers["cache-control"], page.headers["referrer-policy"]], ["no-store", "same-origin"]);
  });

  test("of a route that asks for more leads to that sign-in", async () => {
    const asked = { acr: ["mfa", "phr"], maxAgeSeconds: 300 };
    const page = await keptFormPage({ target: "/", contentType: URL_ENCODED, body: Buffer.from(""), asked });
    assert.match(page?.body ?? "", /<h1>This form asks for another sign-in<\/h1>/);
    assert.match(
      page?.body ?? "",
      /href="\/_gatehouse\/login\?return_to=%2F_gatehouse%2Fsigned-in&amp;acr_values=mfa\+phr&amp;max_age=300"/,
    );
  });

  test("has markup of names, values and addresses as text", async () => {
    const hostile = `"><script>alert(1)</script><form action='https://evil.example'>&amp;`;
    const body = new URLSearchParams([[hostile, hostile]]).toString();
    const form = await formOf(body, URL_ENCODED, `/a?"><img src=x>`);
    assert.equal(
      form,
      `<form method="post" action="/a?&quot;&gt;&lt;img src=x&gt;" enctype="application/x-www-form-urlencoded">
<input type="hidden" name="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;form action=&#39;https://evil.example&#39;&gt;&amp;amp;" value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;form action=&#39;https://evil.example&#39;&gt;&amp;amp;">
<button>Send the form</button>
</form>`,
    );
  });

  test("has line breaks as they came", async () => {
    assert.match((await formOf("note=a%0D%0Ab")) ?? "", /value="a&#13;&#10;b"/);
  });

  test("asks for files again, in their places", async () => {
    const body = multipart(
      'name="title"\r\n\r\na "b"',
      'name="scan"; filename="<b>.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF \u0000',
      'name="none"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n',
      'name="title"\r\n\r\nlast',
    );
    const page = await keptFormPage({
      target: "/scans",
      contentType: "multipart/form-data; boundary=b0",
      body: Buffer.from(body),
      asked: null,
    });
    assert.equal(
      /<p>Files[\s\S]*<\/form>/.exec(page?.body ?? "")?.[0],
      `<p>Files have to be chosen again.</p>
<form method="post" action="/scans" enctype="multipart/form-data">
<input type="hidden" name="title" value="a &quot;b&quot;">
<label for="file-1">scan: &lt;b&gt;.pdf</label>
<input type="file" id="file-1" name="scan">
<input type="file" name="none" hidden>
<input type="hidden" name="title" value="last">
<button>Send the form</button>
</form>`,
    );
  });

  test("has every field that a browser sends, in order and as it was", async () => {
    // As browsers make it: line breaks are CR LF, and a field without a name is not sent.
    const text = fc
      .string({ unit: "grapheme", maxLength: 20 })
      .map((value) => value.replace(/\r\n|\r|\n/g, "\r\n").replace(/[\0\ufffd]/g, ""));
    const field = fc.tuple(
      text.filter((name) => name !== "" && name.toLowerCase() !== "_charset_"),
      text,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(field, { minLength: 1, maxLength: 8 }), async (fields) => {
        const form = await formOf(new URLSearchParams(fields).toString());
        assert.ok(form !== null);
        assert.deepEqual(fieldsOf(form), fields);
      }),
    );
  });
});

describe("what cannot be given back exactly is not given back", () => {
  const bodies: Readonly<Record<string, string>> = {
    "a percent sign that encodes nothing": "a=%zz",
    "another encoding than UTF-8": "a=%E9",
    "bytes that are not encoded": "a=\u00e9",
    "a character that HTML has no place for": "a=%00",
    "a field without a name": "=a",
    "a lone line feed": "a=1%0A2",
    "a field that browsers fill in": "_charset_=latin1",
    "more fields than a page can have": "a=1&".repeat(1001),
  };
  for (const [what, body] of Object.entries(bodies))
    test(what, async () => {
      assert.equal(await formOf(body), null);
    });

  const broken: Readonly<Record<string, readonly [contentType: string, body: string]>> = {
    "no boundary": ["multipart/form-data; x=1", multipart('name="a"\r\n\r\n1')],
    "another boundary": ["multipart/form-data; boundary=b1", multipart('name="a"\r\n\r\n1')],
    "a body that is cut": ["multipart/form-data; boundary=b0", multipart('name="a"\r\n\r\n1').slice(0, -12)],
  };
  for (const [what, [contentType, body]] of Object.entries(broken))
    test(`of several parts: ${what}`, async () => {
      assert.equal(await formOf(body, contentType), null);
    });
});

test("which content types are forms", () => {
  for (const type of [URL_ENCODED, `${URL_ENCODED};charset=UTF-8`, "multipart/form-data; boundary=x"])
    assert.equal(isFormType(type), true, type);
  for (const type of ["", "text/plain", "application/json", `${URL_ENCODED}; charset=latin1`, "multipart/form-data"])
    assert.equal(isFormType(type), false, type);
});
