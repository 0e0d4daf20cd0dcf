import assert from "node:assert/strict";
import { test } from "node:test";
import { contrastOf, withContrast } from "./contrast.ts";

test("contrast is that of WCAG, whichever color comes first", () => {
  for (const [color, other, ratio] of [
    ["#000000", "#ffffff", 21],
    ["#ffffff", "#ffffff", 1],
    ["#777777", "#ffffff", 4.48],
    ["#767676", "#FFFFFF", 4.54],
    ["#ff0000", "#ffffff", 4],
    ["#0000ff", "#ffffff", 8.59],
  ] as const) {
    assert.equal(Math.round(contrastOf(color, other) * 100) / 100, ratio);
    assert.equal(contrastOf(other, color), contrastOf(color, other));
  }
});

test("a color is changed as little as its ground asks for", () => {
  assert.equal(withContrast("#0b5cad", "#ffffff", 4.5, "#000000"), "#0b5cad");
  for (const color of ["#0b5cad", "#000000", "#ff8800", "#ffffff"]) {
    assert.ok(contrastOf(withContrast(color, "#1d2328", 4.5, "#ffffff"), "#1d2328") >= 4.5);
    assert.ok(contrastOf(withContrast(color, "#ffffff", 4.5, "#000000"), "#ffffff") >= 4.5);
  }
});
