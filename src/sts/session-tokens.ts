/**
 * Temporary credentials that nobody has to keep: the session token holds the session, sealed, and the secret key follows
 * from the sealing key and the access key id.
 *
 * In: a session. Out: credentials; later, for an access key id and a session token, the secret key and the session.
 * Every process that has the sealing key knows every credential; the first key seals, each opens, so that keys can be
 * exchanged with an overlap. A session token is opened once and then remembered for as long as it is in use.
 * The form: base64url of format, key id, nonce, ciphertext, tag; the access key id is authenticated with it.
 * Source: NIST SP 800-38D (AES-256-GCM), RFC 5869 (HKDF).
 * INVARIANT: each access key id has keys of its own, so a session token opens with the access key id that it was given
 * with and with no other. Nothing of a token, a key or a secret is in any message.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { GatehouseError, RecentMap, type Secret } from "../core/index.ts";
import type { CredentialLookup, CredentialSource, WrittenDocument } from "../iam/index.ts";
import { packJson, unpackJson } from "./packed-json.ts";
import type { Principal } from "./principal.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAtMs: number;
}

/** What a session token holds. */
export interface SessionFacts {
  readonly partition: string;
  readonly accountId: string;
  readonly roleArn: string;
  readonly roleId: string;
  readonly sessionName: string;
  readonly sessionPolicies: readonly WrittenDocument[];
  readonly tags: Readonly<Record<string, string>>;
  readonly token: Principal["token"];
  readonly facts: unknown;
  /** Whole seconds. */
  readonly expiresAtMs: number;
}

export interface SessionTokens extends CredentialSource<Principal> {
  /** Null when the session token would be too large for the headers of a request. */
  issue(session: SessionFacts): Credentials | null;
}

/**
 * Of the 10,240 bytes that API Gateway takes of request line and headers: the rest is for the signature, the target and
 * what clients send.
 */
export const MAX_SESSION_TOKEN_CHARS = 6144;
const FORMAT = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;
const SEAL_KEY_BYTES = 32;
/** 40 characters, as AWS's own. */
const SECRET_BYTES = 30;
const MIN_KEY_BYTES = 32;
const ACCESS_KEY_ID = /^ASIA[A-Z2-7]{16}$/;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const REMEMBERED = 10_000;

interface Opened {
  readonly sessionToken: string;
  readonly secretAccessKey: string;
  readonly principal: Principal;
}

export interface SessionTokensOptions {
  /** 32 bytes or more each. The first seals, each opens. */
  readonly keys: readonly Secret<Uint8Array>[];
  /** Session tokens remembered; at most twice as many are held. @default 10000 */
  readonly remembered?: number | undefined;
  /** For tests. @default node's */
  readonly randomBytes?: ((count: number) => Uint8Array) | undefined;
}

