/**
 * Signers of requests that nobody here wrote: AWS's own for JavaScript (@smithy/signature-v4), aws4, and botocore.
 *
 * In:  a request as a client means it, credentials and time.
 * Out: what the client would put on the wire, headers as a server reads them: one character for each byte.
 */
import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { installPartners } from "../support/partners.ts";
import { installPythonPackages } from "../support/python-packages.ts";
import { run } from "../support/run.ts";

export type SignerName = "smithy" | "aws4" | "botocore";

export interface MeantRequest {
  readonly method: string;
  /** As on the wire: percent-encoded once. */
  readonly path: string;
  /** Decoded. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Any text; names in lower case, those of one name beside each other. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly service: string;
  readonly region: string;
  readonly nowMs: number;
  /** Null: signed in the `Authorization` header. */
  readonly expiresSeconds: number | null;
  /** Whether a presigned URL says its age; aws4 alone can leave it out. @default true */
  readonly isAgeSaid?: boolean;
}

export interface WireRequest {
  readonly target: string;
  readonly headers: readonly string[];
}

export interface ForeignSigner {
  readonly name: SignerName;
  sign(requests: readonly MeantRequest[]): Promise<readonly WireRequest[]>;
}

/** All three; the first time this installs them. */
export async function loadSigners(): Promise<readonly ForeignSigner[]> {
  const require = createRequire(join(await installPartners(), "package.json"));
  return [smithySigner(require), aws4Signer(require), botocoreSigner(await installPythonPackages())];
}

/** Path and query, every name and value encoded as RFC 3986 has it. */
export function targetOf(request: MeantRequest): string {
  const parameters = request.query.map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return parameters.length === 0 ? request.path : `${request.path}?${parameters.join("&")}`;
}

export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What a server reads when a client writes the text as UTF-8. */
export function asRead(text: string): string {
  return Buffer.from(text).toString("latin1");
}

type Query = Record<string, string | string[]>;

interface SmithyRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly headers: Record<string, string>;
}

interface Smithy {
  readonly SignatureV4: new (options: object) => {
    sign(request: object, options: { signingDate: Date }): Promise<SmithyRequest>;
    presign(request: object, options: { signingDate: Date; expiresIn: number }): Promise<SmithyRequest>;
  };
}

function smithySigner(require: NodeJS.Require): ForeignSigner {
  const { SignatureV4 } = require("@smithy/signature-v4") as Smithy;
  const signOne = async (meant: MeantRequest): Promise<WireRequest> => {
    const { accessKeyId, secretAccessKey, sessionToken } = meant;
    const signer = new SignatureV4({
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
      region: meant.region,
      service: meant.service,
      sha256: NodeSha256,
      // Its default. It says the body's digest in a header, which the others do not.
      applyChecksum: meant.body.length % 2 === 0,
    });
    const query: Query = {};
    for (const [name, value] of meant.query) {
      const others = query[name];
      if (others === undefined) query[name] = value;
      else query[name] = typeof others === "string" ? [others, value] : [...others, value];
    }
    const request = {
      method: meant.method,
      protocol: "https:",
      hostname: "host.invalid",
      path: meant.path,
      query,
      headers: joined(meant.headers),
      body: meant.body,
    };
    const signingDate = new Date(meant.nowMs);
    const signed =
      meant.expiresSeconds === null
        ? await signer.sign(request, { signingDate })
        : await signer.presign(request, { signingDate, expiresIn: meant.expiresSeconds });
    const parameters = Object.entries(signed.query).flatMap(([name, value]): [string, string][] =>
      typeof value === "string" ? [[name, value]] : value.map((one) => [name, one]),
    );
    return {
      target: targetOf({ ...meant, path: signed.path, query: parameters }),
      headers: onWire(signed.headers, meant.headers),
    };
  };
  return { name: "smithy", sign: (requests) => Promise.all(requests.map(signOne)) };
}

interface Aws4 {
  sign(
    request: object,
    credentials: object,
  ): { readonly path: string; readonly headers: Record<string, string | number> };
}

function aws4Signer(require: NodeJS.Require): ForeignSigner {
  const aws4 = require("aws4") as Aws4;
  const signOne = (meant: MeantRequest): WireRequest => {
    const { accessKeyId, secretAccessKey, sessionToken, service, region, method, expiresSeconds } = meant;
    const date = new Date(meant.nowMs).toISOString().replace(/[:-]|\.\d{3}/g, "");
    const parameters: [string, string][] = [];
    if (expiresSeconds !== null) parameters.push(["X-Amz-Date", date]);
    if (expiresSeconds !== null && meant.isAgeSaid !== false)
      parameters.push(["X-Amz-Expires", String(expiresSeconds)]);
    const signed = aws4.sign(
      {
        method,
        service,
        region,
        signQuery: expiresSeconds !== null,
        path: targetOf({ ...meant, query: [...meant.query, ...parameters] }),
        headers: { ...joined(meant.headers), ...(expiresSeconds === null ? { "x-amz-date": date } : {}) },
        ...(meant.body.length === 0 ? {} : { body: meant.body }),
      },
      { accessKeyId, secretAccessKey, ...(sessionToken === null ? {} : { sessionToken }) },
    );
    return { target: signed.path, headers: onWire(signed.headers, meant.headers) };
  };
  return { name: "aws4", sign: (requests) => Promise.resolve(requests.map(signOne)) };
}

function botocoreSigner(packages: string): ForeignSigner {
  return {
    name: "botocore",
    sign: async (requests) => {
      const input = JSON.stringify(
        requests.map((meant) => ({ ...meant, target: targetOf(meant), body: meant.body.toString("base64") })),
      );
      const script = join(import.meta.dirname, "botocore-sign.py");
      const ran = await run("python3", ["-I", "-W", "ignore", script, packages], { input, limitMs: 300_000 });
      if (ran.code !== 0) throw new Error(`botocore-sign.py ended with ${ran.code}\n${ran.stderr}`);
      const answers = JSON.parse(ran.stdout) as { target: string; headers: [string, string][] }[];
      return answers.map(({ target, headers }) => ({
        target,
        headers: headers.flatMap(([name, value]) => [name, asRead(value)]),
      }));
    },
  };
}

/** For signers that know one value for each name: a repeated header as HTTP lets it be joined. */
function joined(headers: MeantRequest["headers"]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of headers) {
    const others = values[name];
    values[name] = others === undefined ? value : `${others.trim()},${value.trim()}`;
  }
  return values;
}

/** Headers that were joined for the signer go out as they were meant; those that it made or moved, as it has them. */
function onWire(signed: Readonly<Record<string, string | number>>, meant: MeantRequest["headers"]): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(signed)) {
    const before = meant.filter(([other]) => other === name);
    const values = before.length > 1 ? before.map(([, one]) => one) : [String(value)];
    for (const one of values) flat.push(name, asRead(one));
  }
  return flat;
}

/** The hash that @smithy/signature-v4 wants from outside, with a key an HMAC. */
class NodeSha256 {
  readonly #hash: { update(data: Uint8Array): unknown; digest(): Buffer };

  constructor(key?: string | Uint8Array) {
    this.#hash = key === undefined ? createHash("sha256") : createHmac("sha256", key);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}
