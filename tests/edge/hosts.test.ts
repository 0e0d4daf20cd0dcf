/** Host names of services beside the domain, in a real Caddy: which listener knows which name, by curl and by raw TLS. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import type { EdgeArtifact } from "../../src/model/index.ts";
import { DOMAIN, type RealEdge, setUpEdge, startRealEdge } from "./real-edge.ts";
import { run } from "../support/run.ts";

const ORDERS = "orders.localhost";
const BOTH = "reports.localhost";
const BACKOFFICE = "backoffice.localhost";
const HOSTS: EdgeArtifact["hosts"] = [
  { host: BACKOFFICE, public: false, private: true },
  { host: ORDERS, public: true, private: false },
  { host: BOTH, public: true, private: true },
];

let edge: RealEdge;
before(async () => {
  edge = await startRealEdge({ hosts: HOSTS });
  for (const host of [ORDERS, BOTH, BACKOFFICE]) await waitForCertificate(host);
});
after(() => edge.stop());

/** Certificates are made one after the other once the configuration has been taken over. */
async function waitForCertificate(host: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if ((await shakeHands(host)) !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no certificate for ${host}`);
}

/** Names of the certificate that is shown for a server name, null when there is none that our authority made. */
async function shakeHands(servername: string, port = edge.runtime.httpsPort): Promise<string | null> {
  const ca = await readFile(edge.caFile);
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, servername, ca }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? "");
      socket.destroy();
    });
    socket.on("error", () => resolve(null));
  });
}

type Listener = "public" | "private" | "redirect";

function urlOf(host: string, listener: Listener): string {
  const { httpsPort, privatePort, httpPort } = edge.runtime;
  if (listener === "redirect") return `http://${host}:${httpPort}/a%2Fb?c=d`;
  return `https://${host}:${listener === "public" ? httpsPort : privatePort}/a%2Fb?c=d`;
}

for (const host of [DOMAIN, ORDERS, BOTH, BACKOFFICE]) {
  test(`${host} has a certificate of its own name`, async () => {
    assert.equal(await shakeHands(host), `DNS:${host}`);
  });
}

test("a name that is nobody's has no certificate", async () => {
  for (const name of ["other.localhost", `x.${ORDERS}`, "localhost"]) assert.equal(await shakeHands(name), null, name);
});

const known: readonly [host: string, listener: Listener, status: number][] = [
  [DOMAIN, "public", 200],
  [DOMAIN, "private", 200],
  [ORDERS, "public", 200],
  [ORDERS, "private", 421],
  [BOTH, "public", 200],
  [BOTH, "private", 200],
  [BACKOFFICE, "public", 421],
  [BACKOFFICE, "private", 200],
];
for (const [host, listener, status] of known) {
  test(`${host} at the ${listener} listener is ${status}`, async () => {
    const answer = await edge.curl(urlOf(host, listener));
    assert.equal(answer.status, status);
    if (status === 421) assert.equal(answer.body, `{"message":"Misdirected Request"}`);
    else if (listener === "private") assert.equal(answer.body, "private");
    else {
      const { url, headers } = edge.received(answer);
      assert.equal(url, "/a%2Fb?c=d");
      assert.deepEqual(headers["host"], [`${host}:${edge.runtime.httpsPort}`]);
      assert.deepEqual(headers["x-forwarded-host"], [`${host}:${edge.runtime.httpsPort}`]);
    }
  });
}

for (const listener of ["public", "private", "redirect"] as const) {
  test(`a name that is nobody's is 421 at the ${listener} listener, over a connection that was opened for a known one`, async () => {
    for (const [connected, asked] of [
      [BOTH, "other.localhost"],
      [BOTH, `x.${BOTH}`],
      [DOMAIN, `${BOTH}.`],
    ] as const) {
      const answer = await edge.curl(urlOf(connected, listener), { headers: [`Host: ${asked}`] });
      assert.equal(answer.status, 421, asked);
    }
  });
}

test("a connection serves the name that it was opened for, and no other known one", async () => {
  for (const [connected, asked] of [
    [ORDERS, BOTH],
    [ORDERS, DOMAIN],
    [DOMAIN, ORDERS],
  ] as const) {
    const answer = await edge.curl(urlOf(connected, "public"), { headers: [`Host: ${asked}`] });
    assert.equal(answer.status, 421, `${asked} over ${connected}`);
  }
});

for (const [host, portOf] of [
  [DOMAIN, "httpsPort"],
  [ORDERS, "httpsPort"],
  [BOTH, "httpsPort"],
  [BACKOFFICE, "privatePort"],
] as const) {
  test(`plain HTTP sends ${host} to a listener that knows it`, async () => {
    const answer = await edge.curl(urlOf(host, "redirect"));
    assert.equal(answer.status, 308);
    assert.equal(answer.headers["location"], `https://${host}:${edge.runtime[portOf]}/a%2Fb?c=d`);
  });
}

test("`caddy validate` accepts many names, with certificates from ACME too", async () => {
  const setup = await setUpEdge();
  const hosts = Array.from({ length: 300 }, (_, i) => ({
    host: `s${i}.shop.example`,
    public: i % 3 !== 0,
    private: i % 2 === 0,
  }));
  const certificates = { kind: "acme", email: "ops@shop.example", directory: "https://127.0.0.1:1/dir" } as const;
  const config = setup.config({ domain: "shop.example", hosts, certificates, loopbackOnly: false });
  const env = { HOME: setup.dir, XDG_DATA_HOME: setup.dir, XDG_CONFIG_HOME: setup.dir };
  const ran = await run(setup.start.binary, ["validate", "--config", "-"], { input: JSON.stringify(config), env });
  assert.equal(ran.code, 0, ran.stderr);
  await setup.remove();
});
