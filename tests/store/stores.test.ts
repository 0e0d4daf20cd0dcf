/** The same of every store: in this process, in a file, in a real Redis server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { type ManualClock, Secret, createManualClock, isGatehouseError } from "../../src/core/index.ts";
import { type Store, createMemoryStore, createValkeyStore, openSqliteStore } from "../../src/store/index.ts";
import { waitFor } from "../support/instance.ts";
import { type ValkeyServer, startValkey } from "../support/valkey.ts";

interface Opened {
  readonly store: Store;
  /** Another process's view of the same entries; the store itself where there can be none. */
  readonly other: Store;
  readonly pass: (ms: number) => Promise<void>;
}

const dir = mkdtempSync(join(tmpdir(), "gh-store-"));
let server: ValkeyServer;
let lastFile = 0;

before(async () => {
  server = await startValkey();
});
after(async () => {
  await server.stop();
  rmSync(dir, { recursive: true });
});

const passOn = (clock: ManualClock) => async (ms: number) => clock.advance(ms);

const kinds: Record<string, () => Promise<Opened>> = {
  "in this process": async () => {
    const clock = createManualClock(1_000_000);
    const store = createMemoryStore(clock);
    return { store, other: store, pass: passOn(clock) };
  },
  "in a file": async () => {
    const clock = createManualClock(1_000_000);
    const file = join(dir, `${++lastFile}.db`);
    const store = await openSqliteStore(file, clock);
    return { store, other: await openSqliteStore(file, clock), pass: passOn(clock) };
  },
  "in a server": async () => {
    const options = { address: server.address, credentials: null, prefix: `gatehouse:test-${++lastFile}:` };
    const store = await createValkeyStore(options);
    return { store, other: await createValkeyStore(options), pass: async (ms) => sleep(ms) };
  },
};

async function unavailable(task: Promise<unknown>): Promise<string> {
  const fault = await task.then(
    () => null,
    (cause: unknown) => cause,
  );
  assert.ok(isGatehouseError(fault), String(fault));
  assert.equal(fault.code, "GH_STORE_UNAVAILABLE");
  return fault.message;
}

for (const [kind, open] of Object.entries(kinds))
  describe(kind, () => {
    let opened: Opened;
    before(async () => {
      opened = await open();
    });
    after(async () => {
      await opened.store.close();
      await opened.other.close();
    });

    test("an entry is there for both, until its end and not at it", async () => {
      const { store, other, pass } = opened;
      assert.equal(await store.get("a"), null);
      await store.set("a", "one", 200);
      assert.equal(await other.get("a"), "one");
      await store.set("a", "two", 200);
      assert.equal(await other.get("a"), "two");
      await pass(200);
      assert.equal(await store.get("a"), null);
      assert.equal(await other.get("a"), null);
      assert.deepEqual(await other.list("a", 10), []);
    });

    test("a key is given once, and again when it has ended", async () => {
      const { store, other, pass } = opened;
      const given = await Promise.all(
        Array.from({ length: 50 }, async (_, i) => (i % 2 === 0 ? store : other).add("lease", `owner ${i}`, 200)),
      );
      assert.equal(given.filter(Boolean).length, 1);
      const owner = `owner ${given.indexOf(true)}`;
      assert.equal(await store.get("lease"), owner);
      await pass(200);
      assert.equal(await other.add("lease", "next", 200), true);
      assert.equal(await store.get("lease"), "next");
    });

    test("only who holds a lease can prolong it or give it back", async () => {
      const { store, other, pass } = opened;
      await store.set("held", "mine", 200);
      assert.equal(await other.renew("held", "theirs", 60_000), false);
      await other.remove("held", "theirs");
      assert.equal(await store.get("held"), "mine");
      assert.equal(await store.renew("held", "mine", 60_000), true);
      await pass(200);
      assert.equal(await other.get("held"), "mine");
      await store.remove("held", "mine");
      assert.equal(await other.get("held"), null);
      assert.equal(await store.renew("held", "mine", 60_000), false);
      await store.remove("held");
    });

    test("what is listed begins with the text, whatever letters it has", async () => {
      const { store, other } = opened;
      for (const key of ["x:%1", "x:*2", "x:[3]", "x:?", "xx:4", "x", "y:5"]) await store.set(key, `<${key}>`, 60_000);
      const keys = async (prefix: string) => (await other.list(prefix, 100)).map(({ key }) => key).sort();
      assert.deepEqual(await keys("x:"), ["x:%1", "x:*2", "x:?", "x:[3]"]);
      assert.deepEqual(await keys("x:*"), ["x:*2"]);
      assert.deepEqual(await keys("x:["), ["x:[3]"]);
      assert.deepEqual(await keys("nothing"), []);
      assert.equal((await store.list("x", 3)).length, 3);
      assert.deepEqual(await store.list("x:?", 5), [{ key: "x:?", value: "<x:?>" }]);
    });
  });

