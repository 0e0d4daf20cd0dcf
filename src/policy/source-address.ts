/**
 * Network blocks of a policy and the addresses that fall into them.
 * A block has one spelling; an address of a request is understood in every form a socket reports it in, so that
 * `::ffff:10.0.0.1` and `10.0.0.1` are one address (RFC 4291 2.5.5.2).
 */
import ipaddr from "ipaddr.js";

export type BlockProblem = { readonly kind: "not-a-block" } | { readonly kind: "spelling"; readonly write: string };

/** Null when `text` is a block in its one spelling: address without host bits, `/`, prefix length. */
export function findBlockProblem(text: string): BlockProblem | null {
  const [, address, prefix] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (address === undefined) return { kind: "not-a-block" };
  const isV4 = !address.includes(":");
  if (isV4 ? !ipaddr.IPv4.isValidFourPartDecimal(address) : !ipaddr.IPv6.isValid(address))
    return { kind: "not-a-block" };
  const bits = isV4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return { kind: "not-a-block" };
  const write = normalizeBlock(address, length);
  return write === text ? null : { kind: "spelling", write };
}

function normalizeBlock(address: string, length: number): string {
  const parsed = ipaddr.parse(address);
  const isMapped = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress();
  if (isMapped && length >= 96) return normalizeBlock(parsed.toIPv4Address().toString(), length - 96);
  const family = parsed instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${family.networkAddressFromCIDR(`${parsed.toString()}/${length}`).toString()}/${length}`;
}

/** Whether `address` lies in one of `blocks`. Text that is no address lies in none. */
export function isAddressInBlocks(address: string, blocks: readonly string[]): boolean {
  const bare = address.replace(/%.*$/s, "");
  if (bare.includes(":") ? !ipaddr.IPv6.isValid(bare) : !ipaddr.IPv4.isValidFourPartDecimal(bare)) return false;
  const source = ipaddr.process(bare);
  return blocks.some((block) => {
    const [network, length] = ipaddr.parseCIDR(block);
    return network.kind() === source.kind() && source.match(network, length);
  });
}

/** The special range that an address lies in (`private`, `loopback`, `linkLocal`...; `unicast` is none of them); null for a name. */
export function findAddressKind(host: string): string | null {
  const bare = host.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare).range() : null;
}
