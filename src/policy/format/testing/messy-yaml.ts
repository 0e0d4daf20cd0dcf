/**
 * Texts of the language's YAML in every spelling and layout that people, and nobody, would write.
 *
 * In:  numbers, each of which decides one thing; where they end, the plainest choice is taken. Shorter and smaller
 *      numbers give simpler texts, so that a counterexample shrinks by itself.
 * Out: mostly text that `readTree` takes; the caller leaves out what it does not.
 */

interface Draw {
  /** A whole number from 0 up to but without `below`. */
  (below: number): number;
}

const WORDS = [
  "a",
  "orders:read",
  "GET /orders/{id}",
  "x y",
  "1",
  "true",
  "~",
  "http://127.0.0.1:1/#f",
  "-b",
  "?c",
  ":d",
];
const FLOW_WORDS = ["a", "b:c", "x y", "1", "null", "-d", "e#f"];
const KEYS = [
  "k",
  "GET /",
  "a b",
  "--- d",
  "... e",
  "é",
  "'q'",
  '"r: s"',
  "?t",
  "-u",
  "a-key-that-is-longer-than-forty-columns-in-all",
];
const COMMENTS = ["#", "# c", "#d # e", "# f: g", "# - h", "# ü   i", "#'"];

export function messyYaml(choices: readonly number[]): string {
  let next = 0;
  const draw: Draw = (below) => (choices[next++] ?? 0) % below;
  let serial = 0;
  /** Keys must differ, so each has a number in it somewhere. */
  const key = (): string => {
    const word = KEYS[draw(KEYS.length)] ?? "k";
    serial++;
    return /^['"]/.test(word) ? `${word.slice(0, -1)}${serial}${word.at(-1)}` : `${word}${serial}`;
  };
  const pick = (words: readonly string[]): string => words[draw(words.length)] ?? "";
  const blanks = (least: number): string => (draw(4) === 1 ? "\t" : " ".repeat(least + draw(3)));
  /** What ends a line and may stand on lines of their own. */
  const rest = (): string => {
    let text = draw(4) === 1 ? ` ${blanks(0)}${pick(COMMENTS)}` : draw(6) === 1 ? "  " : "";
    text += "\n";
    for (let more = draw(8) >= 5 ? draw(4) : 0; more > 0; more--)
      text +=
        draw(2) === 1 ? `${" ".repeat(draw(2) === 0 ? draw(12) : 4)}${pick(COMMENTS)}\n` : `${" ".repeat(draw(3))}\n`;
    return text;
  };
  const inner = (indent: number): string => " ".repeat(indent + 1 + draw(5));
  const scalar = (indent: number, words: readonly string[]): string => {
    const word = pick(words);
    const fold = (): string => (draw(5) === 1 ? `${blanks(0)}\n${draw(3) === 1 ? " \n\n" : ""}${inner(indent)}` : " ");
    switch (draw(8)) {
      case 1:
        return `'it''s${fold()}${word}'`;
      case 2:
        return `"${word.replaceAll('"', "")}${fold()}\\u0041${draw(4) === 1 ? "\\" : ""}${fold()}z"`;
      case 3:
        return `"a\\ ${fold()}b\\\\${fold()}"`;
      case 4:
        return `w${fold()}v${fold()}${word.replace(/^[~?:-]/, "")}`;
      case 5:
        return pick(["''", '""', "null", "0123", "1e3", "# x"]).replace("# x", "y");
      default:
        return word;
    }
  };
  const blockScalar = (indent: number): string => {
    const digit = draw(3) === 1 ? 1 + draw(4) : 0;
    const chomp = ["", "-", "+"][draw(3)] ?? "";
    const base = " ".repeat(Math.max(0, indent) + (digit === 0 ? 1 + draw(5) : digit));
    let text = `${draw(2) === 1 ? ">" : "|"}${digit === 0 ? "" : digit}${chomp}${draw(3) === 1 ? " # h" : ""}\n`;
    for (let more = draw(5); more > 0; more--)
      text +=
        ["", " ", `${base}t`, `${base}# no comment`, `${base}  deep`, `${base}\tu  `, `${base}- v `, `${base}   `][
          draw(8)
        ] + "\n";
    return text;
  };
  const flow = (indent: number, depth: number): string => {
    const isMap = draw(2) === 1;
    const gap = (): string => {
      if (draw(6) !== 1) return blanks(0);
      return `${draw(3) === 1 ? ` ${pick(COMMENTS)}` : ""}\n${draw(4) === 1 ? `\n${inner(indent)}# z\n` : ""}${inner(indent)}`;
    };
    const value = (): string => (depth > 0 && draw(3) === 1 ? flow(indent, depth - 1) : scalar(indent, FLOW_WORDS));
    const flowKey = (): string => `f${serial++}`;
    const items: string[] = [];
    for (let more = draw(4); more > 0; more--)
      if (isMap) {
        const colon = [`: ${gap()}`, ` : ${gap()}`, `${gap()}: `][draw(3)] ?? ": ";
        items.push(
          draw(6) === 1
            ? flowKey()
            : draw(6) === 1
              ? `"${flowKey()}":${value()}`
              : `${draw(8) === 1 ? "? " : ""}${flowKey()}${colon}${draw(8) === 1 ? "" : value()}`,
        );
      } else items.push(draw(6) === 1 ? `${flowKey()}: ${value()}` : value());
    const body = items.map((item) => `${gap()}${item}${gap()}`).join(",");
    const last = items.length > 0 && draw(4) === 1 ? `,${gap()}` : "";
    return `${isMap ? "{" : "["}${body}${last}${isMap ? "}" : "]"}`;
  };
  /** A value after a colon or dash; `indent` is that of the collection. Ends with its line. */
  const value = (indent: number, depth: number, isCompact: boolean): string => {
    switch (depth === 0 ? draw(6) : draw(9)) {
      case 1:
        return `${blanks(1)}${flow(indent, 2)}${rest()}`;
      case 2:
        return rest();
      case 3:
        return `${blanks(1)}${blockScalar(indent)}`;
      case 4:
        return `${rest()}${inner(indent)}${draw(2) === 1 ? flow(indent, 1) : scalar(indent, WORDS)}${rest()}`;
      case 6:
      case 7: {
        const deeper = indent + 1 + draw(5);
        if (isCompact && draw(2) === 1) return `${" ".repeat(deeper - indent)}${block(deeper + 1, depth - 1, true)}`;
        return `${rest()}${block(deeper, depth - 1, false)}`;
      }
      case 8:
        return isCompact
          ? `${rest()}${list(indent + 2, depth - 1, false)}`
          : `${rest()}${list(indent, depth - 1, false)}`;
      default:
        return `${blanks(1)}${scalar(indent, WORDS)}${rest()}`;
    }
  };
  const mapping = (indent: number, depth: number, isCompact: boolean): string => {
    let text = "";
    for (let more = draw(5); more >= 0; more--) {
      const margin = isCompact && text === "" ? "" : " ".repeat(indent);
      if (draw(8) === 1) {
        text += `${margin}?${blanks(1)}${key()}${rest()}`;
        if (draw(4) !== 1) text += `${" ".repeat(indent)}:${value(indent, depth, true)}`;
      } else text += `${margin}${key()}${draw(6) === 1 ? " " : ""}:${value(indent, depth, false)}`;
    }
    return text;
  };
  const list = (indent: number, depth: number, isCompact: boolean): string => {
    let text = "";
    for (let more = draw(4); more >= 0; more--)
      text += `${isCompact && text === "" ? "" : " ".repeat(indent)}-${value(indent, depth, true)}`;
    return text;
  };
  const block = (indent: number, depth: number, isCompact: boolean): string =>
    draw(3) === 1 ? list(indent, depth, isCompact) : mapping(indent, depth, isCompact);

  const margin = draw(8) === 1 ? 1 + draw(3) : 0;
  let text = draw(4) === 1 ? rest() : "";
  if (draw(10) === 1) text += `---${rest()}`;
  text += draw(12) === 1 ? (draw(2) === 1 ? flow(-1, 3) : scalar(-1, WORDS)) + rest() : block(margin, 3, false);
  if (draw(10) === 1) text += `...${rest()}`;
  // A comment below a trailing one.
  text = text.replace(/^(.*? )#.*\n/gm, (line, before: string) =>
    draw(3) === 1 ? `${line}${" ".repeat(before.length)}# goes on\n` : line,
  );
  if (draw(6) === 1) text = text.replace(/\n$/, "");
  if (draw(6) === 1) text = text.replaceAll("\n", "\r\n");
  return draw(12) === 1 ? `\ufeff${text}` : text;
}