test("in this process: the entry that was written first goes when there are too many", async () => {
  const store = createMemoryStore(createManualClock(0), 2);
  for (const key of ["a", "b", "a", "c"]) await store.set(key, key, 1000);
  assert.deepEqual(
    (await store.list("", 9)).map(({ key }) => key),
    ["a", "c"],
  );
});

test("in a file: only its owner reads it, and it is there after a restart", async () => {
  const file = join(dir, "kept.db");
  const clock = createManualClock(1_000_000);
  const first = await openSqliteStore(file, clock);
  await first.set("a", "one", 1000);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await first.close();
  const second = await openSqliteStore(file, clock);
  assert.equal(await second.get("a"), "one");
  await second.close();
  await second.close();
  assert.equal(
    await unavailable(second.get("a")),
    `the state in \`sqlite ${file}\` cannot be used: statement has been finalized`,
  );
});

test("in a file: a file that is something else is left as it is", async () => {
  const file = join(dir, "other.db");
  writeFileSync(file, "not a database, but long enough to be looked at as one: ".repeat(20));
  assert.equal(
    await unavailable(openSqliteStore(file, createManualClock(0))),
    `the state in \`sqlite ${file}\` cannot be used: file is not a database`,
  );
  assert.equal(statSync(file).size, 1120);
});

test("in a server: away, standing still, and back, without anybody waiting long", async () => {
  const own = await startValkey();
  const store = await createValkeyStore({ address: own.address, credentials: null, prefix: "p:", timeoutMs: 300 });
  await store.set("a", "one", 60_000);
  own.pause();
  const beganMs = performance.now();
  const named = `the state in \`${own.address}\` cannot be used: `;
  assert.equal(await unavailable(store.get("a")), `${named}Command timed out`);
  assert.ok(performance.now() - beganMs < 1500);
  own.resume();
  await waitFor("it is back", async () => (await store.get("a").catch(() => null)) === "one");
  await own.stop();
  await waitFor("the connection is seen to be gone", async () =>
    store.get("a").then(
      () => false,
      () => true,
    ),
  );
  assert.ok((await unavailable(store.get("a"))).startsWith(named));
  await own.start();
  await waitFor("it is back, empty", async () => store.add("a", "two", 60_000).catch(() => false));
  assert.equal(await store.get("a"), "two");
  await store.close();
  await own.stop();
});

test("in a server: a password is sent and is in no message", async () => {
  const own = await startValkey(["--requirepass", "open-sesame"]);
  const open = async (credentials: Secret<string> | null): Promise<Store> =>
    createValkeyStore({ address: own.address, credentials, prefix: "p:" });
  const good = await open(new Secret("open-sesame"));
  await good.set("a", "one", 60_000);
  const named = await open(new Secret("default:open-sesame"));
  assert.equal(await named.get("a"), "one");
  const bad = await open(new Secret("wrong-word"));
  const message = await unavailable(bad.get("a"));
  assert.doesNotMatch(message, /wrong-word|open-sesame/);
  await Promise.all([good.close(), named.close(), bad.close(), own.stop()]);
});