/** @throws GH_STS_SEAL_KEY for a key that is too short, or for none */
export function createSessionTokens(options: SessionTokensOptions): SessionTokens {
  const random = options.randomBytes ?? randomBytes;
  const keys = new Map<string, Uint8Array>();
  for (const key of options.keys) {
    const bytes = key.reveal();
    if (bytes.length < MIN_KEY_BYTES) throw new GatehouseError("GH_STS_SEAL_KEY", { bytes: bytes.length });
    keys.set(keyIdOf(bytes).toString("latin1"), bytes);
  }
  const [first] = keys.values();
  if (first === undefined) throw new GatehouseError("GH_STS_SEAL_KEY", { bytes: 0 });
  const remembered = new RecentMap<Opened>(options.remembered ?? REMEMBERED);

  function open(accessKeyId: string, sessionToken: string): Opened | null {
    const sealed = Buffer.from(sessionToken, "base64url");
    if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed[0] !== FORMAT) return null;
    if (sealed.toString("base64url") !== sessionToken) return null;
    const key = keys.get(sealed.subarray(1, 1 + KEY_ID_BYTES).toString("latin1"));
    if (key === undefined) return null;
    const { sealKey, secretAccessKey } = deriveKeys(key, accessKeyId);
    const decipher = createDecipheriv("aes-256-gcm", sealKey, sealed.subarray(1 + KEY_ID_BYTES, HEAD_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(accessKeyId));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const packed = Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
      return { sessionToken, secretAccessKey, principal: principalOf(accessKeyId, unpackJson(packed) as Packed) };
    } catch {
      return null;
    }
  }

  return {
    issue(session) {
      const accessKeyId = `ASIA${base32(random(10))}`;
      const { sealKey, secretAccessKey } = deriveKeys(first, accessKeyId);
      const nonce = random(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealKey, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(accessKeyId));
      const sealed = Buffer.concat([
        Buffer.of(FORMAT),
        keyIdOf(first),
        nonce,
        cipher.update(packJson(packSession(session))),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      const sessionToken = sealed.toString("base64url");
      if (sessionToken.length > MAX_SESSION_TOKEN_CHARS) return null;
      return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs: session.expiresAtMs };
    },
    find(accessKeyId, sessionToken, nowMs): CredentialLookup<Principal> {
      // Without a session token an access key id is nobody's: there are no lasting credentials.
      if (sessionToken === null || sessionToken.length > MAX_SESSION_TOKEN_CHARS || !ACCESS_KEY_ID.test(accessKeyId))
        return { ok: false, problem: "unknown" };
      let opened = remembered.get(accessKeyId) ?? null;
      if (opened?.sessionToken !== sessionToken) {
        opened = open(accessKeyId, sessionToken);
        if (opened === null) return { ok: false, problem: "unknown" };
        remembered.set(accessKeyId, opened);
      }
      const { principal, secretAccessKey } = opened;
      if (nowMs >= principal.expiresAtMs) {
        remembered.delete(accessKeyId);
        return { ok: false, problem: "expired" };
      }
      return { ok: true, secretAccessKey, principal };
    },
  };
}

function keyIdOf(key: Uint8Array): Buffer {
  return createHash("sha256").update("gatehouse sts key id").update(key).digest().subarray(0, KEY_ID_BYTES);
}

function deriveKeys(key: Uint8Array, accessKeyId: string): { sealKey: Uint8Array; secretAccessKey: string } {
  const derived = Buffer.from(
    hkdfSync("sha256", key, "", `gatehouse sts credentials ${accessKeyId}`, SEAL_KEY_BYTES + SECRET_BYTES),
  );
  return {
    sealKey: derived.subarray(0, SEAL_KEY_BYTES),
    secretAccessKey: derived.subarray(SEAL_KEY_BYTES).toString("base64"),
  };
}

/** Sixteen characters from ten bytes. */
function base32(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let text = "";
  for (let shift = 75n; shift >= 0n; shift -= 5n) text += BASE32[Number((bits >> shift) & 31n)] ?? "";
  return text;
}

/** By position, without names: names would be most of a small session. */
type Packed = readonly [
  partition: string,
  accountId: string,
  roleArn: string,
  roleId: string,
  sessionName: string,
  sessionPolicies: readonly WrittenDocument[],
  tags: Readonly<Record<string, string>>,
  token: readonly [issuer: string, subject: string, audience: string],
  facts: unknown,
  expiresAtSeconds: number,
];

function packSession(session: SessionFacts): Packed {
  const { issuer, subject, audience } = session.token;
  return [
    session.partition,
    session.accountId,
    session.roleArn,
    session.roleId,
    session.sessionName,
    session.sessionPolicies,
    session.tags,
    [issuer, subject, audience],
    session.facts,
    Math.floor(session.expiresAtMs / 1000),
  ];
}

function principalOf(accessKeyId: string, packed: Packed): Principal {
  const [partition, accountId, roleArn, roleId, sessionName, sessionPolicies, tags, token, facts, expires] = packed;
  const [issuer, subject, audience] = token;
  const roleName = roleArn.slice(roleArn.lastIndexOf("/") + 1);
  return Object.freeze({
    accountId,
    arn: assumedRoleArn(partition, accountId, roleName, sessionName),
    userId: `${roleId}:${sessionName}`,
    accessKeyId,
    roleName,
    roleArn,
    sessionName,
    sessionPolicies,
    tags,
    token: { issuer, subject, audience },
    facts,
    expiresAtMs: expires * 1000,
  });
}

export function assumedRoleArn(partition: string, accountId: string, roleName: string, sessionName: string): string {
  return `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`;
}
