/** What the name or address of a host, or a network block, says about who is there. */
import { isLoopbackHost } from "../origin.ts";
import { findAddressKind } from "../source-address.ts";

const INTERNAL_SUFFIXES = [".internal", ".local", ".lan", ".home.arpa", ".svc", ".cluster.local", ".test"];

/** A name that public DNS does not resolve, or an address that is not routed on the internet. */
export function isInternalHost(host: string): boolean {
  const kind = findAddressKind(host);
  if (kind !== null) return kind !== "unicast";
  return isLoopbackHost(host) || !host.includes(".") || INTERNAL_SUFFIXES.some((suffix) => host.endsWith(suffix));
}

/** SOURCE: instance metadata of AWS (IPv4, IPv6, containers), Azure and Google Cloud; Alibaba Cloud. */
export function isMetadataHost(host: string): boolean {
  return (
    findAddressKind(host) === "linkLocal" ||
    ["[fd00:ec2::254]", "[fd00:ec2::23]", "100.100.100.200", "metadata", "metadata.google.internal"].includes(host)
  );
}

/** Widest networks that one owner has: 10.0.0.0/8 of RFC 1918; a provider's /32 of IPv6, where that is routed. */
const WIDEST_IPV4 = 8;
const WIDEST_IPV6 = 32;
const WIDEST_IPV6_INTERNAL = 7;

/** Whether a block is wider than any network of one owner. */
export function isWideBlock(block: string): boolean {
  const slash = block.lastIndexOf("/");
  const address = block.slice(0, slash);
  const length = Number(block.slice(slash + 1));
  if (!address.includes(":")) return length < WIDEST_IPV4;
  // Unique local and link local addresses; the parser calls `fc00::` and `fe80::` by these names.
  const isInternal = ["uniqueLocal", "linkLocal"].includes(findAddressKind(address) ?? "");
  return length < (isInternal ? WIDEST_IPV6_INTERNAL : WIDEST_IPV6);
}
