/** Whose tokens are taken and what is read from them, and from which network private services can be reached. */
import type { TokenRules } from "../policy.ts";
import { code } from "./code.ts";
import { areWithin, mergeBlocks } from "./blocks.ts";
import type { View } from "./places.ts";
import { type SettingChange, access, directionOf } from "./setting-change.ts";

export function diffIssuers(before: View, after: View): SettingChange[] {
  const changes: SettingChange[] = [];
  const [old, current] = [before.policy.identity, after.policy.identity];
  const [was, is] = [providerOf(before), providerOf(after)];
  const name = after.environment.name;
  if (was !== is) changes.push(access("issuer", "other", name, `tokens of ${is} are taken, before those of ${was}`));
  if (old.audience !== current.audience)
    changes.push(
      access(
        "audience",
        "other",
        name,
        `tokens for audience ${code(current.audience)} are taken, before those for ${code(old.audience)}`,
      ),
    );
  if (old.claims.groups !== current.claims.groups)
    changes.push(
      access(
        "claims",
        "other",
        name,
        `groups are read from claim ${code(current.claims.groups)}, before from ${code(old.claims.groups)}`,
      ),
    );
  const whose = `tokens of ${is}`;
  changes.push(...diffTokens(old.tokens, current.tokens, name, whose));
  for (const one of current.issuers) {
    const twin = old.issuers.find((other) => other.name === one.name);
    const subject = one.name;
    if (twin === undefined) {
      const text = `tokens of the workload issuer ${code(one.name)}, ${code(one.issuer)}, are taken now`;
      changes.push(access("issuer", "wider", subject, text));
      if (one.login !== null)
        changes.push(access("sign-in", "wider", subject, `people of ${code(one.name)} sign in now`));
      continue;
    }
    if (twin.issuer !== one.issuer)
      changes.push(
        access(
          "issuer",
          "other",
          subject,
          `workload issuer ${code(one.name)} is ${code(one.issuer)}, before ${code(twin.issuer)}`,
        ),
      );
    if ((twin.login === null) !== (one.login === null)) {
      const text = `people of ${code(one.name)} ${one.login === null ? "no longer sign in" : "sign in now"}`;
      changes.push(access("sign-in", one.login === null ? "narrower" : "wider", subject, text));
    }
    if (twin.audience !== one.audience)
      changes.push(
        access(
          "audience",
          "other",
          subject,
          `tokens of workload issuer ${code(one.name)} are taken for audience ${code(one.audience)}, before for ${code(twin.audience)}`,
        ),
      );
    changes.push(...diffTokens(twin.tokens, one.tokens, subject, `tokens of workload issuer ${code(one.name)}`));
    if (twin.claims.groups !== one.claims.groups)
      changes.push(
        access(
          "claims",
          "other",
          subject,
          `groups of workload issuer ${code(one.name)} are read from claim ${code(one.claims.groups)}, before from ${code(twin.claims.groups)}`,
        ),
      );
  }
  for (const { name: gone } of old.issuers)
    if (!current.issuers.some((one) => one.name === gone))
      changes.push(
        access("issuer", "narrower", gone, `tokens of the workload issuer ${code(gone)} are no longer taken`),
      );
  return changes;
}

/** Which of an issuer's tokens are taken: bound ones with a proof, others unless a proof is needed. */
function diffTokens(
  before: TokenRules | null,
  after: TokenRules | null,
  subject: string,
  whose: string,
): SettingChange[] {
  const changes: SettingChange[] = [];
  const add = (direction: SettingChange["direction"], text: string): void => {
    changes.push(access("tokens", direction, subject, text));
  };
  const [old, current] = [before?.proof ?? [], after?.proof ?? []];
  for (const proof of current.filter((each) => !old.includes(each)))
    add("wider", `${whose} that are bound to a key are taken now with a proof by ${code(proof)}`);
  for (const proof of old.filter((each) => !current.includes(each)))
    add("narrower", `${whose} that are bound to a key are no longer taken with a proof by ${code(proof)}`);
  const [needed, needs] = [before?.requireProof === true, after?.requireProof === true];
  if (needs && !needed) add("narrower", `${whose} are no longer taken without a proof`);
  if (needed && !needs) add("wider", `${whose} are taken now without a proof`);
  const [was, is] = [before?.profile ?? null, after?.profile ?? null];
  if (was !== is && is !== null) add("narrower", `${whose} are taken only if they are of profile ${code(is)}`);
  if (was !== is && is === null) add("wider", `${whose} are taken now whatever their profile`);
  return changes;
}

function providerOf({ environment }: View): string {
  return environment.identity.kind === "embedded" ? "the embedded provider" : code(environment.identity.issuer);
}

export function diffNetwork(before: View, after: View): SettingChange[] {
  // Without private services there is no private listener.
  if (!after.policy.services.some(({ exposure }) => exposure === "private")) return [];
  const [old, current] = [before, after].map(({ environment }) => mergeBlocks(environment.privateNetwork));
  if (old === undefined || current === undefined) return [];
  const gained = current.filter((block) => !areWithin([block], old));
  const lost = old.filter((block) => !areWithin([block], current));
  if (gained.length + lost.length === 0) return [];
  const text = `private services can be reached from ${listBlocks(current)}, before from ${listBlocks(old)}`;
  return [access("private-network", directionOf(gained.length > 0, lost.length > 0), after.environment.name, text)];
}

function listBlocks(blocks: readonly string[]): string {
  return blocks.length === 0 ? "nowhere" : blocks.map((block) => code(block)).join(", ");
}
