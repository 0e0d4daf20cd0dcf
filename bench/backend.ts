/** The service behind every road: a small JSON document from memory, keep-alive, plain HTTP. Prints its port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const body = JSON.stringify({ id: "1001", item: "lantern", quantity: 2, totalCents: 7800, placedBy: "the example" });
const headers = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) };

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, headers).end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
