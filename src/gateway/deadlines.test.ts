import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deadline, Deadlines } from "./deadlines.ts";

class Item implements Deadline {
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  endsMs = 0;
  readonly expire: () => void;

  constructor(expire: () => void) {
    this.expire = expire;
  }
}

/** `count` items that note their expiry; resolves when `wanted` of them have. */
function collect(deadlines: Deadlines, count: number, wanted: number) {
  const expired: number[] = [];
  let done: (() => void) | null = null;
  const all = new Promise<void>((resolve) => (done = resolve));
  const items = Array.from(
    { length: count },
    (_, n) =>
      new Item(() => {
        expired.push(n);
        if (expired.length === wanted) done?.();
      }),
  );
  for (const item of items) deadlines.add(item);
  return { items, expired, all };
}

/** The list's timer alone does not keep the process. */
async function whileAlive(promise: Promise<void>): Promise<void> {
  const alive = setInterval(() => {}, 1000);
  await promise;
  clearInterval(alive);
}

test("who is not taken out expires, in order, once, and not early", async () => {
  const deadlines = new Deadlines(15);
  const beganMs = performance.now();
  const { items, expired, all } = collect(deadlines, 6, 3);
  for (const n of [0, 3, 5]) deadlines.remove(items[n] as Item);
  deadlines.remove(items[0] as Item);
  await whileAlive(all);
  assert.ok(performance.now() - beganMs >= 15);
  assert.deepEqual(expired, [1, 2, 4]);
  for (const item of items) assert.deepEqual([item.earlier, item.later, item.endsMs], [null, null, 0]);
});

test("who joins while others expire waits its own time", async () => {
  const deadlines = new Deadlines(5);
  const order: string[] = [];
  await whileAlive(
    new Promise((resolve) => {
      const second = new Item(() => {
        order.push("second");
        resolve();
      });
      const first = new Item(() => {
        order.push("first");
        deadlines.add(second);
      });
      deadlines.add(first);
    }),
  );
  assert.deepEqual(order, ["first", "second"]);
});

test("a list that was emptied begins anew", async () => {
  const deadlines = new Deadlines(5);
  const before = collect(deadlines, 2, 1);
  for (const item of before.items) deadlines.remove(item);
  const after = collect(deadlines, 1, 1);
  await whileAlive(after.all);
  assert.deepEqual([before.expired, after.expired], [[], [0]]);
});
