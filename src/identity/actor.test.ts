import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readActor } from "./actor.ts";

/** A chain of so many actors. */
function chainOf(levels: number): object {
  return levels === 1 ? { sub: "a1" } : { sub: `a${levels}`, act: chainOf(levels - 1) };
}

describe("who acts for a subject", () => {
  for (const [what, claim, read] of [
    ["nobody", undefined, undefined],
    ["a subject", { sub: "bot" }, { sub: "bot" }],
    ["a client", { client_id: "runner" }, { client_id: "runner" }],
    ["a chain of four", chainOf(4), chainOf(4)],
    [
      "an actor of another issuer, about whom more is said",
      { sub: "bot", iss: "https://ci.example", name: "Bot", aud: ["x"], exp: 1 },
      { sub: "bot", iss: "https://ci.example" },
    ],
  ] as const)
    test(`is read: ${what}`, () => assert.deepEqual(readActor(claim), read));

  for (const [what, claim] of [
    ["a chain of five", chainOf(5)],
    ["an actor without a name", { iss: "https://ci.example" }],
    ["an actor before it without a name", { sub: "bot", act: {} }],
    ["a text", "bot"],
    ["null", null],
    ["a list", [{ sub: "bot" }]],
    ["a name that is none", { sub: 1 }],
    ["an empty name", { sub: "" }],
    ["a client that is none beside a subject", { sub: "bot", client_id: null }],
    ["a name without end", { sub: "b".repeat(257) }],
    ["null before it", { sub: "bot", act: null }],
  ] as const)
    test(`is refused: ${what}`, () => assert.equal(readActor(claim), null));

  test("has nothing that was inherited", () => {
    assert.equal(readActor(Object.create({ sub: "bot" })), null);
  });
});
