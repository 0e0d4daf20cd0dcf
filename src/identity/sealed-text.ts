/**
 * Values that a browser keeps for us and can neither read nor make: AES-256-GCM under a key named in the text.
 *
 * In: JSON values and a purpose. Out: `KEYID.NONCE+CIPHERTEXT+TAG` in base64url. The first key seals, every key opens,
 * so that keys can be exchanged with an overlap.
 * INVARIANT: each purpose has its own key, and the audience (our address) is authenticated with the text: a value
 * sealed for one purpose or one host opens for no other.
 * Source: NIST SP 800-38D, RFC 5869.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { GatehouseError, type Secret } from "../core/index.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Sealer {
  seal(value: unknown): string;
  /** The value, or undefined for anything that was not sealed with one of the keys for this purpose. Never throws. */
  open(text: string): unknown;
}

/** @throws GH_IDENTITY_SEAL_KEY for a key shorter than 32 bytes, or for no key */
export function createSealer(keys: readonly Secret<Uint8Array>[], purpose: string, audience: string): Sealer {
  const derived = new Map<string, Uint8Array>();
  for (const key of keys) {
    const bytes = key.reveal();
    if (bytes.length < KEY_BYTES) throw new GatehouseError("GH_IDENTITY_SEAL_KEY", { bytes: bytes.length });
    const id = createHash("sha256").update("gatehouse seal key id").update(bytes).digest("base64url").slice(0, 8);
    derived.set(id, new Uint8Array(hkdfSync("sha256", bytes, "", `gatehouse seal ${purpose}`, KEY_BYTES)));
  }
  const [first] = derived;
  if (first === undefined) throw new GatehouseError("GH_IDENTITY_SEAL_KEY", { bytes: 0 });
  const [sealId, sealKey] = first;
  const authenticated = Buffer.from(JSON.stringify([purpose, audience]));
  return {
    seal(value) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealKey, nonce).setAAD(authenticated);
      const sealed = Buffer.concat([
        nonce,
        cipher.update(JSON.stringify(value), "utf8"),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return `${sealId}.${sealed.toString("base64url")}`;
    },
    open(text) {
      const separator = text.indexOf(".");
      const key = derived.get(text.slice(0, Math.max(0, separator)));
      if (key === undefined) return undefined;
      const encoded = text.slice(separator + 1);
      const sealed = Buffer.from(encoded, "base64url");
      if (sealed.length < NONCE_BYTES + TAG_BYTES || sealed.toString("base64url") !== encoded) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(authenticated);
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        const plain = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
        return JSON.parse(plain.toString("utf8")) as unknown;
      } catch {
        return undefined;
      }
    },
  };
}
