/** One request off the bytes that a service received, by the framing that its head states; null until all of it is there. */
export function takeRequest(text: string): { head: string; body: string; rest: string } | null {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const head = text.slice(0, end);
  const rest = text.slice(end + 4);
  if (!/^transfer-encoding: chunked$/im.test(head)) {
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    return rest.length < length ? null : { head, body: rest.slice(0, length), rest: rest.slice(length) };
  }
  let body = "";
  for (let at = 0; ;) {
    const line = /^([0-9a-f]+)\r\n/i.exec(rest.slice(at));
    if (line === null) return null;
    const size = Number.parseInt(line[1] ?? "", 16);
    at += line[0].length;
    if (rest.length < at + size + 2) return null;
    body += rest.slice(at, at + size);
    at += size + 2;
    if (size === 0) return { head, body, rest: rest.slice(at) };
  }
}
