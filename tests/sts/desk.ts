/**
 * An STS of one account with a clock that stands still and a provider in memory, asked as a client asks it.
 * Out: answers, and texts of their elements.
 */
import { Secret, createManualClock } from "../../src/core/index.ts";
import type { PolicyDocument, WrittenDocument } from "../../src/iam/index.ts";
import { createKeySource } from "../../src/identity/index.ts";
import { createFakeIssuer } from "../../src/identity/testing/fake-issuer.ts";
import {
  type Claims,
  type Headers,
  createTestKey,
  mintToken,
  publicJwk,
} from "../../src/identity/testing/token-mint.ts";
import type { Account, AccountRole } from "../../src/model/index.ts";
import { type StsAnswer, accountDirectory, createSts } from "../../src/sts/index.ts";

export const NOW_MS = Date.UTC(2026, 10, 25, 12);
export const NOW = NOW_MS / 1000;
export const ACCOUNT = "111122223333";
export const ISSUER = "https://login.shop.example/realms/shop";
export const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/login.shop.example/realms/shop`;
export const REQUEST_ID = "00000000-0000-4000-8000-000000000001";

const rsa = createTestKey("rsa-1", "rsa");
const keys = {
  rsa,
  p256: createTestKey("p256-1", "p256"),
  p384: createTestKey("p384-1", "p384"),
  p521: createTestKey("p521-1", "p521"),
  ed25519: createTestKey("ed-1", "ed25519"),
} as const;
export type KeyName = keyof typeof keys;

export function trusting(condition?: Record<string, Record<string, string | string[]>>, actions?: string[]) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: PROVIDER },
        Action: actions ?? ["sts:AssumeRoleWithWebIdentity"],
        ...(condition === undefined ? {} : { Condition: condition }),
      },
    ],
  } as const satisfies PolicyDocument;
}

export function role(name: string, trust: PolicyDocument, more: Partial<AccountRole> = {}): AccountRole {
  return {
    roleName: name,
    arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
    roleId: "AROASUPPORTSUPPORTSUP",
    assumeRolePolicyDocument: trust,
    policies: [],
    permissionsBoundary: null,
    ...more,
  };
}

export interface Desk {
  readonly clock: ReturnType<typeof createManualClock>;
  readonly sts: ReturnType<typeof createSts>;
  readonly provider: ReturnType<typeof createFakeIssuer>;
  token(claims?: Claims, header?: Headers, key?: KeyName): string;
  /** AssumeRoleWithWebIdentity with good parameters, `more` laid over them; null takes one away. */
  assume(more?: Readonly<Record<string, string | null>>): Promise<StsAnswer>;
}

export interface DeskOptions {
  readonly roles?: readonly AccountRole[];
  readonly managedPolicies?: Readonly<Record<string, WrittenDocument>>;
  readonly sealKeys?: readonly Secret<Uint8Array>[];
}

export function openDesk(options: DeskOptions = {}): Desk {
  const clock = createManualClock(NOW_MS);
  const provider = createFakeIssuer(
    Object.values(keys).map((key) => publicJwk(key)),
    ISSUER,
  );
  const account: Account = {
    accountId: ACCOUNT,
    region: "eu-west-1",
    partition: "aws",
    apis: [],
    domainNames: [],
    oidcProviders: [{ url: ISSUER, clientIdList: ["shop", "shop-cli"] }],
    roles: options.roles ?? [role("support", trusting())],
  };
  const directory = accountDirectory(account, {
    clock,
    managedPolicies: options.managedPolicies,
    keysOf: (issuer) =>
      createKeySource({
        issuer,
        clock,
        allowHttpLoopback: true,
        fetch: async (url, init) => provider.fetch(url, init),
        schedule: () => () => {},
      }),
  });
  const sealKeys = options.sealKeys ?? [new Secret(new Uint8Array(32).fill(1))];
  const sts = createSts({ directory, keys: sealKeys, clock, newRequestId: () => REQUEST_ID });
  const token: Desk["token"] = (claims = {}, header = {}, key = "rsa") =>
    mintToken(
      keys[key],
      { iss: ISSUER, aud: "shop", sub: "ada", iat: NOW - 10, exp: NOW + 300, ...claims },
      { typ: "JWT", ...header },
    );
  return {
    clock,
    sts,
    provider,
    token,
    assume: (more = {}) =>
      sts.handle(
        post({
          Action: "AssumeRoleWithWebIdentity",
          Version: "2011-06-15",
          RoleArn: `arn:aws:iam::${ACCOUNT}:role/support`,
          RoleSessionName: "ada",
          ...("WebIdentityToken" in more ? {} : { WebIdentityToken: token() }),
          ...more,
        }),
      ),
  };
}

/** A form as SDKs post it. */
export function post(parameters: Readonly<Record<string, string | null>>) {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null);
  return {
    method: "POST",
    target: "/",
    headers: ["Host", "sts.local", "Content-Type", "application/x-www-form-urlencoded; charset=utf-8"],
    body: Buffer.from(new URLSearchParams(given).toString()),
  };
}

/** The text of the only element of this name. */
export function textOf(answer: StsAnswer, name: string): string {
  const found = [...answer.body.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))];
  if (found.length !== 1) throw new Error(`${found.length} elements ${name} in ${answer.body}`);
  return (found[0]?.[1] ?? "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Status, type, code and message of an error. */
export function errorOf(answer: StsAnswer): readonly [number, string, string, string] {
  return [answer.status, textOf(answer, "Type"), textOf(answer, "Code"), textOf(answer, "Message")];
}
