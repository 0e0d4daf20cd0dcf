/**
 * docs/guide/verifying-assertions.md: the code of the page, as it stands there but for the address of the instance, takes
 * what a running instance sends to this service and nothing else. In Node, Python and Go, with libraries that others wrote.
 */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { createManualClock, systemClock } from "../../src/core/index.ts";
import { type Identity, createAssertionSigner, createBroker } from "../../src/identity/index.ts";
import { curl } from "../support/curl.ts";
import { type EchoService, headerOf, startEcho } from "../support/echo.ts";
import { buildGoProgram } from "../support/go-program.ts";
import { type Started, startInstance } from "../support/instance.ts";
import { installPythonPackages } from "../support/python-packages.ts";
import { run } from "../support/run.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/guide/verifying-assertions.md"), "utf8");
const EXAMPLE_ISSUER = "https://shop.localhost:8443/_gatehouse";

/** The one block of a language, about the instance. */
function codeOf(language: string, issuer: string): string {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((match) => match[1] === language);
  assert.equal(blocks.length, 1, `the page has ${blocks.length} blocks of ${language}`);
  const code = blocks[0]?.[2] ?? "";
  assert.ok(code.includes(EXAMPLE_ISSUER), `the block of ${language} names no issuer`);
  return code.replaceAll(EXAMPLE_ISSUER, issuer);
}

const POLICY = (orders: string, billing: string): string => `gatehouse: 1
name: shop
identity: { audience: shop-api, claims: { groups: groups, name: preferred_username } }
environments:
  # Python does not find names under \`.localhost\` everywhere.
  local: { identity: embedded, domain: localhost, certificates: internal }
services:
  orders: { exposure: public, upstream: ${orders}, routes: { GET /orders: { needs: orders:read } } }
  billing: { exposure: public, upstream: ${billing}, routes: { GET /invoices: { needs: invoices:read } } }
roles:
  staff: { members: { groups: [staff] }, can: [orders:read, invoices:read], boundary: all }
boundaries:
  all: [orders:read, invoices:read]
`;
const PEOPLE = "people:\n  alice: { password: wonderland, groups: [staff] }\nclients: {}\n";

