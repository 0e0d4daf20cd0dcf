/** What lies in two lists of network blocks at once: of each pair the narrower one, as blocks nest or are apart. */
import { isAddressInBlocks } from "../policy/index.ts";

/** Blocks that hold exactly the addresses of both lists; empty when they have none in common. */
export function intersectBlocks(a: readonly string[], b: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const left of a)
    for (const right of b) {
      if (isWithin(left, right)) found.add(left);
      else if (isWithin(right, left)) found.add(right);
    }
  // A block that lies in another one adds nothing.
  const blocks = [...found];
  return blocks.filter((block) => !blocks.some((other) => other !== block && isWithin(block, other)));
}

function isWithin(inner: string, outer: string): boolean {
  const [[address, length], [, outerLength]] = [splitBlock(inner), splitBlock(outer)];
  return length >= outerLength && isAddressInBlocks(address, [outer]);
}

function splitBlock(block: string): [address: string, length: number] {
  const slash = block.lastIndexOf("/");
  return [block.slice(0, slash), Number(block.slice(slash + 1))];
}
