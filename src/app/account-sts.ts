/**
 * STS beside an account's HTTP APIs: the account's roles for tokens of the providers that it trusts.
 *
 * In: an account, a port. Out: a listener, and the credentials by which signed calls are verified.
 * The key that seals sessions is made for this process and nowhere kept: when it ends, so do the credentials.
 * Not here: what STS answers (sts).
 */
import { randomBytes } from "node:crypto";
import { type Clock, Secret } from "../core/index.ts";
import type { CredentialSource } from "../iam/index.ts";
import { type KeySource, createKeySource } from "../identity/index.ts";
import type { Account } from "../model/index.ts";
import { type Principal, type RoleDirectory, accountDirectory, createSts } from "../sts/index.ts";
import { listenForSts } from "./sts-listener.ts";

export interface AccountSts {
  readonly port: number;
  readonly credentials: CredentialSource<Principal>;
  /**
   * Tokens are judged by another account from now on. Credentials that were given stay, and are worth what the roles of
   * the account that runs say.
   * @throws GH_IAM_* ; then nothing has changed
   */
  replace(account: Account): void;
  close(): Promise<void>;
}

const SEAL_KEY_BYTES = 32;

/** @throws GH_IAM_*, GH_GATEWAY_PORT */
export async function startAccountSts(account: Account, port: number, clock: Clock): Promise<AccountSts> {
  const keySources = new Map<string, KeySource>();
  const keysOf = (issuer: string): KeySource => {
    let source = keySources.get(issuer);
    if (source === undefined)
      keySources.set(issuer, (source = createKeySource({ issuer, clock, allowHttpLoopback: true })));
    return source;
  };
  let directory: RoleDirectory = accountDirectory(account, { clock, keysOf });
  const sts = createSts({
    clock,
    keys: [new Secret(new Uint8Array(randomBytes(SEAL_KEY_BYTES)))],
    directory: {
      assume: (attempt) => directory.assume(attempt),
      managedPolicy: (arn) => directory.managedPolicy(arn),
    },
  });
  const listener = await listenForSts((request) => sts.handle(request), port);
  return {
    port: listener.port,
    credentials: sts.credentials,
    replace(next) {
      directory = accountDirectory(next, { clock, keysOf });
      const trusted = new Set(next.oidcProviders.map(({ url }) => url));
      for (const [issuer, source] of keySources)
        if (!trusted.has(issuer)) {
          source.close();
          keySources.delete(issuer);
        }
    },
    async close() {
      await listener.close();
      for (const source of keySources.values()) source.close();
    },
  };
}
