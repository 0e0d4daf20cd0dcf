import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { createProofMemory } from "./proof-memory.ts";

const NOW = 1_800_000_000;
const BYTES_OF_A_ROW = 64 * 8;

test("PL-3.18: a proof is new once, until its last second has passed", () => {
  const memory = createProofMemory();
  assert.equal(memory.note("a", NOW + 60, NOW), "first");
  assert.equal(memory.note("a", NOW + 60, NOW), "seen");
  assert.equal(memory.note("a", NOW + 60, NOW + 60), "seen");
  assert.equal(memory.note("b", NOW + 60, NOW), "first");
  // By then it is too old for everybody else, and its place is free.
  assert.equal(memory.note("a", NOW + 121, NOW + 61), "first");
});

test("two views of one memory are one", () => {
  const one = createProofMemory();
  const two = createProofMemory(one.shared);
  assert.equal(one.note("a", NOW + 60, NOW), "first");
  assert.equal(two.note("a", NOW + 60, NOW), "seen");
});

test("without room nothing is forgotten and nothing more is taken, until a place is free", () => {
  const memory = createProofMemory(new SharedArrayBuffer(BYTES_OF_A_ROW));
  for (let n = 0; n < 64; n++) assert.equal(memory.note(`proof ${n}`, NOW + 60 + (n % 2), NOW), "first");
  assert.equal(memory.note("one more", NOW + 60, NOW), "full");
  for (let n = 0; n < 64; n++) assert.equal(memory.note(`proof ${n}`, NOW + 60, NOW), "seen");
  assert.equal(memory.note("one more", NOW + 121, NOW + 61), "first");
  assert.equal(memory.note("proof 1", NOW + 61, NOW + 61), "seen");
});

test("a full load of proofs finds room", () => {
  const memory = createProofMemory();
  let refused = 0;
  for (let n = 0; n < 400_000; n++) if (memory.note(`proof ${n}`, NOW + 60, NOW) !== "first") refused++;
  assert.equal(refused, 0);
});

test("who comes second sees the other, although each found another place free", (t) => {
  const memory = createProofMemory(new SharedArrayBuffer(BYTES_OF_A_ROW));
  memory.note("old", NOW, NOW);
  const others: string[] = [];
  const takePlace = t.mock.method(Atomics, "compareExchange");
  type Place = [words: BigUint64Array, index: number, held: bigint, entry: bigint];
  takePlace.mock.mockImplementationOnce(((...place: Place) => {
    takePlace.mock.restore();
    // A second later the old place is free, and the other thread takes that one.
    others.push(memory.note("a", NOW + 60, NOW + 1));
    return Atomics.compareExchange(...place);
  }) as typeof Atomics.compareExchange);
  const own = memory.note("a", NOW + 60, NOW);
  assert.deepEqual([others, own], [["first"], "seen"]);
});

const RACE = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData.module).then(({ createProofMemory }) => {
  const { shared, gate, threads, rounds, ahead } = workerData;
  const memory = createProofMemory(shared);
  const [ARRIVED, ROUND] = [0, 1];
  const flags = new Int32Array(gate);
  const passed = [];
  for (let n = 0; n < rounds; n++) {
    if (Atomics.add(flags, ARRIVED, 1) === threads - 1) {
      Atomics.store(flags, ARRIVED, 0);
      Atomics.store(flags, ROUND, n + 1);
      Atomics.notify(flags, ROUND);
    } else while (Atomics.load(flags, ROUND) === n) Atomics.wait(flags, ROUND, n);
    // A second apart at each round, so that threads find different places free.
    if (memory.note("proof " + n, ${NOW} + n + 60, ${NOW} + n + ahead) === "first") passed.push(n);
  }
  parentPort.postMessage(passed);
});
`;

test("of threads that meet the same proofs at the same moments in a crowded table, at most one lets each pass", async () => {
  const rounds = 5000;
  const threads = 3;
  const { shared } = createProofMemory(new SharedArrayBuffer(BYTES_OF_A_ROW));
  const gate = new SharedArrayBuffer(8);
  const module = new URL("./proof-memory.ts", import.meta.url).href;
  const passed = await Promise.all(
    Array.from({ length: threads }, async (_, n) => {
      const workerData = { shared, gate, module, rounds, threads, ahead: n % 2 };
      const worker = new Worker(RACE, { eval: true, workerData });
      return new Promise<number[]>((resolve, reject) => worker.once("message", resolve).once("error", reject));
    }),
  );
  const all = passed.flat();
  assert.equal(new Set(all).size, all.length, "a proof passed twice");
  assert.ok(all.length > rounds / 2, `${all.length} of ${rounds} passed`);
});
