/** Every row of the catalogue says what broke, and either has cases or says why it can have none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROWS } from "./catalogue.ts";
import { countCases } from "./count-cases.ts";

const cases = countCases();
const numbersOf = (rows: typeof ROWS): readonly number[] => rows.map(({ number }) => number);

test("rows are numbered from 1 to 122", () => {
  assert.deepEqual(
    numbersOf(ROWS),
    Array.from({ length: 122 }, (_, index) => index + 1),
  );
});

test("every row says what broke, in one clause", () => {
  assert.deepEqual(numbersOf(ROWS.filter(({ fault }) => fault === "" || /[.\n]/.test(fault.slice(-1)))), []);
});

test("every row has cases, or the reason why not", () => {
  assert.deepEqual(numbersOf(ROWS.filter(({ number, notHere }) => notHere === null && !cases.has(number))), []);
  assert.deepEqual(numbersOf(ROWS.filter(({ notHere }) => notHere === "")), []);
});

test("no row has both", () => {
  assert.deepEqual(numbersOf(ROWS.filter(({ number, notHere }) => notHere !== null && cases.has(number))), []);
});

test("there are no cases of rows that are not in the catalogue", () => {
  const known = new Set(numbersOf(ROWS));
  assert.deepEqual(
    [...cases.keys()].filter((number) => !known.has(number)),
    [],
  );
});
