import assert from "node:assert/strict";
import { test } from "node:test";
import { isGoodEnough, parseCaddyVersion } from "./caddy-version.ts";

const outputs: Record<string, string | null> = {
  "v2.11.7 h1:yj0Y4fYZGPkSvibBJ1sTWE33xC0fxztVyXEW5iIdUT4=\n": "2.11.7",
  "2.6.2\n": "2.6.2",
  "v2.11.4": "2.11.4",
  "v2.12.0-beta.1 h1:abc=": "2.12.0-beta.1",
  "v2.11.5-0.20260822031726-0cf03d32f1c2 h1:abc=": "2.11.5-0.20260822031726-0cf03d32f1c2",
  "v2.11.7 => ./fork (modified)": "2.11.7",
  "v2.11.7+incompatible h1:abc=": "2.11.7",
  "\n  v2.11.7\nsecond line v9.9.9": "2.11.7",
  "(devel)": null,
  unknown: null,
  "": null,
  "caddy 2.11.7": null,
  "v2.11": null,
  "v2.11.7x": null,
};
for (const [output, version] of Object.entries(outputs)) {
  test(`${JSON.stringify(output)} tells ${version ?? "no version"}`, () => {
    assert.equal(parseCaddyVersion(output), version);
  });
}

const good = [
  "2.11.4",
  "2.11.7",
  "2.11.10",
  "2.12.0",
  "3.0.0",
  "2.12.0-beta.1",
  "2.11.5-0.20260822031726-0cf03d32f1c2",
];
for (const version of good) test(`${version} is good enough`, () => assert.equal(isGoodEnough(version), true));

for (const version of ["2.11.3", "2.6.2", "2.10.9", "1.99.99", "2.11.4-beta.1"]) {
  test(`${version} is too old`, () => assert.equal(isGoodEnough(version), false));
}
