/**
 * Network blocks of a policy and the addresses that fall into them.
 * A block has one spelling; an address of a request is understood in every form a socket reports it in, so that
 * `::ffff:10.0.0.1` and `10.0.0.1` are one address (RFC 4291 2.5.5.2).
 */
import ipaddr from "ipaddr.js";

export type BlockProblem = { readonly kind: "not-a-block" } | { readonly kind: "spelling"; readonly write: string };

/** Null when `text` is a block in its one spelling: address without host bits, `/`, prefix length. */
export function findBlockProblem(text: string): BlockProblem | null {
  const [, host = "", prefix] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(host);
  if (address === null) return { kind: "not-a-block" };
  const bits = address instanceof ipaddr.IPv4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  const write = length > bits ? null : formatBlock(address, length);
  if (write === null) return { kind: "not-a-block" };
  return write === text ? null : { kind: "spelling", write };
}

/** Null for IPv4 addresses mapped into IPv6 together with others: such a block is of both kinds. */
function formatBlock(address: ipaddr.IPv4 | ipaddr.IPv6, length: number): string | null {
  if (address instanceof ipaddr.IPv4)
    return `${ipaddr.IPv4.networkAddressFromCIDR(`${address.toString()}/${length}`).toString()}/${length}`;
  if (address.isIPv4MappedAddress()) return length < 96 ? null : formatBlock(address.toIPv4Address(), length - 96);
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${length}`).toString()}/${length}`;
}

/** Whether a text is one address, as a socket would report it. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== null;
}

/** Whether `address` lies in one of `blocks`. Text that is no address lies in none. */
export function isAddressInBlocks(address: string, blocks: readonly string[]): boolean {
  const parsed = parseAddress(address);
  if (parsed === null) return false;
  const source = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed;
  return blocks.some((block) => {
    const [network, length] = ipaddr.parseCIDR(block);
    return network.kind() === source.kind() && source.match(network, length);
  });
}

/** Four decimal parts, or IPv6 without zone. `::10.0.0.1` is the IPv6 address that it spells, not an IPv4 address. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (!text.includes(":")) return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : null;
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return null;
  const compatible = /^::(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (compatible === undefined) return ipaddr.IPv6.parse(text);
  if (!ipaddr.IPv4.isValidFourPartDecimal(compatible)) return null;
  return new ipaddr.IPv6([...Array.from({ length: 12 }, () => 0), ...ipaddr.IPv4.parse(compatible).toByteArray()]);
}

/** The special range that an address lies in (`private`, `loopback`, `linkLocal`...; `unicast` is none of them); null for a name. */
export function findAddressKind(host: string): string | null {
  const bare = host.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare).range() : null;
}
