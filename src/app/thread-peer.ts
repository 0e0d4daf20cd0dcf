/**
 * Calls between two threads, in both directions, over their message port.
 *
 * In: handlers by name. Out: `call`, which waits for the other side's answer, and `tell`, which does not.
 * INVARIANT: every call ends: with an answer, with the other side's fault, or with GH_APP_THREAD_GONE when the port closes.
 */
import { GatehouseError } from "../core/index.ts";
import { type PackedFault, packFault, unpackFault } from "./packed-fault.ts";

/** What `Worker` and `parentPort` have in common. */
export interface Port {
  postMessage(message: unknown): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

export type Handlers = Readonly<Record<string, (value: never) => unknown>>;

export interface Peer {
  /** @throws the fault of the other side, GH_APP_THREAD_GONE */
  call(name: string, value?: unknown): Promise<unknown>;
  tell(name: string, value?: unknown): void;
  /** The other side is gone. */
  end(): void;
}

type Message =
  | { readonly kind: "call"; readonly id: number; readonly name: string; readonly value: unknown }
  | { readonly kind: "tell"; readonly name: string; readonly value: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "fault"; readonly id: number; readonly fault: PackedFault };

export function connectPeer(port: Port, handlers: Handlers): Peer {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let isGone = false;

  async function answer(id: number, name: string, value: unknown): Promise<void> {
    let message: Message;
    try {
      message = { kind: "answer", id, value: await run(name, value) };
    } catch (cause) {
      message = { kind: "fault", id, fault: packFault(cause) };
    }
    if (!isGone) port.postMessage(message);
  }

  function run(name: string, value: unknown): unknown {
    const handler = handlers[name];
    if (handler === undefined) throw new GatehouseError("GH_INTERNAL", { problem: `no thread answers \`${name}\`` });
    return handler(value as never);
  }

  port.on("message", (received) => {
    const message = received as Message;
    switch (message.kind) {
      case "call":
        void answer(message.id, message.name, message.value);
        break;
      case "tell":
        run(message.name, message.value);
        break;
      case "answer":
        waiting.get(message.id)?.resolve(message.value);
        waiting.delete(message.id);
        break;
      case "fault":
        waiting.get(message.id)?.reject(unpackFault(message.fault));
        waiting.delete(message.id);
        break;
      default:
        message satisfies never;
    }
  });

  return {
    async call(name, value = null) {
      if (isGone) throw new GatehouseError("GH_APP_THREAD_GONE", { call: name });
      const id = ++lastId;
      const pending = Promise.withResolvers<unknown>();
      waiting.set(id, pending);
      port.postMessage({ kind: "call", id, name, value } satisfies Message);
      return pending.promise;
    },
    tell(name, value = null) {
      if (!isGone) port.postMessage({ kind: "tell", name, value } satisfies Message);
    },
    end() {
      isGone = true;
      for (const pending of waiting.values())
        pending.reject(new GatehouseError("GH_APP_THREAD_GONE", { call: "open" }));
      waiting.clear();
    },
  };
}
