/** A service that sends events until somebody ends them. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface EventsService {
  readonly url: string;
  /** Streams that are open. */
  open(): number;
  close(): Promise<void>;
}

export async function startEvents(): Promise<EventsService> {
  let open = 0;
  const server = createServer((_, res) => {
    open++;
    res.writeHead(200, { "content-type": "text/event-stream" });
    const sending = setInterval(() => res.write("data: tick\n\n"), 200);
    res.write("data: begin\n\n");
    res.on("close", () => {
      open--;
      clearInterval(sending);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => open,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
