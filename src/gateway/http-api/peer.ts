/**
 * Who is at the other end of the connection, as AWS would see it.
 *
 * In: the socket, the call's head. Out: source address, scheme, what was said of earlier hops.
 * On TCP the peer is the client, and `X-Forwarded-*` is only passed on. A unix socket is reached by one program of this
 * machine, the edge: the last address of its `X-Forwarded-For` is the client's, its `X-Forwarded-Proto` the scheme, and
 * its `X-Request-Id` the id of the request.
 * Source: API Gateway developer guide, "Logging variables" (`identity.sourceIp` is the immediate peer).
 * INVARIANT: no header of a client on TCP says where it came from.
 */
import { isIP } from "node:net";
import type { Socket } from "node:net";
import { isRequestId } from "../../records/index.ts";
import type { Hop } from "./backend-headers.ts";
import type { CallHead } from "./call-head.ts";
import type { Switches } from "./switches.ts";

export interface Peer {
  /** Null when an edge did not say. */
  readonly sourceIp: string | null;
  readonly proto: "http" | "https";
  /** Of an edge. */
  readonly requestId: string | null;
  readonly hop: (host: string, isPrivate: boolean) => Hop;
}

const UNKNOWN = "unknown";

export function peerOf(socket: Socket, head: CallHead, hasEdge: boolean, scheme: Switches["scheme"]): Peer {
  const forwardedFor = head.forwardedFor;
  const cut = hasEdge && forwardedFor !== null ? forwardedFor.lastIndexOf(",") : -1;
  const last = hasEdge ? (forwardedFor ?? "").slice(cut + 1).trim() : plainAddress(socket.remoteAddress ?? "");
  const sourceIp = isIP(last) === 0 ? null : last;
  const earlierFor = hasEdge ? (cut === -1 ? null : (forwardedFor ?? "").slice(0, cut)) : forwardedFor;
  const actual = hasEdge && head.forwardedProto !== "http" ? "https" : "http";
  const proto = scheme === "https" ? "https" : actual;
  const by = plainAddress(socket.localAddress ?? "");
  return {
    sourceIp,
    proto,
    requestId: hasEdge && head.requestId !== null && isRequestId(head.requestId) ? head.requestId : null,
    hop: (host, isPrivate) => ({
      by: isPrivate || by === "" ? null : by,
      sourceIp: sourceIp ?? UNKNOWN,
      host,
      proto,
      earlierFor,
      hasEdge,
    }),
  };
}

/** `::ffff:127.0.0.1` is the IPv4 address that it maps. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
