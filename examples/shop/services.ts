/**
 * The shop's three services, as you might have them: plain HTTP on loopback, no TLS, no login, no permissions.
 *
 *   orders      :4001  GET /orders  GET /orders/{id}  GET /orders/export  POST /orders  GET /health
 *   backoffice  :4002  GET /sales  GET /stock  PUT /stock/{item}
 *   web         :4003  GET /  GET /account
 *
 * `node examples/shop/services.ts` runs them. With GATEHOUSE_ISSUER (and GATEHOUSE_CA, a file) they believe nobody
 * whose assertion does not verify; without it they take the headers as they come.
 */
import { readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ReadCaller, type Trust, createReadCaller, readUnverifiedCaller } from "./caller.ts";
import { renderPage } from "./page.ts";
import { type Store, createStore } from "./store.ts";

export const PORTS = { orders: 4001, backoffice: 4002, web: 4003 } as const;
type Service = keyof typeof PORTS;

export interface Services {
  readonly ports: Readonly<Record<Service, number>>;
  close(): Promise<void>;
}

interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly store: Store;
  readonly readCaller: ReadCaller;
}

const MAX_BODY_BYTES = 10_000;

/**
 * All three listen on 127.0.0.1; 0 as a port takes a free one. Requests wait until `trust` is known.
 * @throws the system's `EADDRINUSE` when a port is taken; then none listens
 */
export async function startServices(
  options: { readonly ports?: Partial<Record<Service, number>>; readonly trust?: Promise<Trust | null> } = {},
): Promise<Services> {
  const store = createStore();
  const trust = options.trust ?? Promise.resolve(null);
  const servers = Object.entries({ orders, backoffice, web }).map(([name, handle]) => {
    const readCaller = trust.then((known) => (known === null ? readUnverifiedCaller : createReadCaller(name, known)));
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://service").pathname;
      const method = request.method ?? "GET";
      readCaller
        .then((read) => handle({ method, path, request, response, store, readCaller: read }))
        .catch(() => (response.headersSent ? response.destroy() : sendJson(response, 500, { error: "internal" })));
    });
    return { name: name as Service, server };
  });
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(({ server }) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  };
  try {
    for (const { name, server } of servers)
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(options.ports?.[name] ?? PORTS[name], "127.0.0.1", resolve);
      });
  } catch (error) {
    await close();
    throw error;
  }
  const ports = Object.fromEntries(servers.map(({ name, server }) => [name, (server.address() as AddressInfo).port]));
  return { ports: ports as Record<Service, number>, close };
}

async function orders({ method, path, request, response, store, readCaller }: Exchange): Promise<void> {
  if (path === "/health") return sendJson(response, 200, { status: "ok" });
  const caller = await readCaller(request.headers);
  if (caller === null) return sendJson(response, 401, { error: "no identity came with this request" });
  if (path === "/orders" && method === "GET") return sendJson(response, 200, { orders: store.listOrders() });
  if (path === "/orders/export" && method === "GET") {
    const rows = store.listOrders().map((o) => `${o.id},${o.item},${o.quantity},${o.totalCents}`);
    return send(response, 200, "text/csv; charset=utf-8", ["id,item,quantity,total_cents", ...rows, ""].join("\r\n"));
  }
  if (path === "/orders" && method === "POST") {
    const body = await readJson(request);
    const { item, quantity } = (body ?? {}) as { readonly item?: unknown; readonly quantity?: unknown };
    if (typeof item !== "string" || !Number.isInteger(quantity) || Number(quantity) < 1)
      return sendJson(response, 400, { error: 'send JSON such as {"item":"lantern","quantity":1}' });
    const order = store.placeOrder(item, Number(quantity), caller.name);
    if (typeof order === "string") return sendJson(response, order === "unknown-item" ? 404 : 409, { error: order });
    response.setHeader("location", `/orders/${order.id}`);
    return sendJson(response, 201, order);
  }
  const id = /^\/orders\/([^/]+)$/.exec(path)?.[1];
  const order = id !== undefined && method === "GET" ? store.findOrder(id) : null;
  return order === null ? sendJson(response, 404, { error: "no such order" }) : sendJson(response, 200, order);
}

async function backoffice({ method, path, request, response, store, readCaller }: Exchange): Promise<void> {
  const caller = await readCaller(request.headers);
  if (caller === null) return sendJson(response, 401, { error: "no identity came with this request" });
  if (path === "/sales" && method === "GET") return sendJson(response, 200, { totalCents: store.salesCents() });
  if (path === "/stock" && method === "GET") return sendJson(response, 200, store.listStock());
  const item = /^\/stock\/([^/]+)$/.exec(path)?.[1];
  if (item !== undefined && method === "PUT") {
    const { quantity } = ((await readJson(request)) ?? {}) as { readonly quantity?: unknown };
    if (!Number.isInteger(quantity) || Number(quantity) < 0)
      return sendJson(response, 400, { error: 'send JSON such as {"quantity":12}' });
    if (store.setStock(item, Number(quantity))) return sendJson(response, 200, store.listStock());
  }
  return sendJson(response, 404, { error: "nothing here" });
}

async function web({ method, path, request, response, store, readCaller }: Exchange): Promise<void> {
  const isPage = path === "/" || path === "/account";
  if (!isPage || (method !== "GET" && method !== "HEAD")) return sendJson(response, 404, { error: "no such page" });
  const caller = await readCaller(request.headers);
  response.setHeader("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
  response.setHeader("cache-control", "no-store");
  return send(response, 200, "text/html; charset=utf-8", renderPage(caller, path === "/" ? store.listOrders() : null));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", JSON.stringify(body));
}

function send(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(text) }).end(text);
}

/** Null for what is no JSON object or longer than 10 kB. */
async function readJson(request: IncomingMessage): Promise<object | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) return null;
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const issuer = process.env["GATEHOUSE_ISSUER"];
  const ca = process.env["GATEHOUSE_CA"];
  const trust = issuer === undefined ? null : { issuer, ca: ca === undefined ? null : readFileSync(ca, "utf8") };
  const { ports } = await startServices({ trust: Promise.resolve(trust) });
  console.log(`orders ${ports.orders}, backoffice ${ports.backoffice}, web ${ports.web} on 127.0.0.1`);
}
