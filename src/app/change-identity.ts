/**
 * Identity parts in place of others, while an instance runs, with a way back.
 *
 * In: the parts that run, and how those of before and the next are started. Out: the next ones, beside which those of
 * before still work or can be had again, until it is known which of the two stay.
 * Keys that both need are neither fetched again nor lost: they stay in the instance's key sources.
 * INVARIANT: when the next cannot be started, or are not taken over in the end, those of before run.
 */
import { type IdentityParts, type IdentityStart, startIdentity } from "./identity-parts.ts";

export interface IdentityChange {
  readonly identity: IdentityParts;
  /** Ends the next parts and gives those of before, which run. */
  undo(): Promise<IdentityParts>;
  /** Ends those of before. */
  commit(): Promise<void>;
}

export interface IdentityStarts {
  readonly before: IdentityStart;
  /** With the same key sources. */
  readonly next: IdentityStart;
}

/**
 * The embedded provider keeps its port and keys, so the old one has to end before the next can start; tokens that it
 * issued stay good. When the next cannot be started then, those of before are started again and given to `onRestored`.
 *
 * @throws whatever `startIdentity` throws for the next ones; those of before work
 */
export async function changeIdentity(
  old: IdentityParts,
  { before, next }: IdentityStarts,
  onRestored: (identity: IdentityParts) => unknown,
): Promise<IdentityChange> {
  if (old.provider === null || next.identity.kind !== "embedded") {
    const identity = await startIdentity(next);
    const undo = async (): Promise<IdentityParts> => {
      await identity.close();
      return old;
    };
    return { identity, undo, commit: async () => old.close() };
  }
  // For the time in which neither the old parts nor the next ones hold them.
  const letGo = next.keySources.holdAll();
  const restore = async (): Promise<IdentityParts> => {
    try {
      return await startIdentity(before);
    } finally {
      letGo();
    }
  };
  try {
    await old.close();
    const identity = await startIdentity(next);
    const undo = async (): Promise<IdentityParts> => {
      await identity.close();
      return restore();
    };
    return { identity, undo, commit: async () => letGo() };
  } catch (cause) {
    await onRestored(await restore());
    throw cause;
  }
}
