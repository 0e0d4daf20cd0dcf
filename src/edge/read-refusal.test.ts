import assert from "node:assert/strict";
import { test } from "node:test";
import { oneLine, portFault, readRefusal } from "./read-refusal.ts";

const refusal = (error: string) => readRefusal(JSON.stringify({ error }), 400);

test("a port that is taken is named", () => {
  const texts = [
    "loading new config: http app module: start: listening on 127.0.0.1:8443: listen tcp 127.0.0.1:8443: bind: address already in use",
    "listening on [::1]:8443: listen tcp [::1]:8443: bind: address already in use",
    "listen udp :8443: bind: address already in use",
    "listen tcp4 0.0.0.0:8443: bind: address already in use",
  ];
  for (const text of texts) {
    const fault = refusal(text);
    assert.equal(fault.code, "GH_EDGE_PORT_TAKEN", text);
    assert.equal(fault.kind, "conflict");
    assert.equal(fault.message, "port 8443 is taken by another program");
  }
});

test("a port that this user may not have is named", () => {
  const fault = refusal("listening on :443: listen tcp :443: bind: permission denied");
  assert.equal(fault.code, "GH_EDGE_PORT_DENIED");
  assert.equal(fault.message, "this user may not listen on port 443");
});

test("anything else is told in Caddy's words", () => {
  const fault = refusal('loading config: unknown field "handel"');
  assert.equal(fault.code, "GH_EDGE_ADMIN_REFUSED");
  assert.equal(fault.kind, "refused");
  assert.equal(fault.message, 'Caddy refused the configuration: loading config: unknown field "handel"');
});

test("an answer that is not Caddy's is told as it is, or by its status", () => {
  assert.equal(readRefusal("<html>nope</html>", 502).message, "Caddy refused the configuration: <html>nope</html>");
  assert.equal(readRefusal("", 502).message, "Caddy refused the configuration: status 502");
  assert.equal(readRefusal("{}", 400).message, "Caddy refused the configuration: status 400");
});

test("a socket or an address without a port is no port fault", () => {
  assert.equal(portFault("listen unix /run/admin.sock: bind: address already in use"), null);
  assert.equal(portFault("listen tcp 127.0.0.1:8443: bind: cannot assign requested address"), null);
});

test("what is shown is one line without control characters and of bounded length", () => {
  assert.equal(oneLine(" a\nb\u001b[2Jc\u202e "), "a b [2Jc");
  assert.equal(oneLine("x".repeat(2000)).length, 601);
});
