/**
 * Addresses as a policy may write them: origins of services, issuers, host names.
 * One spelling each: what two URL parsers could read differently (other number bases, user information, odd hosts) is
 * refused instead of being normalized.
 */
import ipaddr from "ipaddr.js";

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** `concealed`: the text holds credentials. */
  | { readonly ok: false; readonly problem: string; readonly hint: string; readonly concealed?: true };

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** A host name of letters, digits and hyphens, lower case, no trailing dot; not an address in any spelling. */
export function isHostName(text: string): boolean {
  const labels = text.split(".");
  return (
    text.length <= 253 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")
  );
}

/** Whether a host (name or address, IPv6 in brackets) can only be this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host.startsWith("127.") || host === "[::1]";
}

/** `http://host:port` in canonical form (no default port, no slash). */
export function checkOrigin(text: string): Checked<string> {
  if (/^[^/?#]*:\/\/[^/?#]*@/.test(text))
    return { ok: false, concealed: true, problem: "holds credentials", hint: "leave user and password out" };
  const [, scheme, host = "", port, rest = ""] =
    /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[^/?#:[\]]+)(?::(\d{1,5}))?([/?#].*)?$/.exec(text) ?? [];
  if (scheme === undefined) return { ok: false, problem: "is not a web address", hint: "write `http://host:port`" };
  if (rest !== "" && rest !== "/")
    return {
      ok: false,
      problem: "has a path",
      hint: `write \`${text.slice(0, text.length - rest.length)}\`; the request brings the path`,
    };
  if (!isHost(host))
    return {
      ok: false,
      problem: "does not name a host",
      hint: "write a host name in lower case, an IPv4 address or an IPv6 address in brackets",
    };
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return { ok: false, problem: "has no valid port", hint: "ports go from 1 to 65535" };
  return { ok: true, value: new URL(text).origin };
}

/** An issuer, kept character by character: https, or http on this machine; path allowed, no query, no fragment. */
export function checkIssuer(text: string): Checked<string> {
  if (/^[^/?#]*:\/\/[^/?#]*@/.test(text))
    return { ok: false, concealed: true, problem: "holds credentials", hint: "leave user and password out" };
  const [, origin = "", path = ""] = /^([a-z]+:\/\/[^/?#]*)(.*)$/.exec(text) ?? [];
  const checked = checkOrigin(origin);
  if (!checked.ok || /[?#\\]|\s/.test(path) || !URL.canParse(text))
    return {
      ok: false,
      problem: "is not an issuer",
      hint: "write it exactly as the provider's discovery document does, without query",
    };
  const url = new URL(text);
  if (url.protocol === "http:" && !isLoopbackHost(url.hostname))
    return {
      ok: false,
      problem: "is not reached over https",
      hint: `write \`https://${text.slice("http://".length)}\``,
    };
  return { ok: true, value: text };
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return ipaddr.IPv6.isValid(host.slice(1, -1));
  return isHostName(host) || ipaddr.IPv4.isValidFourPartDecimal(host);
}
