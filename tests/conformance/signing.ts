/** Signed requests by recipe, by signers that nobody here wrote. */
import { type ForeignSigner, type MeantRequest } from "../sigv4/foreign-signers.ts";
import type { SignatureRecipe } from "./case-file.ts";
import { type Credentials, REGION } from "./fixture.ts";
import { shiftMs } from "./macros.ts";

export interface ToSign {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** Lines, `Name: value`. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly nowMs: number;
}

export interface SignedRequest {
  readonly target: string;
  /** Lines besides those that were given, `host` not among them. */
  readonly headers: readonly string[];
}

export async function signWith(
  signer: ForeignSigner,
  credentials: Credentials,
  recipe: SignatureRecipe,
  request: ToSign,
): Promise<SignedRequest> {
  const signedTarget = recipe.target ?? request.target;
  const [path = "", query] = signedTarget.split("?", 2);
  const lines = [...recipe.headers].map((line) => line.split(/:\s*/, 2) as [string, string]);
  const meant: MeantRequest = {
    method: request.method,
    path,
    query: query === undefined ? [] : [...new URLSearchParams(query)],
    headers: [
      ["host", recipe.host ?? request.host],
      ...lines.map(([name, value]) => [name.toLowerCase(), value] as const),
    ],
    body: Buffer.from(recipe.body ?? request.body, "latin1"),
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    sessionToken: recipe.session === undefined ? credentials.sessionToken : recipe.session,
    service: recipe.service ?? "execute-api",
    region: recipe.region ?? REGION,
    nowMs: request.nowMs + shiftMs(recipe.at),
    expiresSeconds: recipe.presign ?? null,
  };
  const [wire] = await signer.sign([meant]);
  if (wire === undefined) throw new Error("the signer gave nothing");
  const headers: string[] = [];
  for (let i = 0; i + 1 < wire.headers.length; i += 2) {
    const name = wire.headers[i] ?? "";
    if (/^(?:host|content-length)$/i.test(name)) continue;
    headers.push(`${name}: ${edited(name, wire.headers[i + 1] ?? "", recipe)}`);
  }
  // What was signed is another target than what is sent, on purpose.
  const target = recipe.target === undefined ? wire.target : request.target + queryOf(wire.target, query);
  return { target, headers };
}

function edited(name: string, value: string, { replace }: SignatureRecipe): string {
  return replace !== undefined && name.toLowerCase() === "authorization"
    ? value.replace(replace[0], replace[1])
    : value;
}

/** The signature's parameters of a presigned target. */
function queryOf(target: string, own: string | undefined): string {
  const mark = target.indexOf("?");
  return mark === -1 || own !== undefined ? "" : target.slice(mark);
}
