/**
 * Runs docs/guide/your-own-service.md: its commands, in its order, in a shell. Only the ports are others, since those
 * that the page shows may be taken, and what runs until the reader ends it goes to the background.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { findFreePort } from "../support/free-port.ts";
import { GATEHOUSE, waitFor } from "../support/instance.ts";
import { type Ran, run } from "../support/run.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/guide/your-own-service.md"), "utf8");

function fencesOf(language: string): readonly string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
}

describe("your own service in five minutes", () => {
  let dir: string;
  let ports: Readonly<Record<"service" | "https" | "http" | "identity", number>>;
  const fences = fencesOf("sh");

  const shell = (text: string): Promise<Ran> =>
    run(
      "bash",
      ["-c", text.replaceAll("127.0.0.1:3000", `127.0.0.1:${ports.service}`).replaceAll(":8443", `:${ports.https}`)],
      {
        cwd: dir,
      },
    );
  /** The one block with these words. */
  const fence = (...words: readonly string[]): string => {
    const found = fences.filter((text) => words.every((word) => text.includes(word)));
    assert.equal(found.length, 1, `the page has ${found.length} blocks with ${words.join(", ")}`);
    return found[0] ?? "";
  };
  const call = async (
    text: string,
  ): Promise<{ readonly status: number; readonly head: string; readonly body: string }> => {
    const { code, stdout, stderr } = await shell(text);
    assert.equal(code, 0, stderr);
    const [head = "", body = ""] = stdout.split("\r\n\r\n");
    return { status: Number(/^HTTP\/\S+ (\d{3})/.exec(head)?.[1]), head, body };
  };

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), "gh-"));
    symlinkSync(GATEHOUSE, join(dir, "gatehouse"));
    ports = {
      service: await findFreePort(),
      https: await findFreePort(),
      http: await findFreePort(),
      identity: await findFreePort(),
    };
  });
  after(async () => {
    await shell("./gatehouse down --state hello/.gatehouse; kill $(cat service.pid)");
    rmSync(dir, { recursive: true, force: true });
  });

  test("1. the service starts", async () => {
    const text = fence("http.server").replace("http.server 3000", `http.server ${ports.service}`).trim();
    const { code } = await shell(`${text} >service.log 2>&1 & echo $! >service.pid`);
    assert.equal(code, 0);
    await waitFor("the service answers", async () => (await shell("curl -sf http://127.0.0.1:3000/")).code === 0);
  });

  test("2. init writes a policy that is good and says who may call what", async () => {
    assert.deepEqual(await shell(fence("init")), {
      code: 0,
      stdout:
        "wrote hello/gatehouse.yaml\nwrote hello/gatehouse.schema.json\nwrote hello/people.yaml\nwrote hello/.gitignore\n\nnext: ./gatehouse up hello/gatehouse.yaml\n",
      stderr: "",
    });
    const { code, stdout } = await shell(fence("check", "access"));
    assert.equal(code, 0);
    assert.match(stdout, /^ +needs +alice +bob +robot$/m);
    assert.match(stdout, /^ {2}ANY \/ +hello:use +yes +- +yes$/m);
  });

  test("3. up starts it in the background", async () => {
    const { code, stdout, stderr } = await shell(
      `${fence("up hello").trim()} --https ${ports.https} --http ${ports.http} --identity ${ports.identity}`,
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /running in the background/);
  });

  let requestId = "";

  test("4. nobody gets 401, alice 200 and the page, bob 403, and explain says why", async () => {
    const nobody = await call(fences.find((text) => text.startsWith("curl -i")) ?? "");
    assert.deepEqual([nobody.status, nobody.body], [401, '{"message":"Unauthorized"}']);
    const alice = await call(fence("--as alice", "curl"));
    assert.deepEqual([alice.status, alice.body], [200, "hello\n"]);
    const bob = await call(fence("--as bob", "curl"));
    assert.deepEqual([bob.status, bob.body], [403, '{"message":"Forbidden"}']);
    requestId = /^x-request-id: (\S+)/m.exec(bob.head)?.[1] ?? "";
    const explained = await shell(fence("explain"));
    assert.equal(explained.code, 4);
    assert.match(explained.stdout, /would be allowed in group `users`/);
  });

  test("5. trace tells both hops of the request whose id curl printed", async () => {
    const { code, stdout, stderr } = await shell(fence("trace ID").replace(" ID ", ` ${requestId} `));
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^request ${requestId} `, "m"));
    assert.match(stdout, /^ +edge .* 403 /m);
    assert.match(stdout, /^ +gateway .* 403 /m);
  });

  test("6. the change that the page shows is taken over", async () => {
    const file = join(dir, "hello", "gatehouse.yaml");
    const [line = ""] = fencesOf("yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("    routes:\n", `    routes:\n${line}`));
    const nobody = fences.find((text) => text.startsWith("curl -i")) ?? "";
    await waitFor("the page is open", async () => (await call(nobody)).status === 200);
  });

  test("7. down ends it", async () => {
    assert.deepEqual(await shell(fence("down")), {
      code: 0,
      stdout: "stopped what ran in hello/.gatehouse\n",
      stderr: "",
    });
  });
});
