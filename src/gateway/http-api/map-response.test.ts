import assert from "node:assert/strict";
import { test } from "node:test";
import { parseResponseParameters } from "../../model/index.ts";
import { applyResponseMapping } from "./map-response.ts";
import { type Message, messageOf } from "./testing/message.ts";

function map(parameters: Readonly<Record<string, string>>, message: Message): unknown {
  const mappings = parseResponseParameters({ "404": parameters });
  assert.ok(mappings.ok);
  const mapping = mappings.value.get(404);
  assert.ok(mapping !== undefined);
  const unmapped: string[] = [];
  const response = { status: 404, headers: message.headers ?? [] };
  const mapped = applyResponseMapping(mapping, messageOf(message), response, { "absent-value": "omit" }, unmapped);
  return [mapped.status, mapped.headers.join("|"), ...unmapped];
}

test("status and headers of an answer are changed", () => {
  const message = { headers: ["server", "nginx", "x-a", "1"], body: '{"reason":"gone"}' };
  assert.deepEqual(
    map(
      {
        "overwrite:statuscode": "200",
        "remove:header.Server": "''",
        "append:header.x-a": "$response.body.reason",
        "overwrite:header.x-server": "$response.header.Server",
      },
      message,
    ),
    [200, "x-a|1,gone|x-server|nginx"],
  );
});

test("a status that is none is not taken", () => {
  assert.deepEqual(map({ "overwrite:statuscode": "$response.header.x" }, { headers: ["x", "99"] }), [
    404,
    "x|99",
    "statuscode",
  ]);
  assert.deepEqual(map({ "overwrite:statuscode": "$response.header.y" }, {}), [404, ""]);
  assert.deepEqual(map({ "overwrite:statuscode": "$response.header.x" }, { headers: ["x", "503"] }), [503, "x|503"]);
});

test("a cookie is set beside the others", () => {
  assert.deepEqual(map({ "append:header.set-cookie": "b=2" }, { headers: ["set-cookie", "a=1"] }), [
    404,
    "set-cookie|a=1|set-cookie|b=2",
  ]);
});
