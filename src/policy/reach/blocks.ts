/**
 * Sets of network blocks: which addresses two of them share, and whether one lies within the other.
 * In: blocks in the one spelling of a policy. IPv4 and IPv6 are apart, as in `isAddressInBlocks`.
 */
import ipaddr from "ipaddr.js";

interface Block {
  readonly bits: 32 | 128;
  readonly value: bigint;
  readonly length: number;
}

/** The same addresses in the fewest blocks, sorted: none lies in another one, and two halves are one. */
export function mergeBlocks(texts: readonly string[]): string[] {
  const merged: Block[] = [];
  for (const block of texts.map(parse).sort(compare)) {
    const last = merged.at(-1);
    if (last !== undefined && contains(last, block)) continue;
    merged.push(block);
    joinHalves(merged);
  }
  return merged.map(format);
}

/** What lies in both, merged. */
export function intersectBlocks(a: readonly string[], b: readonly string[]): string[] {
  const [left, right] = [a.map(parse), b.map(parse)];
  const found: Block[] = [];
  for (const one of left)
    for (const other of right) {
      if (contains(other, one)) found.push(one);
      else if (contains(one, other)) found.push(other);
    }
  return mergeBlocks(found.map(format));
}

/** Whether every address of `inner` lies in one of `outer`, both merged: a block that is covered is covered by one. */
export function areWithin(inner: readonly string[], outer: readonly string[]): boolean {
  const blocks = outer.map(parse);
  return inner.map(parse).every((block) => blocks.some((other) => contains(other, block)));
}

/** Whether an address, as a policy would write it, lies in one of the blocks. */
export function isWithin(address: string, blocks: readonly string[]): boolean {
  return areWithin([`${address}/${address.includes(":") ? 128 : 32}`], blocks);
}

/** First and last address of a block, and those just outside of it. */
export function edgesOf(text: string): { readonly inside: readonly string[]; readonly outside: readonly string[] } {
  const block = parse(text);
  const last = block.value + (1n << BigInt(block.bits - block.length)) - 1n;
  const end = 1n << BigInt(block.bits);
  const address = (value: bigint): string => format({ ...block, value, length: block.bits }).split("/")[0] ?? "";
  return {
    inside: [address(block.value), address(last)],
    outside: [block.value - 1n, last + 1n].filter((value) => value >= 0n && value < end).map(address),
  };
}

function joinHalves(merged: Block[]): void {
  for (;;) {
    const [low, high] = [merged.at(-2), merged.at(-1)];
    if (low === undefined || high === undefined || low.bits !== high.bits || low.length !== high.length) return;
    const length = low.length - 1;
    if (length < 0 || high.value === low.value || startOf(low, length) !== startOf(high, length)) return;
    merged.splice(-2, 2, { ...low, length });
  }
}

function contains(outer: Block, inner: Block): boolean {
  return outer.bits === inner.bits && outer.length <= inner.length && startOf(inner, outer.length) === outer.value;
}

function startOf({ bits, value }: Block, length: number): bigint {
  const shift = BigInt(bits - length);
  return (value >> shift) << shift;
}

function compare(a: Block, b: Block): number {
  if (a.bits !== b.bits) return a.bits - b.bits;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return a.length - b.length;
}

/** The same few blocks are asked for again and again. */
const parsed = new Map<string, Block>();
const MAX_PARSED = 10_000;

function parse(text: string): Block {
  let block = parsed.get(text);
  if (block !== undefined) return block;
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(text, (block = read(text)));
  return block;
}

function read(text: string): Block {
  const [address, length] = ipaddr.parseCIDR(text);
  let value = 0n;
  for (const byte of address.toByteArray()) value = (value << 8n) | BigInt(byte);
  const bits = address instanceof ipaddr.IPv4 ? 32 : 128;
  const block = { bits, value, length } as const;
  return { ...block, value: startOf(block, length) };
}

function format({ bits, value, length }: Block): string {
  const bytes = Array.from({ length: bits / 8 }, (_, i) => Number((value >> BigInt(bits - 8 * (i + 1))) & 0xffn));
  return `${ipaddr.fromByteArray(bytes).toString()}/${length}`;
}
