/**
 * IP addresses and CIDR blocks as conditions compare them.
 *
 * In: text. Out: the address's family and number, or null for any spelling but the plain one: no octal or hexadecimal
 * parts, no short forms, no zone. INVARIANT: an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is the IPv4 address.
 * Source: RFC 4291 section 2.2; RFC 4632 for blocks.
 */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

export interface Block extends Address {
  /** Number of leading bits that count. */
  readonly prefix: number;
}

const MAPPED = 0xffffn;

export function parseAddress(text: string): Address | null {
  const four = parseFour(text);
  if (four !== null) return { bits: 32, value: four };
  const six = parseSix(text);
  if (six === null) return null;
  if (six >> 32n === MAPPED) return { bits: 32, value: six & 0xffff_ffffn };
  return { bits: 128, value: six };
}

/** `10.0.0.0/8`, `fd00::/8`, or an address, which is a block of one. */
export function parseBlock(text: string): Block | null {
  const slash = text.indexOf("/");
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === null) return null;
  if (slash === -1) return { ...address, prefix: address.bits };
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(digits)) return null;
  const mapped = address.bits === 32 && text.includes(":");
  const prefix = Number(digits) - (mapped ? 96 : 0);
  return prefix < 0 || prefix > address.bits ? null : { ...address, prefix };
}

export function blockContains(block: Block, address: Address): boolean {
  if (block.bits !== address.bits) return false;
  const shift = BigInt(block.bits - block.prefix);
  return block.value >> shift === address.value >> shift;
}

function parseFour(text: string): bigint | null {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return null;
  let value = 0n;
  for (const part of text.split(".")) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return null;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseSix(text: string): bigint | null {
  if (text.length > 45 || !text.includes(":")) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 1 ? [] : parseGroups(halves[1] ?? "", true);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** Groups of 16 bits; only at the end of the address may the last one be dotted. */
function parseGroups(text: string, atEnd: boolean): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const four = atEnd && index === parts.length - 1 ? parseFour(part) : null;
      if (four === null) return null;
      groups.push(Number(four >> 16n), Number(four & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}
