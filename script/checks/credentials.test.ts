import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { SignJWT } from "jose";
import { findCredentials } from "./credentials.ts";

test("a token, a session, its handle and a private key are found, each by its line", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const token = await new SignJWT({ sub: "ada" }).setProtectedHeader({ alg: "ES256" }).sign(privateKey);
  const random = (bytes: number): string => randomBytes(bytes).toString("base64url");
  const output = [
    "ok 1 - a test",
    `got: ${token}`,
    `cookie: __Host-gatehouse=1~${random(6)}.${random(90)}; other=1`,
    `__Host-gatehouse=h~${random(32)}`,
    privateKey.export({ type: "pkcs8", format: "pem" }).toString().split("\n")[0],
    JSON.stringify(privateKey.export({ format: "jwk" })),
  ].join("\n");
  assert.deepEqual(findCredentials(output), [
    { line: 2, kind: "a signed token" },
    { line: 3, kind: "a session in a cookie" },
    { line: 4, kind: "a handle of a session" },
    { line: 5, kind: "a private key" },
    { line: 6, kind: "a private key" },
  ]);
});

test("names of tests and documents that speak of them are none", () => {
  const output = [
    "✔ a token in the query is not read: ?access_token=eyJ...",
    "__Host-gatehouse=*; Path=/; Secure",
    "sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
    "x~y h~short",
  ].join("\n");
  assert.deepEqual(findCredentials(output), []);
});
