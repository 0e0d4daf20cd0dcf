/**
 * The service behind every road: JSON documents from memory, keep-alive, plain HTTP. Prints its port.
 *
 * `/orders/large` is 100 KB, everything else is small; a body that comes with a request is read to its end before the
 * answer, which says how long it was. The argument is how long an idle connection is kept, in ms.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const small = JSON.stringify({ id: "1001", item: "lantern", quantity: 2, totalCents: 7800, placedBy: "the example" });
const LARGE_BYTES = 100_000;

/** Much the same over and over, but JSON, and exactly as long as it says. */
function largeDocument(): string {
  const items = [];
  let length = 0;
  for (let id = 0; length < LARGE_BYTES - 200; id++) {
    const item = JSON.stringify({ id, item: "lantern", quantity: 2, totalCents: 7800 });
    items.push(item);
    length += item.length + 1;
  }
  const text = `{"items":[${items.join(",")}],"more":""}`;
  return text.replace('"more":""', `"more":"${"x".repeat(LARGE_BYTES - text.length)}"`);
}

const large = Buffer.from(largeDocument());
const smallHeaders = { "content-type": "application/json", "content-length": String(Buffer.byteLength(small)) };
const largeHeaders = { "content-type": "application/json", "content-length": String(large.length) };

const server = createServer((request, response) => {
  if (request.method === "GET") {
    request.resume();
    if (request.url === "/orders/large") response.writeHead(200, largeHeaders).end(large);
    else response.writeHead(200, smallHeaders).end(small);
    return;
  }
  let bytes = 0;
  request.on("data", (chunk: Buffer) => (bytes += chunk.length));
  request.on("error", () => {});
  request.on("end", () => {
    const text = JSON.stringify({ stored: bytes });
    response.writeHead(201, { "content-type": "application/json", "content-length": text.length }).end(text);
  });
});
server.keepAliveTimeout = Number(process.argv[2] ?? 150_000);
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
