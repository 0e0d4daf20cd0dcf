import assert from "node:assert/strict";
import { test } from "node:test";
import { replaceSection } from "../../bench/results.ts";

test("a benchmark takes the place of its own section and leaves the others alone", () => {
  const whole = "# Results of a\n\nold\n\n# Results of b\n\n| x |\n";
  assert.equal(replaceSection(whole, "# Results of a\n\nnew\n"), "# Results of a\n\nnew\n\n# Results of b\n\n| x |\n");
  assert.equal(
    replaceSection(whole, "# Results of b\n\n| y |\n"),
    "# Results of a\n\nold\n\n# Results of b\n\n| y |\n",
  );
  assert.equal(
    replaceSection(whole, "# Results of c\n\nmore\n"),
    "# Results of a\n\nold\n\n# Results of b\n\n| x |\n\n# Results of c\n\nmore\n",
  );
  assert.equal(replaceSection("", "# Results of a\n\nfirst\n"), "# Results of a\n\nfirst\n");
});
