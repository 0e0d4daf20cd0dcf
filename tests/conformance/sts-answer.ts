/** Texts of an STS answer by element: every name in these answers stands once. */
export function readAnswer(xml: string): ReadonlyMap<string, string> {
  return new Map([...xml.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name = "", text = ""]) => [name, unescape(text)]));
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&#xD;", "\r").replaceAll("&amp;", "&");
}
