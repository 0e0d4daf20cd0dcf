import assert from "node:assert/strict";
import { test } from "node:test";
import { anchorsOf, checkLinks } from "./links.ts";

const check = (pages: Record<string, string>, others: readonly string[] = []): readonly string[] =>
  checkLinks(new Map(Object.entries(pages)), new Set([...Object.keys(pages), ...others])).map(
    (f) => `${f.file}:${f.line} ${f.message}`,
  );

test("headings become anchors as on the forge: case, punctuation, code, repeats", () => {
  const text = '# The `up` command, (again)!\n## Again\n## Again\n```\n# not a heading\n```\n<a id="own"></a>';
  assert.deepEqual([...anchorsOf(text)], ["the-up-command-again", "again", "again-1", "own"]);
});

test("links to files, folders, headings and other sites pass", () => {
  assert.deepEqual(
    check(
      {
        "README.md":
          "# Top\n[a](docs/guide.md#start) [b](docs) [c](#top) [d](https://example.com/x) [e](mailto:a@b.example)",
        "docs/guide.md": "## Start\n[back](../README.md) ![picture](road.png)",
      },
      ["docs/road.png"],
    ),
    [],
  );
});

test("a dead file, a dead heading, a dead picture and a way out are found at their line", () => {
  assert.deepEqual(
    check({
      "docs/a.md": "\n[x](gone.md) ![y](gone.png)\n[z](b.md#nope)\n[w](../../other/file.md)\n`[code](gone.md)`",
      "docs/b.md": "# Title",
    }),
    [
      "docs/a.md:2 link `gone.md` leads nowhere",
      "docs/a.md:2 link `gone.png` leads nowhere",
      "docs/a.md:3 link `b.md#nope`: the page has no such heading",
      "docs/a.md:4 link `../../other/file.md` leaves the repository",
    ],
  );
});

test("an ADR without its last line is found, and one whose check is gone", () => {
  assert.deepEqual(
    check(
      {
        "docs/adr/0001-a.md": "# A\n\nChecked by: src/a.test.ts, and the tests\nin tests/road.\n",
        "docs/adr/0002-b.md": "# B\n",
        "docs/adr/0003-c.md": "# C\n\nChecked by: x\n\nMore text.\n",
        "docs/adr/0004-d.md": "# D\n\nChecked by: src/gone.test.ts.\n",
      },
      ["src/a.test.ts", "tests/road/b.test.ts"],
    ),
    [
      "docs/adr/0002-b.md:0 an ADR ends with a line `Checked by: …`",
      "docs/adr/0003-c.md:0 an ADR ends with a line `Checked by: …`",
      "docs/adr/0004-d.md:0 is checked by `src/gone.test.ts`, which is not there",
    ],
  );
});
