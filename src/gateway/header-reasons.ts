/** Why a header did not go on as it came, or was added: the words of `gatehouse trace --headers`. A closed list. */
export const HEADER_REASONS = {
  "hop-by-hop": "it means something on one connection alone (RFC 9110, 7.6.1)",
  connection: "the message's own `Connection` header names it",
  framing: "it belongs to the connection on which the message goes on: host, length, end",
  "look-alike": "nobody but Gatehouse may tell the service this, in whatever spelling",
  credential: "the right to call stays at the gateway; the service gets an assertion",
  "own-cookie": "cookies of Gatehouse stay between it and the browser",
  policy: "the policy removes it, or sets a value of its own",
  forwarding: "Gatehouse says itself where the request came from, as the edge saw it",
  "request-id": "the id under which every record knows the request",
  trace: "the W3C trace with this hop in it; what is not well formed is not sent on",
  identity: "who asks, as verified",
  "own-answer": "what Gatehouse alone tells clients",
  cors: "the API answers pages of other origins itself",
  session: "a cookie of the browser's session: sign-in, renewal, end",
  edge: "Caddy's own",
} as const;
export type HeaderReason = keyof typeof HEADER_REASONS;
