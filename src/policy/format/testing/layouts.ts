/** Texts and the layout of each. */
export interface LayoutCase {
  readonly what: string;
  readonly source: string;
  readonly layout: string;
}

export const LAYOUTS: readonly LayoutCase[] = [
  {
    what: "one blank after a colon and a dash, two for each level, none at line ends",
    source: "a :  1  \nb:\n     c:\t2\n     d:\n     -   3\n     -  e: 4\n        f: 5 \n",
    layout: "a: 1\nb:\n  c: 2\n  d:\n    - 3\n    - e: 4\n      f: 5\n",
  },
  {
    what: "lists are indented below their key, lists of lists on their line",
    source: "a:\n- b\n-   - c\n    - d\n-\n     - e\n",
    layout: "a:\n  - b\n  - - c\n    - d\n  -\n    - e\n",
  },
  {
    what: "one blank inside braces, none inside brackets, one after each comma",
    source: "a: {b: [ c,d ,  e ], f: { } , g: [  ]}\n",
    layout: "a: { b: [c, d, e], f: {}, g: [] }\n",
  },
  {
    what: "what is between braces and brackets stays so: keys alone, pairs in lists, last commas, values left out",
    source: '{a, "b":1, c: , ? d : e,}\n',
    layout: '{ a, "b": 1, c: , ? d: e, }\n',
  },
  { what: "a pair in a list, and one without value", source: "[a: b , c: ]\n", layout: "[a: b, c: ]\n" },
  {
    what: "no quotes come or go, and no spelling changes",
    source: "a: \"b\"\nc: 'd'\ne: 0123\nf: Yes\ng: ~\n'h': \"\\u0041\"\n",
    layout: "a: \"b\"\nc: 'd'\ne: 0123\nf: Yes\ng: ~\n'h': \"\\u0041\"\n",
  },
  {
    what: "blank lines: one in a row, none at the beginning or the end",
    source: "\n\na: 1\n\n\n\n# b\n  \n\nc:\n\n  d: 2\n\n\n",
    layout: "a: 1\n\n# b\n\nc:\n\n  d: 2\n",
  },
  {
    what: "line ends of other systems, a byte order mark, and no line break at the end",
    source: "\ufeffa: 1\r\nb: # c\r\n  - 'd\r\n    e'\r\nf: |\r\n  g\r\n  h",
    layout: "a: 1\nb:  # c\n  - 'd\n    e'\nf: |\n  g\n  h\n",
  },
  {
    what: "a table: values in brackets stand in one column",
    source: "routes:\n  GET /a: {needs: x}\n  DELETE /abc: {needs: y}\n  GET /: [z]\n",
    layout: "routes:\n  GET /a:      { needs: x }\n  DELETE /abc: { needs: y }\n  GET /:       [z]\n",
  },
  {
    what: "no table: one value that is not in brackets keeps all others where they are",
    source: "a:   {b: 1}\nlong: c\nlonger: {d: 1}\n",
    layout: "a: { b: 1 }\nlong: c\nlonger: { d: 1 }\n",
  },
  {
    what: "a table ends at a blank line, a comment on its own line and an entry that spans lines",
    source: "a: {}\nbb: {}\n\nccc: {}\ndddd: {}\n# e\nf: {}\nggggg: {\n}\nhhhhhh: {}\ni: {}\n",
    layout: "a:  {}\nbb: {}\n\nccc:  {}\ndddd: {}\n# e\nf: {}\nggggg: {\n}\nhhhhhh: {}\ni:      {}\n",
  },
  {
    what: "a very long key does not move the column of its table",
    source: `a: {}\nbb: {}\n${"k".repeat(40)}: {}\n`,
    layout: `a:  {}\nbb: {}\n${"k".repeat(40)}: {}\n`,
  },
  {
    what: "a table in a list, beginning on the line of its dash, and letters beyond ASCII",
    source: "- a: {}\n  éé: {}\n  ccc: {}\n",
    layout: "- a:   {}\n  éé:  {}\n  ccc: {}\n",
  },
  {
    what: "comments after entries stand in one column, two blanks behind the longest that has one",
    source: "a: 1 # b\nlonger: 22   # c\neven-longer: 333\nd: 4      # e\nf: # g\n  h: 1 # i\n",
    layout: "a: 1        # b\nlonger: 22  # c\neven-longer: 333\nd: 4        # e\nf:  # g\n  h: 1  # i\n",
  },
  {
    what: "a very long line does not move the comments of others",
    source: `a: 1 # b\nc: ${"d".repeat(90)} # e\nf: 22 # g\n`,
    layout: `a: 1   # b\nc: ${"d".repeat(90)}  # e\nf: 22  # g\n`,
  },
  {
    what: "a comment goes on below itself",
    source: "a: 1   # b\n       # goes on\nlonger: 2 # c\n",
    layout: "a: 1       # b\n           # goes on\nlonger: 2  # c\n",
  },
  {
    what: "a comment on its own line belongs to what it is indented like",
    source:
      "a:\n    # first\n    b: 1\n    # of b\n    c:\n        - d\n        # of d\n      # of c\n# of e\ne: 2\n      # far out\n",
    layout: "a:\n  # first\n  b: 1\n  # of b\n  c:\n    - d\n    # of d\n  # of c\n# of e\ne: 2\n# far out\n",
  },
  {
    what: "entries that are commented out stay below their key",
    source: "roles:\n    # support: {}\nboundaries:\n# none\nc:\n  -\n     # d\n",
    layout: "roles:\n  # support: {}\nboundaries:\n# none\nc:\n  -\n    # d\n",
  },
  {
    what: "a comment after a list that stands at its key's column is the key's neighbour",
    source: "a:\n- b\n# c\nd: 1\n",
    layout: "a:\n  - b\n# c\nd: 1\n",
  },
  {
    what: "brackets that span lines: entries below the first, or two deeper when nothing follows",
    source:
      "a: {b: 1,\n  c: [\n     2,\n     3\n   ]\n }\nd: [ # e\n  {f: 1,\n   g: 2},\n  # h\n\n\n  i\n  ]\nk:\n  - [\n      l]\n",
    layout:
      "a: { b: 1,\n     c: [\n       2,\n       3\n     ]\n   }\nd: [  # e\n  { f: 1,\n    g: 2 },\n  # h\n\n  i\n]\nk:\n  - [\n      l]\n",
  },
  {
    what: "a key and its value on two lines between braces",
    source: "{a:\n b, c\n : d\n ,e}\n",
    layout: "{ a:\n    b, c\n    : d\n  , e }\n",
  },
  {
    what: "texts of several lines keep their lines",
    source: 'a: b\n        c\n\n     d\ne: "f \\\n   \\  g\\\\  \n  h\\ \n i"\nj:\n      k\n',
    layout: 'a: b\n  c\n\n  d\ne: "f \\\n  \\  g\\\\\n  h\\ \n  i"\nj:\n  k\n',
  },
  {
    what: "text after a bar keeps its inner indentation and blank lines that count",
    source: "a: |  # b\n      c  \n\n        d\n\n\n\ne: >2-\n     f\n\n\ng: |+\n  h\n\n\ni: 1\n",
    layout: "a: |  # b\n  c  \n\n    d\n\ne: >2-\n     f\n\ng: |+\n  h\n\n\ni: 1\n",
  },
  {
    what: "keys with a question mark",
    source: "?   a # b\n:   - c\n    - d\n?   e\n",
    layout: "? a  # b\n: - c\n  - d\n? e\n",
  },
  {
    what: "marks of the document, and what would look like one at the beginning of a line",
    source: "---   # a\n\n --- b: 1\n --- c: 2\n...\n# d\n",
    layout: "---  # a\n\n  --- b: 1\n  --- c: 2\n...\n# d\n",
  },
  {
    what: "a text that would look like the mark of a document",
    source: "  --- a\n  --- b\n",
    layout: "  --- a\n  --- b\n",
  },
  { what: "a long line is not broken", source: `a: [${"b, ".repeat(60)}c]\n`, layout: `a: [${"b, ".repeat(60)}c]\n` },
];