describe("verifying assertions", { timeout: 900_000 }, () => {
  let orders: EchoService;
  let billing: EchoService;
  let instance: Started;
  let folder: string;
  let issuer: string;
  /** By what they are. */
  let assertions: Readonly<Record<string, string>>;

  before(async () => {
    [orders, billing] = await Promise.all([startEcho(), startEcho()]);
    instance = await startInstance({
      files: { "gatehouse.yaml": POLICY(orders.url, billing.url), "people.yaml": PEOPLE },
      args: ["--workers", "1"],
    });
    folder = mkdtempSync(join(tmpdir(), "gh-verify-"));
    issuer = `${instance.status.edge.https}/_gatehouse`;
    assertions = await collectAssertions();
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await Promise.all([orders.close(), billing.close()]);
    assert.equal(await instance.stop(), 0);
  });

  /** What the instance sends, and what its keys have signed otherwise. */
  async function collectAssertions(): Promise<Readonly<Record<string, string>>> {
    const token = await instance.token("alice");
    for (const path of ["/orders", "/invoices"]) assert.equal((await curl(instance, path, { token })).status, 200);
    const [good, forBilling] = [orders, billing].map((one) => headerOf(one.last(), "x-gatehouse-assertion") ?? "");
    assert.ok(good !== undefined && forBilling !== undefined);
    const [header = "", payload = "", signature = ""] = good.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: "mallory" })).toString("base64url");
    const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
    const keyFile = join(instance.state, "keys/assertion.json");
    const identity: Identity = {
      kind: "person",
      issuer: instance.status.identity.issuer,
      issuerName: null,
      subject: "alice",
      clientId: null,
      name: null,
      groups: [],
      claims: {},
      tokenId: null,
      issuedAtSeconds: null,
      authTimeSeconds: null,
      expiresAtSeconds: Math.floor(Date.now() / 1000) + 600,
      via: "bearer",
      key: "alice",
    };
    const request = { audience: "orders", role: "staff", minimumSeconds: 30 };
    const anHourAgo = createManualClock(Date.now() - 3_600_000);
    const earlier = await createAssertionSigner({ issuer, keyFile, clock: anHourAgo });
    const now = await createAssertionSigner({ issuer, keyFile, clock: systemClock });
    const stranger = await createAssertionSigner({ issuer, keyFile: join(folder, "other.json"), clock: systemClock });
    const elsewhere = await createAssertionSigner({ issuer: `${issuer}/x`, keyFile, clock: systemClock });
    return {
      good,
      "for another service": forBilling,
      expired: earlier.sign({ ...identity, expiresAtSeconds: anHourAgo.nowMs() / 1000 }, request),
      "with a changed payload": `${header}.${changed}.${signature}`,
      "without a signature": `${unsigned}.${payload}.`,
      "by another key": stranger.sign(identity, request),
      "by another issuer": elsewhere.sign(identity, request),
      "for AWS": createBroker(now, systemClock).mint(identity, "staff") ?? "",
      "not a token": "x-gatehouse-assertion",
    };
  }

  /** Asks a program about every assertion; gives what it said, by what the assertion is. */
  async function ask(
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, string>>> {
    const names = Object.keys(assertions);
    const input = `${Object.values(assertions).join("\n")}\n`;
    const { code, stdout, stderr } = await run(program, args, { cwd: folder, env, input });
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, names.length, stdout);
    return Object.fromEntries(names.map((name, index) => [name, lines[index] ?? ""]));
  }

  const caFile = (): string => instance.status.edge.caFile ?? "";

  test("in Node, with jose", async () => {
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "verify.ts"), codeOf("ts", issuer));
    writeFileSync(
      join(folder, "main.ts"),
      `import { createInterface } from "node:readline";
import { verify } from "./verify.ts";
for await (const line of createInterface({ input: process.stdin }))
  console.log(await verify(line).then(({ sub }) => \`taken \${sub}\`, ({ code }) => \`refused \${code}\`));
`,
    );
    const said = await ask(process.execPath, ["--disable-warning=ExperimentalWarning", "main.ts"], {
      NODE_EXTRA_CA_CERTS: caFile(),
    });
    assert.deepEqual(said, {
      good: "taken alice",
      "for another service": "refused ERR_JWT_CLAIM_VALIDATION_FAILED",
      expired: "refused ERR_JWT_EXPIRED",
      "with a changed payload": "refused ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
      "without a signature": "refused ERR_JOSE_ALG_NOT_ALLOWED",
      "by another key": "refused ERR_JWKS_NO_MATCHING_KEY",
      "by another issuer": "refused ERR_JWT_CLAIM_VALIDATION_FAILED",
      "for AWS": "refused ERR_JWT_CLAIM_VALIDATION_FAILED",
      "not a token": "refused ERR_JWS_INVALID",
    });
  });

  test("in Python, with PyJWT", async () => {
    const packages = await installPythonPackages(join(import.meta.dirname, "requirements.txt"));
    writeFileSync(join(folder, "verify.py"), codeOf("python", issuer));
    writeFileSync(
      join(folder, "main.py"),
      `import sys
from verify import verify
for line in sys.stdin:
    try:
        print("taken", verify(line.strip())["sub"])
    except Exception as problem:
        print("refused", type(problem).__name__)
`,
    );
    const said = await ask("python3", ["main.py"], { PYTHONPATH: packages, SSL_CERT_FILE: caFile() });
    assert.deepEqual(said, {
      good: "taken alice",
      "for another service": "refused InvalidAudienceError",
      expired: "refused ExpiredSignatureError",
      "with a changed payload": "refused InvalidSignatureError",
      "without a signature": "refused PyJWKClientError",
      "by another key": "refused PyJWKClientError",
      "by another issuer": "refused InvalidIssuerError",
      "for AWS": "refused InvalidAudienceError",
      "not a token": "refused DecodeError",
    });
  });

  test("in Go, with golang-jwt and keyfunc", async () => {
    const source = join(folder, "go");
    cpSync(join(root, "tests/partners/go"), source, { recursive: true });
    writeFileSync(join(source, "verify.go"), codeOf("go", issuer));
    const program = join(folder, "verify");
    await buildGoProgram(source, program);
    const said = await ask(program, [], { SSL_CERT_FILE: caFile() });
    const ofStranger = said["by another key"]?.replace(/"[\w-]{43}"$/, "KID");
    assert.deepEqual(
      { ...said, "by another key": ofStranger },
      {
        good: "taken alice",
        "for another service": "refused token has invalid claims: token has invalid audience",
        expired: "refused token has invalid claims: token is expired",
        "with a changed payload": "refused token signature is invalid: crypto/ecdsa: verification error",
        "without a signature": "refused token signature is invalid: signing method none is invalid",
        "by another key": "refused token is unverifiable: error while executing keyfunc: key not found KID",
        "by another issuer": "refused token has invalid claims: token has invalid issuer",
        "for AWS": "refused token has invalid claims: token has invalid audience",
        "not a token": "refused token is malformed: token contains an invalid number of segments",
      },
    );
  });

  test("in Spring: the settings say what the page says has to be checked", () => {
    const settings = parse(codeOf("yaml", issuer)) as Record<string, unknown>;
    assert.deepEqual(settings, {
      spring: {
        security: {
          oauth2: {
            resourceserver: {
              jwt: {
                "issuer-uri": issuer,
                "jwk-set-uri": `${issuer}/jwks.json`,
                "jws-algorithms": "ES256",
                audiences: "orders",
              },
            },
          },
        },
      },
    });
  });
});
