import assert from "node:assert/strict";
import { test } from "node:test";
import { blockContains, parseAddress, parseBlock } from "./address.ts";

const inside: [block: string, address: string, expected: boolean | null][] = [
  ["10.0.0.0/8", "10.255.0.1", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["10.1.2.3/8", "10.255.0.1", true],
  ["10.0.0.0/8", "::ffff:10.0.0.1", true],
  ["10.0.0.0/8", "::ffff:a00:1", true],
  ["::ffff:10.0.0.0/104", "10.0.0.1", true],
  ["::ffff:10.0.0.0/104", "11.0.0.1", false],
  ["::ffff:10.0.0.0/8", "10.0.0.1", null],
  ["0.0.0.0/0", "8.8.8.8", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["::/0", "8.8.8.8", false],
  ["2001:db8::/32", "2001:DB8:0:0::9", true],
  ["2001:db8::/32", "2001:db9::9", false],
  ["192.0.2.7", "192.0.2.7", true],
  ["192.0.2.7", "192.0.2.8", false],
  ["::1", "0:0:0:0:0:0:0:1", true],
  ["10.0.0.0/33", "10.0.0.1", null],
  ["10.0.0.0/08", "10.0.0.1", null],
  ["10.0.0.0/", "10.0.0.1", null],
  ["10.0.0.0/+8", "10.0.0.1", null],
  ["::/129", "::1", null],
];

for (const [block, address, expected] of inside)
  test(`${address} in ${block}: ${expected}`, () => {
    const [b, a] = [parseBlock(block), parseAddress(address)];
    assert.ok(a);
    assert.equal(b === null ? null : blockContains(b, a), expected);
  });

const refused = [
  "0x0a000001",
  "010.0.0.1",
  "10.1",
  "167772161",
  "10.0.0.256",
  "10.0.0.1 ",
  "10.0.0.0x1",
  "fe80::1%eth0",
  "::1::2",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7::8",
  "::ffff:010.0.0.1",
  "::10.0.0.1:1",
  "12345::",
  ":1:2:3:4:5:6:7",
  "[::1]",
  "",
];

for (const text of refused)
  test(`address \`${text}\` is refused`, () => {
    assert.equal(parseAddress(text), null);
    assert.equal(parseBlock(text), null);
  });
