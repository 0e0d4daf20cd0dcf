/**
 * Addresses that stay on this machine or on the link, by what they are rather than how they are written.
 * Source: RFC 6890 (127.0.0.0/8, 169.254.0.0/16, ::1, fe80::/10), RFC 6761 section 6.3 (localhost).
 */
import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
// Connecting to the unspecified address reaches this machine.
loopback.addAddress("0.0.0.0", "ipv4");
loopback.addAddress("::1", "ipv6");
loopback.addAddress("::", "ipv6");

const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");
// AWS publishes its instance metadata under this address too.
linkLocal.addAddress("fd00:ec2::254", "ipv6");

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  // BlockList reads IPv4-mapped IPv6 addresses as the IPv4 address they carry.
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}

export function isLoopbackAddress(address: string): boolean {
  return isIn(loopback, address);
}

export function isLinkLocalAddress(address: string): boolean {
  return isIn(linkLocal, address);
}

/** Host of a URL (`127.0.0.1`, `[::1]`, `localhost`, `x.localhost`): never leaves this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || isLoopbackAddress(name);
}
