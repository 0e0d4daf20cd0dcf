/**
 * Who may call what, as a table for a terminal, as CSV, and route by route in words.
 * INVARIANT: no line of a table is wider than 100 columns unless one name alone is: what does not fit beside goes below.
 * Source: RFC 4180 for CSV.
 */
import { plain } from "../policy/index.ts";
import type { AccessCell, AccessRow, AccessTable } from "./access.ts";
import { COLUMNS, wrap } from "./access-words.ts";

const GAP = "  ";
const MAX_ROUTE = 44;

export function renderAccess(table: AccessTable): string {
  const { environment, by, rows, columns } = table;
  const title = `who may call what in \`${environment}\`, by ${by}`;
  if (rows.length === 0) return `${title}\n\nno route fits`;
  const body = by === "route" ? renderRoutes(table) : renderMatrix(table);
  const empty = by !== "route" && columns.length === 0 ? ["", by === "role" ? "no role fits" : "nobody fits"] : [];
  return [title, "", ...body, ...empty].join("\n").trimEnd();
}

/** Rows by service, in the order of the policy. */
function groupRows({ rows, domain }: AccessTable): { readonly title: string; readonly rows: AccessRow[] }[] {
  const groups = new Map<string, AccessRow[]>();
  for (const row of rows) {
    const title = `${row.service}, ${row.exposure}${row.host === domain ? "" : `, at ${row.host}`}`;
    const known = groups.get(title);
    if (known === undefined) groups.set(title, [row]);
    else known.push(row);
  }
  return [...groups].map(([title, members]) => ({ title, rows: members }));
}

function renderRoutes(table: AccessTable): string[] {
  return groupRows(table).flatMap(({ title, rows }) => [
    title,
    ...rows.flatMap((row) => [
      ...wrap(`${row.route}  ${describeNeed(row)}`, 2),
      ...(row.who.length === 0 ? wrap("nobody", 6) : row.who.flatMap((line) => wrap(describeLine(line), 6))),
    ]),
    "",
  ]);
}

function describeNeed({ needs, because, answers }: AccessRow): string {
  const note = answers ? "" : " (never answers: other routes take all of its requests)";
  return `${needs === null ? `open: ${plain(because ?? "")}` : `needs ${needs}`}${note}`;
}

function describeLine({ who, when, role }: AccessRow["who"][number]): string {
  return [who, ...(when === "" ? [] : [when]), ...(role === null ? [] : [`(role \`${role}\`)`])].join(" ");
}

/** The columns in as many tables beneath each other as the width asks for, and what the marks mean. */
function renderMatrix(table: AccessTable): string[] {
  const notes = new Map<string, number>();
  const groups = groupRows(table);
  const needs = (row: AccessRow): string => row.needs ?? "open";
  const routeWidth = Math.min(MAX_ROUTE, Math.max(...table.rows.map(({ route }) => route.length + 2)));
  const needsWidth = Math.max("needs".length, ...table.rows.map((row) => needs(row).length));
  const markOf = (row: AccessRow, column: string): string => mark(row.cells[column], notes);
  // Numbered row by row, as they are read.
  for (const row of table.rows) for (const column of table.columns) markOf(row, column);

  const lines: string[] = [];
  for (const columns of chunk(table.columns, COLUMNS - routeWidth - needsWidth - 2 * GAP.length)) {
    const widths = columns.map((column) =>
      Math.max(column.length, ...table.rows.map((row) => markOf(row, column).length)),
    );
    const join = (route: string, need: string, cells: readonly string[]): string =>
      [route.padEnd(routeWidth), need.padEnd(needsWidth), ...cells.map((cell, i) => cell.padEnd(widths[i] ?? 0))]
        .join(GAP)
        .trimEnd();
    lines.push(join("", "needs", columns));
    for (const { title, rows } of groups) {
      lines.push(title);
      for (const row of rows) {
        const route = `  ${row.route}`;
        const cells = columns.map((column) => markOf(row, column));
        // A long route has its line for itself.
        if (route.length > routeWidth) lines.push(route, join("", needs(row), cells));
        else lines.push(join(route, needs(row), cells));
      }
    }
    lines.push("");
  }
  return [...lines, ...renderNotes(table, notes)];
}

function chunk(columns: readonly string[], width: number): string[][] {
  const chunks: string[][] = [[]];
  let used = 0;
  for (const column of columns) {
    const needed = Math.max(column.length, "bound".length) + GAP.length;
    if (used > 0 && used + needed > width) {
      chunks.push([]);
      used = 0;
    }
    chunks.at(-1)?.push(column);
    used += needed;
  }
  return chunks;
}

function mark(cell: AccessCell | undefined, notes: Map<string, number>): string {
  if (cell === undefined || cell.access === "deny") return cell?.reason === "outside-boundary" ? "bound" : "-";
  if (cell.access === "allow") return "yes";
  const number = notes.get(cell.when) ?? notes.size + 1;
  notes.set(cell.when, number);
  return `(${number})`;
}

function renderNotes({ rows, columns }: AccessTable, notes: ReadonlyMap<string, number>): string[] {
  const hasBound = rows.some(({ cells }) => columns.some((column) => cells[column]?.reason === "outside-boundary"));
  return [
    ...[...notes].flatMap(([when, number]) => wrap(`(${number}) ${when}`, 0)),
    ...(hasBound ? ["bound: granted, and the role's boundary does not allow it"] : []),
    ...rows.filter(({ because }) => because !== null).flatMap((row) => wrap(`${row.route} is ${describeNeed(row)}`, 0)),
    ...rows
      .filter(({ answers, because }) => !answers && because === null)
      .flatMap(({ route }) => wrap(`${route} never answers: other routes take all of its requests`, 0)),
  ];
}

/** The whole table: a row for each route, or by route a row for each of those who may call it. */
export function accessCsv({ by, columns, rows }: AccessTable): string {
  const place = ({ exposure, host, service, route, needs, because }: AccessRow): string[] => [
    exposure,
    host,
    service,
    route,
    needs ?? "",
    because ?? "",
  ];
  const head = ["exposure", "host", "service", "route", "needs", "open because"];
  const lines =
    by === "route"
      ? [
          [...head, "who", "when", "role"],
          ...rows.flatMap((row) =>
            (row.who.length === 0 ? [{ who: "nobody", when: "", role: null }] : row.who).map(({ who, when, role }) => [
              ...place(row),
              who,
              when,
              role ?? "",
            ]),
          ),
        ]
      : [
          [...head, ...columns],
          ...rows.map((row) => [...place(row), ...columns.map((column) => csvCell(row.cells[column]))]),
        ];
  return lines.map((line) => `${line.map(csvField).join(",")}\r\n`).join("");
}

function csvCell(cell: AccessCell | undefined): string {
  if (cell === undefined || cell.access === "deny")
    return cell?.reason === "outside-boundary" ? "outside boundary" : "no";
  return cell.access === "allow" ? "yes" : cell.when;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function accessJson({ environment, domain, by, columns, rows }: AccessTable): Record<string, unknown> {
  return { environment, domain, by, columns, rows };
}
