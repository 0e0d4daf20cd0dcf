/**
 * Tokens that are bound to a key, through the whole road in three threads: the embedded provider binds them by DPoP for
 * openid-client, and those of an issuer of workloads are bound to a certificate that curl uses with the real Caddy.
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import * as client from "openid-client";
import { SwitchableIssuer } from "../identity/switchable-issuer.ts";
import { type CurlAnswer, curl, curlUrl } from "../support/curl.ts";
import { type EchoService, startEcho } from "../support/echo.ts";
import { type Started, startInstance, waitFor } from "../support/instance.ts";
import { run } from "../support/run.ts";

const WORKERS = 3;
const PEOPLE = "people: {}\nclients:\n  robot: { secret: robot-development-only }\n";

function policyOf(upstream: string, issuer: string, proofs = "[mtls]"): string {
  return `gatehouse: 1
name: bound
identity:
  audience: bound-api
  tokens: { proof: [dpop], profile: rfc9068 }
  issuers:
    ci: { issuer: "${issuer}", audience: bound-ci, tokens: { proof: ${proofs} } }
environments:
  local: { identity: embedded, domain: bound.localhost, private_network: [127.0.0.0/8] }
services:
  orders:
    exposure: public
    upstream: "${upstream}"
    routes:
      GET /orders: { needs: orders:read }
      POST /orders: { needs: orders:read }
  inside:
    exposure: private
    upstream: "${upstream}"
    routes:
      GET /inside: { needs: orders:read }
roles:
  robot:    { members: { client_id: [robot] },                   can: [orders:read], boundary: all }
  pipeline: { members: { issuer: ci, subject: [somebody] },      can: [orders:read], boundary: all }
boundaries:
  all: [orders:read]
`;
}

describe("tokens that are bound to a key", { timeout: 120_000 }, () => {
  let ci: SwitchableIssuer;
  let echo: EchoService;
  let instance: Started;

  before(async () => {
    ci = await SwitchableIssuer.create(Math.floor(Date.now() / 1000));
    await ci.open();
    echo = await startEcho();
    instance = await startInstance({
      files: { "gatehouse.yaml": policyOf(echo.url, ci.issuer), "people.yaml": PEOPLE },
      args: ["--workers", String(WORKERS), "--http", "0", "--private", "0", "--identity", "0"],
    });
  });
  after(async () => {
    assert.equal(await instance.stop(), 0);
    await echo.close();
    await ci.close();
  });

  async function reasons(): Promise<readonly [status: number, reason: string, subject: string | null][]> {
    const { stdout } = await instance.gatehouse("logs", "--json", "--hop", "gateway", "--limit", "1000");
    const { records } = JSON.parse(stdout) as { records: readonly Record<string, unknown>[] };
    return records.map((one) => [Number(one["status"]), String(one["reason"]), one["subject"] as string | null]);
  }

  describe("by DPoP", () => {
    let config: client.Configuration;
    let DPoP: client.DPoPHandle;
    let token = "";

    before(async () => {
      const server = new URL(instance.status.identity.issuer);
      const execute = [client.allowInsecureRequests];
      config = await client.discovery(server, "robot", "robot-development-only", undefined, { execute });
      DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
      const granted = await client.clientCredentialsGrant(config, {}, { DPoP });
      assert.equal(granted.token_type, "dpop");
      token = granted.access_token;
    });

    /** What openid-client sends, given to `send`. */
    async function call(path: string, method: string, send: (headers: readonly string[]) => Promise<number>) {
      config[client.customFetch] = async (_url, { headers }) => {
        const lines = [...new Headers(headers)].map(([name, value]) => `${name}: ${value}`);
        return new Response(null, { status: await send(lines) });
      };
      const url = new URL(`${instance.status.edge.https}${path}`);
      return (await client.fetchProtectedResource(config, token, url, method, null, undefined, { DPoP })).status;
    }
    const through = (path: string, method: string) =>
      call(path, method, async (headers) => (await curl(instance, path, { method, headers })).status);

    test("the embedded provider binds its token to the prover's key, in the form of RFC 9068", async () => {
      assert.equal(decodeProtectedHeader(token).typ, "at+jwt");
      assert.deepEqual(decodeJwt(token)["cnf"], { jkt: await DPoP.calculateThumbprint() });
    });

    test("are taken through Caddy with a proof each time", async () => {
      assert.equal(await through("/orders", "GET"), 200);
      assert.equal(await through("/orders?page=2", "POST"), 200);
      const names = echo.last().headers.map(([name]) => name.toLowerCase());
      assert.deepEqual(
        names.filter((name) => ["authorization", "dpop", "x-gatehouse-client-certificate"].includes(name)),
        [],
      );
      assert.ok(names.includes("x-gatehouse-assertion"));
    });

    /** Straight to one thread, as Caddy does it. */
    function askThread(socketPath: string, headers: readonly string[]): Promise<number> {
      const sent = {
        ...Object.fromEntries(headers.map((line) => line.split(": ", 2))),
        host: new URL(instance.status.edge.https).host,
      };
      return new Promise((resolve, reject) => {
        request({ socketPath, path: "/orders", headers: sent, agent: false }, (response) => {
          response.resume();
          response.once("end", () => resolve(response.statusCode ?? 0));
        })
          .once("error", reject)
          .end();
      });
    }

    test("a proof passes one thread once, and no other thread after it", async () => {
      const { workers } = instance.status.gateway;
      assert.equal(workers.length, WORKERS);
      let proof: readonly string[] = [];
      await call("/orders", "GET", async (headers) => {
        proof = headers;
        return 200;
      });
      const answers: number[] = [];
      for (const { socket } of [...workers, ...workers]) answers.push(await askThread(socket, proof));
      assert.deepEqual(answers, [200, ...Array.from({ length: 2 * WORKERS - 1 }, () => 401)]);
    });

    test("a proof that all threads get at the same moment passes once at most", async () => {
      for (let n = 0; n < 40; n++)
        await call("/orders", "GET", async (headers) => {
          const { workers } = instance.status.gateway;
          const answers = await Promise.all(workers.map(async ({ socket }) => askThread(socket, headers)));
          const passed = answers.filter((status) => status === 200).length;
          assert.ok(passed <= 1, `${passed} of ${WORKERS} passed`);
          return 200;
        });
    });

    test("are refused as a bearer's, and get no temporary credentials", async () => {
      const answer = await curl(instance, "/orders", { token });
      assert.equal(answer.status, 401);
      assert.match(answer.headers["www-authenticate"] ?? "", /^DPoP .*error="invalid_token"/);
      const role = instance.status.sts.roles.find(({ name }) => name === "robot")?.arn ?? "";
      const form = new URLSearchParams({
        Action: "AssumeRoleWithWebIdentity",
        Version: "2011-06-15",
        RoleArn: role,
        RoleSessionName: "robot",
        WebIdentityToken: token,
      });
      const refused = await curl(instance, "/_gatehouse/sts", {
        method: "POST",
        headers: ["content-type: application/x-www-form-urlencoded"],
        data: form.toString(),
      });
      assert.equal(refused.status, 400);
      assert.match(refused.body, /<Code>InvalidIdentityToken<\/Code>[\s\S]*bound to a key that was not proven/);
    });

    test("stand beside plain tokens, which are a bearer's as ever", async () => {
      assert.equal((await curl(instance, "/orders", { token: await instance.token("robot") })).status, 200);
    });
  });

  describe("by a certificate", () => {
    let token = "";
    let own: readonly string[] = [];
    let other: readonly string[] = [];
    let forged = "";

    async function makeCertificate(name: string): Promise<readonly [arguments_: readonly string[], sha256: string]> {
      const [certificate, key] = [join(instance.dir, `${name}.crt`), join(instance.dir, `${name}.key`)];
      const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
      const files = ["-keyout", key, "-out", certificate];
      const args = ["req", "-x509", ...ec, "-nodes", "-days", "1", "-subj", `/CN=${name}`, ...files];
      const made = await run("openssl", args);
      assert.equal(made.code, 0, made.stderr);
      const sha256 = new X509Certificate(readFileSync(certificate)).fingerprint256.replaceAll(":", "").toLowerCase();
      return [["--cert", certificate, "--key", key], sha256];
    }

    before(async () => {
      const [arguments_, sha256] = await makeCertificate("pipeline");
      own = arguments_;
      [other] = await makeCertificate("stranger");
      forged = `X-Gatehouse-Client-Certificate: ${sha256}`;
      const x5t = Buffer.from(sha256, "hex").toString("base64url");
      token = await ci.sign("bound-ci", { cnf: { "x5t#S256": x5t } });
    });

    const ask = (args: readonly string[], headers: readonly string[] = []): Promise<CurlAnswer> =>
      curl(instance, "/orders", { token, args, headers });

    for (const version of ["--http1.1", "--http2"])
      test(`are taken from curl --cert over ${version.slice(2)}, and from nobody else`, async () => {
        const answer = await ask([version, ...own]);
        assert.equal(answer.status, 200);
        assert.ok(echo.last().headers.every(([name]) => !/certificate/i.test(name)));
        const refused = [
          await ask([version]),
          await ask([version, ...other]),
          // A client cannot say what the edge saw, with and without a certificate.
          await ask([version], [forged]),
          await ask([version, ...other], [forged]),
          await ask([version], [forged.replaceAll("-", "_"), forged.toUpperCase()]),
          await ask([version], [forged, `Connection: ${forged.split(":")[0]}`]),
        ];
        assert.deepEqual(
          refused.map(({ status }) => status),
          refused.map(() => 401),
        );
        assert.match(refused[0]?.headers["www-authenticate"] ?? "", /^Bearer .*error="invalid_token"/);
      });

    test("are refused on the private listener, which asks for no certificate and believes nobody's header", async () => {
      const { private: inside, caFile } = instance.status.edge;
      const at = (headers: readonly string[]) =>
        curlUrl(`${inside}/inside`, caFile, { token, args: own, headers: [...headers] });
      assert.deepEqual([(await at([])).status, (await at([forged])).status], [401, 401]);
      const plain = await ci.sign("bound-ci");
      assert.equal((await curlUrl(`${inside}/inside`, caFile, { token: plain })).status, 200);
    });

    test("a client without certificate, and one with a plain token, are no worse off", async () => {
      const plain = await ci.sign("bound-ci");
      assert.equal((await curl(instance, "/orders", { token: plain })).status, 200);
      assert.equal((await curl(instance, "/orders", { token: plain, args: other })).status, 200);
    });

    test("are refused with the reasons that the records have", async () => {
      await waitFor("all are written", async () =>
        (await reasons()).some(([, reason]) => reason === "certificate-other"),
      );
      const told = new Set((await reasons()).map((one) => JSON.stringify(one)));
      for (const one of [
        [200, "role-grants", "somebody"],
        [401, "certificate-missing", null],
        [401, "certificate-other", null],
        [401, "proof-replayed", null],
        [401, "token-sender-constrained", null],
      ])
        assert.ok(told.has(JSON.stringify(one)), JSON.stringify(one));
    });

    test("a change of policy ends it and begins it, with no moment at which a client's own header counts", async () => {
      const load = { on: true };
      const seen: number[] = [];
      const forger = (async () => {
        while (load.on) {
          // Caddy may reset a connection that it has not read from when it changes what its listener asks for.
          const answer = await ask([], [forged]).catch((cause: unknown) => {
            if (!/curl ended with (?:35|52|55|56):/.test(String(cause))) throw cause;
            return null;
          });
          if (answer !== null) seen.push(answer.status);
        }
      })();
      instance.write("gatehouse.yaml", policyOf(echo.url, ci.issuer, "[]"));
      await waitFor("the change is told", () => instance.said().split("policy reloaded").length === 2);
      assert.equal((await ask(own)).status, 401);
      instance.write("gatehouse.yaml", policyOf(echo.url, ci.issuer));
      await waitFor("the second change is told", () => instance.said().split("policy reloaded").length === 3);
      load.on = false;
      await forger;
      assert.deepEqual([...new Set(seen)], [401]);
      assert.equal((await ask(own)).status, 200);
    });
  });

  test("no log has a token, a proof or a hash of a certificate", () => {
    for (const file of ["access.log", "gateway.log", "caddy.log"]) {
      const text = readFileSync(join(instance.state, "logs", file), "utf8");
      for (const canary of ["eyJ", "DPoP ", "dpop+jwt"])
        assert.equal(text.includes(canary), false, `${file}: ${canary}`);
    }
  });
});
